"""The controls in memory, beside their models: loaded when a job wants one, idle ones dropped for another.

They go with their model. Knows nothing of jobs but which controls they draw with.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from typing import Any

from engine.planning.plan import Plan
from engine.process.background import Background

__all__ = ["ResidentControls"]

_ROOM = 2
"""Controls kept beside one model: one is a third to a half as large as the model itself."""


class ResidentControls:
    """``load`` makes one ready for a model, in another thread; ``model`` is that of a name, and keeps them.

    ``used`` says which ones beside a model must stay. ``failed`` is told which one could not be had, and why.
    """

    def __init__(
        self,
        background: Background,
        *,
        load: Callable[[Plan, Any], Any],
        model: Callable[[str], Any],
        used: Callable[[str], Collection[str]],
        failed: Callable[[str, Exception, str], None],
    ) -> None:
        self._background = background
        self._load, self._model, self._used, self._failed = load, model, used, failed
        self._loading: set[tuple[str, str]] = set()

    def want(self, plan: Plan) -> bool:
        """Whether the plan's control is beside its model, which is in memory; has it loaded if not."""
        if plan.control is None:
            return True
        place, key = self._model(plan.model), (plan.model, plan.control.name)
        if plan.control.name in place.controls:
            return True
        if key not in self._loading:
            self._loading.add(key)
            arrived = functools.partial(self._arrived, *key, place.controls)
            self._background.do("loader", functools.partial(self._load, plan, place), arrived)
        return False

    def _arrived(
        self, model: str, name: str, controls: dict[str, Any], control: Any, error: Exception | None
    ) -> None:
        self._loading.discard((model, name))
        if control is None:
            self._failed(model, error or RuntimeError(f"the control {name} was not loaded"), name)
            return
        staying = {name, *self._used(model)}
        for other in [each for each in controls if each not in staying][: max(0, len(controls) + 1 - _ROOM)]:
            del controls[other]
        controls[name] = control
