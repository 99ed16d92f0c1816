"""Rendering from the command line: no Discord, no database, the same plan and the same engine.

Pictures and results go to stdout and to files; progress goes to stderr.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bot.config import BadSetting, Settings
from bot.errors import Refusal
from bot.jobs.outcome import Origin, notes_of
from bot.links import Links
from bot.memory.picture_files import HandedIn, normalised, size_of
from bot.program.models import fetch
from bot.program.wiring import engine_of, registry_of, signing_of
from engine import (
    Action,
    BadPicture,
    Engine,
    Event,
    Failed,
    Finished,
    Job,
    Plan,
    Queued,
    Registry,
    UnknownModel,
    plan_edit,
    plan_imagine,
    starting_links,
    with_codes,
)
from engine import Progress as Step
from engine.pictures.identity import number_of
from engine.pictures.manifest import Signing
from grammar import GenerationSpec, format_prompt, parse

__all__ = ["describe", "fetch_what_is_missing", "imagine"]

OTHER_MODELS = "`--model NAME` draws with another model: `easel models` lists them."


@dataclass(frozen=True, slots=True)
class Result:
    """The files of one job, and what was rendered."""

    prompt: str
    grid: Path
    pictures: tuple[Path, ...]
    plan: Plan
    seconds: float
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "prompt": self.prompt,
            "grid": str(self.grid),
            "pictures": [str(path) for path in self.pictures],
            "seconds": round(self.seconds, 3),
            "notes": list(self.notes),
            "plan": self.plan.to_dict(),
        }


def fetch_what_is_missing(settings: Settings, prompt: str, model: str | None) -> None:
    """Fetches the models that a prompt will be drawn with; goes before `imagine`, and may take long.

    Raises PromptError, BadSetting, EngineError, Refusal.
    """
    registry = registry_of(settings)
    plans = [
        _planned(spec, registry, model or settings.easel_model)
        for spec in parse(prompt)
        if spec.edit is None  # an edit is done by what is here
    ]
    for name in dict.fromkeys(plan.model for plan in plans):
        entry = registry.get(name)
        if entry.folder is None and not entry.on_this_machine():
            fetch(settings, entry)


async def imagine(settings: Settings, prompt: str, out: Path, model: str | None, as_json: bool) -> None:
    """Render every job of a prompt into ``out`` and print the paths.

    Raises PromptError, BadSetting, EngineError.
    """
    specs = [with_codes(spec) for spec in parse(prompt)]
    registry = registry_of(settings)
    name = model or settings.easel_model
    edits = await _pictures_behind(link for spec in specs if spec.edit is not None for link in _edited(spec))
    plans = [
        _planned(spec, registry, name)
        if spec.edit is None
        else _planned_edit(spec, registry, name, [edits[link] for link in _edited(spec)])
        for spec in specs
    ]
    await asyncio.to_thread(out.mkdir, parents=True, exist_ok=True)
    links = [
        (*(starting_links(spec, plan.references) if spec.edit is None else _edited(spec)), *plan.links)
        for spec, plan in zip(specs, plans, strict=True)
    ]
    inputs = edits | await _pictures_behind(link for some in links for link in some if link not in edits)
    marks, signing = settings.easel_mark == "on", signing_of(settings)
    async with engine_of(settings, registry) as engine:
        with _bar() as bar:
            results = [
                await _render(engine, bar, spec, plan, [inputs[link] for link in some], out, marks, signing)
                for spec, plan, some in zip(specs, plans, links, strict=True)
            ]
    _print(results, as_json)


async def describe(settings: Settings, file: Path) -> None:
    """Print four prompts for a picture file. Raises EngineError."""
    try:
        data = await asyncio.to_thread(file.read_bytes)
    except OSError as error:
        raise BadPicture(f"{file} cannot be read: {error.strerror}.") from None
    found = await normalised(data)
    for note in found.notes:
        Console(stderr=True).print(note)
    async with engine_of(settings, registry_of(settings)) as engine:
        described = await engine.describe(found.png)
    for note in described.notes:
        Console(stderr=True).print(note)
    for prompt in described.prompts:
        print(prompt)


def _planned(spec: GenerationSpec, registry: Registry, model: str) -> Plan:
    try:
        return plan_imagine(spec, registry, model=model)
    except UnknownModel as error:
        raise BadSetting(f"--model: {error}") from None


def _planned_edit(spec: GenerationSpec, registry: Registry, model: str, pictures: Sequence[HandedIn]) -> Plan:
    if not pictures:
        raise Refusal("`--edit` needs a picture: put its link behind it.", "Invalid parameter")
    size = size_of(pictures[0].png)
    try:
        return plan_edit(spec, registry, size, pictures=len(pictures), model=model)
    except UnknownModel as error:
        raise BadSetting(f"--model: {error}") from None


def _edited(spec: GenerationSpec) -> tuple[str, ...]:
    """The links of the pictures that an edit changes; for a bare `--edit` these are the image prompts."""
    return spec.edit or spec.images


async def _pictures_behind(found: Iterable[str]) -> dict[str, HandedIn]:
    wanted = dict.fromkeys(found)
    if not wanted:
        return {}
    async with Links() as links:
        return {link: await normalised(await links.fetch(link)) for link in wanted}


async def _render(
    engine: Engine,
    bar: Progress,
    spec: GenerationSpec,
    plan: Plan,
    given: Sequence[HandedIn],
    out: Path,
    marks: bool,
    signing: Signing | None,
) -> Result:
    shown = format_prompt(spec)
    said = [OTHER_MODELS] if plan.unknown else []
    said += [note for one in given for note in one.notes]
    plan = replace(plan, notes=(*plan.notes, *dict.fromkeys(said)))
    inputs = tuple(one.png for one in given)
    mark = number_of(plan, inputs) if marks else None
    job = Job(str(uuid.uuid4()), plan, "command line", inputs=inputs, mark=mark)
    row = bar.add_task(shown if len(shown) <= 60 else shown[:59] + "…", total=None, status="starting")
    last: Event | None = None
    async for event in engine.submit(job):
        last = event
        match event:
            case Queued():
                bar.update(row, status="waiting")
            case Step():
                bar.update(row, total=event.steps, completed=event.step, status="drawing")
    match last:
        case Finished():
            bar.update(row, total=1, completed=1, status="done")
            return await asyncio.to_thread(_written, job, spec, shown, last, out, signing)
        case Failed():
            raise Refusal(last.reason)
    raise Refusal("The job was cancelled.")


def _written(
    job: Job, spec: GenerationSpec, shown: str, done: Finished, out: Path, signing: Signing | None
) -> Result:
    stem = re.sub(r"[^0-9A-Za-z]+", "_", shown).strip("_")[:48] + f"_{job.id[:8]}"

    origin = Origin(shown, spec.to_dict(), job.plan, job.id, job.mark)

    def write(name: str, png: bytes) -> Path:
        path = out / f"{stem}_{name}.png"
        if signing is not None:
            edited = job.plan.action is Action.EDIT and job.inputs
            parent = job.inputs[0] if edited else None
            png = signing.signed(png, model=job.plan.model, title=job.plan.action, parent=parent)
        path.write_bytes(png)
        return path

    grid = write("grid", origin.grid([picture.png for picture in done.pictures], done.pictures[0].seed))
    pictures = tuple(
        write(str(picture.position), origin.stamped(picture.png, picture.seed)) for picture in done.pictures
    )
    notes = notes_of(job.plan, done)
    return Result(shown, grid, pictures, job.plan, done.seconds, notes)


def _print(results: Sequence[Result], as_json: bool) -> None:
    if as_json:
        objects = [result.to_dict() for result in results]
        print(json.dumps(objects[0] if len(objects) == 1 else {"jobs": objects}, ensure_ascii=False))
        return
    for result in results:
        for note in result.notes:
            Console(stderr=True).print(note)
        print(result.grid)
        for path in result.pictures:
            print(path)


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[status]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
