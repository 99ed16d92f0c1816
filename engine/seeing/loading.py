"""Models that look at pictures, from their folder or from the hub at their pinned commit.

Knows no particular model, and nothing of what it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine.errors import ModelUnavailable
from engine.planning.registry import DescriberEntry, SegmenterEntry
from engine.weights import LOADING

__all__ = ["loading"]


@contextmanager
def loading(entry: DescriberEntry | SegmenterEntry) -> Iterator[dict[str, Any]]:
    """What `from_pretrained` is told of an entry, while no other thread makes a model.

    Whatever cannot be loaded inside raises ModelUnavailable.
    """
    source: dict[str, Any] = {"pretrained_model_name_or_path": str(entry.folder or entry.source)}
    if entry.folder is None:
        source["revision"] = entry.revision
    try:
        with LOADING:
            yield source
    except (OSError, ValueError) as error:
        raise ModelUnavailable(f"{entry.title} could not be loaded.") from error
