"""The job that a button stands under: found, checked, and what a new job takes over from it.

Anyone who sees a result may go on from it. Knows nothing of what the new job does.
"""

from __future__ import annotations

from dataclasses import replace

from bot.errors import Gone, Refusal
from bot.jobs.flow import Draft
from bot.memory.jobs import JobRecord, Kind, Status
from bot.memory.people import User
from bot.messages.dialogs import Field, dialog
from bot.surface.client import Interaction
from engine import Plan
from grammar import GenerationSpec, format_prompt

__all__ = ["ask_to_remix", "child", "finished", "here", "picture_of", "remixed"]


async def here(interaction: Interaction, job_id: str) -> JobRecord:
    """The job of a button that was pressed where the job's message stands. Raises Gone and Refusal."""
    job = await interaction.client.history.get(job_id)
    if job is None:
        raise Gone("The job of this button is no longer kept here.")
    if not await interaction.client.history.stands_in(job, interaction.channel_id):
        raise Refusal("This button belongs to a message in another channel.")
    return job


async def finished(interaction: Interaction, job_id: str) -> JobRecord:
    """The same, of a job that has pictures."""
    job = await here(interaction, job_id)
    if job.status not in (Status.RENDERED, Status.DELIVERED):
        raise Gone("This job has no pictures.")
    return job


async def picture_of(interaction: Interaction, job: JobRecord, index: int) -> str:
    """The name of one of a job's pictures, which is known to be whole. Raises Gone and PictureGone."""
    client = interaction.client
    shot = await client.studio.picture(job, index)
    await client.pictures.read(shot.file)
    return shot.file


def child(parent: JobRecord, kind: Kind, user: User, index: int, file: str | None, *, plan: Plan) -> Draft:
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


def remixed(draft: Draft, prompt: str, spec: GenerationSpec | None) -> Draft:
    """The draft with another prompt, if there is one."""
    if spec is None:
        return draft
    return replace(draft, prompt=prompt, shown=format_prompt(spec), spec=spec.to_dict())


async def ask_to_remix(
    interaction: Interaction, action: str, target: str, index: int, prompt: str, *more: Field
) -> None:
    """Open the prompt to be edited; the answer comes back to ``action``."""
    fields = (*more, Field("prompt", "New prompt", prompt))
    await interaction.response.send_modal(dialog("Remix Prompt", action, target, index, *fields))
