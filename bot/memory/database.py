"""The SQLite file: opened once, brought up to date, written to in transactions.

Knows nothing of what the tables mean. Three connections, each with a thread of its own: one writes, one reads
what somebody in Discord waits for, one walks through much, so that a long read never holds up a job.
Raises ``InUse`` when another Easel has the folder, and ``Unfit`` when the file cannot be brought up to date;
then it is as it was.
"""

from __future__ import annotations

import asyncio
import io
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager, redirect_stdout
from pathlib import Path
from typing import TypeAlias, TypeVar

import aiosqlite
import yoyo
from filelock import FileLock, Timeout

__all__ = [
    "MIGRATIONS",
    "Database",
    "InUse",
    "Row",
    "Unfit",
    "Value",
    "copy_database",
    "execute_many",
    "insist",
    "locked",
    "pending_migrations",
    "unknown_migrations",
]

log = logging.getLogger(__name__)
T = TypeVar("T")

MIGRATIONS = Path(__file__).parents[2] / "migrations"
LOCK = "easel.lock"
BEFORE = "easel-before-"  # begins the name of the database that the last update found
BUSY_TIMEOUT_MS = 5000  # that SQLite itself waits for a lock, longer than any of our transactions
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds between two tries to write what must not be lost
MEND = "Go back to the Easel that you had, make room on the disk, or restore a backup"

Row: TypeAlias = aiosqlite.Row
Value: TypeAlias = str | int | float | None
Values: TypeAlias = Sequence[Value] | Mapping[str, Value]


class InUse(Exception):
    """Another process works on this data folder; two would deliver every picture twice."""


class Unfit(Exception):
    """The database is not one for this program, or cannot become one; ``str(error)`` is a sentence."""


class Database:
    """An open database. Make one with ``opened``."""

    def __init__(
        self, writer: aiosqlite.Connection, reader: aiosqlite.Connection, walker: aiosqlite.Connection
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._walker = walker
        self._turn = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def opened(cls, path: Path) -> AsyncIterator[Database]:
        """The database at ``path``, created and migrated where needed, closed at the end."""
        with locked(path.parent):
            await asyncio.to_thread(_bring_up, path)
            async with _connect(path) as writer, _connect(path) as reader, _connect(path) as walker:
                for connection in (writer, reader, walker):
                    connection.row_factory = aiosqlite.Row
                    await connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
                    await connection.execute("PRAGMA foreign_keys = ON")
                # In WAL mode NORMAL loses nothing when the process dies and flushes the disk less often.
                await writer.execute("PRAGMA synchronous = NORMAL")
                # What is deleted is overwritten, not only marked as free.
                await writer.execute("PRAGMA secure_delete = ON")
                for connection in (reader, walker):
                    await connection.execute("PRAGMA query_only = ON")
                yield cls(writer, reader, walker)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[aiosqlite.Connection]:
        """All or nothing: commits at the end, rolls back when the body raises. One at a time."""
        async with self._turn:
            try:
                await self._writer.execute("BEGIN IMMEDIATE")
                yield self._writer
                await self._writer.execute("COMMIT")
            except BaseException:
                # Queued behind what the connection's thread still does; harmless where nothing is open.
                await asyncio.shield(self._writer.rollback())
                raise

    async def checkpoint(self) -> None:
        """Have what was written, and what it wrote over, leave the log beside the file."""
        async with self._turn:
            await self._writer.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")

    async def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """What a query finds among the committed data."""
        return list(await self._reader.execute_fetchall(sql, values))

    async def row(self, sql: str, values: Values = ()) -> Row | None:
        """The first row that a query finds."""
        found = await self.rows(sql, values)
        return found[0] if found else None

    async def walk(self, sql: str, values: Values = ()) -> list[Row]:
        """The same as ``rows``, of a query that walks through much, or is one of very many."""
        return list(await self._walker.execute_fetchall(sql, values))


async def execute_many(tx: aiosqlite.Connection, sql: str, rows: Iterable[Values]) -> None:
    """Run a statement for each of ``rows``, as part of a transaction.

    Its cursor is closed in the connection's own thread. Left to the garbage collector it would reset, from
    another thread, a cached statement that the next transaction may be using ("API misuse", a failed job).
    """
    async with tx.executemany(sql, rows):
        pass


async def insist(write: Callable[[], Awaitable[T]]) -> T:
    """Write until the database takes it: a lock or a full disk passes, a finished job must not be lost."""
    wait = FIRST_WAIT
    while True:
        try:
            return await write()
        except sqlite3.Error as error:
            if not _passes(error):
                raise
            log.warning("the database would not write (%s); again in %.1f s", error, wait)
        await asyncio.sleep(wait)
        wait = min(LONGEST_WAIT, wait * 2)


def _passes(error: sqlite3.Error) -> bool:
    """Whether the same write may succeed later: it was rolled back, and only its moment was wrong."""
    misused = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_MISUSE
    return misused or isinstance(error, sqlite3.OperationalError)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Be the only process that works on a data folder. Raises InUse.

    However the process dies, the kernel lets go of the lock.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / LOCK, timeout=0, thread_local=False):
            yield
    except Timeout:
        raise InUse(f"another Easel is running on {folder}") from None


