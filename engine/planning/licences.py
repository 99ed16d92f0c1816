"""Under which terms an entry of the list may be used, in few words."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Licensed", "terms"]


class Licensed(Protocol):
    """The part of an entry that says under which terms it may be used."""

    @property
    def licence(self) -> str:
        """The name of its licence, empty where nobody knows it."""


def terms(entry: Licensed) -> str:
    """The licence, whether it forbids to earn money with it, and whether the hub wants it accepted first."""
    said = [entry.licence or "licence not stated"]
    said += [] if getattr(entry, "commercial", True) else ["no commercial use"]
    said += ["to be accepted"] if getattr(entry, "gated", False) else []
    return ", ".join(said)
