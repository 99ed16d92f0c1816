"""The SQLite file: migrations, modes, transactions, and one process a folder."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bot.memory import database as module
from bot.memory.database import (
    MIGRATIONS,
    Database,
    InUse,
    Unfit,
    execute_many,
    insist,
    pending_migrations,
)


async def test_a_new_file_gets_every_migration_and_the_right_modes(tmp_path, database):
    assert pending_migrations(tmp_path / "data" / "easel.db") == []
    assert (await database.row("PRAGMA journal_mode"))[0] == "wal"
    async with database.transaction() as tx:
        [row] = await tx.execute_fetchall("PRAGMA foreign_keys")
        assert row[0] == 1


async def test_making_a_database_prints_nothing(tmp_path, capfd):
    async with Database.opened(tmp_path / "easel.db"):
        pass
    assert capfd.readouterr().out == ""


async def test_every_table_of_ours_is_strict(database):
    rows = await database.rows(
        "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND strict = 0"
    )
    loose = {row["name"] for row in rows if not row["name"].startswith(("sqlite_", "_yoyo", "yoyo_"))}
    assert loose == set()


def test_migrations_are_numbered_without_gaps():
    files = [path for path in MIGRATIONS.iterdir() if path.suffix in (".sql", ".py")]
    numbers = sorted(int(path.name.split(".")[0]) for path in files)
    assert numbers == list(range(1, len(numbers) + 1))


async def test_a_transaction_is_all_or_nothing(database):
    async def half_way():
        async with database.transaction() as tx:
            await tx.execute("INSERT INTO users (id, name, created) VALUES (1, 'a', 0)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await half_way()
    assert await database.rows("SELECT * FROM users") == []


async def test_a_cancelled_transaction_leaves_nothing_behind(database):
    inside = asyncio.Event()

    async def interrupted():
        async with database.transaction() as tx:
            await tx.execute("INSERT INTO users (id, name, created) VALUES (1, 'a', 0)")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(interrupted())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with database.transaction() as tx:
        await tx.execute("INSERT INTO users (id, name, created) VALUES (2, 'b', 0)")
    assert [row["id"] for row in await database.rows("SELECT id FROM users")] == [2]


async def test_foreign_keys_hold(database):
    async def nobodys_option():
        async with database.transaction() as tx:
            await tx.execute("INSERT INTO options VALUES (99, 'mine', '--s 50')")

    with pytest.raises(sqlite3.IntegrityError):
        await nobodys_option()


async def test_what_must_not_be_lost_is_written_again_after_a_moment_of_misuse(database):
    tries = []

    async def write():
        tries.append(len(tries))
        async with database.transaction() as tx:
            await execute_many(
                tx,
                "INSERT INTO users (id, name, created) VALUES (?, 'a', 0)",
                [(number,) for number in range(3)],
            )
            if len(tries) == 1:
                misused = sqlite3.InterfaceError("bad parameter or other API misuse")
                misused.sqlite_errorcode = sqlite3.SQLITE_MISUSE
                raise misused

    await insist(write)
    assert tries == [0, 1]
    assert [row["id"] for row in await database.rows("SELECT id FROM users")] == [0, 1, 2]


async def test_a_write_that_can_never_succeed_is_not_tried_for_ever(database):
    async def write():
        async with database.transaction() as tx:
            await tx.execute("INSERT INTO options VALUES (99, 'mine', '--s 50')")

    with pytest.raises(sqlite3.IntegrityError):
        await insist(write)


async def test_readers_do_not_write(database):
    with pytest.raises(sqlite3.OperationalError):
        await database.rows("DELETE FROM users")


async def test_a_second_process_on_the_same_folder_is_refused(tmp_path, database):
    with pytest.raises(InUse):
        async with Database.opened(tmp_path / "data" / "easel.db"):
            pass


async def test_it_opens_again_after_a_migration_was_killed(tmp_path):
    path = tmp_path / "easel.db"
    async with Database.opened(path):
        pass
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, '2026-01-01', 1)")
    connection.close()
    async with Database.opened(path) as again:
        assert await again.rows("SELECT * FROM jobs") == []


EARLIER = Path(__file__).parent / "fixtures" / "easel-4ca9dd6.sql"


@pytest.fixture
def earlier(tmp_path):
    """The database that an earlier version made."""
    with closing(sqlite3.connect(tmp_path / "easel.db")) as made:
        made.executescript(EARLIER.read_text(encoding="utf-8"))
    return tmp_path / "easel.db"


def dump(path):
    with closing(sqlite3.connect(path)) as connection:
        return [line for line in connection.iterdump() if "yoyo" not in line]


async def test_an_update_keeps_the_database_that_it_found_and_only_the_last_of_them(earlier):
    before = dump(earlier)
    (earlier.parent / "easel-before-0001.db").write_bytes(b"from long ago")
    async with Database.opened(earlier):
        pass
    [kept] = earlier.parent.glob("easel-before-*")
    assert dump(kept) == before
    assert pending_migrations(earlier) == []
    async with Database.opened(earlier):
        pass
    assert [path.name for path in earlier.parent.glob("easel-before-*")] == [kept.name]
    assert not list(earlier.parent.glob("easel-trial*"))


BAD_SQL = "INSERT INTO nowhere VALUES (1);"
LOOSE = "PRAGMA foreign_keys = OFF; INSERT INTO options VALUES (99, 'mine', '--s 50');"
PROGRAM = """
from yoyo import step


