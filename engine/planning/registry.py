"""Which models exist: the entries of `models/`, the operator's own file, and what was added on this machine.

Knows what a model is called, which `--v` and `--niji` values mean it, and which are here. Does not know how a
model is loaded or run, and looks for files without importing torch or reaching the network.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from engine.errors import BadRegistry, UnknownModel
from engine.families import FAMILIES, Ability
from engine.planning.controls import ControlEntry, DepthEntry
from engine.planning.embeddings import EmbeddingEntry, key_of
from engine.planning.entries import DescriberEntry, ModelEntry, SegmenterEntry, UpscalerEntry
from engine.planning.loras import LoraEntry
from engine.planning.model_list import Entries, Pins, read_pins, read_toml
from engine.planning.references import AdapterEntry

__all__ = [
    "ADDED",
    "PINS",
    "AdapterEntry",
    "Beside",
    "DescriberEntry",
    "Drawable",
    "Fetchable",
    "ModelEntry",
    "Registry",
    "SegmenterEntry",
    "UpscalerEntry",
    "Wanted",
    "is_here",
]

ADDED, PINS = "models.toml", "pins.toml"
"""Files of the data folder: entries that were added on this machine, commits that pulls chose."""

Drawable: TypeAlias = "ModelEntry | LoraEntry | EmbeddingEntry"
"""What is drawn with."""

Beside: TypeAlias = (
    "AdapterEntry | ControlEntry | DepthEntry | DescriberEntry | SegmenterEntry | UpscalerEntry"
)
"""What is fetched as well, and stands beside the models."""

Fetchable: TypeAlias = "Drawable | Beside"
"""What `easel models pull` may name."""

_OWN = Path(__file__).with_name("models")


class Wanted(Protocol):
    """The part of a `GenerationSpec` that chooses a model."""

    @property
    def version(self) -> str | None:
        """The value of `--v`."""

    @property
    def niji(self) -> str | None:
        """The value of `--niji`; empty when it was said without one."""


def is_here(entry: Fetchable) -> bool:
    """Whether it lies on this machine, whole; reads names only."""
    if isinstance(entry, LoraEntry | EmbeddingEntry):
        return entry.path() is not None
    return entry.on_this_machine()


@dataclass(frozen=True, slots=True)
class Registry:
    """Models in the order they were listed, each name once; describers and segmenters, the best first.

    ``problems`` are sentences about what the list of this machine holds and could not be taken.
    """

    entries: tuple[ModelEntry, ...]
    describers: tuple[DescriberEntry, ...] = ()
    segmenters: tuple[SegmenterEntry, ...] = ()
    upscalers: tuple[UpscalerEntry, ...] = ()
    loras: tuple[LoraEntry, ...] = ()
    adapters: tuple[AdapterEntry, ...] = ()
    embeddings: tuple[EmbeddingEntry, ...] = ()
    problems: tuple[str, ...] = ()
    controls: tuple[ControlEntry, ...] = ()
    depths: tuple[DepthEntry, ...] = ()

    @classmethod
    def load(cls, path: Path | None = None, extra: Path | None = None, data: Path | None = None) -> Registry:
        """The entries of `path` (a file or a folder of files; the package's own by default), then others.

        Those are of `extra`, the operator's file, and of the folder `data`, where commands write and people
        edit; an entry of theirs replaces the one of its name. Raises BadRegistry with a sentence that names
        the file, the entry and the field; what is wrong in `data` is left out, and its sentence is a problem.
        """
        problems: list[str] = []
        pins: Pins = {}
        if data is not None:
            try:
                pins = read_pins(data / PINS)
            except BadRegistry as error:
                problems.append(str(error))
        own = path or _OWN
        files = sorted(own.glob("*.toml")) if own.is_dir() else [own]
        entries = Entries(problems=problems)
        entries.add({file: read_toml(file) for file in files}, pins, strict=True)
        if extra is not None:
            entries.add({extra: read_toml(extra)}, pins, strict=True, added=True)
        if data is not None and (added := data / ADDED).exists():
            try:
                entries.add({added: read_toml(added)}, pins, strict=False, added=True)
            except BadRegistry as error:
                problems.append(str(error))
        return cls(
            tuple(entries.models.values()),
            tuple(entries.describers.values()),
            tuple(entries.segmenters.values()),
            tuple(entries.upscalers.values()),
            tuple(entries.loras.values()),
            tuple(entries.adapters.values()),
            tuple(entries.embeddings.values()),
            tuple(entries.problems),
            tuple(entries.controls.values()),
            tuple(entries.depths.values()),
        )

    def get(self, name: str) -> ModelEntry:
        """The entry called `name`; raises UnknownModel."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in self.entries)
        raise UnknownModel(f"There is no model “{name}” here. Known: {known}.")

    def upscaler(self, name: str) -> UpscalerEntry:
        """The upscaler called `name`; raises UnknownModel."""
        found = next((entry for entry in self.upscalers if entry.name == name), None)
        if found is None:
            known = ", ".join(entry.name for entry in self.upscalers) or "none"
            raise UnknownModel(f"There is no upscaler “{name}” here. Known: {known}.")
        return found

    def lora(self, name: str) -> LoraEntry:
        """The LoRA called `name`; raises UnknownModel."""
        for entry in self.loras:
            if entry.name == name:
                return entry
        raise UnknownModel(f"There is no LoRA “{name}” here.")

    def adapter(self, name: str) -> AdapterEntry:
        """The reference adapter called `name`; raises UnknownModel."""
        for entry in self.adapters:
            if entry.name == name:
                return entry
        raise UnknownModel(f"There is no reference adapter “{name}” here.")

    def choosable(self, here: Collection[str]) -> tuple[ModelEntry, ...]:
        """The models that somebody would choose to draw with, of those ``here``, by their names.

        One that draws nothing from text and edits for another of them is reached by choosing that other.
        """
        there = [entry for entry in self.entries if entry.name in here]
        named = {entry.editor for entry in there}
        return tuple(
            entry
            for entry in there
            if entry.name not in named or Ability.TEXT not in FAMILIES[entry.family].cannot
        )

    @property
    def drawable(self) -> tuple[Drawable, ...]:
        """The models, the LoRAs and the embeddings."""
        return (*self.entries, *self.loras, *self.embeddings)

    @property
    def fetchable(self) -> tuple[Fetchable, ...]:
        """All that may be fetched, the models first."""
        beside: tuple[Beside, ...] = (*self.adapters, *self.controls, *self.depths)
        beside = (*beside, *self.segmenters, *self.describers, *self.upscalers)
        return (*self.drawable, *beside)

    def find(self, name: str) -> Fetchable:
        """The model called `name`, or else the first of another kind. Raises UnknownModel."""
        others = self.fetchable[len(self.entries) :]
        other = next((each for each in others if each.name.casefold() == name.casefold()), None)
        if other is None or any(entry.name == name for entry in self.entries):
            return self.get(name)
        return other

    def beside(self, key: str) -> LoraEntry | EmbeddingEntry:
        """The LoRA or the embedding that has this key beside a model; raises UnknownModel."""
        found = next((each for each in self.embeddings if key_of(each.name) == key), None)
        return found or self.lora(key)

    def editor(self, entry: ModelEntry) -> ModelEntry | None:
        """Who changes pictures here for those who draw with ``entry``: itself, or the model that it names.

        Else the first that does; None where none does. A small model of a world of its own does it only for
        those who name it: of any other picture it would make nothing.
        """
        named = [other for other in self.entries if other.name == entry.editor]
        others = [other for other in self.entries if not other.draws]
        able = (one for one in (entry, *named, *others) if FAMILIES[one.family].edits is not None)
        return next((one for one in able if one.on_this_machine()), None)

    def filler(self, entry: ModelEntry) -> ModelEntry | None:
        """The model made for it that draws parts of this one's pictures anew, if it is on this machine.

        None: the model does it itself, as all do.
        """
        named = (other for other in self.entries if other.name == entry.filler)
        able = (one for one in (entry, *named) if FAMILIES[one.family].fills is not None)
        return next((one for one in able if one.on_this_machine()), None)

    def drawer(self, name: str) -> ModelEntry:
        """Who draws on from pictures of the model called ``name``: itself, or the model that draws for it.

        Raises UnknownModel.
        """
        entry = self.get(name)
        return self.get(entry.drawer) if entry.drawer else entry

    def control(self, name: str) -> ControlEntry:
        """The control called `name`; raises UnknownModel."""
        for entry in self.controls:
            if entry.name == name:
                return entry
        raise UnknownModel(f"There is no control “{name}” here.")

    def segmenter(self) -> SegmenterEntry | None:
        """The first that reads words and is on this machine: none is fetched for a region's sake."""
        reading = (entry for entry in self.segmenters if not entry.clicks)
        return next((entry for entry in reading if entry.on_this_machine()), None)

    def clicker(self) -> SegmenterEntry | None:
        """The first that is shown a place and is on this machine."""
        shown = (entry for entry in self.segmenters if entry.clicks)
        return next((entry for entry in shown if entry.on_this_machine()), None)

    def claims(self, spec: Wanted) -> ModelEntry | None:
        """The entry that `--v` or `--niji` means, wherever its weights are; None when none does."""
        if spec.niji is not None:
            wanted = [e for e in self.entries if (spec.niji in e.niji if spec.niji else e.niji)]
            return wanted[-1] if wanted else None
        if spec.version is not None:
            return next((e for e in self.entries if spec.version in e.versions), None)
        return None

    def resolve(self, spec: Wanted, default: str) -> tuple[ModelEntry, tuple[str, ...]]:
        """The entry to render with, and a note when it is not what `--v` or `--niji` asked for.

        A version whose model is not on this machine must not start a download: the default takes its place.
        """
        fallback = self.get(default)
        if spec.niji is None and spec.version is None:
            return fallback, ()
        claimed = self.claims(spec)
        if claimed is not None and (claimed.name == default or claimed.on_this_machine()):
            return claimed, ()
        said = f"--niji {spec.niji}".rstrip() if spec.niji is not None else f"--v {spec.version}"
        if claimed is None:
            return fallback, (f"`{said}` is not a model here; rendered with {fallback.name}.",)
        return fallback, (
            f"`{said}` is {claimed.name}, which is not on this machine; rendered with {fallback.name}.",
        )
