"""What the program writes to its log: one line an event on stderr, as text or JSON, and never a secret.

Knows nothing of who logs what.
"""

from __future__ import annotations

import json
import logging
import re
import time
from contextvars import ContextVar
from typing import Literal

__all__ = ["JOB", "AsJson", "Discreet", "configure"]

JOB: ContextVar[str] = ContextVar("job", default="")
"""The id of the job that the present task drives; whatever it logs belongs to that."""

# Addresses of interactions and webhooks carry a token that stands for the user's own right to answer.
IN_ADDRESS = re.compile(r"((?:webhooks|interactions)/\d+/)[\w.-]{8,}")


class Discreet(logging.Formatter):
    """Formats records and takes out the bot's token and those of interactions, wherever they turn up."""

    def __init__(self, token: str) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._token = token

    def format(self, record: logging.LogRecord) -> str:
        """The whole text of a record, traceback included, without secrets."""
        text = super().format(record)
        if self._token:
            text = text.replace(self._token, "<token>")
        return IN_ADDRESS.sub(r"\1<token>", text)


class AsJson(Discreet):
    """The same as one JSON object a line: time (UTC), level, logger, message, and the job if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, with a traceback inside the message."""
        self._style = logging.PercentStyle("%(message)s")
        said = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
            + f".{int(record.msecs):03}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": super().format(record),
        }
        if job := JOB.get():
            said["job"] = job
        return json.dumps(said, ensure_ascii=False)


def configure(level: str, token: str, form: Literal["text", "json"] = "text") -> None:
    """Send every log record to stderr from here on."""
    handler = logging.StreamHandler()
    handler.setFormatter(AsJson(token) if form == "json" else Discreet(token))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("discord").setLevel(max(logging.INFO, logging.getLogger().level))
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)
