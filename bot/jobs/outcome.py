"""What is made of a finished job's pictures, for Discord and for the command line alike.

Pure, and slow enough (pixels are packed anew) that an event loop leaves it to a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine import Finished, Plan, make_grid
from engine.pictures.provenance import stamp

__all__ = ["Origin", "notes_of"]


def notes_of(plan: Plan, done: Finished) -> tuple[str, ...]:
    """A job's notes: what was planned differently than asked, then what was drawn so, each sentence once."""
    return tuple(dict.fromkeys((*plan.notes, *done.notes)))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where pictures come from, as each of them tells: the prompt as run, its spec, its plan, the job.

    ``mark`` is the number that they hold unseen, None for none.
    """

    prompt: str
    spec: Mapping[str, Any]
    plan: Plan
    job_id: str
    mark: int | None = None

    def stamped(self, png: bytes, seed: int) -> bytes:
        """The picture with its origin written into it."""
        return stamp(
            png,
            prompt=self.prompt,
            spec=dict(self.spec),
            seed=seed,
            model=self.plan.model,
            job_id=self.job_id,
            steps=self.plan.steps,
            guidance=self.plan.guidance,
            mark=self.mark,
        )

    def grid(self, pngs: Sequence[bytes], seed: int) -> bytes:
        """The job's pictures as one sheet, stamped with the first one's seed."""
        return self.stamped(make_grid(pngs), seed)
