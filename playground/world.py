"""The state of the small world: people, guilds, channels, messages, applications and their interactions.

Plain values and the few changes that can happen to them; each change is published to whoever listens. It
knows neither HTTP nor the gateway, and it does not judge whether a change is allowed.
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

DISCORD_EPOCH_MS = 1_420_070_400_000
TEXT, DM, GROUP_DM = 0, 1, 3
INTERACTIONS_KEPT = 20_000

EPHEMERAL, LOADING, COMPONENTS_V2 = 1 << 6, 1 << 7, 1 << 15


class Snowflakes:
    """Ids in Discord's form: milliseconds since its epoch above a counter, strictly growing."""

    def __init__(self) -> None:
        self._last = 0
        self._now = time.time

    def next(self) -> int:
        """A new id, greater than every one before it."""
        now = (int(self._now() * 1000) - DISCORD_EPOCH_MS) << 22
        self._last = max(now, self._last + 1)
        return self._last

    def start_after(self, last: int) -> None:
        """Never give out ids up to `last` again."""
        self._last = max(self._last, last)


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


Status = Literal["pending", "answered", "failed"]


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


@dataclass(frozen=True, slots=True)
class Event:
    """A change in the world. `subject` is the thing changed, `extra` what else the listeners need."""

    kind: str
    subject: Any
    extra: dict[str, Any] = field(default_factory=dict)


Listener = Callable[[Event], None]


