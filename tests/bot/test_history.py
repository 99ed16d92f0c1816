"""Jobs and pictures as rows: kept whole, found again, in order, only by their owner."""

import asyncio
import sqlite3
import uuid

import pytest

from bot.memory.jobs import History, JobRecord, Kind, Panel, Place, Shot, Status
from bot.memory.people import People, User
from engine import Lane, Registry, plan_imagine
from grammar import parse

ALICE, BOB = User(1, "alice"), User(2, "bob")


def record(prompt="a red fox", user=ALICE, **changes):
    [spec] = parse(prompt)
    plan = plan_imagine(spec, Registry.load(), seed=7)
    values = {
        "id": str(uuid.uuid4()),
        "user_id": user.id,
        "user_name": user.name,
        "kind": Kind.IMAGINE,
        "prompt": prompt,
        "shown": prompt,
        "spec": spec.to_dict(),
        "plan": plan,
        "lane": Lane.FAST,
        "place": Place(10, 20, token="secret", upload_limit=1000),
        "created": 5.0,
    }
    return JobRecord(**{**values, **changes})


@pytest.fixture
def history(database):
    return History(database)


async def finished(history, job, count=4):
    await history.add(User(job.user_id, job.user_name), [job], [()])
    shots = [Shot(job.id, n, f"{job.id}-{n}.png", 8, 8, 100, n) for n in range(1, count + 1)]
    await history.rendered(job.id, shots, 1.5, ["a note"])
    await history.ended(job.id, Status.DELIVERED)
    return job


async def test_a_job_comes_back_as_it_was_kept(history):
    job = record("a red fox --ar 3:2 --no dog --seed 4")
    await history.add(ALICE, [job], [("one.png", "two.png")])
    back = await history.get(job.id)
    assert back == JobRecord(**{**{f: getattr(job, f) for f in job.__slots__}, "seq": back.seq})
    assert await history.inputs(job.id) == ["one.png", "two.png"]


async def test_jobs_are_kept_all_or_none(history):
    job = record()
    with pytest.raises(Exception, match="UNIQUE"):
        await history.add(ALICE, [record(), job, job], [(), (), ()])
    assert await history.unfinished() == []


async def test_unfinished_jobs_come_in_the_order_asked(history):
    jobs = [record(f"fox {n}") for n in range(3)]
    await history.add(ALICE, jobs, [()] * 3)
    await history.ended(jobs[1].id, Status.CANCELLED)
    assert [job.id for job in await history.unfinished()] == [jobs[0].id, jobs[2].id]


async def test_a_status_never_goes_back(history):
    job = await finished(history, record())
    await history.began(job.id)
    await history.ended(job.id, Status.QUEUED)
    assert (await history.get(job.id)).status is Status.DELIVERED


async def test_an_ended_job_forgets_its_token(history):
    job = await finished(history, record())
    assert (await history.get(job.id)).place.token is None


async def test_history_is_newest_first_paged_and_ones_own(history):
    jobs = [await finished(history, record(f"fox {n}")) for n in range(7)]
    await finished(history, record("fox of bob", BOB))
    first = await history.page(ALICE.id, limit=5)
    second = await history.page(ALICE.id, offset=5, limit=5)
    assert [job.id for job in first + second] == [job.id for job in reversed(jobs)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        *(
            (words, True)
            for words in ("red fox", "FOX", "rêd", '"quoted fox', "fox*", "red OR", "not;--", "狐")
        ),
        *((words, False) for words in ("fox) OR (dog", "NOT red blue", "re", "foxes", "u1xred")),
    ],
)
async def test_search_takes_any_words_for_words(history, words, found):
    red = await finished(history, record("a Réd fox, quoted or not 狐"))
    await finished(history, record("a blue dog"))
    await finished(history, record("a Réd fox, quoted or not 狐", BOB))
    assert [job.id for job in await history.page(ALICE.id, words=words)] == ([red.id] if found else [])


async def test_deleting_a_job_forgets_its_pictures_and_names_the_files(history):
    job = await finished(history, record())
    assert len(await history.delete(job.id)) == 4
    assert await history.get(job.id) is None
    assert await history.page(ALICE.id) == []
    assert await history.files() == set()


