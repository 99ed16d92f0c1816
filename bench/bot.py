"""A real `easel bot` beside a playground, to be started, stopped, killed and watched from outside.

Knows processes and signals; nothing of what the bot does. Tests end to end use it too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from playground import Playground, Remote

__all__ = ["TOKEN", "Bot", "BotEnded", "at_work", "running"]

TOKEN = "a.token.of-the-tests"


class BotEnded(RuntimeError):
    """The bot ended before it was ready; the message is its log."""


class Bot:
    """An `easel bot` on the data in ``folder``. ``settings`` join its environment, by their names."""

    def __init__(self, playground: Playground, folder: Path, **settings: str) -> None:
        self._playground = playground
        self._folder = folder
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self.log = folder / "bot.log"
        self.data = folder / "data"

    async def spawn(self) -> None:
        """Start the process, and come back at once."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("EASEL_")}
        environment |= {
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": self._playground.api_url,
            "DISCORD_GATEWAY_URL": self._playground.gateway_url,
            "EASEL_DATA": str(self.data),
            "EASEL_DEVICE": "cpu",
        } | self._settings
        easel = Path(sys.executable).with_name("easel")
        self._process = await asyncio.create_subprocess_exec(
            str(easel),
            "bot",
            cwd=self._folder,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._ready = asyncio.Event()
        self._reader = asyncio.create_task(self._keep_reading(self._process.stdout))

    async def ready(self, within: float = 60.0) -> None:
        """Come back when it has said `ready`. Raises BotEnded and TimeoutError."""
        said = asyncio.create_task(self._ready.wait())
        try:
            async with asyncio.timeout(within):
                await asyncio.wait({said, self._reader}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            said.cancel()
        if not self._ready.is_set():
            raise BotEnded(f"the bot ended:\n{self.log.read_text()}")

    async def start(self) -> None:
        """Start it, and come back when it has said `ready`."""
        await self.spawn()
        await self.ready()

    async def _keep_reading(self, said: asyncio.StreamReader) -> None:
        async for line in said:
            with self.log.open("ab") as log:
                log.write(line)
            if b"ready" in line:
                self._ready.set()

    @property
    def pid(self) -> int:
        """The process id of the bot, which must have been started."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.returncode is None

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        try:
            children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return []
        return [int(pid) for pid in children.split()]

    async def stop(self) -> int:
        """SIGTERM, as a service manager does; gives the exit status. It has ten seconds."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            status = await self._process.wait()
        await self._reader
        return status

    async def kill(self) -> None:
        """SIGKILL to the bot alone; its workers must notice by themselves."""
        assert self._process is not None
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reader

    def kill_workers(self) -> int:
        """SIGKILL to its workers alone; how many there were."""
        workers = self.workers()
        for pid in workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(workers)

    async def aclose(self) -> None:
        """Whatever state it is in, nothing of it remains."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
            await self._reader


@contextlib.asynccontextmanager
async def running(
    playground: Playground, discord: Remote, folder: Path, **settings: str
) -> AsyncIterator[Bot]:
    """A bot on ``folder`` that is ready, beside a playground that is there."""
    async with contextlib.aclosing(Bot(playground, folder, **settings)) as bot:
        await bot.start()
        await discord.bot_ready()
        yield bot


@contextlib.asynccontextmanager
async def at_work(folder: Path, **settings: str) -> AsyncIterator[tuple[Bot, Remote]]:
    """A bot on ``folder`` that is ready, in a playground of its own, and the people there."""
    async with (
        Playground(token=TOKEN) as server,
        Remote(server.url) as discord,
        running(server, discord, folder, **settings) as bot,
    ):
        yield bot, discord
