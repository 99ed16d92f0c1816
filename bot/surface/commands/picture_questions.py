"""Questions about a picture, for their asker alone: `/ask` with one."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import discord

from bot.jobs.uploads import KeptPicture
from bot.memory.picture_files import fitted
from bot.messages.message import Message
from bot.messages.wording import BLUE, quoted
from bot.surface.answering import answer
from bot.surface.hub import Interaction
from bot.surface.pictures import check_upload, kept_upload
from bot.surface.places import ANYWHERE

__all__ = ["about_upload"]

USUAL = "What is in this picture?"
LONGEST = 1000  # characters of a question or an answer


async def about_upload(interaction: Interaction, image: discord.Attachment, question: str) -> None:
    """Answer a question about a picture that someone brings. Raises Refusal and BadPicture."""
    check_upload(image)
    picture = kept_upload(interaction, image)
    await answer(interaction, _told(interaction, picture, question), ephemeral=True)


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
    embed = discord.Embed(description="\n\n".join(lines), colour=BLUE)
    embed.set_image(url=f"attachment://picture.{extension}")
    embed.set_footer(text=" ".join(notes) or None)
    return Message(files=((f"picture.{extension}", data),), embeds=(embed,))
