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
from bot.memory.panels import Unanswered
from bot.memory.records import JobRecord, Status
from bot.messages.custom_ids import CustomId
from bot.messages.dialogs import Field, answers, dialog
from bot.messages.message import Button, Rows
from bot.surface.hub import Interaction

__all__ = [
    "CHANGE",
    "PROMPT",
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

GREEN = discord.ButtonStyle.success
PROMPT = Field("prompt", "New prompt")
"""What most dialogs ask for."""
CHANGE = Field("prompt", "What is to change?")
"""What those ask for that change a picture."""

Answers: TypeAlias = dict[str, str]
"""What was written into a dialog, by its fields' names."""

Press: TypeAlias = Callable[[Interaction, str, int], Awaitable[None]]
Submit: TypeAlias = Callable[[Interaction, str, int, Answers], Awaitable[None]]
Choose: TypeAlias = Callable[[Interaction, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Dialog:
    """A dialog: its name in custom ids, its title, what its answer does, and what it may ask for."""

    name: str
    title: str
    submitted: Submit
    fields: tuple[Field, ...] = (PROMPT,)

    async def open(self, interaction: Interaction, target: str, index: int, **texts: str) -> None:
        """Ask whoever pressed for those fields that ``texts`` names, each with its text in it."""
        fields = [field for field in self.fields if field.name in texts]
        asked = dialog(self.title, CustomId(self.name, target, index), fields, texts)
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
    ``index``. It is green where ``on`` says so.
    """

    row: int
    shown: Callable[[JobRecord], bool]
    each: bool = False
    index: int = 1
    on: Callable[[JobRecord], bool] = lambda job: False

    def buttons(self, job: JobRecord, count: int) -> list[Button]:
        """Those under one job with so many pictures."""
        if not self.each:
            return [self.button(job.id, self.index, style=GREEN if self.on(job) else None)]
        return [self.button(job.id, n, label=f"{self.label}{n}") for n in range(1, count + 1)]


class Actions:
    """Every button, dialog and menu that the bot answers to; ``menus`` by their custom ids."""

    def __init__(
        self,
        actions: Iterable[Action],
        dialogs: Iterable[Dialog] = (),
        menus: Mapping[str, Choose] | None = None,
    ) -> None:
        self._again = Action(name="ask_again", press=self._ask_again, label="Try again")
        self._actions = _by_name((*actions, self._again))
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
        gate = interaction.client.hub.gate
        if interaction.type is discord.InteractionType.modal_submit:
            custom_id = CustomId.parsed(data.get("custom_id", ""))
            if custom_id is not None:
                said = answers(data)
                await gate.guarded(
                    interaction,
                    lambda: self._dialog(custom_id.action).submitted(
                        interaction, custom_id.target, custom_id.index, said
                    ),
                    typed="\n".join(said.values()),
                    again=lambda: self._kept(interaction, custom_id, said),
                )
        elif (act := self._pressed(interaction, data)) is not None:
            await gate.guarded(interaction, act)

    def _pressed(self, interaction: Interaction, data: Any) -> Callable[[], Awaitable[None]] | None:
        text = data.get("custom_id", "")
        if text in self._menus:
            return lambda: self._menus[text](interaction, data["values"][0])
        custom_id = CustomId.parsed(text)
        if custom_id is None:
            return None
        return lambda: self._action(custom_id.action).press(interaction, custom_id.target, custom_id.index)

    async def _kept(self, interaction: Interaction, dialog: CustomId, said: Answers) -> Rows:
        """The button that opens a dialog again with what was typed into it, which is kept for that."""
        hub = interaction.client.hub
        data = Unanswered(dialog.action, dialog.target, dialog.index, said)
        panel = await hub.panels.add(await hub.user_of(interaction), interaction.channel_id or 0, data)
        return ((self._again.button(panel.id),),)

    async def _ask_again(self, interaction: Interaction, panel_id: str, _: int) -> None:
        panel = await interaction.client.hub.panels.get(panel_id, Unanswered)
        if panel is None or panel.user_id != interaction.user.id or panel.data.dialog not in self._dialogs:
            raise Gone("What was typed into this dialog is no longer kept.")
        data = panel.data
        await self._dialogs[data.dialog].open(interaction, data.target, data.index, **data.said)

    def _action(self, name: str) -> Action:
        try:
            return self._actions[name]
        except KeyError:
            raise Gone("This button is from another version of Easel and does nothing any more.") from None

    def _dialog(self, name: str) -> Dialog:
        try:
            return self._dialogs[name]
        except KeyError:
            raise Gone("This dialog is from another version of Easel and does nothing any more.") from None


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
