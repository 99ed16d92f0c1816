"""What a job's owner can do to its message: react to it, or choose from its menu.

❌ and `Cancel Job` stop it, or delete it when it is finished; ✉️ and `DM Results` send its single pictures.
"""

from __future__ import annotations

import secrets

import discord
from discord import app_commands

from bot.errors import Gone, Refusal
from bot.jobs.delivery import fresh
from bot.memory.jobs import JobRecord, Status
from bot.memory.picture_files import PictureGone
from bot.messages.letters import CONTENT_LIMIT, Letter, mention, quoted
from bot.surface.client import EaselClient, Interaction

__all__ = ["cancel_menu", "react", "results_menu", "send_results"]

CROSS, ENVELOPES = "❌", ("✉️", "✉", "📩")


async def react(client: EaselClient, payload: discord.RawReactionActionEvent) -> None:
    """Do what a reaction means, if it stands under a job of whoever reacted."""
    emoji = str(payload.emoji)
    if emoji not in (CROSS, *ENVELOPES):
        return
    job = await client.history.by_message(payload.message_id)
    if job is None or job.user_id != payload.user_id:
        return
    if not await client.history.stands_in(job, payload.channel_id):
        return
    if emoji == CROSS:
        await _stop_or_delete(client, job)
    elif job.status >= Status.RENDERED:
        try:
            await send_results(client, job)
        except (Refusal, PictureGone):
            return  # a reaction has no answer, and there is nowhere to tell its user


@app_commands.context_menu(name="Cancel Job")
async def cancel_menu(interaction: Interaction, message: discord.Message) -> None:
    """Stop one's own job, or delete it when it is finished."""
    job = await _own(interaction, message)
    await interaction.response.send_message(
        "Deleted." if job.status >= Status.RENDERED else "The job is being cancelled.", ephemeral=True
    )
    await _stop_or_delete(interaction.client, job)


@app_commands.context_menu(name="DM Results")
async def results_menu(interaction: Interaction, message: discord.Message) -> None:
    """Get the single pictures, job id and seed."""
    job = await _own(interaction, message)
    if job.status < Status.RENDERED:
        raise Refusal("This job is not finished yet.")
    await interaction.response.defer(ephemeral=True, thinking=True)
    await send_results(interaction.client, job)
    await interaction.edit_original_response(content="Sent.")


async def send_results(client: EaselClient, job: JobRecord) -> None:
    """The single pictures of a finished job, by direct message to its owner.

    Raises Refusal and PictureGone.
    """
    shots = await client.history.shots(job.id)
    if not shots:
        raise Gone("This job has no pictures.")
    tail = f"\n**Job ID**: {job.id}\n**seed** {shots[0].seed}"
    content = f"**{quoted(job.shown, CONTENT_LIMIT - len(tail) - 4)}**{tail}"
    letter = Letter(content, tuple(await client.studio.singles(job)))
    try:
        channel = await client.create_dm(discord.Object(job.user_id))
        # The nonce keeps a letter whose answer is lost from being sent twice.
        await channel.send(nonce=secrets.token_hex(12), **fresh(letter, job.user_id))
    except discord.Forbidden:
        raise Refusal(
            "You do not take direct messages from here; change that in your privacy settings."
        ) from None


async def _own(interaction: Interaction, message: discord.Message) -> JobRecord:
    job = await interaction.client.history.by_message(message.id)
    if job is None:
        raise Gone("This message shows no job.")
    if job.user_id != interaction.user.id:
        raise Refusal(f"Only {mention(job.user_id)} can do that.")
    return job


async def _stop_or_delete(client: EaselClient, job: JobRecord) -> None:
    if job.status < Status.RENDERED:
        await client.studio.cancel(job.id, job.user_id)
    else:
        await client.studio.settled(job.id)
        await client.studio.delete(job)
