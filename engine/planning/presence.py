"""Whether weights lie on this machine, and where: looks at names only, never at the network.

Knows folders and the hub's cache; does not know what a model is called or which family it is of.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

__all__ = [
    "INDEXES",
    "Placed",
    "components",
    "lacking",
    "model_here",
    "part_complete",
    "part_lacks",
    "read_index",
    "repository_of",
    "snapshot",
    "texts_width",
    "weights_folder",
]


INDEXES = ("model_index.json", "modular_model_index.json")
"""The file that lists a pipeline's components; the second is that of diffusers' modular pipelines."""

_DENOISERS = ("transformer", "unet")


class Placed(Protocol):
    """The part of an entry that says where its weights come from."""

    @property
    def source(self) -> str:
        """A folder, or a repository of the hub."""

    @property
    def revision(self) -> str | None:
        """The commit of a repository; None where none is known yet."""

    @property
    def folder(self) -> Path | None:
        """The folder of a local model, None for one of the hub."""


def weights_folder(entry: Placed, name: str) -> Path | None:
    """The folder on this machine that holds the file ``name`` of the entry, or None."""
    if entry.folder is not None:
        return (entry.folder / name).parent if (entry.folder / name).is_file() else None
    return snapshot(entry.source, entry.revision, name)


def repository_of(entry: Placed) -> tuple[tuple[str, str | None], ...]:
    """The repository of the hub that a whole entry is fetched from, and its commit; none where it is here."""
    return () if entry.folder is not None else ((entry.source, entry.revision),)


def snapshot(source: str, commit: str | None, name: str) -> Path | None:
    """The folder in the hub's cache that holds the file ``name`` of a repository at a commit, or None."""
    if commit is None:
        return None
    from huggingface_hub import try_to_load_from_cache  # for speed: a quarter second, only for who asks

    path = try_to_load_from_cache(source, name, revision=commit)
    return Path(path).parent if isinstance(path, str) else None


def lacking(folder: Path, *, given: Collection[str] = ()) -> str | None:
    """What a pipeline's folder lacks of what `model_index.json` lists, every shard included; None: nothing.

    The parts in ``given`` come from elsewhere.
    """
    index = read_index(folder)
    if index is None:
        return "`model_index.json` cannot be read"
    missing = (part_lacks(folder / part) for part in components(index) if part not in given)
    return next((sentence for sentence in missing if sentence), None)


def read_index(folder: Path) -> dict[str, Any] | None:
    """What a pipeline's folder says of its components; None where no index can be read."""
    for name in INDEXES:
        try:
            index = json.loads((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(index, dict):
            return index
    return None


def components(index: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts that an index lists: those named by a library and a class.

    Lists of other things (numbers of layers, say) are settings of the pipeline. A modular index says of each
    part where it comes from as well; those of other repositories than the denoiser's are left out.
    """
    listed = {
        name: value
        for name, value in index.items()
        if not name.startswith("_")
        and isinstance(value, list)
        and (_modular(value) or (len(value) == 2 and all(isinstance(word, str) for word in value)))
    }
    own = next((_source(listed[name]) for name in _DENOISERS if name in listed), None)
    return tuple(name for name, value in listed.items() if _source(value) == own)


def _modular(value: Sequence[Any]) -> bool:
    """Whether a modular index says so of a part: a library, a class, and where it comes from."""
    return len(value) == 3 and isinstance(value[2], dict)


def _source(value: Sequence[Any]) -> object:
    """Where a modular index says that a part comes from; None in any other index."""
    told = value[2] if _modular(value) else {}
    return told.get("pretrained_model_name_or_path")


@lru_cache(maxsize=64)
def texts_width(folder: Path) -> int:
    """How wide the texts are that the U-Net of a pipeline's folder reads; 0 where nothing says that."""
    try:
        width = json.loads((folder / "unet" / "config.json").read_text(encoding="utf-8"))[
            "cross_attention_dim"
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return width if isinstance(width, int) else 0


def part_complete(part: Path) -> bool:
    """Whether a component's folder is there, and all of its weights where it has any."""
    return part_lacks(part) is None


def model_here(entry: Placed) -> bool:
    """Whether a model that is one part, with a `config.json` of its own, lies on this machine whole."""
    found = weights_folder(entry, "config.json")
    return found is not None and part_complete(found)


def part_lacks(part: Path) -> str | None:
    """What a component's folder lacks of what its files list; None: nothing."""
    if not part.is_dir():
        return f"the part `{part.name}` is missing"
    for shards in part.glob("*index*.json"):
        try:
            names = set(json.loads(shards.read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError, AttributeError):
            return f"`{part.name}/{shards.name}` cannot be read"
        if missing := sorted(name for name in names if not (part / name).exists()):
            return f"`{part.name}/{missing[0]}` is missing"
    holds_weights = (part / "config.json").is_file()  # tokenizers and schedulers have other names for theirs
    if holds_weights and not any(part.glob("*.safetensors")) and not any(part.glob("*.bin")):
        return f"`{part.name}` holds no weights"
    return None
