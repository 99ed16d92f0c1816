"""The judge's third eye: which things a picture in a style shows, where outlines and tones are the style's.

A line drawing is white inside, a neon sign dark, a cut-out has a rim: there neither the colour that most of
a thing has nor its painted part tells what it is. So a thing is found by drawing, as styles are: of all kinds
and colours drawn in the style, the one that lies most like it. Knows of no learning either.
"""

from dataclasses import replace
from functools import cache
from itertools import product
from random import Random

import numpy as np
from PIL import Image

from pocket.judging.judge import Seen, islands_of, lab_of, look, seen_as
from pocket.world.draw import draw
from pocket.world.scenes import COLOURS, KINDS, Scene, Thing, visible

_CELL = 24  # side of the square in which things are compared
_REACH = 1.1  # half its width, in roots of the thing's area: wide enough for rays and tails
_OUTLINE = 60.0  # ΔE that a pixel counts which is a thing's in one picture and ground in the other
_SIDE = 128  # pixels of a drawing that is compared with
_SIZES = ("medium", "big")
_BACKDROPS = ("grey", "pink", "teal", "yellow")  # the first two on which a colour is seen: halos take some


def look_in(picture: Image.Image, style: str) -> list[Seen]:
    """The things in a picture of that style, the largest first."""
    if style == "flat":
        return look(picture)
    lab = lab_of(picture)
    return [_read(lab, island, style) for island in islands_of(lab)]


def _read(lab: np.ndarray, island: np.ndarray, style: str) -> Seen:
    names, drawn = _drawn(style)
    apart = np.abs(drawn - _patch(lab, island)).mean((1, 2, 3))
    best = int(apart.argmin())
    kind, colour = names[best]
    seen = seen_as(lab, island, kinds=False)
    return replace(seen, kind=kind, colour=colour, fit=float(1 - apart[best] / _OUTLINE))


def _patch(lab: np.ndarray, island: np.ndarray) -> np.ndarray:
    """The island around its centre, scaled to equal area: (24, 24, 4) tones and outline, ground left out."""
    ys, xs = np.nonzero(island)
    x, y, reach = xs.mean() + 0.5, ys.mean() + 0.5, _REACH * float(np.sqrt(len(xs)))
    window = (x - reach, y - reach, x + reach, y + reach)

    def cut(layer: np.ndarray) -> np.ndarray:
        shown = Image.fromarray(np.where(island, layer, 0).astype(np.float32))
        return np.asarray(
            shown.transform((_CELL, _CELL), Image.Transform.EXTENT, window, Image.Resampling.BILINEAR)
        )

    layers = [cut(lab[..., i]) for i in range(3)] + [cut(np.full(island.shape, _OUTLINE))]
    return np.stack(layers, -1)


@cache
def _drawn(style: str) -> tuple[list[tuple[str, str]], np.ndarray]:
    """Every kind in every colour as the style paints it, in two sizes, on two grounds and both ways round."""
    rng = Random(7)
    names, patches = [], []
    for kind in KINDS:
        for colour in COLOURS:
            seen_on = [b for b in _BACKDROPS if visible(colour, "plain", b, style)]
            for backdrop, size in product(seen_on[:2], _SIZES):
                scene = Scene((Thing(kind, colour, 1, size),), "plain", backdrop, style=style)
                lab = lab_of(draw(scene, _SIDE, _SIDE, rng))
                for island in islands_of(lab)[:1]:
                    patch = _patch(lab, island)
                    names += [(kind, colour)] * 2
                    patches += [patch, patch[:, ::-1]]
    return names, np.stack(patches)
