"""Every button, dialog and menu there is, gathered from the files that say what each of them does.

The order is that of the buttons in a row.
"""

from __future__ import annotations

from bot.surface import studio_link
from bot.surface.actions import Action, Actions
from bot.surface.buttons import edit, extensions, own, region, reroll, retexture, upscales, variations
from bot.surface.commands import (
    describe,
    found_prompts,
    history,
    image_prompts,
    imagine,
    models,
    my_data,
    report,
    settings,
    verify,
)
from bot.surface.commands import edit as edit_command

__all__ = ["ACTIONS", "DIALOGS", "MENUS", "actions"]

ACTIONS: tuple[Action, ...] = (
    *upscales.ACTIONS,
    *reroll.ACTIONS,
    *variations.ACTIONS,
    *region.ACTIONS,
    *edit.ACTIONS,
    *retexture.ACTIONS,
    *extensions.ACTIONS,
    *own.ACTIONS,
    *describe.ACTIONS,
    *found_prompts.ACTIONS,
    *imagine.ACTIONS,
    *history.ACTIONS,
    *settings.ACTIONS,
    *models.ACTIONS,
    *verify.ACTIONS,
    *report.ACTIONS,
    *my_data.ACTIONS,
)
DIALOGS = (*image_prompts.DIALOGS, *edit_command.DIALOGS)
MENUS = {**settings.MENUS}


def actions(*more: Action, with_studio: bool = False) -> Actions:
    """All of them, and ``more``; those that lead to the studio are shown only where there is one."""
    studio = studio_link.ACTIONS if with_studio else studio_link.CLOSED
    return Actions((*ACTIONS, *studio, *more), DIALOGS, MENUS)
