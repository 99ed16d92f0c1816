"""`easel verify`: what a picture file says of where it comes from, and what this installation knows of it.

Reads the database beside a running bot, and writes nothing.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from rich.console import Console

from bot.config import Settings
from bot.jobs.checking import UNKNOWN_HERE, Verdict, compared, drawn_again, verdict_on
from bot.memory.picture_files import Pictures
from bot.memory.records import NAMED, JobRecord, job_of
from bot.program.wiring import engine_of, registry_of
from engine import BadPicture
from engine.pictures.evidence import Evidence, examined

__all__ = ["verify"]


async def verify(settings: Settings, file: Path, as_json: bool, prove: bool) -> bool:
    """Print what is known of a picture; whether Easel made it. Raises BadPicture, Refusal, EngineError."""
    try:
        data = await asyncio.to_thread(file.read_bytes)
    except OSError as error:
        raise BadPicture(f"{file} cannot be read: {error.strerror}.") from None
    evidence = await asyncio.to_thread(examined, data)
    known, names = await asyncio.to_thread(_known, settings, evidence)
    verdict = verdict_on(evidence, known)
    if prove and known is not None:
        pictures = Pictures(settings.easel_data / "pictures")
        inputs = [await pictures.read(name) for name in names]
        async with engine_of(settings, registry_of(settings)) as engine:
            done = await drawn_again(engine, known, inputs)
        verdict = await compared(verdict, [picture.png for picture in done.pictures], data)
    elif prove:
        Console(stderr=True).print(UNKNOWN_HERE)
    if as_json:
        print(json.dumps(verdict.to_dict(), ensure_ascii=False))
    else:
        print("\n".join(_lines(verdict)))
    return verdict.made_by_easel


def _known(settings: Settings, evidence: Evidence) -> tuple[JobRecord | None, list[str]]:
    """The job that the evidence names, if this installation has it, and the files that it started from."""
    path = settings.easel_data / "easel.db"
    if not path.exists():
        return None, []
    mark = evidence.mark.number if evidence.mark else None
    job = evidence.said.get("job") if evidence.trusted else None
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        try:
            rows = connection.execute(NAMED, {"job": job, "mark": mark}).fetchall()
            if not rows:
                return None, []
            known = job_of(rows[0])
        except (sqlite3.OperationalError, IndexError):  # of an older version, which lacks a column
            return None, []
        inputs = connection.execute(
            "SELECT file FROM inputs WHERE job_id = ? ORDER BY ordinal", (known.id,)
        ).fetchall()
    return known, [row["file"] for row in inputs]


def _lines(verdict: Verdict) -> list[str]:
    lines = ["Made by Easel." if verdict.made_by_easel else "Not made by Easel, as far as can be seen."]
    for name in ("prompt", "seed", "model", "job"):
        if (value := getattr(verdict, name)) is not None:
            lines.append(f"{name + ':':8}{value}")
    lines.append(f"mark:   {_mark(verdict)}")
    lines.append(f"C2PA:   {verdict.c2pa}")
    lines.append(f"AI:     its text {'says' if verdict.ai_mark else 'does not say'} that a machine made it")
    return [*lines, *verdict.notes]


def _mark(verdict: Verdict) -> str:
    mark = verdict.watermark
    if not mark.found:
        return "none in the pixels"
    known = mark.job == verdict.job
    return "in the pixels, of this job" if known else f"in the pixels, {mark.job}; the job is not known here"
