"""The models that are to be in memory ahead of jobs, unless workers end before one of them is there.

Such a model is left to the jobs that want it: else each new worker would begin with what ended the last one,
and nothing would be drawn. Knows nothing of jobs.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator

__all__ = ["Ahead"]

_LOG = logging.getLogger(__name__)


class Ahead:
    """One is given up when ``most`` workers have ended before it was there."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._losses: dict[str, int] = {}

    def __iter__(self) -> Iterator[str]:
        """The names of those that each worker is to load."""
        return iter(self._losses)

    def __len__(self) -> int:
        return len(self._losses)

    def add(self, model: str) -> None:
        """A model is wanted, from whatever went before on."""
        self._losses[model] = 0

    def drop(self, model: str) -> None:
        """A model is wanted no more."""
        self._losses.pop(model, None)

    def came(self, models: Collection[str]) -> None:
        """These are in a worker's memory: what ended workers before was something else."""
        self._losses.update(dict.fromkeys(self._losses.keys() & set(models), 0))

    def lost(self, models: Collection[str]) -> None:
        """A worker ended that had these in memory: one of the others may be why."""
        for model in self._losses.keys() - set(models):
            self._losses[model] += 1
            if self._losses[model] >= self._most:
                del self._losses[model]
                _LOG.error("workers end before %s is in memory: it is loaded for jobs only", model)
