"""What every request passes: headers that lock the page in, limits, the session, proof that it is our page.

Whatever goes wrong becomes an answer here, and nothing of what went wrong is told. Knows no particular route
but those that are open to everybody.
"""

from __future__ import annotations

import hmac
import ipaddress
import logging
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Final, TypeAlias

from aiohttp import web

from bot.errors import Gone, Refusal, explained
from bot.studio.answers import NotDone
from bot.studio.limits import ENTERING, REQUESTS, Limits
from bot.studio.services import SERVICES
from bot.studio.session import visitor_of
from bot.studio.visitor import VISITOR
from engine import EngineError
from grammar import PromptError

__all__ = ["HEADERS", "LIMITS", "MIDDLEWARES", "NEVER", "PROOF", "address_of", "slowed"]

log = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

LIMITS: Final = web.AppKey("limits", Limits)

PROOF = "X-Easel-Proof"  # the header in which a changing request brings its proof
READING = ("GET", "HEAD")
NEVER = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
HEADERS = {
    "Content-Security-Policy": NEVER,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""With every answer. A page that runs scripts says so itself, see ``pages``."""

OPEN = frozenset({"/sign-in", "/enter", "/api/enter", "/api/sign-in", "/sign-in/discord", "/sign-in/done"})
"""What is answered without a session; beside it the files that the sign-in is made of, see ``pages``."""
OPEN_FILES = frozenset({"style/tokens.css", "style/sign-in.css", "sign-in.js", "theme.js", "icon.svg"})


@web.middleware
async def answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn whatever is raised into an answer with our headers."""
    try:
        response = await handler(request)
    except NotDone as refusal:
        response = refusal.response()
    except Refusal as error:
        status = HTTPStatus.NOT_FOUND if isinstance(error, Gone) else HTTPStatus.CONFLICT
        response = NotDone(status, error.sentence).response()
    except PromptError as error:
        response = NotDone(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), title=error.title).response()
    except EngineError as error:
        response = NotDone(HTTPStatus.CONFLICT, explained(error)[1]).response()
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            _lock(error)
            raise
        response = _plain(error)
    except ConnectionError:
        raise  # nobody is there any more
    except Exception as error:  # the last line of defence: whoever asked gets a sentence, the log the rest
        response = NotDone(HTTPStatus.INTERNAL_SERVER_ERROR, explained(error)[1]).response()
    _lock(response)
    return response


@web.middleware
async def let_in(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count the request, and see who asks; without a session only the sign-in is there."""
    limits = request.app[LIMITS]
    visitor = await visitor_of(request)
    if visitor is not None:
        request[VISITOR] = visitor
        slowed(limits.wait(REQUESTS, visitor.key))
        return await handler(request)
    if request.path == "/api/enter" or (request.path == "/enter" and request.query_string):
        slowed(limits.wait(ENTERING, address_of(request)))
    if request.path in OPEN or request.path.removeprefix("/page/") in OPEN_FILES:
        return await handler(request)
    if request.path == "/" and request.method in READING:
        raise web.HTTPSeeOther("/sign-in")
    raise NotDone(HTTPStatus.UNAUTHORIZED, "You are not signed in. Use /studio in Discord to get a link.")


@web.middleware
async def ours(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let only our own page change anything: by its origin, and by the proof that only it can have."""
    if request.method in READING:
        return await handler(request)
    if not _same_origin(request):
        raise NotDone(HTTPStatus.FORBIDDEN, "The studio takes changes only from its own page.")
    visitor = request.get(VISITOR)
    if visitor is not None and request.path != "/api/enter":
        proof = request.headers.get(PROOF, "")
        if not hmac.compare_digest(proof.encode("utf-8", "replace"), visitor.proof.encode()):
            raise NotDone(HTTPStatus.FORBIDDEN, "This page is out of date. Load it again.")
    return await handler(request)


def _same_origin(request: web.Request) -> bool:
    """Whether a browser says that the request comes from our page; what is no browser must say so as well."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return False
    settings = request.app[SERVICES].settings
    own = {settings.studio_url} if settings.easel_studio_url else {f"http://{request.host}"}
    return request.headers.get("Origin", "").rstrip("/") in own


def address_of(request: web.Request) -> str:
    """Where a request comes from, behind a proxy as that says; "" where nobody knows.

    Without it the whole world would have the proxy's address, and one stranger use up what all may ask for.
    A proxy is on this machine or, where EASEL_STUDIO_URL says that there is one, has a private address: a
    container sees the host's so. The last address is the one that the proxy itself saw: those before it are
    what somebody claims.
    """
    peer = request.remote or ""
    proxied = bool(request.app[SERVICES].settings.easel_studio_url)
    with suppress(ValueError):
        address = ipaddress.ip_address(peer)
        if address.is_loopback or (proxied and address.is_private):
            said = ",".join(request.headers.getall("X-Forwarded-For", []))
            return str(ipaddress.ip_address(said.rpartition(",")[2].strip()))
    return peer


def _lock(response: web.StreamResponse) -> None:
    """Put our headers on an answer that has not begun, those aside that it brings itself."""
    if not response.prepared:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")


def slowed(seconds: float) -> None:
    """Have whoever asks come back after so many seconds; 0: now. Raises HTTPTooManyRequests."""
    if seconds > 0:
        raise web.HTTPTooManyRequests(headers={"Retry-After": str(math.ceil(seconds))})


def _plain(error: web.HTTPException) -> web.StreamResponse:
    """An answer of aiohttp's own, with a sentence in place of its text."""
    sentences = {
        HTTPStatus.NOT_FOUND: "There is nothing here for you.",
        HTTPStatus.METHOD_NOT_ALLOWED: "There is nothing here for you.",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That is too large.",
        HTTPStatus.TOO_MANY_REQUESTS: "That was too much at once. Wait a moment and try again.",
    }
    response = NotDone(error.status, sentences.get(HTTPStatus(error.status), error.reason)).response()
    for name in ("Allow", "Retry-After"):
        if name in error.headers:
            response.headers[name] = error.headers[name]
    return response


MIDDLEWARES = (answered, let_in, ours)
