"""What there is: people and places, messages and files, and how they are kept. Knows no protocol."""

from playground.world.changes import Event
from playground.world.values import (
    COMPONENTS_V2,
    DM,
    EPHEMERAL,
    LOADING,
    TEXT,
    Application,
    Attachment,
    Channel,
    Guild,
    Interaction,
    Message,
    Role,
    User,
)
from playground.world.world import World

__all__ = [
    "COMPONENTS_V2",
    "DM",
    "EPHEMERAL",
    "LOADING",
    "TEXT",
    "Application",
    "Attachment",
    "Channel",
    "Event",
    "Guild",
    "Interaction",
    "Message",
    "Role",
    "User",
    "World",
]
