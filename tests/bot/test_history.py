"""Jobs and pictures as rows: kept whole, found again, in order, only by their owner."""

import asyncio
import json
import sqlite3
import uuid

import pytest
import yoyo

from bot.memory.database import MIGRATIONS, Database
from bot.memory.favourites import Favourites
from bot.memory.history import History
from bot.memory.jobs import Jobs
from bot.memory.panels import Described, HistoryPages, Panels, Question
from bot.memory.people import People, User
from bot.memory.records import JobKind, JobRecord, PictureRecord, Place, Status
from bot.memory.usage import Usage
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
        "kind": JobKind.IMAGINE,
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
def store(database):
    return Jobs(database)


@pytest.fixture
def history(database):
    return History(database)


@pytest.fixture
def favourites(database):
    return Favourites(database)


@pytest.fixture
def usage(database):
    return Usage(database)


@pytest.fixture
def panels(database):
    return Panels(database)


async def finished(store, job, count=4):
    await store.add(User(job.user_id, job.user_name), [job], [()])
    shots = [PictureRecord(job.id, n, f"{job.id}-{n}.png", 8, 8, 100, n) for n in range(1, count + 1)]
    await store.rendered(job.id, shots, 1.5, ["a note"])
    await store.ended(job.id, Status.DELIVERED)
    return job


async def test_a_job_comes_back_as_it_was_kept(store):
    job = record("a red fox --ar 3:2 --no dog --seed 4")
    await store.add(ALICE, [job], [("one.png", "two.png")])
    back = await store.get(job.id)
    assert back == JobRecord(**{**{f: getattr(job, f) for f in job.__slots__}, "seq": back.seq})
    assert await store.inputs(job.id) == ["one.png", "two.png"]


async def test_jobs_are_kept_all_or_none(store):
    job = record()
    with pytest.raises(Exception, match="UNIQUE"):
        await store.add(ALICE, [record(), job, job], [(), (), ()])
    assert await store.unfinished() == []


async def test_unfinished_jobs_come_in_the_order_asked(store):
    jobs = [record(f"fox {n}") for n in range(3)]
    await store.add(ALICE, jobs, [()] * 3)
    await store.ended(jobs[1].id, Status.CANCELLED)
    assert [job.id for job in await store.unfinished()] == [jobs[0].id, jobs[2].id]


async def test_a_status_never_goes_back(store):
    job = await finished(store, record())
    await store.began(job.id)
    await store.ended(job.id, Status.QUEUED)
    assert (await store.get(job.id)).status is Status.DELIVERED


async def test_an_ended_job_forgets_its_token(store):
    job = await finished(store, record())
    assert (await store.get(job.id)).place.token is None


async def test_history_is_newest_first_paged_and_ones_own(store, history):
    jobs = [await finished(store, record(f"fox {n}")) for n in range(7)]
    await finished(store, record("fox of bob", BOB))
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
        *((words, True) for words in ("re", "quo", "uote", "ED", "o", "fo ote", "wombats xylophone", "lop")),
        *((words, False) for words in ("fox) OR (dog", "NOT red blue", "foxes", "u1xred", "1x", "u1xr")),
        *((words, False) for words in ("redf", "edfox", "qte", "phonew", "ywombat", "fxo", "🦊狸")),
    ],
)
async def test_search_takes_any_words_for_words(words, found, store, history):
    text = "a Réd fox, quoted or not 狐 xylophone-wombats"
    red = await finished(store, record(text))
    await finished(store, record("a blue dig"))
    await finished(store, record(text, BOB))
    assert [job.id for job in await history.page(ALICE.id, words=words)] == ([red.id] if found else [])


async def test_what_is_found_is_counted(store, history, favourites):
    for number in range(7):
        await finished(store, record(f"fox {number}"))
    await finished(store, record("a dog"))
    await finished(store, record("fox of bob", BOB))
    [dog] = await history.page(ALICE.id, words="dog")
    await favourites.turn(dog, 2)
    await favourites.turn(dog, 3)
    counts = [
        await history.count(ALICE.id, words=words, favourites=hearts)
        for words, hearts in (
            ("", False),
            ("ox", False),
            ("", True),
            ("dog", True),
            ("fox", True),
            ("x", False),
        )
    ]
    assert counts == [8, 7, 1, 1, 0, 7]


