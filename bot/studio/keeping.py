"""What people do with their own pictures: hearts, folders, deleting, taking them along.

Knows nothing of how pictures are found.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.memory.walls import Tile
from bot.messages.wording import file_name
from bot.studio.answers import NotDone, answer, body_of, not_found
from bot.studio.downloads import archived
from bot.studio.filters import number_of
from bot.studio.services import SERVICES
from bot.studio.visitor import VISITOR

__all__ = ["routes"]

routes = web.RouteTableDef()

MOST_PICTURES = 1000  # of one request
MOST_DELETED = 25  # jobs of one request: each message is taken out of Discord, one after the other


@routes.post("/api/favourites")
async def hearts(request: web.Request) -> web.StreamResponse:
    """Give pictures a heart, or take it away: ``{"pictures": [id], "favourite": bool}``."""
    services, visitor, body = request.app[SERVICES], request[VISITOR], await body_of(request)
    tiles = await _own(request, body)
    await services.favourites.set(visitor.user_id, _places(tiles), to=body.get("favourite") is True)
    services.snapshots.changed(visitor.user_id)
    return answer({"changed": len(tiles)})


@routes.post("/api/folders")
async def make_folder(request: web.Request) -> web.StreamResponse:
    """A new folder: ``{"name": text}``."""
    services, visitor, body = request.app[SERVICES], request[VISITOR], await body_of(request)
    return answer({"id": await services.folders.add(visitor.user_id, _name(body))})


@routes.patch("/api/folders/{folder}")
async def rename_folder(request: web.Request) -> web.StreamResponse:
    """Another name: ``{"name": text}``."""
    services, visitor, body = request.app[SERVICES], request[VISITOR], await body_of(request)
    await services.folders.rename(visitor.user_id, _folder(request), _name(body))
    return answer({})


@routes.delete("/api/folders/{folder}")
async def delete_folder(request: web.Request) -> web.StreamResponse:
    """Remove a folder; what lies in it stays."""
    services, visitor = request.app[SERVICES], request[VISITOR]
    await services.folders.delete(visitor.user_id, _folder(request))
    services.snapshots.changed(visitor.user_id)
    return answer({})


@routes.post("/api/folders/{folder}")
async def fill_folder(request: web.Request) -> web.StreamResponse:
    """Put pictures into a folder, or take them out: ``{"pictures": [id], "into": bool}``."""
    services, visitor, body = request.app[SERVICES], request[VISITOR], await body_of(request)
    tiles = await _own(request, body)
    change = services.folders.put if body.get("into") is True else services.folders.take
    await change(visitor.user_id, _folder(request), _places(tiles))
    services.snapshots.changed(visitor.user_id)
    return answer({"changed": len(tiles)})


@routes.post("/api/deletions")
async def delete(request: web.Request) -> web.StreamResponse:
    """Delete the jobs of pictures, with their messages, rows and files: ``{"pictures": [id]}``."""
    services, visitor, body = request.app[SERVICES], request[VISITOR], await body_of(request)
    tiles = await _own(request, body)
    job_ids = list(dict.fromkeys(tile.job_id for tile in tiles))
    if len(job_ids) > MOST_DELETED:
        raise NotDone(HTTPStatus.BAD_REQUEST, f"At most {MOST_DELETED} jobs are deleted at a time.")
    for job_id in job_ids:
        job = await services.jobs.get(job_id)
        if job is not None:
            await services.flow.delete(job)
    services.snapshots.changed(visitor.user_id)
    return answer({"jobs": job_ids})


@routes.post("/api/downloads")
async def ask_for_archive(request: web.Request) -> web.StreamResponse:
    """Pictures to be fetched as one archive: ``{"pictures": [id]}``; its id."""
    services, visitor, body = request.app[SERVICES], request[VISITOR], await body_of(request)
    tiles = [await services.sight.picture(visitor, each) for each in _ids(body)]
    files = {
        file_name(tile.user_name, tile.prompt, f"{tile.job_id}_{tile.position}"): services.pictures.path(
            tile.file
        )
        for tile in tiles
    }
    return answer({"download": services.downloads.keep(visitor.user_id, list(files.items()))})


@routes.get("/downloads/{download}")
async def archive(request: web.Request) -> web.StreamResponse:
    """The archive itself."""
    download = request.app[SERVICES].downloads.get(request.match_info["download"], request[VISITOR].user_id)
    if download is None:
        raise not_found()
    headers = {"Content-Type": "application/zip", "Content-Disposition": 'attachment; filename="easel.zip"'}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    async for piece in archived(download.files):
        await response.write(piece)
    await response.write_eof()
    return response


async def _own(request: web.Request, body: dict[str, Any]) -> list[Tile]:
    """The pictures that a request names, all of them the visitor's own. Raises NotDone."""
    services, visitor = request.app[SERVICES], request[VISITOR]
    return [await services.sight.own(visitor, each) for each in _ids(body)]


def _ids(body: dict[str, Any]) -> list[str]:
    ids = body.get("pictures")
    if not isinstance(ids, list) or not ids or not all(isinstance(each, str) for each in ids):
        raise NotDone(HTTPStatus.BAD_REQUEST, "The request names no pictures.")
    if len(ids) > MOST_PICTURES:
        raise NotDone(HTTPStatus.BAD_REQUEST, f"At most {MOST_PICTURES} pictures are taken at a time.")
    return list(dict.fromkeys(ids))


def _places(tiles: list[Tile]) -> list[tuple[int, int]]:
    return [(tile.seq, tile.position) for tile in tiles]


def _folder(request: web.Request) -> int:
    return number_of(request.match_info, "folder")


def _name(body: dict[str, Any]) -> str:
    name = body.get("name")
    if not isinstance(name, str):
        raise NotDone(HTTPStatus.BAD_REQUEST, "A folder's name is a text.")
    return name.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")
