"""Ids in Discord's form, and which application a bot token belongs to."""

from __future__ import annotations

import base64
import hashlib
import time

DISCORD_EPOCH_MS = 1_420_070_400_000
"""Milliseconds from 1970 to 2015, from which Discord counts."""
FIRST_DERIVED = 1 << 60
"""Where ids derived from tokens begin: those of applications made from September 2023 on."""


class Snowflakes:
    """Ids in Discord's form: milliseconds since its epoch above a counter, strictly growing."""

    def __init__(self) -> None:
        self._last = 0
        self._now = time.time

    def next(self) -> int:
        """A new id, greater than every one before it."""
        now = (int(self._now() * 1000) - DISCORD_EPOCH_MS) << 22
        self._last = max(now, self._last + 1)
        return self._last

    def start_after(self, last: int) -> None:
        """Never give out ids up to `last` again."""
        self._last = max(self._last, last)


def application_id(token: str) -> int:
    """The id that the token's first part spells in base64, as Discord's do, or else one derived from it."""
    head = token.split(".", 1)[0]
    try:
        spelled = base64.b64decode(head + "=" * (-len(head) % 4), validate=True).decode("ascii")
    except ValueError:
        spelled = ""
    if spelled.isdigit() and 15 <= len(spelled) <= 19:
        return int(spelled)
    return FIRST_DERIVED | int.from_bytes(hashlib.sha256(token.encode()).digest()[:7])
