"""``/imagine``, and all that ends in it: a prompt becomes jobs, or a question when it would be many."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import discord
from discord import app_commands

from bot.client import Interaction
from bot.delivery import only, view_of
from bot.desk import drafts_of, take
from bot.errors import Gone, Refusal
from bot.history import Panel
from bot.messages import Key, Letter, quoted
from bot.people import User
from grammar import GenerationSpec, parse

__all__ = ["answer", "imagine", "run"]


@app_commands.command(description="Create images from a prompt")
@app_commands.describe(prompt="What to draw, and parameters such as --ar 3:2")
async def imagine(interaction: Interaction, prompt: str) -> None:
    """What the product is about."""
    await run(interaction, prompt)


async def run(interaction: Interaction, prompt: str) -> None:
    """Render a prompt for whoever typed or pressed, or ask first.

    Raises PromptError, Refusal and QueueFull.
    """
    client = interaction.client
    user = await client.user_of(interaction)
    specs = read(prompt, user)
    if len(specs) > client.settings.easel_confirm_above:
        await _ask(interaction, user, prompt, len(specs))
    else:
        await _take(interaction, prompt, specs)


def read(prompt: str, user: User) -> list[GenerationSpec]:
    """The jobs of a prompt, with what the user's settings, suffix and own parameters add.

    Raises PromptError.
    """
    return parse(prompt, options=user.options, suffix=user.suffix, defaults=user.defaults)


async def answer(interaction: Interaction, panel_id: str, index: int) -> None:
    """The answer to "really so many?": index 1 is Yes."""
    client = interaction.client
    panel = await client.history.panel(panel_id)
    if panel is None:
        raise Gone("This question was answered already.")
    if panel.user_id != interaction.user.id:
        raise Refusal("Only who typed the prompt can answer this.")
    if not await client.history.take_panel(panel_id):
        raise Gone("This question was answered already.")
    if index != 1:
        await interaction.response.edit_message(content="Nothing was started.", view=None)
        return
    prompt = str(panel.data["prompt"])
    await _take(interaction, prompt, read(prompt, await client.user_of(interaction)))


async def _take(interaction: Interaction, prompt: str, specs: Sequence[GenerationSpec]) -> None:
    await take(interaction, lambda user: drafts_of(interaction, user, prompt, specs))


async def _ask(interaction: Interaction, user: User, prompt: str, count: int) -> None:
    panel = Panel(str(uuid.uuid4()), user.id, interaction.channel_id or 0, "confirm", {"prompt": prompt})
    await interaction.client.history.add_panel(user, panel)
    letter = Letter(
        f"This prompt makes **{count}** jobs. Start them all?\n{quoted(prompt, 1500)}",
        rows=(
            (
                Key("confirm", panel.id, 1, "Yes", style=discord.ButtonStyle.success),
                Key("confirm", panel.id, 0, "No"),
            ),
        ),
    )
    await interaction.response.send_message(
        letter.content,
        view=view_of(letter) or discord.utils.MISSING,
        ephemeral=True,
        allowed_mentions=only(user.id),
    )
