"""A connection to a running playground: its HTTP API, and what its stream of events has told so far."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from playground.client.messages import Attachment, Message
from playground.errors import Refused

T = TypeVar("T")
PATIENCE = 30.0
"""Seconds that a wait lasts unless it says otherwise."""


class NothingHappened(AssertionError):
    """What was waited for did not come in time."""


class HttpClient:
    """Calls the server, and follows what happens there. Use as an async context manager."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self.state: dict[str, Any] = {}
        self.messages: dict[int, Message] = {}
        """Every message by id, ephemeral ones too, kept up to date."""
        self.interactions: dict[int, dict[str, Any]] = {}
        self.last_request = 0
        self._changed = asyncio.Condition()
        self._stack = contextlib.AsyncExitStack()
        self._broken: BaseException | None = None

    async def __aenter__(self) -> Self:
        self._http = await self._stack.enter_async_context(
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(None)
            )
        )
        greeted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        reader = asyncio.create_task(self._listen(greeted))
        self._stack.push_async_callback(self._end, reader)
        try:
            await greeted
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def _end(self, reader: asyncio.Task[None]) -> None:
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)

    async def _listen(self, greeted: asyncio.Future[None]) -> None:
        try:
            async with self._http.get(f"{self.url}/playground/events", read_bufsize=1 << 22) as stream:
                async for line in stream.content:
                    if line.startswith(b"data: "):
                        await self._hear(json.loads(line[6:]))
                        if not greeted.done():
                            greeted.set_result(None)
            raise ConnectionError("The playground has ended the stream.")
        except Exception as error:
            if not greeted.done():
                greeted.set_exception(error)
            async with self._changed:
                self._broken = error
                self._changed.notify_all()

    async def _hear(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == "hello":
            await self._load()
        elif kind == "message":
            message = Message(event["message"])
            self.messages[message.id] = message
        elif kind == "message_delete":
            self.messages.pop(int(event["id"]), None)
        elif kind == "interaction":
            self.interactions[int(event["interaction"]["id"])] = event["interaction"]
        elif kind == "request":
            self.last_request = event["request"]["number"]
        elif kind == "state":
            self.state = await self.get("state")
        async with self._changed:
            self._changed.notify_all()

    async def _load(self) -> None:
        self.state = await self.get("state")
        self.messages = {int(raw["id"]): Message(raw) for raw in await self.get("messages")}
        self.interactions = {int(raw["id"]): raw for raw in await self.get("interactions")}

    async def wait_until(
        self, check: Callable[[], T | None], within: float = PATIENCE, what: str = "it"
    ) -> T:
        """Give the first result of `check` that is not None; it is asked again after each event."""
        async with self._changed:
            try:
                async with asyncio.timeout(within):
                    while (result := check()) is None:
                        if self._broken is not None:
                            raise self._broken
                        await self._changed.wait()
                    return result
            except TimeoutError:
                raise NothingHappened(f"Waited {within:g} s for {what}.") from None

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        files: list[tuple[str, bytes]] | None = None,
        **query: Any,
    ) -> Any:
        """One request to `/playground/<path>`; a refusal is raised as `Refused`."""
        data: Any = None
        if files:
            data = aiohttp.FormData(quote_fields=False)
            data.add_field("payload_json", json.dumps(body), content_type="application/json")
            for number, (name, contents) in enumerate(files):
                data.add_field(f"files[{number}]", contents, filename=name)
        url = f"{self.url}/playground/{path}"
        chosen = {key: str(value) for key, value in query.items() if value is not None}
        json_body = None if files else body
        async with self._http.request(method, url, json=json_body, data=data, params=chosen) as response:
            answer = (
                await response.json() if response.content_length != 0 and response.status != 204 else None
            )
            if response.status >= 400:
                raise Refused(answer["error"] if isinstance(answer, dict) else str(response.status))
            return answer

    async def get(self, path: str, **query: Any) -> Any:
        """Read something."""
        return await self.call("GET", path, **query)

    async def download(self, attachment: Attachment | str) -> bytes:
        """The bytes behind an attachment or a link of the CDN."""
        url = attachment if isinstance(attachment, str) else attachment.url
        async with self._http.get(url) as response:
            if response.status != 200:
                raise Refused(f"{response.status}: {await response.text()}")
            return await response.read()
