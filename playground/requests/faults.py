"""Injected misfortune: the next few requests that match are refused, lost or held up."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

Moment = Literal["before", "after"]


@dataclass(slots=True)
class Fault:
    """What befalls the next `times` requests whose `METHOD /path` matches `route` (with `*` and `?`).

    `status` is 429, 500, 502 and the like, or 0 for a connection that is reset. `when` says whether the
    request still takes effect: "before" it does not, "after" it does and only the answer is lost. `delay`
    holds the request up for so many seconds first; a fault that only delays has status 200.
    """

    route: str
    status: int = 500
    times: int = 1
    when: Moment = "before"
    retry_after: float = 0.5
    delay: float = 0.0
    via: bool = True
    """Whether a 429 comes from Discord (a `Via` header) or from the wall before it."""


class Faults:
    """The misfortunes in store."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []

    def add(self, **fields: Any) -> Fault:
        """Put one in store; a field that does not exist is a TypeError."""
        fault = Fault(**fields)
        self._pending.append(fault)
        return fault

    def clear(self) -> None:
        """Let nothing more happen."""
        self._pending.clear()

    def __len__(self) -> int:
        return sum(fault.times for fault in self._pending)

    def strike(self, method: str, path: str) -> Fault | None:
        """The fault that befalls this request, if any; it is used up by one."""
        for fault in self._pending:
            if fnmatchcase(f"{method} {path}", fault.route):
                fault.times -= 1
                if fault.times <= 0:
                    self._pending.remove(fault)
                return fault
        return None
