"""The slash commands, one module a family."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from discord import app_commands

from bot.surface.commands import (
    cancel,
    describe,
    easel,
    edit,
    help,
    history,
    image_prompts,
    imagine,
    info,
    loras,
    my_data,
    preferences,
    reactions,
    report,
    retexture,
    settings,
    shorten,
    studio,
    verify,
)

__all__ = ["described", "register"]

AnyCommand: TypeAlias = "app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu"
COMMANDS: tuple[AnyCommand, ...] = (
    imagine.imagine,
    imagine.blend,
    edit.edit,
    describe.describe,
    verify.verify,
    report.report,
    retexture.retexture,
    shorten.shorten,
    settings.settings,
    preferences.prefer,
    preferences.fast,
    preferences.relax,
    preferences.turbo,
    preferences.stealth,
    preferences.public,
    history.history,
    cancel.cancel,
    info.info,
    info.show,
    help.help_,
    help.ask,
    loras.loras,
    my_data.delete,
    my_data.export,
    easel.Easel(),
    reactions.cancel_menu,
    reactions.results_menu,
    image_prompts.image_menu,
    verify.check_menu,
    edit.edit_menu,
)


def register(tree: app_commands.CommandTree[Any], *, with_studio: bool = False) -> None:
    """Put every command on the tree; the one that leads to the studio only where there is a studio."""
    for command in COMMANDS:
        tree.add_command(command)
    if with_studio:
        tree.add_command(studio.studio)


def described() -> Iterator[tuple[str, str]]:
    """What each slash command is called and what it does; those of a group by both names."""
    everything: tuple[AnyCommand, ...] = (*COMMANDS, studio.studio)
    for command in everything:
        if isinstance(command, app_commands.Group):
            for each in command.walk_commands():
                if isinstance(each, app_commands.Command):
                    yield each.qualified_name, each.description
        elif isinstance(command, app_commands.Command):
            yield command.name, command.description
