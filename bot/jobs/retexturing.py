"""Retexture: another look on the structure of a picture of a finished job, held by a control of its model.

What the button does in Discord, and the page beside a picture. Knows nothing of either.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bot.errors import Refusal
from bot.jobs.continuations import Continuations, child
from bot.jobs.draft import Draft
from bot.jobs.drafting import Drafting
from bot.memory.people import User
from bot.memory.picture_files import size_of
from bot.memory.records import JobKind, JobRecord
from engine import STRENGTH, EngineError, Plan, check_retexture, plan_retexture
from grammar import GenerationSpec

__all__ = ["LEAST", "MOST", "Retexturing", "strength_of"]

LEAST, MOST = 0.1, 2.0
"""How strongly a control may be told to hold a structure."""


@dataclass(frozen=True, slots=True)
class Retexturing:
    """Drafts of pictures in another look."""

    drafting: Drafting
    continuations: Continuations

    async def why_not(self, parent: JobRecord) -> str:
        """Why the model of a job's pictures cannot do it here, as a sentence; empty where it can."""
        try:  # which controls are on this machine is read from the disk
            await asyncio.to_thread(check_retexture, self.drafting.registry, parent.plan.model)
        except EngineError as error:  # no control, or the model is no longer known
            return str(error)
        return ""

    async def drafts(
        self,
        user: User,
        parent: JobRecord,
        index: int,
        prompt: str,
        specs: Sequence[GenerationSpec],
        *,
        strength: float,
    ) -> list[Draft]:
        """Four pictures a spec on the structure of a picture; ``strength`` (0.1–2) is how closely it is kept.

        Raises NoControl, Gone and PictureGone.
        """
        file = await self.continuations.picture_of(parent, index)
        before = GenerationSpec.from_dict(parent.spec).aspect
        # A proportion that was left as it stood is not asked for: the picture has its own.
        specs = [spec.replace(aspect=None) if spec.aspect == before else spec for spec in specs]
        size = size_of(await self.drafting.pictures.read(file))
        plans = await self._plans(parent, size, specs, strength)
        drafts = [child(parent, JobKind.RETEXTURE, user, index, file, plan=plan) for plan in plans]
        return [
            await self.continuations.remixed(user, parent, draft, prompt, spec)
            for draft, spec in zip(drafts, specs, strict=True)
        ]

    async def _plans(
        self, parent: JobRecord, size: tuple[int, int], specs: Sequence[GenerationSpec], strength: float
    ) -> list[Plan]:
        registry, model = self.drafting.registry, parent.plan.model

        def planned(spec: GenerationSpec) -> Plan:
            return plan_retexture(spec, registry, size, model=model, strength=strength)

        # Which controls are on this machine is read from the disk.
        return [await asyncio.to_thread(planned, spec) for spec in specs]


def strength_of(typed: str) -> float:
    """The strength that was typed, a comma being as good as a point; empty: the usual one. Raises Refusal."""
    typed = typed.strip()
    if not typed:
        return STRENGTH
    try:
        strength = float(typed.replace(",", "."))
    except ValueError:
        strength = 0.0
    if not LEAST <= strength <= MOST:
        raise Refusal(f"“{typed[:20]}” is no number from {LEAST:g} to {MOST:g}.", "Invalid parameter")
    return strength
