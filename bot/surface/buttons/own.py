"""What a job's owner alone may do with it: cancel it, delete it, keep a picture among the favourites."""

from __future__ import annotations

import discord

from bot.errors import Refusal
from bot.memory.records import JobRecord
from bot.messages.sending import view_of
from bot.messages.wording import mention
from bot.surface.actions import Action, JobAction, on_singles, while_unfinished
from bot.surface.hub import Interaction
from bot.surface.source_job import finished, here

__all__ = ["ACTIONS"]


async def _cancel(interaction: Interaction, job_id: str, _: int) -> None:
    job = await here(interaction, job_id)
    if job.user_id != interaction.user.id:
        raise Refusal(f"Only {mention(job.user_id)} can cancel this job.")
    if not await interaction.client.hub.flow.cancel(job_id, interaction.user.id):
        raise Refusal("This job has ended already.")
    await interaction.response.send_message("The job is being cancelled.", ephemeral=True)


async def _favourite(interaction: Interaction, job_id: str, index: int) -> None:
    """Keep it among one's favourites, or no longer."""
    hub = interaction.client.hub
    job = await finished(interaction, job_id)
    if job.user_id != interaction.user.id:
        raise Refusal("Only the owner's favourites are kept; use 🔄 or V to make it yours.")
    await hub.results.picture(job, index)
    liked = await hub.favourites.turn(job, index)
    await interaction.response.send_message(
        "Added to your favourites." if liked else "No longer among your favourites.", ephemeral=True
    )


async def _delete(interaction: Interaction, job_id: str, _: int) -> None:
    """The message, the rows and the files; a favourite only when asked once more."""
    job = await _to_delete(interaction, job_id)
    if await interaction.client.hub.favourites.among(job):
        await interaction.response.send_message(
            "This picture is among your favourites. Delete it all the same?",
            view=view_of(((ANYWAY.button(job.id),),)) or discord.utils.MISSING,
            ephemeral=True,
        )
        return
    if job.place.private:  # only this press reaches a message that its owner alone sees
        await interaction.response.edit_message(content="Deleted.", embeds=[], attachments=[], view=None)
    else:
        await interaction.response.send_message("Deleted.", ephemeral=True)
    await interaction.client.hub.flow.delete(job)


async def _delete_anyway(interaction: Interaction, job_id: str, _: int) -> None:
    """The question about a favourite was answered; its message is the answer's."""
    job = await _to_delete(interaction, job_id)
    await interaction.response.edit_message(content="Deleted.", view=None)
    await interaction.client.hub.flow.delete(job)


async def _to_delete(interaction: Interaction, job_id: str) -> JobRecord:
    job = await finished(interaction, job_id)
    if job.user_id != interaction.user.id:
        raise Refusal(f"Only {mention(job.user_id)} can delete this.")
    return job


ANYWAY = Action(
    name="delete_anyway", press=_delete_anyway, label="Delete it", style=discord.ButtonStyle.danger
)

ACTIONS = (
    JobAction(name="cancel", press=_cancel, label="Cancel", row=0, shown=while_unfinished, index=0),
    JobAction(name="favourite", press=_favourite, label="Favorite", emoji="❤️", row=4, shown=on_singles),
    JobAction(name="delete", press=_delete, label="Delete", emoji="🗑️", row=4, shown=on_singles, index=0),
    ANYWAY,
)
