"""Going on from a picture of a finished job: larger, varied, with more around it, in a part, once more.

What the buttons do under a message, and the studio's page beside a picture. Anyone who sees a result may go
on from it. Knows nothing of Discord, nor of whether there is room.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, TypeAlias

from bot.jobs.draft import Draft
from bot.jobs.drafting import Drafting
from bot.jobs.results import Results
from bot.jobs.uploads import KeptPicture
from bot.memory.jobs import Jobs
from bot.memory.people import User
from bot.memory.picture_files import masked
from bot.memory.records import JobKind, JobRecord
from engine import (
    Direction,
    Lane,
    Margins,
    Plan,
    Registry,
    plan_again,
    plan_painted,
    plan_pan,
    plan_redo,
    plan_refine,
    plan_region,
    plan_reroll,
    plan_square,
    plan_upscale,
    plan_vary,
    plan_zoom,
    starting_links,
)
from grammar import GenerationSpec, format_prompt

__all__ = ["WAYS", "Continuations", "Specs", "Way", "child", "unseeded"]

Specs: TypeAlias = Sequence[GenerationSpec | None]
"""What a prompt asks for in the place of the parent's; None: the same."""

ALWAYS_SQUARE = "`--ar` has no effect here: Make Square makes the picture square."
OWN_PROPORTION = "`--ar` has no effect here: the canvas says how the picture is framed."

VARIED = {  # by whether the prompt was changed, and whether the variation is a strong one
    (True, True): JobKind.REMIX_STRONG,
    (True, False): JobKind.REMIX_SUBTLE,
    (False, True): JobKind.VARY_STRONG,
    (False, False): JobKind.VARY_SUBTLE,
}


class Planned(Protocol):
    """What makes a plan of a picture, given a prompt that replaces the parent's or None."""

    def __call__(
        self, parent: Plan, position: int, registry: Registry, *, spec: GenerationSpec | None = None
    ) -> Plan: ...


@dataclass(frozen=True, slots=True)
class Way:
    """One way to draw more around a picture: the kind of its job, and its plan.

    ``square``: what comes of it is square, and an `--ar` holds no longer.
    """

    kind: JobKind
    plan: Planned
    square: bool = False

    def prompt(self, parent: JobRecord) -> str:
        """The parent's prompt, as far as it holds for what comes of it."""
        spec = GenerationSpec.from_dict(parent.spec)
        return format_prompt(spec.replace(aspect=None)) if self.square and spec.aspect else parent.shown


WAYS: Mapping[str, Way] = {
    "zoom_far": Way(JobKind.ZOOM, partial(plan_zoom, zoom=2.0)),
    "zoom_near": Way(JobKind.ZOOM, partial(plan_zoom, zoom=1.5)),
    "square": Way(JobKind.ZOOM, plan_square, square=True),
    "pan_left": Way(JobKind.PAN_LEFT, partial(plan_pan, direction=Direction.LEFT)),
    "pan_right": Way(JobKind.PAN_RIGHT, partial(plan_pan, direction=Direction.RIGHT)),
    "pan_up": Way(JobKind.PAN_UP, partial(plan_pan, direction=Direction.UP)),
    "pan_down": Way(JobKind.PAN_DOWN, partial(plan_pan, direction=Direction.DOWN)),
}
"""The ways, by the names that their buttons have in custom ids."""


