"""What a prompt's words and parameters come to with one model: texts, weights, strengths, seeds, notes.

Shared by all who plan from a prompt, be it a new one or a parent's that is said differently (Remix). Knows
nothing of sizes or source pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING

from engine.planning.looking import references_for
from engine.planning.loras import words_of
from engine.planning.plan import PICTURES, Conditioning
from engine.planning.references import STYLE, Reference, style_by_words
from engine.planning.registry import ModelEntry, Registry
from engine.planning.seeds import picture_seeds
from engine.planning.vocabulary import known_text, names_nothing
from grammar import PARAMETERS

if TYPE_CHECKING:
    from grammar.spec import GenerationSpec

__all__ = [
    "conditionings_of",
    "effort_of",
    "given",
    "image_strength",
    "look_of",
    "muses_of",
    "oddity_of",
    "seeds_of",
    "style_of",
    "unknown_words",
    "wholly_unknown",
    "without_effect",
    "without_images",
]

_MOST_PARTS = 8
"""Texts that steer a picture at most: each of them is a row more in every forward."""

_AWAY = -0.5
"""The weight of a `--no`: Midjourney's own, `thing::-0.5`."""

_FREELY, _HOLDING, _MOST_WEIGHT = 0.62, 0.125, 3.0
"""An image prompt of hardly any weight is re-noised to the first (0–1), and by the second less for each
`--iw`, which counts up to the third: so half of the steps are run at 1, and a quarter at 3."""

_DEFINITE = ("seed", "sameseed", "quality", "stop", "draft")
"""Parameters of whoever knows what a picture costs and how it comes about."""

_NO_ZOOM = "`--zoom` acts in the dialog of Custom Zoom only, under a single picture; it has no effect here."

_NO_EXPANDING = "`--expand` acts on new prompts in Discord only; it has no effect here."

_NO_VERSION = "`--v` has no effect here: `--niji` says the model."

_NO_SEED = "`--seed` has no effect here: `--sameseed` says it of all four pictures."

_NO_IMAGES = "`--iw` weighs image prompts, and there is none: it has no effect."

_MOST_NAMED = 12
"""Unknown words that a note names at most: a message has little room."""


def conditionings_of(
    spec: GenerationSpec, entry: ModelEntry
) -> tuple[tuple[Conditioning, ...], tuple[str, ...]]:
    """The spec's parts and its `--no`, in the words the model knows, and what to tell of the rest."""
    wanted = [(part.text, float(part.weight)) for part in spec.parts]
    wanted += [(thing, _AWAY) for thing in spec.no]
    notes: list[str] = []
    if len(wanted) > _MOST_PARTS:
        heaviest = sorted(wanted, key=lambda pair: -abs(pair[1]))[:_MOST_PARTS]
        wanted = [pair for pair in wanted if pair in heaviest][:_MOST_PARTS]
        notes.append(f"Only the {_MOST_PARTS} heaviest parts of the prompt count.")
    parts: list[Conditioning] = []
    strange: list[str] = []
    for text, weight in wanted:
        known, unknown = known_text(text, entry)
        strange += [word for word in unknown if word not in strange]
        if known or weight > 0:
            parts.append(Conditioning(known, weight))
    if strange:
        named = f"{entry.name} does not know: {', '.join(strange[:_MOST_NAMED])}."
        notes.append(f"{named} {entry.draws}".strip())
    if not any(part.weight > 0 for part in parts):
        parts.insert(0, Conditioning(""))  # pictures alone are asked for; what is unwanted leads nowhere
    return tuple(parts), tuple(notes)


def unknown_words(spec: GenerationSpec, entry: ModelEntry) -> tuple[str, ...]:
    """The words of a prompt that the model does not know, as typed, each once."""
    texts = (*(part.text for part in spec.parts), *spec.no)
    return tuple(dict.fromkeys(word for text in texts for word in known_text(text, entry)[1]))


def wholly_unknown(
    specs: Sequence[GenerationSpec], registry: Registry, model: str
) -> tuple[ModelEntry, tuple[str, ...]] | None:
    """The model, and the words it does not know, where no job of a prompt names anything that it can draw.

    A picture to start from, to change or to refer to is something, whatever the words are; and whoever says a
    seed or how much work is to be done wants that very picture. Raises UnknownModel.
    """
    unknown: dict[str, None] = {}
    for spec in specs:
        if spec.edit is not None or any(spec.get(name) is not None for name in _DEFINITE):
            return None
        entry, _ = registry.resolve(spec, model)
        wanted = " , ".join(part.text for part in spec.parts if part.weight > 0)
        if references_for(spec, entry, registry.adapters)[0]:
            return None
        if image_strength(spec) is not None or not names_nothing(wanted, entry):
            return None
        unknown |= dict.fromkeys(unknown_words(spec, entry))
    return (entry, tuple(unknown)) if specs else None


