"""The job that a button stands under: found, checked, and what a new job takes over from it.

Anyone who sees a result may go on from it. Knows nothing of what the new job does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.errors import Gone, Refusal
from bot.jobs.flow import Draft
from bot.memory.people import User
from bot.memory.records import JobKind, JobRecord
from bot.surface.hub import Interaction
from bot.surface.intake import read
from bot.surface.pictures import KeptPicture, pictures_behind
from engine import Plan
from grammar import GenerationSpec, format_prompt

__all__ = [
    "asked_for",
    "child",
    "finished",
    "here",
    "picture_of",
    "remixed",
    "remixing",
]


async def here(interaction: Interaction, job_id: str) -> JobRecord:
    """The job of a button that was pressed where the job's message stands. Raises Gone and Refusal."""
    job = await interaction.client.hub.jobs.get(job_id)
    if job is None:
        raise Gone("The job of this button is no longer kept here.")
    if job.place.private and job.user_id != interaction.user.id:
        raise Gone("The job of this button is no longer kept here.")
    if not await interaction.client.hub.showings.stands_in(job, interaction.channel_id):
        raise Refusal("This button belongs to a message in another channel.")
    return job


async def finished(interaction: Interaction, job_id: str) -> JobRecord:
    """The same, of a job that has pictures."""
    job = await here(interaction, job_id)
    if not job.status.has_pictures:
        raise Gone("This job has no pictures.")
    return job


async def picture_of(interaction: Interaction, job: JobRecord, index: int) -> str:
    """The name of one of a job's pictures, which is known to be whole. Raises Gone and PictureGone."""
    hub = interaction.client.hub
    picture = await hub.results.picture(job, index)
    await hub.pictures.read(picture.file)
    return picture.file


def child(parent: JobRecord, kind: JobKind, user: User, index: int, file: str | None, *, plan: Plan) -> Draft:
    """A new job with the parent's prompt, from the picture ``file``, for whoever pressed."""
    return Draft(
        kind=kind,
        prompt=parent.prompt,
        shown=parent.shown,
        spec=parent.spec,
        plan=plan,
        lane=user.lane,
        inputs=(file,) if file else (),
        parent_id=parent.id,
        position=index,
    )


async def remixed(
    interaction: Interaction, parent: JobRecord, draft: Draft, prompt: str, spec: GenerationSpec | None
) -> Draft:
    """The draft with another prompt, if there is one, and what that refers to. Raises BadLink, BadPicture."""
    if spec is None:
        return draft
    said = replace(draft, prompt=prompt, shown=format_prompt(spec), spec=spec.to_dict())
    if not draft.plan.referred:
        return said
    known = await interaction.client.hub.jobs.referred(parent.id)
    given = {link: KeptPicture(name) for link, name in known.items()}
    found = await pictures_behind(interaction, draft.plan.links, given)
    return replace(said, references=tuple(found[link].name for link in draft.plan.links))


async def remixing(interaction: Interaction) -> bool:
    """Whether whoever pressed wants to edit the prompt first."""
    return (await interaction.client.hub.user_of(interaction)).remix


def asked_for(interaction: Interaction, parent: JobRecord, prompt: str) -> Sequence[GenerationSpec | None]:
    """What a dialog asks for; None where it left the prompt as it was. Raises PromptError and Refusal."""
    changed = prompt and prompt.strip() != parent.shown.strip()
    return read(interaction, prompt) if changed else [None]
