"""How a model draws one job: the pipeline, its texts, and what changes a picture while it is drawn."""

from engine.drawing.controls import load_control
from engine.drawing.enlarging import Enlarger
from engine.drawing.loading import dtype_of, load
from engine.drawing.loras import load_adapter, load_beside, of_plan
from engine.drawing.model import LoadedModel, light_copy
from engine.drawing.pipelines import forward_mode, run
from engine.drawing.references import load_reference_adapter
from engine.drawing.seamless import ForwardMode

__all__ = [
    "Enlarger",
    "ForwardMode",
    "LoadedModel",
    "dtype_of",
    "forward_mode",
    "light_copy",
    "load",
    "load_adapter",
    "load_beside",
    "load_control",
    "load_reference_adapter",
    "of_plan",
    "run",
]
