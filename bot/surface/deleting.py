"""A favourite is deleted only when its owner is asked once more: the question, and its answer.

Knows nothing of where deleting was asked for.
"""

from __future__ import annotations

import discord

from bot.errors import Refusal
from bot.memory.records import JobRecord
from bot.messages.sending import view_of
from bot.messages.wording import mention
from bot.surface.actions import Action
from bot.surface.hub import Interaction
from bot.surface.source_job import finished

__all__ = ["ANYWAY", "ask", "to_delete"]


async def to_delete(interaction: Interaction, job_id: str) -> JobRecord:
    """The finished job of whoever wants to delete it. Raises Gone and Refusal."""
    job = await finished(interaction, job_id)
    if job.user_id != interaction.user.id:
        raise Refusal(f"Only {mention(job.user_id)} can delete this.")
    return job


async def ask(interaction: Interaction, job: JobRecord) -> None:
    """Whether a favourite is to be deleted all the same."""
    await interaction.response.send_message(
        "This picture is among your favourites. Delete it all the same?",
        view=view_of(((ANYWAY.button(job.id),),)) or discord.utils.MISSING,
        ephemeral=True,
    )


async def _delete_anyway(interaction: Interaction, job_id: str, _: int) -> None:
    """The question was answered; its message is the answer's."""
    job = await to_delete(interaction, job_id)
    await interaction.response.edit_message(content="Deleted.", view=None)
    await interaction.client.hub.flow.delete(job)


ANYWAY = Action(
    name="delete_anyway", press=_delete_anyway, label="Delete it", style=discord.ButtonStyle.danger
)
