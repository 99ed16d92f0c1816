"""What keeps a group of commands to the bot's operators."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.errors import Refusal
from bot.surface.hub import Interaction

__all__ = ["Guarded", "operators_only"]


class Guarded(app_commands.Group):
    """Commands behind one check. A group inside another one does not inherit its check from there."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Operators only. Whoever is not hears it here, so that False needs no more."""
        try:
            await operators_only(interaction)
        except Refusal as refusal:
            await interaction.client.hub.gate.refuse(interaction, refusal)
            return False
        return True


async def operators_only(interaction: Interaction) -> None:
    """Lets operators pass. Raises Refusal."""
    if not await interaction.client.hub.gate.is_operator(interaction.user.id):
        raise Refusal("Only the operators of this bot may do that.")
