"""The worker process, `python -m engine.process.worker`: one a device, fed by `engine.Engine` over pipes.

Orders come on what was standard input, reports leave on what was standard output; anything that a library
prints goes to standard error. A thread reads, a thread writes, a thread sends signs of life; the main thread
renders. When the pipe closes the engine is gone, and so is this process. SIGUSR1 dumps all stacks.

Knows nothing of how turns are taken or pictures drawn: that is the `Renderer` and its `Program`.
"""

from __future__ import annotations

import faulthandler
import functools
import os
import queue
import signal
import sys
import threading
import time
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import TooLarge
from engine.job import Description, Request
from engine.planning.entries import Precision
from engine.planning.measuring import needs
from engine.planning.memory import Fit, Needs, fitted
from engine.planning.plan import Plan
from engine.planning.registry import ModelEntry
from engine.process.devices import NoDevice, bound, devices, main_memory, memory_held, memory_of
from engine.process.program import Program
from engine.process.renderer import Renderer
from engine.process.wire import (
    Beat,
    Cancel,
    Describe,
    Know,
    Load,
    Order,
    Ready,
    Report,
    Room,
    Say,
    Select,
    Setup,
    Submit,
    Unload,
    Work,
    pack,
    read,
)

__all__ = ["main"]

_NICE = 10
"""How far the process steps back behind the one that holds the gateway connection."""

_BEAT = 1.0
"""Seconds between two signs of life."""


def main(program: Program | None = None) -> None:
    """Serves one engine until it goes away."""
    orders, reports = _private_pipes()
    faulthandler.enable()
    if hasattr(signal, "SIGUSR1"):
        faulthandler.register(signal.SIGUSR1, all_threads=True)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the engine, which then closes the pipe
    if hasattr(os, "nice"):
        os.nice(_NICE)
    _quiet()
    setup = read(orders)
    if isinstance(setup, Setup):
        _keep_kernels(setup.settings.measured)
        try:
            service = _Service(setup, program or _program(setup), orders, reports)
        except NoDevice as error:
            sys.exit(f"EASEL_DEVICE: {error}")
        service.run()


class _Service:
    """The threads around one renderer."""

    def __init__(self, setup: Setup, program: Program, orders: BinaryIO, reports: BinaryIO) -> None:
        self._orders, self._reports = orders, reports
        self._outbox: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self._device, all_of_them = devices(setup.device)
        memory = setup.settings.memory
        if memory is not None:
            bound(self._device, memory)
        self._program, self._memory = program, memory or memory_of(self._device)
        self._renderer = Renderer(
            program,
            setup.registry,
            self._device,
            self._outbox.put,
            settings=replace(setup.settings, memory=self._memory),
        )
        self._outbox.put(Ready(self._device, all_of_them, self._room()))

    def run(self) -> None:
        for job in (self._read, self._write, self._beat):
            threading.Thread(target=job, daemon=True).start()
        while True:
            self._renderer.turn(wait=True)

    def _read(self) -> None:
        while (order := read(self._orders)) is not None:
            self._renderer.post(functools.partial(self._obey, order))
        os._exit(0)  # the main thread may be deep in a forward that nobody waits for any more

    def _obey(self, order: Order) -> None:
        match order:
            case Submit(job, alone):
                self._renderer.submit(job, alone=alone)
            case Cancel(job_id):
                self._renderer.cancel(job_id)
            case Describe(number, png, turn):
                self._renderer.describe(number, png, turn)
            case Say(number, request):
                self._renderer.side_work.say(number, request)
            case Select():
                self._renderer.side_work.select(order)
            case Load(model):
                self._renderer.load(model)
            case Unload(model):
                self._renderer.unload(model)
            case Know(registry):
                self._renderer.registry = registry
                self._outbox.put(self._room())

    def _room(self) -> Room:
        """How the models that there are would lie on this device."""
        fits: dict[str, Fit | None] = {}
        for entry in self._renderer.registry.entries:
            try:
                fits[entry.name] = fitted(
                    entry, self._program.needs(entry, None), self._memory, main_memory()
                )
            except TooLarge:
                fits[entry.name] = None
        return Room(self._memory, fits)

    def _write(self) -> None:
        while True:
            self._reports.write(pack(self._outbox.get()))
            self._reports.flush()

    def _beat(self) -> None:
        while True:
            time.sleep(_BEAT)
            renderer = self._renderer
            done = (renderer.batcher.forwards, renderer.rows, renderer.seconds)
            work = Work(self._device, *done, memory_held(self._device))
            self._outbox.put(Beat(renderer.busy_for(), work, renderer.wide))


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the engine, moved out of reach of whatever prints."""
    orders, reports = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return os.fdopen(orders, "rb"), os.fdopen(reports, "wb")


def _quiet() -> None:
    """Keeps libraries' warnings of what is to come in them off the operator's terminal."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=DeprecationWarning)


