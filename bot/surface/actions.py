"""What a button is: its name in custom ids, its looks, when it is shown, what it does, and its dialogs.

A new button is one ``Action`` (under a job's message: one ``JobAction``) among those that the bot is started
with; nothing else has to be told of it. Knows no particular button.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import discord

from bot.errors import Gone
from bot.memory.records import JobRecord, Status
from bot.messages.custom_ids import CustomId
from bot.messages.dialogs import Field, answers, dialog
from bot.messages.message import Button, Rows
from bot.surface.hub import Interaction

__all__ = [
    "Action",
    "Actions",
    "Answers",
    "Dialog",
    "JobAction",
    "on_grids",
    "on_singles",
    "on_singles_with_surroundings",
    "while_unfinished",
]

ROWS = 5  # of buttons that a message takes

Answers: TypeAlias = dict[str, str]
"""What was written into a dialog, by its fields' names."""

Press: TypeAlias = Callable[[Interaction, str, int], Awaitable[None]]
Submit: TypeAlias = Callable[[Interaction, str, int, Answers], Awaitable[None]]
Choose: TypeAlias = Callable[[Interaction, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Dialog:
    """A dialog: its name in custom ids, its title, and what its answer does."""

    name: str
    title: str
    submitted: Submit

    async def open(self, interaction: Interaction, target: str, index: int, *fields: Field) -> None:
        """Ask whoever pressed."""
        asked = dialog(self.title, CustomId(self.name, target, index), *fields)
        await interaction.response.send_modal(asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button. Its ``name`` stands in messages that were sent, and is never changed.

    ``press`` is called with the id of the job or panel, and with the index that the button carries.
    """

    name: str
    press: Press
    label: str | None = None
    emoji: str | None = None
    style: discord.ButtonStyle = discord.ButtonStyle.secondary
    dialogs: tuple[Dialog, ...] = ()

    def button(
        self,
        target: str,
        index: int = 0,
        *,
        label: str | None = None,
        emoji: str | None = None,
        style: discord.ButtonStyle | None = None,
    ) -> Button:
        """The button for one job or panel; looks that are not given are the action's own."""
        custom_id = CustomId(self.name, target, index)
        return Button(custom_id, label or self.label, emoji or self.emoji, style or self.style)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobAction(Action):
    """A button under jobs' messages, in a ``row`` from 0 to 4, under those jobs for which ``shown`` is true.

    ``each``: one for each of the job's pictures, its label followed by the picture's number. Else it carries
    ``index``.
    """

    row: int
    shown: Callable[[JobRecord], bool]
    each: bool = False
    index: int = 1

    def buttons(self, job: JobRecord, count: int) -> list[Button]:
        """Those under one job with so many pictures."""
        if not self.each:
            return [self.button(job.id, self.index)]
        return [self.button(job.id, n, label=f"{self.label}{n}") for n in range(1, count + 1)]


class Actions:
    """Every button, dialog and menu that the bot answers to; ``menus`` by their custom ids."""

    def __init__(
        self,
        actions: Iterable[Action],
        dialogs: Iterable[Dialog] = (),
        menus: Mapping[str, Choose] | None = None,
    ) -> None:
        self._actions = _by_name(actions)
        self._dialogs = _by_name(
            dict.fromkeys((*(each for action in self._actions.values() for each in action.dialogs), *dialogs))
        )
        self._menus = dict(menus or {})

    def under(self, job: JobRecord, count: int) -> Rows:
        """The rows of buttons under a job's message as it stands, with so many pictures in it."""
        shown = [
            action for action in self._actions.values() if isinstance(action, JobAction) and action.shown(job)
        ]
        rows = [
            tuple(button for action in shown if action.row == row for button in action.buttons(job, count))
            for row in range(ROWS)
        ]
        return tuple(row for row in rows if row)

    async def answer(self, interaction: Interaction) -> None:
        """A button, menu or dialog came back: do what it is for, or say why not. What is not ours is left.

        So is a press on what its message does not hold: nobody can press that without forging it.
        """
        data: Any = interaction.data or {}
        pressed = interaction.type is discord.InteractionType.component
        if pressed and data.get("custom_id") not in _held(interaction.message):
            return
        act = self._act(interaction, data)
        if act is not None:
            await interaction.client.hub.gate.guarded(interaction, act)

    def _act(self, interaction: Interaction, data: Any) -> Callable[[], Awaitable[None]] | None:
        text = data.get("custom_id", "")
        if text in self._menus:
            return lambda: self._menus[text](interaction, data["values"][0])
        custom_id = CustomId.parsed(text)
        if custom_id is None:
            return None
        target, index = custom_id.target, custom_id.index
        if interaction.type is not discord.InteractionType.modal_submit:
            return lambda: self._action(custom_id.action).press(interaction, target, index)
        asked = self._dialogs.get(custom_id.action)
        return (lambda: asked.submitted(interaction, target, index, answers(data))) if asked else None

    def _action(self, name: str) -> Action:
        try:
            return self._actions[name]
        except KeyError:
            raise Gone("This button is from another version of Easel and does nothing any more.") from None


def _held(message: discord.Message | None) -> set[str | None]:
    """The custom ids of a message's buttons and menus."""
    rows = (
        [] if message is None else [row for row in message.components if isinstance(row, discord.ActionRow)]
    )
    return {part.custom_id for row in rows for part in row.children}


def while_unfinished(job: JobRecord) -> bool:
    """Under a job that waits or is being rendered."""
    return job.status < Status.RENDERED


def on_grids(job: JobRecord) -> bool:
    """Under a grid of pictures."""
    return job.status.has_pictures and not job.kind.single


def on_singles(job: JobRecord) -> bool:
    """Under a single picture."""
    return job.status.has_pictures and job.kind.single


def on_singles_with_surroundings(job: JobRecord) -> bool:
    """A tile that repeats has no surroundings to be drawn, and is not enlarged in pieces."""
    return on_singles(job) and not job.plan.tile


N = TypeVar("N", Action, Dialog)


def _by_name(all_: Iterable[N]) -> dict[str, N]:
    named: dict[str, N] = {}
    for each in all_:
        if each.name in named:
            raise ValueError(f"two are called {each.name}")
        named[each.name] = each
    return named
