"""The engine's front door: plans and jobs in, events and pictures out. Importing it loads no torch."""

from engine.engine import Engine, EngineStatus, EventStream
from engine.errors import (
    BadPicture,
    BadRegistry,
    EngineClosed,
    EngineError,
    ModelUnavailable,
    OutOfMemory,
    UnknownModel,
    WorkerDied,
)
from engine.grid import compose
from engine.job import Cancelled, Event, Failed, Finished, Job, Lane, Picture, Progress, Queued, is_final
from engine.pictures import load_input
from engine.plan import (
    Action,
    Conditioning,
    Plan,
    plan_imagine,
    plan_reroll,
    plan_upscale,
    plan_vary,
)
from engine.registry import ModelEntry, Registry

__all__ = [
    "Action",
    "BadPicture",
    "BadRegistry",
    "Cancelled",
    "Conditioning",
    "Engine",
    "EngineClosed",
    "EngineError",
    "EngineStatus",
    "Event",
    "EventStream",
    "Failed",
    "Finished",
    "Job",
    "Lane",
    "ModelEntry",
    "ModelUnavailable",
    "OutOfMemory",
    "Picture",
    "Plan",
    "Progress",
    "Queued",
    "Registry",
    "UnknownModel",
    "WorkerDied",
    "compose",
    "is_final",
    "load_input",
    "plan_imagine",
    "plan_reroll",
    "plan_upscale",
    "plan_vary",
]
