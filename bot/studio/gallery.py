"""The gallery and Explore: walls, what is on them, and everything about one picture.

Reads only; what changes pictures is in ``keeping``.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.memory.records import JobRecord
from bot.memory.walls import Filters, Tile
from bot.studio.answers import NotDone, answer, not_found
from bot.studio.filters import KINDS, filters_of, number_of
from bot.studio.guard import LIMITS, slowed
from bot.studio.limits import LOOKING, OPENING
from bot.studio.retexturing import why_not
from bot.studio.services import SERVICES, Services
from bot.studio.snapshots import Snapshot
from bot.studio.visitor import VISITOR, Visitor
from bot.text.words import words as words_of

__all__ = ["routes"]

routes = web.RouteTableDef()

FIRST = 60  # pictures that come with a wall: a large screen is full of them
PAGE = 240  # pictures of an answer, at most
GENERATIONS = 20  # of a family tree, upwards
CHILDREN = 200  # of a picture that are shown


@routes.get("/api/wall")
async def open_wall(request: web.Request) -> web.StreamResponse:
    """A wall by filters, ``of=shared`` that of one's servers: its id, its length, and its first pictures."""
    services, visitor = request.app[SERVICES], request[VISITOR]
    filters, shared = filters_of(request.query), request.query.get("of") == "shared"
    snapshot = services.snapshots.same(visitor.user_id, shared, filters)
    if snapshot is None:
        slowed(request.app[LIMITS].wait(OPENING, visitor.person))
        snapshot = await _opened(services, visitor, shared, filters)
    tiles = await services.walls.tiles(snapshot.wall[:FIRST])
    return answer(
        {"wall": snapshot.id, "total": len(snapshot.wall), "pictures": [_shown(t, visitor) for t in tiles]}
    )


@routes.get("/api/newest")
async def newest(request: web.Request) -> web.StreamResponse:
    """The newest pictures that a search finds, before its wall is put together, and whether they are ``all``.

    Of one's own pictures, by the filters of a wall.
    """
    services, visitor = request.app[SERVICES], request[VISITOR]
    filters = filters_of(request.query)
    if not words_of(filters.words):
        raise NotDone(HTTPStatus.BAD_REQUEST, "A search names words.")
    slowed(request.app[LIMITS].wait(LOOKING, visitor.person))
    numbers, whole = await services.walls.newest(visitor.user_id, filters, FIRST)
    tiles = await services.walls.tiles(numbers)
    return answer({"pictures": [_shown(tile, visitor) for tile in tiles], "all": whole})


@routes.get("/api/wall/{wall}")
async def page_of_wall(request: web.Request) -> web.StreamResponse:
    """Some pictures of an open wall: ``offset``, ``limit``. What was deleted meanwhile is null."""
    services, visitor = request.app[SERVICES], request[VISITOR]
    offset, limit = number_of(request.query, "offset"), number_of(request.query, "limit", PAGE)
    numbers = _still_open(request).wall[offset : offset + min(limit, PAGE)]
    found = {tile.number: tile for tile in await services.walls.tiles(numbers)}
    pictures = [_shown(found[number], visitor) if number in found else None for number in numbers]
    return answer({"pictures": pictures})


@routes.get("/api/wall/{wall}/place")
async def place_on_wall(request: web.Request) -> web.StreamResponse:
    """Where a ``picture`` hangs on an open wall, counted from 0: null where it does not.

    So somebody who has a picture before them goes on to the next one after the wall was opened anew.
    """
    services, visitor, wall = request.app[SERVICES], request[VISITOR], _still_open(request).wall
    place = None
    with suppress(NotDone, ValueError):  # nobody's picture (any more), or none of this wall's
        place = wall.index((await services.sight.picture(visitor, request.query.get("picture", ""))).number)
    return answer({"place": place})


