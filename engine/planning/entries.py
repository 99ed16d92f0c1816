"""What the model list says of a model, a describer, a segmenter: one frozen value each.

Does not know how the list is read or how a model is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from engine.families import FAMILIES
from engine.planning.presence import (
    INDEXES,
    lacking,
    model_here,
    repository_of,
    snapshot,
    texts_width,
    weights_folder,
)
from engine.planning.single_file import why_not

__all__ = ["DescriberEntry", "ModelEntry", "Precision", "SegmenterEntry", "UpscalerEntry"]

Precision: TypeAlias = Literal["auto", "fp32", "bf16", "fp16", "fp8", "int8", "nf4"]
"""What models compute in; the last three: what their weights are stored in, computed with as "auto" says.

"auto" is what the device computes fastest."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model. Sizes are pixels of one tile; `multiple` is what both sides must be divisible by.

    `family` is the file of `engine/families` that knows how its pipeline is called.
    `side` is the edge of the square the model was trained at, `sizes` the tiles that are fixed for it,
    `max_ratio` how far from square it may go. `style` is the house style's text, `styles` what `--style NAME`
    puts in its place (empty: no house style). `muses` are texts that `--c` draws single pictures to,
    `oddities` what `--w` draws all of them to, `anchors` those between which the styles of numbers lie.
    `guidance` 0 is none. `extend` (0–1) is how far the surroundings of a picture are re-noised when it is
    zoomed out or panned, `refine` how far its details are in a creative upscale: both less where the first
    half of the steps takes less than half of the noise.
    `grain` is how many pixels wide those details are at most: all that is coarser stays as it was.
    `stepwise` has the house style take whole steps; without `extend_by_words` a picture is continued from
    itself alone.
    `strong` is how far a picture is for Vary (Strong): more where its layout is settled in the first steps.
    `likeness`, `relevance` and `still` are a plan's where pictures are edited. `editor` is the model of the
    list that edits what this one draws, `filler` the one that draws parts of its pictures anew, `drawer` the
    one that draws for a model that only edits or fills.
    `draws` is a sentence on what a model that knows few words draws.

    `licence` is its name, `commercial` whether it lets one earn money with it, `gated` whether the hub wants
    it accepted first. `gigabytes` is what a pull fetches, about. `parameters` are the billions of weights of
    what denoises, and of all else; `precision` what they are computed or stored in here, empty: as the
    setting says.
    `needs` are Python packages that it asks for beside those of its family. `parts` come from elsewhere: the
    name of a component or of a stage, or what the names of another pipeline's components begin with, → a
    folder, or `owner/repo` and perhaps `@commit`. `revision` is the commit of a hub model: None where no
    public material names one and none was pulled yet; `chosen_here` says that a pull on this machine chose
    it. `folder` is where a local model lies, a folder or one file, None for one of the hub. One file takes
    its small configurations, its tokenizers and what else it lacks from `configs`: the name of another model
    of the list (then `sibling`), or `owner/repo@commit` of the hub. `vae` is a file with a VAE that takes the
    place of its own (then `vae_file` is where it lies). `added` says that it is of an operator's list, so
    that no test has seen what it names.
    """

    name: str
    title: str
    family: str
    source: str
    side: int
    multiple: int
    steps: int
    guidance: float
    revision: str | None = None
    variant: str | None = None
    versions: tuple[str, ...] = ()
    niji: tuple[str, ...] = ()
    sizes: tuple[tuple[int, int], ...] = ()
    max_ratio: float = 4.0
    extend: float = 0.85
    strong: float = 0.75
    refine: float = 0.3
    grain: int = 32
    stepwise: bool = False
    extend_by_words: bool = True
    likeness: float = 1.5
    relevance: float = 0.0
    still: float = 0.0
    editor: str = ""
    filler: str = ""
    drawer: str = ""
    style: str = ""
    muses: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    styles: Mapping[str, str] = field(default_factory=dict)
    draws: str = ""
    licence: str = ""
    commercial: bool = True
    gated: bool = False
    gigabytes: float = 0.0
    parameters: tuple[float, float] = (0.0, 0.0)
    precision: Precision | Literal[""] = ""
    needs: tuple[str, ...] = ()
    parts: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    chosen_here: bool = False
    configs: str = ""
    sibling: ModelEntry | None = None
    vae: str = ""
    vae_file: Path | None = None
    added: bool = False

    def on_this_machine(self) -> bool:
        """Whether all its weights lie here, in its folder, its file or the hub's cache; reads no weights."""
        if self.vae_file is not None and not self.vae_file.is_file():
            return False
        if self.configs and self.folder is not None:
            return not why_not(self.folder, self.family, self.configs_folder(), self.given())
        found, others = self.weights(), self.part_folders()
        if found is None or not all(others.values()) or lacking(found, given=tuple(self.parts)) is not None:
            return False
        stages = ((others[stage.part], stage.shares) for stage in FAMILIES[self.family].stages)
        return all(folder is not None and lacking(folder, given=shares) is None for folder, shares in stages)

    def weights(self) -> Path | None:
        """The folder on this machine with the index of its parts, None while there is none."""
        found = (weights_folder(self, name) for name in INDEXES)
        return next((folder for folder in found if folder is not None), None)

    def configs_folder(self) -> Path | None:
        """The folder on this machine that lends what its single file lacks, or None."""
        if self.sibling is not None:
            return self.sibling.weights()
        source, _, commit = self.configs.partition("@")
        return snapshot(source, commit or None, "model_index.json")

    def texts_width(self) -> int:
        """How wide the texts are that its U-Net reads, 0 where that is not known; reads a small file once."""
        folder = self.configs_folder() if self.configs else self.weights()
        return 0 if folder is None else texts_width(folder)

    def given(self) -> tuple[str, ...]:
        """The components that neither its own file or folder nor another's must bring."""
        return ("vae",) if self.vae_file is not None else ()

    def part_folders(self) -> dict[str, Path | None]:
        """Where each of its `parts` lies on this machine, None while it does not."""
        folders: dict[str, Path | None] = {}
        for name, repository in self.parts.items():
            if Path(repository).is_absolute():
                here = Path(repository)
                folders[name] = here if (here / "model_index.json").is_file() else None
                continue
            source, _, commit = repository.partition("@")
            folders[name] = snapshot(source, commit or None, "model_index.json") or snapshot(
                source, commit or None, "config.json"
            )
        return folders

    def repositories(self) -> tuple[tuple[str, str | None], ...]:
        """The repositories of the hub that it is fetched from, and their commits, its own first."""
        if self.folder is not None:
            source, _, commit = self.configs.partition("@")
            return ((source, commit),) if commit else self._elsewhere()
        return (self.source, self.revision), *self._elsewhere()

    def _elsewhere(self) -> tuple[tuple[str, str | None], ...]:
        """The repositories of its parts, and their commits."""
        others = [place.partition("@") for place in self.parts.values() if not Path(place).is_absolute()]
        return tuple((source, commit or None) for source, _, commit in others)

    def shared(self, source: str) -> tuple[str, ...]:
        """The components that a repository holds and nobody loads: stages have them from the first one."""
        parts = {name for name, place in self.parts.items() if place.partition("@")[0] == source}
        return tuple(
            name for each in FAMILIES[self.family].stages if each.part in parts for name in each.shares
        )


