"""What the studio's pages are made of, held together for the routes that need it.

Knows neither routes nor who puts it together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from aiohttp import web

from bot.config import Settings
from bot.jobs.flow import JobFlow
from bot.memory.favourites import Favourites
from bot.memory.jobs import Jobs
from bot.memory.people import People
from bot.memory.picture_files import Pictures
from bot.memory.sign_ins import SignIns

__all__ = ["SERVICES", "Membership", "Services"]

Membership: TypeAlias = Callable[[int, int], Awaitable[bool]]
"""Whether a user, by their id, is in a server, by its id, at this moment."""


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of the bot that its page uses."""

    settings: Settings
    people: People
    sign_ins: SignIns
    jobs: Jobs
    favourites: Favourites
    pictures: Pictures
    flow: JobFlow
    is_member: Membership


SERVICES: Final = web.AppKey("services", Services)
