"""``/settings``: a panel for its user alone, whose buttons show what is set."""

from __future__ import annotations

from dataclasses import dataclass

import discord
from discord import app_commands

from bot.errors import Gone, Refusal
from bot.memory.people import Setting, User
from bot.messages.custom_ids import MODEL_MENU
from bot.messages.sending import discord_button
from bot.messages.wording import quoted
from bot.surface.actions import Action
from bot.surface.hub import Hub, Interaction
from engine import Lane
from engine.planning.licences import terms

__all__ = ["ACTIONS", "MENUS", "settings"]

STYLIZE = {"low": 50, "med": 100, "high": 250, "very high": 750}

_DESCRIPTION = 100
"""Characters of an option's second line in a menu: Discord takes no more."""


@dataclass(frozen=True, slots=True)
class Toggle:
    """A button of the panel: how it looks, where, whether it is on, and what pressing it sets."""

    label: str
    emoji: str
    row: int
    on: bool
    sets: dict[str, Setting]


@app_commands.command(description="Change how your prompts are rendered")
async def settings(interaction: Interaction) -> None:
    """Only the user sees it."""
    hub = interaction.client.hub
    user = await hub.user_of(interaction)
    embed = await _embed(hub, user)
    await interaction.response.send_message(embed=embed, view=_view(hub, user), ephemeral=True)


async def _press(interaction: Interaction, _: str, index: int) -> None:
    """One of the panel's buttons; ``index`` is its place among them."""
    hub = interaction.client.hub
    user = await hub.user_of(interaction)
    toggles = _toggles(user)
    if index >= len(toggles):
        raise Gone("This panel is from another version of Easel; use `/settings` again.")
    await _show(interaction, await hub.people.change(user, **toggles[index].sets))


async def _choose_model(interaction: Interaction, name: str) -> None:
    """A model was chosen from the menu."""
    hub = interaction.client.hub
    if name not in hub.models.here:
        entry = hub.registry.get(name)
        raise Refusal(f"{entry.title} is not on this machine; an operator can fetch it.")
    user = await hub.user_of(interaction)
    model = None if name == hub.settings.easel_model else name
    await _show(interaction, await hub.people.change(user, model=model))


async def _show(interaction: Interaction, user: User) -> None:
    hub = interaction.client.hub
    embed = await _embed(hub, user)
    await interaction.response.edit_message(embed=embed, view=_view(hub, user))


def _toggles(user: User) -> list[Toggle]:
    """Every button. Pressing a stylize button that is on takes it back."""
    stylize = [
        Toggle(f"Stylize {name}", "🖌️", 1, on := user.stylize == value, {"stylize": None if on else value})
        for name, value in STYLIZE.items()
    ]
    reset: dict[str, Setting] = {"stylize": None, "strong": True, "remix": False, "model": None}
    reset |= {"lane": Lane.FAST, "stealth": False, "expand": False}
    return [
        *stylize,
        Toggle("High Variation Mode", "🎨", 2, user.strong, {"strong": True}),
        Toggle("Low Variation Mode", "🎨", 2, not user.strong, {"strong": False}),
        Toggle("Remix mode", "🎛️", 2, user.remix, {"remix": not user.remix}),
        Toggle("Fast mode", "⚡", 3, user.lane is Lane.FAST, {"lane": Lane.FAST}),
        Toggle("Relax mode", "🐢", 3, user.lane is Lane.RELAX, {"lane": Lane.RELAX}),
        Toggle("Reset Settings", "♻️", 3, False, reset),
        Toggle("Stealth mode", "🕶️", 3, user.stealth, {"stealth": not user.stealth}),
        Toggle("Expand prompts", "✍️", 3, user.expand, {"expand": not user.expand}),
    ]


async def _embed(hub: Hub, user: User) -> discord.Embed:
    model = hub.registry.get(hub.model_of(user))
    await hub.models.look()
    missing = "" if model.name in hub.models.here else " (not on this machine yet)"
    unpaid = "" if model.commercial else ", whose licence allows no commercial use"
    stylize = "as the prompt says, else 100" if user.stylize is None else f"`--s {user.stylize}`"
    lines = [
        f"**Model**: {model.title}{missing}{unpaid}",
        f"**Stylize**: {stylize}",
        f"**Variations**: {'High' if user.strong else 'Low'}",
        f"**Remix**: {'on' if user.remix else 'off'}",
        f"**Speed**: {user.lane}",
        f"**Seen by**: {'you alone' if user.stealth else 'everybody in the channel'}",
        f"**Prompts**: {'expanded first' if user.expand else 'as typed'}",
        f"**Current suffix**: {quoted(user.suffix, 500) or 'none'}",
    ]
    return discord.Embed(title="Settings", description="\n".join(lines))


def _view(hub: Hub, user: User) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    chosen = hub.model_of(user)
    offered = hub.registry.choosable(hub.models.here)
    there = [entry for entry in hub.registry.entries if entry in offered or entry.name == chosen]
    # A menu takes 25 entries; the chosen one is always among them.
    entries = sorted(there, key=lambda entry: entry.name != chosen)[:25]
    options = [
        discord.SelectOption(
            label=entry.title,
            value=entry.name,
            description=terms(entry)[:_DESCRIPTION],
            default=entry.name == chosen,
        )
        for entry in entries
    ]
    view.add_item(discord.ui.Select(custom_id=MODEL_MENU, options=options, row=0))
    for index, toggle in enumerate(_toggles(user)):
        style = discord.ButtonStyle.success if toggle.on else discord.ButtonStyle.secondary
        button = SET.button("", index, label=toggle.label, emoji=toggle.emoji, style=style)
        view.add_item(discord_button(button, toggle.row))
    view.stop()
    return view


SET = Action(name="set", press=_press)

ACTIONS = (SET,)
MENUS = {MODEL_MENU: _choose_model}
