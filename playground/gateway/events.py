"""Changes of the world as Discord's events: which bots are sent what, by intents and by who may see it."""

from __future__ import annotations

from typing import Any

from playground import payloads
from playground.gateway.sessions import Session, Sessions
from playground.settings import Settings
from playground.world import Channel, Event, Guild, Interaction, Message, World
from playground.world.files import Files
from playground.world.permissions import VIEW_CHANNEL

GUILDS, GUILD_MESSAGES, GUILD_REACTIONS = 1 << 0, 1 << 9, 1 << 10
DIRECT_MESSAGES, DIRECT_REACTIONS, MESSAGE_CONTENT = 1 << 12, 1 << 13, 1 << 15
PRIVILEGED = 1 << 1 | 1 << 8 | MESSAGE_CONTENT
KNOWN_INTENTS = (1 << 17) - 1 | 3 << 20 | 3 << 24
VEILED: dict[str, Any] = {"content": "", "embeds": [], "attachments": [], "components": []}
"""What a message is to a bot that may not read it."""


class Events:
    """Sends the world's changes to the sessions they concern."""

    def __init__(self, world: World, settings: Settings, files: Files, sessions: Sessions) -> None:
        self._world = world
        self._settings = settings
        self._files = files
        self._sessions = sessions
        world.listen(self._on_event)

    def _on_event(self, event: Event) -> None:
        handler = getattr(self, f"_on_{event.kind}", None)
        if handler is not None:
            handler(event.subject, **event.extra)

    def _watching(self, channel: Channel, guild_intent: int, direct_intent: int) -> list[Session]:
        intent = direct_intent if channel.guild_id is None else guild_intent
        members = self._world.members(channel)
        return [
            session
            for session in self._sessions.values()
            if session.intents & intent
            and session.application_id in members
            and session.covers(channel.guild_id)
            and not channel.bot_denied & VIEW_CHANNEL
        ]

    def _message_event(self, name: str, message: Message, nonce: str | None = None) -> None:
        if message.visible_to is not None:
            return
        channel = self._world.channels[message.channel_id]
        watching = self._watching(channel, GUILD_MESSAGES, DIRECT_MESSAGES)
        if not watching:
            return
        body = payloads.message(self._world, message, self._files.link)
        body |= payloads.guild_fields(self._world, message)
        if nonce is not None:
            body["nonce"] = nonce
        for session in watching:
            session.dispatch(name, body if self._readable(session, channel, message) else body | VEILED)

    def _readable(self, session: Session, channel: Channel, message: Message) -> bool:
        me = session.application_id
        own = me == message.author_id or me in message.mentions
        return own or channel.guild_id is None or bool(session.intents & MESSAGE_CONTENT)

    def _on_message_create(self, message: Message) -> None:
        self._message_event("MESSAGE_CREATE", message, message.nonce)

    def _on_message_update(self, message: Message) -> None:
        self._message_event("MESSAGE_UPDATE", message)

    def _on_message_delete(self, message: Message) -> None:
        if message.visible_to is not None:
            return
        channel = self._world.channels[message.channel_id]
        body = {"id": str(message.id), "channel_id": str(channel.id)} | _guild_id(channel)
        for session in self._watching(channel, GUILD_MESSAGES, DIRECT_MESSAGES):
            session.dispatch("MESSAGE_DELETE", body)

    def _reaction(self, name: str, message: Message, user_id: int, emoji: str) -> None:
        channel = self._world.channels[message.channel_id]
        body: dict[str, Any] = {
            "user_id": str(user_id),
            "channel_id": str(channel.id),
            "message_id": str(message.id),
            "message_author_id": str(message.author_id),
            "emoji": payloads.emoji(emoji),
            "burst": False,
            "type": 0,
        } | _guild_id(channel)
        if channel.guild_id is not None and name == "MESSAGE_REACTION_ADD":
            body["member"] = payloads.member(self._world, self._world.guilds[channel.guild_id], user_id)
        for session in self._watching(channel, GUILD_REACTIONS, DIRECT_REACTIONS):
            session.dispatch(name, body)

    def _on_reaction_add(self, message: Message, user_id: int, emoji: str) -> None:
        self._reaction("MESSAGE_REACTION_ADD", message, user_id, emoji)

    def _on_reaction_remove(self, message: Message, user_id: int, emoji: str) -> None:
        self._reaction("MESSAGE_REACTION_REMOVE", message, user_id, emoji)

    def _on_channel_create(self, channel: Channel) -> None:
        self._channel_event("CHANNEL_CREATE", channel)

    def _on_channel_update(self, channel: Channel) -> None:
        self._channel_event("CHANNEL_UPDATE", channel)

    def _channel_event(self, name: str, channel: Channel) -> None:
        if channel.guild_id is not None:
            body = payloads.channel(self._world, channel)
            for session in self._watching(channel, GUILDS, 0):
                session.dispatch(name, body)

    def _on_guild_join(self, guild: Guild, user_id: int) -> None:
        for session in self._sessions.values():
            if session.application_id == user_id and session.covers(guild.id) and session.intents & GUILDS:
                session.dispatch("GUILD_CREATE", payloads.guild_create(self._world, guild, user_id))

    def _on_interaction_create(self, interaction: Interaction) -> None:
        body = payloads.interaction(self._world, interaction, self._files.link, self._settings.file_bytes)
        for session in self._sessions.values():
            if session.application_id == interaction.application_id and session.covers(interaction.guild_id):
                session.dispatch("INTERACTION_CREATE", body)


def _guild_id(channel: Channel) -> dict[str, str]:
    return {} if channel.guild_id is None else {"guild_id": str(channel.guild_id)}
