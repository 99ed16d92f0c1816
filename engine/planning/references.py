"""Pictures that a prompt refers to: which adapters there are, what each can do, and what a prompt comes to.

A reference adapter (IP-Adapter) lets a model see pictures beside the words: as image prompts, for their
style (`--sref`), for a character (`--cref`) or for a thing (`--oref`). Knows where an adapter comes from and
for whose pictures it was made; not how it is loaded, and no torch.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Protocol

from engine.families import FAMILIES, Ability
from engine.planning.presence import repository_of, snapshot, weights_folder
from grammar import Part

if TYPE_CHECKING:
    from grammar.spec import GenerationSpec

__all__ = [
    "CHARACTER",
    "FACE",
    "IMAGE",
    "OBJECT",
    "ROLES",
    "STYLE",
    "AdapterEntry",
    "Reference",
    "adapter_for",
    "links_of",
    "references_of",
    "starting_links",
    "style_by_words",
    "with_codes",
]

IMAGE, STYLE, CHARACTER, FACE, OBJECT = "image", "sref", "cref", "face", "oref"
ROLES = (IMAGE, STYLE, CHARACTER, FACE, OBJECT)
"""What an adapter may do. One that does faces serves `--cref`: of a face alone, or beside another adapter."""

_SAID = {IMAGE: "an image prompt", STYLE: "`--sref`", CHARACTER: "`--cref`", OBJECT: "`--oref`"}
_NUMBERS = {IMAGE: (), STYLE: ("sw", "sv"), CHARACTER: ("cw",), OBJECT: ("ow",)}
"""The parameters that say how each acts."""

_FAMILIES = frozenset({"sd", "sdxl", "sd3", "kolors", "flux"})
"""Families of which it is held by tests that adapters are drawn with."""

_WEIGHTS = (0.6, 1.0)
"""How much a reference counts by default and at most, where an entry says nothing: 1 is as much as words."""

_MOST = 8
"""References of one job at most: each is one more attention in every layer."""

_CODES = 2**32
"""Style numbers that are drawn lie below: as long as Midjourney's."""

_FACE_ALONE = 0.35
"""What is left of a character at `--cw 0`, where no adapter sees faces alone."""

_MIXED, _NAMED = 3, 2
"""Anchors between which the point of a style number lies, and of how many of them a text is said."""

_HALF = 0.5
"""How much of a style of words is mixed in by default, 0–1; `--sw 1000` takes the whole of it."""

_NO_STYLE = "`--sv` says how `--sref` takes a style; without one it changes nothing."

_OLD_VERSIONS = 2
"""Up to this `--sv` a style is taken by all layers, and brings some of the things along."""


class Named(Protocol):
    """The part of a model's entry that says which adapters were made for it."""

    @property
    def name(self) -> str:
        """What the model is called."""

    @property
    def title(self) -> str:
        """What people call it."""

    @property
    def family(self) -> str:
        """The family of its pipelines."""

    @property
    def configs(self) -> str:
        """The model of the list that lends a single file its configurations, and is of its kind."""

    @property
    def anchors(self) -> tuple[str, ...]:
        """Texts between which the styles of numbers lie, where no adapter has pictures for them."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What the pictures are drawn after: a picture of the job's, or the style of a number (``code``).

    ``weight`` is how much it counts beside the words, by the ``adapter`` of that name; without one the model
    looks at the picture itself. ``role`` is one of `ROLES`. ``whole``: in all layers, even where the adapter
    has some for this role. ``link`` is where the picture was found.
    """

    role: str
    adapter: str
    weight: float
    code: int | None = None
    whole: bool = False
    link: str = ""


