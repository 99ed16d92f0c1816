"""What the world is made of: people, guilds, channels, messages, files, applications, their interactions.

Plain values; nothing here changes or judges them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

TEXT, DM, GROUP_DM = 0, 1, 3
"""Kinds of channels, by Discord's numbers."""
EPHEMERAL, LOADING, COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 15
"""Flags of messages, by Discord's bits."""
Status = Literal["pending", "answered", "failed"]


@dataclass(slots=True)
class User:
    """A person, or an application's bot."""

    id: int
    name: str
    display: str
    bot: bool = False


@dataclass(slots=True)
class Channel:
    """A guild's text channel, a direct message, or a private group the bot is not in."""

    id: int
    kind: int
    name: str
    guild_id: int | None = None
    recipients: list[int] = field(default_factory=list)
    topic: str = ""
    position: int = 0
    bot_denied: int = 0
    """Permission bits taken from every bot here."""


@dataclass(slots=True)
class Role:
    """A guild's role."""

    id: int
    name: str
    permissions: int
    position: int = 0


@dataclass(slots=True)
class Guild:
    """A server: its people, their roles, its bots."""

    id: int
    name: str
    owner_id: int
    roles: list[Role] = field(default_factory=list)
    members: dict[int, list[int]] = field(default_factory=dict)
    """User id → role ids."""
    open_to_bots: bool = True
    """Whether a bot that logs in is a member; where not, only user-installed commands work."""


@dataclass(slots=True)
class Attachment:
    """A file that belongs to a message or was given to a command."""

    id: int
    channel_id: int
    filename: str
    size: int
    content_type: str
    width: int | None = None
    height: int | None = None
    description: str | None = None
    ephemeral: bool = False
    in_embed: bool = False
    """Shown inside an embed, so not listed among the message's attachments."""


@dataclass(slots=True)
class Message:
    """A message in a channel; ephemeral when only one person sees it."""

    id: int
    channel_id: int
    author_id: int
    content: str = ""
    kind: int = 0
    flags: int = 0
    created: float = 0.0
    edited: float | None = None
    embeds: list[dict[str, Any]] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    reactions: dict[str, list[int]] = field(default_factory=dict)
    mentions: list[int] = field(default_factory=list)
    mention_everyone: bool = False
    visible_to: int | None = None
    application_id: int | None = None
    webhook_id: int | None = None
    interaction_id: int | None = None
    interaction: dict[str, Any] | None = None
    """What Discord calls interaction metadata, ready for the wire."""
    reference: int | None = None
    nonce: str | None = None

    def seen_by(self, user_id: int) -> bool:
        """Whether this person sees the message, given that they see its channel."""
        return self.visible_to is None or self.visible_to == user_id


@dataclass(slots=True)
class Application:
    """A bot: its user and the commands it registered; scope 0 is global, others are guild ids."""

    id: int
    name: str
    commands: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    user_installed: bool = True


@dataclass(slots=True)
class Interaction:
    """One use of a command, component or dialog, from the press to the end of its token."""

    id: int
    token: str
    kind: int
    application_id: int
    user_id: int
    channel_id: int
    data: dict[str, Any]
    label: str
    """What the person used, in words: `/imagine`, `U1`."""
    started: float
    """Monotonic time of the press."""
    expires: float
    """Monotonic time at which the token dies."""
    guild_id: int | None = None
    message_id: int | None = None
    """The message whose component was used."""
    parent_id: int | None = None
    """For a dialog: the interaction that opened it."""
    status: Status = "pending"
    acked_after: float | None = None
    """Seconds from the press to the accepted answer."""
    answer_kind: int | None = None
    original_id: int | None = None
    """The message that `@original` means."""
    followups: int = 0
    modal: dict[str, Any] | None = None
    choices: list[dict[str, Any]] | None = None

    @property
    def failed(self) -> bool:
        """Whether the three seconds went by without an answer."""
        return self.status == "failed"
