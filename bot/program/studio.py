"""The studio beside the bot: its services are the client's own. Knows nothing of its pages."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from functools import partial

from bot.studio.server import served
from bot.studio.services import Services
from bot.surface.client import EaselClient
from bot.surface.servers import is_member

__all__ = ["services_of", "studio_of"]


def services_of(client: EaselClient) -> Services:
    """What of a client the studio uses."""
    hub = client.hub
    return Services(
        settings=hub.settings,
        people=hub.people,
        sign_ins=hub.sign_ins,
        jobs=hub.jobs,
        favourites=hub.favourites,
        pictures=hub.pictures,
        flow=hub.flow,
        is_member=partial(is_member, client),
    )


def studio_of(client: EaselClient) -> AbstractAsyncContextManager[None]:
    """The client's studio, served meanwhile where EASEL_STUDIO says so. Raises BadSetting."""
    return served(services_of(client))
