"""What can be done with a picture on the page: the actions of Discord's buttons, under their names.

Each drafts its jobs as the button does. Knows nothing of requests, nor of whether there is room.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bot.jobs.continuations import WAYS, Continuations, Specs
from bot.jobs.draft import Draft
from bot.jobs.drafting import Drafting
from bot.memory.people import User
from bot.memory.records import JobKind, JobRecord
from grammar import GenerationSpec, format_prompt

__all__ = ["ACTIONS", "PageAction", "offered"]

Make: TypeAlias = Callable[[Continuations, User, JobRecord, int, str, Specs], Awaitable[Sequence[Draft]]]
"""Drafts what comes of a job's picture at a position, with a prompt and what that asks for."""

Read: TypeAlias = Callable[[Drafting, Continuations, JobRecord, str], Specs]


def _same(drafting: Drafting, _: Continuations, job: JobRecord, prompt: str) -> Specs:
    return drafting.asked_for(job, prompt)


def _as_it_is(*_: object) -> Specs:
    return [None]


@dataclass(frozen=True, slots=True)
class PageAction:
    """One action: what it is called, under which jobs it is shown, how its prompt is read, what it drafts.

    ``each``: for one picture of a grid; else for the job. ``prompted``: another prompt may be given.
    """

    name: str
    label: str
    shown: Callable[[JobRecord], bool]
    make: Make
    read: Read = _same
    each: bool = True
    prompted: bool = True

    def told(self) -> dict[str, Any]:
        """What the page needs to offer it."""
        return {"name": self.name, "label": self.label, "each": self.each, "prompted": self.prompted}


def offered(job: JobRecord) -> list[PageAction]:
    """Those that there are for a job."""
    return [action for action in ACTIONS.values() if job.status.has_pictures and action.shown(job)]


def _grid(job: JobRecord) -> bool:
    return not job.kind.single


def _single(job: JobRecord) -> bool:
    return job.kind.single


def _surrounded(job: JobRecord) -> bool:
    """A tile that repeats has no surroundings to be drawn, and is not enlarged in pieces."""
    return job.kind.single and not job.plan.tile


def _upscale(kind: JobKind) -> Make:
    async def make(
        continuations: Continuations, user: User, job: JobRecord, index: int, _: str, __: Specs
    ) -> Sequence[Draft]:
        return await continuations.upscaled(user, job, kind, index)

    return make


def _redo(kind: JobKind) -> Make:
    async def make(
        continuations: Continuations, user: User, job: JobRecord, _: int, __: str, ___: Specs
    ) -> Sequence[Draft]:
        return await continuations.upscaled_again(user, job, kind)

    return make


def _vary(strong: bool | None) -> Make:
    """``strong`` None: as the user's settings say."""

    async def make(
        continuations: Continuations, user: User, job: JobRecord, index: int, prompt: str, specs: Specs
    ) -> Sequence[Draft]:
        how = user.strong if strong is None else strong
        return await continuations.varied(user, job, index, prompt, specs, strong=how)

    return make


def _extend(name: str) -> Make:
    async def make(
        continuations: Continuations, user: User, job: JobRecord, index: int, prompt: str, specs: Specs
    ) -> Sequence[Draft]:
        return await continuations.extended(user, job, index, prompt, specs, WAYS[name])

    return make


def _extending(name: str) -> Read:
    def read(drafting: Drafting, _: Continuations, job: JobRecord, prompt: str) -> Specs:
        unchanged = prompt.strip() == WAYS[name].prompt(job)
        return drafting.asked_for(job, "" if unchanged else prompt)

    return read


async def _zoom(
    continuations: Continuations, user: User, job: JobRecord, index: int, prompt: str, specs: Specs
) -> Sequence[Draft]:
    asked = [spec for spec in specs if spec is not None]
    return await continuations.zoomed(user, job, index, prompt or job.shown, asked)


def _zooming(drafting: Drafting, _: Continuations, job: JobRecord, prompt: str) -> Specs:
    return drafting.read(prompt or f"{format_prompt(GenerationSpec.from_dict(job.spec))} --zoom 2")


async def _again(
    continuations: Continuations, user: User, job: JobRecord, _: int, prompt: str, specs: Specs
) -> Sequence[Draft]:
    return await continuations.again(user, job, prompt, specs)


def _rolling(_: Drafting, continuations: Continuations, job: JobRecord, prompt: str) -> Specs:
    return continuations.asked_again(job, prompt)


def _first(job: JobRecord) -> bool:
    return _surrounded(job) and job.kind is JobKind.UPSCALE


def _further(job: JobRecord) -> bool:
    return _surrounded(job) and job.kind is not JobKind.UPSCALE


def _not_square(job: JobRecord) -> bool:
    return _surrounded(job) and job.plan.width != job.plan.height


def _plain(name: str, label: str, shown: Callable[[JobRecord], bool], make: Make) -> PageAction:
    return PageAction(name, label, shown, make, _as_it_is, prompted=False)


ACTIONS = {
    action.name: action
    for action in (
        _plain("upscale", "Upscale", _grid, _upscale(JobKind.UPSCALE)),
        PageAction("vary", "Vary", _grid, _vary(None)),
        PageAction("reroll", "Again", _grid, _again, _rolling, each=False),
        _plain("upscale_subtle", "Upscale (Subtle)", _first, _upscale(JobKind.UPSCALE_SUBTLE)),
        _plain("upscale_creative", "Upscale (Creative)", _first, _upscale(JobKind.UPSCALE_CREATIVE)),
        _plain("redo_subtle", "Redo Upscale (Subtle)", _further, _redo(JobKind.UPSCALE_SUBTLE)),
        _plain("redo_creative", "Redo Upscale (Creative)", _further, _redo(JobKind.UPSCALE_CREATIVE)),
        PageAction("vary_subtle", "Vary (Subtle)", _single, _vary(False)),
        PageAction("vary_strong", "Vary (Strong)", _single, _vary(True)),
        PageAction("zoom_far", "Zoom Out 2x", _surrounded, _extend("zoom_far"), _extending("zoom_far")),
        PageAction("zoom_near", "Zoom Out 1.5x", _surrounded, _extend("zoom_near"), _extending("zoom_near")),
        PageAction("custom_zoom", "Custom Zoom", _surrounded, _zoom, _zooming),
        PageAction("square", "Make Square", _not_square, _extend("square"), _extending("square")),
        PageAction("pan_left", "Pan left", _surrounded, _extend("pan_left"), _extending("pan_left")),
        PageAction("pan_right", "Pan right", _surrounded, _extend("pan_right"), _extending("pan_right")),
        PageAction("pan_up", "Pan up", _surrounded, _extend("pan_up"), _extending("pan_up")),
        PageAction("pan_down", "Pan down", _surrounded, _extend("pan_down"), _extending("pan_down")),
    )
}