def broken(connection):
    connection.execute("DELETE FROM favourites")
    raise ValueError("a prompt that it cannot read")


steps = [step(broken)]
"""


def with_step(tmp_path, monkeypatch, name, text):
    """This program with one more migration."""
    steps = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, steps)
    (steps / name).write_text(text)
    monkeypatch.setattr(module, "MIGRATIONS", steps)


async def refused(path):
    """Why it does not open, in one line."""
    with pytest.raises(Unfit) as told:
        async with Database.opened(path):
            pass
    assert str(path) in str(told.value)
    assert "\n" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize(
    ("name", "text"), [("0099.bad.sql", BAD_SQL), ("0099.bad.sql", LOOSE), ("0099.bad.py", PROGRAM)]
)
async def test_a_migration_that_fails_or_spoils_leaves_the_database_as_it_was(
    earlier, tmp_path, monkeypatch, name, text
):
    with_step(tmp_path, monkeypatch, name, text)
    before = dump(earlier)
    of_the_last_update = earlier.parent / "easel-before-0003.db"
    of_the_last_update.write_bytes(b"what the last update found")
    await refused(earlier)
    assert dump(earlier) == before
    assert not list(earlier.parent.glob("easel-trial*"))
    assert list(earlier.parent.glob("easel-before-*")) == [of_the_last_update]
    monkeypatch.undo()
    async with Database.opened(earlier):
        pass
    assert pending_migrations(earlier) == []


async def test_an_update_that_fails_although_its_trial_did_not_is_taken_back(earlier, tmp_path, monkeypatch):
    once = """
from pathlib import Path

from yoyo import step


def second_time(connection):
    mark = Path(__file__).with_suffix(".seen")
    if mark.exists():
        raise OSError("No space left on device")
    mark.touch()


steps = [step(second_time)]
"""
    with_step(tmp_path, monkeypatch, "0099.bad.py", once)
    before = dump(earlier)
    assert "it is as it was" in await refused(earlier)
    assert dump(earlier) == before
    [kept] = earlier.parent.glob("easel-before-*")
    assert dump(kept) == before


async def test_what_is_no_database_is_one_sentence_and_stays(tmp_path):
    path = tmp_path / "easel.db"
    path.write_bytes(b"a letter to a friend, much longer than any header of a database would be" * 20)
    before = path.read_bytes()
    assert "not a database" in await refused(path)
    assert path.read_bytes() == before


async def test_a_database_of_a_newer_version_is_refused_untouched(tmp_path):
    path = tmp_path / "easel.db"
    async with Database.opened(path):
        pass
    with closing(sqlite3.connect(path)) as made:
        made.execute("UPDATE _yoyo_migration SET migration_id = '9999.later' WHERE migration_id LIKE '0005%'")
        made.commit()
    before = dump(path)
    with pytest.raises(Unfit, match=r"a newer Easel \(it has 9999\.later\)"):
        async with Database.opened(path):
            pass
    assert dump(path) == before