class Continuations:
    """Drafts of what comes of pictures. All raise Gone and PictureGone where the picture is no more."""

    def __init__(self, drafting: Drafting, jobs: Jobs, results: Results) -> None:
        self._drafting = drafting
        self._jobs = jobs
        self._results = results

    @property
    def _registry(self) -> Registry:
        return self._drafting.registry

    async def picture_of(self, job: JobRecord, index: int) -> str:
        """The name of one of a job's pictures, which is known to be whole."""
        picture = await self._results.picture(job, index)
        await self._drafting.pictures.read(picture.file)
        return picture.file

    async def upscaled(self, user: User, parent: JobRecord, kind: JobKind, index: int) -> list[Draft]:
        """The picture, larger."""
        file = await self.picture_of(parent, index)
        if kind is JobKind.UPSCALE_CREATIVE:
            plan = plan_refine(parent.plan, index, self._registry)
        else:
            plan = plan_upscale(parent.plan, index)
        return [child(parent, kind, user, index, file, plan=plan)]

    async def upscaled_again(self, user: User, job: JobRecord, kind: JobKind) -> list[Draft]:
        """From the picture that this one was made from."""
        files = await self._jobs.inputs(job.id)
        for file in files:
            await self._drafting.pictures.read(file)
        plan = plan_redo(job.plan, self._registry, creative=kind is JobKind.UPSCALE_CREATIVE)
        return [child(job, kind, user, job.position, file, plan=plan) for file in files[:1]]

    async def varied(
        self, user: User, parent: JobRecord, index: int, prompt: str, specs: Specs, *, strong: bool
    ) -> list[Draft]:
        """Four variations a spec."""
        file = await self.picture_of(parent, index)
        drafts = []
        for spec in specs:
            plan = plan_vary(parent.plan, index, self._registry, strong=strong, spec=_asked(spec, parent))
            draft = child(parent, VARIED[spec is not None, strong], user, index, file, plan=plan)
            drafts.append(await self.remixed(user, parent, draft, prompt, spec))
        return drafts

    async def extended(
        self, user: User, parent: JobRecord, index: int, prompt: str, specs: Specs, way: Way
    ) -> list[Draft]:
        """Four continuations a spec. Raises NoRoom."""
        file = await self.picture_of(parent, index)
        plans = [way.plan(parent.plan, index, self._registry, spec=_asked(spec, parent)) for spec in specs]
        drafts = []
        for spec, plan in zip(specs, plans, strict=True):
            draft = child(parent, way.kind, user, index, file, plan=plan)
            draft = await self.remixed(user, parent, draft, prompt, spec)
            drafts.append(
                _without_aspect(draft, None if spec is None else ALWAYS_SQUARE) if way.square else draft
            )
        return drafts

    async def zoomed(
        self, user: User, parent: JobRecord, index: int, prompt: str, specs: Sequence[GenerationSpec]
    ) -> list[Draft]:
        """Framed as `--zoom` and `--ar` say; no `--zoom` means 2. Raises NoRoom."""
        file = await self.picture_of(parent, index)
        drafts = []
        for spec in specs:
            zoom = 2.0 if spec.zoom is None else spec.zoom
            asked = _asked(spec.replace(zoom=None), parent)
            plan = plan_zoom(parent.plan, index, self._registry, zoom=zoom, spec=asked)
            draft = child(parent, JobKind.ZOOM, user, index, file, plan=plan)
            drafts.append(await self.remixed(user, parent, draft, prompt, spec.replace(zoom=None)))
        return drafts

    async def with_region(
        self,
        user: User,
        parent: JobRecord,
        index: int,
        prompt: str,
        specs: Specs,
        *,
        parts: frozenset[int] = frozenset(),
        words: str = "",
    ) -> list[Draft]:
        """Four pictures a spec that differ in a region only: its ``parts``, or what ``words`` name."""
        file = await self.picture_of(parent, index)

        def planned(spec: GenerationSpec | None) -> Plan:
            asked = _asked(spec, parent)
            return plan_region(parent.plan, index, self._registry, parts=parts, words=words, spec=asked)

        # Whether a segmenter is on this machine is read from the disk.
        plans = [await asyncio.to_thread(planned, spec) for spec in specs]
        drafts = [child(parent, JobKind.VARY_REGION, user, index, file, plan=plan) for plan in plans]
        return [
            await self.remixed(user, parent, draft, prompt, spec)
            for draft, spec in zip(drafts, specs, strict=True)
        ]

    async def painted(
        self,
        user: User,
        parent: JobRecord,
        index: int,
        prompt: str,
        specs: Specs,
        *,
        margins: Margins,
        mask: bytes | None,
    ) -> list[Draft]:
        """Four pictures a spec on a canvas with other ``margins``, drawn anew where ``mask`` is white.

        The mask is a picture of the picture's own area. Raises NoRoom, and BadPicture for a mask that cannot
        be read or is black.
        """
        file = await self.picture_of(parent, index)
        plans = [
            plan_painted(
                parent.plan, index, self._registry, margins=margins, masked=mask is not None, spec=spec
            )
            for spec in specs
        ]
        kind = JobKind.ZOOM if mask is None else JobKind.VARY_REGION
        drafts = []
        for spec, plan in zip(specs, plans, strict=True):
            draft = child(parent, kind, user, index, file, plan=plan)
            if mask is not None and plan.canvas is not None:
                fit = await masked(mask, (plan.width, plan.height), plan.canvas.picture)
                name = await self._drafting.pictures.keep(fit)
                draft = replace(draft, inputs=(file, name))
            draft = await self.remixed(user, parent, draft, prompt, spec)
            changed = spec is not None and spec.aspect != GenerationSpec.from_dict(parent.spec).aspect
            drafts.append(_without_aspect(draft, OWN_PROPORTION if changed else None))
        return drafts

    def asked_again(self, job: JobRecord, prompt: str) -> Specs:
        """What a prompt asks for where a job is done once more; None where it is the same, without its seed.

        Raises PromptError and Refusal.
        """
        changed = prompt.strip() not in ("", format_prompt(unseeded(job)))
        return self._drafting.read(prompt) if changed else [None]

    async def again(self, user: User, job: JobRecord, prompt: str, specs: Specs) -> list[Draft]:
        """The same once more with new seeds, or with another prompt."""
        for file in await self._jobs.inputs(job.id):
            await self._drafting.pictures.read(file)
        inputs = tuple(await self._jobs.sources(job.id))
        changed = [spec for spec in specs if spec is not None]
        if not changed:
            return [await self._rerolled(user, job, unseeded(job), inputs)]
        if job.kind is JobKind.IMAGINE:
            # What the job's own prompt started from or referred to need not be fetched again: the link of an
            # upload is good for a while only.
            known = await self._jobs.referred(job.id)
            starts = starting_links(GenerationSpec.from_dict(job.spec), job.plan.references)
            if len(starts) == len(inputs):
                known |= dict(zip(starts, inputs, strict=True))
            given = {link: KeptPicture(name) for link, name in known.items()}
            return await self._drafting.drafts(user, prompt, changed, given)
        plans = [plan_again(job.plan, self._registry, _asked(spec, job)) for spec in changed]
        drafts = [child(job, job.kind, user, job.position, None, plan=plan) for plan in plans]
        return [
            replace(await self.remixed(user, job, draft, prompt, spec), inputs=inputs)
            for draft, spec in zip(drafts, changed, strict=True)
        ]

    async def remixed(
        self, user: User, parent: JobRecord, draft: Draft, prompt: str, spec: GenerationSpec | None
    ) -> Draft:
        """The draft with another prompt, if there is one, and what that refers to.

        Raises BadLink and BadPicture.
        """
        if spec is None:
            return draft
        lane = Lane(spec.speed) if spec.speed else draft.lane
        said = replace(draft, prompt=prompt, shown=format_prompt(spec), spec=spec.to_dict(), lane=lane)
        if not draft.plan.referred:
            return said
        known = await self._jobs.referred(parent.id)
        given = {link: KeptPicture(name) for link, name in known.items()}
        found = await self._drafting.uploads.behind(user, draft.plan.links, given)
        return replace(said, references=tuple(found[link].name for link in draft.plan.links))

    async def _rerolled(
        self, user: User, job: JobRecord, spec: GenerationSpec, inputs: tuple[str, ...]
    ) -> Draft:
        if job.kind is JobKind.IMAGINE:
            plan = await asyncio.to_thread(plan_reroll, spec, self._registry, model=job.plan.model)
        else:
            plan = plan_again(job.plan, self._registry)
        shown = format_prompt(spec)
        draft = child(job, job.kind, user, job.position, None, plan=plan)
        return replace(draft, prompt=shown, shown=shown, spec=spec.to_dict(), inputs=inputs)


