"""Signing in by a link, who is signed in, and signing out.

Whoever opens a link has used it up, so programs that only look where a link leads must not: those get the
page, which asks for what they would have been given. Knows nothing of how a link reaches its user.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from aiohttp import web

from bot.studio.answers import NotDone, answer, body_of
from bot.studio.pages import page_named
from bot.studio.services import SERVICES, Services
from bot.studio.session import forget_cookie, set_cookie
from bot.studio.visitor import VISITOR, Visitor

__all__ = ["routes"]

routes = web.RouteTableDef()

SPENT = (
    "This link does not work (any more): it works once, for ten minutes. /studio in Discord gives a new one."
)
LOOKERS = re.compile(r"bot|crawl|spider|preview|externalhit|slurp|facebook|whatsapp|telegram|skype", re.I)
"""Names under which programs fetch links to show what is behind them; Discord's is Discordbot."""

VIEW = re.compile(r"[a-z]+(/[0-9a-f-]{1,48})?")
"""What of the page a link may open."""


@routes.get("/enter")
async def follow(request: web.Request) -> web.StreamResponse:
    """Open a link, ``?link=token&open=view``: use it up, start a session, and go on to the page.

    The sign-in is shown instead, and nothing used up, to who only looks ahead, and to whoever is signed in
    as somebody else and is asked there; with 410, where the link does not work.
    """
    services, link, before = request.app[SERVICES], request.query.get("link", ""), request.get(VISITOR)
    if not link or request.method != "GET" or _looks_ahead(request):
        return page_named("sign-in.html")
    if before is not None and await _of_another(services, before, link):
        return page_named("sign-in.html")
    token = await _entered(services, before, link)
    if token is None:
        return page_named("sign-in.html", HTTPStatus.GONE)
    view = request.query.get("open", "")
    response = web.Response(
        status=HTTPStatus.SEE_OTHER,
        headers={"Location": f"/#{view if VIEW.fullmatch(view) else 'gallery'}"},
    )
    set_cookie(response, services, token)
    return response


@routes.post("/api/enter")
async def enter(request: web.Request) -> web.StreamResponse:
    """Use a link up and start a session: ``{"link": token, "switch": bool}``.

    Whoever is signed in as somebody else is asked first (409), so that nobody is moved to another's account
    unawares; ``switch`` says that they were.
    """
    services, body = request.app[SERVICES], await body_of(request)
    link = body.get("link")
    if not isinstance(link, str):
        raise NotDone(HTTPStatus.BAD_REQUEST, "The request names no link.")
    before = request.get(VISITOR)
    asked = body.get("switch") is True
    if before is not None and not asked and await _of_another(services, before, link):
        raise NotDone(HTTPStatus.CONFLICT, f"You are signed in as {before.name}, and this link is another's.")
    token = await _entered(services, before, link)
    if token is None:
        raise NotDone(HTTPStatus.GONE, SPENT)
    response = answer({})
    set_cookie(response, services, token)
    return response


@routes.get("/api/session")
async def session(request: web.Request) -> web.StreamResponse:
    """Who is signed in, and the proof that changing requests bring along."""
    visitor = request[VISITOR]
    return answer({"name": visitor.name, "proof": visitor.proof})


@routes.delete("/api/session")
async def leave(request: web.Request) -> web.StreamResponse:
    """Sign out."""
    services = request.app[SERVICES]
    await services.sign_ins.leave(request[VISITOR].token)
    response = answer({})
    forget_cookie(response, services)
    return response


def _looks_ahead(request: web.Request) -> bool:
    """Whether a request comes from a program that fetches a link before, or without, anybody's opening it."""
    ahead = request.headers.get("Sec-Purpose", request.headers.get("Purpose", ""))
    return "prefetch" in ahead or LOOKERS.search(request.headers.get("User-Agent", "")) is not None


async def _of_another(services: Services, visitor: Visitor, link: str) -> bool:
    """Whether a link is for somebody else than who is signed in."""
    whose = await services.sign_ins.whose(link)
    return whose is not None and whose != visitor.user_id


async def _entered(services: Services, before: Visitor | None, link: str) -> str | None:
    """The token of the session that a link starts, in the place of ``before``; None: it does not work."""
    token = await services.sign_ins.enter(link)
    if token is not None and before is not None:
        await services.sign_ins.leave(before.token)
    return token
