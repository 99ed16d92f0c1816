"""`python -m playground`: the server alone. Prints its addresses; Ctrl-C stops it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from pathlib import Path

from playground.requests.guard import NotLoopback
from playground.server import Playground


async def serve(playground: Playground) -> None:
    """Run until a signal says stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, stop.set)
    async with playground:
        print(f"page                 {playground.url}/")
        print(f"DISCORD_API_URL      {playground.api_url}")
        print(f"DISCORD_GATEWAY_URL  {playground.gateway_url}", flush=True)
        await stop.wait()


def main() -> None:
    """Parse the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m playground", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--state", type=Path, help="a file that keeps everything over restarts")
    arguments = parser.parse_args()
    try:
        playground = Playground(host=arguments.host, port=arguments.port, state=arguments.state)
    except NotLoopback as error:
        parser.error(str(error))
    asyncio.run(serve(playground))


if __name__ == "__main__":
    main()
