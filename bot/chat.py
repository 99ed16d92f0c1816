"""A server that speaks the OpenAI chat protocol, asked one thing at a time: text in, and a picture; text out.

Its address is the owner's setting, never a user's word, so it may be anywhere, on this machine too. It is
asked directly, through no proxy, follows no redirect, and whatever it does is over after a time limit. Knows
nothing of what is asked.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from typing import Any

import aiohttp

__all__ = ["Chat", "Cut", "Silent", "spoken"]

SECONDS = 20.0
"""How long one answer may take. People wait for it, and their pictures with them."""

MOST_BYTES = 1 << 20
"""Bytes of an answer that are read: a megabyte is more than any page of text."""

TOKENS = 400
"""Tokens of an answer at most: some three hundred words."""

_ROLES = re.compile(rb"\broles?\b", re.IGNORECASE)
"""What servers say whose model's template takes no system message (Gemma's, Mistral's first)."""

_MOST_ERROR = 1 << 14
"""Bytes of an error that are read: what is wrong stands at its beginning."""

_THOUGHT = re.compile(r"\A(?:(?!<think>).)*?</think>|<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)
"""What a model thought aloud before it answered; its first mark may be part of what it was asked."""

_UNFIT = re.compile("[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
"""Characters that are no text, and cannot be kept or sent."""


class Silent(Exception):
    """No answer came. ``str(error)`` is why, in half a sentence fit for a user."""


class Cut(Silent):
    """An answer came that stops in the middle. ``said`` is what there is of it."""

    def __init__(self, said: str) -> None:
        super().__init__("its answer was cut off in the middle")
        self.said = said


class _Refused(Silent):
    """The server answered with an error. ``roles``: it is about who may say something."""

    def __init__(self, status: int, roles: bool) -> None:
        super().__init__(f"it answered with an error ({status})")
        self.roles = roles


class Chat:
    """One server: its ``url``, such as http://127.0.0.1:8000/v1, the ``key`` that it wants, the ``model``.

    Connects at the first question; to be closed in the end.
    """

    def __init__(self, url: str, key: str = "", model: str = "", seconds: float = SECONDS) -> None:
        self._url, self._key, self._model = url.rstrip("/"), key, model
        self._seconds = seconds
        self._joined = False  # whether the task stands in the user's message, for there may be no other
        self._client: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Give connections back."""
        if self._client is not None:
            await self._client.close()

    async def say(self, task: str, text: str, png: bytes | None = None) -> str:
        """The answer to ``text`` (and a picture), given a ``task``. Raises Silent, and Cut of a part."""
        try:
            async with asyncio.timeout(self._seconds):
                return _text(await self._answered(task, text, png))
        except TimeoutError:
            raise Silent(f"it gave no answer within {self._seconds:g} seconds") from None
        except (aiohttp.ClientError, OSError):
            raise Silent("it cannot be reached") from None

    async def _answered(self, task: str, text: str, png: bytes | None) -> bytes:
        """The server's answer; where it takes no task apart from the text, both are joined from then on."""
        if not self._joined:
            try:
                return await self._posted(
                    [{"role": "system", "content": task}, {"role": "user", "content": _content(text, png)}]
                )
            except _Refused as error:
                if not error.roles:
                    raise
        joined = [{"role": "user", "content": _content(f"{task}\n\n{text}", png)}]
        answer = await self._posted(joined)
        self._joined = True
        return answer

    async def _posted(self, messages: list[dict[str, Any]]) -> bytes:
        body = {"model": self._model or "default", "messages": messages, "max_tokens": TOKENS}
        if self._client is None:
            self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._seconds))
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        address = f"{self._url}/chat/completions"
        async with self._client.post(address, json=body, headers=headers, allow_redirects=False) as answer:
            if answer.status != 200:
                said = await answer.content.read(_MOST_ERROR)
                raise _Refused(answer.status, roles=_ROLES.search(said) is not None)
            read = bytearray()
            async for part in answer.content.iter_any():
                read += part
                if len(read) > MOST_BYTES:
                    raise Silent("it said more than can be read")
            return bytes(read)


def _content(text: str, png: bytes | None) -> Any:
    """A text, and a picture perhaps, as the protocol has them in a message."""
    if png is None:
        return text
    data = base64.b64encode(png).decode("ascii")
    return [
        {"type": "text", "text": text},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
    ]


def _text(body: bytes) -> str:
    """The words of an answer. Raises Silent where there are none, and Cut where more would have come."""
    try:
        choice = json.loads(body)["choices"][0]
        said, reason = choice["message"]["content"], choice.get("finish_reason")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise Silent("its answer cannot be read") from None
    words = said if isinstance(said, str) else ""
    if reason == "length":
        raise Cut(_words(words))
    return spoken(words)


def spoken(said: str) -> str:
    """What a model said, without what it only thought and what is no text. Raises Silent if that is all."""
    if left := _words(said):
        return left
    raise Silent("it said nothing")


def _words(said: str) -> str:
    return _THOUGHT.sub("", _UNFIT.sub("", said)).strip()
