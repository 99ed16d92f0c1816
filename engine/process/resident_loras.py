"""LoRAs and embeddings in memory, beside their models: loaded when wanted, those unused longest dropped.

They go with their model. Knows nothing of jobs but which LoRAs they draw with.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterable
from typing import Any

from engine.planning.plan import Plan
from engine.process.background import Background
from engine.process.program import Beside

__all__ = ["ResidentLoras"]

_ROOM = 1 << 30
"""Bytes that the LoRAs beside one model may take: some five of the large ones, hundreds of the small."""


class ResidentLoras:
    """``load`` makes one ready for a model, in another thread; ``model`` is that of a name, and keeps them.

    ``used`` says which ones beside a model must stay. ``failed`` is told which one could not be had, and why.
    """

    def __init__(
        self,
        background: Background,
        *,
        load: Callable[[str, Any], Beside],
        model: Callable[[str], Any],
        used: Callable[[str], Collection[str]],
        failed: Callable[[str, Exception, str], None],
        room: int = _ROOM,
    ) -> None:
        self._background, self._room = background, room
        self._load, self._model, self._used, self._failed = load, model, used, failed
        self._loading: set[tuple[str, str]] = set()

    def want(self, plan: Plan) -> bool:
        """Whether all that it names is beside its model, which is in memory; has it loaded if not."""
        names = plan.beside
        if not names:
            return True
        ready = self._model(plan.model).loras.adapters
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
                place = self._model(model)
                arrived = functools.partial(self._arrived, model, name, place.loras)
                self._background.do("loader", functools.partial(self._load, name, place), arrived)

    def _arrived(
        self, model: str, name: str, place: Any, adapter: Beside | None, error: Exception | None
    ) -> None:
        self._loading.discard((model, name))
        if adapter is None:
            self._failed(model, error or RuntimeError(f"the LoRA {name} was not loaded"), name)
            return
        place.adapters[name] = adapter
        self._make_room(place, {name, *self._used(model)})

    def _make_room(self, place: Any, staying: Collection[str]) -> None:
        """Drops what has not been used for longest, until the rest fits."""
        for name in list(place.adapters):
            if sum(adapter.size for adapter in place.adapters.values()) <= self._room:
                return
            if name not in staying:
                place.forget(name)
