"""Questions about a picture, for their asker alone: `/ask` with one. The picture is not kept."""

from __future__ import annotations

import discord

from bot.memory.picture_files import fitted, normalised
from bot.messages.message import File, Message
from bot.messages.wording import BLUE, quoted
from bot.surface.answering import answer
from bot.surface.hub import Interaction
from bot.surface.pictures import bytes_of, check_upload
from bot.surface.places import ANYWHERE

__all__ = ["about_upload"]

USUAL = "What is in this picture?"
LONGEST = 1000  # characters of a question or an answer


async def about_upload(interaction: Interaction, image: discord.Attachment, question: str) -> None:
    """Answer a question about a picture that someone brings. Raises Refusal and BadPicture."""
    check_upload(image)
    await answer(interaction, _told(interaction, image, question), ephemeral=True)


async def _told(interaction: Interaction, image: discord.Attachment, question: str) -> Message:
    hub = interaction.client.hub
    found = await normalised(await bytes_of(interaction, image))
    asked = question.strip()[:LONGEST] or USUAL
    answer, notes = await hub.words.answer(found.png, asked)
    data, extension = await fitted(found.png, min(interaction.filesize_limit, ANYWHERE))
    lines = [f"**{quoted(asked, LONGEST)}**", quoted(answer, LONGEST), *found.notes]
    embed = discord.Embed(description="\n\n".join(lines), colour=BLUE)
    embed.set_image(url=f"attachment://picture.{extension}")
    embed.set_footer(text=" ".join(notes) or None)
    return Message(
        files=(File(f"picture.{extension}", data, "Picture that was asked about"),), embeds=(embed,)
    )
