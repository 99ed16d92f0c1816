"""The parameters of moving pictures, and those of dialogs."""

from grammar.parameters.parameter import FILMS, SHAPE, Parameter
from grammar.values import address, decimal, flag, switch, whole, word

FILM: tuple[Parameter, ...] = (
    Parameter(
        names=("video",),
        topic=FILMS,
        brief="a film",
        kind=switch(),
        help="a film of the picture, or of the grid as it forms",
        models="v3, v5.2, v6, niji 5, niji 6, video",
        idle=True,
    ),
    Parameter(
        names=("motion",),
        topic=FILMS,
        brief="how much moves",
        kind=word("low", "high"),
        help="how much moves in a film",
        default="low",
        models="video",
        idle=True,
        offers=(("low", "little moves"), ("high", "much moves")),
    ),
    Parameter(
        names=("loop",),
        topic=FILMS,
        brief="ends as it began",
        kind=flag(),
        help="a film that ends where it began",
        models="video",
        idle=True,
    ),
    Parameter(
        names=("end",),
        topic=FILMS,
        brief="last picture",
        kind=address("loop"),
        help="the picture a film ends with",
        models="video",
        idle=True,
        offers=(("loop", "with the picture that it began with"),),
    ),
    Parameter(
        names=("bs",),
        topic=FILMS,
        brief="how many",
        kind=whole(1, 4),
        help="how many films at once",
        default="4",
        models="video",
        idle=True,
    ),
    Parameter(
        names=("zoom",),
        topic=SHAPE,
        brief="in the Custom Zoom dialog",
        kind=decimal(1, 2),
        help="how far to zoom out; acts in the Custom Zoom dialog only",
        default="2",
        offers=(("1.5", "half as far again"), ("2", "twice as far")),
    ),
)
