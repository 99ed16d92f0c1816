"""More around a single picture: Zoom Out, Custom Zoom, Make Square and the four arrows.

Each gives a new grid. In Remix mode the prompt is opened first. A tile that repeats has none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

from bot.jobs.flow import Draft
from bot.memory.people import User
from bot.memory.records import JobKind, JobRecord
from bot.messages.dialogs import Field
from bot.surface.actions import Answers, Dialog, JobAction, on_singles_with_surroundings
from bot.surface.hub import Interaction
from bot.surface.intake import read, secret, take
from bot.surface.source_job import (
    asked_for,
    child,
    finished,
    picture_of,
    remixed,
    remixing,
)
from engine import Direction, Plan, Registry, plan_pan, plan_square, plan_zoom
from grammar import GenerationSpec, format_prompt

__all__ = ["ACTIONS"]


ALWAYS_SQUARE = "`--ar` has no effect here: Make Square makes the picture square."


class Planned(Protocol):
    """What makes a plan of a picture, given a prompt that replaces the parent's or None."""

    def __call__(
        self, parent: Plan, position: int, registry: Registry, *, spec: GenerationSpec | None = None
    ) -> Plan: ...


@dataclass(frozen=True, slots=True)
class _Extension:
    """One way to draw more around a picture: the kind of its job, its plan, and the name of its dialog.

    ``square``: what comes of it is square, and an `--ar` holds no longer.
    """

    kind: JobKind
    plan: Planned
    remix_name: str
    square: bool = False

    @property
    def dialog(self) -> Dialog:
        """Opened in Remix mode."""
        return Dialog(self.remix_name, "Remix Prompt", self.remixed)

    async def press(self, interaction: Interaction, job_id: str, index: int) -> None:
        """Four continuations of the picture."""
        parent = await finished(interaction, job_id)
        self.plan(parent.plan, index, interaction.client.hub.registry)  # may refuse
        file = await picture_of(interaction, parent, index)
        if await remixing(interaction):
            await self.dialog.open(interaction, parent.id, index, prompt=self._prompt(parent))
        else:
            await self._take(interaction, parent, index, file)

    async def remixed(self, interaction: Interaction, job_id: str, index: int, said: Answers) -> None:
        """The dialog came back."""
        parent = await finished(interaction, job_id)
        file = await picture_of(interaction, parent, index)
        await self._take(interaction, parent, index, file, said["prompt"])

    async def _take(
        self, interaction: Interaction, parent: JobRecord, index: int, file: str, prompt: str = ""
    ) -> None:
        registry = interaction.client.hub.registry
        specs = asked_for(interaction, parent, "" if prompt.strip() == self._prompt(parent) else prompt)
        plans = [self.plan(parent.plan, index, registry, spec=spec) for spec in specs]

        async def make(user: User) -> list[Draft]:
            return [
                await self._asked(
                    interaction, parent, child(parent, self.kind, user, index, file, plan=plan), prompt, spec
                )
                for spec, plan in zip(specs, plans, strict=True)
            ]

        await take(interaction, make, private=secret(specs, parent))

    def _prompt(self, parent: JobRecord) -> str:
        """The parent's prompt, as far as it holds for what comes of it."""
        spec = GenerationSpec.from_dict(parent.spec)
        return format_prompt(spec.replace(aspect=None)) if self.square and spec.aspect else parent.shown

    async def _asked(
        self,
        interaction: Interaction,
        parent: JobRecord,
        draft: Draft,
        prompt: str,
        spec: GenerationSpec | None,
    ) -> Draft:
        """The draft with another prompt, if there is one, and no `--ar` that does not hold."""
        draft = await remixed(interaction, parent, draft, prompt, spec)
        said = GenerationSpec.from_dict(draft.spec)
        if not self.square or said.aspect is None:
            return draft
        bare = said.replace(aspect=None)
        plan = draft.plan if spec is None else replace(draft.plan, notes=(*draft.plan.notes, ALWAYS_SQUARE))
        return replace(draft, shown=format_prompt(bare), spec=bare.to_dict(), plan=plan)


