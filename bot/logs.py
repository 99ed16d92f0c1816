"""What the program writes to its log: one line an event on stderr, and never a secret.

Knows nothing of who logs what.
"""

from __future__ import annotations

import logging
import re

__all__ = ["Discreet", "configure"]

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


def configure(level: str, token: str) -> None:
    """Send every log record to stderr from here on."""
    handler = logging.StreamHandler()
    handler.setFormatter(Discreet(token))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("discord").setLevel(max(logging.INFO, logging.getLogger().level))
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)
