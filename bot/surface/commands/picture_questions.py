"""Questions about a picture, for their asker alone: `/ask` with one, the message menu *Ask about picture*."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import discord
from discord import app_commands

from bot.errors import Refusal
from bot.memory.panels import PictureQuestion
from bot.memory.picture_files import fitted
from bot.messages.dialogs import Field
from bot.messages.message import Message
from bot.messages.sending import edited
from bot.messages.wording import quoted
from bot.surface.actions import Answers, Dialog
from bot.surface.hub import Interaction
from bot.surface.intake import ANYWHERE, KeptPicture, check_upload, kept, kept_upload, prepared
from bot.surface.panels import PanelKind

__all__ = ["DIALOGS", "about_upload", "ask_menu"]

USUAL = "What is in this picture?"
LONGEST = 1000  # characters of a question or an answer
COLOUR = 0x5865F2
ASKED = PanelKind(PictureQuestion, gone="That picture is no longer known here; choose it again.")


async def about_upload(interaction: Interaction, image: discord.Attachment, question: str) -> None:
    """Answer a question about a picture that someone brings. Raises Refusal and BadPicture."""
    check_upload(image)
    await _answer(interaction, kept_upload(interaction, image), question)


@app_commands.context_menu(name="Ask about picture")
async def ask_menu(interaction: Interaction, message: discord.Message) -> None:
    """A dialog asks for the question about the message's first picture."""
    upload = next((a for a in message.attachments if (a.content_type or "").startswith("image/")), None)
    if upload is None:
        raise Refusal("This message holds no picture.", "Invalid picture")
    check_upload(upload)
    panel = await ASKED.opened(interaction, PictureQuestion(upload.url))
    await QUESTION.open(interaction, panel.id, 0, question="")


async def _asked(interaction: Interaction, panel_id: str, _: int, said: Answers) -> None:
    """The question came back. The picture's address is Discord's own."""
    url = (await ASKED.fetched(interaction, panel_id)).data.url

    async def fetched() -> KeptPicture:
        return await kept(interaction, await interaction.client.http.get_from_cdn(url))

    await _answer(interaction, fetched(), said["question"])


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


QUESTION = Dialog("ask_picture", "Ask about picture", _asked, (Field("question", "Question"),))

DIALOGS = (QUESTION,)
