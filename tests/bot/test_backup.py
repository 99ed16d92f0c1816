"""`easel backup` and `easel restore`: the state of one moment, and nothing put back that is not sound."""

import asyncio
import json
import shutil
import sqlite3
import stat
import time
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.memory.backup import BadBackup, back_up, restore
from bot.memory.database import Database
from bot.memory.jobs import Jobs
from bot.memory.people import User
from bot.memory.picture_files import Pictures
from bot.memory.records import JobKind, JobRecord, PictureRecord, Place, Status
from bot.program.cli import app
from engine import Lane, Registry, plan_imagine
from grammar import parse
from tests.bot.sketch import png

ALICE = User(1, "alice")


def job(number):
    [spec] = parse(f"fox {number} --seed {number}")
    return JobRecord(
        id=f"{number:08x}-0000-4000-8000-000000000000",
        user_id=ALICE.id,
        user_name=ALICE.name,
        kind=JobKind.IMAGINE,
        prompt=f"fox {number}",
        shown=f"fox {number} --seed {number}",
        spec=spec.to_dict(),
        plan=plan_imagine(spec, Registry.load()),
        lane=Lane.FAST,
        place=Place(5),
        created=time.time(),
    )


async def deliver(jobs, pictures, number):
    """One job from kept to delivered, with four pictures, as the bot does it; the job's id."""
    kept = job(number)
    await jobs.add(ALICE, [kept], [[await pictures.keep(png(8, 8, number + 500))]])
    files = [await pictures.keep(png(10, 10, 4 * number + tile)) for tile in range(4)]
    rows = [PictureRecord(kept.id, tile, name, 10, 10, 100, tile) for tile, name in enumerate(files, 1)]
    await jobs.rendered(kept.id, rows, 0.5, ())
    await jobs.ended(kept.id, Status.DELIVERED)
    return kept.id


def rows_of(folder, sql):
    with closing(sqlite3.connect(folder / "easel.db")) as connection:
        return connection.execute(sql).fetchall()


async def test_a_backup_made_in_the_middle_of_a_burst_is_the_state_of_one_moment(tmp_path):
    data = tmp_path / "data"
    pictures, acknowledged, unwanted, deleted = Pictures(data / "pictures"), [], set(), set()
    async with Database.opened(data / "easel.db") as database:
        jobs = Jobs(database)
        stop, many = asyncio.Event(), asyncio.Event()

        async def burst(first):
            number = first
            while not stop.is_set():
                acknowledged.append(await deliver(jobs, pictures, number))
                if number % 3 == 0:  # somebody changes their mind, also while the backup is being made
                    unwanted.add(job(number).id)
                    await pictures.delete(await jobs.delete(job(number).id))
                    deleted.add(job(number).id)
                number += 1
                if len(acknowledged) >= 40:
                    many.set()

        busy = [asyncio.create_task(burst(10_000 * (each + 1))) for each in range(4)]
        await many.wait()
        before, gone = set(acknowledged), set(deleted)
        report = await asyncio.to_thread(back_up, data, tmp_path / "easel.zip")
        after = set(acknowledged)
        stop.set()
        await asyncio.gather(*busy)
    restored = tmp_path / "elsewhere"
    assert restore(tmp_path / "easel.zip", restored) == (report, None)
    assert report.lost == ()
    found = {id_ for (id_,) in rows_of(restored, "SELECT id FROM jobs WHERE status < 6")}
    assert before - unwanted <= found
    assert not found & gone
    assert len(found - after) <= len(busy)  # those that were just being kept
    assert rows_of(restored, "PRAGMA integrity_check") == [("ok",)]
    async with Database.opened(restored / "easel.db") as database:
        jobs, kept = Jobs(database), Pictures(restored / "pictures")
        for id_ in before - unwanted:
            shown = await jobs.pictures(id_)
            assert len(shown) == 4
            for picture in shown:
                assert await kept.read(picture.file) == await pictures.read(picture.file)
        named = await jobs.files()
    assert {path.name for path in restored.glob("pictures/*/*")} == named
    assert not list(data.glob(".backup-*"))


@pytest.fixture
async def filled(tmp_path):
    data = tmp_path / "data"
    async with Database.opened(data / "easel.db") as database:
        for number in range(3):
            await deliver(Jobs(database), Pictures(data / "pictures"), number)
    (data / "models.toml").write_text("# mine\n")
    (data / "pins.toml").write_text(f'"somebody/looks" = "{"c0" * 20}"\n')
    return data


@pytest.fixture
def easel(tmp_path, monkeypatch, filled):
    monkeypatch.chdir(tmp_path)

    def run(*arguments, data=filled):
        monkeypatch.setenv("EASEL_DATA", str(data))
        return CliRunner().invoke(app, [str(each) for each in arguments])

    return run


def test_the_commands_say_what_they_did(easel, tmp_path, filled):
    made = easel("backup", "easel.zip")
    assert (made.exit_code, made.stderr) == (0, "")
    assert "3 jobs, 15 pictures" in made.stdout
    there = easel("restore", "easel.zip", data=tmp_path / "new")
    assert there.exit_code == 0
    assert "3 jobs and 15 pictures restored" in there.stdout
    for name in ("models.toml", "pins.toml"):
        assert (tmp_path / "new" / name).read_bytes() == (filled / name).read_bytes()