@routes.get("/api/filters")
async def choices(request: web.Request) -> web.StreamResponse:
    """What a wall can be filtered by: models, kinds, folders."""
    services, visitor = request.app[SERVICES], request[VISITOR]
    folders = await services.folders.of(visitor.user_id)
    return answer(
        {
            "models": await services.walls.models(visitor.user_id),
            "kinds": list(KINDS),
            "folders": [{"id": each.id, "name": each.name, "pictures": each.pictures} for each in folders],
        }
    )


@routes.get("/api/pictures/{picture}")
async def picture(request: web.Request) -> web.StreamResponse:
    """Everything about one picture: its prompt, parameters and seed, and its family."""
    services, visitor = request.app[SERVICES], request[VISITOR]
    tile = await services.sight.picture(visitor, request.match_info["picture"])
    job = await services.jobs.get(tile.job_id)
    if job is None:
        raise not_found()
    mine = tile.user_id == visitor.user_id
    [record] = [each for each in await services.jobs.pictures(job.id) if each.position == tile.position]
    siblings = await services.walls.of_job(job.id)
    return answer(
        {
            **_shown(tile, visitor),
            **_told(job),
            "seed": record.seed,
            "bytes": record.bytes,
            "cannot": {"retexture": await why_not(services, job)},
            "folders": await services.folders.holding(visitor.user_id, tile.seq, tile.position)
            if mine
            else [],
            "siblings": [_shown(each, visitor) for each in siblings] if len(siblings) > 1 else [],
            "parents": [_shown(each, visitor) for each in await _parents(services, visitor, job)],
            "children": [_shown(each, visitor) for each in await _children(services, visitor, tile)],
        }
    )


async def _opened(services: Services, visitor: Visitor, shared: bool, filters: Filters) -> Snapshot:
    if shared:
        channels = await services.sight.channels(visitor)
        wall = await services.walls.shared(channels, visitor.user_id, filters)
    else:
        wall = await services.walls.own(visitor.user_id, filters)
    return services.snapshots.keep(visitor.user_id, shared, filters, wall)


def _still_open(request: web.Request) -> Snapshot:
    """The wall that a request names. Raises NotDone."""
    snapshot = request.app[SERVICES].snapshots.get(request.match_info["wall"], request[VISITOR].user_id)
    if snapshot is None:
        raise NotDone(HTTPStatus.GONE, "This wall is no longer open. Load it again.")
    return snapshot


async def _parents(services: Services, visitor: Visitor, job: JobRecord) -> list[Tile]:
    """What a job's pictures were made from, the nearest first, as far as the visitor may see it."""
    found: list[Tile] = []
    current: JobRecord | None = job
    while current is not None and current.parent_id is not None and len(found) < GENERATIONS:
        tile = await services.walls.tile(current.parent_id, max(1, current.position))
        if tile is None or not await services.sight.sees(visitor, tile):
            break
        found.append(tile)
        current = await services.jobs.get(tile.job_id)
    return found


async def _children(services: Services, visitor: Visitor, tile: Tile) -> list[Tile]:
    children = await services.walls.made_of(tile.job_id, tile.position, CHILDREN)
    return [each for each in children if await services.sight.sees(visitor, each)]


def _shown(tile: Tile, visitor: Visitor) -> dict[str, Any]:
    """A picture at a glance."""
    mine = tile.user_id == visitor.user_id
    return {
        "id": tile.id,
        "width": tile.width,
        "height": tile.height,
        "prompt": tile.prompt,
        "kind": tile.kind,
        "created": tile.created,
        "favourite": mine and tile.favourite,
        "mine": mine,
        "by": tile.user_name,
    }


def _told(job: JobRecord) -> dict[str, Any]:
    """What of a job stands beside its picture."""
    return {
        "typed": job.prompt,
        "params": job.spec.get("params", {}),
        "model": job.plan.model,
        "notes": list(job.notes),
        "seconds": job.seconds,
        "private": job.place.private,
        "message": _address(job),
    }


def _address(job: JobRecord) -> str | None:
    """The link to a job's message in Discord; None where nobody could follow it."""
    place = job.place
    if place.private or place.message_id is None:
        return None
    return f"https://discord.com/channels/{place.guild_id or '@me'}/{place.channel_id}/{place.message_id}"
