"""Which application a bot token belongs to."""

from __future__ import annotations

import base64
import hashlib

FIRST = 1 << 60


def application_id(token: str) -> int:
    """The id that the token's first part spells in base64, as Discord's do, or else one derived from it."""
    head = token.split(".", 1)[0]
    try:
        spelled = base64.b64decode(head + "=" * (-len(head) % 4), validate=True).decode("ascii")
    except ValueError:
        spelled = ""
    if spelled.isdigit() and 15 <= len(spelled) <= 19:
        return int(spelled)
    return FIRST | int.from_bytes(hashlib.sha256(token.encode()).digest()[:7])
