"""Retexture: another look on the structure of a single picture, from a prompt that a dialog asks for."""

from __future__ import annotations

from bot.jobs.retexturing import Retexturing, strength_of
from bot.messages.dialogs import Field
from bot.surface.actions import PROMPT, Answers, Dialog, JobAction, on_singles
from bot.surface.hub import Interaction
from bot.surface.intake import read, take
from bot.surface.source_job import finished, picture_of
from engine import NoControl

__all__ = ["ACTIONS"]

CLOSELY = Field("strength", "How closely, 0.1 to 2 (empty: 1)", paragraph=False, required=False)


async def _open(interaction: Interaction, job_id: str, index: int) -> None:
    parent = await finished(interaction, job_id)
    await picture_of(interaction, parent, index)
    if why_not := await _retexturing(interaction).why_not(parent):
        raise NoControl(why_not)
    await RETEXTURE.open(interaction, parent.id, index, prompt=parent.shown, strength="")


async def _submitted(interaction: Interaction, job_id: str, index: int, said: Answers) -> None:
    """The look that is wanted came back."""
    parent = await finished(interaction, job_id)
    specs, strength = read(interaction, said["prompt"]), strength_of(said.get("strength", ""))
    retexturing = _retexturing(interaction)
    await take(
        interaction,
        lambda user: retexturing.drafts(user, parent, index, said["prompt"], specs, strength=strength),
        specs,
        parent,
    )


def _retexturing(interaction: Interaction) -> Retexturing:
    hub = interaction.client.hub
    return Retexturing(hub.drafting, hub.continuations)


RETEXTURE = Dialog("retextured", "Retexture", _submitted, (PROMPT, CLOSELY))

ACTIONS = (
    JobAction(
        name="retexture",
        press=_open,
        label="Retexture",
        emoji="🧵",
        row=1,
        shown=on_singles,
        dialogs=(RETEXTURE,),
    ),
)
