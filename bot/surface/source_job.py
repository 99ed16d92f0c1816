"""The job that a button stands under: found, and checked.

Anyone who sees a result may go on from it. Knows nothing of what comes of it.
"""

from __future__ import annotations

from bot.errors import Gone, Refusal
from bot.memory.records import JobRecord
from bot.surface.hub import Interaction

__all__ = ["finished", "here", "picture_of", "remixing"]


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
    return await interaction.client.hub.continuations.picture_of(job, index)


async def remixing(interaction: Interaction) -> bool:
    """Whether whoever pressed wants to edit the prompt first."""
    return (await interaction.client.hub.user_of(interaction)).remix
