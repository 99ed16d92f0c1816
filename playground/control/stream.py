"""Live news for people: the world's changes as server-sent events."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from playground.control import views
from playground.hub import Hub
from playground.requests.journal import Request
from playground.world import Application, Channel, Event, Guild, Interaction, Message, User

BEHIND = 20_000  # pieces of news that a page may lag; then it is told to load anew
QUIET_SECONDS = 15.0  # before a sign of life is sent, shorter than proxies wait


class Listener:
    """One open stream: everything, or what one person sees."""

    def __init__(self, hub: Hub, viewer: User | None) -> None:
        self._hub = hub
        self._viewer = viewer
        self.news: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def hear(self, event: Event) -> None:
        """Queue an event if it concerns the viewer; one who is far behind is sent away to load afresh."""
        handler = getattr(self, f"_{event.kind}", None)
        body = handler(event.subject, **event.extra) if handler else None
        if body is None and event.kind != "stopping":
            return
        if event.kind == "stopping" or self.news.qsize() > BEHIND:
            self.news.put_nowait(None)
        else:
            self.news.put_nowait(body)

    def _sees(self, channel: Channel) -> bool:
        return self._viewer is None or self._viewer.id in self._hub.world.members(channel)

    def _message(self, message: Message) -> dict[str, Any] | None:
        viewer = self._viewer
        if viewer and not message.seen_by(viewer.id):
            return None
        if not self._sees(self._hub.world.channels[message.channel_id]):
            return None
        return {
            "type": "message",
            "message": views.message(self._hub, message, viewer.id if viewer else None),
        }

    def _message_create(self, message: Message) -> dict[str, Any] | None:
        body = self._message(message)
        return body and body | {"new": True}

    def _message_update(self, message: Message) -> dict[str, Any] | None:
        return self._message(message)

    def _reaction_add(self, message: Message, user_id: int, emoji: str) -> dict[str, Any] | None:
        return self._message(message)

    def _reaction_remove(self, message: Message, user_id: int, emoji: str) -> dict[str, Any] | None:
        return self._message(message)

    def _message_delete(self, message: Message) -> dict[str, Any] | None:
        return {"type": "message_delete", "id": str(message.id), "channel_id": str(message.channel_id)}

    def _typing(self, channel: Channel, user_id: int) -> dict[str, Any] | None:
        if not self._sees(channel):
            return None
        return {"type": "typing", "channel_id": str(channel.id), "user_id": str(user_id)}

    def _interaction_create(self, interaction: Interaction) -> dict[str, Any] | None:
        if self._viewer and self._viewer.id != interaction.user_id:
            return None
        return {"type": "interaction", "interaction": views.interaction(interaction)}

    def _interaction_update(self, interaction: Interaction) -> dict[str, Any] | None:
        return self._interaction_create(interaction)

    def _commands(self, application: Application) -> dict[str, Any]:
        return {"type": "state"}

    def _application(self, application: Application) -> dict[str, Any]:
        return {"type": "state"}

    def _bot_online(self, application_id: int) -> dict[str, Any]:
        return {"type": "state"}

    def _bot_offline(self, application_id: int) -> dict[str, Any]:
        return {"type": "state"}

    def _channel_create(self, channel: Channel) -> dict[str, Any] | None:
        return {"type": "state"} if self._sees(channel) else None

    def _guild_join(self, guild: Guild, user_id: int) -> dict[str, Any]:
        return {"type": "state"}

    def _request(self, request: Request) -> dict[str, Any] | None:
        if self._viewer is not None:
            return None
        told = {"number": request.number, "method": request.method, "path": request.path}
        return {"type": "request", "request": told | {"status": request.status}}


async def serve(request: web.Request, hub: Hub, viewer: User | None) -> web.StreamResponse:
    """Send events until the client goes away."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )
    await response.prepare(request)
    listener = Listener(hub, viewer)
    stop = hub.world.listen(listener.hear)
    try:
        await _send(response, {"type": "hello"})
        while True:
            try:
                async with asyncio.timeout(QUIET_SECONDS):
                    news = await listener.news.get()
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            if news is None:
                break
            await _send(response, news)
    except ConnectionError:
        pass
    finally:
        stop()
    return response


async def _send(response: web.StreamResponse, body: dict[str, Any]) -> None:
    await response.write(f"data: {json.dumps(body, separators=(',', ':'))}\n\n".encode())
