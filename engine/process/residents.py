"""The models in memory: loaded when they are wanted, the one unused longest dropped when there is no room.

Knows nothing of jobs but which models they are using.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import nn

from engine.families import FAMILIES
from engine.planning.plan import Plan
from engine.planning.registry import ModelEntry
from engine.process.background import Background
from engine.process.program import Program
from engine.process.settings import WorkerSettings
from engine.sharing.batching import install
from engine.sharing.exact import Exact, steady
from engine.sharing.graphs import Graphs, cuda_record

__all__ = ["ResidentModels", "control_shared", "load_shared"]


class ResidentModels:
    """At most ``room`` models, those that are loading included.

    ``load`` makes a model, in another thread. ``used`` says which ones must stay. ``arrived`` is told when
    one has been loaded, or why it could not be; ``changed`` whenever those in memory are others.
    """

    def __init__(
        self,
        room: int,
        background: Background,
        *,
        load: Callable[[str], Any],
        used: Callable[[], Collection[str]],
        arrived: Callable[[str, Exception | None], None],
        changed: Callable[[tuple[str, ...]], None],
    ) -> None:
        self._room, self._background, self._load = room, background, load
        self._used, self._arrived, self._changed = used, arrived, changed
        self._models: dict[str, Any] = {}  # least recently used first; None while it loads

    @property
    def names(self) -> tuple[str, ...]:
        """The models in memory, least recently used first."""
        return tuple(name for name, model in self._models.items() if model is not None)

    def __contains__(self, name: str) -> bool:
        """Whether a model is in memory, or will soon be."""
        return name in self._models

    def use(self, name: str) -> Any:
        """A model in memory, which is now the most recently used."""
        model = self._models.pop(name)
        self._models[name] = model
        return model

    def want(self, name: str) -> bool:
        """Sees to it that a model is loaded, or will be; False when there is no room for it yet."""
        if name in self._models:
            return True
        if len(self._models) >= self._room:
            idle = [other for other in self.names if other not in self._used()]
            if not idle:
                return False
            self.drop(idle[0])
        self._models[name] = None
        self._background.do("loader", lambda: self._load(name), functools.partial(self._arrive, name))
        return True

    def drop(self, name: str) -> None:
        """Frees a model that nobody uses."""
        if self._models.get(name) is None or name in self._used():
            return
        del self._models[name]
        _free_memory()
        self._changed(self.names)

    def _arrive(self, name: str, model: Any, error: Exception | None) -> None:
        if error is None:
            self._models[name] = model
            self._changed(self.names)
        else:
            del self._models[name]
        self._arrived(name, error)


def load_shared(program: Program, entry: ModelEntry, device: str, settings: WorkerSettings) -> Any:
    """The entry's model on ``device``, its denoisers ready to share their forwards."""
    model = program.load(entry, device)
    for index, module in enumerate(model.denoisers):
        _share(module, f"{entry.name}/{index}", entry, device, settings)
    return model


def control_shared(
    program: Program, plan: Plan, entry: ModelEntry, model: Any, device: str, settings: WorkerSettings
) -> Any:
    """The plan's control, ready for its model, whose ``entry`` that is, and ready to share its forwards."""
    assert plan.control is not None
    control = program.load_control(plan, model)
    _share(control.module, f"{entry.name}/control/{plan.control.name}", entry, device, settings)
    return control


def _share(module: nn.Module, name: str, entry: ModelEntry, device: str, settings: WorkerSettings) -> None:
    """Has the calls of a module that jobs have in common share its forwards."""
    exact = device == "cpu" and next(module.parameters()).dtype is torch.float32
    if exact:
        steady(module)
    if settings.compiler:
        _compile(module, settings.compiler)
    graphs = Graphs(cuda_record()) if settings.graphs and device.startswith("cuda") else None
    sizes = Exact(settings.measured) if exact else ()
    axes = FAMILIES[entry.family].axes
    install(module, name, sizes, graphs, axes=axes, compiled=bool(settings.compiler))


def _compile(module: nn.Module, backend: str) -> None:
    """Has a denoiser compiled at its first use, for any number of rows.

    Where diffusers names the blocks that repeat, one of each kind is compiled and serves all: seconds instead
    of minutes. Not so in U-Nets, which spend much of their time in the group norms between those blocks.
    """
    if getattr(module, "_repeated_blocks", None) and not any(
        isinstance(part, nn.GroupNorm) for part in module.modules()
    ):
        module.compile_repeated_blocks(backend=backend)  # type: ignore[operator]
    else:
        module.compile(backend=backend)


def _free_memory() -> None:
    """Gives unused device memory back."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
