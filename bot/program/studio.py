"""The studio beside the bot: its services are the client's own. Knows nothing of its pages."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from functools import partial

from bot.memory.database import Database
from bot.memory.folders import Folders
from bot.memory.records import JobRecord, Status
from bot.memory.thumbnails import Thumbnails
from bot.memory.walls import Walls
from bot.studio.downloads import Downloads
from bot.studio.posting import Posting
from bot.studio.server import served
from bot.studio.services import Services
from bot.studio.sight import Sight
from bot.studio.snapshots import Snapshots
from bot.surface.client import EaselClient
from bot.surface.servers import asking, readable, roles

__all__ = ["services_of", "studio_of"]


def services_of(client: EaselClient, database: Database) -> Services:
    """What of a client the studio uses, and what it keeps for itself."""
    hub, walls, snapshots = client.hub, Walls(database), Snapshots()

    def drawn(job: JobRecord) -> None:
        if job.status is Status.RENDERED:  # its pictures are on walls from now on
            snapshots.changed(job.user_id)

    hub.flow.changes.listen(drawn)
    return Services(
        settings=hub.settings,
        people=hub.people,
        sign_ins=hub.sign_ins,
        jobs=hub.jobs,
        walls=walls,
        favourites=hub.favourites,
        folders=Folders(database),
        pictures=hub.pictures,
        thumbnails=Thumbnails(hub.pictures),
        flow=hub.flow,
        history=hub.history,
        uploads=hub.uploads,
        drafting=hub.drafting,
        continuations=hub.continuations,
        taking=hub.taking,
        posting=Posting(
            walls,
            hub.rules,
            hub.gate.is_operator,
            partial(asking, client),
            partial(roles, client),
            client.direct,
        ),
        select=hub.engine.select,
        sight=Sight(walls, partial(readable, client)),
        application_id=lambda: client.application_id,
        snapshots=snapshots,
        downloads=Downloads(),
    )


def studio_of(client: EaselClient, database: Database) -> AbstractAsyncContextManager[None]:
    """The client's studio, served meanwhile where EASEL_STUDIO says so. Raises BadSetting."""
    return served(services_of(client, database))
