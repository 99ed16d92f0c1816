"""An answer that is worked out first: a message in the place of "thinking …", and the promise of it kept.

Knows no particular answer.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from bot.messages.message import Message
from bot.messages.sending import edited
from bot.surface.hub import Interaction
from bot.surface.intake import prepared

__all__ = ["answer"]


async def answer(
    interaction: Interaction, work: Coroutine[Any, Any, Message], *, ephemeral: bool = False
) -> None:
    """Give whoever typed or pressed the message that ``work`` comes to; its errors are told in private.

    Of the pictures that it kept those stay that a row needs then.
    """
    message, _ = await prepared(interaction, _held(interaction, work), ephemeral=ephemeral)
    await interaction.edit_original_response(**edited(message, interaction.user.id))
    await interaction.client.hub.promises.answered(interaction.id)


async def _held(interaction: Interaction, work: Coroutine[Any, Any, Message]) -> Message:
    hub = interaction.client.hub
    async with hub.pictures.holding(hub.jobs.unneeded):
        return await work