def style_of(spec: GenerationSpec, entry: ModelEntry) -> tuple[str, tuple[str, ...]]:
    """The house style's text and a note when `--style` names one the model has not."""
    named = spec.style or ("raw" if spec.raw else None)
    if named is None:
        return entry.style, ()
    told: tuple[str, ...] = ()
    if named not in entry.styles and named != "raw":
        instead = "`--raw` counts" if spec.raw else "its own was kept"
        told = (f"`--style {named}` is not a style of {entry.name}, so {instead}.",)
        named = "raw" if spec.raw else None
    if named is None:
        return entry.style, told
    return entry.styles.get(named, ""), told


def look_of(
    spec: GenerationSpec, entry: ModelEntry, registry: Registry, style: str, references: Sequence[Reference]
) -> tuple[str, float, tuple[str, ...]]:
    """The words of the style that is mixed in, how much of it (0–1), and what to tell of it.

    A style that the prompt refers to takes the place of the house style, unless `--s` is said as well.
    """
    words, away = words_of(style), _not_drawn_away_from(spec, entry, references)
    said = style_by_words(spec, entry, registry.adapters)
    if said is not None:
        kept = () if spec.stylize is None else ("`--s`: the style of `--sref` takes its place.",)
        return *said, (*kept, *away)
    if not words or (spec.stylize is None and any(each.role == STYLE for each in references)):
        return "", 0.0, away
    return words, style_weight(spec.stylize, 100), away


def _not_drawn_away_from(
    spec: GenerationSpec, entry: ModelEntry, references: Sequence[Reference]
) -> tuple[str, ...]:
    """A sentence on the style numbers of negative weight where an adapter's anchors do not stand for them."""
    drawn = {each.code for each in references}
    codes = [part for part in spec.sref if part.text.isdecimal() and part.weight < 0]
    left = ", ".join(f"`{part.text}`" for part in codes if int(part.text) not in drawn)
    return (
        (f"{entry.title} cannot draw away from a style's number: {left} of `--sref` did nothing.",)
        if left
        else ()
    )


def image_strength(spec: GenerationSpec) -> float | None:
    """How far image prompts are re-noised: `--iw` 0 leaves them out, 1 keeps their layout, 3 most of them."""
    weight = given(spec.iw, 1.0)
    if not spec.images or weight <= 0:
        return None
    return round(_FREELY - _HOLDING * min(weight, _MOST_WEIGHT), 4)


def muses_of(entry: ModelEntry, seeds: tuple[int, ...]) -> tuple[str, ...]:
    """A different text for each picture to be drawn to, as long as there are enough of them."""
    drawn = Random(seeds[0]).sample(entry.muses, len(entry.muses))
    return tuple(drawn[index % len(drawn)] for index in range(len(seeds))) if drawn else ()


def oddity_of(entry: ModelEntry, seeds: tuple[int, ...]) -> str:
    """The text that all pictures are drawn to; empty where the model has none."""
    return Random(seeds[0]).choice(entry.oddities) if entry.oddities else ""


def effort_of(spec: GenerationSpec, entry: ModelEntry) -> int:
    """How many steps a picture from text alone takes at the quality that is said."""
    return max(1, round(entry.steps * given(spec.quality, 1.0) * (0.5 if spec.draft else 1.0)))


def seeds_of(spec: GenerationSpec, seed: int | None) -> tuple[int, ...]:
    """One seed a picture: those that the spec says, else from ``seed``, else drawn."""
    if spec.sameseed is not None:
        return (spec.sameseed,) * PICTURES
    return picture_seeds(spec.seed if spec.seed is not None else seed, PICTURES)


def style_weight(stylize: float | None, default: float) -> float:
    """How much of the house style is mixed in, 0–1; values of 2022, up to 60000, count as the most."""
    return min(1.0, given(stylize, default) / 1000)


def without_effect(spec: GenerationSpec) -> tuple[str, ...]:
    """A sentence about the parameters that parse but do nothing here yet, or not outside their dialog."""
    said = [f"`--{row.short}`" for row in PARAMETERS if row.idle and spec.get(row.short) is not None]
    idle = (f"{', '.join(said)}: understood, but without effect here.",) if said else ()
    if spec.expand:
        idle = (*idle, _NO_EXPANDING)
    if spec.version and spec.niji is not None:
        idle = (*idle, _NO_VERSION)
    if spec.seed is not None and spec.sameseed is not None:
        idle = (*idle, _NO_SEED)
    return idle if spec.zoom is None else (*idle, _NO_ZOOM)


def without_images(spec: GenerationSpec) -> tuple[str, ...]:
    """A sentence where image prompts are weighed and there are none."""
    return (_NO_IMAGES,) if spec.iw is not None and not spec.images else ()


def given(value: float | None, default: float) -> float:
    """The value, or the default where none was said."""
    return default if value is None else float(value)