def child(parent: JobRecord, kind: JobKind, user: User, index: int, file: str | None, *, plan: Plan) -> Draft:
    """A new job with the parent's prompt, from the picture ``file``, for whoever pressed."""
    return Draft(
        kind=kind,
        prompt=parent.prompt,
        shown=parent.shown,
        spec=parent.spec,
        plan=plan,
        lane=user.lane,
        inputs=(file,) if file else (),
        parent_id=parent.id,
        position=index,
    )


def _asked(spec: GenerationSpec | None, parent: JobRecord) -> GenerationSpec | None:
    """What is asked for of a picture: a proportion only where the parent's prompt said another one.

    Pans and squares have another proportion by now than their prompt says.
    """
    if spec is None:
        return None
    before = GenerationSpec.from_dict(parent.spec).aspect
    return spec.replace(aspect=None if spec.aspect == before else spec.aspect or (1, 1))


def unseeded(job: JobRecord) -> GenerationSpec:
    """What a job was asked for, without a seed."""
    return GenerationSpec.from_dict(job.spec).unseeded()


def _without_aspect(draft: Draft, note: str | None) -> Draft:
    """The draft with no `--ar` that does not hold, and a ``note`` for who has just typed one."""
    said = GenerationSpec.from_dict(draft.spec)
    if said.aspect is None:
        return draft
    bare = said.replace(aspect=None)
    plan = replace(draft.plan, notes=(*draft.plan.notes, note)) if note else draft.plan
    return replace(draft, shown=format_prompt(bare), spec=bare.to_dict(), plan=plan)
