"""🔄 under a grid: the same once more with a new seed; a seed that the prompt gave is kept out.

In Remix mode the prompt is opened first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.jobs.flow import Draft
from bot.memory.people import User
from bot.memory.records import JobKind, JobRecord
from bot.surface.actions import Answers, Dialog, JobAction, on_grids
from bot.surface.hub import Interaction
from bot.surface.intake import drafts_of, read, secret, take
from bot.surface.pictures import KeptPicture
from bot.surface.source_job import child, finished, remixed, remixing
from engine import plan_again, plan_reroll
from grammar import GenerationSpec, format_prompt

__all__ = ["ACTIONS"]


async def _press(interaction: Interaction, job_id: str, index: int) -> None:
    hub = interaction.client.hub
    job = await finished(interaction, job_id)
    for file in await hub.jobs.inputs(job.id):
        await hub.pictures.read(file)
    spec = GenerationSpec.from_dict(job.spec).unseeded()
    if await remixing(interaction):
        await REMIXED.open(interaction, job.id, index, prompt=format_prompt(spec))
    else:
        await _reroll(interaction, job, spec)


async def _reroll(interaction: Interaction, job: JobRecord, spec: GenerationSpec) -> None:
    hub = interaction.client.hub
    inputs = tuple(await hub.jobs.sources(job.id))

    async def make(user: User) -> list[Draft]:
        if job.kind is JobKind.IMAGINE:
            plan = await asyncio.to_thread(plan_reroll, spec, hub.registry, model=job.plan.model)
        else:
            plan = plan_again(job.plan, hub.registry)
        shown = format_prompt(spec)
        draft = child(job, job.kind, user, job.position, None, plan=plan)
        return [replace(draft, prompt=shown, shown=shown, spec=spec.to_dict(), inputs=inputs)]

    await take(interaction, make, private=secret([spec], job))


async def _remixed(interaction: Interaction, job_id: str, _: int, said: Answers) -> None:
    """An unchanged prompt is a plain re-roll."""
    hub = interaction.client.hub
    job = await finished(interaction, job_id)
    spec = GenerationSpec.from_dict(job.spec).unseeded()
    if said["prompt"].strip() == format_prompt(spec):
        await _reroll(interaction, job, spec)
        return
    specs = read(interaction, said["prompt"])
    if job.kind is JobKind.IMAGINE:
        await take(
            interaction,
            lambda user: _anew(interaction, job, user, said["prompt"], specs),
            private=secret(specs, job),
        )
        return
    inputs = tuple(await hub.jobs.sources(job.id))

    async def make(user: User) -> list[Draft]:
        plans = [plan_again(job.plan, hub.registry, spec) for spec in specs]
        drafts = [child(job, job.kind, user, job.position, None, plan=plan) for plan in plans]
        return [
            replace(await remixed(interaction, job, draft, said["prompt"], spec), inputs=inputs)
            for draft, spec in zip(drafts, specs, strict=True)
        ]

    await take(interaction, make, private=secret(specs, job))


async def _anew(
    interaction: Interaction, job: JobRecord, user: User, prompt: str, specs: Sequence[GenerationSpec]
) -> list[Draft]:
    """Drafts of another prompt; what the job's own referred to need not be fetched again."""
    known = await interaction.client.hub.jobs.referred(job.id)
    given = {link: KeptPicture(name) for link, name in known.items()}
    return await drafts_of(interaction, user, prompt, specs, given)


REMIXED = Dialog("remixed_reroll", "Remix Prompt", _remixed)

ACTIONS = (
    JobAction(name="reroll", press=_press, emoji="🔄", row=0, shown=on_grids, index=0, dialogs=(REMIXED,)),
)
