"""What a job's owner alone may do with it: cancel it, delete it, keep a picture among the favourites."""

from __future__ import annotations

from dataclasses import replace

from bot.errors import Refusal
from bot.messages.sending import view_of
from bot.messages.wording import mention
from bot.surface.actions import JobAction, on_singles, while_unfinished
from bot.surface.deleting import ANYWAY, ask, to_delete
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
    rows = hub.results.rows(replace(job, favourite=liked))
    await interaction.response.edit_message(view=view_of(rows))
    said = "Added to your favourites." if liked else "No longer among your favourites."
    await interaction.followup.send(said, ephemeral=True)


async def _delete(interaction: Interaction, job_id: str, _: int) -> None:
    """The message, the rows and the files; a favourite only when asked once more."""
    job = await to_delete(interaction, job_id)
    if job.favourite:
        await ask(interaction, job)
        return
    if job.place.private:  # only this press reaches a message that its owner alone sees
        await interaction.response.edit_message(content="Deleted.", embeds=[], attachments=[], view=None)
    else:
        await interaction.response.send_message("Deleted.", ephemeral=True)
    await interaction.client.hub.flow.delete(job)


ACTIONS = (
    JobAction(name="cancel", press=_cancel, label="Cancel", row=0, shown=while_unfinished, index=0),
    JobAction(
        name="favourite",
        press=_favourite,
        label="Favorite",
        emoji="❤️",
        row=4,
        shown=on_singles,
        on=lambda job: job.favourite,
    ),
    JobAction(name="delete", press=_delete, label="Delete", emoji="🗑️", row=4, shown=on_singles, index=0),
    ANYWAY,
)
