"""Finished jobs as direct messages to their owners: when they ask for one, or after each delivery.

Knows nothing of how a job is delivered; whatever fails here leaves the job as it is.
"""

from __future__ import annotations

import logging
import secrets

import discord

from bot.errors import Gone, Refusal
from bot.jobs.results import Results
from bot.memory.jobs import Jobs
from bot.memory.people import People
from bot.memory.records import JobRecord
from bot.messages import job_messages
from bot.messages.message import Message
from bot.messages.sending import posted

__all__ = ["DirectMessages"]

log = logging.getLogger(__name__)


class DirectMessages:
    """Writes to users by way of a client that is connected."""

    def __init__(self, client: discord.Client, people: People, jobs: Jobs, results: Results) -> None:
        self._client = client
        self._people = people
        self._jobs = jobs
        self._results = results

    async def send(self, job: JobRecord) -> None:
        """The single pictures of a finished job, to its owner. Raises Refusal."""
        pictures = await self._jobs.pictures(job.id)
        if not pictures:
            raise Gone("This job has no pictures.")
        singles = tuple(await self._results.singles(job))
        await self.tell(job.user_id, job_messages.results(job, pictures[0].seed, singles))

    async def tell(self, user_id: int, message: Message) -> None:
        """Any message, to a user. Raises Refusal when they take none."""
        try:
            channel = await self._client.create_dm(discord.Object(user_id))
            # The nonce keeps a message whose answer is lost from being sent twice.
            await channel.send(nonce=secrets.token_hex(12), **posted(message, user_id))
        except discord.Forbidden:
            raise Refusal(
                "You do not take direct messages from here; change that in your privacy settings."
            ) from None

    async def after_delivery(self, job: JobRecord) -> None:
        """Send a job that was just delivered to its owner, if they want every one."""
        if (await self._people.get(job.user_id, job.user_name)).auto_dm:
            try:
                await self.send(job)
            except Refusal as error:
                log.info("job %s is not sent to its owner: %s", job.id, error.sentence)