def test_only_its_owner_reads_a_backup(filled, tmp_path):
    file = tmp_path / "easel.zip"
    file.write_bytes(b"an earlier one")
    file.chmod(0o644)
    back_up(filled, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_filled_folder_is_refused_and_with_force_moved_aside(easel, tmp_path, filled):
    easel("backup", "easel.zip")
    refused = easel("restore", "easel.zip")
    assert refused.exit_code == 1
    assert "is not empty" in refused.stderr
    again = easel("restore", "easel.zip", "--force")
    assert again.exit_code == 0
    [aside] = filled.glob("before-restore-*")
    assert str(aside) in again.stdout
    for folder in (filled, aside):
        assert rows_of(folder, "SELECT count(*) FROM jobs") == [(3,)]
        assert len(list(folder.glob("pictures/*/*"))) == 15


async def test_nothing_is_restored_under_a_running_bot(easel, filled):
    easel("backup", "easel.zip")
    async with Database.opened(filled / "easel.db"):
        refused = await asyncio.to_thread(easel, "restore", "easel.zip", "--force")
    assert refused.exit_code == 1
    assert "another Easel is running" in refused.stderr
    assert not list(filled.glob("before-restore-*"))


def rewritten(source, target, change):
    """The archive with each file's name and content as ``change`` wants them."""
    with zipfile.ZipFile(source) as read, zipfile.ZipFile(target, "w") as write:
        for name in read.namelist():
            for member, data in change(name, read.read(name)):
                write.writestr(member, data)


def spoilt_database(name, data):
    middle = len(data) // 2
    yield name, data[:middle] + b"?" * 4096 + data[middle + 4096 :] if name == "easel.db" else data


def newer(tmp_path):
    def change(name, data):
        if name == "easel.db":
            file = tmp_path / "newer.db"
            file.write_bytes(data)
            with closing(sqlite3.connect(file)) as made:
                made.execute(
                    "UPDATE _yoyo_migration SET migration_id = '9999.later' WHERE migration_id LIKE '0001%'"
                )
                made.commit()
            data = file.read_bytes()
        yield name, data

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (spoilt_database, "damaged"),
        (
            lambda name, data: [(name, data[:-9] + b"different" if name.endswith(".png") else data)],
            "is not what",
        ),
        (lambda name, data: [(name, data)] * (name != "easel.db"), "no easel.db"),
        (lambda name, data: [(name, data), ("../out.png", b"x")] * (name == "easel.db"), "'../out.png'"),
        ("newer", "made by a newer Easel (it has 9999.later)"),
    ],
)
def test_what_is_not_sound_is_refused_and_leaves_nothing_behind(easel, tmp_path, change, said):
    easel("backup", "easel.zip")
    rewritten(tmp_path / "easel.zip", tmp_path / "bad.zip", newer(tmp_path) if change == "newer" else change)
    refused = easel("restore", "bad.zip", data=tmp_path / "new")
    assert refused.exit_code == 1
    assert said in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert [path.name for path in (tmp_path / "new").iterdir() if path.suffix != ".lock"] == []


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_what_is_no_backup_at_all_is_one_sentence(easel, tmp_path, content):
    if content is None:
        easel("backup", "whole.zip")
        content = (tmp_path / "whole.zip").read_bytes()[:-100]
    (tmp_path / "bad.zip").write_bytes(content)
    refused = easel("restore", "bad.zip", data=tmp_path / "new")
    assert refused.exit_code == 1
    assert len(refused.stderr.splitlines()) == 1
    assert not (tmp_path / "new" / "easel.db").exists()


def test_a_folder_without_a_database_is_no_backup(easel, tmp_path):
    refused = easel("backup", "easel.zip", data=tmp_path / "nowhere")
    assert refused.exit_code == 1
    assert "EASEL_DATA" in refused.stderr
    assert not (tmp_path / "easel.zip").exists()


def test_a_database_that_cannot_be_copied_is_one_sentence(easel, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "easel.db").write_bytes(b"no database " * 200)
    done = easel("backup", "easel.zip", data=tmp_path / "other")
    assert (done.exit_code, len(done.stderr.splitlines())) == (1, 1)
    assert "the database cannot be copied" in done.stderr
    assert not Path("easel.zip").exists()


def test_a_picture_that_the_disk_lost_is_told_and_the_rest_is_kept(filled, tmp_path):
    lost = sorted(filled.glob("pictures/*/*"))[0]
    lost.unlink()
    report = back_up(filled, tmp_path / "easel.zip")
    assert report.lost == (lost.name,)
    assert restore(tmp_path / "easel.zip", tmp_path / "new")[0].pictures == 14


def test_a_disk_without_links_takes_copies(filled, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(95, "not supported")

    monkeypatch.setattr("os.link", refuse)
    assert back_up(filled, tmp_path / "easel.zip").pictures == 15


def test_an_earlier_backup_stays_when_a_new_one_fails(filled, tmp_path):
    file = tmp_path / "easel.zip"
    back_up(filled, file)
    before = file.read_bytes()
    shutil.move(filled / "easel.db", tmp_path / "easel.db")
    with pytest.raises(BadBackup):
        back_up(filled, file)
    assert file.read_bytes() == before
    assert json.dumps([path.name for path in tmp_path.iterdir() if path.name.startswith(".easel")]) == "[]"


async def test_a_backup_of_a_virtual_server_goes_on_where_it_was(world, env, tmp_path):
    """A job that is just being delivered, one that waits, and one that is done."""
    await world.imagine("a fox")
    world.engine.held = True
    await world.slash("imagine", prompt="a cat")
    report = await asyncio.to_thread(back_up, world.settings.easel_data, tmp_path / "easel.zip")
    world.engine.release()
    await env.settle()
    restored = tmp_path / "elsewhere"
    restore(Path(tmp_path / "easel.zip"), restored)
    assert (report.jobs, report.pictures) == (2, 4)
    assert rows_of(restored, "SELECT prompt, status FROM jobs ORDER BY seq") == [
        ("a fox", Status.DELIVERED),
        ("a cat", Status.RUNNING),
    ]
