"""Larger pictures: U1–U4 under a grid, and those under a single picture that enlarge it or do so again."""

from __future__ import annotations

from bot.jobs.flow import Draft
from bot.memory.people import User
from bot.memory.records import JobKind, JobRecord
from bot.surface.actions import JobAction, on_grids, on_singles_with_surroundings
from bot.surface.hub import Interaction
from bot.surface.intake import secret, take
from bot.surface.source_job import child, finished, picture_of
from engine import Plan, plan_redo, plan_refine, plan_upscale

__all__ = ["ACTIONS"]


async def _upscale(interaction: Interaction, job_id: str, index: int) -> None:
    parent = await finished(interaction, job_id)
    await _take_one(interaction, parent, JobKind.UPSCALE, index, plan_upscale(parent.plan, index))


async def _subtle(interaction: Interaction, job_id: str, index: int) -> None:
    parent = await finished(interaction, job_id)
    await _take_one(interaction, parent, JobKind.UPSCALE_SUBTLE, index, plan_upscale(parent.plan, index))


async def _creative(interaction: Interaction, job_id: str, index: int) -> None:
    parent = await finished(interaction, job_id)
    plan = plan_refine(parent.plan, index, interaction.client.hub.registry)
    await _take_one(interaction, parent, JobKind.UPSCALE_CREATIVE, index, plan)


async def _redo_subtle(interaction: Interaction, job_id: str, _: int) -> None:
    await _redo(interaction, job_id, JobKind.UPSCALE_SUBTLE)


async def _redo_creative(interaction: Interaction, job_id: str, _: int) -> None:
    await _redo(interaction, job_id, JobKind.UPSCALE_CREATIVE)


async def _take_one(
    interaction: Interaction, parent: JobRecord, kind: JobKind, index: int, plan: Plan
) -> None:
    file = await picture_of(interaction, parent, index)

    async def make(user: User) -> list[Draft]:
        return [child(parent, kind, user, index, file, plan=plan)]

    await take(interaction, make, private=secret((), parent))


async def _redo(interaction: Interaction, job_id: str, kind: JobKind) -> None:
    """From the picture that this one was made from."""
    hub = interaction.client.hub
    job = await finished(interaction, job_id)
    files = await hub.jobs.inputs(job.id)
    for file in files:
        await hub.pictures.read(file)
    plan = plan_redo(job.plan, hub.registry, creative=kind is JobKind.UPSCALE_CREATIVE)

    async def make(user: User) -> list[Draft]:
        return [child(job, kind, user, job.position, file, plan=plan) for file in files[:1]]

    await take(interaction, make, private=secret((), job))


def _first(job: JobRecord) -> bool:
    return on_singles_with_surroundings(job) and job.kind is JobKind.UPSCALE


def _again(job: JobRecord) -> bool:
    return on_singles_with_surroundings(job) and job.kind is not JobKind.UPSCALE


ACTIONS = (
    JobAction(name="upscale", press=_upscale, label="U", row=0, shown=on_grids, each=True),
    JobAction(name="upscale_subtle", press=_subtle, label="Upscale (Subtle)", row=0, shown=_first),
    JobAction(name="upscale_creative", press=_creative, label="Upscale (Creative)", row=0, shown=_first),
    JobAction(name="redo_subtle", press=_redo_subtle, label="Redo Upscale (Subtle)", row=0, shown=_again),
    JobAction(
        name="redo_creative", press=_redo_creative, label="Redo Upscale (Creative)", row=0, shown=_again
    ),
)
