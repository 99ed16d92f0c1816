"""What there is to know: `/info` about oneself, `/show` about one job."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.errors import Gone, Refusal
from bot.messages.wording import quoted
from bot.surface.hub import Interaction
from bot.surface.places import roles_of
from bot.surface.showing import show_again

__all__ = ["info", "show"]


@app_commands.command(description="Your settings, your usage and the queue")
async def info(interaction: Interaction) -> None:
    """For the user's eyes only."""
    hub = interaction.client.hub
    user = await hub.user_of(interaction)
    pictures, seconds = await hub.usage.of(user.id)
    left = await hub.quota.left(user.id, roles_of(interaction))
    allowed = left.allowance
    waiting, running = hub.flow.live(user.id)
    all_waiting, all_running = hub.flow.live()
    stylize = "default" if user.stylize is None else str(user.stylize)
    lines = [
        f"**Your user ID**: {user.id}",
        f"**Job Mode**: {user.lane.capitalize()}",
        f"**Model**: {hub.model_of(user)}",
        f"**Stylize**: {stylize}",
        f"**Visibility Mode**: {'Stealth' if user.stealth else 'Public'}",
        f"**Variations**: {'High' if user.strong else 'Low'}",
        f"**Remix**: {'on' if user.remix else 'off'}",
        f"**Suffix**: {quoted(user.suffix, 500) or 'none'}",
        f"**Pictures are kept**: {hub.keep.sentence}",
        f"**Lifetime Usage**: {pictures} images ({seconds / 3600:.2f} hours)",
        *([f"**Left Today**: {left.sentence}"] * bool(left.sentence)),
        *(
            [f"**Open To You**: {', '.join(sorted(open_models))}"]
            if (open_models := allowed.models) is not None
            else []
        ),
        *([f"**Your Speeds**: {', '.join(sorted(lanes))}"] if (lanes := allowed.lanes) is not None else []),
        "",
        f"**Your Queued Jobs**: {waiting}",
        f"**Your Running Jobs**: {running}",
        f"**Queued Jobs**: {all_waiting}",
        f"**Running Jobs**: {all_running}",
    ]
    embed = discord.Embed(title=f"Your info - {user.name}"[:256], description="\n".join(lines))
    await interaction.response.send_message(embed=embed, ephemeral=True)


@app_commands.command(description="Show one of your jobs again, with its buttons")
@app_commands.describe(job_id="The job's id: the end of its picture's name, or from ✉️")
async def show(interaction: Interaction, job_id: str) -> None:
    """The job's message once more; its buttons work in both places."""
    hub = interaction.client.hub
    job = await hub.jobs.get(job_id.strip().lower())
    if job is None or job.user_id != interaction.user.id:
        raise Gone("You have no job with that id.")
    if not job.status.has_pictures:
        raise Refusal("That job has no pictures.")
    await show_again(interaction, job)
