"""Who is asking: the session cookie, and the token that every changing request has to bring along.

The token is computed from the cookie, which no script can read, and is told only to pages of the studio's own
origin. Knows no particular route.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from bot.memory.sign_ins import SESSION_SECONDS
from bot.studio.services import SERVICES, Services

__all__ = ["VISITOR", "Visitor", "forget_cookie", "set_cookie", "visitor_of"]

LONGEST_TOKEN = 128  # characters; ours have 43


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in. ``token`` is the session's own, ``guild_id`` where they asked for the link."""

    user_id: int
    name: str
    guild_id: int | None
    token: str

    @property
    def proof(self) -> str:
        """What changing requests bring along, so that no other site can have them made."""
        return hmac.new(self.token.encode(), b"changes", hashlib.sha256).hexdigest()

    @property
    def key(self) -> str:
        """What this session is counted under."""
        return hashlib.sha256(self.token.encode()).hexdigest()


VISITOR: Final = web.RequestKey("visitor", Visitor)


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
    response.set_cookie(
        _name(services),
        token,
        max_age=int(SESSION_SECONDS),
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


def _secure(services: Services) -> bool:
    return services.settings.studio_url.startswith("https://")


def _name(services: Services) -> str:
    """Behind https the name itself forbids that a neighbouring host sets the cookie."""
    return "__Host-easel" if _secure(services) else "easel"
