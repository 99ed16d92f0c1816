"""The buttons under every job's message: other pictures from its pictures, and what its owner may do with it.

Anyone who sees a result may go on from it; only its owner stops or deletes it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TypeAlias

from bot.errors import Refusal
from bot.jobs.flow import Draft
from bot.memory.jobs import JobRecord, Kind
from bot.memory.people import User
from bot.messages.letters import mention
from bot.surface.client import Interaction
from bot.surface.intake import drafts_of, read, take
from bot.surface.source_job import ask_to_remix, child, finished, here, picture_of, remixed
from engine import plan_again, plan_reroll, plan_upscale, plan_vary
from grammar import GenerationSpec, format_prompt

__all__ = [
    "cancel",
    "delete",
    "favourite",
    "remixed_reroll",
    "remixed_strong",
    "remixed_subtle",
    "reroll",
    "upscale",
    "vary",
    "vary_strong",
    "vary_subtle",
]

Answers: TypeAlias = dict[str, str]


async def upscale(interaction: Interaction, job_id: str, index: int) -> None:
    """U1–U4: that very picture, larger."""
    parent = await finished(interaction, job_id)
    file = await picture_of(interaction, parent, index)

    async def make(user: User) -> list[Draft]:
        plan = plan_upscale(parent.plan, index)
        return [child(parent, Kind.UPSCALE, user, index, file, plan=plan)]

    await take(interaction, make)


async def vary(interaction: Interaction, job_id: str, index: int) -> None:
    """V1–V4: variations as strong as the user's settings say."""
    user = await interaction.client.user_of(interaction)
    await _vary(interaction, job_id, index, strong=user.strong)


async def vary_strong(interaction: Interaction, job_id: str, index: int) -> None:
    """Vary (Strong), whatever the settings say."""
    await _vary(interaction, job_id, index, strong=True)


async def vary_subtle(interaction: Interaction, job_id: str, index: int) -> None:
    """Vary (Subtle), whatever the settings say."""
    await _vary(interaction, job_id, index, strong=False)


async def reroll(interaction: Interaction, job_id: str, index: int) -> None:
    """🔄: the same once more with a new seed; a seed that the prompt gave is kept out."""
    job = await finished(interaction, job_id)
    for file in await interaction.client.history.inputs(job.id):
        await interaction.client.pictures.read(file)
    spec = GenerationSpec.from_dict(job.spec).unseeded()
    if (await interaction.client.user_of(interaction)).remix:
        await ask_to_remix(interaction, "remixed_reroll", job.id, index, format_prompt(spec))
    else:
        await _reroll(interaction, job, spec)


async def remixed_strong(interaction: Interaction, job_id: str, index: int, said: Answers) -> None:
    """The dialog of a strong variation came back."""
    await _remixed_vary(interaction, job_id, index, said, strong=True)


async def remixed_subtle(interaction: Interaction, job_id: str, index: int, said: Answers) -> None:
    """The dialog of a subtle variation came back."""
    await _remixed_vary(interaction, job_id, index, said, strong=False)


async def remixed_reroll(interaction: Interaction, job_id: str, _: int, said: Answers) -> None:
    """The dialog of 🔄 came back: an unchanged prompt is a plain re-roll."""
    job = await finished(interaction, job_id)
    spec = GenerationSpec.from_dict(job.spec).unseeded()
    if said["prompt"].strip() == format_prompt(spec):
        await _reroll(interaction, job, spec)
        return
    specs = read(interaction, said["prompt"])
    if job.kind is Kind.IMAGINE:
        await take(interaction, lambda user: drafts_of(interaction, user, said["prompt"], specs))
        return
    inputs = tuple(await interaction.client.history.inputs(job.id))

    async def make(user: User) -> list[Draft]:
        plans = [plan_again(job.plan, interaction.client.registry, spec) for spec in specs]
        drafts = [child(job, job.kind, user, job.position, None, plan=plan) for plan in plans]
        return [
            replace(remixed(draft, said["prompt"], spec), inputs=inputs)
            for draft, spec in zip(drafts, specs, strict=True)
        ]

    await take(interaction, make)


