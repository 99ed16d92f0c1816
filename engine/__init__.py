"""The engine's front door: plans and jobs in, events and pictures out. Importing it loads no torch."""

from engine.errors import (
    BadPicture,
    BadRegistry,
    EngineClosed,
    EngineError,
    ModelUnavailable,
    NoRoom,
    NoSegmenter,
    NotFound,
    OutOfMemory,
    UnknownModel,
    WorkerDied,
)
from engine.job import (
    Cancelled,
    Description,
    Event,
    Failed,
    Finished,
    Job,
    Lane,
    Picture,
    Progress,
    Queued,
    is_final,
)
from engine.pictures.decoding import load_input
from engine.pictures.grid import make_grid
from engine.planning.canvas import PARTS, Canvas, Direction
from engine.planning.entries import ModelEntry, Storage
from engine.planning.imagine import plan_imagine, plan_reroll
from engine.planning.loras import Lora, LoraEntry
from engine.planning.plan import Action, Conditioning, Plan
from engine.planning.references import AdapterEntry, Reference, starting_links, with_codes
from engine.planning.registry import Registry
from engine.planning.repaint import plan_pan, plan_region, plan_square, plan_zoom
from engine.planning.upscale import plan_redo, plan_refine, plan_upscale
from engine.planning.vary import plan_again, plan_vary
from engine.process.engine import Engine, EngineStatus, EventStream
from engine.process.settings import Precision, WorkerSettings
from engine.process.wire import Work

__all__ = [
    "PARTS",
    "Action",
    "AdapterEntry",
    "BadPicture",
    "BadRegistry",
    "Cancelled",
    "Canvas",
    "Conditioning",
    "Description",
    "Direction",
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
    "Lora",
    "LoraEntry",
    "ModelEntry",
    "ModelUnavailable",
    "NoRoom",
    "NoSegmenter",
    "NotFound",
    "OutOfMemory",
    "Picture",
    "Plan",
    "Precision",
    "Progress",
    "Queued",
    "Reference",
    "Registry",
    "Storage",
    "UnknownModel",
    "Work",
    "WorkerDied",
    "WorkerSettings",
    "is_final",
    "load_input",
    "make_grid",
    "plan_again",
    "plan_imagine",
    "plan_pan",
    "plan_redo",
    "plan_refine",
    "plan_region",
    "plan_reroll",
    "plan_square",
    "plan_upscale",
    "plan_vary",
    "plan_zoom",
    "starting_links",
    "with_codes",
]
