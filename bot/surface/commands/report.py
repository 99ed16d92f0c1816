"""`/report` and the button *Report*: a user tells moderators of a job, and what these can do about it.

Who reported is told to the moderators alone.
"""

from __future__ import annotations

import re

import discord
from discord import app_commands

from bot.errors import Gone, Refusal
from bot.memory.records import JobRecord
from bot.messages import moderators
from bot.messages.dialogs import Field
from bot.messages.message import Button, Message
from bot.messages.wording import mention
from bot.surface.actions import Action, Answers, Dialog
from bot.surface.answering import answer
from bot.surface.hub import Interaction

__all__ = ["ACTIONS", "DIALOGS", "report", "report_button"]

LINK = re.compile(r"https?://(?:\w+\.)?discord(?:app)?\.com/channels/(?:\d+|@me)/\d+/(\d+)/?")
LONGEST = 1000  # characters of a reason
UNKNOWN = "No job with that id, and none in that message, is known here."
NOBODY = (
    "There is nobody here who could be told: no channel for moderators is named, and no operator answers."
)


@app_commands.command(description="Tell the moderators of a picture that should not be here")
@app_commands.describe(
    job="The link of its message, or the job's id: the end of the picture's name",
    reason="What is wrong with it",
)
async def report(interaction: Interaction, job: str, reason: app_commands.Range[str, 1, 1000]) -> None:
    """By link or by id; `Check picture` finds a job by its pixels."""
    await answer(interaction, _reported(interaction, job, reason), ephemeral=True)


def report_button(job: JobRecord) -> Button:
    """The button that reports a job."""
    return REPORT.button(job.id)


async def _named(interaction: Interaction, text: str) -> JobRecord:
    hub = interaction.client.hub
    link = LINK.fullmatch(text.strip("<>"))
    job = await (hub.showings.job_in(int(link[1])) if link else hub.jobs.get(text.lower()))
    if job is None:
        raise Gone(UNKNOWN)
    return job


async def _reported(interaction: Interaction, text: str, reason: str) -> Message:
    return await _told(interaction, await _named(interaction, text.strip()), reason)


async def _told(interaction: Interaction, job: JobRecord, reason: str) -> Message:
    """Keep the report and tell of it. Raises Refusal where that is no use, or nobody can be told."""
    hub = interaction.client.hub
    reporter = interaction.user.id
    if job.user_id == reporter:
        raise Refusal("That job is your own; ❌ as a reaction deletes it.")
    if not await hub.moderation.report(job.id, reporter, reason[:LONGEST]):
        raise Refusal("You have reported this job already.")
    rows = ((REMOVE.button(job.id), LEAVE.button(job.id)),)
    message = moderators.reported(job, reporter, reason[:LONGEST], rows)
    if not await hub.moderators.reported(job, message, await hub.gate.operators()):
        await hub.moderation.withdraw(job.id, reporter)
        raise Refusal(NOBODY)
    return Message("Reported. Only the moderators see that it was you.")


async def _ask(interaction: Interaction, job_id: str, _: int) -> None:
    await WHY.open(interaction, job_id, 0, reason="")


async def _given(interaction: Interaction, job_id: str, _: int, said: Answers) -> None:
    job = await interaction.client.hub.jobs.get(job_id)
    if job is None:
        raise Gone(UNKNOWN)
    await answer(interaction, _told(interaction, job, said["reason"]), ephemeral=True)


async def _remove(interaction: Interaction, job_id: str, _: int) -> None:
    """A moderator takes the job away: its message, its pictures, its rows."""
    await _moderators_only(interaction)
    hub = interaction.client.hub
    job = await hub.jobs.get(job_id)
    if job is not None:
        if not job.status.done:
            await hub.flow.cancel(job.id, job.user_id)
            await hub.flow.settled(job.id)
        await hub.flow.delete(job)
    await _settled(interaction, f"Removed by {mention(interaction.user.id)}.")


async def _leave(interaction: Interaction, _: str, __: int) -> None:
    """A moderator sees nothing wrong."""
    await _moderators_only(interaction)
    await _settled(interaction, f"Left as it is by {mention(interaction.user.id)}.")


async def _settled(interaction: Interaction, said: str) -> None:
    embeds = interaction.message.embeds if interaction.message else []
    await interaction.response.edit_message(content=said, embeds=embeds, view=None)


async def _moderators_only(interaction: Interaction) -> None:
    """Lets operators pass, and whoever may delete messages where the moderators read. Raises Refusal."""
    hub = interaction.client.hub
    there = interaction.guild_id is not None and interaction.channel_id == hub.moderation.channel_of(
        interaction.guild_id
    )
    if there and interaction.permissions.manage_messages:
        return
    if not await hub.gate.is_operator(interaction.user.id):
        raise Refusal("Only moderators may do that: they can delete messages in this channel.")


WHY = Dialog("report_why", "Report", _given, (Field("reason", "What is wrong with it?"),))
REPORT = Action(name="report", press=_ask, label="Report", emoji="🚩", dialogs=(WHY,))
REMOVE = Action(name="remove_reported", press=_remove, label="Remove it", style=discord.ButtonStyle.danger)
LEAVE = Action(name="leave_reported", press=_leave, label="Leave it")

ACTIONS = (REPORT, REMOVE, LEAVE)
DIALOGS = (WHY,)
