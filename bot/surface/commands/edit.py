"""``/edit`` and the message menu *Edit picture*: a picture that somebody brought, changed as they say."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.jobs.draft import Draft
from bot.memory.panels import EditedPicture
from bot.memory.people import User
from bot.surface.actions import CHANGE, Answers, Dialog
from bot.surface.hub import Interaction
from bot.surface.intake import read, take
from bot.surface.panels import PanelKind
from bot.surface.pictures import check_upload, first_picture, kept_file, kept_upload

__all__ = ["DIALOGS", "edit", "edit_menu"]

PICTURE = PanelKind(EditedPicture, gone="That picture is no longer known here; choose it again.")


@app_commands.command(description="Change a picture as you say, and leave the rest")
@app_commands.describe(image="The picture to change", prompt="What is to change, such as: make it night")
async def edit(interaction: Interaction, image: discord.Attachment, prompt: str) -> None:
    """A grid of four ways to do it."""
    check_upload(image)
    specs = read(interaction, prompt)

    async def make(user: User) -> list[Draft]:
        drafting = interaction.client.hub.drafting
        return await drafting.edits(user, prompt, specs, await kept_upload(interaction, image))

    await take(interaction, make, specs)


@app_commands.context_menu(name="Edit picture")
async def edit_menu(interaction: Interaction, message: discord.Message) -> None:
    """The message's first picture is to be changed; a dialog asks how."""
    upload = first_picture(message)
    panel = await PICTURE.opened(interaction, EditedPicture(upload.url))
    await ASKED.open(interaction, panel.id, 0, prompt="")


async def _asked(interaction: Interaction, panel_id: str, _: int, said: Answers) -> None:
    """The dialog came back."""
    url = (await PICTURE.fetched(interaction, panel_id)).data.url
    specs = read(interaction, said["prompt"])

    async def make(user: User) -> list[Draft]:
        drafting = interaction.client.hub.drafting
        return await drafting.edits(user, said["prompt"], specs, await kept_file(interaction, url))

    await take(interaction, make, specs)


ASKED = Dialog("edit_picture", "Edit picture", _asked, (CHANGE,))

DIALOGS = (ASKED,)
