"""What moderators read: what was hidden and why, and what users have reported. Never a picture.

The words of a job that only its owner sees are not in it.
"""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.memory.records import JobRecord
from bot.messages.job_messages import address_of
from bot.messages.message import Message, Rows
from bot.messages.wording import BLUE, mention, quoted
from engine import Hidden

__all__ = ["hidden", "refused", "reported"]

LONGEST = 1000  # characters of a prompt or a reason


def hidden(job: JobRecord, pictures: Sequence[Hidden], count: int) -> Message:
    """Some of a job's ``count`` pictures were hidden."""
    why = [
        f"#{each.position}: {each.by}, {each.score:.2f} where {job.place.hide_above:.2f} may be shown"
        for each in pictures
    ]
    return _message(f"{len(pictures)} of {count} pictures hidden", job, why)


def refused(job: JobRecord, reason: str) -> Message:
    """All of them were, and the job has failed."""
    return _message("All pictures hidden", job, [quoted(reason, LONGEST)])


def reported(job: JobRecord, reporter: int, reason: str, rows: Rows) -> Message:
    """A user has reported a job."""
    said = f"**Reported by** {mention(reporter)}: {quoted(reason, LONGEST)}"
    return _message("A job was reported", job, [said], rows)


def _message(title: str, job: JobRecord, lines: Sequence[str], rows: Rows = ()) -> Message:
    prompt = "only its owner sees it" if job.unseen else quoted(job.shown, LONGEST)
    told = [f"**User** {mention(job.user_id)}", f"**Prompt** {prompt}", *lines, f"**Job** `{job.id}`"]
    if (address := address_of(job)) is not None and not job.unseen:
        told.append(f"**Message** {address}")
    embed = discord.Embed(title=title, description="\n".join(told), colour=BLUE)
    return Message(embeds=(embed,), rows=rows)
