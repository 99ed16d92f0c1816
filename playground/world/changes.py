"""Who is told when something in the world changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """A change in the world. `subject` is the thing changed, `extra` what else the listeners need."""

    kind: str
    subject: Any
    extra: dict[str, Any] = field(default_factory=dict)


Listener = Callable[[Event], None]


class Changes:
    """Listeners, and the events they are called with."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each event from now on; the answer stops it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, kind: str, subject: Any, **extra: Any) -> None:
        """Tell every listener that something changed."""
        event = Event(kind, subject, extra)
        for listener in tuple(self._listeners):
            listener(event)
