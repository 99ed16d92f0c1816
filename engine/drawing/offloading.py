"""A model in less memory than it takes: its parts on the device by turns, or layer by layer.

Text encoders, denoiser and VAE are never needed at once. Each part is brought when it is called, and what was
used longest ago goes to rest as far as room is wanted. A part that does not fit by itself is moved layer by
layer, by diffusers' group offloading. Numbers stay what they were, and so do pictures.

On a GPU what rests waits in main memory. On a CPU it waits in a file that is mapped into memory, which the
system reads and drops as it sees fit.

Knows modules and bytes; nothing of jobs or plans.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import torch
from accelerate.hooks import ModelHook
from accelerate.utils import send_to_device
from diffusers.hooks import apply_group_offloading
from torch import nn

from engine.planning.memory import Fit, Part, Placement
from engine.sharing.exact import steady

__all__ = ["Turns", "by_turns"]


def by_turns(
    components: Mapping[str, Any], device: str, fit: Fit, denoisers: Collection[nn.Module] = ()
) -> Turns:
    """Lays a model's components out as ``fit`` says; from now on each is on the device when it is called.

    The linear layers of ``denoisers`` are made `steady` where they are moved by themselves on a CPU:
    what wraps a layer would hide it from that later.
    """
    assert fit.room is not None
    told = {part.name: part for part in fit.needs.parts}
    turns = Turns(device, fit.room)
    known: set[int] = set()
    for name, module in components.items():
        if not isinstance(module, nn.Module) or id(module) in known:
            continue
        known.add(id(module))
        part = told.get(name) or Part(name, 0, 0, name.endswith(("vae", "movq", "vqgan")))
        beside = fit.needs.beside(part)
        layers = fit.placement is Placement.LAYERS and not part.decodes
        if layers and _size(module) + beside > fit.room:
            if module in denoisers and device == "cpu":
                steady(module)
            _by_layers(module, device)
        else:
            turns.add(name, module, beside)
    return turns


class Turns:
    """The parts that take turns in ``room`` bytes of the device; those ``present`` last used last.

    ``most`` is how many bytes of weights were there at most.
    """

    def __init__(self, device: str, room: int) -> None:
        self._device, self._room = torch.device(device), room
        self._present: dict[str, _Resting] = {}
        self._beside: dict[str, int] = {}
        self.most = 0

    @property
    def present(self) -> Mapping[str, int]:
        """The parts on the device and their bytes, least recently used first."""
        return {name: part.size for name, part in self._present.items()}

    def add(self, name: str, module: nn.Module, beside: int) -> None:
        """Has a part rest until it is called; while it computes, ``beside`` bytes are to be free."""
        part = _Resting(module, self._device)
        part.rest()
        self._beside[name] = beside
        hook = _Bring(self, name, part, self._device)
        module._hf_hook = hook  # where diffusers' pipelines and VAEs look for it
        module.register_forward_pre_hook(hook.before, with_kwargs=True)

    def bring(self, name: str, part: _Resting) -> None:
        """Has the part on the device, and others rest as far as it takes."""
        if name in self._present:
            self._present[name] = self._present.pop(name)
        wanted = self._beside[name] + (0 if name in self._present else part.size)
        while (others := [other for other in self._present if other != name]) and (
            sum(self.present.values()) + wanted > self._room
        ):
            self._present.pop(others[0]).rest()
        if name not in self._present:
            part.bring()
            self._present[name] = part
        self.most = max(self.most, sum(self.present.values()))


class _Bring(ModelHook):  # type: ignore[misc]
    """What a part's call begins with: the part comes, and so does what it is called with."""

    def __init__(self, turns: Turns, name: str, part: _Resting, device: torch.device) -> None:
        self._turns, self._name, self._part = turns, name, part
        self.execution_device = device

    def pre_forward(self, module: nn.Module, *args: Any, **kwargs: Any) -> Any:
        """Before a VAE encodes or decodes, which are no forwards; ``module`` may be a light copy."""
        self._turns.bring(self._name, self._part)
        return args, kwargs

    def before(self, module: nn.Module, args: Any, kwargs: Any) -> Any:
        """Before a forward."""
        self._turns.bring(self._name, self._part)
        return send_to_device(args, self.execution_device), send_to_device(kwargs, self.execution_device)


class _Resting:
    """A part's numbers, and where they wait: a copy is made once, since weights do not change."""

    def __init__(self, module: nn.Module, device: torch.device) -> None:
        self._module, self._device = module, device
        tensors = [*module.parameters(), *module.buffers()]
        self._tensors = list({id(tensor): tensor for tensor in tensors}.values())
        # a quantised tensor is more than its numbers, and moves as its library has it moved
        self._plain = all(type(tensor) in (nn.Parameter, torch.Tensor) for tensor in self._tensors)
        self.size = _size(module)
        self._waiting: list[torch.Tensor] = []
        if self._plain:
            held = [tensor.data for tensor in self._tensors]
            self._waiting = _mapped(held) if device.type == "cpu" else [each.cpu() for each in held]

    def rest(self) -> None:
        """Frees its place on the device."""
        if self._plain:
            self._put(self._waiting)
        else:
            self._module.to("cpu")

    def bring(self) -> None:
        """Puts it on the device."""
        if self._plain:
            self._put([waiting.to(self._device, copy=True) for waiting in self._waiting])
        else:
            self._module.to(self._device)

    def _put(self, numbers: list[torch.Tensor]) -> None:
        for tensor, each in zip(self._tensors, numbers, strict=True):
            tensor.data = each


def _mapped(tensors: list[torch.Tensor]) -> list[torch.Tensor]:
    """The same numbers, laid out alike, in a file that goes when they do."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights"
        torch.save([tensor.clone() for tensor in tensors], path)
        mapped: list[torch.Tensor] = torch.load(path, mmap=True, weights_only=True)
        return mapped


def _size(module: nn.Module) -> int:
    tensors = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return sum(tensor.nbytes for tensor in tensors.values())


def _by_layers(module: nn.Module, device: str) -> None:
    """Has a part's layers on the device only while each computes."""
    resting = _Resting(module, torch.device(device))
    resting.rest()
    streams = device.startswith("cuda")
    apply_group_offloading(
        module,
        onload_device=torch.device(device),
        offload_device=torch.device("cpu"),
        offload_type="leaf_level",
        use_stream=streams,
        record_stream=streams,
        low_cpu_mem_usage=True,
    )
