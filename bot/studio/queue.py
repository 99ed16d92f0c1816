"""One's jobs: those under way with place and time, the newest finished ones, cancelling, and news of them.

News are server-sent events: what changed since the last ones, each job once, however fast it changes. Knows
nothing of how jobs come about.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from bot.memory.records import Status
from bot.studio.answers import NotDone, answer, not_found
from bot.studio.guard import HEADERS
from bot.studio.jobs_told import told
from bot.studio.services import SERVICES, Services
from bot.studio.session import visitor_of
from bot.studio.visitor import VISITOR, Visitor

__all__ = ["STREAMS", "routes"]

routes = web.RouteTableDef()

STREAMS: Final = web.AppKey("streams", Counter[str])
"""How many streams of news each session has open."""

MOST_STREAMS = 6  # of a session: as many connections as a browser opens to one place
RECENT = 12  # finished jobs that are shown beside those under way
BREATH = 0.2  # seconds between two news: a page draws no faster, and a burst of steps becomes one
QUIET = 15.0  # seconds after which something is sent all the same, so that no proxy closes the line


@routes.get("/api/jobs")
async def jobs(request: web.Request) -> web.StreamResponse:
    """All jobs under way, and the newest finished ones."""
    services, visitor = request.app[SERVICES], request[VISITOR]
    return answer({"jobs": await _all(services, visitor.user_id)})


@routes.get("/api/jobs/{job}")
async def job(request: web.Request) -> web.StreamResponse:
    """One job as it stands."""
    services, visitor = request.app[SERVICES], request[VISITOR]
    found = await told(services, request.match_info["job"], visitor.user_id)
    if found["status"] == Status.DELETED.name.lower():
        raise not_found()
    return answer(found)


@routes.post("/api/jobs/{job}/cancel")
async def cancel(request: web.Request) -> web.StreamResponse:
    """Stop one's own job."""
    services, visitor = request.app[SERVICES], request[VISITOR]
    if not await services.flow.cancel(request.match_info["job"], visitor.user_id):
        raise NotDone(HTTPStatus.NOT_FOUND, "There is no such job under way.")
    return answer({})


@routes.get("/previews/{job}")
async def preview(request: web.Request) -> web.StreamResponse:
    """How a job of one's own looks by now. Nothing, and no error, where it has ended or is no such job."""
    run = request.app[SERVICES].flow.under_way.get(request.match_info["job"])
    if run is None or run.job.user_id != request[VISITOR].user_id or run.preview is None:
        return web.Response(status=HTTPStatus.NO_CONTENT)
    return web.Response(body=run.preview, content_type="image/jpeg")


@routes.get("/api/events")
async def events(request: web.Request) -> web.StreamResponse:
    """News of one's jobs for as long as somebody listens: at first all of them, then those that changed."""
    visitor, streams = request[VISITOR], request.app[STREAMS]
    if streams[visitor.key] >= MOST_STREAMS:
        raise web.HTTPTooManyRequests(headers={"Retry-After": "5"})
    response = web.StreamResponse(
        headers={**HEADERS, "Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    response.headers["X-Accel-Buffering"] = "no"  # a proxy passes it on as it comes
    streams[visitor.key] += 1
    try:
        await response.prepare(request)
        await _follow(request, response, visitor)
    except ConnectionError:
        pass  # nobody listens any more
    finally:
        streams[visitor.key] -= 1
        if not streams[visitor.key]:
            del streams[visitor.key]
    return response


async def _follow(request: web.Request, response: web.StreamResponse, visitor: Visitor) -> None:
    services = request.app[SERVICES]
    with services.flow.changes.watched(visitor.user_id) as watch:
        await _send(response, "all", await _all(services, visitor.user_id))
        while not watch.closed:
            changed = await watch.changed(QUIET)
            if watch.closed:
                return
            if watch.missed:
                watch.missed = False
                await _send(response, "all", await _all(services, visitor.user_id))
            elif changed:
                await _send(
                    response, "jobs", [await told(services, each, visitor.user_id) for each in changed]
                )
            else:
                if await visitor_of(request) is None:
                    return  # signed out, or banned
                await response.write(b": quiet\n\n")
            await asyncio.sleep(BREATH)


async def _send(response: web.StreamResponse, name: str, found: list[dict[str, Any]]) -> None:
    data = json.dumps({"jobs": found}, ensure_ascii=False, separators=(",", ":"))
    await response.write(f"event: {name}\ndata: {data}\n\n".encode("utf-8", "replace"))


async def _all(services: Services, user_id: int) -> list[dict[str, Any]]:
    """Those under way, in the order they were asked for, then the newest finished ones."""
    under_way = [run.job.id for run in services.flow.under_way.values() if run.job.user_id == user_id]
    finished = [each.id for each in await services.history.page(user_id, limit=RECENT)]
    ids = dict.fromkeys((*under_way, *finished))
    return [await told(services, each, user_id) for each in ids]
