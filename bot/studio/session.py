"""Who is asking: the session cookie, set, read and forgotten. Knows no particular route."""

from __future__ import annotations

from aiohttp import web

from bot.memory.sign_ins import SESSION_SECONDS
from bot.studio.services import SERVICES, Services
from bot.studio.visitor import Visitor

__all__ = ["forget_cookie", "set_cookie", "set_state", "state_name", "visitor_of"]

LONGEST_TOKEN = 128  # characters; ours have 43


async def visitor_of(request: web.Request) -> Visitor | None:
    """Who is signed in with the request's cookie; None for nobody, and for who was banned meanwhile."""
    services = request.app[SERVICES]
    token = request.cookies.get(_name(services), "")
    if not token.isascii() or not 0 < len(token) <= LONGEST_TOKEN:
        return None
    session = await services.sign_ins.session(token)
    if session is None:
        return None
    if (await services.people.get(session.user_id, session.name)).banned:
        await services.sign_ins.end(session.user_id)
        return None
    return Visitor(session.user_id, session.name, session.guild_id, token)


def set_cookie(response: web.StreamResponse, services: Services, token: str) -> None:
    """Have the browser bring a session's token along from now on."""
    _keep(response, services, _name(services), token, SESSION_SECONDS)


def set_state(response: web.StreamResponse, services: Services, state: str, seconds: float) -> None:
    """Have the browser bring along what it is known by when it comes back from Discord's page."""
    _keep(response, services, state_name(services), state, seconds)


def _keep(response: web.StreamResponse, services: Services, name: str, value: str, seconds: float) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(seconds),
        path="/",
        httponly=True,
        samesite="Lax",
        secure=_secure(services),
    )


def forget_cookie(response: web.StreamResponse, services: Services) -> None:
    """Have the browser forget its session."""
    response.del_cookie(
        _name(services), path="/", httponly=True, samesite="Lax", secure=_secure(services) or None
    )


def state_name(services: Services) -> str:
    """The cookie by which a browser is known again that went to Discord's page."""
    return f"{_name(services)}-state"


def _secure(services: Services) -> bool:
    return services.settings.studio_url.startswith("https://")


def _name(services: Services) -> str:
    """Behind https the name itself forbids that a neighbouring host sets the cookie."""
    return "__Host-easel" if _secure(services) else "easel"
