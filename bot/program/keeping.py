"""`easel backup` and `easel restore`: what is printed, and how it is said that something does not work.

Loads neither discord.py nor torch.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bot.config import Settings
from bot.errors import Refusal
from bot.memory.backup import BadBackup, back_up
from bot.memory.backup import restore as put_back
from bot.memory.database import InUse, locked

__all__ = ["backup", "restore"]


def backup(settings: Settings, file: Path) -> None:
    """Write EASEL_DATA into a file, and say what it holds. Raises Refusal."""
    try:
        report = back_up(settings.easel_data, file)
    except BadBackup as error:
        raise Refusal(f"No backup was made: {error}.") from None
    except sqlite3.Error as error:
        raise Refusal(f"No backup was made: the database cannot be copied ({error}).") from None
    print(f"{file}: {report.jobs} jobs, {report.pictures} pictures, {report.bytes / 1e6:.1f} MB.")
    if report.lost:
        print(f"{len(report.lost)} pictures are no longer on the disk and could not be taken along.")


def restore(settings: Settings, file: Path, force: bool) -> None:
    """Put a backup into EASEL_DATA, and say what it holds. Raises Refusal."""
    try:
        with locked(settings.easel_data):
            report, aside = put_back(file, settings.easel_data, force=force)
    except BadBackup as error:
        raise Refusal(f"Nothing was restored: {error}.") from None
    except InUse as error:
        raise Refusal(f"Nothing was restored: {error}; stop it first.") from None
    print(f"{settings.easel_data}: {report.jobs} jobs and {report.pictures} pictures restored, all sound.")
    if aside is not None:
        print(f"What was there before lies in {aside}; remove it when you no longer need it.")
