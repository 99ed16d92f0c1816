"""Questions about a picture, for their asker alone: `/ask` with one."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import discord

from bot.memory.picture_files import fitted
from bot.messages.message import Message
from bot.messages.sending import edited
from bot.messages.wording import quoted
from bot.surface.hub import Interaction
from bot.surface.intake import ANYWHERE, prepared
from bot.surface.pictures import KeptPicture, check_upload, kept_upload

__all__ = ["about_upload"]

USUAL = "What is in this picture?"
LONGEST = 1000  # characters of a question or an answer
COLOUR = 0x5865F2


async def about_upload(interaction: Interaction, image: discord.Attachment, question: str) -> None:
    """Answer a question about a picture that someone brings. Raises Refusal and BadPicture."""
    check_upload(image)
    await _answer(interaction, kept_upload(interaction, image), question)


async def _answer(interaction: Interaction, picture: Coroutine[Any, Any, KeptPicture], question: str) -> None:
    message, _ = await prepared(interaction, _told(interaction, picture, question), ephemeral=True)
    await interaction.edit_original_response(**edited(message, interaction.user.id))
    await interaction.client.hub.promises.answered(interaction.id)


async def _told(
    interaction: Interaction, picture: Coroutine[Any, Any, KeptPicture], question: str
) -> Message:
    hub = interaction.client.hub
    found = await picture
    png = await hub.pictures.read(found.name)
    asked = question.strip()[:LONGEST] or USUAL
    answer, notes = await hub.words.answer(png, asked)
    data, extension = await fitted(png, min(interaction.filesize_limit, ANYWHERE))
    lines = [f"**{quoted(asked, LONGEST)}**", quoted(answer, LONGEST), *found.notes]
    embed = discord.Embed(description="\n\n".join(lines), colour=COLOUR)
    embed.set_image(url=f"attachment://picture.{extension}")
    embed.set_footer(text=" ".join(notes) or None)
    return Message(files=((f"picture.{extension}", data),), embeds=(embed,))
