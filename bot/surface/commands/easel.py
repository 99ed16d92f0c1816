"""`/easel`: what the bot's operators may do. Everybody else is told that they may not."""

from __future__ import annotations

import logging

import discord
from discord import app_commands

from bot.errors import Refusal
from bot.memory.rules import Limits
from bot.messages.wording import mention, quoted
from bot.surface.commands.models import Models
from bot.surface.commands.operators import Guarded
from bot.surface.commands.preferences import tell
from bot.surface.hub import Interaction

__all__ = ["Easel"]

log = logging.getLogger(__name__)


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

    @app_commands.command(
        description="How many jobs the members of a role may have; without numbers as everyone"
    )
    async def limit(
        self,
        interaction: Interaction,
        role: discord.Role,
        running: app_commands.Range[int, 1, 100] | None = None,
        queued: app_commands.Range[int, 0, 1000] | None = None,
    ) -> None:
        """The most generous of a user's roles counts."""
        rules = interaction.client.hub.rules
        if running is None and queued is None:
            await rules.limit(role.id, None)
            await tell(interaction, f"{role.mention} has the limits of everyone.")
            return
        everyone = rules.limits(())
        limits = Limits(running or everyone.running, everyone.queued if queued is None else queued)
        await rules.limit(role.id, limits)
        await tell(interaction, f"{role.mention}: {limits.running} running, {limits.queued} waiting.")

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
        await tell(
            interaction,
            f"{user.mention} {'may not use Easel any more' if banned else 'may use Easel again'}.",
        )
