"""``/describe``: a picture becomes four prompts, each with a button that draws it."""

from __future__ import annotations

import math
import uuid
from collections.abc import Coroutine, Sequence
from typing import Any

import discord
from discord import app_commands

from bot.errors import Gone, Refusal
from bot.jobs.delivery import parts
from bot.jobs.flow import Draft
from bot.memory.jobs import Panel
from bot.memory.people import User
from bot.messages.letters import Key, Letter, quoted
from bot.surface.client import Interaction
from bot.surface.commands.imagine import run
from bot.surface.intake import drafts_of, kept_link, kept_upload, prepared, read, take

__all__ = ["again", "describe", "draw", "draw_all"]

DIGITS = ("1️⃣", "2️⃣", "3️⃣", "4️⃣")
COLOUR = 0x5865F2


@app_commands.command(description="Get four prompts for a picture")
@app_commands.describe(image="A picture to describe", link="The address of a picture to describe")
async def describe(
    interaction: Interaction, image: discord.Attachment | None = None, link: str | None = None
) -> None:
    """Prompts from a picture, for those who have no words yet."""
    if (image is None) == (link is None):
        raise Refusal("Give a picture, either as `image` or as `link`.", "Invalid picture")
    await _answer(interaction, _described(interaction, image, link))


async def draw(interaction: Interaction, panel_id: str, index: int) -> None:
    """A number was pressed: imagine that prompt."""
    panel = await _panel(interaction, panel_id)
    prompts = panel.data["prompts"]
    if not 1 <= index <= len(prompts):
        raise Gone("There is no such prompt.")
    await run(interaction, prompts[index - 1])


async def draw_all(interaction: Interaction, panel_id: str, _: int) -> None:
    """🎉: imagine all of them."""
    panel = await _panel(interaction, panel_id)
    prompts: list[str] = panel.data["prompts"]
    user = await interaction.client.user_of(interaction)
    specs = [read(interaction, prompt, user) for prompt in prompts]

    async def make(user: User) -> list[Draft]:
        drafts = [
            await drafts_of(interaction, user, prompt, made)
            for prompt, made in zip(prompts, specs, strict=True)
        ]
        return [draft for some in drafts for draft in some]

    await take(interaction, make)


async def again(interaction: Interaction, panel_id: str, index: int) -> None:
    """🔄: other prompts for the same picture."""
    panel = await _panel(interaction, panel_id)
    await _answer(interaction, _told(interaction, panel.data["picture"]))


async def _answer(interaction: Interaction, work: Coroutine[Any, Any, Letter]) -> None:
    letter, _ = await prepared(interaction, work)
    await interaction.edit_original_response(**parts(letter, interaction.user.id))
    await interaction.client.history.answered(interaction.id)


async def _panel(interaction: Interaction, panel_id: str) -> Panel:
    panel = await interaction.client.history.panel(panel_id)
    if panel is None or panel.channel_id != interaction.channel_id:
        raise Gone("These prompts are no longer kept here.")
    return panel


async def _described(interaction: Interaction, image: discord.Attachment | None, link: str | None) -> Letter:
    if image is None:
        return await _told(interaction, await kept_link(interaction, str(link)))
    return await _told(interaction, await kept_upload(interaction, image))


async def _told(interaction: Interaction, picture: str) -> Letter:
    client = interaction.client
    png = await client.pictures.read(picture)
    prompts = [_with_ratio(prompt, png) for prompt in await client.engine.describe(png)]
    user = await client.user_of(interaction)
    panel = Panel(
        str(uuid.uuid4()),
        user.id,
        interaction.channel_id or 0,
        "describe",
        {"prompts": prompts, "picture": picture},
    )
    await client.history.add_panel(user, panel)
    return _letter(panel, prompts, png)


def _letter(panel: Panel, prompts: Sequence[str], png: bytes) -> Letter:
    lines = [f"{digit} {quoted(prompt, 900)}" for digit, prompt in zip(DIGITS, prompts, strict=False)]
    embed = discord.Embed(description="\n\n".join(lines), colour=COLOUR)
    embed.set_image(url=f"attachment://{panel.id}.png")
    numbers = tuple(Key("draw", panel.id, n, emoji=digit) for n, digit in enumerate(DIGITS[: len(lines)], 1))
    return Letter(
        files=((f"{panel.id}.png", png),),
        embeds=(embed,),
        rows=(
            (*numbers, Key("describe", panel.id, emoji="🔄")),
            (Key("draw_all", panel.id, label="Imagine all", emoji="🎉"),),
        ),
    )


def _with_ratio(prompt: str, png: bytes) -> str:
    """The prompt, ending in the picture's proportion where it does not already."""
    if "--ar" in prompt:
        return prompt
    width, height = (int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
    shared = math.gcd(width, height)
    return f"{prompt} --ar {width // shared}:{height // shared}"
