"""What the engine and its workers say to each other, and how it is framed on a pipe.

A frame is a length (four bytes, big-endian) and one pickled message. Both ends are this program, started by
the same hand, over pipes that no one else holds: the pickle crosses no boundary of trust. Knows nothing of
processes, threads or torch.
"""

from __future__ import annotations

import asyncio
import logging
import pickle
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import BinaryIO, TypeAlias

from engine.job import Event, Job, Request
from engine.planning.memory import Fit
from engine.planning.registry import Registry
from engine.process.settings import WorkerSettings

__all__ = [
    "Beat",
    "Cancel",
    "Describe",
    "Described",
    "Happened",
    "Know",
    "Load",
    "Order",
    "Ready",
    "Report",
    "Residents",
    "Room",
    "Say",
    "Select",
    "Selected",
    "Setup",
    "Submit",
    "Unload",
    "Work",
    "pack",
    "read",
    "receive",
    "told_apart",
]

_LOG = logging.getLogger(__name__)
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker process has done since its start: forwards, the rows and seconds in all of them.

    ``memory`` is what it holds of the device's now, in bytes; 0 where the device has none of its own.
    """

    device: str = ""
    forwards: int = 0
    rows: int = 0
    seconds: float = 0.0
    memory: int = 0


def told_apart(work: Iterable[Work]) -> tuple[Work, ...]:
    """What workers did, each under a name of its own: on other machines devices are called the same."""
    named: dict[str, Work] = {}
    for each in work:
        alike = sum(name.split(" ")[0] == each.device for name in named)
        name = f"{each.device} ({alike + 1})" if alike else each.device
        named[name] = replace(each, device=name)
    return tuple(named.values())


@dataclass(frozen=True, slots=True)
class Setup:
    """The first message to a worker: which models there are, where it renders ("auto": anywhere), and how."""

    registry: Registry
    device: str
    settings: WorkerSettings


@dataclass(frozen=True, slots=True)
class Submit:
    """Render this job; ``alone`` keeps every other job out of the worker meanwhile."""

    job: Job
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop this job at its next step."""

    job_id: str


@dataclass(frozen=True, slots=True)
class Describe:
    """Say what the picture shows, in the words of a turn (0, 1 …); the answer carries the same number."""

    number: int
    png: bytes = field(repr=False)
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Say:
    """Have a language model answer; the answer is a `Described` that carries the same number."""

    number: int
    request: Request


@dataclass(frozen=True, slots=True)
class Select:
    """Find what words name in a picture, or the thing at a point; the answer carries the same number."""

    number: int
    png: bytes = field(repr=False)
    words: str = ""
    point: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """Have this model ready before anyone asks for it."""

    model: str


@dataclass(frozen=True, slots=True)
class Unload:
    """Free this model once no job uses it."""

    model: str


@dataclass(frozen=True, slots=True)
class Know:
    """From now on these are the models that there are."""

    registry: Registry


@dataclass(frozen=True, slots=True)
class Room:
    """How each model would lie in the ``memory`` (bytes) that models may use, None where it does not fit."""

    memory: int | None = None
    fits: Mapping[str, Fit | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker takes orders.

    ``device`` is where it renders, ``devices`` all of that kind in the machine; ``room`` says what fits.
    """

    device: str
    devices: tuple[str, ...] = ()
    room: Room = field(default_factory=lambda: Room())


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of a job. ``started`` says whether the worker has begun to render it."""

    event: Event
    started: bool = True


@dataclass(frozen=True, slots=True)
class Described:
    """Prompts for a picture, or what a language model said, or the sentence that says why there are none."""

    number: int
    prompts: tuple[str, ...] = ()
    problem: str | None = None
    unreadable: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selected:
    """A mask, or the sentence that says why there is none."""

    number: int
    mask: bytes | None = field(default=None, repr=False)
    problem: str = ""
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Residents:
    """The models that the worker holds in memory, least recently used first.

    ``number`` counts these reports where they come in more than one way, so that the newest is known.
    """

    models: tuple[str, ...]
    number: int = 0


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life, about once a second. ``stuck`` is how many seconds the present step has been taking.

    ``rows`` is how many rows forwards like the last one should have; 0 before any.
    """

    stuck: float
    work: Work = field(default_factory=lambda: Work())
    rows: int = 0


Order: TypeAlias = Setup | Submit | Cancel | Describe | Say | Select | Load | Unload | Know
Report: TypeAlias = Ready | Room | Happened | Described | Selected | Residents | Beat


def pack(message: Order | Report) -> bytes:
    """The frame that carries ``message``."""
    body = pickle.dumps(message, protocol=5)
    return _LENGTH.pack(len(body)) + body


def read(stream: BinaryIO) -> Order | None:
    """The next order from a blocking stream, None at its end (also in the middle of a frame)."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    if len(body) < length:
        return None
    order: Order = pickle.loads(body)
    return order


async def receive(stream: asyncio.StreamReader) -> Report | None:
    """The next report from a worker, None when it has ended (also in the middle of a frame).

    What cannot be read, such as what a worker of a newer version says, is its end as well.
    """
    try:
        (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
        body = await stream.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    try:
        report: Report = pickle.loads(body)
    except Exception as error:  # a pickle that is none may raise anything
        _LOG.error("a worker's report cannot be read (%s: %s)", type(error).__name__, error)
        return None
    return report
