"""Signing in with Discord (OAuth2), for public installations: by Discord's own word for who one is.

Asks Discord for nothing but a name and an id, keeps neither code nor token, and trusts an answer only in the
browser that set out. Knows nothing of links.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from yarl import URL

from bot.studio.answers import answer, not_found
from bot.studio.guard import LIMITS, address_of, slowed
from bot.studio.limits import ENTERING
from bot.studio.services import SERVICES, Services
from bot.studio.session import set_cookie, set_state, state_name
from bot.studio.visitor import VISITOR

__all__ = ["routes"]

log = logging.getLogger(__name__)

routes = web.RouteTableDef()

STATE_SECONDS = 600  # that Discord's page may stay open
PATIENCE = aiohttp.ClientTimeout(total=15)  # seconds for Discord to answer
LONGEST = 512  # characters of a code or state; Discord's have 30
REFUSED, BANNED = "/sign-in#refused", "/sign-in#banned"  # where the sign-in says what went wrong


@routes.get("/api/sign-in")
async def ways(request: web.Request) -> web.StreamResponse:
    """Which ways in there are beside links."""
    return answer({"discord": _on(request.app[SERVICES])})


@routes.get("/sign-in/discord")
async def set_out(request: web.Request) -> web.StreamResponse:
    """To Discord's page, with a state that only this browser has."""
    services = request.app[SERVICES]
    if not _on(services):
        raise not_found()
    slowed(request.app[LIMITS].wait(ENTERING, address_of(request)))
    state = secrets.token_urlsafe(24)
    wanted = {
        "client_id": str(services.application_id()),
        "redirect_uri": _back(services),
        "response_type": "code",
        "scope": "identify",
        "state": state,
    }
    way = web.HTTPSeeOther(
        f"{URL(services.settings.discord_api_url).origin()}/oauth2/authorize?{urlencode(wanted)}"
    )
    set_state(way, services, state, STATE_SECONDS)
    raise way


@routes.get("/sign-in/done")
async def come_back(request: web.Request) -> web.StreamResponse:
    """From Discord's page, with a code: who is it? Then a session begins."""
    services = request.app[SERVICES]
    if not _on(services):
        raise not_found()
    slowed(request.app[LIMITS].wait(ENTERING, address_of(request)))
    code, state = request.query.get("code", ""), request.query.get("state", "")
    expected = request.cookies.get(state_name(services), "")
    if not code or not expected or max(len(code), len(state)) > LONGEST:
        raise web.HTTPSeeOther(REFUSED)
    if not hmac.compare_digest(state.encode("utf-8", "replace"), expected.encode("utf-8", "replace")):
        raise web.HTTPSeeOther(REFUSED)
    user_id, name = await _asked(services, code)
    user = await services.people.get(user_id, name)
    if user.banned:
        raise web.HTTPSeeOther(BANNED)
    before = request.get(VISITOR)
    if before is not None:
        await services.sign_ins.leave(before.token)
    way = web.HTTPSeeOther("/")
    set_cookie(way, services, await services.sign_ins.begin(user))
    way.del_cookie(state_name(services), path="/")
    raise way


async def _asked(services: Services, code: str) -> tuple[int, str]:
    """The id and name of whoever a code stands for, as Discord says. Raises HTTPSeeOther, to the sign-in."""
    settings = services.settings
    form = {
        "client_id": str(services.application_id()),
        "client_secret": settings.easel_studio_secret.get_secret_value(),
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _back(services),
    }
    proxy = settings.easel_proxy or None
    try:
        async with aiohttp.ClientSession(timeout=PATIENCE) as http:
            async with http.post(f"{settings.discord_api_url}/oauth2/token", data=form, proxy=proxy) as got:
                token: dict[str, Any] = await got.json() if got.status == HTTPStatus.OK else {}
            headers = {"Authorization": f"Bearer {token['access_token']}"}
            async with http.get(f"{settings.discord_api_url}/users/@me", headers=headers, proxy=proxy) as got:
                person: dict[str, Any] = await got.json() if got.status == HTTPStatus.OK else {}
        return int(person["id"]), str(person["username"])
    except (TimeoutError, aiohttp.ClientError, OSError, KeyError, TypeError, ValueError) as error:
        log.info("a sign-in with Discord came to nothing: %s", type(error).__name__)
        raise web.HTTPSeeOther(REFUSED) from None


def _on(services: Services) -> bool:
    return (
        bool(services.settings.easel_studio_secret.get_secret_value())
        and services.application_id() is not None
    )


def _back(services: Services) -> str:
    """Where Discord's page leads back to, as it stands in the application's settings."""
    return f"{services.settings.studio_url}/sign-in/done"
