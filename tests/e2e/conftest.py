"""The real `easel bot` process beside a Discord of its own, over real HTTP and WebSocket."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from playground import Person, Playground, Remote

PATIENCE = 120.0
"""Seconds for a render to come: a bound against hanging, not a measurement."""

TOKEN = "a.token.of-the-tests"


class Bot:
    """An `easel bot` that can be stopped, killed and started again on the same data."""

    def __init__(self, playground: Playground, folder: Path) -> None:
        self._playground = playground
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self.log = folder / "bot.log"
        self.data = folder / "data"

    async def start(self) -> None:
        """Start it, and come back when it has said `ready`."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("EASEL_")}
        environment |= {
            "DISCORD_TOKEN": TOKEN,
            "DISCORD_API_URL": self._playground.api_url,
            "DISCORD_GATEWAY_URL": self._playground.gateway_url,
            "EASEL_DATA": str(self.data),
            "EASEL_DEVICE": "cpu",
        }
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
        said = self._process.stdout
        async with asyncio.timeout(60):
            while b"ready" not in (line := await said.readline()):
                assert line, f"the bot ended:\n{self.log.read_text()}"
                self._note(line)
        self._note(line)
        self._reader = asyncio.create_task(self._keep_reading(said))

    def _note(self, line: bytes) -> None:
        with self.log.open("ab") as log:
            log.write(line)

    async def _keep_reading(self, said: asyncio.StreamReader) -> None:
        async for line in said:
            self._note(line)

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
        self._process.kill()
        await self._process.wait()
        await self._reader

    async def end(self) -> None:
        """Whatever state it is in, nothing of it remains."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()
            await self._reader


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def playground() -> AsyncIterator[Playground]:
    async with Playground(token=TOKEN) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def discord(playground: Playground) -> AsyncIterator[Remote]:
    async with Remote(playground.url) as remote:
        yield remote


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def bot(
    playground: Playground, discord: Remote, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bot]:
    running = Bot(playground, tmp_path_factory.mktemp("easel"))
    await running.start()
    await discord.bot_ready()
    try:
        yield running
    finally:
        await running.end()


@pytest.fixture(scope="module")
def ada(discord: Remote) -> Person:
    return discord.person("ada")


@pytest.fixture(scope="module")
def lin(discord: Remote) -> Person:
    return discord.person("lin")