@dataclass(frozen=True, slots=True)
class AdapterEntry:
    """One adapter of the list, and which of `ROLES` it ``does``.

    `family` is that of the models that it was made for, `models` their names where it fits no others of it.
    `source` is a folder or a repository of the hub, in which `file` is the adapter and the folder `encoder`
    its image encoder; that one may lie elsewhere, then `encoder` is `owner/repo@commit`, or `…:folder` in it.
    `weights` say for a role how much a reference counts by default and at most. `layers` say for a role where
    it acts, by the beginnings of the names of the layers; everywhere, where nothing is said. `anchors` is a
    file of embeddings between which the styles of numbers lie.
    """

    name: str
    title: str
    family: str
    source: str
    file: str
    encoder: str
    does: tuple[str, ...]
    revision: str | None = None
    models: tuple[str, ...] = ()
    weights: Mapping[str, Sequence[float]] = field(default_factory=dict)
    layers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    anchors: str = ""
    licence: str = ""
    commercial: bool = True
    gigabytes: float = 0.0
    folder: Path | None = None

    def path(self) -> Path | None:
        """The adapter's file on this machine, None where it is not."""
        found = weights_folder(self, self.file)
        return None if found is None else found / Path(self.file).name

    def encoder_folder(self) -> Path | None:
        """The folder with its image encoder on this machine, None where it is not."""
        source, commit, inside = self.encoder_place()
        config = f"{inside}/config.json".lstrip("/")
        return snapshot(source, commit, config) if source else weights_folder(self, config)

    def anchors_path(self) -> Path | None:
        """The file of its anchors, None where it has none."""
        found = weights_folder(self, self.anchors) if self.anchors else None
        return None if found is None else found / Path(self.anchors).name

    def on_this_machine(self) -> bool:
        """Whether the adapter and its image encoder lie here."""
        return self.path() is not None and self.encoder_folder() is not None

    def repositories(self) -> tuple[tuple[str, str | None], ...]:
        """The repositories of the hub that it is fetched from, and their commits, its own first."""
        source, commit, _ = self.encoder_place()
        elsewhere = ((source, commit),) if source else ()
        return (*repository_of(self), *elsewhere)

    def encoder_place(self) -> tuple[str, str, str]:
        """Where its image encoder lies, if in a repository of its own: that, its commit, the folder in it."""
        source, at, rest = self.encoder.partition("@")
        commit, _, inside = rest.partition(":")
        return (source, commit, inside) if at else ("", "", self.encoder)

    def fits(self, entry: Named) -> bool:
        """Whether it was made for this model."""
        return (
            self.family == entry.family
            and entry.family in _FAMILIES
            and (not self.models or entry.name in self.models or entry.configs in self.models)
        )

    def weight(self, role: str, share: float, most: float) -> float:
        """How much a reference counts for a ``share`` of what is usual, up to ``most`` times as much.

        Up to 1 it grows evenly from nothing, from there to the most by the number's digits.
        """
        usual, highest = self.weights.get(role, _WEIGHTS)
        if share <= 1:
            return usual * share
        return usual + (highest - usual) * math.log(min(share, most)) / math.log(most)


def adapter_for(entry: Named, role: str, known: Sequence[AdapterEntry]) -> AdapterEntry | None:
    """The adapter that does this for a model: the first that is on this machine, else the first at all."""
    fitting = [each for each in known if role in each.does and each.fits(entry)]
    return next((each for each in fitting if each.on_this_machine()), fitting[0] if fitting else None)


def links_of(spec: GenerationSpec, role: str) -> tuple[Part, ...]:
    """The links that a prompt refers to in a role, each with its weight."""
    if role == IMAGE:
        return tuple(Part(link, 1.0) for link in spec.images)
    if role == STYLE:
        return tuple(part for part in spec.sref if not part.text.isdecimal() and part.text != "random")
    if role == CHARACTER:
        return spec.cref
    return () if spec.oref is None else (Part(spec.oref, 1.0),)


def starting_links(spec: GenerationSpec, references: Iterable[Reference]) -> tuple[str, ...]:
    """The image prompts that the denoising begins with; none where they are seen beside the words."""
    return () if any(each.role == IMAGE for each in references) else spec.images


def with_codes(spec: GenerationSpec, rng: Random | None = None) -> GenerationSpec:
    """The prompt with a number for each `--sref random`."""
    if not any(part.text == "random" for part in spec.sref):
        return spec
    chance = rng or Random()
    drawn = (
        Part(str(chance.randrange(_CODES)), part.weight) if part.text == "random" else part
        for part in spec.sref
    )
    return spec.replace(sref=tuple(drawn))


def references_of(
    spec: GenerationSpec, entry: Named, known: Sequence[AdapterEntry], apart: Sequence[str] = ()
) -> tuple[tuple[Reference, ...], tuple[str, ...]]:
    """What the pictures are drawn after by adapters, and what to tell of the rest; not of roles ``apart``."""
    made: list[Reference] = []
    notes = [_NO_STYLE] if spec.sv is not None and not spec.sref else []
    for role in (role for role in (IMAGE, STYLE, CHARACTER, OBJECT) if role not in apart):
        links, codes = links_of(spec, role), _codes(spec) if role == STYLE else ()
        if not links and not codes:
            continue
        if role == IMAGE and (spec.iw == 0 or adapter_for(entry, IMAGE, known) is None):
            continue  # they begin the denoising
        found = _adapters(spec, entry, role, known)
        lacking = next((adapter for adapter, _ in found if not adapter.on_this_machine()), None)
        told = bool(links) or not _texts(entry)  # numbers have words to be drawn by
        if not found and told:
            notes.append(f"{entry.title} cannot take {_SAID[role]}, so it was left out{_with(spec, role)}.")
        if lacking is not None and role != IMAGE and told:
            notes.append(_fetching(lacking, role))
        if not found or lacking is not None:
            continue
        shares = sum(abs(part.weight) for part in (*links, *codes))
        for adapter, weight in found if shares else ():
            whole = role == STYLE and spec.sv is not None and spec.sv <= _OLD_VERSIONS
            points = codes if adapter.anchors_path() is not None else ()
            for part in (*links, *points):
                share = round(weight * part.weight / shares, 4)
                if share and part in points:
                    made.append(Reference(role, adapter.name, share, int(part.text), whole))
                elif share:
                    made.append(Reference(role, adapter.name, share, None, whole, part.text))
        if codes and not _texts(entry) and found[0][0].anchors_path() is None:
            notes.append(f"{entry.title} has no styles of numbers; `--sref` takes pictures there.")
        if role == STYLE and spec.sv is not None and STYLE not in found[0][0].layers:
            notes.append(f"`--sv`: {entry.title} has one way to take a style, whatever the version.")
    if len(made) > _MOST:
        heaviest = sorted(made, key=lambda each: -abs(each.weight))[:_MOST]
        made = [each for each in made if each in heaviest][:_MOST]
        notes.append(f"Only the {_MOST} heaviest references count.")
    return tuple(made), tuple(notes)


