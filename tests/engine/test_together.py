"""The real pipelines in one renderer: every kind of job beside every other, each drawn as if alone."""

import json
import queue
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from engine import (
    Conditioning,
    Event,
    Finished,
    Job,
    ModelEntry,
    Plan,
    Registry,
    drawing,
    is_final,
    plan_imagine,
    plan_upscale,
    plan_vary,
)
from engine.drawing import preview
from engine.pictures.decoding import to_png
from engine.planning.entries import Precision
from engine.process.program import Program
from engine.process.renderer import Renderer
from engine.process.wire import Happened, Report
from grammar.spec import GenerationSpec
from grammar.values import Part
from tests.engine import tiny

pytestmark = pytest.mark.usefixtures("two_threads")

PROGRAM = Program(drawing.load, drawing.run, drawing.forward_mode, preview.render, lambda png: [])
SIDES = {"sd": 128}


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], ModelEntry]:
    @cache
    def made(family: str) -> ModelEntry:
        folder = tiny.folder(family, tmp_path_factory.mktemp(family))
        return tiny.entry(family, folder, side=SIDES.get(family, tiny.SIDE))

    return made


def drawn(renderer: Renderer, reports: "queue.SimpleQueue[Report]", *jobs: Job) -> dict[str, list[bytes]]:
    for job in jobs:
        renderer.submit(job)
    ended: dict[str, Event] = {}
    while len(ended) < len(jobs):
        renderer.turn(wait=True)
        while not reports.empty():
            report = reports.get()
            if isinstance(report, Happened) and is_final(report.event):
                ended[report.event.job_id] = report.event
    assert all(isinstance(event, Finished) for event in ended.values()), ended
    return {id: [p.png for p in event.pictures] for id, event in ended.items() if isinstance(event, Finished)}


@pytest.mark.parametrize(
    ("family", "precision"),
    [("sd", "auto"), ("sdxl", "auto"), ("sd3", "auto"), ("flux", "auto"), ("sd", "bf16"), ("flux", "bf16")],
)
def test_every_kind_of_job_is_drawn_as_if_alone(
    family: str, precision: Precision, entry: Callable[[str], ModelEntry]
) -> None:
    model = replace(entry(family), precision=precision)
    spec = GenerationSpec(parts=(Part("a red house"),))
    plain = plan_imagine(spec, Registry((model,)), model=model.name, seed=3)
    picture = to_png(Image.linear_gradient("L").resize((plain.width, plain.height)).convert("RGB"))
    weighed = (
        Conditioning("a red house", 2.0),
        Conditioning("two foxes in snow"),
        Conditioning("grass", -0.5),
    )
    varied = plan_vary(plain, 2, Registry((model,)), strong=True, seed=9)

    def job(name: str, plan: Plan, *inputs: bytes) -> Job:
        return Job(name, plan, owner=name, inputs=inputs)

    jobs = [
        job("plain", plain),
        job("short", replace(plain, steps=2, stop_step=2, seeds=(5,))),
        job("unguided", replace(plain, guidance=1.0, seeds=(5, 6))),
        job("weighed", replace(plain, conditionings=weighed, seeds=(7, 8))),
        job("stylish", replace(plain, style_weight=0.7, chaos=0.5, weird=0.5)),
        job("varied", varied, picture),
        job("tile", replace(plain, tile=True, seeds=(5, 6))),
        job("upscaled", plan_upscale(plain, 1), picture),
    ]
    reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
    renderer = Renderer(PROGRAM, Registry((model,)), "cpu", reports.put)
    together = drawn(renderer, reports, *jobs)
    shared, calls = renderer.batcher.forwards, renderer.batcher.calls
    alone = {name: pngs for each in jobs for name, pngs in drawn(renderer, reports, each).items()}
    renderer.close()

    assert alone == together
    assert shared < calls
    assert together["plain"] != together["stylish"]


@pytest.mark.parametrize("family", ["sd3", "flux"])
def test_noise_that_a_scheduler_adds_is_the_jobs_own(family: str, tmp_path: Path) -> None:
    """Their pipelines name no generator for it."""
    config = tiny.folder(family, tmp_path) / "scheduler" / "scheduler_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"stochastic_sampling": True}))
    model = tiny.entry(family, tmp_path)
    spec = GenerationSpec(parts=(Part("a red house"),))
    plain = plan_imagine(spec, Registry((model,)), model=model.name, seed=3)
    jobs = [Job("a", plain, owner="a"), Job("b", replace(plain, seeds=(5, 6)), owner="b")]
    reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
    renderer = Renderer(PROGRAM, Registry((model,)), "cpu", reports.put)
    together = drawn(renderer, reports, *jobs)
    alone = {name: pngs for each in jobs for name, pngs in drawn(renderer, reports, each).items()}
    renderer.close()
    assert alone == together


def test_a_model_of_unknown_family_is_drawn_too(tmp_path: Path) -> None:
    model = tiny.entry("auto", tiny.folder("auto", tmp_path))
    plan = plan_imagine(GenerationSpec(parts=(Part("a fox"),)), Registry((model,)), model=model.name, seed=1)
    reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
    renderer = Renderer(PROGRAM, Registry((model,)), "cpu", reports.put)
    (pictures,) = drawn(renderer, reports, Job("a", plan, "a")).values()
    renderer.close()
    assert len(pictures) == 4
