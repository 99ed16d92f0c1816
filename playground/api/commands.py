"""Routes that register application commands, globally or for one guild."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from playground import rules
from playground.api.context import body_of, guild_of, number, own_application
from playground.errors import ApiError, unknown
from playground.hub import hub_of
from playground.requests.body import answer, no_content
from playground.world import Application

routes = web.RouteTableDef()

GLOBAL = "/applications/{application}/commands"
GUILD = "/applications/{application}/guilds/{guild}/commands"


def _scope(request: web.Request) -> int:
    return guild_of(request).id if "guild" in request.match_info else 0


def _complete(
    request: web.Request, application: Application, scope: int, sent: dict[str, Any]
) -> dict[str, Any]:
    """A command as Discord keeps it; one of the same name keeps its id."""
    ids = hub_of(request).world.ids
    kind, name = sent.get("type", 1), sent.get("name")
    known = application.commands.get(scope, [])
    old = next((c for c in known if (c["type"], c["name"]) == (kind, name)), None)
    body: dict[str, Any] = {
        "id": old["id"] if old else str(ids.next()),
        "application_id": str(application.id),
        "version": str(ids.next()),
        "type": kind,
        "name": name,
        "description": sent.get("description", ""),
        "default_member_permissions": sent.get("default_member_permissions"),
        "dm_permission": sent.get("dm_permission", True),
        "contexts": sent.get("contexts"),
        "integration_types": sent.get("integration_types") or [0, 1],
        "nsfw": sent.get("nsfw", False),
        "options": sent.get("options") or [],
    }
    return body | ({"guild_id": str(scope)} if scope else {})


@routes.get(GLOBAL)
@routes.get(GUILD)
async def listed(request: web.Request) -> web.Response:
    """The commands of a scope."""
    return answer(own_application(request).commands.get(_scope(request), []))


@routes.put(GLOBAL)
@routes.put(GUILD)
async def replace(request: web.Request) -> web.Response:
    """Replace all commands of a scope."""
    application, scope = own_application(request), _scope(request)
    sent = (await body_of(request)).json
    if not isinstance(sent, list):
        raise ApiError(400, 50035, "Invalid Form Body")
    rules.check_commands(sent)
    commands = [_complete(request, application, scope, each) for each in sent]
    hub_of(request).world.set_commands(application, scope, commands)
    return answer(commands)


@routes.post(GLOBAL)
@routes.post(GUILD)
async def create(request: web.Request) -> web.Response:
    """Add a command, or overwrite the one of its name."""
    application, scope = own_application(request), _scope(request)
    command = _complete(request, application, scope, (await body_of(request)).object())
    others = [each for each in application.commands.get(scope, []) if each["id"] != command["id"]]
    created = len(others) == len(application.commands.get(scope, []))
    rules.check_commands([*others, command])
    hub_of(request).world.set_commands(application, scope, [*others, command])
    return answer(command, 201 if created else 200)


@routes.get(GLOBAL + "/{command}")
@routes.get(GUILD + "/{command}")
async def one(request: web.Request) -> web.Response:
    """One command."""
    return answer(_find(request)[1])


@routes.patch(GLOBAL + "/{command}")
@routes.patch(GUILD + "/{command}")
async def change(request: web.Request) -> web.Response:
    """Change some of a command's fields."""
    application, command = _find(request)
    commands = application.commands[_scope(request)]
    changed = command | (await body_of(request)).object()
    replaced = [changed if each is command else each for each in commands]
    rules.check_commands(replaced)
    hub_of(request).world.set_commands(application, _scope(request), replaced)
    return answer(changed)


@routes.delete(GLOBAL + "/{command}")
@routes.delete(GUILD + "/{command}")
async def delete(request: web.Request) -> web.Response:
    """Take a command away."""
    application, command = _find(request)
    rest = [each for each in application.commands[_scope(request)] if each is not command]
    hub_of(request).world.set_commands(application, _scope(request), rest)
    return no_content()


def _find(request: web.Request) -> tuple[Application, dict[str, Any]]:
    application = own_application(request)
    id = str(number(request, "command", "Application command"))
    for command in application.commands.get(_scope(request), []):
        if command["id"] == id:
            return application, command
    raise unknown("Application command")
