"""Signing in by a link, who is signed in, and signing out.

Knows nothing of how a link reaches its user.
"""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from bot.studio.answers import NotDone, answer, body_of
from bot.studio.services import SERVICES
from bot.studio.session import forget_cookie, set_cookie
from bot.studio.visitor import VISITOR

__all__ = ["routes"]

routes = web.RouteTableDef()

SPENT = (
    "This link does not work (any more): it works once, for ten minutes. /studio in Discord gives a new one."
)


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
    if before is not None and body.get("switch") is not True:
        whose = await services.sign_ins.whose(link)
        if whose is not None and whose != before.user_id:
            raise NotDone(
                HTTPStatus.CONFLICT, f"You are signed in as {before.name}, and this link is another's."
            )
    token = await services.sign_ins.enter(link)
    if token is None:
        raise NotDone(HTTPStatus.GONE, SPENT)
    if before is not None:
        await services.sign_ins.leave(before.token)
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
