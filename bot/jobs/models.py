"""The models of a running bot: which there are, which are here, and the one way by which that changes.

Whoever draws is told when it does. Knows nothing of Discord, nor of who may change it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeAlias

from bot.config import Settings
from bot.jobs.rendering import RenderEngine
from engine import EngineError, ModelEntry, Registry, models
from engine.process.check import Checked, check

__all__ = ["Models", "Tell"]

log = logging.getLogger(__name__)

Tell: TypeAlias = Callable[[int, int], Awaitable[None]]
"""Is told bytes here and bytes in all, now and then."""

EDIT_EVERY = 5.0  # seconds between two of those


class Models:
    """Holds the registry, which is another one after every change."""

    def __init__(self, registry: Registry, engine: RenderEngine, settings: Settings) -> None:
        self.registry = registry
        self.here: frozenset[str] = frozenset({settings.easel_model})
        self._engine, self._settings = engine, settings
        self._closing = False

    @property
    def data(self) -> Path:
        """The folder whose lists are written to."""
        return self._settings.easel_data

    async def look(self) -> None:
        """Looks which models are on this machine."""
        entries = self.registry.entries
        self.here = await asyncio.to_thread(_here, entries)

    async def refresh(self) -> None:
        """Reads the lists again, and has the engine know them. Raises BadRegistry."""
        extra = self._settings.easel_models_file
        self.registry = await asyncio.to_thread(Registry.load, extra=extra, data=self.data)
        self._engine.know(self.registry)
        await self.look()

    async def order(self, name: str) -> models.Order:
        """What pulling a model means; nothing is fetched. Raises EngineError."""
        return await asyncio.to_thread(models.order, self.registry.find(name))

    async def fetch(self, order: models.Order, tell: Tell) -> None:
        """Fetches a model, and tells how far it is. Raises EngineError, and Stopped when the bot ends."""
        loop, last = asyncio.get_running_loop(), time.monotonic()
        telling: Future[None] | None = None

        def report(done: int, total: int) -> None:
            nonlocal last, telling
            due = time.monotonic() - last >= EDIT_EVERY
            if due and not self._closing and (telling is None or telling.done()):
                last = time.monotonic()
                telling = asyncio.run_coroutine_threadsafe(_told(tell, done, total), loop)

        await asyncio.to_thread(models.fetch, order, self.data, report, lambda: self._closing)
        if telling is not None:
            await asyncio.wrap_future(telling)
        await self.refresh()

    async def have(self, name: str) -> None:
        """Fetches a model if it is not here: the operator chose it as the default one. Says so in the log."""
        entry = self.registry.get(name)
        if name in self.here or entry.folder is not None:
            return
        try:
            order = await self.order(name)
            log.info("fetching the default model. %s", order.sentence())
            await self.fetch(order, _logged)
            log.info("%s is on this machine", entry.title)
        except models.Stopped:
            log.info("stopped fetching %s; the next start goes on", entry.title)
        except EngineError as error:
            log.error("the default model is not on this machine: %s", error)

    async def add(self, source: str, name: str | None, model: str | None = None) -> models.Added:
        """Adds a model, or a LoRA or a VAE for ``model``, to the list of this machine. Raises EngineError."""
        added = await asyncio.to_thread(models.add, source, self.data, self.registry, name, model)
        await self.refresh()
        return added

    async def add_files(self, folder: str) -> tuple[models.FolderRow, ...]:
        """Adds all files of a folder of downloads that can be drawn with. Raises EngineError."""
        rows = await asyncio.to_thread(models.add_files, folder, self.data, self.registry)
        await self.refresh()
        return rows

    async def what_removing_does(self, name: str) -> str:
        """One sentence. Raises EngineError where there is nothing to remove."""
        entry = self.registry.find(name)
        return await asyncio.to_thread(models.what_removing_does, entry, self.data, self.registry)

    async def remove(self, name: str) -> None:
        """Removes what was fetched or added of a model. Raises EngineError."""
        entry = self.registry.find(name)
        if isinstance(entry, ModelEntry):
            self._engine.unload(name)
        await asyncio.to_thread(models.remove, entry, self.data, self.registry)
        await self.refresh()

    async def check(self, name: str) -> Checked:
        """Has a model draw one picture, in a process of its own."""
        settings = self._settings
        entry = self.registry.get(name)
        return await check(entry, self.registry, settings.easel_device, settings.easel_precision)

    def close(self) -> None:
        """Stops what is being fetched, where it is."""
        self._closing = True


def _here(entries: tuple[ModelEntry, ...]) -> frozenset[str]:
    return frozenset(entry.name for entry in entries if entry.on_this_machine())


async def _told(tell: Tell, done: int, total: int) -> None:
    """Nobody's not hearing of it may end the fetching."""
    try:
        await tell(done, total)
    except Exception as error:
        log.warning("progress was not told: %s", error)


async def _logged(done: int, total: int) -> None:
    log.info("%s of %s are here", models.gigabytes(done), models.gigabytes(total))
