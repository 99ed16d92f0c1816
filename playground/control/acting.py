"""What people do: use commands, components and dialogs, write, react, arrive."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from playground.control import views
from playground.control.answers import read
from playground.errors import Refused
from playground.hub import Hub, hub_of
from playground.people import commands, components, dialogs, lookup, messages
from playground.requests.body import Body, answer, no_content
from playground.world import Interaction, Message, User

routes = web.RouteTableDef()


@routes.post("/playground/people")
async def arrive(request: web.Request) -> web.Response:
    """Someone new: `name`, `display`; a member of every guild."""
    hub = hub_of(request)
    data, _ = await read(request)
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
    data, body = await read(request)
    hub = hub_of(request)
    started = await _KINDS[data["kind"]](hub, lookup.find_person(hub, str(data["person"])), data, body)
    return answer(views.interaction(started), 201)


async def _command(hub: Hub, person: User, data: dict[str, Any], body: Body) -> Interaction:
    channel = lookup.find_channel(hub, person, str(data["channel"]))
    return await commands.slash(hub, person, channel, data["command"], data.get("options") or {}, body.files)


async def _autocomplete(hub: Hub, person: User, data: dict[str, Any], body: Body) -> Interaction:
    channel = lookup.find_channel(hub, person, str(data["channel"]))
    options = data.get("options") or {}
    return await commands.autocomplete(hub, person, channel, data["command"], options, data["focused"])


async def _message_menu(hub: Hub, person: User, data: dict[str, Any], body: Body) -> Interaction:
    message = lookup.find_message(hub, person, str(data["message"]))
    return commands.message_command(hub, person, message, data["command"])


async def _user_menu(hub: Hub, person: User, data: dict[str, Any], body: Body) -> Interaction:
    channel = lookup.find_channel(hub, person, str(data["channel"]))
    target = lookup.find_person(hub, str(data["target"]))
    return commands.user_command(hub, person, channel, target, data["command"])


async def _component(hub: Hub, person: User, data: dict[str, Any], body: Body) -> Interaction:
    message = lookup.find_message(hub, person, str(data["message"]))
    forged = bool(data.get("forged"))
    return components.press(hub, person, message, data["custom_id"], data.get("values"), forged=forged)


async def _modal(hub: Hub, person: User, data: dict[str, Any], body: Body) -> Interaction:
    opener = hub.world.interactions[int(data["interaction"])]
    return await dialogs.submit(hub, person, opener, data.get("values") or {}, body.files)


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
    data, body = await read(request)
    hub = hub_of(request)
    person = lookup.find_person(hub, str(data["person"]))
    reply_to = lookup.find_message(hub, person, str(data["reply_to"])) if data.get("reply_to") else None
    channel = lookup.find_channel(hub, person, str(data["channel"]))
    message = await messages.say(hub, person, channel, data.get("content") or "", body.files, reply_to)
    return answer(views.message(hub, message, person.id), 201)


def _addressed(request: web.Request, data: dict[str, Any]) -> tuple[Hub, User, Message]:
    hub = hub_of(request)
    person = lookup.find_person(hub, str(data["person"]))
    return hub, person, lookup.find_message(hub, person, request.match_info["message"])


@routes.patch("/playground/messages/{message}")
async def rewrite(request: web.Request) -> web.Response:
    """Edit one's own message."""
    data, _ = await read(request)
    hub, person, message = _addressed(request, data)
    return answer(
        views.message(hub, await messages.rewrite(hub, person, message, data["content"]), person.id)
    )


@routes.delete("/playground/messages/{message}")
async def delete(request: web.Request) -> web.Response:
    """Delete a message, or dismiss an ephemeral one."""
    hub, person, message = _addressed(request, dict(request.query))
    messages.delete(hub, person, message)
    return no_content()


@routes.put("/playground/messages/{message}/reactions/{emoji}")
@routes.delete("/playground/messages/{message}/reactions/{emoji}")
async def react(request: web.Request) -> web.Response:
    """Add a reaction or take it away."""
    hub, person, message = _addressed(request, dict(request.query))
    messages.react(hub, person, message, request.match_info["emoji"], away=request.method == "DELETE")
    return no_content()
