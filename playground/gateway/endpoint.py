"""The gateway's WebSocket: HELLO, IDENTIFY, heartbeats, RESUME, and why a connection is closed."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from playground import payloads
from playground.gateway.encoding import ENCODERS, plain
from playground.gateway.events import GUILDS, KNOWN_INTENTS, PRIVILEGED, Events
from playground.gateway.sessions import (
    DISPATCH,
    HEARTBEAT,
    HEARTBEAT_ACK,
    HELLO,
    IDENTIFY,
    INVALID_SESSION,
    PRESENCE,
    REQUEST_MEMBERS,
    REQUEST_SOUNDS,
    RESUME,
    VOICE,
    Connection,
    Session,
    Sessions,
)
from playground.settings import Settings
from playground.world import World
from playground.world.files import Files
from playground.world.snowflakes import application_id

SENDS, SEND_WINDOW, LARGEST = 120, 60.0, 4096
"""What a client may send: payloads in so many seconds, and bytes in one of them."""
UNKNOWN, UNKNOWN_OPCODE, BAD_JSON, NOT_AUTHENTICATED, AUTHENTICATION_FAILED = 4000, 4001, 4002, 4003, 4004
ALREADY, BAD_SEQUENCE, TOO_FAST, INVALID_SHARD = 4005, 4007, 4008, 4010
INVALID_INTENTS, DISALLOWED_INTENTS = 4013, 4014
WITHOUT_FIELDS = (HEARTBEAT,)
WITH_FIELDS = (IDENTIFY, PRESENCE, VOICE, RESUME, REQUEST_MEMBERS, REQUEST_SOUNDS)
"""What a client may say: a heartbeat's data is a number or nothing, those of the others have names."""


class Gateway:
    """All sessions, and the WebSocket endpoint that serves them."""

    def __init__(self, world: World, settings: Settings, files: Files, token: str | None = None) -> None:
        self._world = world
        self._settings = settings
        self._token = token
        self.sessions = Sessions(world)
        self.resumed = 0
        """How many RESUMEs succeeded."""
        self.identified = 0
        """How many IDENTIFYs succeeded."""
        self.url = ""
        Events(world, settings, files, self.sessions)

    async def endpoint(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one WebSocket until it closes."""
        socket = web.WebSocketResponse(max_msg_size=1 << 20, compress=False, timeout=1.0)
        await socket.prepare(request)
        make = ENCODERS.get(request.query.get("compress"))
        connection = Connection(socket, make() if make else plain, request.transport)
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

    async def _receive(self, connection: Connection, op: object, data: Any) -> None:
        session = self.sessions.on(connection)
        if op not in (*WITHOUT_FIELDS, *WITH_FIELDS):
            await self._close(connection, UNKNOWN_OPCODE, "Unknown opcode")
        elif op in WITH_FIELDS and not isinstance(data, dict):
            await self._close(connection, BAD_JSON, "Decode error")
        elif op == HEARTBEAT:
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
        token = data.get("token")
        if not isinstance(token, str) or not token or self._token not in (None, token):
            return await self._close(connection, AUTHENTICATION_FAILED, "Authentication failed.")
        intents = data.get("intents", 0)
        if not isinstance(intents, int) or intents & ~KNOWN_INTENTS:
            return await self._close(connection, INVALID_INTENTS, "Invalid intent(s).")
        if intents & PRIVILEGED and not self._settings.privileged_intents:
            return await self._close(connection, DISALLOWED_INTENTS, "Disallowed intent(s).")
        shard = data.get("shard") or [0, 1]
        if not _is_shard(shard):
            return await self._close(connection, INVALID_SHARD, "Invalid shard.")
        number, count = shard
        session = Session(secrets.token_hex(16), application_id(token), intents, (number, count))
        session.connection = connection
        self.sessions.add(session)
        self.identified += 1
        self._greet(session)
        self._world.publish("bot_online", session.application_id)

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
        if session is None or session.application_id != application_id(str(data.get("token") or "")):
            connection.send(INVALID_SESSION, False)
            return
        after = data.get("seq") or 0
        if not isinstance(after, int) or after > session.sequence:
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
        asked = str(data.get("guild_id"))
        guild = self._world.guilds.get(int(asked)) if asked.isdecimal() else None
        if guild is None or session.application_id not in guild.members:
            return
        named = data.get("user_ids") or guild.members
        wanted = {str(id) for id in (named if isinstance(named, list | dict) else [named])}
        prefix = str(data.get("query") or "").casefold()
        found = [
            id for id in guild.members if str(id) in wanted and self._world.users[id].name.startswith(prefix)
        ]
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

    def _detach(self, connection: Connection, *, ended: bool) -> None:
        """A connection is gone; a client that said goodbye takes its session with it."""
        session = self.sessions.on(connection)
        if session is None:
            return
        session.connection = None
        if ended:
            del self.sessions[session.id]
        self._world.publish("bot_offline", session.application_id)

    async def _close(self, connection: Connection, code: int, reason: str) -> None:
        await connection.socket.close(code=code, message=reason.encode())

    async def stop(self) -> None:
        """Close every connection."""
        for session in list(self.sessions.values()):
            if session.connection is not None:
                await self._close(session.connection, WSCloseCode.GOING_AWAY, "The server stops")


def _is_shard(shard: object) -> bool:
    """Whether it is a shard's number, from 0, and how many there are."""
    match shard:
        case [int(number), int(count)]:
            return 0 <= number < count
    return False
