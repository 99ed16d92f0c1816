"""News of one's jobs as server-sent events: everything at first, then what changes, and an end."""

import asyncio
import json

import pytest

from bot.jobs.changes import MOST, Changes
from tests.studio.drawing import at_end

PATIENCE = 30.0


class Listening:
    """One open stream, read event by event."""

    def __init__(self, answer):
        self.answer = answer

    async def next(self):
        """The next event's name and jobs; None at the end."""
        name = data = ""
        async with asyncio.timeout(PATIENCE):
            async for line in self.answer.content:
                text = line.decode().rstrip("\n")
                if text.startswith("event: "):
                    name = text[7:]
                elif text.startswith("data: "):
                    data = text[6:]
                elif not text and data:
                    return name, json.loads(data)["jobs"]
        return None

    async def until(self, wanted):
        """All that is told of one job until something holds of it."""
        told = []
        while (event := await self.next()) is not None:
            told += event[1]
            if told and wanted(told[-1]):
                return told
        raise AssertionError(f"the stream ended after {told}")


async def listen(visitor, headers=None):
    answer = await visitor.http.get(f"{visitor.address}/api/events", headers=headers)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    return Listening(answer)


async def test_progress_preview_and_pictures_are_told(world, alice):
    news = await listen(alice)
    assert await news.next() == ("all", [])
    world.engine.held = True
    _, said = await alice.post("jobs", {"prompt": "a fox"})
    [job] = said["jobs"]
    told = await news.until(lambda each: each["preview"] == 1)
    assert (told[-1]["status"], told[-1]["percent"]) == ("running", 50)
    status, _, answer = await alice.ask("GET", f"/previews/{job['id']}?1")
    assert (status, answer.headers["Content-Type"]) == (200, "image/jpeg")
    world.engine.release()
    told = await news.until(lambda each: each["status"] == "delivered")
    assert len(told[-1]["pictures"]) == 4
    status, body, _ = await alice.ask("GET", f"/previews/{job['id']}?1")
    assert (status, body) == (204, b"")


async def test_a_job_of_discord_is_told_too(world, alice):
    news = await listen(alice)
    await news.next()
    await world.imagine("a fox")
    assert (await news.until(lambda each: each["status"] == "delivered"))[-1]["prompt"] == "a fox"


async def test_nobody_hears_of_anothers_jobs(world, alice, bob):
    news = await listen(bob)
    await news.next()
    world.engine.held = True
    _, said = await alice.post("jobs", {"prompt": "a fox"})
    await bob.post("jobs", {"prompt": "a cat"})
    told = await news.until(lambda each: each["preview"] == 1)
    assert {each["prompt"] for each in told} == {"a cat"}
    status, body, _ = await bob.ask("GET", f"/previews/{said['jobs'][0]['id']}")
    assert (status, body) == (204, b"")
    world.engine.release()
    await world.bot.hub.flow.lines.idle()


async def test_a_session_has_so_many_streams_and_no_more(alice):
    streams = [await listen(alice) for _ in range(6)]
    answer = await alice.http.get(f"{alice.address}/api/events")
    assert answer.status == 429
    answer.close()
    for stream in streams:
        stream.answer.close()


async def test_without_a_session_there_is_no_news(stranger):
    assert (await stranger.ask("GET", "/api/events"))[0] == 401


async def test_a_stop_ends_the_stream_and_a_restart_goes_on(world, alice):
    news = await listen(alice)
    await news.next()
    world.engine.held = True
    _, said = await alice.post("jobs", {"prompt": "a fox"})
    await news.until(lambda each: each["preview"] == 1)
    await world.bot.hub.flow.close()
    while await news.next() is not None:
        pass  # what was on its way
    await world.restart()
    world.engine.release()
    await world.env.settle()
    await at_end(world, *said["jobs"])
    assert (await world.bot.hub.jobs.get(said["jobs"][0]["id"])).status.has_pictures


async def test_a_watch_that_is_never_looked_at_stays_small():
    class Job:
        user_id = 1

        def __init__(self, number):
            self.id = str(number)

    changes = Changes()
    with changes.watched(1) as watch:
        for number in range(10 * MOST):
            changes.tell(Job(number))
            changes.tell(Job(number))
        assert len(await watch.changed(1)) <= MOST
        assert watch.missed
        changes.close()
        assert watch.closed


@pytest.mark.parametrize("wait", [0.0, 0.01])
async def test_a_watch_without_news_says_so(wait):
    with Changes().watched(1) as watch:
        assert await watch.changed(wait) == []
