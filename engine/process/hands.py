"""What the front knows of open jobs and of ready workers, and whose fault a worker's end may be.

Knows nothing of how jobs are handed over, nor of what becomes of them afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.job import Job
from engine.process.pool import Worker
from engine.process.stream import EventStream
from engine.process.wire import Work
from engine.turns.capacity import Demand

__all__ = ["OpenJob", "Place"]


@dataclass(eq=False, slots=True)
class OpenJob:
    """A job without its final event; without a place it waits for one.

    ``alone``: it was handed over with nothing beside it. ``deaths``: workers that may have ended by it.
    """

    job: Job
    demand: Demand
    stream: EventStream
    place: Place | None = None
    started: bool = False
    alone: bool = False
    deaths: int = 0

    @property
    def prepared(self) -> bool:
        """Whether something is made ready for it before it begins, besides its model."""
        plan = self.job.plan
        region = plan.canvas is not None and bool(plan.canvas.words)
        return region or bool(plan.beside or plan.control or plan.references)


@dataclass(eq=False, slots=True)
class Place:
    """A worker that is ready, and what is known of it."""

    worker: Worker
    jobs: dict[str, OpenJob] = field(default_factory=dict)
    leaving: set[str] = field(default_factory=set)  # cancelled by the front, the worker has yet to say so
    models: tuple[str, ...] = ()
    work: Work = field(default_factory=Work)

    @property
    def shared(self) -> bool:
        """Whether anything else may be asked of it: nothing is beside a job that is to be alone."""
        return not any(open.alone for open in self.jobs.values())

    def loads(self, open: OpenJob) -> bool:
        """Whether the model of one of its jobs had not come into memory yet."""
        return not open.started and bool(open.demand.model) and open.demand.model not in self.models

    def blames(self, open: OpenJob) -> bool:
        """Whether the worker may have ended by one of its jobs.

        Not only drawing ends workers: a model that is loaded can take more memory than there is, and so can
        whatever else is made ready before a job begins. Nothing but that job is at fault where it was alone.
        """
        return open.started or open.alone or self.loads(open) or open.prepared
