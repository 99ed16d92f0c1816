"""``/describe``: a picture becomes four prompts, each with a button that draws it."""

from __future__ import annotations

import math
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands

from bot.errors import Gone, Refusal
from bot.jobs.draft import Draft
from bot.jobs.uploads import KeptPicture
from bot.memory.panels import Described, Panel, Prompts
from bot.memory.people import User
from bot.memory.picture_files import fitted, size_of
from bot.messages.message import File, Message
from bot.messages.wording import BLUE, quoted
from bot.surface.actions import Action
from bot.surface.answering import answer
from bot.surface.commands.found_prompts import Shown, found_in
from bot.surface.commands.imagine import run
from bot.surface.hub import Interaction
from bot.surface.intake import read, take
from bot.surface.panels import PanelKind
from bot.surface.pictures import bytes_of, kept
from bot.surface.places import ANYWHERE

__all__ = ["ACTIONS", "DIGITS", "DRAW", "describe"]

DIGITS = ("1️⃣", "2️⃣", "3️⃣", "4️⃣")
GONE = "These prompts are no longer kept here."
PROMPTS = PanelKind(Prompts, gone=GONE, shared=True)
DESCRIBED = PanelKind(Described, gone=GONE, shared=True)


@app_commands.command(description="Get four prompts for a picture")
@app_commands.describe(image="A picture to describe", link="The address of a picture to describe")
async def describe(
    interaction: Interaction, image: discord.Attachment | None = None, link: str | None = None
) -> None:
    """Prompts from a picture, for those who have no words yet; and the one that its file holds, if any."""
    if (image is None) == (link is None):
        raise Refusal("Give a picture, either as `image` or as `link`.", "Invalid picture")
    await _answer(interaction, _described(interaction, image or str(link)))


async def _draw(interaction: Interaction, panel_id: str, index: int) -> None:
    """A number was pressed: imagine that prompt, whatever the model knows of it."""
    prompts = (await PROMPTS.fetched(interaction, panel_id)).data.prompts
    if not 1 <= index <= len(prompts):
        raise Gone("There is no such prompt.")
    await run(interaction, prompts[index - 1], anyway=True)


async def _draw_all(interaction: Interaction, panel_id: str, _: int) -> None:
    """🎉: imagine all of them."""
    prompts = (await PROMPTS.fetched(interaction, panel_id)).data.prompts
    user = await interaction.client.hub.user_of(interaction)
    specs = [read(interaction, prompt, user) for prompt in prompts]

    async def make(user: User) -> list[Draft]:
        drafts = [
            await interaction.client.hub.drafting.drafts(user, prompt, made)
            for prompt, made in zip(prompts, specs, strict=True)
        ]
        return [draft for some in drafts for draft in some]

    await take(interaction, make, [spec for some in specs for spec in some])


async def _again(interaction: Interaction, panel_id: str, index: int) -> None:
    """🔄: other prompts for the same picture, whichever of its answers is pressed."""
    first = await DESCRIBED.fetched(interaction, panel_id)
    await _answer(interaction, _others(interaction, first))


async def _answer(interaction: Interaction, work: Coroutine[Any, Any, Message]) -> None:
    """For all to see, unless whoever asked wants to be seen by nobody."""
    user = await interaction.client.hub.user_of(interaction)
    await answer(interaction, work, ephemeral=user.stealth)


async def _others(interaction: Interaction, first: Panel[Described]) -> Message:
    counted = await interaction.client.hub.panels.rewrite(
        first.id, Described, lambda data: replace(data, turns=data.turns + 1)
    )
    if counted is None:
        raise Gone(GONE)
    return await _told(interaction, KeptPicture(first.data.picture), counted)


async def _described(interaction: Interaction, source: discord.Attachment | str) -> Message:
    data = await bytes_of(interaction, source)
    picture = await kept(interaction, data)
    return await _told(interaction, picture, found=await found_in(interaction, data))


async def _told(
    interaction: Interaction,
    picture: KeptPicture,
    first: Panel[Described] | None = None,
    found: Shown | None = None,
) -> Message:
    """The prompts of the next turn; ``first`` is the panel that counts them, if this is not it.

    ``found`` is what the picture's own file says.
    """
    hub = interaction.client.hub
    png = await hub.pictures.read(picture.name)
    described = await hub.engine.describe(png, first.data.turns if first else 0)
    prompts = [_with_ratio(prompt, png) for prompt in described.prompts]
    panel = await DESCRIBED.opened(interaction, Described(prompts, picture.name))
    data, extension = await fitted(png, min(interaction.filesize_limit, ANYWHERE))
    message = _message(panel, first or panel, data, extension, picture.notes)
    message.embeds[0].set_footer(text=" ".join(described.notes) or None)
    return message if found is None else _with_found(message, found)


def _with_found(message: Message, found: Shown) -> Message:
    """The message with the prompt that the picture's file holds, which is no guess, and its button."""
    *rows, last = message.rows
    if found.button is not None:
        last = (*last, found.button)
    embed = discord.Embed(description=found.text, colour=BLUE)
    return replace(message, embeds=(*message.embeds, embed), rows=(*rows, last))


def _message(
    panel: Panel[Described], first: Panel[Described], data: bytes, extension: str, notes: Sequence[str]
) -> Message:
    prompts = panel.data.prompts
    lines = [f"{digit} {quoted(prompt, 900)}" for digit, prompt in zip(DIGITS, prompts, strict=False)]
    lines += notes
    embed = discord.Embed(description="\n\n".join(lines), colour=BLUE)
    embed.set_image(url=f"attachment://{panel.id}.{extension}")
    numbers = tuple(
        DRAW.button(panel.id, n, emoji=digit) for n, digit in enumerate(DIGITS[: len(prompts)], 1)
    )
    return Message(
        files=(File(f"{panel.id}.{extension}", data, "Picture to be described"),),
        embeds=(embed,),
        rows=((*numbers, AGAIN.button(first.id)), (DRAW_ALL.button(panel.id),)),
    )


def _with_ratio(prompt: str, png: bytes) -> str:
    """The prompt, ending in the picture's proportion where it does not already."""
    if "--ar" in prompt:
        return prompt
    width, height = size_of(png)
    shared = math.gcd(width, height)
    return f"{prompt} --ar {width // shared}:{height // shared}"


DRAW = Action(name="draw", press=_draw)
AGAIN = Action(name="describe", press=_again, emoji="🔄")
DRAW_ALL = Action(name="draw_all", press=_draw_all, label="Imagine all", emoji="🎉")

ACTIONS = (DRAW, AGAIN, DRAW_ALL)
