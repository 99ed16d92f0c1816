"""Frames on a pipe: what goes in comes out, and a broken end is an end."""

import asyncio
import io
import pickle

import pytest

from engine import Finished, Picture
from engine.process.wire import Beat, Cancel, Describe, Happened, pack, read, receive

ORDERS = [Cancel("a"), Describe(3, b"x" * 100_000), Cancel("b")]
REPORTS = [Beat(0.5), Happened(Finished("a", (Picture(b"png" * 9999, 2, 3, 4, 1),), 1.5)), Beat(0.0)]


def test_orders_are_read_one_by_one_until_the_end() -> None:
    stream = io.BytesIO(b"".join(map(pack, ORDERS)))
    assert [read(stream) for _ in range(4)] == [*ORDERS, None]


@pytest.mark.parametrize("missing", [1, 50, 100_001])
def test_a_frame_cut_short_is_the_end(missing: int) -> None:
    assert read(io.BytesIO(pack(ORDERS[1])[:-missing])) is None


async def test_reports_arrive_whole_however_the_pipe_cuts_them() -> None:
    stream = asyncio.StreamReader()
    sent = b"".join(map(pack, REPORTS))
    for start in range(0, len(sent), 7001):
        stream.feed_data(sent[start : start + 7001])
    stream.feed_eof()
    assert [await receive(stream) for _ in range(4)] == [*REPORTS, None]


async def test_a_report_cut_short_is_the_end() -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(pack(REPORTS[1])[:-1])
    stream.feed_eof()
    assert await receive(stream) is None


@pytest.mark.parametrize("body", [b"no pickle", b"", pickle.dumps(Beat(0.0)).replace(b"Beat", b"Bear")])
async def test_a_report_that_cannot_be_read_is_the_end(body: bytes) -> None:
    stream = asyncio.StreamReader()
    stream.feed_data(len(body).to_bytes(4, "big") + body)
    assert await receive(stream) is None
