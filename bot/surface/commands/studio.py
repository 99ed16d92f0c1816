"""`/studio`: the way to one's own page."""

from __future__ import annotations

from discord import app_commands

from bot.surface.hub import Interaction
from bot.surface.studio_link import send_link

__all__ = ["studio"]


@app_commands.command(description="Your own page: all your pictures at a glance, and an editor with a brush")
async def studio(interaction: Interaction) -> None:
    """A link, for the user's eyes only."""
    await send_link(interaction)
