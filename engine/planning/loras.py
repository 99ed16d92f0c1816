"""Which LoRAs there are, and which of them a prompt's words and a model's style come to.

A LoRA is a small file that gives a model a look, a person or a thing. Knows where one comes from, for whose
pictures it was made and what it is called; not how it is loaded, and no torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from engine.planning.presence import snapshot
from grammar.dialects import without_loras
from grammar.loras import loras_in

if TYPE_CHECKING:
    from grammar.spec import GenerationSpec

__all__ = ["LAYERS_OF", "Lora", "LoraEntry", "loras_for", "loras_of", "words_of"]

LAYERS_OF = {
    "lcm": "sd",
    "flux-kontext": "flux",
    "flux-fill": "flux",
    "chroma": "flux",
    "qwen-image-edit": "qwen-image",
    "qwen-image-edit-plus": "qwen-image",
}
"""Families whose models were made from another one's, and have its layers → that one.

Which of both a LoRA was made for is not to be seen in its file.
"""

_MOST = 8
"""LoRAs of one job at most: what each adds is computed in every step."""

_NAMED = 5
"""Names that are told at most where one is not known."""


class Named(Protocol):
    """The part of a model's entry that says which LoRAs were made for it."""

    def texts_width(self) -> int:
        """How wide the texts are that it reads, 0 where that is not known."""

    @property
    def name(self) -> str:
        """What the model is called."""

    @property
    def family(self) -> str:
        """The family of its pipelines."""


@dataclass(frozen=True, slots=True)
class Lora:
    """A LoRA that the pictures are drawn with, by its entry's name, with its weight, never 0."""

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class LoraEntry:
    """One LoRA of the list: what a prompt means by `<lora:NAME>`.

    `family` is that of the models that it was made for, `models` their names where it fits no others of it.
    `texts` is how wide the texts are that those models read, where models of the family differ (0: any).
    `source` is its file, a folder with nothing else in it, or a repository of the hub, in which `file` says
    which one. `words` are those that it listens to, `weight` what it is offered with.
    """

    name: str
    title: str
    family: str
    source: str
    revision: str | None = None
    file: str = ""
    models: tuple[str, ...] = ()
    texts: int = 0
    words: str = ""
    weight: float = 1.0
    licence: str = ""
    folder: Path | None = None

    def path(self) -> Path | None:
        """Its file on this machine, None where it is not; reads names only."""
        if self.folder is None:
            found = snapshot(self.source, self.revision, self.file)
            return None if found is None else found / Path(self.file).name
        if self.folder.is_file():
            return self.folder
        files = [self.folder / self.file] if self.file else sorted(self.folder.glob("*.safetensors"))
        return files[0] if len(files) == 1 and files[0].is_file() else None

    def repositories(self) -> tuple[tuple[str, str | None], ...]:
        """The repository of the hub that it is fetched from, and its commit."""
        return () if self.folder is not None else ((self.source, self.revision),)

    def fits(self, entry: Named) -> bool:
        """Whether it was made for this model."""
        if self.family != entry.family or (self.models and entry.name not in self.models):
            return False
        return not self.texts or entry.texts_width() in (0, self.texts)


def loras_for(entry: Named, known: Sequence[LoraEntry]) -> list[LoraEntry]:
    """Those that were made for this model."""
    return [lora for lora in known if lora.fits(entry)]


def loras_of(
    spec: GenerationSpec, entry: Named, known: Sequence[LoraEntry], style: str
) -> tuple[tuple[Lora, ...], tuple[str, ...]]:
    """The LoRAs of the words and of the style's text, and what to tell of those that cannot be had.

    Weights of one that is named several times add up; 0 is as if it had not been said. With `--s 0` the house
    style brings none, one that `--style` names does.
    """
    said = list(spec.loras)
    if spec.style or spec.stylize != 0:
        said += loras_in(style)
    weights: dict[str, float] = {}
    notes: list[str] = []
    for part in said:
        lora = _called(part.text, known)
        if lora is None:
            notes.append(_unknown(part.text, entry, known))
        elif not lora.fits(entry):
            made_for = lora.models[0] if lora.models else f"models of the family {lora.family}"
            notes.append(f"The LoRA {lora.name} was made for {made_for}, not for {entry.name}: left out.")
        else:
            weights[lora.name] = weights.get(lora.name, 0.0) + part.weight
    used = [Lora(name, round(weight, 4)) for name, weight in weights.items() if round(weight, 4)]
    if len(used) > _MOST:
        used = sorted(used, key=lambda each: -abs(each.weight))[:_MOST]
        notes.append(f"Only the {_MOST} heaviest LoRAs count.")
    return tuple(sorted(used, key=lambda each: each.name)), tuple(dict.fromkeys(notes))


def words_of(style: str) -> str:
    """The words of a style's text, without the LoRAs that it names."""
    return without_loras(style)


def _called(name: str, known: Sequence[LoraEntry]) -> LoraEntry | None:
    """The LoRA of this name, however it is written: files are named with and without their ending."""
    wanted = name.strip().casefold().removesuffix(".safetensors")
    return next((lora for lora in known if lora.name.casefold() == wanted), None)


def _unknown(name: str, entry: Named, known: Sequence[LoraEntry]) -> str:
    """A sentence with the names nearest to one that nobody has, those for this model first."""
    nearest = list(_nearest(name, entry, known))[:_NAMED]
    hint = f" Nearest: {', '.join(nearest)}." if nearest else " `/loras` lists those that are here."
    return f"There is no LoRA “{name}” here: left out.{hint}"


def _nearest(name: str, entry: Named, known: Sequence[LoraEntry]) -> Iterator[str]:
    by_name = {lora.name.casefold(): lora for lora in known}
    wanted = name.strip().casefold()
    alike = get_close_matches(wanted, by_name, n=2 * _NAMED, cutoff=0.5)
    alike += [each for each in by_name if wanted and wanted in each and each not in alike]
    found = [by_name[each] for each in alike]
    yield from (lora.name for lora in sorted(found, key=lambda lora: not lora.fits(entry)))
