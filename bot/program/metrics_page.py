"""`/metrics`: what was counted and what goes on at this moment, for Prometheus to scrape.

Served only where EASEL_METRICS says so. Knows nothing of what is done with it.
"""

from __future__ import annotations

import asyncio
import math
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from aiohttp import web

from bot.config import BadSetting
from bot.metrics import Reading
from bot.surface.client import EaselClient

__all__ = ["served"]

TEXT = "text/plain; version=0.0.4; charset=utf-8"


@asynccontextmanager
async def served(client: EaselClient, address: str) -> AsyncIterator[None]:
    """Serve the page at ``host:port`` meanwhile; nothing where the address is empty. Raises BadSetting."""
    if not address:
        yield
        return

    async def page(_: web.Request) -> web.Response:
        free = await asyncio.to_thread(lambda: shutil.disk_usage(client.hub.settings.easel_data).free)
        readings = [*_readings(client), Reading("easel_disk_free_bytes", free)]
        body = client.hub.metrics.text(readings).encode()
        return web.Response(body=body, headers={"Content-Type": TEXT})

    app = web.Application()
    app.router.add_get("/metrics", page)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    host, _, port = address.rpartition(":")
    try:
        await web.TCPSite(runner, host.strip("[]"), int(port)).start()
    except OSError as error:
        await runner.cleanup()
        raise BadSetting(f"EASEL_METRICS: {address} cannot be listened on: {error.strerror}") from None
    try:
        yield
    finally:
        await runner.cleanup()


def _readings(client: EaselClient) -> Iterator[Reading]:
    hub = client.hub
    jobs = Counter((run.job.lane, run.job.status.name.lower()) for run in hub.flow.under_way.values())
    for (lane, state), number in jobs.items():
        yield Reading("easel_jobs", number, {"lane": lane, "state": state})
    status = hub.engine.status()
    yield Reading("easel_workers", status.workers)
    for model in status.models:
        yield Reading("easel_model_loaded", 1, {"model": model})
    for work in status.work:
        device = {"device": work.device}
        yield Reading("easel_forwards_total", work.forwards, device)
        yield Reading("easel_rows_total", work.rows, device)
        yield Reading("easel_step_seconds_total", work.seconds, device)
        yield Reading("easel_gpu_memory_bytes", work.memory, device)
    if math.isfinite(client.latency):
        yield Reading("easel_discord_latency_seconds", client.latency)