class World:
    """Everything there is, and the changes that can happen to it."""

    def __init__(self) -> None:
        self.ids = Snowflakes()
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, dict[int, Message]] = {}
        """Channel id → message id → message, oldest first."""
        self.applications: dict[int, Application] = {}
        self.interactions: OrderedDict[int, Interaction] = OrderedDict()
        self._by_token: dict[str, Interaction] = {}
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each event from now on; the answer stops it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, kind: str, subject: Any, **extra: Any) -> None:
        """Tell every listener that something changed."""
        event = Event(kind, subject, extra)
        for listener in tuple(self._listeners):
            listener(event)

    # People and places

    def add_user(self, name: str, display: str | None = None, *, bot: bool = False, id: int = 0) -> User:
        """A new person or bot."""
        user = User(id or self.ids.next(), name, display or name.title(), bot)
        self.users[user.id] = user
        return user

    def user_named(self, name: str) -> User | None:
        """The person with this name, whatever its case."""
        return next(
            (u for u in self.users.values() if u.name.casefold() == name.casefold() and not u.bot), None
        )

    def people(self) -> Iterator[User]:
        """Everyone who is not a bot, in order of arrival."""
        return (user for user in self.users.values() if not user.bot)

    def add_guild(self, name: str, owner: User, everyone: int, *, open_to_bots: bool = True) -> Guild:
        """A new guild with its @everyone role; the owner is its first member."""
        guild = Guild(self.ids.next(), name, owner.id, open_to_bots=open_to_bots)
        guild.roles.append(Role(guild.id, "@everyone", everyone))
        guild.members[owner.id] = []
        self.guilds[guild.id] = guild
        return guild

    def add_channel(self, name: str, guild: Guild, *, topic: str = "") -> Channel:
        """A new text channel in a guild."""
        position = sum(c.guild_id == guild.id for c in self.channels.values())
        channel = Channel(self.ids.next(), TEXT, name, guild.id, topic=topic, position=position)
        self.channels[channel.id] = channel
        self.messages[channel.id] = {}
        self.publish("channel_create", channel)
        return channel

    def private_channel(self, *users: int) -> Channel:
        """The direct-message channel between these users, made when it is not there."""
        members = sorted(users)
        for channel in self.channels.values():
            if channel.kind == DM and sorted(channel.recipients) == members:
                return channel
        channel = Channel(self.ids.next(), DM, "", recipients=members)
        self.channels[channel.id] = channel
        self.messages[channel.id] = {}
        self.publish("channel_create", channel)
        return channel

    def join(self, guild: Guild, user_id: int) -> None:
        """Make a user a member of a guild."""
        if user_id not in guild.members:
            guild.members[user_id] = []
            self.publish("guild_join", guild, user_id=user_id)

    def members(self, channel: Channel) -> list[int]:
        """Ids of everyone, bots too, who sees this channel."""
        if channel.guild_id is not None:
            return list(self.guilds[channel.guild_id].members)
        return channel.recipients

    # Messages

    def add_message(self, message: Message) -> Message:
        """Put a new message into its channel."""
        message.created = message.created or time.time()
        self.messages[message.channel_id][message.id] = message
        self.publish("message_create", message)
        return message

    def message(self, channel_id: int, message_id: int) -> Message | None:
        """A message by its place, or None."""
        return self.messages.get(channel_id, {}).get(message_id)

    def find_message(self, message_id: int) -> Message | None:
        """A message by its id alone, or None."""
        return next((m[message_id] for m in self.messages.values() if message_id in m), None)

    def history(self, channel_id: int, *, limit: int = 50, before: int = 0, after: int = 0) -> list[Message]:
        """Messages newest first; with `after`, the oldest ones after it, still newest first."""
        messages = self.messages.get(channel_id, {})
        if after:
            found = list(itertools.islice((m for m in messages.values() if m.id > after), limit))
            return found[::-1]
        older = (m for m in reversed(messages.values()) if not before or m.id < before)
        return list(itertools.islice(older, limit))

    def changed(self, message: Message, *, by_author: bool = True) -> None:
        """A message has other contents now; `by_author` marks it as edited."""
        if by_author:
            message.edited = time.time()
        self.publish("message_update", message)

    def delete_message(self, message: Message) -> None:
        """Take a message away."""
        del self.messages[message.channel_id][message.id]
        self.publish("message_delete", message)

    def react(self, message: Message, user_id: int, emoji: str) -> None:
        """Add a user's reaction."""
        users = message.reactions.setdefault(emoji, [])
        if user_id not in users:
            users.append(user_id)
            self.publish("reaction_add", message, user_id=user_id, emoji=emoji)

    def unreact(self, message: Message, user_id: int, emoji: str) -> None:
        """Take a user's reaction away."""
        users = message.reactions.get(emoji, [])
        if user_id in users:
            users.remove(user_id)
            if not users:
                del message.reactions[emoji]
            self.publish("reaction_remove", message, user_id=user_id, emoji=emoji)

    # Applications

    def add_application(self, application_id: int, name: str) -> Application:
        """An application and its bot user, who joins every guild that is open to bots."""
        application = self.applications[application_id] = Application(application_id, name)
        self.add_user(name, name, bot=True, id=application_id)
        for guild in self.guilds.values():
            if guild.open_to_bots:
                self.join(guild, application_id)
        for person in list(self.people()):
            self.private_channel(person.id, application_id)
        self.publish("application", application)
        return application

    def set_commands(self, application: Application, scope: int, commands: list[dict[str, Any]]) -> None:
        """Replace the commands of one scope."""
        application.commands[scope] = commands
        self.publish("commands", application)

    def add_interaction(self, interaction: Interaction) -> Interaction:
        """Remember an interaction; the oldest are forgotten beyond some twenty thousand."""
        self.interactions[interaction.id] = interaction
        self._by_token[interaction.token] = interaction
        while len(self.interactions) > INTERACTIONS_KEPT:
            _, forgotten = self.interactions.popitem(last=False)
            del self._by_token[forgotten.token]
        self.publish("interaction_create", interaction)
        return interaction

    def interaction_of(self, token: str) -> Interaction | None:
        """The interaction a token was given to."""
        return self._by_token.get(token)


def new_token() -> str:
    """A token nobody guesses, long like Discord's."""
    return secrets.token_urlsafe(96)
