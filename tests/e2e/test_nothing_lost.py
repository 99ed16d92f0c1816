"""Nothing lost and nothing twice, with the real bot over the wire: kills, and a Discord that stumbles."""

import contextlib
import random
import sqlite3
from pathlib import Path

import pytest

from bench.chaos import chaos
from playground import Message, Person, Remote
from tests.bot.sketch import png
from tests.e2e.conftest import PATIENCE, Bot

pytestmark = pytest.mark.asyncio(loop_scope="module")


def finished(message: Message) -> bool:
    return bool(message.attachments) and "V4" in message.buttons


async def delivered(person: Person, words: str, number: int = 1) -> list[Message]:
    """Wait for so many grids; every message that holds the words then."""

    def look() -> list[Message] | None:
        found = [m for m in person.remote.messages.values() if words in m.content]
        return found if sum(map(finished, found)) >= number else None

    return await person.remote.wait_until(look, PATIENCE, f"{number} grids of {words}")


async def test_rounds_of_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    outcome = await chaos(6, seed=20, folder=tmp_path)
    assert outcome.clean, "\n".join(outcome.details)
    assert outcome.accepted > 0
    assert outcome.delivered >= outcome.accepted


@pytest.mark.parametrize("status", [502, 0])
async def test_a_second_message_whose_answer_is_lost_is_not_posted_twice(
    bot: Bot, discord: Remote, ada: Person, status: int
) -> None:
    await discord.inject("POST /webhooks/*", status, when="after", times=2)
    await ada.slash("general", "imagine", prompt=f"a {{red, blue, green}} lamp number {status} --q .25")
    messages = await delivered(ada, f"lamp number {status}", 3)
    assert sorted(m.content.split()[1] for m in messages) == ["blue", "green", "red"]


async def test_siblings_whose_first_answer_was_never_told_do_not_write_over_each_other(
    bot: Bot, discord: Remote, ada: Person
) -> None:
    await discord.inject("PATCH /webhooks/*", 502, times=100)
    used = await ada.slash("general", "imagine", prompt="a {red, blue, green} stone --q .25")
    await bot.kill()
    await discord.clear_faults()
    await bot.start()
    messages = await delivered(ada, "stone", 3)
    assert not used.failed
    assert sorted(m.content.split()[1] for m in messages) == ["blue", "green", "red"]


@pytest.mark.parametrize(
    ("route", "status", "when"),
    [
        ("PATCH /webhooks/*", 429, "before"),
        ("PATCH /webhooks/*", 500, "before"),
        ("PATCH /webhooks/*", 502, "after"),
        ("PATCH /webhooks/*", 0, "after"),
        ("POST /interactions/*", 0, "after"),
        ("POST /interactions/*", 502, "after"),
    ],
)
async def test_a_discord_that_fails_for_a_while_delays_and_loses_nothing(
    bot: Bot, discord: Remote, ada: Person, route: str, status: int, when: str
) -> None:
    await discord.inject(route, status, when=when, times=3, retry_after=0.2)
    words = f"a small kite number {random.randrange(10**9)}"
    await ada.slash("sketches", "imagine", prompt=f"{words} --q .25")
    [message] = await delivered(ada, words)
    await discord.clear_faults()
    assert message.content == f"**{words} --q 0.25** - {ada.mention} (fast)"


async def test_a_post_whose_answer_is_lost_stands_once(bot: Bot, discord: Remote, ada: Person) -> None:
    used = await ada.slash("sketches", "imagine", prompt="a round drum --q .25")
    await discord.expire_tokens()
    await discord.inject("PATCH /channels/*", 403, times=50)
    await discord.inject("POST /channels/*", 502, when="after", times=2)
    messages = await delivered(ada, "a round drum")
    await discord.clear_faults()
    assert len([m for m in messages if finished(m)]) == 1
    assert not used.failed


@pytest.mark.parametrize("trouble", ["drop", "reconnect", "invalidate"])
async def test_a_gateway_that_breaks_comes_back_and_answers(
    bot: Bot, discord: Remote, ada: Person, trouble: str
) -> None:
    before = await discord.gateway()
    await ada.slash("gallery", "imagine", prompt=f"a gold ring {trouble} --q .25")
    assert await discord.trouble(trouble) == 1
    if trouble == "invalidate":
        await discord.bot_returned(identified=before["identified"] + 1)
    else:
        await discord.bot_returned(resumed=before["resumed"] + 1)
    assert not (await ada.slash("gallery", "info")).failed
    assert len(await delivered(ada, f"a gold ring {trouble}")) == 1


