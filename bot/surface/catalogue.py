"""Every button, dialog and menu there is, gathered from the files that say what each of them does.

The order is that of the buttons in a row.
"""

from __future__ import annotations

from bot.surface.actions import Action, Actions
from bot.surface.buttons import extensions, own, region, reroll, upscales, variations
from bot.surface.commands import describe, history, imagine, models, my_data, settings, verify

__all__ = ["ACTIONS", "DIALOGS", "MENUS", "actions"]

ACTIONS: tuple[Action, ...] = (
    *upscales.ACTIONS,
    *reroll.ACTIONS,
    *variations.ACTIONS,
    *region.ACTIONS,
    *extensions.ACTIONS,
    *own.ACTIONS,
    *describe.ACTIONS,
    *imagine.ACTIONS,
    *history.ACTIONS,
    *settings.ACTIONS,
    *models.ACTIONS,
    *verify.ACTIONS,
    *my_data.ACTIONS,
)
DIALOGS = (*imagine.DIALOGS,)
MENUS = {**settings.MENUS}


def actions(*more: Action) -> Actions:
    """All of them, and ``more``."""
    return Actions((*ACTIONS, *more), DIALOGS, MENUS)
