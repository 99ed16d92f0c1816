"""What the studio answers with, and how it reads what it is sent: JSON, and a sentence where it refuses.

Knows no particular route.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

__all__ = ["MOST_BODY", "NotDone", "answer", "body_of", "bytes_of", "not_found", "number_in", "text_of"]

MOST_BODY = 2**17  # bytes of a request; a thousand picture ids are 40 KB


class NotDone(Exception):
    """A request that is refused: its status, and a sentence for whoever looks at the page.

    ``more`` is what the page needs to ask back, or to show where something is wrong.
    """

    def __init__(self, status: int, sentence: str, **more: Any) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.more = more

    def response(self) -> web.Response:
        """The same as an answer: ``{"error": sentence}``."""
        return answer({"error": self.sentence, **self.more}, self.status)


def not_found() -> NotDone:
    """The one answer for what is not there and for what is somebody else's: neither is told apart."""
    return NotDone(HTTPStatus.NOT_FOUND, "There is nothing here for you.")


def answer(data: Mapping[str, Any], status: int = HTTPStatus.OK) -> web.Response:
    """Data as JSON."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return web.Response(body=body, status=status, content_type="application/json", charset="utf-8")


async def bytes_of(request: web.Request, most: int) -> bytes:
    """The body of a request, of at most so many bytes. Raises HTTPRequestEntityTooLarge."""
    if (request.content_length or 0) > most:
        raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=request.content_length or 0)
    body = bytearray()
    async for piece in request.content.iter_chunked(2**16):
        body += piece
        if len(body) > most:
            raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=len(body))
    return bytes(body)


async def body_of(request: web.Request, most: int = MOST_BODY) -> dict[str, Any]:
    """The JSON object that a request brings, in at most so many bytes. Raises NotDone for anything else."""
    if request.content_type != "application/json":
        raise NotDone(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The request must be JSON.")
    try:
        data = json.loads((await bytes_of(request, most)).decode("utf-8"))
    except (ValueError, RecursionError):
        raise NotDone(HTTPStatus.BAD_REQUEST, "The request is not readable JSON.") from None
    if not isinstance(data, dict):
        raise NotDone(HTTPStatus.BAD_REQUEST, "The request must be a JSON object.")
    return data


def text_of(body: Mapping[str, Any], name: str, longest: int, default: str | None = None) -> str:
    """A text of a request that the database takes. Raises NotDone where it is missing, none, or too long."""
    text = body.get(name, default)
    if text is None and default is not None:
        text = default
    if not isinstance(text, str):
        raise NotDone(HTTPStatus.BAD_REQUEST, f"`{name}` is a text.")
    if len(text) > longest:
        raise NotDone(HTTPStatus.BAD_REQUEST, f"`{name}` has {longest} characters at most.")
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ")


def number_in(
    body: Mapping[str, Any], name: str, least: float, most: float, default: float | None = None
) -> float:
    """A number of a request within bounds. Raises NotDone where it is missing, none, or beyond them."""
    number = body.get(name, default)
    if isinstance(number, bool) or not isinstance(number, int | float) or not least <= number <= most:
        raise NotDone(HTTPStatus.BAD_REQUEST, f"`{name}` is a number from {least:g} to {most:g}.")
    return float(number)
