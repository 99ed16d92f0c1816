"""The Discord client: the connection, the command tree, and where what comes from Discord goes.

Puts the services together into the hub; what commands and buttons do is in ``commands`` and ``buttons``.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Sequence
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
from discord import app_commands

from bot.config import Settings
from bot.jobs.admission import Taking
from bot.jobs.continuations import Continuations
from bot.jobs.delivery import Delivery
from bot.jobs.direct_messages import DirectMessages
from bot.jobs.drafting import Drafting
from bot.jobs.flow import JobFlow
from bot.jobs.models import Models
from bot.jobs.moderators import Moderators
from bot.jobs.proofs import Proofs
from bot.jobs.pruning import Pruning
from bot.jobs.quota import Quota
from bot.jobs.rendering import RenderEngine
from bot.jobs.results import Results
from bot.jobs.samples import Samples
from bot.jobs.updates import EDIT_EVERY, Updates
from bot.jobs.uploads import Uploads
from bot.jobs.words import words_of
from bot.links import Links
from bot.memory.database import Database
from bot.memory.favourites import Favourites
from bot.memory.forgetting import PersonalData
from bot.memory.history import History
from bot.memory.jobs import Jobs
from bot.memory.moderation import Moderation
from bot.memory.panels import Panels
from bot.memory.people import People
from bot.memory.picture_files import Pictures
from bot.memory.promises import Promise, Promises
from bot.memory.records import JobRecord
from bot.memory.retention import Keep, Retention
from bot.memory.rules import Limits, Rules
from bot.memory.showings import Showings
from bot.memory.sign_ins import SignIns
from bot.memory.usage import Usage
from bot.messages.job_messages import interrupted
from bot.metrics import Metrics
from bot.surface import catalogue, commands, heartbeat
from bot.surface.actions import Actions
from bot.surface.commands.help import answer_mention
from bot.surface.commands.reactions import react
from bot.surface.gate import Gate
from bot.surface.hub import Hub, HubClient, Interaction
from bot.text import passages
from bot.text.guide import Guide
from bot.text.moderation import BannedWords
from engine import Registry
from engine.pictures.manifest import Signing
from grammar import parse

__all__ = ["EaselClient"]

log = logging.getLogger(__name__)


class EaselTree(app_commands.CommandTree[HubClient]):
    """The slash commands: everywhere Discord offers them, behind the gate."""

    def __init__(self, client: HubClient) -> None:
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
            await self.client.hub.gate.admit(interaction)
        except Exception as error:
            await self.client.hub.gate.refuse(interaction, error)
            return False
        return True

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        """Whatever a command raised. A check that failed has said so itself."""
        if isinstance(error, app_commands.CheckFailure) and interaction.response.is_done():
            return
        cause = error.original if isinstance(error, app_commands.CommandInvokeError) else error
        await self.client.hub.gate.refuse(interaction, cause)


class EaselClient(HubClient):
    """The connection to Discord and what hangs on it.

    Start it with ``start(token)``, stop it with ``close()``. ``actions`` are the buttons it knows,
    ``edit_every`` the seconds between two passing edits in one channel. ``signing`` signs pictures.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        engine: RenderEngine,
        database: Database,
        *,
        actions: Actions | None = None,
        edit_every: float = EDIT_EVERY,
        signing: Signing | None = None,
    ) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        heartbeat.install()
        # Of messages only those that mention the bot come with their text; none of it is a privileged intent.
        intents = discord.Intents(
            guilds=True, guild_messages=True, dm_messages=True, guild_reactions=True, dm_reactions=True
        )
        self._metrics = Metrics()
        super().__init__(
            intents=intents,
            http_trace=_timed(self._metrics),
            proxy=settings.easel_proxy or None,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            # Commands and buttons need no list of servers; by default the start waits two seconds for it.
            guild_ready_timeout=0.2,
            # With a gateway of one's own there is nobody to ask how many shards it wants.
            shard_count=1 if settings.discord_gateway_url else None,
        )
        self._actions = actions or catalogue.actions(with_studio=bool(settings.easel_studio))
        self.tree = EaselTree(self)
        self.hub = self._hub(settings, registry, engine, database, edit_every, signing)
        self._recovery: asyncio.Task[None] | None = None
        self._default: asyncio.Task[None] | None = None

    async def setup_hook(self) -> None:
        """Make commands answerable; nothing here waits for a model."""
        await self.hub.rules.load()
        await self.hub.moderation.load()
        await self.hub.models.look()
        # Looked up before the first interaction, so that what this life takes on is not among it.
        jobs, promises = await self.hub.jobs.unfinished(), await self.hub.promises.open()
        await asyncio.to_thread(parse, "the first prompt builds the parser")
        commands.register(self.tree, with_studio=bool(self.hub.settings.easel_studio))
        try:
            await self.tree.sync()
        except discord.HTTPException as error:
            log.error("Discord did not take the commands (%s); those it has from before still work", error)
        self._recovery = asyncio.create_task(self._recover(jobs, promises), name="recovery")
        default = self.hub.models.have(self.hub.settings.easel_model)
        self._default = asyncio.create_task(default, name="default model")

    async def on_ready(self) -> None:
        """Say that slash commands are answered from now on."""
        log.info("ready as %s in %d servers", self.user, len(self.guilds))

    async def close(self) -> None:
        """Leave every job where it stands, then leave Discord."""
        if self._recovery is not None:
            self._recovery.cancel()
        self.hub.models.close()
        if self._default is not None:
            self._default.cancel()
        await self.hub.flow.close()
        await self.hub.delivery.close()
        await self.hub.moderators.close()
        await self.hub.links.close()
        await self.hub.words.close()
        await super().close()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Buttons, menus and dialogs come back here; commands have a way of their own."""
        if interaction.type in (
            discord.InteractionType.component,
            discord.InteractionType.modal_submit,
        ):
            await self._actions.answer(interaction)

    async def on_message(self, message: discord.Message) -> None:
        """Whoever writes the bot's name gets what it can do."""
        await answer_mention(self, message)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Reactions of a job's owner: ❌ stops or deletes it, ✉️ sends its pictures."""
        if self.user is not None and payload.user_id != self.user.id:
            await react(self.hub, payload)

    def _hub(
        self,
        settings: Settings,
        registry: Registry,
        engine: RenderEngine,
        database: Database,
        edit_every: float,
        signing: Signing | None,
    ) -> Hub:
        metrics = self._metrics
        people, jobs, promises = People(database), Jobs(database), Promises(database)
        showings, panels = Showings(database), Panels(database)
        keep = Keep.parsed(settings.easel_keep)
        pictures = Pictures(settings.easel_data / "pictures")
        limits = Limits(settings.easel_running_per_user, settings.easel_queued_per_user)
        rules, usage = Rules(database, limits), Usage(database)
        buttons = self._actions.under
        results = Results(jobs, pictures, buttons, signing)
        delivery = Delivery(self)
        updates = Updates(delivery, jobs, edit_every)
        marks = settings.easel_mark == "on"
        moderation = Moderation(database, settings.easel_hide_above, settings.easel_hide_above_adult)
        direct_messages = DirectMessages(self, people, jobs, results)
        moderators = Moderators(self, moderation, direct_messages)
        flow = JobFlow(
            *(engine, jobs, showings, pictures, results, delivery, updates, limits, buttons, marks),
            moderators=moderators,
            metrics=metrics,
        )
        flow.on_delivery(direct_messages.after_delivery)
        self.pruning = Pruning(Retention(database, keep), jobs, panels, pictures)
        named = [int(word) for word in settings.easel_admins.split(",") if word.strip()]
        models = Models(registry, engine, settings)
        banned, words, links = BannedWords(settings.easel_banned_words), words_of(settings, engine), Links()
        gate = Gate(people, rules, promises, named, self._owners, metrics)
        quota = Quota(rules, usage, flow.under_way)
        taking = Taking(rules, quota, flow, lambda: pictures.holding(jobs.unneeded))
        uploads = Uploads(pictures, links, panels, settings.studio_url, jobs.unneeded)
        drafting = Drafting(
            models, pictures, uploads, banned, words, settings.easel_model, gate.known_operator
        )
        return Hub(
            settings=settings,
            models=models,
            engine=engine,
            people=people,
            jobs=jobs,
            showings=showings,
            history=History(database),
            favourites=Favourites(database),
            usage=usage,
            promises=promises,
            sign_ins=SignIns(database),
            panels=panels,
            personal=PersonalData(database, jobs, usage),
            keep=keep,
            pictures=pictures,
            rules=rules,
            moderation=moderation,
            quota=quota,
            banned=banned,
            links=links,
            uploads=uploads,
            drafting=drafting,
            continuations=Continuations(drafting, jobs, results),
            taking=taking,
            proofs=Proofs(engine, taking, usage),
            results=results,
            samples=Samples(settings.easel_data / "samples", engine, lambda: models.registry),
            delivery=delivery,
            flow=flow,
            direct_messages=direct_messages,
            moderators=moderators,
            gate=gate,
            guide=_guide(),
            metrics=metrics,
            words=words,
        )

    async def direct(self, user_id: int) -> int:
        """The id of the channel in which the bot writes to one user alone."""
        return (await self.create_dm(discord.Object(user_id))).id

    async def _owners(self) -> list[int]:
        owned = await self.application_info()
        return [member.id for member in owned.team.members] if owned.team else [owned.owner.id]

    async def _learn_operators(self) -> None:
        try:
            await self.hub.gate.learn_operators()
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.warning("Discord does not say who runs this bot: %s", error)

    async def _recover(self, jobs: Sequence[JobRecord], promises: Sequence[Promise]) -> None:
        """Go on with what an earlier life left behind; a step that fails is logged, the others are taken."""
        await self.wait_until_ready()
        self.hub.flow.recover(jobs)
        if jobs:
            log.info("took up %d unfinished jobs", len(jobs))
        await _tried("learning who runs this bot", self._learn_operators())
        await _tried("removing files that nothing needs", self._sweep())
        for promise in promises:
            await _tried(f"the answer to interaction {promise.interaction_id}", self._excuse(promise))
        await _tried("removing what is too old", self.pruning.run())

    async def _sweep(self) -> None:
        if removed := await self.hub.pictures.sweep(self.hub.jobs.files):
            log.info("removed %d files that nothing needs", removed)

    async def _excuse(self, promise: Promise) -> None:
        await self.hub.delivery.excuse(promise, interrupted())
        await self.hub.promises.answered(promise.interaction_id)


async def _tried(what: str, step: Awaitable[None]) -> None:
    try:
        await step
    except Exception as error:  # whatever it is, what comes behind it does not depend on it
        log.error("%s failed; it is tried again at the next start", what, exc_info=error)


def _timed(metrics: Metrics) -> aiohttp.TraceConfig:
    """Counts what is asked of Discord, and how it answers."""
    trace = aiohttp.TraceConfig()

    async def began(_: object, kept: SimpleNamespace, __: object) -> None:
        kept.began = time.monotonic()

    async def answered(_: object, kept: SimpleNamespace, said: aiohttp.TraceRequestEndParams) -> None:
        metrics.count("easel_discord_requests_total", status=str(said.response.status))
        metrics.observe("easel_discord_request_seconds", time.monotonic() - kept.began)

    async def broke(*_: object) -> None:
        metrics.count("easel_discord_requests_total", status="none")

    trace.on_request_start.append(began)
    trace.on_request_end.append(answered)
    trace.on_request_exception.append(broke)
    return trace


def _guide() -> Guide:
    """What answers questions: the parameters, the pages, and the commands that these leave out."""
    pages = [*passages.of_pages()]
    return Guide([*passages.of_parameters(), *pages, *passages.of_commands(commands.described(), pages)])
