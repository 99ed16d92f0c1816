"""Hundreds of random jobs with LoRAs, cancels and errors; then the model must be as it was, to the bit.

`python -m bench.lora_jobs [JOBS]` draws them with the embedded model and its three LoRAs, two steps each, and
ends with 1 where a weight has changed or a picture that was drawn before is drawn otherwise.
"""

import logging
import queue
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from PIL import Image

from engine import Job, Lora, Plan, Registry, drawing, is_final, plan_imagine
from engine.drawing import preview
from engine.process.program import Program
from engine.process.renderer import Renderer
from engine.process.wire import Happened, Report
from grammar import parse

JOBS = 500
SIDE = 64
TROUBLE = 0.02  # the chance that a step raises, and that a forward finds no memory
CANCELLED = 0.15
NAMES = ("dawn", "indigo", "spotlight")
PROMPTS = ("a red house on grass", "two blue fish", "a yellow star above a green tree", "a white boat")


class Run:
    """A renderer whose steps and forwards fail by chance, and the end of each job."""

    def __init__(self) -> None:
        self.chance, self.trouble = random.Random(5), 0.0
        self.models: list[Any] = []
        self.finals: dict[str, Any] = {}
        self._reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
        program = Program(
            self._load,
            self._run,
            drawing.forward_mode,
            preview.render,
            lambda png: [],
            load_lora=drawing.load_beside,
            adapters=drawing.of_plan,
        )
        self.registry = Registry.load()
        self.renderer = Renderer(program, self.registry, "cpu", self._reports.put)

    def plan(self, **loras: float) -> Plan:
        """A small picture or two, in one to three steps."""
        steps, count = self.chance.randint(1, 3), self.chance.randint(1, 2)
        plan = plan_imagine(
            parse(self.chance.choice(PROMPTS))[0], self.registry, seed=self.chance.randint(1, 99)
        )
        kept = tuple(Lora(name, loras[name]) for name in sorted(loras))
        return replace(plan, width=SIDE, height=SIDE, steps=steps, stop_step=steps, seeds=plan.seeds[:count],
                       loras=kept, style="", style_weight=0.0, stepwise=False)  # fmt: skip

    def until(self, *names: str) -> None:
        """Renders until these have ended."""
        while not set(names) <= self.finals.keys():
            self.turn(wait=True)

    def turn(self, wait: bool = False) -> None:
        """One turn of the renderer."""
        self.renderer.turn(wait=wait)
        while not self._reports.empty():
            report = self._reports.get()
            if isinstance(report, Happened) and is_final(report.event):
                self.finals[report.event.job_id] = report.event

    def drawn(self, name: str, plan: Plan) -> list[bytes]:
        """The pictures of a plan."""
        self.renderer.submit(Job(name, plan, name))
        self.until(name)
        return [picture.png for picture in self.finals[name].pictures]

    def _load(self, entry: Any, device: str, /, *, fit: Any) -> Any:
        model = drawing.load(entry, device, fit=fit)
        model.denoisers[0].register_forward_pre_hook(
            lambda *_: self._may_fail(torch.OutOfMemoryError("no room"))
        )
        self.models.append(model)
        return model

    def _run(self, model: Any, plan: Plan, inputs: Sequence[bytes], report: Any) -> list[Image.Image]:
        def told(step: int, steps: int, latents: Any) -> None:
            self._may_fail(RuntimeError("a bad step"))
            report(step, steps, latents)

        return drawing.run(model, plan, inputs, told)

    def _may_fail(self, error: Exception) -> None:
        if self.chance.random() < self.trouble:
            raise error


def main(jobs: int = JOBS) -> bool:
    """Whether all is as before."""
    torch.set_grad_enabled(False)
    logging.disable(logging.CRITICAL)  # each error is one that was ordered
    began, run = time.perf_counter(), Run()
    plain, styled = run.plan(), run.plan(dawn=1.0, spotlight=-0.5)
    before = run.drawn("plain before", plain), run.drawn("styled before", styled)
    (model,) = run.models
    parts = {name: part for name, part in model.pipe.components.items() if isinstance(part, torch.nn.Module)}
    kept = {name: {key: w.clone() for key, w in part.state_dict().items()} for name, part in parts.items()}
    run.trouble = TROUBLE
    names = [f"job {number}" for number in range(jobs)]
    for name in names:
        chosen = run.chance.sample(NAMES, run.chance.randint(0, 3))
        plan = run.plan(**{each: run.chance.uniform(-2, 2) for each in chosen})
        run.renderer.submit(Job(name, plan, name))
        if run.chance.random() < CANCELLED:
            run.renderer.cancel(run.chance.choice(names))
        run.turn()
    run.until(*names)
    run.trouble = 0.0
    same = all(
        torch.equal(weight, kept[name][key])
        for name, part in parts.items()
        for key, weight in part.state_dict().items()
    )
    again = run.drawn("plain after", plain), run.drawn("styled after", styled)
    run.renderer.close()
    ended = Counter(type(run.finals[name]).__name__ for name in names)
    print(f"{jobs} jobs in {time.perf_counter() - began:.0f} s: {dict(ended)}")
    print(f"weights bit-equal: {same}; pictures equal: {again == before}")
    return same and again == before


if __name__ == "__main__":
    sys.exit(0 if main(*map(int, sys.argv[1:2])) else 1)
