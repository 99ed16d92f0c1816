"""The engine's front door: plans and jobs in, events and pictures out. Importing it loads no torch."""

from engine.errors import (
    BadPicture,
    EngineError,
    ModelUnavailable,
    OutOfMemory,
    UnknownModel,
    WorkerDied,
)
from engine.job import Cancelled, Event, Failed, Finished, Job, Lane, Picture, Progress, Queued, is_final
from engine.plan import Action, Conditioning, Plan

__all__ = [
    "Action",
    "BadPicture",
    "Cancelled",
    "Conditioning",
    "EngineError",
    "Event",
    "Failed",
    "Finished",
    "Job",
    "Lane",
    "ModelUnavailable",
    "OutOfMemory",
    "Picture",
    "Plan",
    "Progress",
    "Queued",
    "UnknownModel",
    "WorkerDied",
    "is_final",
]
