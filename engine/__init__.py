"""The engine's front door: plans and jobs in, events and pictures out. Importing it loads no torch."""

from engine.errors import (
    BadPicture,
    BadRegistry,
    CannotEdit,
    EngineClosed,
    EngineError,
    ModelUnavailable,
    NoControl,
    NoRoom,
    NoSegmenter,
    NotFound,
    OutOfMemory,
    TooLarge,
    UnknownModel,
    WorkerDied,
)
from engine.job import (
    HIDE_ABOVE,
    Cancelled,
    Description,
    Event,
    Failed,
    Finished,
    Hidden,
    Job,
    Lane,
    Picture,
    Progress,
    Queued,
    Request,
    is_final,
)
from engine.pictures.decoding import load_input
from engine.pictures.grid import make_grid
from engine.planning.canvas import PARTS, Canvas, Direction, Margins
from engine.planning.controls import Control, ControlEntry, Structure
from engine.planning.edit import plan_edit
from engine.planning.entries import ModelEntry
from engine.planning.imagine import plan_imagine, plan_reroll
from engine.planning.loras import Lora, LoraEntry
from engine.planning.plan import Action, Conditioning, Plan
from engine.planning.references import AdapterEntry, Reference, starting_links, with_codes
from engine.planning.registry import Registry
from engine.planning.repaint import plan_painted, plan_pan, plan_region, plan_square, plan_zoom
from engine.planning.retexture import STRENGTH, check_retexture, plan_retexture
from engine.planning.upscale import plan_redo, plan_refine, plan_upscale
from engine.planning.vary import plan_again, plan_vary
from engine.process.engine import Engine, EngineStatus
from engine.process.settings import Precision, WorkerSettings
from engine.process.stream import EventStream
from engine.process.wire import Work

__all__ = [
    "HIDE_ABOVE",
    "PARTS",
    "STRENGTH",
    "Action",
    "AdapterEntry",
    "BadPicture",
    "BadRegistry",
    "Cancelled",
    "CannotEdit",
    "Canvas",
    "Conditioning",
    "Control",
    "ControlEntry",
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
    "Hidden",
    "Job",
    "Lane",
    "Lora",
    "LoraEntry",
    "Margins",
    "ModelEntry",
    "ModelUnavailable",
    "NoControl",
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
    "Request",
    "Structure",
    "TooLarge",
    "UnknownModel",
    "Work",
    "WorkerDied",
    "WorkerSettings",
    "check_retexture",
    "is_final",
    "load_input",
    "make_grid",
    "plan_again",
    "plan_edit",
    "plan_imagine",
    "plan_painted",
    "plan_pan",
    "plan_redo",
    "plan_refine",
    "plan_region",
    "plan_reroll",
    "plan_retexture",
    "plan_square",
    "plan_upscale",
    "plan_vary",
    "plan_zoom",
    "starting_links",
    "with_codes",
]
