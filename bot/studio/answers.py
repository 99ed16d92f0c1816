"""What the studio answers with, and how it reads what it is sent: JSON, and a sentence where it refuses.

Knows no particular route.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

__all__ = ["MOST_BODY", "NotDone", "answer", "body_of", "not_found"]

MOST_BODY = 2**17  # bytes of a request; a thousand picture ids are 40 KB


class NotDone(Exception):
    """A request that is refused: its status, and a sentence for whoever looks at the page."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence

    def response(self) -> web.Response:
        """The same as an answer: ``{"error": sentence}``."""
        return answer({"error": self.sentence}, self.status)


def not_found() -> NotDone:
    """The one answer for what is not there and for what is somebody else's: neither is told apart."""
    return NotDone(HTTPStatus.NOT_FOUND, "There is nothing here for you.")


def answer(data: Mapping[str, Any], status: int = HTTPStatus.OK) -> web.Response:
    """Data as JSON."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")


async def body_of(request: web.Request) -> dict[str, Any]:
    """The JSON object that a request brings. Raises NotDone for anything else."""
    if request.content_type != "application/json":
        raise NotDone(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The request must be JSON.")
    try:
        data = json.loads((await request.read()).decode("utf-8"))
    except (ValueError, RecursionError):
        raise NotDone(HTTPStatus.BAD_REQUEST, "The request is not readable JSON.") from None
    if not isinstance(data, dict):
        raise NotDone(HTTPStatus.BAD_REQUEST, "The request must be a JSON object.")
    return data
