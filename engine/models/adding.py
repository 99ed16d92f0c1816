"""Adding a model to the list of this machine: recognised by what lies in its folder or repository.

Nothing of its weights is fetched or loaded. What is written is an entry that people can edit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from engine.errors import BadFile, BadRegistry, ModelUnavailable
from engine.files import read_header
from engine.models import own_list
from engine.models.choosing import INDEX, needed
from engine.models.hub import REPOSITORY, RemoteFile, Repository, look_up, read_json
from engine.models.recognising import RecognisedPipeline, read_folder, recognised
from engine.planning.entries import ModelEntry
from engine.planning.presence import components, lacking
from engine.planning.registry import Registry

__all__ = ["Added", "add"]

_TAKEN_FROM_LIKE = ("sizes", "max_ratio", "extend", "refine", "grain", "strong", "style", "muses", "oddities")


@dataclass(frozen=True, slots=True)
class Added:
    """A new entry, and what was recognised: sentences for whoever added it."""

    name: str
    found: RecognisedPipeline
    sentences: tuple[str, ...]


def add(source: str, data: Path, registry: Registry, name: str | None = None) -> Added:
    """Writes an entry for a diffusers folder or for `owner/repo[@commit]` into the data folder's list.

    A folder is taken as a repository where it begins with no ./ ../ / or ~ and does not exist. Raises
    ModelUnavailable with one sentence where nothing was recognised, BadRegistry where it cannot be written.
    """
    folder = Path(source).expanduser()
    if folder.exists() or source.startswith(("./", "../", "/", "~")):
        row, found = _of_folder(folder, registry)
    elif match := REPOSITORY.fullmatch(source):
        row, found = _of_repository(match["source"], match["revision"], registry)
    else:
        raise ModelUnavailable(f"{source} is neither a folder here nor `owner/repo` of the hub.")
    row = {"name": _free_name(name or _named(source), registry, given=name is not None)} | row
    own_list.append(data, row, f"Added from {source} on {date.today().isoformat()}: a {found.kind}.")
    return Added(str(row["name"]), found, (_told(found),))


def _of_folder(folder: Path, registry: Registry) -> tuple[dict[str, Any], RecognisedPipeline]:
    if folder.is_file():
        raise ModelUnavailable(f"{folder} is a single file; a folder with a `{INDEX}` is wanted.")
    if not folder.is_dir():
        raise ModelUnavailable(f"There is no folder {folder}.")
    read = read_folder(folder)
    index = read(INDEX)
    if index is None:
        raise ModelUnavailable(
            f"{folder} holds no `{INDEX}` that can be read, so it is no diffusers pipeline."
        )
    found = recognised(index, read, registry.entries)
    if missing := lacking(folder):
        raise ModelUnavailable(f"{folder} is not whole: {missing}.")
    parts = components(index)
    weights = {part: sum(_billions(file) for file in (folder / part).glob("*.safetensors")) for part in parts}
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e9
    title = folder.resolve().name
    row: dict[str, Any] = {"title": title, "family": found.family, "source": str(folder.resolve())}
    return row | _settings(found, size, _split(weights)), found


def _of_repository(
    source: str, revision: str | None, registry: Registry
) -> tuple[dict[str, Any], RecognisedPipeline]:
    repository = look_up(source, revision, source)
    index = read_json(repository, INDEX, source)
    if index is None:
        raise ModelUnavailable(f"{source} holds no `{INDEX}`, so it is no diffusers pipeline.")
    found = recognised(index, lambda path: read_json(repository, path, source), registry.entries)
    variant = _half_variant(repository)
    files = needed(index, repository.files, variant)
    size = sum(file.size for file in files) / 1e9
    row: dict[str, Any] = {"title": source.partition("/")[2], "family": found.family, "source": source}
    row |= {"revision": repository.commit} | ({"variant": variant} if variant else {})
    row |= _settings(found, size, _split(_by_size(index, files)))
    row |= {"licence": repository.licence} if repository.licence else {}
    if repository.gated:
        row["gated"] = True
    return row, found


def _settings(found: RecognisedPipeline, size: float, parameters: tuple[float, float]) -> dict[str, Any]:
    row: dict[str, Any] = {"side": found.side, "multiple": found.multiple}
    row |= {"steps": found.steps, "guidance": float(found.guidance)}
    like = found.like
    if like is not None:
        plain = ModelEntry("", "", "", "", 0, 0, 0, 0.0)
        taken = {
            name: getattr(like, name)
            for name in _TAKEN_FROM_LIKE
            if name != "sizes" or like.side == found.side
        }
        row |= {name: value for name, value in taken.items() if value != getattr(plain, name)}
    else:
        row |= {"muses": "open", "oddities": "open"}
    row |= {"gigabytes": round(size, 2)}
    return row | ({"parameters": [round(count, 3) for count in parameters]} if any(parameters) else {})


def _told(found: RecognisedPipeline) -> str:
    like = f", as {found.like.title}" if found.like is not None else ""
    guided = f"guidance {found.guidance:g}" if found.guidance else "no guidance"
    return (
        f"A {found.kind}: family {found.family}, {found.side}×{found.side}, sides multiples of"
        f" {found.multiple}, {found.steps} steps, {guided}{like}."
    )


def _named(source: str) -> str:
    """A name out of a folder's or a repository's."""
    last = source.partition("@")[0].rstrip("/").rpartition("/")[2]
    return re.sub(r"[^a-z0-9.]+", "-", last.lower()).strip("-.") or "model"


def _free_name(name: str, registry: Registry, *, given: bool) -> str:
    """The name, or with a number behind it where it is taken. Raises BadRegistry for one that was given."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,60}", name):
        raise BadRegistry(f"{name!r} is no name for a model: small letters, digits, dots and dashes.")
    taken = {entry.name for entry in registry.entries}
    if name not in taken:
        return name
    if given:
        raise BadRegistry(f"There is a model “{name}” already; give another `--name`.")
    return next(f"{name}-{number}" for number in range(2, len(taken) + 3) if f"{name}-{number}" not in taken)


def _half_variant(repository: Repository) -> str | None:
    """Weights in half precision, where the repository has a set of them beside larger ones."""
    names = {match[1] for file in repository.files if (match := re.search(r"\.(fp16|bf16)[.-]", file.path))}
    return "fp16" if "fp16" in names else "bf16" if "bf16" in names else None


def _split(weights: Mapping[str, float]) -> tuple[float, float]:
    """Billions of weights of what denoises, and of all else."""
    denoising = sum(
        count for part, count in weights.items() if part.startswith(("unet", "transformer", "prior_prior"))
    )
    return denoising, sum(weights.values()) - denoising


def _by_size(index: Mapping[str, Any], files: tuple[RemoteFile, ...]) -> dict[str, float]:
    """Billions of weights by the bytes of their files, two a weight: what half precision takes."""
    return {
        part: sum(file.size for file in files if file.path.startswith(f"{part}/") and file.large) / 2e9
        for part in components(dict(index))
    }


def _billions(file: Path) -> float:
    """How many billions of numbers a safetensors file holds, by its header; 0 for one without."""
    try:
        return sum(math.prod(tensor.shape) for tensor in read_header(file).tensors.values()) / 1e9
    except BadFile:
        return 0.0
