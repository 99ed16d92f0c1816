"""A server on loopback that speaks the OpenAI chat protocol, and says what a test has it say."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Say = Callable[[dict[str, Any]], str | web.StreamResponse]


@asynccontextmanager
async def chat_server(say: Say, seen: list[web.Request] | None = None) -> AsyncIterator[str]:
    """The server's address, while it lasts. ``say`` gets each request's body; "" never answers."""
    stop = asyncio.Event()

    async def answer(request: web.Request) -> web.StreamResponse:
        if seen is not None:
            seen.append(request)
        said = say(await request.json())
        if isinstance(said, web.StreamResponse):
            return said
        if not said:
            await stop.wait()
        return web.json_response({"choices": [{"message": {"role": "assistant", "content": said}}]})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = site._server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        stop.set()
        await runner.cleanup()