async def test_the_files_that_are_needed_are_told_by_their_first_digits(history, database):
    job = record()
    await history.add(ALICE, [job], [("abc.png", "cab.png")])
    await history.rendered(job.id, [Shot(job.id, 1, "ab0.png", 8, 8, 9, 1)], 1.0, [])
    await history.add_panel(ALICE, Panel("one", 1, 10, "describe", {"picture": "abf.png"}))
    await history.add_panel(ALICE, Panel("two", 1, 10, "history", {"picture": "abd.png"}))
    assert await history.files("ab") == {"abc.png", "ab0.png", "abf.png"}
    assert await history.files() == {"abc.png", "ab0.png", "abf.png", "cab.png"}
    plan = await database.rows(
        "EXPLAIN QUERY PLAN SELECT file FROM pictures WHERE file BETWEEN 'ab' AND 'abg'"
    )
    assert "pictures_file" in plan[0]["detail"]


async def test_a_heart_turns_over(history):
    job = await finished(history, record())
    await finished(history, record("another"))
    job = await history.get(job.id)
    assert [await history.favour(job, 2), await history.favour(job, 3)] == [True, True]
    assert [found.id for found in await history.page(ALICE.id, favourites=True)] == [job.id]
    assert [found.id for found in await history.page(ALICE.id, favourites=True, words="fox")] == [job.id]
    assert await history.page(ALICE.id, favourites=True, words="another") == []
    assert [await history.favour(job, 2), await history.favour(job, 3)] == [False, False]
    assert await history.page(ALICE.id, favourites=True) == []


async def test_usage_counts_pictures_and_seconds(history):
    await finished(history, record())
    await finished(history, record(kind=Kind.UPSCALE), count=1)
    assert await history.usage(ALICE.id) == (5, 3.0)
    assert await history.usage(BOB.id) == (0, 0.0)


async def test_usage_counts_a_job_once_though_a_crash_had_it_kept_twice_and_not_back_when_it_is_deleted(
    history,
):
    job = await finished(history, record())
    shots = await history.shots(job.id)
    await history.rendered(job.id, shots, 1.5, [])
    await history.delete(job.id)
    assert await history.usage(ALICE.id) == (4, 1.5)


async def test_a_panel_can_be_taken_once(history):
    panel = Panel("p", ALICE.id, 10, "confirm", {"prompt": "x"})
    await history.add_panel(ALICE, panel)
    assert await history.panel("p") == panel
    assert [await history.take_panel("p"), await history.take_panel("p")] == [True, False]


async def test_settings_are_remembered_and_survive_a_restart(database):
    people = People(database)
    user = await people.get(1, "alice")
    assert user == User(1, "alice")
    user = await people.change(user, stylize=250, strong=False, lane=Lane.RELAX, suffix="--ar 3:2")
    await people.set_option(user, "mine", "--s 50")
    again = await People(database).get(1, "alice")
    assert (again.stylize, again.strong, again.lane, again.suffix) == (250, False, Lane.RELAX, "--ar 3:2")
    assert again.options == {"mine": "--s 50"}
    assert (await people.set_option(again, "mine", None)).options == {}


async def test_a_burst_is_kept_together_and_a_bad_one_fails_alone(history):
    jobs = [record(f"fox {n}", User(n, f"user{n}")) for n in range(1, 30)]
    jobs[7] = record("again", User(8, "user8"), id=jobs[3].id)
    kept = await asyncio.gather(
        *(history.add(User(job.user_id, job.user_name), [job], [("one.png",)]) for job in jobs),
        return_exceptions=True,
    )
    assert [n for n, outcome in enumerate(kept) if outcome is not None] == [7]
    assert isinstance(kept[7], sqlite3.IntegrityError)
    assert len(await history.unfinished()) == 28


async def test_whoever_leads_a_burst_may_be_cancelled_without_harm_to_the_others(history):
    jobs = [record(f"fox {n}") for n in range(5)]
    tasks = [asyncio.create_task(history.add(ALICE, [job], [()])) for job in jobs]
    await asyncio.wait(tasks, timeout=0)
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    kept = {job.id for job in await history.unfinished()}
    assert {job.id for job in jobs[1:]} <= kept
