"""Pipelines of diffusers' modular kind, called as all others are: with arguments that a signature names.

Such a pipeline is a row of blocks that hand a state on. The block that reads texts is taken out of the row,
so that it is asked once a text; what is left draws from embeddings, by the same denoiser, scheduler and VAE
as ever. Knows nothing of plans or jobs.
"""

from __future__ import annotations

import copy
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any

import torch
from diffusers import ModularPipeline
from diffusers.modular_pipelines import PipelineState
from diffusers.pipelines import ImagePipelineOutput

from engine.errors import ModelUnavailable
from engine.families.family import Blocks

__all__ = ["load_modular"]


def load_modular(folder: Path, blocks: Blocks, dtype: torch.dtype) -> Any:
    """The pipeline of a folder with a `modular_model_index.json`, its components in ``dtype``.

    Nothing is fetched: what lies in no folder here is missing. Raises ModelUnavailable, naming it, and
    whatever diffusers raises.
    """
    row = ModularPipeline.from_pretrained(str(folder)).blocks
    for name in blocks.without:
        row.sub_blocks.pop(name, None)
    pipe = row.init_pipeline(str(folder))
    pipe.load_components(dtype=dtype, local_files_only=True)
    if pipe.null_component_names:
        raise ModelUnavailable(f"`{pipe.null_component_names[0]}` of {folder.name} could not be read.")
    return _as_others(pipe, blocks.reads)


def _as_others(pipe: Any, reads: str) -> Any:
    """The pipeline without its block ``reads``, which is what encodes texts; its class is a subclass."""
    kind = type(pipe)
    reader = pipe._blocks.sub_blocks.pop(reads)
    told = [name for name in reader.intermediate_output_names if not name.startswith("negative_")]
    takes = {param.name: param for param in pipe._blocks.inputs if param.name}

    def call(self: Any, **said: Any) -> ImagePipelineOutput:
        return ImagePipelineOutput(images=kind.__call__(self, output="images", **said))

    def encode_prompt(self: Any, prompt: str, device: Any = None) -> tuple[Any, ...]:
        alone = copy.copy(self)
        vars(alone)["guider"] = None  # which would have the absent text read beside each
        state = PipelineState()
        for param in reader.inputs:
            state.set(param.name, prompt if param.name == "prompt" else param.default)
        reader(alone, state)
        return tuple(state.get(name) for name in told)

    call.__signature__ = Signature(  # type: ignore[attr-defined]
        [Parameter("self", Parameter.POSITIONAL_OR_KEYWORD)]
        + [Parameter(name, Parameter.KEYWORD_ONLY, default=param.default) for name, param in takes.items()]
    )
    body: dict[str, Any] = {"__call__": call, "encode_prompt": encode_prompt}
    body |= {"set_progress_bar_config": _quiet, "maybe_free_model_hooks": _nothing}
    pipe.__class__ = type(kind.__name__, (kind,), body | {"__module__": kind.__module__})
    return pipe


def _quiet(self: Any, **said: Any) -> None:
    """Of all loops, however deep in the row they lie."""
    for block in _inside(self._blocks):
        if hasattr(block, "set_progress_bar_config"):
            block.set_progress_bar_config(**said)


def _nothing(self: Any) -> None:
    """What other pipelines do at their end to bring back parts that hooks have moved; here are none."""


def _inside(block: Any) -> list[Any]:
    """The block and all those in it."""
    return [block, *(each for part in (block.sub_blocks or {}).values() for each in _inside(part))]
