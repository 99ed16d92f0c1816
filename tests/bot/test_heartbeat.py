"""The gateway's latency is that of the last heartbeat, however fast its answer is."""

import threading
from types import SimpleNamespace

import pytest
from discord import gateway

from bot.surface import heartbeat

INTERVAL = 41.25  # seconds, Discord's


def test_an_answer_before_the_thread_hears_that_the_heartbeat_is_sent_is_not_late(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heartbeat.install()
    socket = SimpleNamespace(
        HEARTBEAT=1, sequence=5, _max_heartbeat_timeout=60.0, thread_id=threading.get_ident()
    )
    beating = gateway.KeepAliveHandler(ws=socket, interval=INTERVAL, shard_id=0)
    beating._last_send -= INTERVAL  # the one before
    assert beating.get_payload() == {"op": 1, "d": 5}
    beating.ack()
    assert beating.latency < INTERVAL / 2
    assert not caplog.records
