"""When a heartbeat went out, so that the gateway's latency is told right and no log warns of a delay in vain.

discord.py's thread notes the time once the loop has told it that the heartbeat is sent; an answer that came
before that was measured from the heartbeat before, and looked 41 seconds late. Here the time is noted first.
"""

from __future__ import annotations

import time
from typing import Any

from discord import gateway

__all__ = ["Heartbeat", "install"]


class Heartbeat(gateway.KeepAliveHandler):
    """The connection's heartbeat, every one of which is timed from before it is sent."""

    def get_payload(self) -> dict[str, Any]:
        """What is sent; asked for right before."""
        self._last_send = time.perf_counter()
        return super().get_payload()


def install() -> None:
    """Every connection to come beats so; discord.py takes no handler as an argument."""
    gateway.KeepAliveHandler = Heartbeat  # type: ignore[misc]
