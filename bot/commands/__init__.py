"""The slash commands, one module a family."""

from __future__ import annotations

from typing import Any

from discord import app_commands

from bot.commands import describe, history, imagine, settings

__all__ = ["register"]

COMMANDS: tuple[app_commands.Command[Any, ..., Any], ...] = (
    imagine.imagine,
    describe.describe,
    settings.settings,
    history.history,
)


def register(tree: app_commands.CommandTree[Any]) -> None:
    """Put every command on the tree."""
    for command in COMMANDS:
        tree.add_command(command)
