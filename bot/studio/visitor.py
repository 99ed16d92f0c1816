"""Somebody who is signed in, as a value. Knows nothing of how they signed in."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

__all__ = ["VISITOR", "Visitor"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in. ``token`` is the session's, ``guild_id`` where they asked for the link."""

    user_id: int
    name: str
    guild_id: int | None
    token: str = field(repr=False)

    @property
    def proof(self) -> str:
        """What changing requests bring along, so that no other site can have them made."""
        return hmac.new(self.token.encode(), b"changes", hashlib.sha256).hexdigest()

    @property
    def person(self) -> str:
        """What somebody is counted under whose work costs others time, in however many sessions."""
        return str(self.user_id)

    @property
    def key(self) -> str:
        """What this session is counted under."""
        return hashlib.sha256(self.token.encode()).hexdigest()


VISITOR: Final = web.RequestKey("visitor", Visitor)
