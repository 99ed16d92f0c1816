"""What a job's owner can do by reacting to its message: ❌ stops it, or deletes it when it is finished."""

from __future__ import annotations

import discord

from bot.client import EaselClient
from bot.history import Status

__all__ = ["react"]

CROSS = "❌"


async def react(client: EaselClient, payload: discord.RawReactionActionEvent) -> None:
    """Do what the reaction means, if it stands under a job of whoever reacted."""
    if str(payload.emoji) != CROSS:
        return
    job = await client.history.by_message(payload.message_id)
    if job is None or job.user_id != payload.user_id or job.place.channel_id != payload.channel_id:
        return
    if job.status < Status.RENDERED:
        await client.studio.cancel(job.id, payload.user_id)
    elif job.status.done:
        await client.studio.delete(job)
