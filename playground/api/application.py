"""The REST API as an aiohttp application: who asks, rate limits, injected faults, the journal, error bodies.

Every request passes here once; what a route does stands in its own module.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

from playground.api import channels, commands, guilds, interactions, webhooks
from playground.api.context import ASKER, RECORD
from playground.errors import ApiError, unauthorized
from playground.hub import HUB, Hub
from playground.requests.body import LARGEST, answer
from playground.requests.faults import Fault
from playground.requests.journal import Request
from playground.requests.limits import Verdict
from playground.world.snowflakes import application_id

log = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

FREE_OF_LIMITS = ("/interactions/", "/webhooks/")
VIA = {"Via": "1.1 playground"}


def build(hub: Hub) -> web.Application:
    """The application to mount at the API's base path."""
    app = web.Application(middlewares=[_pass], client_max_size=LARGEST)
    app[HUB] = hub
    for module in (guilds, commands, channels, interactions, webhooks):
        app.add_routes(module.routes)
    app.router.add_route("*", "/{rest:.*}", _no_such_route)
    return app


async def _no_such_route(request: web.Request) -> web.Response:
    raise ApiError(404, 0, "404: Not Found")


@web.middleware
async def _pass(request: web.Request, handler: Handler) -> web.StreamResponse:
    hub = request.config_dict[HUB]
    path = "/" + request.path.partition("/v")[2].partition("/")[2]
    record = hub.journal.open(request.method, path, dict(request.query))
    request[RECORD] = record
    began = time.monotonic()
    fault = hub.faults.strike(request.method, path)
    try:
        if fault and fault.delay:
            await asyncio.sleep(fault.delay)
        if fault and fault.status != 200 and fault.when == "before":
            response = _misfortune(request, record, fault)
        else:
            response = await _respond(hub, request, record, handler, path)
            if fault and fault.status != 200:
                response = _misfortune(request, record, fault)
        record.status = record.status or response.status
        return response
    finally:
        record.seconds = time.monotonic() - began
        hub.world.publish("request", record)


async def _respond(
    hub: Hub, request: web.Request, record: Request, handler: Handler, path: str
) -> web.StreamResponse:
    headers = dict(VIA)
    try:
        _authorize(hub, request, path)
        verdict = _weigh(hub, request, path)
        if verdict is not None:
            headers |= verdict.headers()
        if verdict is not None and verdict.refused:
            response: web.StreamResponse = answer(verdict.body(), 429)
        else:
            response = await handler(request)
    except ApiError as error:
        record.code, record.errors = error.code, error.errors
        response = answer(error.body(), error.status)
    except web.HTTPException as error:
        response = answer({"message": f"{error.status}: {error.reason}", "code": 0}, error.status)
    response.headers.update(headers)
    return response


def _authorize(hub: Hub, request: web.Request, path: str) -> None:
    """Find out which application asks; webhook and interaction routes carry their own token."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind == "Bot" and token and hub.token in (None, token):
        request[ASKER] = id = application_id(token)
        if id not in hub.world.applications:
            hub.world.add_application(id, "Easel")
    elif not path.startswith(FREE_OF_LIMITS):
        raise unauthorized()


def _weigh(hub: Hub, request: web.Request, path: str) -> Verdict | None:
    """Count the request against the limits; the verdict to tell of, if any."""
    if not hub.settings.rate_limits:
        return None
    asker = request.get(ASKER)
    if asker is not None and not path.startswith(FREE_OF_LIMITS):
        refused = hub.limits.everywhere(asker)
        if refused is not None:
            return refused
    limit = _limit(hub, request)
    if limit is None:
        return None
    route, count, seconds = limit
    info = request.match_info
    major = info.get("channel") or f"{info.get('application')}/{info.get('token')}"
    return hub.limits.bucket(route, major, count, seconds)


def _limit(hub: Hub, request: web.Request) -> tuple[str, int, float] | None:
    """Name, size and seconds of the bucket a route belongs to."""
    resource = request.match_info.route.resource
    template = resource.canonical if resource is not None else ""
    usual = (hub.settings.edits_per_window, hub.settings.window_seconds)
    name = f"{request.method} {template}"
    if "/reactions/" in template and request.method in ("PUT", "DELETE"):
        return name, 1, 0.25
    if template.endswith("/channels/{channel}/messages") and request.method == "POST":
        return name, *usual
    if template.endswith("/channels/{channel}/messages/{message}"):
        return (name, *usual) if request.method == "PATCH" else (name, 5, 1.0)
    if "/webhooks/{application}/{token}" in template and request.method in ("POST", "PATCH"):
        return name, *usual
    return None


def _misfortune(request: web.Request, record: Request, fault: Fault) -> web.StreamResponse:
    record.status = fault.status or -1
    if fault.status == 0:
        _reset(request)
        return web.Response(status=500)
    if fault.status == 429:
        refusal = Verdict(5, 0, fault.retry_after, "injected", refused=True)
        response = answer(refusal.body(), 429)
        response.headers.update(refusal.headers() | (VIA if fault.via else {}))
        return response
    return answer({"message": f"{fault.status}: injected", "code": 0}, fault.status)


def _reset(request: web.Request) -> None:
    """Cut the connection so that the client sees it reset."""
    transport = request.transport
    if transport is None:
        return
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
