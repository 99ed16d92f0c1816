"""A finished job's message once more, where somebody asks for it; its buttons work there too."""

from __future__ import annotations

from bot.memory.records import JobRecord
from bot.messages.sending import edited
from bot.surface.hub import Interaction
from bot.surface.intake import acknowledge

__all__ = ["show_again"]


async def show_again(interaction: Interaction, job: JobRecord) -> None:
    """The job's message as the answer to an interaction. Raises PictureGone."""
    hub = interaction.client.hub
    shown = await hub.results.message(job)
    message_id = await acknowledge(interaction, ephemeral=job.place.private)
    if message_id is None:
        message_id = (await interaction.original_response()).id
    # Noted before its buttons are there: whoever presses one at once must find the job in this channel.
    await hub.showings.add(job.id, interaction.channel_id or 0, message_id)
    await interaction.edit_original_response(**edited(shown, job.user_id))
