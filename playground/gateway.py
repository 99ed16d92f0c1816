"""The gateway: WebSocket sessions of bots, their events, heartbeats, RESUME, ways to lose a connection.

It turns changes of the world into Discord's events, minding intents and who may see what. A session outlives
its connection: what happens meanwhile is kept and replayed to a client that resumes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import struct
import time
import zlib
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Protocol

from aiohttp import WSCloseCode, WSMsgType, web

from playground import payloads
from playground.files import Files
from playground.settings import Settings
from playground.tokens import application_id
from playground.world import Channel, Event, Guild, Interaction, Message, World

GUILDS, GUILD_MESSAGES, GUILD_REACTIONS = 1 << 0, 1 << 9, 1 << 10
DIRECT_MESSAGES, DIRECT_REACTIONS, MESSAGE_CONTENT = 1 << 12, 1 << 13, 1 << 15
PRIVILEGED = 1 << 1 | 1 << 8 | MESSAGE_CONTENT
DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, RESUME, RECONNECT = 0, 1, 2, 3, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 8, 9, 10, 11
REPLAYED = 2_000
LOST_KEPT = 2
SENDS, SEND_WINDOW, LARGEST = 120, 60.0, 4096
UNKNOWN, BAD_JSON, NOT_AUTHENTICATED, AUTHENTICATION_FAILED = 4000, 4002, 4003, 4004
ALREADY, BAD_SEQUENCE, TOO_FAST, DISALLOWED_INTENTS = 4005, 4007, 4008, 4014


class Encoder(Protocol):
    """Turns JSON text into what the client asked for."""

    def __call__(self, text: str) -> str | bytes:
        """The next payload of the connection."""
        ...


class ZlibStream:
    """One zlib stream over the whole connection, flushed after each payload."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj()

    def __call__(self, text: str) -> bytes:
        """One payload's part of the stream; ends in `00 00 FF FF`."""
        return self._stream.compress(text.encode()) + self._stream.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream:
    """One zstd frame over the whole connection; its blocks are stored, for loopback is fast enough.

    RFC 8878: magic number, frame header (no content size, window of 1 MiB), then raw blocks of at most
    128 KiB, none of them the last.
    """

    HEADER = b"\x28\xb5\x2f\xfd\x00\x50"
    BLOCK = 128 * 1024

    def __init__(self) -> None:
        self._begun = False

    def __call__(self, text: str) -> bytes:
        """One payload as stored blocks."""
        data = text.encode()
        parts = [] if self._begun else [self.HEADER]
        self._begun = True
        for start in range(0, len(data), self.BLOCK):
            block = data[start : start + self.BLOCK]
            parts += [struct.pack("<I", len(block) << 3)[:3], block]
        return b"".join(parts)


ENCODERS: dict[str | None, type[ZlibStream] | type[ZstdStream]] = {
    "zlib-stream": ZlibStream,
    "zstd-stream": ZstdStream,
}


@dataclass(slots=True, eq=False)
class Connection:
    """One WebSocket. Payloads wait in `outbox`; one task writes them."""

    socket: web.WebSocketResponse
    encode: Encoder
    transport: asyncio.Transport | None
    outbox: asyncio.Queue[str | None] = field(default_factory=asyncio.Queue)
    sent: deque[float] = field(default_factory=deque)
    silent: bool = False
    """Nothing gets through any more, though the connection stands."""

    def send(self, op: int, data: Any = None, **rest: Any) -> None:
        """Queue a payload."""
        if not self.silent:
            self.outbox.put_nowait(json.dumps({"op": op, "d": data, "s": None, "t": None} | rest))

    async def write(self) -> None:
        """Send what is queued until None is."""
        while (text := await self.outbox.get()) is not None:
            encoded = self.encode(text)
            with contextlib.suppress(ConnectionError):
                if isinstance(encoded, bytes):
                    await self.socket.send_bytes(encoded)
                else:
                    await self.socket.send_str(encoded)

    def abort(self) -> None:
        """Cut the connection without a word."""
        if self.transport is not None:
            self.transport.abort()


@dataclass(slots=True, eq=False)
class Session:
    """A bot's (or one shard's) session."""

    id: str
    application_id: int
    intents: int
    shard: tuple[int, int]
    sequence: int = 0
    kept: deque[tuple[int, str, Any]] = field(default_factory=lambda: deque(maxlen=REPLAYED))
    connection: Connection | None = None

    def dispatch(self, event: str, data: Any) -> None:
        """Send an event, or keep it for a RESUME."""
        self.sequence += 1
        self.kept.append((self.sequence, event, data))
        if self.connection is not None:
            self.connection.send(DISPATCH, data, s=self.sequence, t=event)

    def covers(self, guild_id: int | None) -> bool:
        """Whether a guild's events, or direct messages, belong to this shard."""
        number, count = self.shard
        return (0 if guild_id is None else (guild_id >> 22) % count) == number


