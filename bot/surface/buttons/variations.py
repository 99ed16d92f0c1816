"""Variations of one picture: V1–V4 under a grid, Vary (Subtle) and Vary (Strong) under a single picture.

In Remix mode the prompt is opened first; left as it was, it is a plain variation.
"""

from __future__ import annotations

from bot.memory.records import JobRecord
from bot.surface.actions import Answers, Dialog, JobAction, on_grids, on_singles
from bot.surface.hub import Interaction
from bot.surface.intake import take
from bot.surface.source_job import finished, picture_of, remixing

__all__ = ["ACTIONS"]


async def _as_set(interaction: Interaction, job_id: str, index: int) -> None:
    """As strong as the user's settings say."""
    user = await interaction.client.hub.user_of(interaction)
    await _vary(interaction, job_id, index, strong=user.strong)


async def _strong(interaction: Interaction, job_id: str, index: int) -> None:
    await _vary(interaction, job_id, index, strong=True)


async def _subtle(interaction: Interaction, job_id: str, index: int) -> None:
    await _vary(interaction, job_id, index, strong=False)


async def _vary(interaction: Interaction, job_id: str, index: int, *, strong: bool) -> None:
    parent = await finished(interaction, job_id)
    if await remixing(interaction):
        await picture_of(interaction, parent, index)
        dialog = REMIXED_STRONG if strong else REMIXED_SUBTLE
        await dialog.open(interaction, parent.id, index, prompt=parent.shown)
    else:
        await _take(interaction, parent, index, "", strong=strong)


async def _remixed_strong(interaction: Interaction, job_id: str, index: int, said: Answers) -> None:
    await _remixed(interaction, job_id, index, said, strong=True)


async def _remixed_subtle(interaction: Interaction, job_id: str, index: int, said: Answers) -> None:
    await _remixed(interaction, job_id, index, said, strong=False)


async def _remixed(interaction: Interaction, job_id: str, index: int, said: Answers, *, strong: bool) -> None:
    await _take(interaction, await finished(interaction, job_id), index, said["prompt"], strong=strong)


async def _take(
    interaction: Interaction, parent: JobRecord, index: int, prompt: str, *, strong: bool
) -> None:
    hub = interaction.client.hub
    specs = hub.drafting.asked_for(parent, prompt)
    await take(
        interaction,
        lambda user: hub.continuations.varied(user, parent, index, prompt, specs, strong=strong),
        specs,
        parent,
    )


REMIXED_STRONG = Dialog("remixed_strong", "Remix Prompt", _remixed_strong)
REMIXED_SUBTLE = Dialog("remixed_subtle", "Remix Prompt", _remixed_subtle)

ACTIONS = (
    JobAction(
        name="vary",
        press=_as_set,
        label="V",
        row=1,
        shown=on_grids,
        each=True,
        dialogs=(REMIXED_STRONG, REMIXED_SUBTLE),
    ),
    JobAction(
        name="vary_subtle",
        press=_subtle,
        label="Vary (Subtle)",
        emoji="🪄",
        row=1,
        shown=on_singles,
        dialogs=(REMIXED_SUBTLE,),
    ),
    JobAction(
        name="vary_strong",
        press=_strong,
        label="Vary (Strong)",
        emoji="🪄",
        row=1,
        shown=on_singles,
        dialogs=(REMIXED_STRONG,),
    ),
)
