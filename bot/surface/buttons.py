"""The buttons: every one is found again by its ``custom_id`` alone, whatever was restarted in between.

``custom_id`` is ``easel:<action>:<id of a job or a panel>:<index>``. discord.py only logs what a dynamic item
raises, so
each press goes through the client's gate and its one map from error to sentence here.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Self, TypeAlias

import discord

from bot.errors import Gone
from bot.messages.dialogs import answers
from bot.surface.client import EaselClient, Interaction
from bot.surface.commands import describe, history, imagine, jobs, settings, single

__all__ = ["register", "submitted"]

Handler: TypeAlias = Callable[[Interaction, str, int], Awaitable[None]]

ACTIONS: dict[str, Handler] = {
    "upscale": jobs.upscale,
    "vary": jobs.vary,
    "reroll": jobs.reroll,
    "cancel": jobs.cancel,
    "delete": jobs.delete,
    "favourite": jobs.favourite,
    "vary_subtle": jobs.vary_subtle,
    "vary_strong": jobs.vary_strong,
    "upscale_subtle": single.upscale_subtle,
    "upscale_creative": single.upscale_creative,
    "redo_subtle": single.redo_subtle,
    "redo_creative": single.redo_creative,
    **{name: partial(single.extend, name) for name in single.EXTENSIONS},
    "custom_zoom": single.custom_zoom,
    "vary_region": single.region,
    "region_part": single.region_part,
    "region_submit": single.region_submit,
    "region_words": single.region_words,
    "confirm": imagine.answer,
    "draw": describe.draw,
    "draw_all": describe.draw_all,
    "describe": describe.again,
    "page": history.turn,
    "export": history.export,
    "set": settings.press,
}


Submission: TypeAlias = Callable[[Interaction, str, int, dict[str, str]], Awaitable[None]]

DIALOGS: dict[str, Submission] = {
    "remixed_strong": jobs.remixed_strong,
    "remixed_subtle": jobs.remixed_subtle,
    "remixed_reroll": jobs.remixed_reroll,
    **{f"{name}_remixed": partial(single.extended, name) for name in single.EXTENSIONS},
    "zoom_custom": single.custom_zoomed,
    "region_remixed": single.region_remixed,
    "region_named": single.region_named,
    "with_image": imagine.with_image,
}

CUSTOM_ID = re.compile(r"easel:(?P<action>(?!model:)[a-z_]+):(?P<id>[0-9a-f-]{0,36}):(?P<index>\d{1,5})")


class Press(discord.ui.DynamicItem[discord.ui.Button[Any]], template=CUSTOM_ID):
    """Any button of ours."""

    def __init__(self, item: discord.ui.Button[Any], action: str, target: str, index: int) -> None:
        super().__init__(item)
        self._action, self._target, self._index = action, target, index

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """What the pressed button says."""
        assert isinstance(item, discord.ui.Button)
        return cls(item, match["action"], match["id"], int(match["index"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it, or say why not."""
        await _guarded(interaction, lambda: _handler(self._action)(interaction, self._target, self._index))


class ModelMenu(discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"easel:model:"):
    """The menu of models in the settings."""

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The menu as it stands in the message."""
        assert isinstance(item, discord.ui.Select)
        return cls(item)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Take the chosen model, or say why not."""
        await _guarded(interaction, lambda: settings.choose_model(interaction, self.item.values[0]))


def register(client: EaselClient) -> None:
    """Make every button that was ever sent answerable."""
    client.add_dynamic_items(Press, ModelMenu)


async def submitted(interaction: discord.Interaction[Any]) -> None:
    """A dialog of ours came back: do what it is for, or say why not."""
    data: Any = interaction.data or {}
    match = CUSTOM_ID.fullmatch(data.get("custom_id", ""))
    if interaction.type is discord.InteractionType.modal_submit and match and match["action"] in DIALOGS:
        act = DIALOGS[match["action"]]
        said = answers(data)
        await _guarded(interaction, lambda: act(interaction, match["id"], int(match["index"]), said))


def _handler(action: str) -> Handler:
    try:
        return ACTIONS[action]
    except KeyError:
        raise Gone("This button is from another version of Easel and does nothing any more.") from None


async def _guarded(interaction: Interaction, act: Callable[[], Awaitable[None]]) -> None:
    try:
        await interaction.client.admit(interaction)
        await act()
    except Exception as error:
        await interaction.client.refuse(interaction, error)
