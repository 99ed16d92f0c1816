"""Pictures that are brought to the page: through the same gate as Discord's, held for prompts."""

from __future__ import annotations

from aiohttp import web

from bot.errors import BadLink
from bot.jobs.uploads import KeptPicture
from bot.links import MOST_BYTES
from bot.studio.answers import answer, body_of, bytes_of, not_found, text_of
from bot.studio.asking import user_of
from bot.studio.guard import LIMITS, slowed
from bot.studio.limits import BRINGING
from bot.studio.services import SERVICES
from bot.studio.visitor import VISITOR

__all__ = ["routes"]

routes = web.RouteTableDef()

LONGEST_ID = 64  # characters of a picture's id


@routes.post("/api/uploads")
async def bring(request: web.Request) -> web.StreamResponse:
    """A picture's file, or ``{"picture": id}`` of a kept one: the address that stands for it in prompts."""
    services, visitor = request.app[SERVICES], request[VISITOR]
    slowed(request.app[LIMITS].wait(BRINGING, visitor.person))
    if request.content_type == "application/json":
        picture_id = text_of(await body_of(request), "picture", LONGEST_ID)
        kept = KeptPicture((await services.sight.picture(visitor, picture_id)).file)
        await services.pictures.read(kept.name)
    else:
        kept = await services.uploads.keep(await bytes_of(request, MOST_BYTES))
    link = await services.uploads.hold(await user_of(request), kept)
    return answer({"link": link, "notes": list(kept.notes)})


@routes.get("/uploads/{name}")
async def brought(request: web.Request) -> web.StreamResponse:
    """One's own picture, as it was brought."""
    services = request.app[SERVICES]
    user = await user_of(request)
    try:
        kept = await services.uploads.held(user, request.match_info["name"])
    except BadLink:
        raise not_found() from None
    return web.FileResponse(services.pictures.path(kept.name), headers={"Content-Type": "image/png"})
