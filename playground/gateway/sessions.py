"""Sessions of bots and the WebSockets they are on.

A session outlives its connection: what happens meanwhile is kept and replayed to a client that resumes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from playground.gateway.encoding import Encoder
from playground.world import World

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME, RECONNECT = 0, 1, 2, 3, 4, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK, REQUEST_SOUNDS = 8, 9, 10, 11, 31
REPLAYED = 2_000
"""Events that a session keeps for a RESUME."""
LOST_KEPT = 2
"""Lost sessions that could still be resumed beside a new one of the same bot and shard."""


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

    def serves_as(self, other: Session) -> bool:
        """Whether both are of the same bot and shard."""
        return (self.application_id, self.shard) == (other.application_id, other.shard)

    def covers(self, guild_id: int | None) -> bool:
        """Whether a guild's events, or direct messages, belong to this shard."""
        number, count = self.shard
        return (0 if guild_id is None else (guild_id >> 22) % count) == number


class Sessions(dict[str, Session]):
    """All sessions by id, connected or lost, and what a test does to their connections."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def add(self, session: Session) -> None:
        """A new session; of the lost ones that it follows, only the newest are kept."""
        lost = [each for each in self.values() if not each.connection and each.serves_as(session)]
        for each in lost[:-LOST_KEPT]:
            del self[each.id]
        self[session.id] = session

    def on(self, connection: Connection) -> Session | None:
        """The session that a connection serves."""
        return next((each for each in self.values() if each.connection is connection), None)

    def connections(self) -> list[Connection]:
        """The connections there are."""
        return [session.connection for session in self.values() if session.connection]

    def online(self, application_id: int) -> bool:
        """Whether a bot is connected."""
        return any(each.connection and each.application_id == application_id for each in self.values())

    def drop(self) -> int:
        """Cut every connection without a word; gives how many there were."""
        live = self.connections()
        for connection in live:
            connection.abort()
        return len(live)

    def silence(self) -> int:
        """Let nothing more through on the connections there are, without closing them."""
        live = self.connections()
        for connection in live:
            connection.silent = True
        return len(live)

    def ask_to_reconnect(self) -> int:
        """Send RECONNECT: the client is expected to come back and resume."""
        live = self.connections()
        for connection in live:
            connection.send(RECONNECT)
        return len(live)

    def invalidate(self) -> int:
        """Forget every session and tell the clients: they must identify anew."""
        live, lost = self.connections(), list(self.values())
        self.clear()
        for connection in live:
            connection.send(INVALID_SESSION, False)
        for session in lost:
            self._world.publish("bot_offline", session.application_id)
        return len(live)