def _keep_kernels(measured: Path | None) -> None:
    """Has what is compiled for a GPU kept beside what was measured of it: the next start finds it there."""
    if measured is not None:
        for library, variable in (("triton", "TRITON_CACHE_DIR"), ("inductor", "TORCHINDUCTOR_CACHE_DIR")):
            os.environ.setdefault(variable, str(measured.parent / "kernels" / library))


def _program(setup: Setup) -> Program:
    import diffusers.utils.logging  # for speed, like torch
    import transformers.utils.logging  # for speed, like torch

    from engine import drawing  # for speed: it loads torch
    from engine.drawing import preview  # for speed, likewise
    from engine.seeing.classifier import classifier_of  # for speed, likewise

    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()

    registry = setup.registry

    settings = setup.settings
    device, _ = devices(setup.device)
    dtype = drawing.dtype_of(settings.precision, device)

    def load(entry: ModelEntry, device: str, /, *, fit: Fit) -> Any:
        return drawing.load(
            entry, device, dtype, checked=settings.checked, precision=settings.precision, fit=fit
        )

    def takes(entry: ModelEntry, precision: Precision | None) -> Needs:
        return needs(entry, precision or settings.precision, width=dtype.itemsize, checked=settings.checked)

    def describe(png: bytes, turn: int) -> Description:
        from engine.seeing.describe import describe  # for speed: only for who asks

        return describe(png, registry.describers, turn=turn)

    def locate(plan: Plan, inputs: Sequence[bytes]) -> bytes:
        from engine.seeing.segment import located  # for speed: only for who asks

        assert plan.canvas is not None
        return located(inputs[0], plan.canvas.words, plan.canvas.segmenter, registry.segmenters)

    def select(png: bytes, words: str, point: tuple[float, float] | None) -> bytes:
        from engine.seeing.select import selected  # for speed: only for who asks

        return selected(png, registry, words, point)

    def say(request: Request) -> Description:
        from engine.seeing import answers, language  # for speed: only for who asks

        if not request.task:
            return answers.answer(request, registry.describers)
        folder = setup.settings.writer if request.png is None else setup.settings.viewer
        return language.say(request, folder)

    def load_control(plan: Plan, model: Any) -> Any:
        assert plan.control is not None
        depth = next((each for each in registry.depths if each.name == plan.control.depth), None)
        return drawing.load_control(registry.control(plan.control.name), depth, model)

    run = drawing.run
    if settings.upscaler:
        enlarge = drawing.Enlarger(registry.upscaler(settings.upscaler), device)
        run = functools.partial(drawing.run, enlarge=enlarge)
    return Program(
        load,
        run,
        drawing.forward_mode,
        preview.render,
        describe,
        locate,
        drawing.load_beside,
        drawing.of_plan,
        takes,
        load_control,
        say,
        drawing.load_reference_adapter,
        classifier_of(settings.classifier),
        select,
    )


if __name__ == "__main__":
    main()
