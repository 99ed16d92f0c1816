"""The server: builds the parts, binds a loopback port, starts and stops them."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from playground import control
from playground.api import application as api
from playground.api import cdn
from playground.control.answers import plainly
from playground.gateway.endpoint import Gateway
from playground.hub import HUB, Hub
from playground.requests.body import LARGEST
from playground.requests.faults import Faults
from playground.requests.guard import loopback, same_machine
from playground.requests.journal import Journal
from playground.requests.limits import Limits
from playground.settings import Settings
from playground.world import Event, World, saved
from playground.world.files import Files
from playground.world.furnishing import furnish

PAGE = Path(__file__).parent / "page"
QUIET_EVENTS = {"stopping", "request", "typing", "bot_online", "bot_offline"}
QUIET_EVENTS |= {"interaction_create", "interaction_update"}
SAVE_EVERY = 1.0  # seconds; what is lost when the process is killed
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' blob: data:; style-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class Playground:
    """A Discord on loopback. Use as an async context manager, or `start` and `stop`.

    `port` 0 takes a free one. `state` is a file that outlives the server (its pictures lie beside it, in the
    folder `<file>.files`); without one everything is forgotten. `token` is the only bot token that is taken;
    None takes any. `suggestions` are whole commands (`/imagine a red house`) that the page offers to try. A
    host that is not loopback is a `NotLoopback` error.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        state: Path | None = None,
        settings: Settings | None = None,
        token: str | None = None,
        suggestions: Sequence[str] = (),
    ) -> None:
        self._host = loopback(host)
        self._port = port
        self._state = state
        self._changed = asyncio.Event()
        self._closing = contextlib.AsyncExitStack()
        self.settings = settings or Settings()
        self.world = World()
        key = saved.load(self.world, state) if state and state.is_file() else None
        if key is None:
            furnish(self.world)
        files = Files(self._files_folder(), self.settings, lambda: self.url, key)
        if state is not None:
            channels = self.world.messages.values()
            files.sweep(file.id for each in channels for m in each.values() for file in m.attachments)
        self.hub = Hub(
            world=self.world,
            settings=self.settings,
            files=files,
            journal=Journal(),
            limits=Limits(self.settings),
            faults=Faults(),
            gateway=Gateway(self.world, self.settings, files, token),
            origin="",
            token=token,
            suggestions=tuple(suggestions),
        )

    def _files_folder(self) -> Path:
        if self._state is not None:
            return self._state.with_name(self._state.name + ".files")
        folder = tempfile.TemporaryDirectory(prefix="playground-")
        self._closing.callback(folder.cleanup)
        return Path(folder.name)

    @property
    def url(self) -> str:
        """The page's address, and the origin of everything."""
        return self.hub.origin

    @property
    def api_url(self) -> str:
        """What the bot's setting DISCORD_API_URL must say."""
        return self.hub.api_url

    @property
    def gateway_url(self) -> str:
        """What the bot's setting DISCORD_GATEWAY_URL must say."""
        return self.hub.gateway_url

    async def start(self) -> None:
        """Bind the port and serve."""
        runner = web.AppRunner(self._application(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        site = web.TCPSite(runner, self._host, self._port)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.hub.origin = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self.hub.gateway.url = self.hub.gateway_url
        self._closing.push_async_callback(runner.cleanup)
        self._closing.push_async_callback(self.hub.gateway.stop)
        if self._state is not None:
            self.world.listen(self._note_change)
            keeper = asyncio.create_task(self._keep_saving(self._state))
            self._closing.push_async_callback(self._end, keeper, self._state)

    async def stop(self) -> None:
        """Close every connection, save the state where there is a file, free the port."""
        self.world.publish("stopping", self)
        await self._closing.aclose()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[same_machine, plainly], client_max_size=LARGEST)
        app[HUB] = self.hub
        for version in ("v9", "v10"):
            app.add_subapp(f"/api/{version}", api.build(self.hub))
        app.router.add_get("/gateway", self.hub.gateway.endpoint)
        app.router.add_get("/gateway/", self.hub.gateway.endpoint)
        app.add_routes(cdn.routes)
        app.add_routes(control.routes)
        app.router.add_get("/", _page)
        app.router.add_static("/page/", PAGE)
        app.on_response_prepare.append(_add_page_headers)
        return app

    def _note_change(self, event: Event) -> None:
        if event.kind not in QUIET_EVENTS:
            self._changed.set()

    async def _keep_saving(self, path: Path) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            saved.save(self.world, self.hub.files.key, path)
            await asyncio.sleep(SAVE_EVERY)

    async def _end(self, keeper: asyncio.Task[None], path: Path) -> None:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        saved.save(self.world, self.hub.files.key, path)


async def _page(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGE / "index.html")


async def _add_page_headers(request: web.Request, response: web.StreamResponse) -> None:
    if request.path == "/" or request.path.startswith("/page/"):
        response.headers.update(PAGE_HEADERS)
