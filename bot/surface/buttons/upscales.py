"""Larger pictures: U1–U4 under a grid, and those under a single picture that enlarge it or do so again."""

from __future__ import annotations

from bot.memory.records import JobKind, JobRecord
from bot.surface.actions import JobAction, on_grids, on_singles_with_surroundings
from bot.surface.hub import Interaction
from bot.surface.intake import take
from bot.surface.source_job import finished

__all__ = ["ACTIONS"]


async def _upscale(interaction: Interaction, job_id: str, index: int) -> None:
    await _take_one(interaction, job_id, JobKind.UPSCALE, index)


async def _subtle(interaction: Interaction, job_id: str, index: int) -> None:
    await _take_one(interaction, job_id, JobKind.UPSCALE_SUBTLE, index)


async def _creative(interaction: Interaction, job_id: str, index: int) -> None:
    await _take_one(interaction, job_id, JobKind.UPSCALE_CREATIVE, index)


async def _redo_subtle(interaction: Interaction, job_id: str, _: int) -> None:
    await _redo(interaction, job_id, JobKind.UPSCALE_SUBTLE)


async def _redo_creative(interaction: Interaction, job_id: str, _: int) -> None:
    await _redo(interaction, job_id, JobKind.UPSCALE_CREATIVE)


async def _take_one(interaction: Interaction, job_id: str, kind: JobKind, index: int) -> None:
    parent = await finished(interaction, job_id)
    continuations = interaction.client.hub.continuations
    await take(
        interaction,
        lambda user: continuations.upscaled(user, parent, kind, index),
        (),
        parent,
    )


async def _redo(interaction: Interaction, job_id: str, kind: JobKind) -> None:
    """From the picture that this one was made from."""
    job = await finished(interaction, job_id)
    continuations = interaction.client.hub.continuations
    await take(interaction, lambda user: continuations.upscaled_again(user, job, kind), (), job)


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
