"""`/cancel`: all of one's jobs that wait or are being drawn, at once."""

from __future__ import annotations

from discord import app_commands

from bot.errors import Refusal
from bot.surface.hub import Interaction

__all__ = ["cancel"]


@app_commands.command(description="Cancel all of your jobs that wait or are being drawn")
async def cancel(interaction: Interaction) -> None:
    """Each job's own message says that it was cancelled."""
    count = await interaction.client.hub.flow.cancel_all(interaction.user.id)
    if not count:
        raise Refusal("None of your jobs waits or is being drawn.")
    jobs = "One job is" if count == 1 else f"{count} jobs are"
    await interaction.response.send_message(f"{jobs} being cancelled.", ephemeral=True)
