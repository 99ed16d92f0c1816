"""What the engine must know of a family of pipelines: its texts, its guidance, the layout of its latents.

A family is a few lines of data; what is common to all is found by reading the pipelines' signatures. Loads no
torch: the pipelines that are handed in do. Knows nothing of plans or jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

__all__ = ["Ability", "Blocks", "Edits", "Embeds", "Family", "Fills", "Guidance", "Layout", "Stage"]

Embeds: TypeAlias = dict[str, Any]
"""A text as the denoiser reads it: argument names → tensors, or lists of them, with one row a picture."""


class Guidance(StrEnum):
    """What becomes of the guidance: two predictions are contrasted, or the denoiser is told the number."""

    CONTRAST = "contrast"
    INPUT = "input"


class Layout(StrEnum):
    """How latents lie that are (n, c, h, w) in the VAE's cells."""

    PLAIN = "plain"
    """(n, c, h, w)."""
    PACKED = "packed"
    """(n, h/2 · w/2, 4c): four cells are one token."""
    TOKENS = "tokens"
    """(n, h · w, c): each cell is a token."""
    FRAMED = "framed"
    """(n, c, 1, h, w): a film of one picture."""
    CHANNELS_LAST = "channels last"
    """(n, 1, h, w, c): a film of one picture, its channels last."""
    UNSEEN = "unseen"
    """(n, c, h, w), of which only the family's next stage makes a picture: no preview shows them."""


@dataclass(frozen=True, slots=True)
class Edits:
    """How pipelines of a family change a picture that they are shown, as an instruction says.

    ``argument`` takes the pictures, ``most`` of them: one as it is, more as a list, which ``nested`` puts
    into a list of its own for the picture that is drawn. ``likeness`` is the argument of a second guidance,
    towards the first picture, which asks the denoiser once more. ``words`` makes of an instruction what the
    pipeline reads, given how many pictures there are.
    """

    argument: str = "image"
    most: int = 1
    nested: bool = False
    likeness: str = ""
    words: Callable[[str, int], str] = lambda text, pictures: text


@dataclass(frozen=True, slots=True)
class Fills:
    """How pipelines of a family, which are made for nothing else, draw a part of a picture anew.

    ``picture`` and ``mask`` are the arguments that take the picture and its mask, white where it is drawn.
    """

    picture: str = "image"
    mask: str = "mask_image"


@dataclass(frozen=True, slots=True)
class Blocks:
    """How a pipeline of diffusers' modular kind is taken apart, by the names of its outermost blocks.

    ``reads`` makes embeddings of a text; those ``without`` which it draws too are left out.
    """

    reads: str
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """A further pipeline of a family, which goes on from what the one before it drew.

    ``part`` names, among the `parts` of an entry, what it is loaded from; ``family`` says how it is called.
    ``takes`` is the argument for what was drawn: what the call before gave under that name, else its
    pictures, in numbers from 0 to 1, or from −1 where ``signed``. Its own are ``larger`` times as long and as
    wide. It takes ``steps`` steps for each of the first one's, with a ``guidance`` of its own. ``shares`` are
    components that it has from the first pipeline. ``reads``: it has encoders, and reads the texts itself.
    ``weighs``: it is asked for every text as the first one is, else for the heaviest alone.
    """

    part: str
    family: Family
    takes: str = "image"
    signed: bool = True
    larger: int = 1
    steps: float = 1.0
    guidance: float = 0.0
    shares: tuple[str, ...] = ()
    reads: bool = False
    weighs: bool = True


class Ability(StrEnum):
    """What most families can do with a prompt, and some cannot."""

    TEXTS = "several texts"
    WITHOUT = "--no"
    EFFECTS = "--s, --c and --w"
    TILE = "--tile"
    STOP = "--stop"
    PICTURE = "a picture to start from"
    PREVIEW = "previews"
    TEXT = "a picture from text alone"
    LENGTHS = "forwards shared with texts of other lengths"


