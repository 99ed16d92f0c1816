"""The studio's server: every route behind the guard, listening where the settings say so.

A new part of the studio is a module with ``routes``, named in ``ROUTES``. Knows nothing of what they do.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.config import BadSetting
from bot.studio import (
    bringing,
    changing,
    continuing,
    discord_sign_in,
    editing,
    files,
    gallery,
    keeping,
    making,
    pages,
    queue,
    retexturing,
    settings,
    signing_in,
)
from bot.studio.answers import MOST_BODY
from bot.studio.guard import LIMITS, MIDDLEWARES
from bot.studio.limits import Limits
from bot.studio.services import SERVICES, Services

__all__ = ["application", "served"]

log = logging.getLogger(__name__)

ROUTES = (
    pages.routes,
    signing_in.routes,
    discord_sign_in.routes,
    gallery.routes,
    keeping.routes,
    files.routes,
    making.routes,
    continuing.routes,
    editing.routes,
    retexturing.routes,
    changing.routes,
    bringing.routes,
    queue.routes,
    settings.routes,
)
EVERYWHERE = ("0.0.0.0", "::")  # what is listened on for every address of a machine, and is none itself
CLOSING = 2.0  # seconds that a stop leaves for answers that are on their way


def application(services: Services) -> web.Application:
    """The studio as an application that any aiohttp server runs."""
    app = web.Application(middlewares=MIDDLEWARES, client_max_size=MOST_BODY)
    app[SERVICES] = services
    app[LIMITS] = Limits()
    app[queue.STREAMS] = Counter()
    for routes in ROUTES:
        app.add_routes(routes)
    return app


@asynccontextmanager
async def served(services: Services) -> AsyncIterator[None]:
    """Serve the studio meanwhile; nothing where EASEL_STUDIO is empty. Raises BadSetting."""
    address = services.settings.easel_studio
    if not address:
        yield
        return
    runner = web.AppRunner(application(services), access_log=None, shutdown_timeout=CLOSING)
    await runner.setup()
    host, _, port = address.rpartition(":")
    if host.strip("[]") in EVERYWHERE and not services.settings.easel_studio_url:
        log.warning("EASEL_STUDIO_URL: not set, so links into the studio lead to %s", address)
    try:
        await web.TCPSite(runner, host.strip("[]"), int(port)).start()
    except (OSError, OverflowError) as error:
        await runner.cleanup()
        said = error.strerror if isinstance(error, OSError) else "there is no such port"
        raise BadSetting(f"EASEL_STUDIO: {address} cannot be listened on: {said}") from None
    try:
        yield
    finally:
        await runner.cleanup()
