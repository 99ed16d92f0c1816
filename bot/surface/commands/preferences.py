"""What a user wants of every job: `/prefer`, the speeds, and who sees it (`/stealth`, `/public`).

All answers are for the user's eyes only.
"""

from __future__ import annotations

import discord
from discord import app_commands

from bot.errors import Refusal
from bot.memory.people import Setting
from bot.messages.wording import BLUE, quoted
from bot.surface.hub import Interaction
from engine import Lane
from grammar import check_option, check_suffix

__all__ = ["fast", "prefer", "public", "relax", "stealth", "turbo"]

MOST_OPTIONS = 20  # a person's own; so many fit into one embed, with what they stand for

prefer = app_commands.Group(name="prefer", description="Set what is added to each of your prompts")
option = app_commands.Group(name="option", description="Parameters of your own", parent=prefer)


@option.command(name="set", description="Define a parameter of your own; without a value it is deleted")
@app_commands.describe(option="Its name, to be used as --name", value="What it stands for")
async def option_set(interaction: Interaction, option: str, value: str | None = None) -> None:
    """`--name` will stand for `value`."""
    people = interaction.client.hub.people
    user = await interaction.client.hub.user_of(interaction)
    name = option.strip().lstrip("-—")
    if not (value or "").strip():
        await people.set_option(user, name, None)
        await tell(interaction, f"`--{quoted(name, 60)}` is forgotten.")
        return
    check_option(name, value or "")
    if name not in user.options and len(user.options) >= MOST_OPTIONS:
        raise Refusal(f"You have {MOST_OPTIONS} options already; delete one first.", "Invalid parameter")
    await people.set_option(user, name, (value or "").strip())
    await tell(interaction, f"`--{name}` stands for: {quoted(value or '', 1500)}")


@option_set.autocomplete("option")
async def complete_option(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
    """The options that there are."""
    user = await interaction.client.hub.user_of(interaction)
    return [app_commands.Choice(name=name, value=name) for name in user.options if current in name][:25]


@option.command(name="list", description="List your own parameters")
async def option_list(interaction: Interaction) -> None:
    """Name and meaning, a line each."""
    user = await interaction.client.hub.user_of(interaction)
    if not user.options:
        await tell(interaction, "You have no options of your own.")
        return
    lines = [f"`--{name}`: {quoted(value, 80)}" for name, value in user.options.items()]
    embed = discord.Embed(title="Your options", description="\n".join(lines), colour=BLUE)
    await interaction.response.send_message(embed=embed, ephemeral=True)


@prefer.command(description="Parameters to add to each of your prompts; without a value they are removed")
@app_commands.describe(new_value="Parameters only, such as --ar 3:2")
async def suffix(interaction: Interaction, new_value: str | None = None) -> None:
    """Appended to every prompt; what a prompt says itself goes before it."""
    text = (new_value or "").strip()
    if text:
        check_suffix(text)
    await _set(interaction, suffix=text)
    await tell(interaction, f"Your suffix is: {quoted(text, 1500)}" if text else "Your suffix is removed.")


@prefer.command(description="Turn Remix mode on or off")
async def remix(interaction: Interaction) -> None:
    """V and 🔄 open the prompt to edit first."""
    user = await interaction.client.hub.user_of(interaction)
    await _set(interaction, remix=not user.remix)
    if user.remix:
        await tell(interaction, "Remix mode turned off! Buttons use the prompt as it is.")
    else:
        await tell(
            interaction,
            "Remix mode turned on! V, 🔄, Vary, zoom, pan and Make Square let you edit the prompt first.",
        )


@prefer.command(description="Turn High Variation Mode on or off")
async def variability(interaction: Interaction) -> None:
    """How far V1–V4 go."""
    user = await interaction.client.hub.user_of(interaction)
    await _set(interaction, strong=not user.strong)
    await tell(interaction, f"{'Low' if user.strong else 'High'} Variation Mode is on.")


@prefer.command(description="Get each finished job as a direct message too")
async def auto_dm(interaction: Interaction) -> None:
    """As if every result were given an ✉️."""
    user = await interaction.client.hub.user_of(interaction)
    await _set(interaction, auto_dm=not user.auto_dm)
    on = not user.auto_dm
    await tell(
        interaction, f"Finished jobs {'are sent to you' if on else 'are no longer sent to you'} directly."
    )


@app_commands.command(description="Switch to fast mode")
async def fast(interaction: Interaction) -> None:
    """Jobs take their turn before relaxed ones."""
    await _set(interaction, lane=Lane.FAST)
    await tell(interaction, "Done! Your jobs are now fast. You can switch to relaxed ones with /relax")


@app_commands.command(description="Switch to relax mode")
async def relax(interaction: Interaction) -> None:
    """Jobs let fast ones go first."""
    await _set(interaction, lane=Lane.RELAX)
    await tell(
        interaction,
        "Done! Your jobs now let fast ones go first and might take a little longer. "
        "You can always switch back with /fast",
    )


@app_commands.command(description="Switch to turbo mode")
async def turbo(interaction: Interaction) -> None:
    """Jobs go before all others."""
    await _set(interaction, lane=Lane.TURBO)
    await tell(interaction, "Done! Your jobs now go before all others. You can switch back with /fast")


@app_commands.command(description="Switch to stealth mode: you alone see your jobs")
async def stealth(interaction: Interaction) -> None:
    """Jobs are seen by their user alone."""
    await _set(interaction, stealth=True)
    await tell(interaction, "Done! You alone see your jobs from now on. You can switch back with /public")


@app_commands.command(description="Switch to public mode: everybody in the channel sees your jobs")
async def public(interaction: Interaction) -> None:
    """Jobs are seen by everybody in the channel."""
    await _set(interaction, stealth=False)
    await tell(
        interaction,
        "Done! Everybody in the channel sees your jobs from now on. You can switch back with /stealth",
    )


async def tell(interaction: Interaction, sentence: str) -> None:
    """Answer in private."""
    await interaction.response.send_message(sentence, ephemeral=True)


async def _set(interaction: Interaction, **settings: Setting) -> None:
    hub = interaction.client.hub
    await hub.people.change(await hub.user_of(interaction), **settings)
