"""The models in memory: loaded when they are wanted, the one unused longest dropped when there is no room.

Room is a number of models and a number of bytes. A model that does not fit as a whole has the device to
itself, and its parts take turns there. Where memory runs out all the same, the others leave, and then the
model is loaded anew in less. Knows nothing of jobs but which models they are using.
"""

from __future__ import annotations

import functools
import gc
import logging
from collections.abc import Callable, Collection
from typing import Any

import torch
from torch import nn

from engine.errors import TooLarge
from engine.families import FAMILIES
from engine.kernels import blocks
from engine.planning.memory import QUANTISED, Fit, Placement, crowded, fitted
from engine.planning.plan import Plan
from engine.planning.registry import ModelEntry
from engine.process.background import Background
from engine.process.devices import main_memory
from engine.process.program import Program
from engine.process.settings import AUTO, WorkerSettings
from engine.sharing.batching import install
from engine.sharing.exact import Exact, steady
from engine.sharing.graphs import Graphs, cuda_record
from engine.sharing.joining import Joins
from engine.sharing.signatures import remembered

__all__ = ["ResidentModels", "control_shared", "fit_in", "load_shared"]

_LOG = logging.getLogger(__name__)

_SHAPES = 64
"""Kinds of blocks and of calls that one class of blocks may be compiled for: Z-Image's has 3 kinds."""


class ResidentModels:
    """At most ``models`` of them, in ``memory`` bytes (None: no one counts), those that are loading included.

    ``load`` makes a model that lies as it is told, in another thread; ``fit`` says how it lies, no quicker
    than it is told, or raises TooLarge. ``used`` says which ones must stay. ``arrived`` is told when one has
    been loaded, or why it could not be; ``changed`` whenever those in memory are others.
    """

    def __init__(
        self,
        models: int,
        memory: int | None,
        background: Background,
        *,
        load: Callable[[str, Fit], Any],
        fit: Callable[[str, Placement], Fit],
        used: Callable[[], Collection[str]],
        arrived: Callable[[str, Exception | None], None],
        changed: Callable[[tuple[str, ...]], None],
    ) -> None:
        self._most, self._memory, self._background = models, memory, background
        self._load, self._fit = load, fit
        self._used, self._arrived, self._changed = used, arrived, changed
        self._models: dict[str, Any] = {}  # least recently used first; None while it loads
        self._fits: dict[str, Fit] = {}  # of those, and of the one that waits for room
        self._least: dict[str, Placement] = {}  # of those for which memory has run out

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
        if self._outgrown(name):
            self.drop(name)
            if name in self._models:
                return False
        if name in self._models:
            return True
        try:
            fit = self._fits[name] = self._fits.get(name) or self._fit(name, self._least_of(name))
        except TooLarge as error:
            self._models[name] = None
            self._background.do("loader", functools.partial(_refuse, error), self._arrival(name))
            return True
        while self._crowded(fit):
            idle = [other for other in self.names if other not in self._used()]
            if not idle:
                return False
            self.drop(idle[0])
        self._models[name] = None
        self._background.do("loader", lambda: self._load(name, fit), self._arrival(name))
        return True

    def drop(self, name: str) -> None:
        """Frees a model that nobody uses."""
        if self._models.get(name) is None or name in self._used():
            return
        del self._models[name]
        self._fits.pop(name, None)
        _free_memory()
        self._changed(self.names)

    def relieve(self, name: str) -> bool:
        """Has a model for which memory ran out find more, or take less; False when nothing is left to try.

        First those leave that nobody uses. Then it is to be loaded anew, as soon as nobody uses it: its parts
        by turns, and layer by layer.
        """
        if self._outgrown(name):
            return True
        idle = [other for other in self.names if other != name and other not in self._used()]
        for other in idle:
            self.drop(other)
        if idle:
            return True
        lies = self._fits[name].placement if name in self._fits else self._least_of(name)
        if lies is Placement.LAYERS or self._memory is None:
            return False
        self._least[name] = Placement(lies + 1)
        return True

    def _outgrown(self, name: str) -> bool:
        """Whether a model in memory is to lie there in less."""
        return (
            name in self._fits
            and name in self._models
            and (self._fits[name].placement < self._least_of(name))
        )

    def _least_of(self, name: str) -> Placement:
        return self._least.get(name, Placement.WHOLE)

    def _crowded(self, fit: Fit) -> bool:
        """Whether the models in memory leave no room for one more that lies so."""
        if len(self._models) >= self._most:
            return True
        fits = [fit, *(self._fits[name] for name in self._models if name in self._fits)]
        return bool(self._models) and crowded(fits, self._memory)

    def _arrival(self, name: str) -> Callable[[Any, Exception | None], None]:
        return functools.partial(self._arrive, name)

    def _arrive(self, name: str, model: Any, error: Exception | None) -> None:
        if error is None:
            self._models[name] = model
            _settle()
            self._changed(self.names)
            self._arrived(name, error)
            return
        del self._models[name]
        again = isinstance(error, torch.OutOfMemoryError) and self.relieve(name)
        self._fits.pop(name, None)
        if again:
            error.__traceback__ = None  # it holds what had been loaded
            _free_memory()
            self.want(name)
        else:
            self._arrived(name, error)


