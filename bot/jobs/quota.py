"""What a user may still have today: counted from what was given and what is under way.

A model that is not theirs, and a day's work that is used up, are refused; a lane that is not theirs is
changed for one that is, and they are told. Enlarging a kept picture draws nothing and costs nothing. Knows
nothing of Discord.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from bot.errors import Refusal
from bot.jobs.draft import Draft
from bot.jobs.updates import Run
from bot.memory.records import Status
from bot.memory.rules import Allowance, Rules
from bot.memory.usage import DAY, Usage
from engine import Action, Lane, Plan

__all__ = ["Left", "Pass", "Quota", "TurnedAway", "cost"]

FEW = 5  # of a day's pictures are left when they are told with each job: a fifth


_ORDER = {lane: rank for rank, lane in enumerate(Lane)}


class TurnedAway(Refusal):
    """The operators' rules do not allow it to this user, or not today."""

    title = "Daily limit"


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of today for one user, and what they are allowed; None: no bound."""

    allowance: Allowance
    pictures: int | None
    seconds: float | None

    @property
    def sentence(self) -> str:
        """As `/info` says it; empty where there is no bound."""
        parts = []
        if self.pictures is not None:
            parts.append(f"{max(0, self.pictures)} of {self.allowance.pictures} pictures")
        if self.seconds is not None:
            parts.append(f"{max(0.0, self.seconds):.0f} of {self.allowance.seconds} GPU seconds")
        return ", ".join(parts)


class Quota:
    """Says what is left, and lets jobs pass. ``under_way`` are all jobs that are not finished."""

    def __init__(self, rules: Rules, usage: Usage, under_way: Mapping[str, Run]) -> None:
        self._rules = rules
        self._usage = usage
        self._under_way = under_way
        self._coming: Counter[int] = (
            Counter()
        )  # pictures of jobs that were let pass and are not under way yet

    async def left(self, user_id: int, roles: Iterable[int]) -> Left:
        """What a user with these roles may still have today."""
        allowance = self._rules.allowance(user_id, roles)
        if allowance.pictures is None and allowance.seconds is None:
            return Left(allowance, None, None)
        pictures, seconds = await self._usage.today(user_id)
        pictures += self._coming[user_id] + sum(
            cost(run.job.plan)
            for run in self._under_way.values()
            if run.job.user_id == user_id and run.job.status < Status.RENDERED
        )
        return Left(
            allowance,
            None if allowance.pictures is None else allowance.pictures - pictures,
            None if allowance.seconds is None else allowance.seconds - seconds,
        )

    @contextmanager
    def pass_(self, user_id: int, roles: Sequence[int]) -> Iterator[Pass]:
        """The way in for one request; what it lets pass is held until the body has set the jobs going."""
        through = Pass(self, user_id, roles)
        try:
            yield through
        finally:
            self._coming[user_id] -= through.held
            if not self._coming[user_id]:
                del self._coming[user_id]

    def hold(self, user_id: int, pictures: int) -> None:
        """Count pictures that are coming."""
        self._coming[user_id] += pictures


class Pass:
    """One request's way past the rules."""

    def __init__(self, quota: Quota, user_id: int, roles: Sequence[int]) -> None:
        self._quota = quota
        self._user_id = user_id
        self._roles = roles
        self.held = 0

    async def through(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Those of the drafts, from the first on, that the rules let pass. Raises TurnedAway for none."""
        left = await self._quota.left(self._user_id, self._roles)
        for draft in drafts:
            _check_model(draft.plan, left.allowance)
        passed: list[Draft] = []
        for draft in drafts:
            pictures = cost(draft.plan)
            if pictures and (_short(left.pictures, self.held + pictures) or _short(left.seconds, 0.001)):
                break
            self.held += pictures
            passed.append(_in_lane(draft, left.allowance.lanes))
        if drafts and not passed:
            raise TurnedAway(_used_up(left, cost(drafts[0].plan)))
        self._quota.hold(self._user_id, self.held)
        rest = None if left.pictures is None else left.pictures - self.held
        if self.held and rest is not None and rest * FEW <= (left.allowance.pictures or 0):
            passed[-1] = _noted(
                passed[-1], f"{rest} of {left.allowance.pictures} pictures are left for today."
            )
        return passed

    async def drawn(self, plan: Plan) -> None:
        """Let a plan be drawn of which no job comes. Raises TurnedAway."""
        left, pictures = await self._quota.left(self._user_id, self._roles), cost(plan)
        _check_model(plan, left.allowance)
        if pictures and (_short(left.pictures, self.held + pictures) or _short(left.seconds, 0.001)):
            raise TurnedAway(_used_up(left, pictures))
        self.held += pictures
        self._quota.hold(self._user_id, pictures)


def cost(plan: Plan) -> int:
    """How many pictures a plan draws; enlarging a kept one draws none."""
    return 0 if plan.action is Action.UPSCALE else len(plan.seeds)


def _short(left: float | None, wanted: float) -> bool:
    return left is not None and left < wanted


def _check_model(plan: Plan, allowance: Allowance) -> None:
    model = plan.model
    if cost(plan) and allowance.models is not None and model not in allowance.models:
        names = ", ".join(f"`{name}`" for name in sorted(allowance.models)) or "none"
        raise TurnedAway(f"`{model}` is not open to you here. You may use: {names}.", "Not allowed")


def _in_lane(draft: Draft, lanes: frozenset[Lane] | None) -> Draft:
    if lanes is None or draft.lane in lanes or not lanes:
        return draft
    # The next slower one, else the slowest of those that are open.
    slower = [each for each in Lane if each in lanes]
    lane = next((each for each in slower if _ORDER[each] > _ORDER[draft.lane]), slower[-1])
    return _noted(replace(draft, lane=lane), f"Drawn in {lane} mode; {draft.lane} is not open to you here.")


def _noted(draft: Draft, note: str) -> Draft:
    return replace(draft, plan=replace(draft.plan, notes=(*draft.plan.notes, note)))


def _used_up(left: Left, pictures: int) -> str:
    tomorrow = int((time.time() // DAY + 1) * DAY)
    return (
        f"You have {left.sentence} left today, and this takes {pictures} pictures."
        f" The next day begins <t:{tomorrow}:R>. Deleting or cancelling gives nothing back."
    )
