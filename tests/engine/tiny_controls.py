"""Tiny random ControlNets for the tiny models, saved in diffusers' folder format: seconds, no hub."""

from pathlib import Path
from typing import Any

import torch
from diffusers import ControlNetModel, FluxControlNetModel

from engine.planning.controls import ControlEntry

_LOUD = 0.3  # how far the layers that begin at zero are set off, so that the control has an effect


def control(family: str, pipe: Any, path: Path, **changed: object) -> ControlEntry:
    """Writes one that fits the pipeline to ``path``; its entry."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        module: Any
        if family == "flux":
            module = FluxControlNetModel.from_transformer(
                pipe.transformer,
                num_layers=1,
                num_single_layers=1,
                attention_head_dim=pipe.transformer.config.attention_head_dim,
                num_attention_heads=pipe.transformer.config.num_attention_heads,
            )
        else:
            deep = len(pipe.vae.config.block_out_channels)
            module = ControlNetModel.from_unet(pipe.unet, conditioning_embedding_out_channels=(8,) * deep)
        for weights in module.parameters():
            if not weights.any():
                torch.nn.init.normal_(weights, std=_LOUD)
    module.save_pretrained(path)
    said: dict[str, object] = {
        "name": f"tiny-{family}-edges",
        "title": f"Tiny edges for {family}",
        "family": family,
        "source": str(path),
        "folder": path,
        "map": "edges",
    }
    return ControlEntry(**(said | changed))  # type: ignore[arg-type]
