"""The state of the small world, and the few changes that can happen to it.

Each change is published to whoever listens. It knows neither HTTP nor the gateway, and it does not judge
whether a change is allowed.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator
from typing import Any

from playground.world.changes import Changes
from playground.world.interactions import Interactions
from playground.world.snowflakes import Snowflakes
from playground.world.values import DM, TEXT, Application, Channel, Guild, Interaction, Message, Role, User


class World(Changes):
    """Everything there is, and the changes that can happen to it."""

    def __init__(self) -> None:
        super().__init__()
        self.ids = Snowflakes()
        self.users: dict[int, User] = {}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, dict[int, Message]] = {}
        """Channel id → message id → message, oldest first."""
        self.applications: dict[int, Application] = {}
        self.interactions = Interactions()

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

    def history(
        self, channel_id: int, *, seen_by: int | None, limit: int = 50, before: int = 0, after: int = 0
    ) -> list[Message]:
        """Messages newest first; with `after`, the oldest ones after it, still newest first.

        `limit` counts those that the user `seen_by` sees (None sees everything), so that fewer than `limit`
        are the end.
        """
        messages = self.messages.get(channel_id, {})

        def seen(some: Iterable[Message]) -> list[Message]:
            return list(itertools.islice((m for m in some if seen_by is None or m.seen_by(seen_by)), limit))

        if after:
            return seen(m for m in messages.values() if m.id > after)[::-1]
        return seen(m for m in reversed(messages.values()) if not before or m.id < before)

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
        """Remember an interaction."""
        self.interactions.add(interaction)
        self.publish("interaction_create", interaction)
        return interaction
