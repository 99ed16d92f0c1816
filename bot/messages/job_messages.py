"""What a job's message says at each stage: from its record to content, files and embeds. Pure.

Knows no buttons: whoever asks brings the rows that stand under the message.
"""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.memory.records import JobKind, JobRecord
from bot.messages.message import File, Message, Rows
from bot.messages.wording import CONTENT_LIMIT, alt, file_name, mention, quoted, refusal, titled
from engine import Lane

__all__ = ["address_of", "cancelled", "failed", "final", "interrupted", "results", "running", "waiting"]

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
    JobKind.EDIT: "Edit by ",
    JobKind.RETEXTURE: "Retexture by ",
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
    return Message(_headline(job, " (Waiting to start)", where), embeds=_beforehand(job), rows=rows)


def running(job: JobRecord, percent: int, preview: bytes | None, rows: Rows = ()) -> Message:
    """The job is being rendered; ``preview`` is a small JPEG."""
    files = (File(f"{job.id}_preview.jpg", preview, alt("Preview", job.shown)),) if preview else ()
    return Message(_headline(job, f" ({percent}%) ({MODES[job.lane]})"), files, _beforehand(job), rows)


def final(
    job: JobRecord,
    picture: bytes,
    extension: str,
    rows: Rows = (),
    source: JobRecord | None = None,
    count: int = 1,
) -> Message:
    """The finished job: its grid of ``count`` pictures or its one picture.

    ``source``: the job of whose picture a part was drawn anew.
    """
    shown = alt("Picture" if count == 1 else f"Grid of {count} pictures", job.shown)
    file = File(file_name(job.user_name, job.shown, job.id, extension), picture, shown)
    mode = "" if job.kind is JobKind.UPSCALE else f" ({MODES[job.lane]})"
    told = ([_region(job, source)] if source is not None else []) + list(job.notes)
    return Message(_headline(job, mode), (file,), _notes(told), rows)


def _beforehand(job: JobRecord) -> tuple[discord.Embed, ...]:
    """What is told before there are pictures: that the prompt refers to something that cannot be had."""
    return _notes(job.notes) if job.plan.unmet else ()


def _notes(told: Sequence[str]) -> tuple[discord.Embed, ...]:
    return (discord.Embed(description="\n".join(told)[:4096]),) if told else ()


def address_of(job: JobRecord) -> str | None:
    """The link to a job's message; None where nobody could follow it."""
    place = job.place
    if place.private or place.message_id is None:
        return None
    return f"https://discord.com/channels/{place.guild_id or '@me'}/{place.channel_id}/{place.message_id}"


def results(job: JobRecord, seed: int, files: tuple[tuple[str, bytes], ...]) -> Message:
    """The single pictures of a finished job, as its owner gets them by direct message."""
    tail = f"\n**Job ID**: {job.id}\n**seed** {seed}"
    pictures = [File(name, data, alt(f"Picture {n}", job.shown)) for n, (name, data) in enumerate(files, 1)]
    return Message(f"**{titled(job.shown, CONTENT_LIMIT - len(tail) - 4)}**{tail}", tuple(pictures))


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


def _region(job: JobRecord, source: JobRecord) -> str:
    """What of which picture was drawn anew."""
    picture = f"Image #{source.position}" if source.kind is JobKind.UPSCALE else "this picture"
    address = address_of(source)
    whose = picture if address is None else f"[{picture}]({address})"
    canvas = job.plan.canvas
    if canvas is None or canvas.words:
        return f"Drawn anew: {f'“{quoted(canvas.words, 200)}” in' if canvas else 'a part of'} {whose}."
    if canvas.masked:
        return f"Drawn anew: a painted part of {whose}."
    parts = [
        1 + round(3 * part.left / job.plan.width) + 3 * round(3 * part.top / job.plan.height)
        for part in canvas.parts
    ]
    last = f"{', '.join(map(str, parts[:-1]))} and {parts[-1]}" if len(parts) > 1 else str(parts[0])
    return f"Drawn anew: part{'s' * (len(parts) > 1)} {last} of {whose}."


def _seconds(eta: float) -> str:
    return f"{round(eta)} s" if eta < 90 else f"{round(eta / 60)} min"
