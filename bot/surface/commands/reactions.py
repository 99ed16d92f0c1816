"""What a job's owner can do to its message: react to it, or choose from its menu.

❌ and `Cancel Job` stop it, or delete it when it is finished; ✉️ and `DM Results` send its single pictures.
"""

from __future__ import annotations

import discord
from discord import app_commands

from bot.errors import Gone, Refusal
from bot.memory.records import JobRecord, Status
from bot.messages.job_messages import address_of
from bot.messages.message import Message
from bot.messages.wording import mention
from bot.surface.deleting import ask
from bot.surface.hub import Hub, Interaction

__all__ = ["cancel_menu", "react", "results_menu"]

CROSS, ENVELOPES = "❌", ("✉️", "✉", "📩")


async def react(hub: Hub, payload: discord.RawReactionActionEvent) -> None:
    """Do what a reaction means, if it stands under a job of whoever reacted."""
    emoji = str(payload.emoji)
    if emoji not in (CROSS, *ENVELOPES):
        return
    job = await hub.showings.job_in(payload.message_id)
    if job is None or job.user_id != payload.user_id:
        return
    if not await hub.showings.stands_in(job, payload.channel_id):
        return
    try:
        if emoji == CROSS and job.favourite and job.status >= Status.RENDERED:
            await hub.direct_messages.tell(job.user_id, Message(_left(job)))
        elif emoji == CROSS:
            await _stop_or_delete(hub, job)
        elif job.status >= Status.RENDERED:
            await hub.direct_messages.send(job)
    except Refusal:
        return  # a reaction has no answer, and there is nowhere to tell its user


@app_commands.context_menu(name="Cancel Job")
async def cancel_menu(interaction: Interaction, message: discord.Message) -> None:
    """Stop one's own job, or delete it when it is finished."""
    job = await _own(interaction, message)
    if job.favourite and job.status >= Status.RENDERED:
        await ask(interaction, job)
        return
    await interaction.response.send_message(
        "Deleted." if job.status >= Status.RENDERED else "The job is being cancelled.", ephemeral=True
    )
    await _stop_or_delete(interaction.client.hub, job)


@app_commands.context_menu(name="DM Results")
async def results_menu(interaction: Interaction, message: discord.Message) -> None:
    """Get the single pictures, job id and seed."""
    job = await _own(interaction, message)
    if job.status < Status.RENDERED:
        raise Refusal("This job is not finished yet.")
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.client.hub.direct_messages.send(job)
    await interaction.edit_original_response(content="Sent.")


def _left(job: JobRecord) -> str:
    """Why ❌ has not deleted a favourite: nobody could be asked."""
    address = address_of(job)
    picture = "That picture" if address is None else f"[That picture]({address})"
    return f"{picture} is among your favourites, so {CROSS} left it there. Press *Delete* under it."


async def _own(interaction: Interaction, message: discord.Message) -> JobRecord:
    job = await interaction.client.hub.showings.job_in(message.id)
    if job is None:
        raise Gone("This message shows no job.")
    if job.user_id != interaction.user.id:
        raise Refusal(f"Only {mention(job.user_id)} can do that.")
    return job


async def _stop_or_delete(hub: Hub, job: JobRecord) -> None:
    if job.status < Status.RENDERED:
        await hub.flow.cancel(job.id, job.user_id)
    else:
        await hub.flow.settled(job.id)
        await hub.flow.delete(job)
