"""Picture files: whole, small, and many as one archive, each only to whom may see it.

The kernel sends them (sendfile); nothing of a picture passes through this process. Knows nothing of walls.
"""

from __future__ import annotations

from aiohttp import web

from bot.messages.wording import file_name
from bot.studio.guard import NEVER
from bot.studio.services import SERVICES
from bot.studio.visitor import VISITOR

__all__ = ["routes"]

routes = web.RouteTableDef()

KEPT = "private, max-age=86400"
"""A browser may keep a picture for a day: it never changes, and nobody else uses that browser's store."""


@routes.get("/pictures/{picture}")
async def whole(request: web.Request) -> web.StreamResponse:
    """A picture as it was drawn; with ``?download`` to be kept, under a name that says what it shows."""
    services = request.app[SERVICES]
    tile = await services.sight.picture(request[VISITOR], request.match_info["picture"])
    headers = _headers("image/png")
    if "download" in request.query:
        name = file_name(tile.user_name, tile.prompt, f"{tile.job_id}_{tile.position}")
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return web.FileResponse(services.pictures.path(tile.file), headers=headers)


@routes.get("/thumbnails/{picture}")
async def small(request: web.Request) -> web.StreamResponse:
    """A picture as it hangs on a wall."""
    services = request.app[SERVICES]
    tile = await services.sight.picture(request[VISITOR], request.match_info["picture"])
    path = await services.thumbnails.path(tile.file)
    return web.FileResponse(path, headers=_headers("image/jpeg"))


def _headers(kind: str) -> dict[str, str]:
    return {"Cache-Control": KEPT, "Content-Security-Policy": NEVER, "Content-Type": kind}
