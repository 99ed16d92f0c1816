"""Where the answer to an interaction stands, how much may be shown there, and in which roles its user is.

Knows no jobs.
"""

from __future__ import annotations

from bot.memory.records import Place
from bot.surface.hub import Interaction

__all__ = ["ANYWHERE", "hide_above", "place_of", "roles_of"]

ANYWHERE = 10 * 2**20  # bytes of a file that every channel takes; the answer may have to go to another one


def place_of(interaction: Interaction, *, private: bool = False) -> Place:
    """Where the answer to an interaction stands."""
    return Place(
        channel_id=interaction.channel_id or 0,
        guild_id=interaction.guild_id,
        token=interaction.token,
        upload_limit=min(interaction.filesize_limit, ANYWHERE),
        interaction_id=interaction.id,
        private=private,
        hide_above=hide_above(interaction),
    )


def hide_above(interaction: Interaction) -> float:
    """The score, 0 to 1, above which pictures are hidden where somebody typed or pressed."""
    channel = interaction.channel
    restricted = getattr(channel, "is_nsfw", None)
    return interaction.client.hub.moderation.hide_above(
        interaction.channel_id,
        getattr(channel, "parent_id", None),
        adult=restricted is not None and restricted(),
    )


def roles_of(interaction: Interaction) -> list[int]:
    """The ids of the roles of whoever pressed or typed; none outside a server."""
    return [role.id for role in getattr(interaction.user, "roles", ())]
