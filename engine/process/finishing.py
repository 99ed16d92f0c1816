"""What becomes of pictures before they leave the worker: looked at, hidden, marked, written.

What is hidden is black from here on: its pixels go nowhere. Knows nothing of turns, or of how pictures are
scored.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from PIL import Image

from engine.drawing import safety
from engine.errors import Unsafe
from engine.job import Hidden, Job
from engine.pictures.decoding import to_png
from engine.pictures.mark import marked
from engine.seeing.classifier import Classifier

__all__ = ["Finish", "Written", "finished"]

_THREADS = max(1, (os.cpu_count() or 1) // 4)
"""Pictures of a job that are written at once: a quick GPU draws four sooner than one thread writes them."""

_NONE_LEFT = "{} let none of the pictures pass. Please try other words."


@dataclass(frozen=True, slots=True)
class Written:
    """Each picture's PNG, width and height; which of them were hidden; and sentences on those."""

    pngs: list[tuple[bytes, int, int]]
    hidden: tuple[Hidden, ...] = ()
    notes: tuple[str, ...] = ()


Finish = Callable[[Sequence[Image.Image], Job], Written]


def finished(pictures: Sequence[Image.Image], job: Job, classifier: Classifier | None = None) -> Written:
    """A job's pictures as files, marked where it asks for that. Raises Unsafe and ModelUnavailable."""
    hidden = [
        Hidden(position, safety.CHECKER, 1.0)
        for position, picture in enumerate(pictures, 1)
        if safety.hidden(picture)
    ]
    if classifier is not None and job.hide_above < 1:
        shown = list(pictures)
        told = {each.position for each in hidden}
        for position, score in enumerate(classifier.scores(pictures), 1):
            if position not in told and score > job.hide_above:
                hidden.append(Hidden(position, classifier.name, score))
                shown[position - 1] = Image.new("RGB", pictures[position - 1].size)
        pictures = shown
    if len(hidden) == len(pictures) and any(each.by != safety.CHECKER for each in hidden):
        raise Unsafe(_NONE_LEFT.format(hidden[-1].by))
    by = dict.fromkeys(each.by for each in hidden)
    notes = (
        f"{name} hid {sum(each.by == name for each in hidden)} of the {len(pictures)} pictures."
        for name in by
    )
    write = functools.partial(_written, mark=job.mark)
    if min(_THREADS, len(pictures)) == 1:
        return Written([write(picture) for picture in pictures], tuple(hidden), tuple(notes))
    with ThreadPoolExecutor(_THREADS) as threads:
        return Written(list(threads.map(write, pictures)), tuple(hidden), tuple(notes))


def _written(picture: Image.Image, mark: int | None) -> tuple[bytes, int, int]:
    held = picture if mark is None else marked(picture, mark)
    return to_png(held), *held.size
