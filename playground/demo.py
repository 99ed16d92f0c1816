"""`make demo`: the real bot beside a Discord of its own, and its page in the browser.

Starts the server, then the bot as a program of its own with its settings only, and stops both at Ctrl-C. So
that a real bot's settings stay its own, ours is started where no `.env` lies. It knows the bot only as a
command to run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from playground.server import Playground
from playground.world import Event

TOKEN = "playground.demo.token"
PORT = 8787
STUDIO_PORT = 8788
OURS = (str(Path(sys.executable).with_name("easel")), "bot")
REAL_ONES = ("EASEL_STUDIO_URL", "EASEL_STUDIO_SECRET", "EASEL_METRICS", "EASEL_PROXY")
"""Settings that a bot in the real Discord has for the world around it; the demo has none."""

SUGGESTIONS = (
    "/imagine a red house on grass --ar 3:2",
    "/imagine a yellow moon at night",
    "/imagine a black cat on a yellow background --s 250",
)
STOP_SECONDS = 12.0  # for the bot to end by itself, which takes it 10 at most
LAST_LINES = 12  # of the bot's log, shown where it ended by itself


def main() -> None:
    """Parse the arguments and run until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m playground.demo", description=__doc__)
    parser.add_argument("--port", type=int, help=f"of the page (default {PORT}, or a free one)")
    parser.add_argument(
        "--data", type=Path, default=Path("data/playground"), help="what is kept between demos"
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("bot", nargs="*", help="the command that starts the bot (default: easel bot)")
    arguments = parser.parse_args()
    data = arguments.data.resolve()
    try:
        data.mkdir(parents=True, exist_ok=True)
        with alone(data) as note_address:
            running = run(arguments.port, data, arguments.bot, note_address, not arguments.no_browser)
            sys.exit(asyncio.run(running))
    except (AlreadyRunning, PortTaken) as error:
        sys.exit(f"\n  {error}\n")


class AlreadyRunning(Exception):
    """Another demo keeps its things in the same folder."""


class PortTaken(Exception):
    """The port that was asked for is in use."""


@contextlib.contextmanager
def alone(data: Path) -> Iterator[Callable[[str], object]]:
    """Be the only demo on this folder; gives where to note one's address for a second one to tell."""
    said = data / "address"
    try:
        with FileLock(data / "lock", timeout=0, thread_local=False):
            said.write_text("", encoding="utf-8")
            yield lambda address: said.write_text(address, encoding="utf-8")
    except Timeout:
        where = (said.read_text(encoding="utf-8") if said.exists() else "") or "somewhere"
        raise AlreadyRunning(
            f"A demo is running already: {where}  (--data FOLDER starts another beside it)"
        ) from None


async def run(
    port: int | None,
    data: Path,
    command: Sequence[str],
    note_address: Callable[[str], object],
    browser: bool,
) -> int:
    """Run both until a signal comes or the bot ends by itself; gives the exit status.

    ``command`` starts another bot than ours. Raises PortTaken.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    async with (
        _serving(port, data / "discord.json", () if command else SUGGESTIONS) as server,
        bot_beside(server, data, command) as bot,
    ):
        note_address(f"{server.url}/")
        print(f"\n  Open  {server.url}/\n\n  The bot is starting; Ctrl-C stops everything.", flush=True)
        if browser and _has_screen():
            await asyncio.to_thread(webbrowser.open, f"{server.url}/")
        server.world.listen(_Announcer().hear)
        ended = asyncio.create_task(bot.wait())
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait((ended, stopped), return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not stop.is_set():
            print(f"\n  The bot has ended. The last it said:\n\n{last_words(data)}", file=sys.stderr)
            return 1
        print("\n  Stopping…", flush=True)
        await _end(bot)
        await ended
    return 0


@contextlib.asynccontextmanager
async def _serving(port: int | None, state: Path, suggestions: Sequence[str]) -> AsyncIterator[Playground]:
    """The server on this port; without a wish on the usual one, or on a free one where that is taken."""
    server = Playground(port=PORT if port is None else port, state=state, suggestions=suggestions)
    try:
        await server.start()
    except OSError as error:
        await server.stop()
        if port is not None:
            raise PortTaken(
                f"Port {port} cannot be used: {error.strerror}.  (--port 0 takes a free one)"
            ) from error
        print(f"\n  Port {PORT} is taken, so the page gets another.", flush=True)
        server = Playground(state=state, suggestions=suggestions)
        await server.start()
    try:
        yield server
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def bot_beside(
    server: Playground, data: Path, command: Sequence[str] = ()
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The process of our bot, or of the one that a command starts; what it says goes to `bot.log`.

    ``data`` is a whole path, since ours is started there.
    """
    environment = os.environ | {
        "DISCORD_TOKEN": TOKEN,
        "DISCORD_API_URL": server.api_url,
        "DISCORD_GATEWAY_URL": server.gateway_url,
        "EASEL_DATA": str(data / "easel"),
        "EASEL_STUDIO": os.environ.get("EASEL_STUDIO") or f"127.0.0.1:{_port_of_studio()}",
        **dict.fromkeys(REAL_ONES, ""),
    }
    with (data / "bot.log").open("wb") as log:
        bot = await asyncio.create_subprocess_exec(
            *(command or OURS),
            cwd=None if command else data,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield bot
        finally:
            await _end(bot)


def _port_of_studio() -> int:
    """The usual port of the bot's own page, or a free one where that is taken."""
    for port in (STUDIO_PORT, 0):
        with socket.socket() as taken, contextlib.suppress(OSError):
            taken.bind(("127.0.0.1", port))
            return int(taken.getsockname()[1])
    return STUDIO_PORT


async def _end(bot: asyncio.subprocess.Process) -> None:
    """Ask the bot to stop; after some seconds, make it."""
    if bot.returncode is not None:
        return
    bot.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await bot.wait()
    except TimeoutError:
        bot.kill()
        await bot.wait()


class _Announcer:
    """Says once that the bot is there."""

    def __init__(self) -> None:
        self._said = False

    def hear(self, event: Event) -> None:
        if event.kind == "bot_online" and not self._said:
            self._said = True
            print("  The bot is ready: type /imagine in the page.", flush=True)


def _has_screen() -> bool:
    return sys.platform in ("darwin", "win32") or any(
        os.environ.get(n) for n in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def last_words(data: Path) -> str:
    """The end of what the bot said."""
    return "\n".join((data / "bot.log").read_text("utf-8", "replace").splitlines()[-LAST_LINES:])


if __name__ == "__main__":
    main()
