"""One family's tiny model as a worker has it: saved, loaded by the engine, drawn from plans by a renderer."""

import io
import queue
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from engine import (
    Action,
    Event,
    Failed,
    Finished,
    Job,
    ModelEntry,
    Plan,
    Progress,
    Registry,
    drawing,
    is_final,
    plan_edit,
    plan_imagine,
    plan_region,
)
from engine.drawing import LoadedModel, preview
from engine.families import FAMILIES, Ability
from engine.pictures.decoding import to_png
from engine.planning.controls import ControlEntry
from engine.planning.memory import Fit
from engine.planning.references import AdapterEntry
from engine.planning.stages import staged
from engine.process.program import Program
from engine.process.renderer import Renderer
from engine.process.wire import Happened, Report
from grammar.spec import GenerationSpec
from grammar.values import Part
from tests.engine import tiny_controls, tiny_references
from tests.families.tiny import SIDE, STOCK, TINY
from tests.families.tiny.parts import smaller
from tests.families.tiny.stages import LATER, chained, save_later
from tests.families.tiny.stock import drawn, save

__all__ = ["Drawn", "Studio", "a_picture", "apart"]

Pixels = np.ndarray


@dataclass
class Drawn:
    """What became of one job: its final event, its pictures, and the steps that were told of it."""

    event: Event
    pictures: list[Pixels] = field(default_factory=list)
    steps: list[tuple[int, int]] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """Why it failed."""
        assert isinstance(self.event, Failed), self.event
        return self.event.reason

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done differently than asked."""
        assert isinstance(self.event, Finished), self.event
        return self.event.notes


class Studio:
    """A renderer with nothing but the tiny model ``name``, called as that family's, or as another one's."""

    def __init__(self, name: str, folder: Path, family: str = "") -> None:
        self.name, self.family = name, FAMILIES[family or name]
        first = TINY[name]()
        save(first, folder)
        self.entry = ModelEntry(
            name=f"tiny-{name}",
            title=f"Tiny {name}",
            family=family or name,
            source=str(folder),
            folder=folder,
            side=SIDE,
            multiple=64 if name.startswith("kandinsky") or name in LATER else 16,
            steps=2,
            guidance=3.0,
            style="watercolour",
            muses=("at night", "in snow", "neon", "on grass"),
            oddities=("neon square",),
            parts=save_later(name, first, folder),
        )
        drawer = replace(self.entry, name="tiny-drawer", family="flux", filler=self.entry.name)
        if self.family.fills is not None:
            self.entry = replace(self.entry, drawer=drawer.name)
        self._beside = folder.with_name(f"{folder.name}-beside")
        self._beside.mkdir()
        self.registry = Registry((self.entry, drawer) if self.family.fills is not None else (self.entry,))
        self.model: LoadedModel
        self._reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
        program = Program(
            self._load,
            drawing.run,
            drawing.forward_mode,
            preview.render,
            lambda png: [],
            load_control=lambda plan, model: drawing.load_control(self.registry.controls[0], None, model),
            load_reference_adapter=drawing.load_reference_adapter,
        )
        self.renderer = Renderer(program, self.registry, "cpu", self._reports.put)

    def _load(self, entry: ModelEntry, device: str, /, *, fit: Fit) -> LoadedModel:
        self.model = drawing.load(entry, device, fit=fit)
        for pipe in (self.model.pipe, self.model.image_pipe):
            smaller(pipe)
        return self.model

    def know(self, **beside: Any) -> None:
        """Adds a tiny adapter or control to what the renderer knows."""
        self.registry = replace(self.registry, **beside)
        self.renderer.registry = self.registry

    def adapter(self) -> AdapterEntry:
        """A tiny random reference adapter for the model."""
        if not self.registry.adapters:
            encoder = tiny_references.siglip if self.name == "sd3" else tiny_references.encoder
            encoder(self._beside / "image_encoder")
            halves = tiny_references.halves(self.model, 1)
            tiny_references.write(self._beside / "adapter.safetensors", halves)
            self.know(adapters=(tiny_references.entry(self.model, "adapter", self._beside),))
        return self.registry.adapters[0]

    def control(self) -> ControlEntry:
        """A tiny random control for the model."""
        if not self.registry.controls:
            made = tiny_controls.control(self.entry.family, self.model.pipe, self._beside / "control")
            self.know(controls=(made,))
        return self.registry.controls[0]

    def plan(self, *texts: str, pictures: int = 1, **said: Any) -> Plan:
        """The plan of these texts alone, without the house style unless it is asked for.

        Of a family that draws nothing from text alone: of a change of `a_picture`, or of its middle.
        """
        parts = tuple(Part(text) for text in texts or ("a red house",))
        spec = GenerationSpec(**({"parts": parts, "stylize": 0} | said))
        if self.family.fills is not None:
            whole = plan_imagine(spec, self.registry, model="tiny-drawer", seed=3)
            middle = plan_region(whole, 1, self.registry, parts=frozenset({4}), seed=3)
            return few(middle, pictures)
        if Ability.TEXT in self.family.cannot:
            return few(self.edit(spec), pictures)
        plan = plan_imagine(spec, self.registry, model=self.entry.name, seed=3)
        return few(plan, pictures)

    def edit(self, spec: GenerationSpec) -> Plan:
        """The plan of a change of one square picture."""
        return plan_edit(spec, self.registry, (SIDE, SIDE), model=self.entry.name, seed=3)

    def draw(self, plan: Plan, *inputs: Image.Image) -> Drawn:
        """The plan drawn alone; it may fail."""
        (drawn,) = self.draw_all({"alone": (plan, inputs)}).values()
        return drawn

    def pictures(self, plan: Plan, *inputs: Image.Image) -> list[Pixels]:
        """The plan's pictures, drawn alone: (height, width, 3), 0–255."""
        drawn = self.draw(plan, *inputs)
        assert isinstance(drawn.event, Finished), drawn.event
        return drawn.pictures

    def draw_all(
        self,
        jobs: Mapping[str, tuple[Plan, Sequence[Image.Image]]],
        on_step: Callable[[str, int], str | None] = lambda job, step: None,
        first: Sequence[str] | None = None,
    ) -> dict[str, Drawn]:
        """All of them side by side, each another person's.

        ``on_step`` hears each step of each job, and may answer with the name of one that is to begin now;
        those of ``first`` (None: all) begin at once.
        """
        steps: dict[str, list[tuple[int, int]]] = {name: [] for name in jobs}
        begun: set[str] = set()
        ended: dict[str, Drawn] = {}

        def begin(name: str) -> None:
            begun.add(name)
            plan, inputs = jobs[name]
            if plan.action in (Action.EDIT, Action.REPAINT) and not inputs:
                inputs = (a_picture(),)
            self.renderer.submit(Job(name, plan, owner=name, inputs=tuple(to_png(i) for i in inputs)))

        for name in jobs if first is None else first:
            begin(name)
        while len(ended) < len(begun):
            self.renderer.turn(wait=True)
            while not self._reports.empty():
                report = self._reports.get()
                if not isinstance(report, Happened):
                    continue
                event = report.event
                if isinstance(event, Progress) and event.preview is None and event.step:
                    steps[event.job_id].append((event.step, event.steps))
                    later = on_step(event.job_id, event.step)
                    if later is not None:
                        begin(later)
                if is_final(event):
                    done = event.pictures if isinstance(event, Finished) else ()
                    ended[event.job_id] = Drawn(event, [_pixels(p.png) for p in done], steps[event.job_id])
        return {name: ended[name] for name in jobs if name in ended}

    def stock(self, text: str, plan: Plan, **more: Any) -> Pixels:
        """What the unmodified pipeline, called as its documentation says, draws from a text and ``more``."""
        pipe = self.model.pipe if self.family.blocks is None else TINY[self.name]()
        said: dict[str, Any] = {
            "prompt": text,
            "width": plan.width,
            "height": plan.height,
            "num_inference_steps": plan.steps,
            "generator": torch.Generator().manual_seed(plan.seeds[0]),
            "output_type": "np",
            "use_resolution_binning": False,
            "clean_caption": False,
            "intermediate_timesteps": None,
        }
        said |= STOCK.get(self.name, {}) | more
        if self.family.scale:
            said[self.family.scale] = plan.guidance
        for guider in ("guider", "ocr_guider"):
            if getattr(pipe, guider, None) is not None:
                getattr(pipe, guider).guidance_scale = plan.guidance
        if self.family.scale == "true_cfg_scale":
            said["negative_prompt"] = ""
        if self.model.later:
            stages = zip(self.family.stages, self.model.later, strict=True)
            later = {stage.part: each.pipe for stage, each in stages}
            return np.round(chained(self.name, pipe, later, said) * 255).astype(np.int16)
        return np.round(drawn(pipe, said) * 255).astype(np.int16)

    def steps(self, plan: Plan, most: int | None = None) -> list[tuple[int, int]]:
        """The steps that are told of a plan that begins at noise, or the first ``most`` of them."""
        whole = sum(drawn.stop_step for drawn, _ in staged(plan, self.family))
        return [(step, whole) for step in range(1, (most or whole) + 1)]

    def close(self) -> None:
        """Ends the renderer's threads."""
        self.renderer.close()


def few(plan: Plan, pictures: int) -> Plan:
    """The plan's first pictures: as good as four, in less time."""
    return replace(plan, seeds=plan.seeds[:pictures], muses=plan.muses[:pictures])


def apart(one: Sequence[Pixels] | Pixels, other: Sequence[Pixels] | Pixels) -> int:
    """The largest difference of any pixel, in levels of 255."""
    return int(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).max())


def a_picture(colour: str = "") -> Image.Image:
    """A picture to start from: a ramp from black to white, or one colour."""
    if colour:
        return Image.new("RGB", (SIDE, SIDE), colour)
    return Image.linear_gradient("L").resize((SIDE, SIDE)).convert("RGB")


def _pixels(png: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=np.int16)
