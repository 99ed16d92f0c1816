"""LoRAs of random numbers for the tiny models, as the files that people have, in several namings."""

from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from engine import LoraEntry
from engine.drawing import LoadedModel
from engine.drawing.texts import Texts

RANK = 4
ALPHA = 2.0
_ENCODERS = ("text_encoder", "text_encoder_2")
_ADAPTED = (
    "to_q",
    "to_v",
    "to_out.0",
    "ff.net.0.proj",
    "conv1",
    "conv_shortcut",
    "q_proj",
    "out_proj",
    "fc1",
    "proj_out",
)
_OLD = {".q_proj": ".to_q_lora", ".out_proj": ".to_out_lora", ".to_q": ".to_q_lora", ".to_v": ".to_v_lora"}


def layers(model: LoadedModel, encoders: bool = True) -> Iterator[tuple[str, str, nn.Module]]:
    """Component, name and layer of what a test's LoRA stands beside."""
    for component in ("unet", "transformer", *(_ENCODERS if encoders else ())):
        module = getattr(model.pipe, component, None)
        if module is None or type(module).__name__.startswith("T5"):
            continue
        for name, layer in module.named_modules():
            if isinstance(layer, nn.Linear | nn.Conv2d) and name.endswith(_ADAPTED):
                yield component, name, layer


def matrices(
    model: LoadedModel, seed: int, encoders: bool = True, strength: float = 0.6
) -> dict[tuple[str, str], tuple[Tensor, Tensor]]:
    """Two matrices for each of those layers."""
    generator = torch.Generator().manual_seed(seed)
    made = {}
    for component, name, layer in layers(model, encoders):
        weight = layer.weight
        assert isinstance(weight, Tensor)
        inside = weight.shape[1:]
        down = torch.randn(RANK, *inside, generator=generator) / inside.numel() ** 0.5
        up = strength * torch.randn(len(weight), RANK, *[1] * (weight.dim() - 2), generator=generator)
        made[component, name] = down, up
    return made


def merged(model: LoadedModel, pairs: dict[tuple[str, str], tuple[Tensor, Tensor]], weight: float) -> None:
    """Adds a LoRA to the model's own weights, as one does who has a model for himself."""
    with torch.no_grad():
        for component, name, layer in layers(model):
            if (component, name) in pairs:
                down, up = pairs[component, name]
                own = layer.weight
                assert isinstance(own, Tensor)
                own += weight * (ALPHA / RANK) * (up.flatten(1) @ down.flatten(1)).view_as(own)
    model.texts = Texts(model.pipe, model.family)  # what was encoded before is another model's


def peft(component: str, name: str) -> tuple[str, str, str]:
    """PEFT's names, and those of diffusers today: of the two matrices, and of the scale."""
    base = f"{component}.{name}"
    return f"{base}.lora_A.weight", f"{base}.lora_B.weight", f"{base}.alpha"


def old(component: str, name: str) -> tuple[str, str, str]:
    """What diffusers wrote before."""
    base = f"{component}.{name}.lora"
    for ending, older in _OLD.items():
        if name.endswith(ending):
            base = f"{component}.{name.removesuffix(ending)}{older}"
            if component in ("unet", "transformer"):
                base = base.replace("attn1.", "attn1.processor.").replace("attn2.", "attn2.processor.")
    return f"{base}.down.weight", f"{base}.up.weight", f"{component}.{name}.alpha"


def kohya(component: str, name: str) -> tuple[str, str, str]:
    """kohya's scripts: underscores for dots, the component in front."""
    front = {"text_encoder": "lora_te1", "text_encoder_2": "lora_te2"}.get(component, f"lora_{component}")
    base = f"{front}_{name.replace('.', '_')}"
    return f"{base}.lora_down.weight", f"{base}.lora_up.weight", f"{base}.alpha"


NAMINGS: dict[str, Callable[[str, str], tuple[str, str, str]]] = {"peft": peft, "old": old, "kohya": kohya}


def write(path: Path, pairs: dict[tuple[str, str], tuple[Tensor, Tensor]], naming: str = "peft") -> Path:
    """The matrices as a file."""
    tensors = {}
    for (component, name), (down, up) in pairs.items():
        for key, value in zip(NAMINGS[naming](component, name), (down, up, torch.tensor(ALPHA)), strict=True):
            tensors[key] = value.contiguous()
    save_file(tensors, path)
    return path


def entry(model: LoadedModel, name: str, path: Path) -> LoraEntry:
    """The file in the list of models."""
    return LoraEntry(name, name.title(), model.entry.family, str(path), folder=path)
