"""Whether a picture was made here: what its file says, the job that is known of it, and that job drawn again.

Equal plans give equal pixels, so a job that is still known can be proved and not only believed. Says nothing
of who may see a prompt: that is for whoever shows the answer.
"""

from __future__ import annotations

import asyncio
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from PIL import Image

from bot.errors import Refusal
from bot.jobs.rendering import RenderEngine
from bot.memory.records import JobRecord
from engine import Cancelled, Failed, Finished, Job, Lane, make_grid
from engine.pictures.decoding import OWN_SIDE, load_input
from engine.pictures.evidence import Evidence
from engine.pictures.manifest import State
from engine.pictures.psnr import psnr

__all__ = ["Verdict", "compared", "drawn_again", "verdict_on"]

OWNER = "a check"
"""Whose job a drawing again is: in the queue it stands beside people's, last."""

UNKNOWN_HERE = "The job is not known on this installation, so it cannot be drawn again here."
SAME = "Drawn again, it is the same to the last bit."


@dataclass(frozen=True, slots=True)
class Watermark:
    """The mark in the pixels, and the job that it stands for: its id where known, else six digits."""

    found: bool
    job: str | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, as `easel verify --json` prints it."""

    made_by_easel: bool
    ai_mark: bool
    prompt: str | None
    seed: int | None
    model: str | None
    job: str | None
    watermark: Watermark
    c2pa: State = "none"
    redrawn: Literal["equal", "different", "not tried"] = "not tried"
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {**asdict(self), "notes": list(self.notes)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verdict:
        """Back from ``to_dict``."""
        said = {**data, "watermark": Watermark(**data["watermark"]), "notes": tuple(data["notes"])}
        return cls(**said)


def verdict_on(evidence: Evidence, known: JobRecord | None) -> Verdict:
    """What a file's evidence and its job, where known, come to. Texts that do not fit are not repeated."""
    said = dict(evidence.said) if evidence.trusted else {}
    number = None if evidence.mark is None else f"{evidence.mark.number:06x}"
    return Verdict(
        made_by_easel=evidence.made_by_easel,
        ai_mark=evidence.ai_mark,
        prompt=known.shown if known else said.get("prompt"),
        seed=said.get("seed") if "seed" in said else known.plan.seeds[0] if known else None,
        model=known.plan.model if known else said.get("model"),
        job=known.id if known else said.get("job"),
        watermark=Watermark(number is not None, known.id if known and number else number),
        c2pa=evidence.manifest.state,
        notes=evidence.notes,
    )


async def drawn_again(engine: RenderEngine, known: JobRecord, inputs: Sequence[bytes]) -> Finished:
    """What comes of a job that is drawn again. Raises Refusal where it cannot be drawn."""
    name, bound = f"check {known.id}", known.place.hide_above
    work = Job(name, known.plan, OWNER, Lane.RELAX, tuple(inputs), known.mark, bound)
    last = None
    async for event in engine.submit(work):
        last = event
    match last:
        case Finished():
            return last
        case Failed():
            raise Refusal(last.reason)
        case Cancelled() | _:
            raise Refusal("The check was cancelled.")


async def compared(verdict: Verdict, pngs: Sequence[bytes], file: bytes) -> Verdict:
    """The verdict with a file compared with its job's pictures, drawn again."""
    nearest = await asyncio.to_thread(_nearest, file, pngs)
    if math.isinf(nearest):
        return replace(verdict, redrawn="equal", notes=(*verdict.notes, SAME))
    apart = (
        f"Drawn again, the nearest picture of the job is {nearest:.0f} dB from it: a copy that was saved anew"
        " has 30 and more, another picture fewer."
    )
    return replace(verdict, redrawn="different", notes=(*verdict.notes, apart))


def _nearest(file: bytes, pngs: Sequence[bytes]) -> float:
    """How near the file comes to one of the pictures or their sheet: PSNR in dB, infinite where equal."""
    given = load_input(file, OWN_SIDE)
    drawn = [Image.open(io.BytesIO(png)).convert("RGB") for png in [*pngs, make_grid(pngs)]]
    return max(psnr(np.asarray(_sized(given, picture.size)), np.asarray(picture)) for picture in drawn)


def _sized(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)
