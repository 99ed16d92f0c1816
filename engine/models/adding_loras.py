"""Adding a LoRA of the hub: its file's header is read there, and nothing else of it is fetched."""

from __future__ import annotations

import io
from pathlib import Path

from engine.errors import BadFile, ModelUnavailable
from engine.files import Recognised, header_in, recognised
from engine.models import own_list
from engine.models.added import Added
from engine.models.adding_files import lora_fields, lora_told
from engine.models.hub import RemoteFile, Repository, read_start
from engine.planning.registry import Registry

__all__ = ["add_lora"]

_PLAIN = "pytorch_lora_weights.safetensors"
"""What diffusers calls the file of a LoRA that lies in a repository of its own."""

_NAMED = 6
"""Files that a sentence names at most."""

_START = 8
"""Bytes of a safetensors file that say how long its header is."""

_LONGEST = 8 * 2**20
"""Bytes of a header at most."""


def add_lora(
    repository: Repository,
    path: str | None,
    data: Path,
    registry: Registry,
    name: str | None = None,
    model: str | None = None,
) -> Added:
    """Lists the LoRA of a repository, the file ``path`` of it where it has several.

    Raises ModelUnavailable with a sentence where there is none, or the file must be said.
    """
    file = _file(repository, path)
    found = _recognised(repository, file)
    if found.refused or found.kind != "lora":
        told = found.refused or f"It is {found.what}: download the file, and add that."
        raise ModelUnavailable(f"`{file.path}` of {repository.source} cannot be added. {told}")
    at = (repository.source, repository.commit, file.path)
    known = (lora for lora in registry.loras if (lora.source, lora.revision, lora.file) == at)
    if (lora := next(known, None)) is not None:
        raise ModelUnavailable(f"{repository.source} is in the list already, as {lora.name}.")
    stem = Path(file.path).stem if file.path != _PLAIN else repository.source.partition("/")[2]
    row = lora_fields(stem, found, registry, name, model)
    row |= {"source": repository.source, "revision": repository.commit, "file": file.path}
    row |= {"licence": repository.licence} if repository.licence else {}
    own_list.append(data, row, f"Added from {repository.source}: {found.what}.", "lora")
    return Added(row["name"], found.what, row["family"], (lora_told(found, row),), "lora")


def _file(repository: Repository, path: str | None) -> RemoteFile:
    weights = {file.path: file for file in repository.files if file.path.endswith(".safetensors")}
    if path is not None and path not in weights:
        raise ModelUnavailable(f"{repository.source} has no file `{path}`.")
    chosen = path or (_PLAIN if _PLAIN in weights else next(iter(weights), None))
    if chosen is None:
        raise ModelUnavailable(
            f"{repository.source} holds no `model_index.json` and no safetensors file: no model and no LoRA."
        )
    if path is None and chosen != _PLAIN and len(weights) > 1:
        named = ", ".join([*list(weights)[:_NAMED], *(["…"] if len(weights) > _NAMED else [])])
        raise ModelUnavailable(
            f"{repository.source} holds several files: say which, as {repository.source}:FILE. They are"
            f" {named}."
        )
    return weights[chosen]


def _recognised(repository: Repository, file: RemoteFile) -> Recognised:
    """What the file is, by its header."""
    start = read_start(repository, file, _START, repository.source)
    wanted = min(file.size, _START + min(int.from_bytes(start, "little"), _LONGEST))
    try:
        start = read_start(repository, file, wanted, repository.source)
        return recognised(header_in(io.BytesIO(start), file.size))
    except BadFile as error:
        raise ModelUnavailable(f"`{file.path}` of {repository.source} cannot be added. {error}") from error
