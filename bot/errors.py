"""What the bot refuses, and the one map from anything that goes wrong to a sentence for the user.

    Refusal                 a title and a sentence: nothing was done, and why
    ├── QueueFull           the user has as many jobs as may wait
    ├── BadLink             an address that is not fetched, or gave no picture
    └── Gone                the job, panel or picture behind a button is no more
        └── PictureGone     the file of a kept picture is missing or damaged

Knows no Discord objects. An error that is not in the map is the program's own fault: the user gets a sentence
and a mark to quote, the log gets the rest.
"""

from __future__ import annotations

import errno
import logging
import secrets
import sqlite3

from engine import (
    BadPicture,
    BadRegistry,
    CannotEdit,
    EngineError,
    ModelUnavailable,
    NoControl,
    NoRoom,
    NoSegmenter,
    UnknownModel,
)
from grammar import PromptError

__all__ = ["BadLink", "Gone", "PictureGone", "QueueFull", "Refusal", "explained"]

log = logging.getLogger(__name__)

WENT_WRONG = "Sorry, something went wrong"


class Refusal(Exception):
    """Nothing was done. ``title`` and ``sentence`` are for the user."""

    title = "Not possible"

    def __init__(self, sentence: str, title: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.title = title or self.title


class QueueFull(Refusal):
    """The user's queue has no room."""

    title = "Queue full"


class BadLink(Refusal):
    """A link that may not be fetched, or that gave no picture."""

    title = "Invalid link"


class Gone(Refusal):
    """What a button belongs to is no more."""

    title = "No longer here"


class PictureGone(Gone):
    """The file of a kept picture is missing, or no longer holds what was put into it."""

    def __init__(self, name: str) -> None:
        super().__init__("That picture is no longer kept here.")
        self.name = name


def explained(error: BaseException) -> tuple[str, str]:
    """The title and the sentence that a user is told about an error. Logs what is the program's fault."""
    match error:
        case Refusal():
            return error.title, error.sentence
        case PromptError():
            return error.title, str(error)
        case BadPicture():
            return "Invalid picture", str(error)
        case CannotEdit() | NoControl() | NoRoom() | NoSegmenter():
            return Refusal.title, str(error)
        case UnknownModel() | ModelUnavailable() | BadRegistry():
            return Refusal.title, str(error)
        case EngineError():
            return WENT_WRONG, str(error)
        case OSError() if error.errno == errno.ENOSPC:
            log.error("the disk is full")
            return "Disk full", "There is no space left to keep pictures. Please try again later."
        case sqlite3.OperationalError() if "full" in str(error):
            log.error("the disk is full")
            return "Disk full", "There is no space left to keep jobs. Please try again later."
        case sqlite3.OperationalError() if "locked" in str(error):
            log.warning("the database is locked")
            return WENT_WRONG, "The memory was busy for too long. Please try again."
    mark = secrets.token_hex(4)
    log.error("unexpected error %s", mark, exc_info=error)
    return (
        WENT_WRONG,
        f"This should not have happened; nothing was rendered. The operator finds it under `{mark}`.",
    )
