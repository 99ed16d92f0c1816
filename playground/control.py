"""The HTTP API for whoever plays the people, or misfortune: the page, and tests in this process or another.

`/playground/…`: JSON in and out, files as multipart beside `payload_json`. What a person is refused comes
back as 400 with `{"error": sentence}`. For programs on this machine and the page only (see `guard`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from playground import openapi, payloads, stream, views
from playground.api.context import HUB, hub_of
from playground.errors import ApiError
from playground.lifecycle import Lifecycle
from playground.people import People, Refused
from playground.wire import Body, answer, no_content, read_body
from playground.world import Channel, Interaction, Message, User

routes = web.RouteTableDef()
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PERMISSIONS = {
    "view": payloads.VIEW_CHANNEL,
    "send": payloads.SEND_MESSAGES,
    "attach": payloads.ATTACH_FILES,
    "embed": payloads.EMBED_LINKS,
    "react": payloads.ADD_REACTIONS,
    "history": payloads.READ_HISTORY,
}


@web.middleware
async def plainly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer refusals as sentences."""
    try:
        return await handler(request)
    except Refused as refusal:
        return answer({"error": str(refusal)}, 400)
    except ApiError as error:
        return answer({"error": _sentence(error)} | error.body(), error.status)
    except (KeyError, ValueError, TypeError) as error:
        return answer({"error": f"The request makes no sense: {error!r}"}, 400)


def _sentence(error: ApiError) -> str:
    node: Any = error.errors or {}
    while isinstance(node, dict):
        if "_errors" in node:
            return str(node["_errors"][0]["message"])
        node = next(iter(node.values()), None)
    return error.message


def _people(request: web.Request) -> People:
    return People(hub_of(request))


def _viewer(request: web.Request) -> User | None:
    who = request.query.get("person")
    return _people(request).person(who) if who else None


async def _read(request: web.Request) -> tuple[dict[str, Any], Body]:
    body = await read_body(request, hub_of(request).settings)
    return body.object(), body


# What there is


@routes.get("/playground/state")
async def state(request: web.Request) -> web.Response:
    """Everything but the messages."""
    return answer(views.state(hub_of(request), _viewer(request)))


@routes.get("/playground/events")
async def events(request: web.Request) -> web.StreamResponse:
    """Live changes as server-sent events; without `person`, everyone's."""
    return await stream.serve(request, hub_of(request), _viewer(request))


@routes.get("/playground/messages")
async def messages(request: web.Request) -> web.Response:
    """Messages, oldest first: of one channel (`before`, `limit`), or all."""
    hub, viewer = hub_of(request), _viewer(request)
    query = request.query
    if "channel" in query:
        channel = _channel(request, viewer, query["channel"])
        limit, before = int(query.get("limit", 50)), int(query.get("before", 0))
        found = hub.world.history(channel.id, limit=limit, before=before)[::-1]
    else:
        everything = (m for channel in hub.world.messages.values() for m in channel.values())
        found = sorted(everything, key=lambda m: m.id)
    if viewer:
        channels = {channel.id for channel in People(hub).channels(viewer)}
        found = [m for m in found if m.channel_id in channels and m.seen_by(viewer.id)]
    return answer([views.message(hub, message, viewer.id if viewer else None) for message in found])


def _channel(request: web.Request, viewer: User | None, where: str) -> Channel:
    if viewer is None:
        return hub_of(request).world.channels[int(where)]
    return _people(request).channel(viewer, where)


@routes.get("/playground/commands")
async def commands(request: web.Request) -> web.Response:
    """The commands offered to a person in a channel."""
    people, viewer = _people(request), _viewer(request)
    if viewer is None:
        raise Refused("Say who asks.")
    channel = people.channel(viewer, request.query["channel"])
    return answer([command for _, command in people.commands(viewer, channel)])


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


# What people do


@routes.post("/playground/people")
async def arrive(request: web.Request) -> web.Response:
    """Someone new: `name`, `display`; a member of every guild."""
    hub = hub_of(request)
    data, _ = await _read(request)
    if hub.world.user_named(data["name"]):
        raise Refused(f"{data['name']} is here already.")
    newcomer = hub.world.add_user(data["name"], data.get("display"))
    for guild in hub.world.guilds.values():
        hub.world.join(guild, newcomer.id)
    for bot in hub.world.applications:
        hub.world.private_channel(newcomer.id, bot)
    return answer(views.person(newcomer), 201)


@routes.post("/playground/interactions")
async def interact(request: web.Request) -> web.Response:
    """Use a command, component or dialog; which, says `kind`."""
    data, body = await _read(request)
    people = _people(request)
    started = await _KINDS[data["kind"]](people, people.person(str(data["person"])), data, body)
    return answer(views.interaction(started), 201)


