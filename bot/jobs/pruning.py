"""Lets go of what is older, or more, than is to be kept: a job at a time, with a breath after each.

Messages in Discord stay; their buttons say that the job is no longer kept. Knows nothing of what is too old.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time

from bot.memory.jobs import Jobs
from bot.memory.panels import Panels
from bot.memory.picture_files import Pictures
from bot.memory.retention import Retention

__all__ = ["Pruning"]

log = logging.getLogger(__name__)

EVERY = 3600.0  # seconds between two looks
QUESTIONS_KEPT = 30 * 24 * 3600.0  # seconds; nobody comes back to a question, or a page, of a month ago
BREATH = 0.005  # seconds after each job, which belong to everybody else


class Pruning:
    """Removes rows and files that ``retention`` finds."""

    def __init__(self, retention: Retention, jobs: Jobs, panels: Panels, pictures: Pictures) -> None:
        self._retention = retention
        self._jobs = jobs
        self._panels = panels
        self._pictures = pictures

    async def run(self) -> None:
        """Look every hour, for as long as the process lives."""
        while True:
            try:
                if removed := await self.once():
                    log.info("%d jobs were not to be kept any longer", removed)
            except (sqlite3.Error, OSError) as error:
                log.warning("what is too old stays for another hour: %s", error)
            await asyncio.sleep(EVERY)

    async def once(self) -> int:
        """Remove all that is not to be kept now; how many jobs that were."""
        now, removed = time.time(), 0
        async for job_id in self._retention.overdue(now):
            await self._pictures.delete(await self._jobs.delete(job_id))
            removed += 1
            await asyncio.sleep(BREATH)
        checked = await self._panels.forget(now - QUESTIONS_KEPT)
        await self._pictures.delete(await self._jobs.unneeded(checked))
        for panel_id in await self._retention.old_panels(now):
            brought = await self._panels.drop([panel_id])
            await self._pictures.delete(await self._jobs.unneeded(brought))
            await asyncio.sleep(BREATH)
        return removed
