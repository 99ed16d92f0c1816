"""What the studio's pages are made of, held together for the routes that need it.

Knows neither routes nor who puts it together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from aiohttp import web

from bot.config import Settings
from bot.jobs.admission import Taking
from bot.jobs.continuations import Continuations
from bot.jobs.drafting import Drafting
from bot.jobs.flow import JobFlow
from bot.jobs.uploads import Uploads
from bot.memory.favourites import Favourites
from bot.memory.folders import Folders
from bot.memory.history import History
from bot.memory.jobs import Jobs
from bot.memory.people import People
from bot.memory.picture_files import Pictures
from bot.memory.sign_ins import SignIns
from bot.memory.thumbnails import Thumbnails
from bot.memory.walls import Walls
from bot.studio.downloads import Downloads
from bot.studio.posting import Posting
from bot.studio.sight import Sight
from bot.studio.snapshots import Snapshots

__all__ = ["SERVICES", "Select", "Services"]


class Select(Protocol):
    """Finds a thing in a picture, by words or by a place in it; gives a mask."""

    async def __call__(self, png: bytes, /, words: str, point: tuple[float, float] | None) -> bytes:
        """A PNG of the picture's size, white where the thing is. Raises EngineError."""


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of the bot that its page uses, and what the page remembers for as long as it is served."""

    settings: Settings
    people: People
    sign_ins: SignIns
    jobs: Jobs
    walls: Walls
    favourites: Favourites
    folders: Folders
    pictures: Pictures
    thumbnails: Thumbnails
    flow: JobFlow
    history: History
    uploads: Uploads
    drafting: Drafting
    continuations: Continuations
    taking: Taking
    posting: Posting
    select: Select
    sight: Sight
    application_id: Callable[[], int | None]
    snapshots: Snapshots
    downloads: Downloads


SERVICES: Final = web.AppKey("services", Services)