async def _command(people: People, person: User, data: dict[str, Any], body: Body) -> Interaction:
    channel = people.channel(person, str(data["channel"]))
    return await people.slash(person, channel, data["command"], data.get("options") or {}, body.files)


async def _autocomplete(people: People, person: User, data: dict[str, Any], body: Body) -> Interaction:
    channel = people.channel(person, str(data["channel"]))
    options = data.get("options") or {}
    return await people.autocomplete(person, channel, data["command"], options, data["focused"])


async def _message_menu(people: People, person: User, data: dict[str, Any], body: Body) -> Interaction:
    return people.message_command(person, people.message(person, str(data["message"])), data["command"])


async def _user_menu(people: People, person: User, data: dict[str, Any], body: Body) -> Interaction:
    channel = people.channel(person, str(data["channel"]))
    return people.user_command(person, channel, people.person(str(data["target"])), data["command"])


async def _component(people: People, person: User, data: dict[str, Any], body: Body) -> Interaction:
    message = people.message(person, str(data["message"]))
    forged = bool(data.get("forged"))
    return people.press(person, message, data["custom_id"], data.get("values"), forged=forged)


async def _modal(people: People, person: User, data: dict[str, Any], body: Body) -> Interaction:
    opener = people.hub.world.interactions[int(data["interaction"])]
    return await people.submit(person, opener, data.get("values") or {}, body.files)


_KINDS = {
    "command": _command,
    "autocomplete": _autocomplete,
    "message_command": _message_menu,
    "user_command": _user_menu,
    "component": _component,
    "modal": _modal,
}


@routes.post("/playground/messages")
async def say(request: web.Request) -> web.Response:
    """Write a message."""
    data, body = await _read(request)
    people = _people(request)
    person = people.person(str(data["person"]))
    reply_to = people.message(person, str(data["reply_to"])) if data.get("reply_to") else None
    channel = people.channel(person, str(data["channel"]))
    message = await people.say(person, channel, data.get("content") or "", body.files, reply_to)
    return answer(views.message(people.hub, message, person.id), 201)


def _addressed(request: web.Request, data: dict[str, Any]) -> tuple[People, User, Message]:
    people = _people(request)
    person = people.person(str(data["person"]))
    return people, person, people.message(person, request.match_info["message"])


@routes.patch("/playground/messages/{message}")
async def rewrite(request: web.Request) -> web.Response:
    """Edit one's own message."""
    data, _ = await _read(request)
    people, person, message = _addressed(request, data)
    return answer(
        views.message(people.hub, await people.rewrite(person, message, data["content"]), person.id)
    )


@routes.delete("/playground/messages/{message}")
async def delete(request: web.Request) -> web.Response:
    """Delete a message, or dismiss an ephemeral one."""
    people, person, message = _addressed(request, dict(request.query))
    people.delete(person, message)
    return no_content()


@routes.put("/playground/messages/{message}/reactions/{emoji}")
@routes.delete("/playground/messages/{message}/reactions/{emoji}")
async def react(request: web.Request) -> web.Response:
    """Add a reaction or take it away."""
    people, person, message = _addressed(request, dict(request.query))
    people.react(person, message, request.match_info["emoji"], away=request.method == "DELETE")
    return no_content()


# What befalls the bot, and what it did


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
    data, _ = await _read(request)
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
    live = sum(session.connection is not None for session in found.sessions.values())
    counts = {"sessions": len(found.sessions), "connected": live}
    return answer(counts | {"identified": found.identified, "resumed": found.resumed})


@routes.post("/playground/gateway/{action:drop|silence|reconnect|invalidate}")
async def trouble(request: web.Request) -> web.Response:
    """Cut the connections, silence them, ask for a reconnect, or forget the sessions."""
    found = hub_of(request).gateway
    actions = {
        "drop": found.drop,
        "silence": found.silence,
        "reconnect": found.ask_to_reconnect,
        "invalidate": found.invalidate,
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
    data, _ = await _read(request)
    hub_of(request).settings.change(**data)
    return answer(asdict(hub_of(request).settings))


@routes.patch("/playground/channels/{channel}")
async def deny(request: web.Request) -> web.Response:
    """Take permissions from the bots in a channel: `denied` is a list of names, empty gives all back."""
    hub = hub_of(request)
    data, _ = await _read(request)
    channel = hub.world.channels[int(request.match_info["channel"])]
    channel.bot_denied = sum(PERMISSIONS[name] for name in data["denied"])
    hub.world.publish("channel_update", channel)
    return answer(views.channel(hub, channel))


def build(hub_app: web.Application) -> None:
    """Add the routes to the server's application, whose hub they use."""
    assert HUB in hub_app
    hub_app.add_routes(routes)