async def test_prompts_that_an_earlier_version_kept_are_found_by_parts_of_their_words(tmp_path):
    path = tmp_path / "easel.db"
    backend = yoyo.get_backend(f"sqlite:///{path}")
    with backend.lock():
        steps = yoyo.read_migrations(str(MIGRATIONS)).filter(lambda step: step.id < "0010")
        backend.apply_migrations(backend.to_apply(steps))
    backend.connection.close()
    job = record("a Réd wombat")
    with sqlite3.connect(path) as old:
        old.execute("INSERT INTO users (id, name, created) VALUES (1, 'alice', 0)")
        old.execute(
            "INSERT INTO jobs (id, user_id, kind, prompt, shown, spec, plan, lane, status, created,"
            " channel_id, upload_limit) VALUES (?, 1, 'imagine', ?, ?, '{}', ?, 'fast', 3, 0, 1, 1)",
            (job.id, job.prompt, job.prompt, json.dumps(job.plan.to_dict())),
        )
        old.execute("INSERT INTO job_words (rowid, words) VALUES (1, 'u1xa u1xred u1xwombat')")
    old.close()
    async with Database.opened(path) as database:
        for words in ("red", "omb", "wombat re"):
            assert [found.id for found in await History(database).page(1, words=words)] == [job.id]
        await Jobs(database).delete(job.id)
        assert await History(database).page(1, words="omb") == []


async def test_deleting_a_job_forgets_its_pictures_and_names_the_files(store, history):
    job = await finished(store, record())
    assert len(await store.delete(job.id)) == 4
    assert await store.get(job.id) is None
    assert await history.page(ALICE.id) == []
    assert await store.files() == set()


async def test_the_files_that_are_needed_are_told_by_their_first_digits(database, store, panels):
    job = record()
    await store.add(ALICE, [job], [("abc.png", "cab.png")])
    await store.rendered(job.id, [PictureRecord(job.id, 1, "ab0.png", 8, 8, 9, 1)], 1.0, [])
    await panels.add(ALICE, 10, Described(["a fox"], "abf.png"))
    await panels.add(ALICE, 10, HistoryPages("abd.png", False))
    assert await store.files("ab") == {"abc.png", "ab0.png", "abf.png"}
    assert await store.files() == {"abc.png", "ab0.png", "abf.png", "cab.png"}
    plan = await database.rows(
        "EXPLAIN QUERY PLAN SELECT file FROM pictures WHERE file BETWEEN 'ab' AND 'abg'"
    )
    assert "pictures_file" in plan[0]["detail"]


async def test_a_heart_turns_over(store, history, favourites):
    job = await finished(store, record())
    await finished(store, record("another"))
    job = await store.get(job.id)
    assert [await favourites.turn(job, 2), await favourites.turn(job, 3)] == [True, True]
    assert [found.id for found in await history.page(ALICE.id, favourites=True)] == [job.id]
    assert [found.id for found in await history.page(ALICE.id, favourites=True, words="fox")] == [job.id]
    assert await history.page(ALICE.id, favourites=True, words="another") == []
    assert [await favourites.turn(job, 2), await favourites.turn(job, 3)] == [False, False]
    assert await history.page(ALICE.id, favourites=True) == []


async def test_usage_counts_pictures_and_seconds(store, usage):
    await finished(store, record())
    await finished(store, record(kind=JobKind.UPSCALE), count=1)
    assert await usage.of(ALICE.id) == (5, 3.0)
    assert await usage.of(BOB.id) == (0, 0.0)


async def test_usage_counts_a_job_once_though_a_crash_had_it_kept_twice_and_not_back_when_it_is_deleted(
    store, usage
):
    job = await finished(store, record())
    shots = await store.pictures(job.id)
    await store.rendered(job.id, shots, 1.5, [])
    await store.delete(job.id)
    assert await usage.of(ALICE.id) == (4, 1.5)


async def test_a_panel_can_be_taken_once(panels):
    panel = await panels.add(ALICE, 10, Question("x"))
    assert await panels.get(panel.id, Question) == panel
    assert await panels.get(panel.id, HistoryPages) is None
    assert [await panels.take(panel.id), await panels.take(panel.id)] == [True, False]


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


async def test_a_burst_is_kept_together_and_a_bad_one_fails_alone(store):
    jobs = [record(f"fox {n}", User(n, f"user{n}")) for n in range(1, 30)]
    jobs[7] = record("again", User(8, "user8"), id=jobs[3].id)
    kept = await asyncio.gather(
        *(store.add(User(job.user_id, job.user_name), [job], [("one.png",)]) for job in jobs),
        return_exceptions=True,
    )
    assert [n for n, outcome in enumerate(kept) if outcome is not None] == [7]
    assert isinstance(kept[7], sqlite3.IntegrityError)
    assert len(await store.unfinished()) == 28


async def test_whoever_leads_a_burst_may_be_cancelled_without_harm_to_the_others(store):
    jobs = [record(f"fox {n}") for n in range(5)]
    tasks = [asyncio.create_task(store.add(ALICE, [job], [()])) for job in jobs]
    await asyncio.wait(tasks, timeout=0)
    tasks[0].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    kept = {job.id for job in await store.unfinished()}
    assert {job.id for job in jobs[1:]} <= kept
