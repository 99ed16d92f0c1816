"""The unmodified pipelines called, saved and loaded as diffusers says: what the engine is measured by."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from diffusers import DiffusionPipeline, ModularPipeline

from tests.families.tiny.parts import smaller

__all__ = ["drawn", "loaded", "save", "taken"]


def taken(pipe: Any) -> list[str]:
    """The names of what the pipeline's call takes."""
    if isinstance(pipe, ModularPipeline):
        return list(pipe.blocks.input_names)
    return list(inspect.signature(pipe.__call__).parameters)


def drawn(pipe: Any, said: Mapping[str, Any]) -> np.ndarray:
    """One picture (height, width, 3) of numbers from 0 to 1, by those of the arguments that are taken."""
    takes = taken(pipe)
    told = {name: value for name, value in said.items() if name in takes}
    if isinstance(pipe, ModularPipeline):
        return np.asarray(pipe(**told, output="images")[0])
    made = pipe(**told)
    return np.asarray((made.images if hasattr(made, "images") else made.image)[0])


def save(pipe: Any, folder: Path) -> None:
    """Writes the pipeline to a folder."""
    told = {"overwrite_modular_index": True} if isinstance(pipe, ModularPipeline) else {}
    pipe.save_pretrained(str(folder), **told)


def loaded(folder: Path, kind: type[Any]) -> Any:
    """The pipeline of that kind that was saved in a folder."""
    if not issubclass(kind, ModularPipeline):
        return smaller(DiffusionPipeline.from_pretrained(folder))
    made = kind.from_pretrained(str(folder)).blocks
    made.sub_blocks.pop("prompt_upsampler", None)
    pipe = made.init_pipeline(str(folder))
    pipe.load_components()
    return pipe
