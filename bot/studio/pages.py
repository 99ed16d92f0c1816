"""The page itself: its HTML, its modules, its styles, each a file that is named in advance.

Knows nothing of what the modules do. A path that is asked for is looked up among names and never opened.
"""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from bot.studio.answers import not_found

__all__ = ["page_named", "routes"]

routes = web.RouteTableDef()

FOLDER = Path(__file__).parent / "page"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
FILES = {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.rglob("*") if path.suffix in TYPES}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing but our own files runs, and nothing that stands in the page itself does."""


@routes.get("/")
async def index(_: web.Request) -> web.StreamResponse:
    """The studio."""
    return page_named("index.html")


@routes.get("/sign-in")
async def sign_in(_: web.Request) -> web.StreamResponse:
    """How one gets in."""
    return page_named("sign-in.html")


@routes.get("/page/{name:.+}")
async def page_file(request: web.Request) -> web.StreamResponse:
    """A module, a style or a picture of the page's own."""
    return page_named(request.match_info["name"])


def page_named(name: str, status: int = 200) -> web.FileResponse:
    """One of the page's files, as an answer of this status. Raises NotDone where there is none."""
    path = FILES.get(name)
    if path is None:
        raise not_found()
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": POLICY,
        "Content-Type": TYPES[path.suffix],
    }
    return web.FileResponse(path, status=status, headers=headers)
