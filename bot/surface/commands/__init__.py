"""The slash commands, one module a family."""

from __future__ import annotations

from typing import Any

from discord import app_commands

from bot.surface.commands import (
    cancel,
    describe,
    easel,
    history,
    imagine,
    info,
    preferences,
    reactions,
    settings,
    shorten,
)

__all__ = ["register"]

COMMANDS: tuple[app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu, ...] = (
    imagine.imagine,
    imagine.blend,
    describe.describe,
    shorten.shorten,
    settings.settings,
    preferences.prefer,
    preferences.fast,
    preferences.relax,
    preferences.turbo,
    history.history,
    cancel.cancel,
    info.info,
    info.show,
    info.help_,
    info.ask,
    easel.Easel(),
    reactions.cancel_menu,
    reactions.results_menu,
    imagine.image_menu,
)


def register(tree: app_commands.CommandTree[Any]) -> None:
    """Put every command on the tree."""
    for command in COMMANDS:
        tree.add_command(command)
