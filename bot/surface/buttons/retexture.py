"""Retexture: another look on the structure of a single picture, from a prompt that a dialog asks for."""

from __future__ import annotations

from bot.errors import Refusal
from bot.jobs.continuations import child
from bot.jobs.draft import Draft
from bot.jobs.drafting import secret
from bot.memory.people import User
from bot.memory.picture_files import size_of
from bot.memory.records import JobKind, JobRecord
from bot.messages.dialogs import Field
from bot.surface.actions import PROMPT, Answers, Dialog, JobAction, on_singles
from bot.surface.hub import Interaction
from bot.surface.intake import read, take
from bot.surface.source_job import finished, picture_of
from engine import STRENGTH, Plan, plan_retexture
from grammar import GenerationSpec

__all__ = ["ACTIONS"]

CLOSELY = Field("strength", "How closely, 0.1 to 2 (empty: 1)", paragraph=False, required=False)
LEAST, MOST = 0.1, 2.0


async def _open(interaction: Interaction, job_id: str, index: int) -> None:
    parent = await finished(interaction, job_id)
    file = await picture_of(interaction, parent, index)
    await _plans(interaction, parent, file, [GenerationSpec.from_dict(parent.spec)], STRENGTH)  # may refuse
    await RETEXTURE.open(interaction, parent.id, index, prompt=parent.shown, strength="")


async def _submitted(interaction: Interaction, job_id: str, index: int, said: Answers) -> None:
    """The look that is wanted came back."""
    parent = await finished(interaction, job_id)
    file = await picture_of(interaction, parent, index)
    specs, strength = read(interaction, said["prompt"]), _strength(said.get("strength", ""))
    before = GenerationSpec.from_dict(parent.spec).aspect
    # A proportion that was left as it stood is not asked for: the picture has its own.
    specs = [spec.replace(aspect=None) if spec.aspect == before else spec for spec in specs]
    plans = await _plans(interaction, parent, file, specs, strength)

    async def make(user: User) -> list[Draft]:
        return [
            await interaction.client.hub.continuations.remixed(
                user,
                parent,
                child(parent, JobKind.RETEXTURE, user, index, file, plan=plan),
                said["prompt"],
                spec,
            )
            for spec, plan in plans
        ]

    await take(interaction, make, private=secret(specs, parent))


async def _plans(
    interaction: Interaction,
    parent: JobRecord,
    file: str,
    specs: list[GenerationSpec],
    strength: float,
) -> list[tuple[GenerationSpec, Plan]]:
    hub = interaction.client.hub
    size = size_of(await hub.pictures.read(file))
    return [
        (spec, plan_retexture(spec, hub.registry, size, model=parent.plan.model, strength=strength))
        for spec in specs
    ]


def _strength(said: str) -> float:
    """The number that was typed, a comma being as good as a point. Raises Refusal."""
    typed = said.strip()
    if not typed:
        return STRENGTH
    try:
        strength = float(typed.replace(",", "."))
    except ValueError:
        strength = 0.0
    if not LEAST <= strength <= MOST:
        raise Refusal(f"“{typed[:20]}” is no number from {LEAST:g} to {MOST:g}.", "Invalid parameter")
    return strength


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
