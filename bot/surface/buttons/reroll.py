"""🔄 under a grid: the same once more with a new seed; a seed that the prompt gave is kept out.

In Remix mode the prompt is opened first.
"""

from __future__ import annotations

from bot.jobs.continuations import unseeded
from bot.memory.records import JobRecord
from bot.surface.actions import Answers, Dialog, JobAction, on_grids
from bot.surface.hub import Interaction
from bot.surface.intake import take
from bot.surface.source_job import finished, remixing
from grammar import format_prompt

__all__ = ["ACTIONS"]


async def _press(interaction: Interaction, job_id: str, index: int) -> None:
    hub = interaction.client.hub
    job = await finished(interaction, job_id)
    for file in await hub.jobs.inputs(job.id):
        await hub.pictures.read(file)
    if await remixing(interaction):
        await REMIXED.open(interaction, job.id, index, prompt=format_prompt(unseeded(job)))
    else:
        await _take(interaction, job, "")


async def _remixed(interaction: Interaction, job_id: str, _: int, said: Answers) -> None:
    """An unchanged prompt is a plain re-roll."""
    await _take(interaction, await finished(interaction, job_id), said["prompt"])


async def _take(interaction: Interaction, job: JobRecord, prompt: str) -> None:
    hub = interaction.client.hub
    specs = hub.continuations.asked_again(job, prompt)
    await take(
        interaction,
        lambda user: hub.continuations.again(user, job, prompt, specs),
        [spec or unseeded(job) for spec in specs],
        job,
    )


REMIXED = Dialog("remixed_reroll", "Remix Prompt", _remixed)

ACTIONS = (
    JobAction(name="reroll", press=_press, emoji="🔄", row=0, shown=on_grids, index=0, dialogs=(REMIXED,)),
)