async def cancel(interaction: Interaction, job_id: str, _: int) -> None:
    """Stop one's own job."""
    job = await here(interaction, job_id)
    if job.user_id != interaction.user.id:
        raise Refusal(f"Only {mention(job.user_id)} can cancel this job.")
    if not await interaction.client.studio.cancel(job_id, interaction.user.id):
        raise Refusal("This job has ended already.")
    await interaction.response.send_message("The job is being cancelled.", ephemeral=True)


async def delete(interaction: Interaction, job_id: str, _: int) -> None:
    """Delete one's own pictures: the message, the rows and the files."""
    job = await finished(interaction, job_id)
    if job.user_id != interaction.user.id:
        raise Refusal(f"Only {mention(job.user_id)} can delete this.")
    await interaction.response.send_message("Deleted.", ephemeral=True)
    await interaction.client.studio.delete(job)


async def favourite(interaction: Interaction, job_id: str, index: int) -> None:
    """❤️: keep it among one's favourites, or no longer."""
    job = await finished(interaction, job_id)
    if job.user_id != interaction.user.id:
        raise Refusal("Only the owner's favourites are kept; use 🔄 or V to make it yours.")
    await interaction.client.studio.picture(job, index)
    liked = await interaction.client.history.favour(job, index)
    await interaction.response.send_message(
        "Added to your favourites." if liked else "No longer among your favourites.", ephemeral=True
    )


async def _vary(interaction: Interaction, job_id: str, index: int, *, strong: bool) -> None:
    parent = await finished(interaction, job_id)
    file = await picture_of(interaction, parent, index)
    if (await interaction.client.user_of(interaction)).remix:
        action = "remixed_strong" if strong else "remixed_subtle"
        await ask_to_remix(interaction, action, parent.id, index, parent.shown)
        return

    async def make(user: User) -> list[Draft]:
        kind = Kind.VARY_STRONG if strong else Kind.VARY_SUBTLE
        plan = plan_vary(parent.plan, index, interaction.client.registry, strong=strong)
        return [child(parent, kind, user, index, file, plan=plan)]

    await take(interaction, make)


async def _remixed_vary(
    interaction: Interaction, job_id: str, index: int, said: Answers, *, strong: bool
) -> None:
    client = interaction.client
    parent = await finished(interaction, job_id)
    file = await picture_of(interaction, parent, index)
    changed = said["prompt"].strip() != parent.shown.strip()
    specs = read(interaction, said["prompt"]) if changed else [None]
    kinds = {
        (True, True): Kind.REMIX_STRONG,
        (True, False): Kind.REMIX_SUBTLE,
        (False, True): Kind.VARY_STRONG,
        (False, False): Kind.VARY_SUBTLE,
    }

    async def make(user: User) -> list[Draft]:
        drafts = []
        for spec in specs:
            plan = plan_vary(parent.plan, index, client.registry, strong=strong, spec=spec)
            draft = child(parent, kinds[changed, strong], user, index, file, plan=plan)
            drafts.append(remixed(draft, said["prompt"], spec))
        return drafts

    await take(interaction, make)


async def _reroll(interaction: Interaction, job: JobRecord, spec: GenerationSpec) -> None:
    client = interaction.client
    inputs = tuple(await client.history.inputs(job.id))

    async def make(user: User) -> list[Draft]:
        if job.kind is Kind.IMAGINE:
            plan = await asyncio.to_thread(plan_reroll, spec, client.registry, model=job.plan.model)
        else:
            plan = plan_again(job.plan, client.registry)
        shown = format_prompt(spec)
        draft = child(job, job.kind, user, job.position, None, plan=plan)
        return [replace(draft, prompt=shown, shown=shown, spec=spec.to_dict(), inputs=inputs)]

    await take(interaction, make)