@dataclass(frozen=True, slots=True)
class Family:
    """How a pipeline of the family is called.

    ``texts`` are the call's argument names for what `encode_prompt` returns, in its order (None: not handed
    on); the first is the state. Those of the absent text begin with `negative_`. Without any, the pipeline is
    given plain text. ``encode`` makes the embeddings of a text, and of the absent text (None), where
    `encode_prompt` alone does not. ``masks`` are those of the texts that say which tokens count; with one,
    texts are brought to a multiple of ``pad`` tokens, so that other lengths share a forward.
    ``pieces`` says that a text too long for its encoder is read in pieces.
    ``scale`` is the argument that takes the guidance (empty: the guiders among ``own`` take it), and ``less``
    is 1 where a pipeline counts it from 0. ``said`` are arguments that every call is given; one that can be
    called is asked with the pixels (width, height); ``sets`` are attributes of the job's pipeline, likewise.
    ``axes`` says of a denoiser's arguments in which dimension their rows lie, None: in none (positions).
    ``layout`` is how latents lie between steps, ``given`` how the call wants them, where that differs.
    ``denoisers`` and ``own`` name components: those whose calls are shared, and those that a job changes, of
    which it has copies. ``pipeline`` names diffusers' class that loads it, where the folder names another;
    ``part`` names the pipeline inside the pipeline that draws. ``blocks`` says how a modular pipeline is
    taken apart, None: it is none. ``wordless`` says that `encode_prompt` must be given words even where it is
    given embeddings.
    ``together`` says that one call may draw several pictures. ``nudge`` added to a strength makes the stock
    image-to-image pipeline run exactly the steps planned, in spite of how it rounds; None: no such pipeline
    is used, the scheduler begins late instead.
    ``edits`` says how a picture is changed, None: not at all; ``fills`` how a part of one is drawn
    anew, None: as by any pipeline, from its latents. ``stages`` are the pipelines that go on from what this
    one drew, in order; their parts must stand in every entry of the family.
    ``checker`` says whether the pipelines have a place for a safety checker; ``cannot`` what is refused and
    why, in half a sentence, and ``needs`` the Python packages without which diffusers does not load it.
    """

    texts: tuple[str | None, ...] = ()
    encode: Callable[[Any, str | None], Embeds] | None = None
    masks: frozenset[str] = frozenset()
    pad: int = 0
    pieces: bool = False
    guidance: Guidance = Guidance.CONTRAST
    scale: str = "guidance_scale"
    less: float = 0.0
    said: Mapping[str, Any] = field(default_factory=dict)
    sets: Mapping[str, Any] = field(default_factory=dict)
    axes: Mapping[str, int | None] = field(default_factory=dict)
    layout: Layout = Layout.PLAIN
    given: Layout | None = None
    denoisers: tuple[str, ...] = ("unet", "transformer", "transformer_2")
    own: tuple[str, ...] = ("scheduler",)
    pipeline: str = ""
    part: str = ""
    blocks: Blocks | None = None
    wordless: bool = False
    together: bool = False
    nudge: float | None = None
    checker: bool = False
    edits: Edits | None = None
    fills: Fills | None = None
    stages: tuple[Stage, ...] = ()
    cannot: Mapping[Ability, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()

    @property
    def guided(self) -> bool:
        """Whether guidance contrasts two predictions; distilled models take the number as an input."""
        return self.guidance is Guidance.CONTRAST

    @property
    def state(self) -> str:
        """The argument that holds a text's states, one a token; empty where plain text is given."""
        return (self.texts[0] or "") if self.texts else ""

    @property
    def repaints(self) -> bool:
        """Whether a part of a picture, or what is around it, is drawn anew."""
        return self.fills is not None or Ability.PICTURE not in self.cannot

    def contrasts(self, guidance: float) -> bool:
        """Whether the denoiser is asked about nothing as well; at a guidance of 1 that would cancel out."""
        return self.guided and guidance + self.less > 1

    def rows(self, texts: int, guidance: float) -> int:
        """How many rows of a forward one picture takes: one a text that steers it, and one for guidance."""
        nothing = 2 if self.edits is not None and self.edits.likeness else 1
        return (texts if self.texts else 1) + nothing * self.contrasts(guidance)