class Gateway:
    """All sessions, and the WebSocket endpoint."""

    def __init__(self, world: World, settings: Settings, files: Files, token: str | None = None) -> None:
        self._world = world
        self._settings = settings
        self._files = files
        self._token = token
        self.sessions: dict[str, Session] = {}
        self.resumed = 0
        """How many RESUMEs succeeded."""
        self.identified = 0
        """How many IDENTIFYs succeeded."""
        self.url = ""
        world.listen(self._on_event)

    # What clients meet

    async def endpoint(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one WebSocket until it closes."""
        socket = web.WebSocketResponse(max_msg_size=1 << 20, compress=False, timeout=1.0)
        await socket.prepare(request)
        make = ENCODERS.get(request.query.get("compress"))
        connection = Connection(socket, make() if make else _plain, request.transport)
        connection.send(HELLO, {"heartbeat_interval": int(self._settings.heartbeat_seconds * 1000)})
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(connection.write())
            try:
                await self._serve(connection)
            finally:
                self._detach(connection, ended=socket.close_code in (1000, 1001))
                connection.outbox.put_nowait(None)
        return socket

    async def _serve(self, connection: Connection) -> None:
        async for frame in connection.socket:
            if frame.type is not WSMsgType.TEXT:
                return await self._close(connection, BAD_JSON, "Decode error")
            if len(frame.data.encode()) > LARGEST:
                return await self._close(connection, BAD_JSON, "Payload too large")
            if self._too_fast(connection):
                return await self._close(connection, TOO_FAST, "Rate limited")
            try:
                payload = json.loads(frame.data)
                op, data = payload["op"], payload.get("d")
            except (ValueError, KeyError, TypeError):
                return await self._close(connection, BAD_JSON, "Decode error")
            await self._receive(connection, op, data)

    async def _receive(self, connection: Connection, op: int, data: Any) -> None:
        session = self._session_of(connection)
        if op == HEARTBEAT:
            connection.send(HEARTBEAT_ACK)
        elif op == IDENTIFY and session is not None:
            await self._close(connection, ALREADY, "Already authenticated")
        elif op == IDENTIFY:
            await self._identify(connection, data)
        elif op == RESUME:
            await self._resume(connection, data)
        elif session is None:
            await self._close(connection, NOT_AUTHENTICATED, "Not authenticated")
        elif op == REQUEST_MEMBERS:
            self._send_members(session, data)

    def _too_fast(self, connection: Connection) -> bool:
        now = time.monotonic()
        while connection.sent and now - connection.sent[0] > SEND_WINDOW:
            connection.sent.popleft()
        connection.sent.append(now)
        return len(connection.sent) > SENDS

    async def _identify(self, connection: Connection, data: dict[str, Any]) -> None:
        token = data.get("token") or ""
        if not token or self._token not in (None, token):
            return await self._close(connection, AUTHENTICATION_FAILED, "Authentication failed.")
        intents = int(data.get("intents", 0))
        if intents & PRIVILEGED and not self._settings.privileged_intents:
            return await self._close(connection, DISALLOWED_INTENTS, "Disallowed intent(s).")
        number, count = data.get("shard") or (0, 1)
        session = Session(secrets.token_hex(16), application_id(token), intents, (number, count))
        session.connection = connection
        self._forget_lost(session)
        self.sessions[session.id] = session
        self.identified += 1
        self._greet(session)
        self._world.publish("bot_online", session.application_id)

    def _forget_lost(self, new: Session) -> None:
        """Keep only the newest lost sessions that could still be resumed beside a new one."""
        alike = (new.application_id, new.shard)
        lost = [
            s for s in self.sessions.values() if not s.connection and (s.application_id, s.shard) == alike
        ]
        for session in lost[:-LOST_KEPT]:
            del self.sessions[session.id]

    def _greet(self, session: Session) -> None:
        bot = self._world.users[session.application_id]
        guilds = [
            guild
            for guild in self._world.guilds.values()
            if bot.id in guild.members and session.covers(guild.id)
        ]
        session.dispatch(
            "READY",
            {
                "v": 10,
                "user": payloads.user(bot)
                | {"verified": True, "mfa_enabled": False, "flags": 0, "email": None},
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                "session_id": session.id,
                "session_type": "normal",
                "resume_gateway_url": self.url,
                "shard": list(session.shard),
                "application": {"id": str(bot.id), "flags": 0},
                "private_channels": [],
                "user_settings": {},
                "relationships": [],
                "presences": [],
            },
        )
        if session.intents & GUILDS:
            for guild in guilds:
                session.dispatch("GUILD_CREATE", payloads.guild_create(self._world, guild, bot.id))

    async def _resume(self, connection: Connection, data: dict[str, Any]) -> None:
        session = self.sessions.get(str(data.get("session_id")))
        if session is None or session.application_id != application_id(data.get("token") or ""):
            connection.send(INVALID_SESSION, False)
            return
        after = data.get("seq") or 0
        if after > session.sequence:
            return await self._close(connection, BAD_SEQUENCE, "Invalid seq")
        if session.connection is not None:
            await self._close(session.connection, UNKNOWN, "Resumed elsewhere")
        session.connection = connection
        self.resumed += 1
        for sequence, event, body in tuple(session.kept):
            if sequence > after:
                connection.send(DISPATCH, body, s=sequence, t=event)
        session.dispatch("RESUMED", {})
        self._world.publish("bot_online", session.application_id)

    def _send_members(self, session: Session, data: dict[str, Any]) -> None:
        guild = self._world.guilds.get(int(data.get("guild_id", 0)))
        if guild is None or session.application_id not in guild.members:
            return
        wanted = {int(id) for id in data.get("user_ids") or guild.members}
        prefix = (data.get("query") or "").casefold()
        found = [id for id in guild.members if id in wanted and self._world.users[id].name.startswith(prefix)]
        session.dispatch(
            "GUILD_MEMBERS_CHUNK",
            {
                "guild_id": str(guild.id),
                "members": [payloads.member(self._world, guild, id) for id in found],
                "chunk_index": 0,
                "chunk_count": 1,
                "nonce": data.get("nonce"),
                "presences": [],
            },
        )

    def _session_of(self, connection: Connection) -> Session | None:
        return next((each for each in self.sessions.values() if each.connection is connection), None)

    def _detach(self, connection: Connection, *, ended: bool) -> None:
        """A connection is gone; a client that said goodbye takes its session with it."""
        session = self._session_of(connection)
        if session is None:
            return
        session.connection = None
        if ended:
            del self.sessions[session.id]
        self._world.publish("bot_offline", session.application_id)

    async def _close(self, connection: Connection, code: int, reason: str) -> None:
        await connection.socket.close(code=code, message=reason.encode())

    # What a test does to clients

    def online(self, application_id: int) -> bool:
        """Whether a bot is connected."""
        return any(s.connection and s.application_id == application_id for s in self.sessions.values())

    def drop(self) -> int:
        """Cut every connection without a word; gives how many there were."""
        live = [session.connection for session in self.sessions.values() if session.connection]
        for connection in live:
            connection.abort()
        return len(live)

    def silence(self) -> int:
        """Let nothing more through on the connections there are, without closing them."""
        live = [session.connection for session in self.sessions.values() if session.connection]
        for connection in live:
            connection.silent = True
        return len(live)

    def ask_to_reconnect(self) -> int:
        """Send RECONNECT: the client is expected to come back and resume."""
        live = [session.connection for session in self.sessions.values() if session.connection]
        for connection in live:
            connection.send(RECONNECT)
        return len(live)

    def invalidate(self) -> int:
        """Forget every session and tell the clients: they must identify anew."""
        live = [session.connection for session in self.sessions.values() if session.connection]
        lost = list(self.sessions.values())
        self.sessions.clear()
        for connection in live:
            connection.send(INVALID_SESSION, False)
        for session in lost:
            self._world.publish("bot_offline", session.application_id)
        return len(live)

    async def stop(self) -> None:
        """Close every connection."""
        for session in list(self.sessions.values()):
            if session.connection is not None:
                await self._close(session.connection, WSCloseCode.GOING_AWAY, "The server stops")

    # What happens in the world

    def _on_event(self, event: Event) -> None:
        handler = getattr(self, f"_on_{event.kind}", None)
        if handler is not None:
            handler(event.subject, **event.extra)

    def _watching(self, channel: Channel, guild_intent: int, direct_intent: int) -> list[Session]:
        intent = direct_intent if channel.guild_id is None else guild_intent
        members = self._world.members(channel)
        return [
            session
            for session in self.sessions.values()
            if session.intents & intent
            and session.application_id in members
            and session.covers(channel.guild_id)
            and not channel.bot_denied & payloads.VIEW_CHANNEL
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
            session.dispatch(name, body if self._readable(session, channel, message) else body | _VEILED)

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
        for session in self.sessions.values():
            if session.application_id == user_id and session.covers(guild.id) and session.intents & GUILDS:
                session.dispatch("GUILD_CREATE", payloads.guild_create(self._world, guild, user_id))

    def _on_interaction_create(self, interaction: Interaction) -> None:
        body = payloads.interaction(self._world, interaction, self._files.link, self._settings.file_bytes)
        for session in self.sessions.values():
            if session.application_id == interaction.application_id and session.covers(interaction.guild_id):
                session.dispatch("INTERACTION_CREATE", body)


def _plain(text: str) -> str:
    return text


_VEILED: dict[str, Any] = {"content": "", "embeds": [], "attachments": [], "components": []}


def _guild_id(channel: Channel) -> dict[str, str]:
    return {} if channel.guild_id is None else {"guild_id": str(channel.guild_id)}
