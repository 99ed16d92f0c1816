"""What a job's message says at each stage: from its record to content, files and embeds. Pure.

Knows no buttons: whoever asks brings the rows that stand under the message.
"""

from __future__ import annotations

import discord

from bot.memory.records import JobKind, JobRecord
from bot.messages.message import Message, Rows
from bot.messages.wording import CONTENT_LIMIT, file_name, mention, refusal, titled
from engine import Lane

__all__ = ["cancelled", "failed", "final", "interrupted", "results", "running", "waiting"]

MODES = {Lane.TURBO: "turbo", Lane.FAST: "fast", Lane.RELAX: "relaxed"}
BY = {
    JobKind.IMAGINE: "",
    JobKind.VARY_STRONG: "Variations (Strong) by ",
    JobKind.VARY_SUBTLE: "Variations (Subtle) by ",
    JobKind.REMIX_STRONG: "Remix (Strong) by ",
    JobKind.REMIX_SUBTLE: "Remix (Subtle) by ",
    JobKind.VARY_REGION: "Variations (Region) by ",
    JobKind.UPSCALE_SUBTLE: "Upscaled (Subtle) by ",
    JobKind.UPSCALE_CREATIVE: "Upscaled (Creative) by ",
    JobKind.ZOOM: "Zoom Out by ",
    JobKind.PAN_LEFT: "Pan Left by ",
    JobKind.PAN_RIGHT: "Pan Right by ",
    JobKind.PAN_UP: "Pan Up by ",
    JobKind.PAN_DOWN: "Pan Down by ",
}


def waiting(
    job: JobRecord, rows: Rows = (), position: int | None = None, eta: float | None = None
) -> Message:
    """The job is kept and has its turn to come; ``position`` 1 is next, ``eta`` is in seconds."""
    where = ""
    if position is not None:
        where = f"\n-# Number {position} in the queue" + (
            f", about {_seconds(eta)}" if eta is not None else ""
        )
    return Message(_headline(job, " (Waiting to start)", where), rows=rows)


def running(job: JobRecord, percent: int, preview: bytes | None, rows: Rows = ()) -> Message:
    """The job is being rendered; ``preview`` is a small JPEG."""
    files = ((f"{job.id}_preview.jpg", preview),) if preview else ()
    return Message(_headline(job, f" ({percent}%) ({MODES[job.lane]})"), files, rows=rows)


def final(job: JobRecord, picture: bytes, extension: str, rows: Rows = ()) -> Message:
    """The finished job: its grid or its one picture."""
    name = file_name(job.user_name, job.shown, job.id, extension)
    mode = "" if job.kind is JobKind.UPSCALE else f" ({MODES[job.lane]})"
    notes = (discord.Embed(description="\n".join(job.notes)[:4096]),) if job.notes else ()
    return Message(_headline(job, mode), ((name, picture),), notes, rows)


def results(job: JobRecord, seed: int, files: tuple[tuple[str, bytes], ...]) -> Message:
    """The single pictures of a finished job, as its owner gets them by direct message."""
    tail = f"\n**Job ID**: {job.id}\n**seed** {seed}"
    return Message(f"**{titled(job.shown, CONTENT_LIMIT - len(tail) - 4)}**{tail}", files)


def failed(job: JobRecord, reason: str) -> Message:
    """The job could not be rendered; the prompt stands in the footer, to be copied."""
    return Message(
        _headline(job, " (Stopped)"), embeds=(refusal("Sorry, something went wrong", reason, job.prompt),)
    )


def cancelled(job: JobRecord) -> Message:
    """The owner stopped the job."""
    return Message(_headline(job, " (Cancelled)"))


def interrupted() -> Message:
    """Nothing will come of what the user waits for."""
    sentence = "Easel was stopped before it could take this on. Please ask again."
    return Message(embeds=(refusal("Sorry, something went wrong", sentence),))


def _headline(job: JobRecord, status: str, below: str = "") -> str:
    by = f"Image #{job.position} " if job.kind is JobKind.UPSCALE else BY[job.kind]
    tail = f" - {by}{mention(job.user_id)}{status}{below}"
    return f"**{titled(job.shown, CONTENT_LIMIT - len(tail) - 4)}**{tail}"


def _seconds(eta: float) -> str:
    return f"{round(eta)} s" if eta < 90 else f"{round(eta / 60)} min"