@dataclass(frozen=True, slots=True)
class DescriberEntry:
    """A model that says what a picture shows. ``prompts`` are what it must be asked (Florence-2's tasks).

    ``about`` is a sentence that goes with its words.
    """

    name: str
    title: str
    source: str
    revision: str | None = None
    prompts: tuple[str, ...] = ()
    about: str = ""
    gigabytes: float = 0.0
    folder: Path | None = None

    def on_this_machine(self) -> bool:
        """Whether its weights lie here, in its folder or in the hub's cache; reads names only."""
        return model_here(self)

    def repositories(self) -> tuple[tuple[str, str | None], ...]:
        """The repository of the hub that it is fetched from, and its commit."""
        return repository_of(self)


@dataclass(frozen=True, slots=True)
class SegmenterEntry:
    """A model that finds in a picture what words name (CLIPSeg).

    ``clicks``: it is shown a place instead, and finds the thing there (the Segment Anything kind).
    """

    name: str
    title: str
    source: str
    revision: str | None = None
    gigabytes: float = 0.0
    folder: Path | None = None
    clicks: bool = False

    def on_this_machine(self) -> bool:
        """Whether its weights lie here, in its folder or in the hub's cache; reads names only."""
        return model_here(self)

    def repositories(self) -> tuple[tuple[str, str | None], ...]:
        """The repository of the hub that it is fetched from, and its commit."""
        return repository_of(self)


@dataclass(frozen=True, slots=True)
class UpscalerEntry:
    """Weights that enlarge pictures (ESRGAN and its kind): a ``file`` of a folder or repository."""

    name: str
    title: str
    source: str
    file: str
    revision: str | None = None
    licence: str = ""
    commercial: bool = True
    gigabytes: float = 0.0
    folder: Path | None = None

    def path(self) -> Path | None:
        """Where its weights lie on this machine, None while they do not."""
        found = weights_folder(self, self.file)
        return None if found is None else found / Path(self.file).name

    def on_this_machine(self) -> bool:
        """Whether its weights lie here."""
        return self.path() is not None

    def repositories(self) -> tuple[tuple[str, str | None], ...]:
        """The repository of the hub that it is fetched from, and its commit."""
        return repository_of(self)
