"""The CDN's routes: files by signed links that expire."""

from __future__ import annotations

import mimetypes

from aiohttp import web

from playground.hub import hub_of
from playground.world.files import SHOWN_INLINE

routes = web.RouteTableDef()
GONE = "This content is no longer available."


@routes.get("/{folder:attachments|ephemeral-attachments}/{channel:\\d+}/{id:\\d+}/{name}")
async def attachment(request: web.Request) -> web.StreamResponse:
    """A file."""
    files = hub_of(request).files
    query = request.query
    path = files.path(int(request.match_info["id"]))
    signed = files.allows(request.rel_url.raw_path, query.get("ex", "0"), query.get("hm", ""))
    if not signed or not path.is_file():
        return web.Response(status=404, text=GONE)
    kind = _content_type(request.match_info["name"])
    inline = kind in SHOWN_INLINE
    headers = {
        "Content-Type": kind if inline else "application/octet-stream",
        "Content-Disposition": "inline" if inline else "attachment",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, max-age=3600, immutable",
    }
    return web.FileResponse(path, headers=headers)


def _content_type(name: str) -> str:
    return mimetypes.guess_type(name)[0] or "application/octet-stream"
