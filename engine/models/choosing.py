"""Which files of a repository a pipeline needs: one set of weights a component, and what lies beside them.

A repository often holds several: of other precisions, for other libraries, whole and in shards.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from engine.models.hub import RemoteFile, Repository, read_json
from engine.planning.presence import INDEXES, components

__all__ = ["INDEX", "half_variant", "index_of", "needed", "only_variant"]

INDEX = INDEXES[0]
"""The file that lists a pipeline's components, in most repositories."""

_WEIGHTS = re.compile(
    r"(?P<stem>[^.]+?)(?P<shard>-\d+-of-\d+)?(?:\.(?P<variant>\w+?))?(?P<behind>-\d+-of-\d+)?"
    r"\.(?P<kind>safetensors|bin)"
)
"""A file of weights; the number of a shard stands before its variant or behind it."""

_SHARDS = re.compile(r"(?P<stem>[^.]+)\.(?P<kind>safetensors|bin)\.index(?:\.(?P<variant>\w+))?\.json")
_OTHERS = (".onnx", ".onnx_data", ".pb", ".msgpack", ".h5", ".ckpt", ".pt", ".pth", ".gguf", ".xml", ".py")
"""Ends of files that other libraries read, or that would be run."""


def index_of(repository: Repository, title: str) -> dict[str, Any] | None:
    """What a repository says of its components; None where it holds no pipeline. Raises ModelUnavailable."""
    found = (read_json(repository, name, title) for name in INDEXES)
    return next((index for index in found if index is not None), None)


def needed(
    index: Mapping[str, Any] | None,
    files: Iterable[RemoteFile],
    variant: str | None,
    weights: Collection[str] | None = None,
) -> tuple[RemoteFile, ...]:
    """The files to fetch, the small ones first and the index last: with it there, all is there.

    Without an ``index`` the repository is a single model of transformers', whose configuration comes last.
    ``weights`` are the components whose weights are wanted, None: those of all.
    """
    every = {file.path: file for file in files}
    wanted: dict[str, RemoteFile] = {}
    for folder in [""] if index is None else [f"{part}/" for part in components(dict(index))]:
        inside = {
            path[len(folder) :]
            for path in every
            if path.startswith(folder) and "/" not in path[len(folder) :]
        }
        library = "transformers" if index is None else str(index[folder[:-1]][0] or "diffusers")
        names = _of_component(inside, variant, library)
        if weights is not None and folder[:-1] not in weights:
            names = {name for name in names if not _WEIGHTS.fullmatch(name) and not _SHARDS.fullmatch(name)}
        wanted |= {folder + name: every[folder + name] for name in names}
    ends = ("config.json",) if index is None else INDEXES
    last = next((every[name] for name in ends if name in every), None)
    wanted = {path: file for path, file in wanted.items() if file != last}
    ordered = sorted(wanted.values(), key=lambda file: (file.large, file.path))
    return (*ordered, *([last] if last else []))


def only_variant(parts: Iterable[Iterable[str]]) -> str | None:
    """The variant that must be asked for, where one of the components has no weights without its name.

    Each of ``parts`` are the names of a component's files. Of those that have both, the variant is read too.
    """
    only: set[str] = set()
    for names in parts:
        found = {match["variant"] for name in names if (match := _WEIGHTS.fullmatch(name))}
        only |= set() if None in found else found
    return min(
        only, key=lambda variant: (variant not in ("fp16", "bf16"), variant != "fp16", variant), default=None
    )


def half_variant(files: Iterable[RemoteFile]) -> str | None:
    """Weights in half precision, where a repository has a set of them beside larger ones."""
    names = {match[1] for file in files if (match := re.search(r"\.(fp16|bf16)[.-]", file.path))}
    return "fp16" if "fp16" in names else "bf16" if "bf16" in names else None


def _of_component(names: Iterable[str], variant: str | None, library: str) -> set[str]:
    """Of one component: all that is no weights, and the best of its sets of weights."""
    sets: dict[tuple[str, str | None, bool], set[str]] = {}
    small: set[str] = set()
    for name in names:
        weights, shards = _WEIGHTS.fullmatch(name), _SHARDS.fullmatch(name)
        match = weights or shards
        if match is None:
            small |= set() if name.endswith(_OTHERS) else {name}
            continue
        sharded = shards is not None or match["shard"] is not None or match["behind"] is not None
        sets.setdefault((match["kind"], match["variant"], sharded), set()).add(name)
    if not sets:
        return small

    def rank(key: tuple[str, str | None, bool]) -> tuple[bool, bool, bool, bool]:
        kind, of, sharded = key
        # Where both are there, diffusers reads the shards and transformers the whole file.
        return kind != "safetensors", of != variant, of is not None, sharded is (library == "transformers")

    return small | sets[min(sets, key=rank)]
