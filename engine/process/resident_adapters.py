"""LoRAs or reference adapters in memory, beside their models: loaded when a job wants one.

The one unused longest is dropped when there is no room; all go with their model. Knows nothing of jobs but
what they are drawn with.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from engine.planning.plan import Plan
from engine.process.background import Background

__all__ = ["ResidentAdapters"]

_ROOM = 1 << 30
"""Bytes that those beside one model may take: some five large LoRAs, hundreds of small ones."""


class ResidentAdapters:
    """``load`` makes one ready for a model, in another thread; ``model`` is that of a name.

    ``names`` says which ones a plan is drawn with, ``place`` where those of a model are kept: it has
    ``adapters`` by name and can ``forget``. ``plans`` are those being drawn with a model, whose adapters must
    stay. ``failed`` is told which one could not be had, and why.
    """

    def __init__(
        self,
        background: Background,
        *,
        load: Callable[[str, Any], Any],
        names: Callable[[Plan], Sequence[str]],
        place: Callable[[str], Any],
        model: Callable[[str], Any],
        plans: Callable[[str], Iterable[Plan]],
        failed: Callable[[str, Exception, str], None],
        room: int = _ROOM,
    ) -> None:
        self._background, self._room = background, room
        self._load, self._names, self._place, self._model = load, names, place, model
        self._plans, self._failed = plans, failed
        self._loading: set[tuple[str, str]] = set()

    def want(self, plan: Plan) -> bool:
        """Whether all that the plan is drawn with is beside its model; has it loaded if not.

        The model must be in memory.
        """
        names = self._names(plan)
        if not names:
            return True
        ready = self._place(plan.model).adapters
        missing = [name for name in names if name not in ready]
        for name in names:
            if name in ready:
                ready.move_to_end(name)
        self._fetch(plan.model, missing)
        return not missing

    def _fetch(self, model: str, names: Iterable[str]) -> None:
        for name in names:
            if (model, name) not in self._loading:
                self._loading.add((model, name))
                load = functools.partial(self._load, name, self._model(model))
                arrived = functools.partial(self._arrived, model, name, self._place(model))
                self._background.do("loader", load, arrived)

    def _arrived(
        self, model: str, name: str, place: Any, adapter: Any | None, error: Exception | None
    ) -> None:
        self._loading.discard((model, name))
        if adapter is None:
            self._failed(model, error or RuntimeError(f"{name} was not loaded"), name)
            return
        place.adapters[name] = adapter
        used = {each for plan in self._plans(model) for each in self._names(plan)}
        self._make_room(place, {name, *used})

    def _make_room(self, place: Any, staying: Collection[str]) -> None:
        """Drops what has not been used for longest, until the rest fits."""
        for name in list(place.adapters):
            if sum(adapter.size for adapter in place.adapters.values()) <= self._room:
                return
            if name not in staying:
                place.forget(name)
