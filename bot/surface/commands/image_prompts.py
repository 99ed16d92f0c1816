"""The menu *Use as image prompt*: a dialog for the words, and the prompt in the picture's file."""

from __future__ import annotations

import logging

import aiohttp
import discord
from discord import app_commands

from bot.errors import Refusal
from bot.memory.panels import ImagePrompt
from bot.messages.dialogs import Field
from bot.messages.message import Message
from bot.messages.sending import posted
from bot.messages.wording import BLUE
from bot.surface.actions import Answers, Dialog
from bot.surface.commands.found_prompts import found_in
from bot.surface.commands.imagine import asked_first, take_with
from bot.surface.hub import Interaction
from bot.surface.intake import read
from bot.surface.panels import PanelKind
from bot.surface.pictures import bytes_of, first_picture, link_of

__all__ = ["DIALOGS", "image_menu"]

log = logging.getLogger(__name__)

IMAGE = PanelKind(ImagePrompt, gone="That picture is no longer known here; choose it again.")


@app_commands.context_menu(name="Use as image prompt")
async def image_menu(interaction: Interaction, message: discord.Message) -> None:
    """The message's first picture becomes an image prompt; a dialog asks for the words."""
    upload = first_picture(message)
    panel = await IMAGE.opened(interaction, ImagePrompt(upload.url))
    await WORDS.open(interaction, panel.id, 0, prompt="")
    await _show_found(interaction, upload)


async def _show_found(interaction: Interaction, upload: discord.Attachment) -> None:
    """Beside the dialog: what the picture's file says of its own prompt. Not being told it hurts nobody."""
    try:
        found = await found_in(interaction, await bytes_of(interaction, upload))
        if found is None:
            return
        embed = discord.Embed(description=found.text, colour=BLUE)
        told = Message(embeds=(embed,), rows=((found.button,),) if found.button else ())
        await interaction.followup.send(ephemeral=True, **posted(told, interaction.user.id))
    except (Refusal, discord.HTTPException, aiohttp.ClientError, OSError) as error:
        log.info("the prompt in a picture's file was not shown: %s", error)


async def _with_image(interaction: Interaction, panel_id: str, _: int, said: Answers) -> None:
    """The words for a picture came back."""
    url = (await IMAGE.fetched(interaction, panel_id)).data.url
    whole = f"{link_of(url)} {said['prompt']}"
    specs = read(interaction, whole, await interaction.client.hub.user_of(interaction))
    if not await asked_first(interaction, said["prompt"], len(specs), [url]):
        await take_with(interaction, whole, specs, [url])


WORDS = Dialog("with_image", "Use as image prompt", _with_image, (Field("prompt", "Prompt"),))

DIALOGS = (WORDS,)
