"""The number of what is to be drawn: equal plans of equal pictures have equal ones, and so equal pixels.

It is what a picture's invisible mark spells. Not the job's own id: a seed drawn again must give the same
picture to the bit. Knows nothing of how the mark is made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from engine.pictures.chunks import SIGNATURE, without_texts
from engine.pictures.mark import BITS
from engine.planning.plan import Plan

__all__ = ["number_of"]

_TOLD_ONLY = (
    "notes",
    "unknown",
    "effort",
)  # what a plan says to people and other plans; no pixel depends on it


def number_of(plan: Plan, inputs: Sequence[bytes]) -> int:
    """The number, 0 to 2**24 - 1, of a plan and its input pictures' files."""
    drawn = {name: value for name, value in plan.to_dict().items() if name not in _TOLD_ONLY}
    digest = hashlib.sha256(json.dumps(drawn, sort_keys=True, default=str).encode())
    for data in inputs:
        # What a PNG tells in words differs from job to job; its pixels are what is drawn from.
        pixels = without_texts(data) if data.startswith(SIGNATURE) else data
        digest.update(hashlib.sha256(pixels).digest())
    return int.from_bytes(digest.digest()[: BITS // 8])
