"""Whether weights lie on this machine, and where: looks at names only, never at the network.

Knows folders and the hub's cache; does not know what a model is called or which family it is of.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

__all__ = [
    "Placed",
    "components",
    "lacking",
    "model_here",
    "part_complete",
    "snapshot",
    "texts_width",
    "weights_folder",
]


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
    try:
        index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return "`model_index.json` cannot be read"
    if not isinstance(index, dict):
        return "`model_index.json` lists nothing"
    missing = (_part_lacks(folder / part) for part in components(index) if part not in given)
    return next((sentence for sentence in missing if sentence), None)


def components(index: dict[str, Any]) -> tuple[str, ...]:
    """The parts that a `model_index.json` lists: those named by a library and a class.

    Lists of other things (numbers of layers, say) are settings of the pipeline.
    """
    return tuple(
        name
        for name, value in index.items()
        if not name.startswith("_")
        and isinstance(value, list)
        and len(value) == 2
        and all(isinstance(word, str) for word in value)
    )


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
    return _part_lacks(part) is None


def model_here(entry: Placed) -> bool:
    """Whether a model that is one part, with a `config.json` of its own, lies on this machine whole."""
    found = weights_folder(entry, "config.json")
    return found is not None and part_complete(found)


def _part_lacks(part: Path) -> str | None:
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
