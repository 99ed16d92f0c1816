"""What there is: state, messages, commands, interactions, and the stream of changes."""

from __future__ import annotations

from aiohttp import web

from playground.control import stream, views
from playground.control.answers import viewer_of
from playground.errors import Refused
from playground.hub import hub_of
from playground.people import commands as use
from playground.people import lookup
from playground.requests.body import answer
from playground.world import Channel, Interaction, User

routes = web.RouteTableDef()


@routes.get("/playground/state")
async def state(request: web.Request) -> web.Response:
    """Everything but the messages."""
    return answer(views.state(hub_of(request), viewer_of(request)))


@routes.get("/playground/events")
async def events(request: web.Request) -> web.StreamResponse:
    """Live changes as server-sent events; without `person`, everyone's."""
    return await stream.serve(request, hub_of(request), viewer_of(request))


@routes.get("/playground/messages")
async def messages(request: web.Request) -> web.Response:
    """Messages, oldest first: of one channel (`before`, `limit`), or all."""
    hub, viewer = hub_of(request), viewer_of(request)
    query = request.query
    if "channel" in query:
        channel = _channel(request, viewer, query["channel"])
        limit, before = int(query.get("limit", 50)), int(query.get("before", 0))
        found = hub.world.history(
            channel.id, seen_by=viewer.id if viewer else None, limit=limit, before=before
        )[::-1]
    else:
        everything = (m for channel in hub.world.messages.values() for m in channel.values())
        found = sorted(everything, key=lambda m: m.id)
    if viewer:
        channels = {channel.id for channel in lookup.seen_channels(hub, viewer)}
        found = [m for m in found if m.channel_id in channels and m.seen_by(viewer.id)]
    return answer([views.message(hub, message, viewer.id if viewer else None) for message in found])


def _channel(request: web.Request, viewer: User | None, where: str) -> Channel:
    if viewer is None:
        return hub_of(request).world.channels[int(where)]
    return lookup.find_channel(hub_of(request), viewer, where)


@routes.get("/playground/commands")
async def commands(request: web.Request) -> web.Response:
    """The commands offered to a person in a channel."""
    hub, viewer = hub_of(request), viewer_of(request)
    if viewer is None:
        raise Refused("Say who asks.")
    channel = lookup.find_channel(hub, viewer, request.query["channel"])
    return answer([command for _, command in use.offered(hub, viewer, channel)])


@routes.get("/playground/interactions")
async def interactions(request: web.Request) -> web.Response:
    """Every interaction so far, oldest first."""
    return answer([views.interaction(each) for each in hub_of(request).world.interactions.values()])


@routes.get("/playground/interactions/{id}")
async def interaction(request: web.Request) -> web.Response:
    """How one interaction is going."""
    return answer(views.interaction(_interaction(request, request.match_info["id"])))


def _interaction(request: web.Request, id: str) -> Interaction:
    found = hub_of(request).world.interactions.get(int(id))
    if found is None:
        raise Refused("There is no such interaction.")
    return found
