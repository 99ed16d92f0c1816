"""A finished job's message once more, where somebody asks for it; its buttons work there too."""

from __future__ import annotations

import asyncio

from bot.errors import Refusal
from bot.memory.records import JobRecord
from bot.messages.sending import edited
from bot.surface.hub import Hub, Interaction
from bot.surface.intake import acknowledge
from bot.surface.places import hide_above
from engine import UnknownModel
from engine.planning.measuring import needs

__all__ = ["show_again"]


async def show_again(interaction: Interaction, job: JobRecord) -> None:
    """The job's message as the answer to an interaction. Raises PictureGone."""
    hub = interaction.client.hub
    if job.place.hide_above > hide_above(interaction) and await asyncio.to_thread(_judged, hub, job):
        raise Refusal("That job was drawn where more may be shown than here. Ask for it there.")
    shown = await hub.results.message(job)
    message_id = await acknowledge(interaction, ephemeral=job.place.private)
    if message_id is None:
        message_id = (await interaction.original_response()).id
    # Noted before its buttons are there: whoever presses one at once must find the job in this channel.
    await hub.showings.add(job.id, interaction.channel_id or 0, message_id)
    await interaction.edit_original_response(**edited(shown, job.user_id))


def _judged(hub: Hub, job: JobRecord) -> bool:
    """Whether anything looks at such a job's pictures, so that some may be hidden here; reads the disk."""
    if hub.settings.easel_classifier:
        return True
    if not hub.settings.easel_safety_checker:
        return False
    try:
        parts = needs(hub.registry.get(job.plan.model)).parts
    except UnknownModel:
        return True
    return any(part.name == "safety_checker" for part in parts)
