"""The record of every request the bot made, to read and to hold against Discord's API description."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

KEPT = 50_000  # requests; a long burst of tests stays below


@dataclass(slots=True)
class Request:
    """One request to the API and what was answered."""

    number: int
    at: float
    method: str
    path: str
    """Below the API's base, e.g. `/channels/1/messages`."""
    query: dict[str, str]
    body: Any = None
    files: list[dict[str, Any]] = field(default_factory=list)
    status: int = 0
    code: int | None = None
    """Discord's error code where the answer has one."""
    errors: dict[str, Any] | None = None
    seconds: float = 0.0


class Journal:
    """The last fifty thousand requests, in order of arrival."""

    def __init__(self) -> None:
        self.requests: deque[Request] = deque(maxlen=KEPT)
        self._count = 0
        self.changed = asyncio.Event()

    def open(self, method: str, path: str, query: dict[str, str]) -> Request:
        """Begin the record of a request."""
        self._count += 1
        request = Request(self._count, time.time(), method, path, query)
        self.requests.append(request)
        return request

    def since(self, number: int) -> list[Request]:
        """The finished requests after the one with this number."""
        return [request for request in self.requests if request.number > number and request.status]
