"""A data folder as one file, and back again: the database and every picture that it names.

The database is copied by SQLite's own online backup, so a bot may go on writing meanwhile. Each picture that
the copy names is then held by a further link to it, so that it stays although somebody deletes it; where one
had gone by then, a newer copy of the database is made that no longer names it. So the file is the state of
one moment. Knows nothing of Discord or of what the tables mean.

    BadBackup    the file is no backup, is damaged, or does not belong here; nothing was changed
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.memory.database import copy_database, unknown_migrations
from bot.memory.panels import WITH_PICTURE
from bot.memory.picture_files import PICTURE_NAME, is_whole

__all__ = ["BadBackup", "Report", "back_up", "restore"]

DATABASE = "easel.db"
BESIDE = ("models.toml", "pins.toml")
"""What else in the folder people have written, or had written for them: models of their own, and the commits
that the first pulls chose, without which what lies in the hub's cache is not found again."""

TRIES = 5  # copies of the database, until one names no picture that was deleted meanwhile

_FILES = (
    "SELECT file FROM pictures UNION SELECT file FROM inputs UNION SELECT json_extract(data, '$.picture')"
    f" FROM panels WHERE {WITH_PICTURE}"
)


class BadBackup(Exception):
    """Nothing was changed; ``str(error)`` is a sentence."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a backup holds: jobs, pictures, their bytes, and names of pictures that are lost from the disk."""

    jobs: int
    pictures: int
    bytes: int
    lost: tuple[str, ...] = ()


def back_up(data: Path, file: Path) -> Report:
    """Write the folder ``data`` into ``file``, also while a bot works there. Raises BadBackup and OSError."""
    if not (data / DATABASE).exists():
        raise BadBackup(f"there is no {DATABASE} in {data}, which is what EASEL_DATA says")
    file.parent.mkdir(parents=True, exist_ok=True)
    with _workshop(data, ".backup-") as held:
        lost = _hold(data, held)
        unfinished = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            report = _packed(held, unfinished, lost)
            unfinished.replace(file)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    return report


def restore(file: Path, data: Path, *, force: bool = False) -> tuple[Report, Path | None]:
    """Put a backup into the folder ``data``, which nobody may work on.

    What it holds, and where the former content of the folder lies now, if there was any: that takes
    ``force``. Raises BadBackup before anything is changed, and OSError.
    """
    data.mkdir(parents=True, exist_ok=True)
    there = [path for path in data.iterdir() if path.suffix != ".lock" and not path.name.startswith(".")]
    if there and not force:
        raise BadBackup(
            f"{data} is not empty; choose another EASEL_DATA, or say --force to move its content aside"
        )
    with _workshop(data, ".restore-") as unpacked:
        report = _unpacked(file, unpacked)
        _check(unpacked)
        aside = data / f"before-restore-{time.strftime('%Y%m%d-%H%M%S')}" if there else None
        if aside is not None:
            aside.mkdir()
            for path in there:
                path.rename(aside / path.name)
        for path in unpacked.iterdir():
            path.rename(data / path.name)
    return report, aside


@contextmanager
def _workshop(data: Path, prefix: str) -> Iterator[Path]:
    """A folder on the same disk, gone afterwards, with those that were left over from a sudden end."""
    for left in data.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=data))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _hold(data: Path, held: Path) -> tuple[str, ...]:
    """Copy the database and link every picture that it names; names of those that are lost from the disk."""
    missing: set[str] = set()
    for _ in range(TRIES):
        copy = held / DATABASE
        copy.unlink(missing_ok=True)
        copy_database(data / DATABASE, copy)
        before, missing = missing, {name for name in _named(copy) if not _linked(data, held, name)}
        if missing <= before:
            break  # none, or lost ones: the rows of what was deleted would have gone with the file
    for name in BESIDE:
        if (data / name).exists():
            shutil.copyfile(data / name, held / name)
    return tuple(sorted(missing))


def _named(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as copy:
        return [name for (name,) in copy.execute(_FILES) if name]


def _linked(data: Path, held: Path, name: str) -> bool:
    """Hold a picture by a further link, or a copy where the disk knows none; False when it is not there."""
    source, target = (folder / "pictures" / name[:2] / name for folder in (data, held))
    if target.exists():
        return True
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        return False
    except OSError:
        try:
            shutil.copyfile(source, target)
        except FileNotFoundError:
            target.unlink(missing_ok=True)
            return False
    return True


def _packed(held: Path, file: Path, lost: tuple[str, ...]) -> Report:
    """Everything that is held as one archive. Pictures that the last copy does not name stay out of it.

    Only its owner can read the file: stealth jobs and everybody's prompts are in it.
    """
    names = sorted(set(_named(held / DATABASE)) - set(lost))
    size = 0
    with open(file, "xb", opener=_private) as written:
        with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
            archive.write(held / DATABASE, DATABASE, zipfile.ZIP_DEFLATED)
            for name in BESIDE:
                if (held / name).exists():
                    archive.write(held / name, name)
            for name in names:
                path = held / "pictures" / name[:2] / name
                size += path.stat().st_size
                archive.write(path, f"pictures/{name}")
        written.flush()
        os.fsync(written.fileno())
    return Report(_jobs(held / DATABASE), len(names), size, lost)


def _private(path: str, flags: int) -> int:
    """Open a file that nobody but its owner may read or write."""
    return os.open(path, flags, 0o600)


def _unpacked(file: Path, folder: Path) -> Report:
    """The archive's files in a folder, each of its pictures compared with its name. Raises BadBackup."""
    pictures = size = 0
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                target = _place(folder, member.filename)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as out:
                    shutil.copyfileobj(source, out, 2**20)
                if target.suffix == ".png":
                    pictures, size = pictures + 1, size + member.file_size
                    if not is_whole(target):
                        raise BadBackup(f"{file} is damaged: {member.filename} is not what was put into it")
    except (zipfile.BadZipFile, EOFError) as error:
        raise BadBackup(f"{file} is no whole backup of Easel: {error}") from None
    if not (folder / DATABASE).exists():
        raise BadBackup(f"{file} is no backup of Easel: there is no {DATABASE} in it")
    return Report(_jobs(folder / DATABASE), pictures, size)


def _place(folder: Path, member: str) -> Path:
    """Where a file of an archive belongs. Raises BadBackup for what no backup of ours holds."""
    if member in (DATABASE, *BESIDE):
        return folder / member
    name = member.removeprefix("pictures/")
    if not PICTURE_NAME.fullmatch(name):
        raise BadBackup(f"this is no backup of Easel: it holds {member!r}")
    return folder / "pictures" / name[:2] / name


def _check(folder: Path) -> None:
    """Whether the database is sound and fits this program. Raises BadBackup."""
    try:
        with closing(sqlite3.connect(folder / DATABASE)) as copy:
            (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
            loose = copy.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        verdict, loose = str(error), None
    if verdict != "ok" or loose is not None:
        raise BadBackup(f"the database in this backup is damaged: {verdict if verdict != 'ok' else loose}")
    if unknown := unknown_migrations(folder / DATABASE):
        raise BadBackup(f"this backup was made by a newer Easel (it has {unknown[0]}); update Easel first")


def _jobs(database: Path) -> int:
    try:
        with closing(sqlite3.connect(database)) as copy:
            (jobs,) = copy.execute("SELECT count(*) FROM jobs WHERE status < 6").fetchone()
    except sqlite3.DatabaseError as error:
        raise BadBackup(f"the database in this backup is damaged: {error}") from None
    return int(jobs)