def _extension(
    name: str,
    label: str | None,
    emoji: str,
    row: int,
    kind: JobKind,
    plan: Planned,
    shown: Callable[[JobRecord], bool] = on_singles_with_surroundings,
    *,
    square: bool = False,
) -> JobAction:
    way = _Extension(kind, plan, f"{name}_remixed", square)
    return JobAction(
        name=name, press=way.press, label=label, emoji=emoji, row=row, shown=shown, dialogs=(way.dialog,)
    )


async def _custom_zoom(interaction: Interaction, job_id: str, index: int) -> None:
    """The prompt, in which `--zoom` and `--ar` say how the picture is to be framed."""
    parent = await finished(interaction, job_id)
    await picture_of(interaction, parent, index)
    await CUSTOM_ZOOM.open(interaction, parent.id, index, prompt=f"{parent.shown} --zoom 2")


async def _custom_zoomed(interaction: Interaction, job_id: str, index: int, said: Answers) -> None:
    """No `--zoom` in the answer means 2."""
    parent = await finished(interaction, job_id)
    file = await picture_of(interaction, parent, index)
    before = GenerationSpec.from_dict(parent.spec)
    specs = read(interaction, said["prompt"])

    def planned(spec: GenerationSpec) -> Plan:
        zoom = 2.0 if spec.zoom is None else spec.zoom
        # A proportion that was not changed is not asked for: pans and squares have another one by now.
        asked = spec.replace(zoom=None, aspect=None if spec.aspect == before.aspect else spec.aspect)
        return plan_zoom(parent.plan, index, interaction.client.hub.registry, zoom=zoom, spec=asked)

    plans = [planned(spec) for spec in specs]
    shown = [spec.replace(zoom=None) for spec in specs]

    async def make(user: User) -> list[Draft]:
        drafts = [child(parent, JobKind.ZOOM, user, index, file, plan=plan) for plan in plans]
        return [
            await remixed(interaction, parent, draft, said["prompt"], spec)
            for draft, spec in zip(drafts, shown, strict=True)
        ]

    await take(interaction, make, private=secret(specs, parent))


def _not_square(job: JobRecord) -> bool:
    return on_singles_with_surroundings(job) and job.plan.width != job.plan.height


CUSTOM_ZOOM = Dialog("zoom_custom", "Zoom Out", _custom_zoomed, (Field("prompt", "Custom Zoom"),))

ACTIONS = (
    _extension("zoom_far", "Zoom Out 2x", "🔍", 2, JobKind.ZOOM, partial(plan_zoom, zoom=2.0)),
    _extension("zoom_near", "Zoom Out 1.5x", "🔍", 2, JobKind.ZOOM, partial(plan_zoom, zoom=1.5)),
    JobAction(
        name="custom_zoom",
        press=_custom_zoom,
        label="Custom Zoom",
        emoji="🔍",
        row=2,
        shown=on_singles_with_surroundings,
        dialogs=(CUSTOM_ZOOM,),
    ),
    _extension("square", "Make Square", "↔️", 2, JobKind.ZOOM, plan_square, _not_square, square=True),
    _extension("pan_left", None, "⬅️", 3, JobKind.PAN_LEFT, partial(plan_pan, direction=Direction.LEFT)),
    _extension("pan_right", None, "➡️", 3, JobKind.PAN_RIGHT, partial(plan_pan, direction=Direction.RIGHT)),
    _extension("pan_up", None, "⬆️", 3, JobKind.PAN_UP, partial(plan_pan, direction=Direction.UP)),
    _extension("pan_down", None, "⬇️", 3, JobKind.PAN_DOWN, partial(plan_pan, direction=Direction.DOWN)),
)
