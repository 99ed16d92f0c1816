"""Adding a model to the list of this machine: recognised by what lies in its folder or repository.

Nothing of its weights is fetched or loaded. What is written is an entry that people can edit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from engine.errors import BadFile, BadRegistry, ModelUnavailable
from engine.families import FAMILIES
from engine.files import read_header
from engine.models import own_list
from engine.models.added import Added, free_name, from_like, model_name
from engine.models.adding_files import add_file
from engine.models.adding_loras import add_lora
from engine.models.choosing import INDEX, half_variant, index_of, needed, only_variant
from engine.models.hub import REPOSITORY, RemoteFile, Repository, look_up, read_json
from engine.models.recognising import RecognisedPipeline, read_folder, recognised
from engine.planning.presence import INDEXES, components, lacking
from engine.planning.registry import Registry

__all__ = ["add"]


def add(
    source: str, data: Path, registry: Registry, name: str | None = None, model: str | None = None
) -> Added:
    """Writes an entry for a folder, a file, or `owner/repo[@commit][:file]` into the data folder's list.

    A folder is taken as a repository where it begins with no ./ ../ / or ~ and does not exist. ``model`` is
    the one that a VAE or a LoRA is for. Raises ModelUnavailable with one sentence where nothing was
    recognised, BadRegistry where it cannot be written.
    """
    folder = Path(source).expanduser()
    if folder.is_file():
        return add_file(folder, data, registry, name, model)
    here = folder.exists() or source.startswith(("./", "../", "/", "~"))
    match = None if here else REPOSITORY.fullmatch(source)
    if not here and match is None:
        raise ModelUnavailable(f"{source} is neither a file or folder here nor `owner/repo` of the hub.")
    repository = match and look_up(match["source"], match["revision"], match["source"])
    if repository and match and (match["file"] or not {file.path for file in repository.files} & {*INDEXES}):
        return add_lora(repository, match["file"], data, registry, name, model)
    if model is not None:
        raise BadRegistry(f"{source} is a model by itself: it is for no other one.")
    row, found = _of_repository(repository, registry) if repository else _of_folder(folder, registry)
    called = model_name(source.partition("@")[0].rstrip("/").rpartition("/")[2])
    taken = [entry.name for entry in registry.entries]
    row = {"name": free_name(name or called, taken, given=name is not None)} | row
    own_list.append(data, row, f"Added from {source} on {date.today().isoformat()}: a {found.kind}.")
    stages = (_told_of_stages(found, str(row["name"])),) if FAMILIES[found.family].stages else ()
    return Added(str(row["name"]), f"a {found.kind}", found.family, (_told(found), *stages))


def _of_folder(folder: Path, registry: Registry) -> tuple[dict[str, Any], RecognisedPipeline]:
    if not folder.is_dir():
        raise ModelUnavailable(f"There is no file or folder {folder}.")
    read = read_folder(folder)
    index = next((told for name in INDEXES if (told := read(name)) is not None), None)
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
    variant = only_variant([file.name for file in (folder / part).iterdir()] for part in parts)
    row |= {"variant": variant} if variant else {}
    return row | _settings(found, size, _split(weights)), found


def _of_repository(repository: Repository, registry: Registry) -> tuple[dict[str, Any], RecognisedPipeline]:
    source = repository.source
    index = index_of(repository, source) or {}
    found = recognised(index, lambda path: read_json(repository, path, source), registry.entries)
    variant = half_variant(repository.files)
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
        row |= from_like(like, found.side)
        row |= {"parts": dict(like.parts)} if FAMILIES[found.family].stages else {}
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


def _told_of_stages(found: RecognisedPipeline, name: str) -> str:
    assert found.like is not None
    places = " and ".join(place.partition("@")[0] for place in found.like.parts.values())
    return (
        f"It draws the first stage of a picture; what goes on from there comes from {places}, which"
        f" `easel models pull {name}` fetches where it is not here."
    )


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
