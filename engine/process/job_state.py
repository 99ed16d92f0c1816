"""A job in the renderer's hands: how far it has come, from its first turn to its last step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.job import Job
from engine.sharing.batching import Task
from engine.turns.work import ForwardShape

__all__ = ["JobState"]


@dataclass(eq=False, slots=True)
class JobState:
    """First it waits, ``queued``; then it is ``holding`` its model; then it is ``drawn``.

    ``rows`` is how many its forwards have, all of one ``shape``. ``began`` and ``previewed`` are seconds of
    the renderer's clock, ``place`` is the one in the queue that was last told.
    """

    job: Job
    shape: ForwardShape | None = None
    rows: int = 0
    task: Task | None = None
    model: Any = None
    queued: bool = False
    holding: bool = False
    drawn: bool = False
    began: float = 0.0
    step: int = 0
    steps: int = 0
    previewed: float = float("-inf")
    place: int | None = None

    def wants(self, model: str, part: str = "") -> bool:
        """Whether the job, not begun yet, is drawn with this model and, if a key is named, what that is of.

        A part is a LoRA, an embedding or a control, or an adapter for references.
        """
        plan = self.job.plan
        control = plan.control.name if plan.control else ""
        named = not part or part in (*plan.beside, control, *(each.adapter for each in plan.references))
        return self.task is None and plan.model == model and named

    def free_hooks(self) -> None:
        """What an interrupted pipeline did not do at its end: models offloaded by hooks go back."""
        if self.model is not None and self.model.pipe is not None:
            self.model.pipe.maybe_free_model_hooks()
