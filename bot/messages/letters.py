"""What messages look like: from a job's state to content, files and buttons. Pure: no network, no clock, no
disk.

Every text that a user wrote passes through ``quoted``, so that a prompt can neither leave its bold nor ping
anyone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import discord

from bot.memory.jobs import JobRecord, Kind
from engine import Lane

__all__ = [
    "Key",
    "Letter",
    "cancelled",
    "failed",
    "file_name",
    "final",
    "interrupted",
    "mention",
    "quoted",
    "refusal",
    "running",
    "waiting",
]

CONTENT_LIMIT = 2000
RED = 16711680
MODES = {Lane.TURBO: "turbo", Lane.FAST: "fast", Lane.RELAX: "relaxed"}
BY = {
    Kind.IMAGINE: "",
    Kind.VARY_STRONG: "Variations (Strong) by ",
    Kind.VARY_SUBTLE: "Variations (Subtle) by ",
    Kind.REMIX_STRONG: "Remix (Strong) by ",
    Kind.REMIX_SUBTLE: "Remix (Subtle) by ",
    Kind.VARY_REGION: "Variations (Region) by ",
    Kind.UPSCALE_SUBTLE: "Upscaled (Subtle) by ",
    Kind.UPSCALE_CREATIVE: "Upscaled (Creative) by ",
    Kind.ZOOM: "Zoom Out by ",
    Kind.PAN_LEFT: "Pan Left by ",
    Kind.PAN_RIGHT: "Pan Right by ",
    Kind.PAN_UP: "Pan Up by ",
    Kind.PAN_DOWN: "Pan Down by ",
}


@dataclass(frozen=True, slots=True)
class Key:
    """A button.

    ``action``, ``id`` (of a job or a panel) and ``index`` are all that it knows; the rest is looks.
    """

    action: str
    id: str = ""
    index: int = 0
    label: str | None = None
    emoji: str | None = None
    style: discord.ButtonStyle = discord.ButtonStyle.secondary

    @property
    def custom_id(self) -> str:
        """The text that comes back with a press."""
        return f"easel:{self.action}:{self.id}:{self.index}"


@dataclass(frozen=True, slots=True)
class Letter:
    """A message, ready to be sent: at most 2000 characters, files as name and bytes, rows of at most five
    keys.
    """

    content: str = ""
    files: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)
    embeds: tuple[discord.Embed, ...] = ()
    rows: tuple[tuple[Key, ...], ...] = ()


def waiting(job: JobRecord, position: int | None = None, eta: float | None = None) -> Letter:
    """The job is kept and has its turn to come; ``position`` 1 is next, ``eta`` is in seconds."""
    where = ""
    if position is not None:
        where = f"\n-# Number {position} in the queue" + (
            f", about {_seconds(eta)}" if eta is not None else ""
        )
    return Letter(_headline(job, " (Waiting to start)", where), rows=_stop(job))


def running(job: JobRecord, percent: int, preview: bytes | None) -> Letter:
    """The job is being rendered; ``preview`` is a small JPEG."""
    files = ((f"{job.id}_preview.jpg", preview),) if preview else ()
    return Letter(_headline(job, f" ({percent}%) ({MODES[job.lane]})"), files, rows=_stop(job))


def final(job: JobRecord, picture: bytes, extension: str, count: int) -> Letter:
    """The finished job: its grid of ``count`` pictures or its one picture, and the buttons under it."""
    name = file_name(job.user_name, job.shown, job.id, extension)
    mode = "" if job.kind is Kind.UPSCALE else f" ({MODES[job.lane]})"
    notes = (discord.Embed(description="\n".join(job.notes)[:4096]),) if job.notes else ()
    rows = _under_single(job) if job.kind.single else _under_grid(job, count)
    return Letter(_headline(job, mode), ((name, picture),), notes, rows)


def failed(job: JobRecord, reason: str) -> Letter:
    """The job could not be rendered; the prompt stands in the footer, to be copied."""
    return Letter(
        _headline(job, " (Stopped)"), embeds=(refusal("Sorry, something went wrong", reason, job.prompt),)
    )


def cancelled(job: JobRecord) -> Letter:
    """The owner stopped the job."""
    return Letter(_headline(job, " (Cancelled)"))


def interrupted() -> Letter:
    """Nothing will come of what the user waits for."""
    sentence = "Easel was stopped before it could take this on. Please ask again."
    return Letter(embeds=(refusal("Sorry, something went wrong", sentence),))


def refusal(title: str, sentence: str, prompt: str | None = None) -> discord.Embed:
    """The red box that says why nothing was done."""
    embed = discord.Embed(title=title[:256], description=_cut(sentence, 3500), colour=RED)
    if prompt is not None:
        embed.set_footer(text=_cut(f"/imagine {prompt}".strip(), 2048))
    return embed


def file_name(user: str, prompt: str, job_id: str, extension: str = "png") -> str:
    """``<user>_<prompt words>_<job id>.<extension>``, the first two together at most 63 characters."""
    words = re.sub(r"[^0-9A-Za-z]+", "_", f"{user}_{prompt}").strip("_")
    return "_".join(filter(None, (words[:63], job_id))) + f".{extension}"


def mention(user_id: int) -> str:
    """How a user is named in a message."""
    return f"<@{user_id}>"


def quoted(text: str, limit: int) -> str:
    """A user's text as it may stand in a message: nothing in it is markdown, links show no preview.

    At most ``limit`` characters; what is too long ends in ``…`` and is never cut inside an escape or a link.
    """
    parts = [_harmless(part) for part in re.findall(r"<?https?://[^\s<>]+>?|\s+|.", text, re.DOTALL)]
    total = 0
    for index, part in enumerate(parts):
        if total + len(part) > limit:
            return _shortened(parts[:index], limit)
        total += len(part)
    return "".join(parts)


def _harmless(part: str) -> str:
    if part.startswith(("http://", "https://", "<http")):
        return f"<{part.strip('<>')}>"
    if part.isspace():
        return " "
    return f"\\{part}" if part in "\\*_~|`[<@" else part


def _shortened(parts: Sequence[str], limit: int) -> str:
    kept = list(parts)
    while kept and sum(map(len, kept)) > limit - 1:
        kept.pop()
    return "".join(kept).rstrip() + "…"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _headline(job: JobRecord, status: str, below: str = "") -> str:
    by = f"Image #{job.position} " if job.kind is Kind.UPSCALE else BY[job.kind]
    tail = f" - {by}{mention(job.user_id)}{status}{below}"
    return f"**{quoted(job.shown, CONTENT_LIMIT - len(tail) - 4)}**{tail}"


def _seconds(eta: float) -> str:
    return f"{round(eta)} s" if eta < 90 else f"{round(eta / 60)} min"


def _stop(job: JobRecord) -> tuple[tuple[Key, ...], ...]:
    return ((Key("cancel", job.id, label="Cancel"),),)


def _under_grid(job: JobRecord, count: int) -> tuple[tuple[Key, ...], ...]:
    numbers = range(1, count + 1)
    return (
        (*(Key("upscale", job.id, n, f"U{n}") for n in numbers), Key("reroll", job.id, emoji="🔄")),
        tuple(Key("vary", job.id, n, f"V{n}") for n in numbers),
    )


def _under_single(job: JobRecord) -> tuple[tuple[Key, ...], ...]:
    """A tile that repeats has no surroundings to be drawn, and is not enlarged in pieces."""
    change = (
        Key("vary_subtle", job.id, 1, "Vary (Subtle)", "🪄"),
        Key("vary_strong", job.id, 1, "Vary (Strong)", "🪄"),
        Key("vary_region", job.id, 1, "Vary (Region)", "🖌️"),
    )
    keep = (Key("favourite", job.id, 1, "Favorite", "❤️"), Key("delete", job.id, 0, "Delete", "🗑️"))
    return (change, keep) if job.plan.tile else (_larger(job), change, *_around(job), keep)


def _larger(job: JobRecord) -> tuple[Key, ...]:
    if job.kind is Kind.UPSCALE:
        return (
            Key("upscale_subtle", job.id, 1, "Upscale (Subtle)"),
            Key("upscale_creative", job.id, 1, "Upscale (Creative)"),
        )
    return (
        Key("redo_subtle", job.id, 1, "Redo Upscale (Subtle)"),
        Key("redo_creative", job.id, 1, "Redo Upscale (Creative)"),
    )


def _around(job: JobRecord) -> tuple[tuple[Key, ...], ...]:
    zooms = [
        Key("zoom_far", job.id, 1, "Zoom Out 2x", "🔍"),
        Key("zoom_near", job.id, 1, "Zoom Out 1.5x", "🔍"),
        Key("custom_zoom", job.id, 1, "Custom Zoom", "🔍"),
    ]
    if job.plan.width != job.plan.height:
        zooms.append(Key("square", job.id, 1, "Make Square", "↔️"))
    pans = {"pan_left": "⬅️", "pan_right": "➡️", "pan_up": "⬆️", "pan_down": "⬇️"}
    return tuple(zooms), tuple(Key(action, job.id, 1, emoji=arrow) for action, arrow in pans.items())
