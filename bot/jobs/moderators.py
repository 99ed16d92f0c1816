"""Tells moderators what was hidden, and what users report; a picture is never sent along.

What they are told is beside a job's way: whatever fails here is logged and leaves the job as it is.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

import aiohttp
import discord

from bot.errors import Refusal
from bot.jobs.direct_messages import DirectMessages
from bot.memory.moderation import Moderation
from bot.memory.records import JobRecord
from bot.messages import moderators
from bot.messages.message import Message
from bot.messages.sending import posted
from engine import Failed, Finished
from engine.errors import Unsafe

__all__ = ["Moderators"]

log = logging.getLogger(__name__)


class Moderators:
    """Writes into the channels that ``moderation`` names, by way of a client that is connected."""

    def __init__(
        self, client: discord.Client, moderation: Moderation, direct_messages: DirectMessages
    ) -> None:
        self._client = client
        self._moderation = moderation
        self._direct_messages = direct_messages
        self._telling: set[asyncio.Task[None]] = set()

    def hid(self, job: JobRecord, event: Finished | Failed) -> None:
        """Tell of the pictures of a job that were hidden, if any were; nobody waits for it."""
        if isinstance(event, Failed):
            if event.kind == Unsafe.__name__:
                self._begin(self._told(job, moderators.refused(job, event.reason)))
        elif event.hidden:
            message = moderators.hidden(job, event.hidden, len(event.pictures))
            self._begin(self._told(job, message))

    async def reported(self, job: JobRecord, message: Message, operators: frozenset[int]) -> bool:
        """Tell of a reported job: in the channel of its server's moderators, else the operators in private.

        Whether anybody was told.
        """
        if await self._post(job, message):
            return True
        told = False
        for operator in operators:
            try:
                await self._direct_messages.tell(operator, message)
                told = True
            except (Refusal, discord.HTTPException) as error:
                log.info("operator %d was not told of a report: %s", operator, error)
        return told

    async def close(self) -> None:
        """Let go of what is still being told."""
        for task in self._telling:
            task.cancel()
        await asyncio.gather(*self._telling, return_exceptions=True)

    async def _told(self, job: JobRecord, message: Message) -> None:
        if not await self._post(job, message):
            log.info("pictures of job %s were hidden; no moderators' channel is named for it", job.id)

    async def _post(self, job: JobRecord, message: Message) -> bool:
        channel_id = self._moderation.channel_of(job.place.guild_id)
        if channel_id is None:
            return False
        try:
            channel = self._client.get_partial_messageable(channel_id)
            await channel.send(**posted(message, job.user_id))
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.warning("moderators were not told of job %s: %s", job.id, error)
            return False
        return True

    def _begin(self, telling: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(telling)
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