def _refuse(error: TooLarge) -> None:
    _LOG.warning("%s", error)
    raise error


def fit_in(program: Program, entry: ModelEntry, memory: int | None, least: Placement) -> Fit:
    """How the entry's model will lie in ``memory`` bytes of the device, no quicker than ``least``.

    Raises TooLarge.
    """
    return fitted(
        entry,
        program.needs(entry, None),
        memory,
        main_memory(),
        least=least,
        others=lambda: {stored: program.needs(entry, stored) for stored in QUANTISED},
    )


def load_shared(
    program: Program, entry: ModelEntry, device: str, settings: WorkerSettings, fit: Fit | None = None
) -> Any:
    """The entry's model on ``device``, its denoisers ready to share their forwards."""
    model = program.load(entry, device, fit=fit or Fit())
    whole = fit is None or fit.placement is Placement.WHOLE
    for index, module in enumerate(model.denoisers):
        _share(module, f"{entry.name}/{index}", entry, device, settings, whole)
    return model


def control_shared(
    program: Program, plan: Plan, entry: ModelEntry, model: Any, device: str, settings: WorkerSettings
) -> Any:
    """The plan's control, ready for its model, whose ``entry`` that is, and ready to share its forwards."""
    assert plan.control is not None
    control = program.load_control(plan, model)
    _share(control.module, f"{entry.name}/control/{plan.control.name}", entry, device, settings)
    return control


def _share(
    module: nn.Module,
    name: str,
    entry: ModelEntry,
    device: str,
    settings: WorkerSettings,
    whole: bool = True,
) -> None:
    """Has the calls of a module that jobs have in common share its forwards; ``whole``: none of it moves."""
    family = FAMILIES[entry.family]
    # Nothing has shown that rows lie in such a model's calls where its family says.
    joins = Joins(settings.measured) if entry.added or not family.texts else None
    exact = device == "cpu"
    if exact:
        steady(module)
    # weights that move, or are cast layer by layer, are nowhere that a recorded forward could read them
    still = whole and _lies_plainly(module)
    compiler = _compiler(module, settings.compiler, device) if still else ""
    if compiler:
        _compile(module, compiler)
    else:
        remembered(module)
    graphs = Graphs(cuda_record()) if settings.graphs and still and device.startswith("cuda") else None
    sizes = Exact(settings.measured) if exact else ()
    install(module, name, sizes, graphs, axes=family.axes, joins=joins, compiled=bool(compiler))


def _computes_in(module: nn.Module) -> torch.dtype:
    """diffusers' models say what they compute in, also where their weights are stored in less."""
    dtype: torch.dtype = getattr(module, "dtype", None) or next(module.parameters()).dtype
    return dtype


def _lies_plainly(module: nn.Module) -> bool:
    """Whether all weights are stored as they compute."""
    dtype = _computes_in(module)
    return all(weight.element_size() >= dtype.itemsize for weight in module.parameters())


def _compiler(module: nn.Module, asked: str, device: str) -> str:
    """What compiles a module, "" for nothing.

    Of itself only a GPU's transformers: their blocks take three quarters of the time after 20 seconds of work
    (docs/gpu.md). U-Nets gain 2 % beside their own kernels.
    """
    if asked != AUTO:
        return asked
    pays = _repeats(module) and blocks.possible(device)
    return "inductor" if pays else ""


def _repeats(module: nn.Module) -> bool:
    """Whether blocks that diffusers names as repeating are most of what a module computes.

    Not so in U-Nets, which spend much of their time in the group norms between those blocks.
    """
    named = bool(getattr(module, "_repeated_blocks", None))
    return named and not any(isinstance(part, nn.GroupNorm) for part in module.modules())


def _compile(module: nn.Module, backend: str) -> None:
    """Has a denoiser compiled at its first use, for any number of rows; what cannot be, runs as it is.

    Where blocks repeat, one of each kind is compiled and serves all: seconds instead of minutes.
    """
    torch._dynamo.config.suppress_errors = True
    torch._dynamo.config.recompile_limit = _SHAPES
    if _repeats(module):
        module.compile_repeated_blocks(backend=backend)  # type: ignore[operator]
    else:
        module.compile(backend=backend)


def _settle() -> None:
    """Has the collector pass over what is alive now: a model's modules are many, and stay."""
    gc.collect()
    gc.freeze()


def _free_memory() -> None:
    """Gives unused device memory back."""
    gc.unfreeze()
    _settle()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