def pending_migrations(path: Path) -> list[str]:
    """The names of the migrations that the database at ``path`` still lacks.

    Creates nothing but yoyo's own tables.
    """
    backend = yoyo.get_backend(f"sqlite:///{path}")
    try:
        return [migration.id for migration in backend.to_apply(yoyo.read_migrations(str(MIGRATIONS)))]
    finally:
        backend.connection.close()


def unknown_migrations(path: Path) -> list[str]:
    """The names of migrations that a database has had and that this program does not know: it is older."""
    known = {migration.id for migration in yoyo.read_migrations(str(MIGRATIONS))}
    with closing(sqlite3.connect(path)) as connection:
        try:
            applied = connection.execute("SELECT migration_id FROM _yoyo_migration ORDER BY 1").fetchall()
        except sqlite3.OperationalError:
            return []
    return [name for (name,) in applied if name not in known]


def _connect(path: Path) -> aiosqlite.Connection:
    return aiosqlite.connect(path, isolation_level=None)


def copy_database(source: Path, target: Path) -> None:
    """A reader's view of one moment as a file of its own; holds up no writer."""
    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
        # One file is all of it: nothing beside it has to come along.
        copy.execute("PRAGMA journal_mode = DELETE")


def _bring_up(path: Path) -> None:
    """Make the database, or bring it up to date; tried on a copy first, and the old one is kept beside it."""
    logging.getLogger("yoyo").setLevel(logging.WARNING)
    kept = None
    try:
        if path.exists():
            if unknown := unknown_migrations(path):
                raise Unfit(
                    f"{path} was written by a newer Easel (it has {unknown[0]}); update, or restore a backup"
                )
            if (pending := pending_migrations(path)) and _holds_something(path):
                kept = _try_on_copy(path, pending[0])
        _migrate(path)
    except Unfit:
        raise
    except Exception as error:  # a migration may be a program, and raise anything
        if kept is not None:
            _put_back(kept, path)
        raise Unfit(
            f"{path} could not be opened and brought up to date ({error}); it is as it was. {MEND}"
        ) from error


def _holds_something(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'jobs'").fetchone()
    return found is not None


def _try_on_copy(path: Path, first: str) -> Path:
    """Keep the database as it is, and see whether another copy of it takes the migrations; where it is kept.

    Raises Unfit, OSError, and what a migration raises; then nothing has changed.
    """
    kept, trial = path.with_name(f"{BEFORE}{first[:4]}.db"), path.with_name("easel-trial.db")
    unfinished = kept.with_suffix(".part")
    try:
        for file in (unfinished, trial):
            file.unlink(missing_ok=True)
        copy_database(path, unfinished)
        copy_database(unfinished, trial)
        _migrate(trial)
        with closing(sqlite3.connect(trial)) as copy:
            (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
            loose = copy.execute("PRAGMA foreign_key_check").fetchone()
        if verdict != "ok" or loose is not None:
            raise Unfit(f"{path} would be damaged by {first} ({verdict if verdict != 'ok' else loose})")
        unfinished.replace(kept)
    finally:
        for file in (unfinished, trial, *(trial.with_name(trial.name + end) for end in ("-wal", "-shm"))):
            file.unlink(missing_ok=True)
    for older in path.parent.glob(f"{BEFORE}*.db"):
        if older != kept:
            older.unlink()
    log.info("the database as it was before %s is kept as %s", first, kept)
    return kept


def _put_back(kept: Path, path: Path) -> None:
    """After an update that failed although its trial had not. Raises Unfit when that fails, too."""
    try:
        copy_database(kept, path)
    except sqlite3.Error as error:
        raise Unfit(
            f"{path} is half brought up to date ({error}); what it was is in {kept}. {MEND}"
        ) from error


def _migrate(path: Path) -> None:
    logging.getLogger("yoyo").setLevel(logging.WARNING)
    backend = yoyo.get_backend(f"sqlite:///{path}")
    try:
        backend.execute("PRAGMA journal_mode = WAL")
        # Our own lock is held, so a lock row of yoyo's can only be left over from a process that was killed.
        backend.break_lock()
        # SQLite's own check of a new column is a statement that gives no rows; yoyo would print its heading.
        with backend.lock(), redirect_stdout(io.StringIO()):
            backend.apply_migrations(backend.to_apply(yoyo.read_migrations(str(MIGRATIONS))))
    finally:
        backend.connection.close()
