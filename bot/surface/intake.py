"""From an interaction to jobs: what every command and button that renders has in common.

Parse and admit first, for an error is for its user alone and a public answer cannot be taken back; keep
the jobs; acknowledge; tell; start. Keeping usually takes a few milliseconds; when it takes longer (a link
is fetched, the disk is slow) Discord gets its answer meanwhile, and a promise is kept: should the process
end before there is a job, the next one says so.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import aiohttp
import discord

from bot.errors import QueueFull
from bot.jobs.admission import Make, left_out
from bot.jobs.drafting import secret
from bot.memory.people import User
from bot.memory.promises import Promise
from bot.memory.records import JobRecord
from bot.messages.wording import refusal
from bot.surface.hub import Interaction
from bot.surface.places import place_of, roles_of
from grammar import GenerationSpec

__all__ = ["GRACE", "acknowledge", "prepared", "read", "take"]

log = logging.getLogger(__name__)
T = TypeVar("T")

GRACE = 0.25  # seconds in which a result decides between a public answer and a private refusal
LATEST = 1.5  # seconds after that in which a promise may be kept; Discord waits for three in all


def read(interaction: Interaction, prompt: str, user: User | None = None) -> list[GenerationSpec]:
    """The jobs of a prompt; see ``Drafting.read``. Raises PromptError and Refusal."""
    return interaction.client.hub.drafting.read(prompt, user)


async def prepared(
    interaction: Interaction, work: Coroutine[Any, Any, T], *, ephemeral: bool = False
) -> tuple[T, int | None]:
    """The result of ``work``, and the id of the answer to the interaction.

    Deferred once the work is done, so that its errors may be told in private, or as soon as it takes long.
    """
    task = asyncio.create_task(work)
    tasks: set[asyncio.Task[Any]] = {task}
    try:
        await asyncio.wait(tasks, timeout=GRACE)
        if not task.done():
            tasks.add(asyncio.create_task(_promise(interaction)))
            await asyncio.wait(tasks, timeout=LATEST, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        message_id = await acknowledge(interaction, ephemeral=ephemeral)
        return await task, message_id
    finally:
        for each in tasks:
            each.cancel()


async def _promise(interaction: Interaction) -> None:
    try:
        await interaction.client.hub.promises.add(Promise(interaction.id, interaction.token))
    except sqlite3.OperationalError as error:
        log.warning("interaction %d is answered without a note of it: %s", interaction.id, error)


async def acknowledge(interaction: Interaction, *, ephemeral: bool = False) -> int | None:
    """Defer; the id of the answer.

    An acknowledgement that fails is no reason to lose a job that is kept: its message goes to the channel.
    """
    try:
        answer = await interaction.response.defer(thinking=True, ephemeral=ephemeral)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning("an interaction could not be acknowledged: %s", error)
        return None
    return answer.message_id if answer is not None else None


async def take(
    interaction: Interaction,
    make: Make,
    specs: Sequence[GenerationSpec | None],
    parent: JobRecord | None = None,
) -> None:
    """Keep the jobs that ``make`` drafts of ``specs``, acknowledge, and set them going.

    As many as the user's queue has room for; the user is told of the others. ``parent``: the job whose
    picture they start from.
    Raises QueueFull, Refusal and what ``make`` raises.
    """
    hub = interaction.client.hub
    private = secret(await hub.user_of(interaction), specs, parent)
    place = place_of(interaction, private=private)
    with hub.taking.admitted(interaction.user.id, roles_of(interaction)) as way:

        async def keep() -> tuple[list[JobRecord], int]:
            return await way.keep(await hub.user_of(interaction), place, make)

        ((first, *others), asked), message_id = await prepared(interaction, keep(), ephemeral=private)
        told = way.start(first, message_id)
        if others:
            # Until the first answer stands, Discord would take the others for it.
            await asyncio.wait({told})
        for job in others:
            way.start(job)
    if sentence := left_out(len(others) + 1, asked):
        await asyncio.wait({told})
        await _tell_taken(interaction, sentence)


async def _tell_taken(interaction: Interaction, sentence: str) -> None:
    """Say to the user alone that their queue had no room for all."""
    try:
        await interaction.followup.send(embed=refusal(QueueFull.title, sentence), ephemeral=True)
    except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
        log.warning("a user was not told that not all jobs were taken: %s", error)
