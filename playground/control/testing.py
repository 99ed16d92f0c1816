"""What befalls the bot, and what it did: faults, lost connections, settings, the record of its requests."""

from __future__ import annotations

from dataclasses import asdict

from aiohttp import web

from playground.control import views
from playground.control.answers import read
from playground.hub import hub_of
from playground.messaging.lifecycle import Lifecycle
from playground.requests import openapi
from playground.requests.body import answer, no_content
from playground.world.permissions import (
    ADD_REACTIONS,
    ATTACH_FILES,
    EMBED_LINKS,
    READ_HISTORY,
    SEND_MESSAGES,
    VIEW_CHANNEL,
)

routes = web.RouteTableDef()

PERMISSIONS = {
    "view": VIEW_CHANNEL,
    "send": SEND_MESSAGES,
    "attach": ATTACH_FILES,
    "embed": EMBED_LINKS,
    "react": ADD_REACTIONS,
    "history": READ_HISTORY,
}


@routes.get("/playground/requests")
async def requests(request: web.Request) -> web.Response:
    """The bot's requests after number `since`."""
    hub = hub_of(request)
    return answer([asdict(each) for each in hub.journal.since(int(request.query.get("since", 0)))])


@routes.get("/playground/violations")
async def violations(request: web.Request) -> web.Response:
    """Requests that Discord's API description does not allow; `checked` is false where there is none."""
    path = openapi.find()
    if path is None:
        return answer({"checked": False, "violations": []})
    description = openapi.Description(path)
    found = description.violations(hub_of(request).journal.since(0))
    return answer({"checked": True, "violations": found})


@routes.post("/playground/faults")
async def inject(request: web.Request) -> web.Response:
    """Let a fault befall the next requests; the fields are those of `Fault`."""
    data, _ = await read(request)
    return answer(asdict(hub_of(request).faults.add(**data)), 201)


@routes.delete("/playground/faults")
async def clear_faults(request: web.Request) -> web.Response:
    """Let nothing more happen."""
    hub_of(request).faults.clear()
    return no_content()


@routes.get("/playground/gateway")
async def gateway(request: web.Request) -> web.Response:
    """How the bots are connected."""
    found = hub_of(request).gateway
    live = len(found.sessions.connections())
    counts = {"sessions": len(found.sessions), "connected": live}
    return answer(counts | {"identified": found.identified, "resumed": found.resumed})


@routes.post("/playground/gateway/{action:drop|silence|reconnect|invalidate}")
async def trouble(request: web.Request) -> web.Response:
    """Cut the connections, silence them, ask for a reconnect, or forget the sessions."""
    found = hub_of(request).gateway
    actions = {
        "drop": found.sessions.drop,
        "silence": found.sessions.silence,
        "reconnect": found.sessions.ask_to_reconnect,
        "invalidate": found.sessions.invalidate,
    }
    return answer({"connections": actions[request.match_info["action"]]()})


@routes.post("/playground/tokens/expire")
async def expire(request: web.Request) -> web.Response:
    """End the life of every interaction token now."""
    return answer({"tokens": Lifecycle(hub_of(request)).expire_tokens()})


@routes.get("/playground/settings")
async def settings(request: web.Request) -> web.Response:
    """The settings."""
    return answer(asdict(hub_of(request).settings))


@routes.patch("/playground/settings")
async def change(request: web.Request) -> web.Response:
    """Change settings by name."""
    data, _ = await read(request)
    hub_of(request).settings.change(**data)
    return answer(asdict(hub_of(request).settings))


@routes.patch("/playground/channels/{channel}")
async def deny(request: web.Request) -> web.Response:
    """Take permissions from the bots in a channel: `denied` is a list of names, empty gives all back."""
    hub = hub_of(request)
    data, _ = await read(request)
    channel = hub.world.channels[int(request.match_info["channel"])]
    channel.bot_denied = sum(PERMISSIONS[name] for name in data["denied"])
    hub.world.publish("channel_update", channel)
    return answer(views.channel(hub, channel))