async def test_what_is_asked_while_the_gateway_is_down_is_answered_after_a_resume(
    bot: Bot, discord: Remote, ada: Person
) -> None:
    await discord.change(ack_seconds=30)
    await discord.trouble("drop")
    used = await ada.slash("gallery", "imagine", prompt="a silver spoon --q .25")
    await discord.change(ack_seconds=3)
    assert not used.failed
    assert len(await delivered(ada, "a silver spoon")) == 1


async def test_a_worker_that_is_killed_is_replaced_and_its_job_delivered(
    bot: Bot, discord: Remote, ada: Person
) -> None:
    woods = ("oak", "ash", "elm")  # so much work that no machine is through before the kill
    used = [await ada.slash("gallery", "imagine", prompt=f"an {wood} chair --q 2") for wood in woods]
    await ada.wait_for(lambda m: "chair" in m.content and "%" in m.content, PATIENCE)
    assert bot.kill_workers() == 1
    for wood in woods:
        messages = await delivered(ada, f"an {wood} chair")
        assert [m.content for m in messages] == [f"**an {wood} chair --q 2** - {ada.mention} (fast)"]
    assert not any(command.failed for command in used)


async def test_who_waits_for_what_was_not_kept_yet_is_told_by_the_next_start(
    bot: Bot, discord: Remote, ada: Person
) -> None:
    await bot.kill()
    await bot.start()  # without a renderer, so that describing takes long
    await discord.bot_ready()
    used = await ada.slash("gallery", "describe", image=("a.png", png()))
    [waiting] = used.messages
    assert waiting.loading
    await bot.kill()
    await bot.start()
    told = await ada.wait_for(lambda m: m.id == waiting.id and "ask again" in m.text, PATIENCE)
    assert not told.loading


async def test_a_corrupt_picture_file_is_told_and_harms_nothing_else(
    bot: Bot, discord: Remote, ada: Person
) -> None:
    await ada.slash("gallery", "imagine", prompt="a paper plane --q .25")
    [grid] = await delivered(ada, "a paper plane")
    newest = sorted(bot.data.glob("pictures/*/*.png"), key=lambda path: path.stat().st_mtime)[-4:]
    for path in newest:
        path.write_bytes(path.read_bytes()[:-7] + b"garbage")
    told = [m for m in (await ada.click(grid, "U1")).messages if m.ephemeral]
    assert "no longer kept" in told[0].text
    await ada.slash("gallery", "imagine", prompt="a paper boat --q .25")
    assert len(await delivered(ada, "a paper boat")) == 1


@pytest.mark.parametrize("route", ["POST /users/@me/channels", "POST /channels/*"])
@pytest.mark.parametrize(
    ("status", "when", "delay"),
    [(0, "before", 0.0), (0, "after", 0.0), (403, "before", 0.0), (200, "before", 1.0)],
)
async def test_a_direct_message_that_is_dropped_refused_or_late_leaves_the_delivered_grid(
    bot: Bot, discord: Remote, lin: Person, route: str, status: int, when: str, delay: float
) -> None:
    words = f"a small lamp number {random.randrange(10**9)}"
    told = await (await lin.slash("gallery", "prefer auto_dm")).message(PATIENCE)
    assert "are sent to you" in told.text
    await discord.inject(route, status, when=when, delay=delay, times=30)
    await lin.slash("gallery", "imagine", prompt=f"{words} --q .25")
    await delivered(lin, words)
    await lin.slash("gallery", "prefer auto_dm")
    await lin.slash("gallery", "imagine", prompt=f"after {words} --q .25")
    await delivered(lin, f"after {words}")
    await discord.clear_faults()
    grids = [message.content for message in await delivered(lin, f"**{words}") if finished(message)]
    assert grids == [f"**{words} --q 0.25** - {lin.mention} (fast)"]
    with contextlib.closing(sqlite3.connect(f"file:{bot.data / 'easel.db'}?mode=ro", uri=True)) as rows:
        found = rows.execute("SELECT status FROM jobs WHERE prompt LIKE ?", (f"{words}%",)).fetchall()
    assert found == [(3,)]