def _with(spec: GenerationSpec, role: str) -> str:
    """The numbers that were said of a reference which was left out, and go with it."""
    said = [f"`--{name}`" for name in _NUMBERS[role] if getattr(spec, name) is not None]
    return f", with {' and '.join(said)}" if said else ""


def style_by_words(
    spec: GenerationSpec, entry: Named, known: Sequence[AdapterEntry]
) -> tuple[str, float] | None:
    """The style of the prompt's numbers as words, and how much of it is mixed in (0–1), for models without
    an adapter that has anchors; None where no number is said."""
    codes = [part for part in _codes(spec) if part.weight > 0]
    adapter = adapter_for(entry, STYLE, known)
    anchors = _texts(entry)
    if not codes or not anchors or (adapter is not None and adapter.anchors_path() is not None):
        return None
    codes.sort(key=lambda part: -part.weight)
    words = dict.fromkeys(
        anchors[place] for part in codes for place, _ in point_of(int(part.text), len(anchors))[:_NAMED]
    )
    share = (100 if spec.sw is None else spec.sw) / 100
    return ", ".join(words), round(_HALF * share if share <= 1 else _HALF * (1 + math.log10(share)), 4)


def point_of(code: int, anchors: int) -> tuple[tuple[int, float], ...]:
    """The point of a style number among so many anchors: places, and shares that sum up to 1.

    The largest first. The same number is the same point for ever.
    """
    chance = Random(f"style {code}")
    places = chance.sample(range(anchors), min(_MIXED, anchors))
    drawn = sorted((chance.random() ** 2 + 0.02 for _ in places), reverse=True)
    return tuple((place, share / sum(drawn)) for place, share in zip(places, drawn, strict=True))


def _codes(spec: GenerationSpec) -> tuple[Part, ...]:
    return tuple(part for part in spec.sref if part.text.isdecimal())


def _texts(entry: Named) -> tuple[str, ...]:
    """The texts between which the styles of numbers lie, where the model can be drawn to texts."""
    return () if Ability.EFFECTS in FAMILIES[entry.family].cannot else entry.anchors


def _adapters(
    spec: GenerationSpec, entry: Named, role: str, known: Sequence[AdapterEntry]
) -> list[tuple[AdapterEntry, float]]:
    """Those that do this, each with what all its references together count."""
    adapter = adapter_for(entry, role, known)
    if role != CHARACTER:
        share, most = {
            IMAGE: (1.0 if spec.iw is None else max(0.0, float(spec.iw)), 3.0),
            STYLE: ((100 if spec.sw is None else spec.sw) / 100, 10.0),
            OBJECT: ((100 if spec.ow is None else spec.ow) / 100, 10.0),
        }[role]
        return [] if adapter is None else [(adapter, adapter.weight(role, share, most))]
    kept = (100 if spec.cw is None else spec.cw) / 100
    face = adapter_for(entry, FACE, known)
    if face is None and adapter is None:
        return []
    if face is None:
        assert adapter is not None
        kept = _FACE_ALONE + (1 - _FACE_ALONE) * kept
        return [(adapter, adapter.weight(CHARACTER, kept, 2.0))]
    found = [(face, face.weight(FACE, 1.0, 2.0))]
    return found if adapter is None or not kept else [*found, (adapter, adapter.weight(CHARACTER, kept, 2.0))]


def _fetching(adapter: AdapterEntry, role: str) -> str:
    """That an adapter is not here, and how an operator gets it."""
    if adapter.folder is not None:
        return f"{_SAID[role]} needs {adapter.title}, which is not in its folder: left out."
    return (
        f"{_SAID[role]} needs {adapter.title}, which is not on this machine: left out."
        f" An operator fetches it: `easel models pull {adapter.name}`."
    )
