"""`/easel`: what the bot's operators may do. Everybody else is told that they may not."""

from __future__ import annotations

import asyncio
import logging
import math
import shutil
from collections import Counter
from collections.abc import Callable

import discord
from discord import app_commands

from bot.errors import Refusal
from bot.memory.rules import ALL, Limits, Subject
from bot.messages.wording import mention, quoted
from bot.surface.commands.models import Models
from bot.surface.commands.moderation import ModerationCommands
from bot.surface.commands.operators import Guarded
from bot.surface.commands.preferences import tell
from bot.surface.hub import Hub, Interaction
from engine import Lane

__all__ = ["Easel"]

log = logging.getLogger(__name__)

ENDS = ("delivered", "failed", "cancelled")


class Easel(Guarded):
    """The operators' commands."""

    def __init__(self) -> None:
        super().__init__(
            name="easel",
            description="For the operators of this bot",
            # Whom Discord shows them to; who may use them is checked again.
            default_permissions=discord.Permissions(manage_guild=True),
        )
        self.add_command(Models())
        self.add_command(ModerationCommands())

    @app_commands.command(description="What waits and what is being rendered")
    async def queue(self, interaction: Interaction) -> None:
        """The jobs in order, newest last."""
        hub = interaction.client.hub
        jobs = await hub.jobs.unfinished()
        lines = [
            f"{mention(job.user_id)} {job.status.name.lower()}:"
            f" {'(private)' if job.place.private else quoted(job.shown, 80)}"
            for job in jobs[:15]
        ]
        waiting, running = hub.flow.live()
        state = "Paused. " if hub.rules.paused else ""
        await tell(interaction, "\n".join((f"{state}{waiting} waiting, {running} running.", *lines))[:2000])

    @app_commands.command(description="How this bot is doing: jobs, renderer, Discord, disk")
    async def status(self, interaction: Interaction) -> None:
        """What one looks at first when somebody complains."""
        client = interaction.client
        hub, engine = client.hub, client.hub.engine.status()
        lanes = Counter(run.job.lane for run in hub.flow.under_way.values())
        waiting, running = hub.flow.live()
        busy = ", ".join(f"{number} {lane}" for lane, number in sorted(lanes.items()))
        data = hub.settings.easel_data
        free = await asyncio.to_thread(lambda: shutil.disk_usage(data).free)
        ended = {name: hub.metrics.total("easel_jobs_total", outcome=name) for name in ENDS}
        lines = [
            f"**Jobs**: {waiting} waiting, {running} running{f' ({busy})' * bool(busy)}",
            f"**Since the start**: {', '.join(f'{number:g} {name}' for name, number in ended.items())}",
            f"**Taking new jobs**: {'no, paused' if hub.rules.paused else 'yes'}",
            f"**Renderer**: {engine.workers} workers, in memory: {', '.join(engine.models) or 'no model'}",
            *(
                f"**{work.device}**: {work.seconds / work.forwards:.3f} s a step,"
                f" {work.rows / work.forwards:.1f} rows a forward, {work.memory / 1e9:.1f} GB"
                for work in engine.work
                if work.forwards
            ),
            f"**Discord**: {1e3 * client.latency:.0f} ms"
            if math.isfinite(client.latency)
            else "**Discord**: –",
            f"**Disk**: {free / 1e9:.1f} GB free",
        ]
        await tell(interaction, "\n".join(lines)[:2000])

    @app_commands.command(description="Take no new jobs; those that are kept go on")
    async def pause(self, interaction: Interaction) -> None:
        """Until they are taken again, or the bot is started anew."""
        interaction.client.hub.rules.paused = True
        await tell(interaction, "Paused: no new jobs are taken until `/easel resume`.")

    @app_commands.command(description="Take no new jobs, finish those that are kept, then say so")
    async def drain(self, interaction: Interaction) -> None:
        """What one does before an update; the news comes by direct message when it takes long."""
        hub = interaction.client.hub
        hub.rules.paused = True
        count = sum(hub.flow.live())
        await tell(interaction, f"No new jobs are taken. {count} go on; you are told when they are done.")
        await hub.flow.lines.idle()
        if not hub.rules.paused:
            return
        said = "Drained: every job is finished. `/easel resume` takes new ones."
        try:
            await interaction.edit_original_response(content=said)
        except discord.HTTPException as error:
            log.info("the answer to a drain cannot be edited (%s); it goes to its operator", error)
            await interaction.user.send(said)

    @app_commands.command(description="Take new jobs again")
    async def resume(self, interaction: Interaction) -> None:
        """The end of a pause."""
        interaction.client.hub.rules.paused = False
        await tell(interaction, "New jobs are taken again.")

    @app_commands.command(description="Keep a user from using this bot")
    async def ban(self, interaction: Interaction, user: discord.User) -> None:
        """From now on everything is refused to them."""
        await self._ban(interaction, user, banned=True)

    @app_commands.command(description="Let a user use this bot again")
    async def unban(self, interaction: Interaction, user: discord.User) -> None:
        """The end of a ban."""
        await self._ban(interaction, user, banned=False)

    @app_commands.command(description="What everyone, a role or a user may have; without values as before")
    @app_commands.describe(
        role="For the members of a role; the most generous of one's roles counts",
        user="For one user, before what roles say",
        running="Jobs that render at a time (roles)",
        queued="Jobs that wait (roles)",
        pictures="Pictures a day",
        gpu_seconds="Seconds of rendering a day",
        models="Names from the list of models with commas between, or: all",
        lanes="Of turbo, fast and relax, with commas between, or: all",
    )
    async def limit(
        self,
        interaction: Interaction,
        role: discord.Role | None = None,
        user: discord.User | None = None,
        running: app_commands.Range[int, 1, 100] | None = None,
        queued: app_commands.Range[int, 0, 1000] | None = None,
        pictures: app_commands.Range[int, 0, 1_000_000] | None = None,
        gpu_seconds: app_commands.Range[int, 0, 1_000_000] | None = None,
        models: str | None = None,
        lanes: str | None = None,
    ) -> None:
        """A user's own rule goes before their roles', these before everyone's."""
        hub = interaction.client.hub
        if role is not None and user is not None:
            raise Refusal("Name a role or a user, not both.")
        if role is None and (running, queued) != (None, None):
            raise Refusal("How many jobs may run and wait is set for roles; for everyone in .env.")
        subject: Subject = ("everyone", 0)
        if role is not None or user is not None:
            subject = ("user", user.id) if user else ("role", role.id)  # type: ignore[union-attr]  # one is there
        daily = {
            "pictures": pictures,
            "seconds": gpu_seconds,
            "models": _names(models, lambda name: hub.registry.get(name).name),
            "lanes": _names(lanes, lambda name: Lane(name.lower())),
        }
        given = {name: value for name, value in daily.items() if value is not None}
        parts = [f"{name} {value}" for name, value in given.items()]
        if role is not None and (not given or running is not None or queued is not None):
            parts = [await self._shares(hub, role.id, running, queued), *parts]
        if given or (running is None and queued is None):
            await hub.rules.allot(subject, **given)  # type: ignore[arg-type]  # by their names
        whom = role.mention if role else user.mention if user else "Everyone"
        await tell(
            interaction, f"{whom}: {', '.join(filter(None, parts)) or 'no rule of their own any more'}."
        )

    @app_commands.command(description="What users were given, day by day")
    async def usage(
        self,
        interaction: Interaction,
        user: discord.User | None = None,
        days: app_commands.Range[int, 1, 366] = 7,
    ) -> None:
        """The newest day and whoever had most first."""
        found = await interaction.client.hub.usage.days(days, user.id if user else None)
        lines = [
            f"<t:{each.began}:d> {mention(each.user_id)}: {each.pictures} pictures, {each.seconds:.0f} s"
            for each in found
        ]
        await tell(interaction, "\n".join(lines)[:2000] or "Nothing was drawn in these days.")

    @staticmethod
    async def _shares(hub: Hub, role_id: int, running: int | None, queued: int | None) -> str:
        if running is None and queued is None:
            await hub.rules.limit(role_id, None)
            return ""
        everyone = hub.rules.limits(())
        limits = Limits(running or everyone.running, everyone.queued if queued is None else queued)
        await hub.rules.limit(role_id, limits)
        return f"{limits.running} running, {limits.queued} waiting"

    @app_commands.command(description="Answer in this channel; with allowed: False, no longer")
    async def channel(self, interaction: Interaction, allowed: bool = True) -> None:
        """Once a server names a channel, Easel answers in the named ones only."""
        if interaction.guild_id is None or interaction.channel_id is None:
            raise Refusal("This works in servers only.")
        await interaction.client.hub.rules.allow(
            interaction.guild_id, interaction.channel_id, allowed=allowed
        )
        await tell(interaction, "Easel answers here." if allowed else "This channel is no longer named.")

    async def _ban(self, interaction: Interaction, user: discord.User, *, banned: bool) -> None:
        people = interaction.client.hub.people
        await people.change(await people.get(user.id, user.name), banned=banned)
        if banned:
            await interaction.client.hub.sign_ins.end(user.id)
        await tell(
            interaction,
            f"{user.mention} {'may not use Easel any more' if banned else 'may use Easel again'}.",
        )


def _names(text: str | None, checked: Callable[[str], str]) -> str | None:
    """Names with commas between, each known; ``*`` for all. Raises Refusal and UnknownModel."""
    if text is None:
        return None
    if text.strip().lower() == "all":
        return ALL
    try:
        return ",".join(checked(name.strip()) for name in text.split(",") if name.strip())
    except ValueError:
        raise Refusal(f"Lanes are {', '.join(Lane)}; `{text}` names another one.") from None
