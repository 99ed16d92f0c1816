"""The Discord client: one command tree, one gate that every interaction passes, one way to say no.

Knows where everything is and puts it together; what the commands and buttons do is in ``commands`` and
``views``.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Sequence
from typing import TypeAlias

import aiohttp
import discord
from discord import app_commands

from bot import links
from bot.config import Settings
from bot.errors import Refusal, told
from bot.jobs.delivery import Delivery
from bot.jobs.flow import Studio
from bot.memory.database import Database
from bot.memory.jobs import History, JobRecord, Promise
from bot.memory.people import People, User
from bot.memory.picture_files import Pictures
from bot.memory.rules import Limits, Rules
from bot.messages.letters import interrupted, refusal
from bot.text.moderation import BannedWords
from engine import Engine, Registry
from grammar import parse

__all__ = ["EaselClient", "Interaction"]

log = logging.getLogger(__name__)

PAGES_KEPT = 30 * 24 * 3600.0

Interaction: TypeAlias = "discord.Interaction[EaselClient]"


class EaselTree(app_commands.CommandTree["EaselClient"]):
    """The slash commands: everywhere Discord offers them, behind the client's gate."""

    def __init__(self, client: EaselClient) -> None:
        super().__init__(
            client,
            allowed_contexts=app_commands.AppCommandContext(
                guild=True, dm_channel=True, private_channel=True
            ),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        )

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """The gate; a refusal is answered here, so that False needs no more."""
        try:
            await self.client.admit(interaction)
        except Exception as error:
            await self.client.refuse(interaction, error)
            return False
        return True

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Whatever a command raised. A check that failed has said so itself."""
        if isinstance(error, app_commands.CheckFailure) and interaction.response.is_done():
            return
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await self.client.refuse(interaction, cause)


class EaselClient(discord.AutoShardedClient):
    """The connection to Discord and what hangs on it.

    Start it with ``start(token)``, stop it with ``close()``.
    """

    def __init__(self, settings: Settings, registry: Registry, engine: Engine, database: Database) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        intents = discord.Intents(guilds=True, guild_reactions=True, dm_reactions=True)
        super().__init__(
            intents=intents,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            # Commands and buttons need no list of servers; by default the start waits two seconds for it.
            guild_ready_timeout=0.2,
            # With a gateway of one's own there is nobody to ask how many shards it wants.
            shard_count=1 if settings.discord_gateway_url else None,
        )
        self.settings = settings
        self.registry = registry
        self.engine = engine
        self.people = People(database)
        self.history = History(database)
        self.pictures = Pictures(settings.easel_data / "pictures")
        limits = Limits(settings.easel_running_per_user, settings.easel_queued_per_user)
        self.rules = Rules(database, limits)
        self.delivery = Delivery(self)
        self.studio = Studio(engine, self.history, self.pictures, self.delivery, limits, self._delivered)
        self.tree = EaselTree(self)
        self.banned = BannedWords(settings.easel_banned_words)
        self.links: aiohttp.ClientSession
        self._operators: frozenset[int] | None = None
        self._recovery: asyncio.Task[None] | None = None

    async def setup_hook(self) -> None:
        """Make commands and buttons answerable; nothing here waits for a model."""
        await self.rules.load()
        # Looked up before the first interaction, so that what this life takes on is not among it.
        jobs, promises = await self.history.unfinished(), await self.history.promises()
        await asyncio.to_thread(parse, "the first prompt builds the parser")
        from bot.surface import (
            buttons as views,  # they know the client, so it cannot know them before it exists
        )
        from bot.surface import commands

        self.links = links.session()
        commands.register(self.tree)
        views.register(self)
        try:
            await self.tree.sync()
        except discord.HTTPException as error:
            log.error("Discord did not take the commands (%s); those it has from before still work", error)
        self._recovery = asyncio.create_task(self._recover(jobs, promises), name="recovery")

    async def on_ready(self) -> None:
        """Say that slash commands are answered from now on."""
        log.info("ready as %s in %d servers", self.user, len(self.guilds))

    async def close(self) -> None:
        """Leave every job where it stands, then leave Discord."""
        if self._recovery is not None:
            self._recovery.cancel()
        await self.studio.close()
        await self.delivery.close()
        if hasattr(self, "links"):
            await self.links.close()
        await super().close()

    async def admit(self, interaction: Interaction) -> None:
        """The gate that every command and every press passes. Raises Refusal."""
        if (await self.user_of(interaction)).banned:
            raise Refusal("You may not use this bot. Its operator can change that.")
        parent = getattr(interaction.channel, "parent_id", None)
        allowed = self.rules.allows(interaction.guild_id, interaction.channel_id, parent)
        if not allowed and not await self.is_operator(interaction.user.id):
            raise Refusal("Easel does not answer in this channel.")

    async def is_operator(self, user_id: int) -> bool:
        """Whether a user runs this bot: named in EASEL_ADMINS, else the application's owner or their team."""
        if self._operators is None:
            named = [int(word) for word in self.settings.easel_admins.split(",") if word.strip()]
            self._operators = frozenset(named or await self._owners())
        return user_id in self._operators

    async def _owners(self) -> list[int]:
        owned = await self.application_info()
        return [member.id for member in owned.team.members] if owned.team else [owned.owner.id]

    async def refuse(self, interaction: Interaction, error: BaseException) -> None:
        """Tell the user, and nobody else, why nothing was done."""
        title, sentence = told(error)
        embed = refusal(title, sentence, getattr(interaction.namespace, "prompt", None))
        try:
            if not interaction.response.is_done():
                await interaction.response.send_message(embed=embed, ephemeral=True)
                return
            if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
                # The waiting answer is public; it goes, and the reason comes to the user alone.
                await interaction.delete_original_response()
            await interaction.followup.send(embed=embed, ephemeral=True)
            await self.history.answered(interaction.id)
        except (discord.HTTPException, sqlite3.OperationalError) as failure:
            log.warning("a refusal (%s) did not reach its user: %s", title, failure)

    async def user_of(self, interaction: Interaction) -> User:
        """The settings of whoever pressed or typed."""
        return await self.people.get(interaction.user.id, interaction.user.name)

    def model_of(self, user: User) -> str:
        """The model that a user's prompts run on."""
        known = {entry.name for entry in self.registry.entries}
        return user.model if user.model in known else self.settings.easel_model

    async def on_interaction(self, interaction: Interaction) -> None:
        """Dialogs come back here; commands and buttons have ways of their own."""
        from bot.surface.buttons import submitted

        if interaction.type is discord.InteractionType.modal_submit:
            await submitted(interaction)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Reactions of a job's owner: ❌ stops or deletes it, ✉️ sends its pictures."""
        from bot.surface.commands.reactions import react

        if self.user is not None and payload.user_id != self.user.id:
            await react(self, payload)

    async def _delivered(self, job: JobRecord) -> None:
        from bot.surface.commands.reactions import send_results

        if (await self.people.get(job.user_id, job.user_name)).auto_dm:
            try:
                await send_results(self, job)
            except Refusal as error:
                log.info("job %s is not sent to its owner: %s", job.id, error.sentence)

    async def _recover(self, jobs: Sequence[JobRecord], promises: Sequence[Promise]) -> None:
        """Go on with what an earlier life left behind."""
        await self.wait_until_ready()
        self.studio.recover(jobs)
        await self.history.forget_panels(time.time() - PAGES_KEPT)
        removed = await self.pictures.sweep(self.history.files)
        if jobs or removed:
            log.info("took up %d unfinished jobs, removed %d files that nothing needs", len(jobs), removed)
        for promise in promises:
            await self.delivery.excuse(promise, interrupted())
            await self.history.answered(promise.interaction_id)
