"""All that a prompt asks for, put into a plan that has its frame: model, size, seeds and source already.

The same for a new prompt and for one in the place of a parent's. Knows nothing of how the frame came about.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.planning.embeddings import embeddings_of
from engine.planning.entries import ModelEntry
from engine.planning.looking import likeness_of, references_for, with_words
from engine.planning.loras import loras_of, words_of
from engine.planning.plan import Action, Plan, running, scheduled
from engine.planning.prompts import (
    conditionings_of,
    effort_of,
    given,
    look_of,
    muses_of,
    oddity_of,
    style_of,
    unknown_words,
)
from engine.planning.registry import Registry

if TYPE_CHECKING:
    from grammar.spec import GenerationSpec

__all__ = ["asked_for", "stepped"]


def asked_for(
    plan: Plan, spec: GenerationSpec, entry: ModelEntry, registry: Registry
) -> tuple[Plan, tuple[str, ...], tuple[str, ...]]:
    """The plan with what the spec says, what to tell of its words, and of what it names besides.

    An edit has no house style. Steps are not counted anew, see `stepped`.
    """
    conditionings, said = conditionings_of(spec, entry)
    style, unknown_style = ("", ()) if plan.action is Action.EDIT else style_of(spec, entry)
    loras, unknown_loras = loras_of(spec, entry, registry.loras, style)
    references, unknown_references = references_for(spec, entry, registry.adapters)
    words, weight, replaced = look_of(spec, entry, registry, style, references)
    texts = [words_of(style), *(part.text for part in conditionings)]
    embeddings, unread = embeddings_of(texts, entry, registry.embeddings)
    chaos, weird = given(spec.chaos, 0) / 100, given(spec.weird, 0) / 3000
    plan = replace(
        plan,
        conditionings=with_words(conditionings, references),
        style=words,
        style_weight=weight,
        chaos=chaos,
        weird=weird,
        muses=plan.muses or (muses_of(entry, plan.seeds) if chaos else ()),
        oddity=plan.oddity or (oddity_of(entry, plan.seeds) if weird else ""),
        effort=effort_of(spec, entry),
        unknown=unknown_words(spec, entry),
        loras=loras,
        embeddings=embeddings,
        references=references,
        unmet=bool(unknown_references),
        likeness=plan.likeness or likeness_of(entry, references),
    )
    return plan, said, (*unknown_style, *unknown_loras, *unread, *unknown_references, *replaced)


def stepped(plan: Plan, spec: GenerationSpec) -> Plan:
    """The plan with as many steps as its effort and its source ask for, and `--stop` leaves."""
    steps = scheduled(plan.effort, plan.strength)
    stop = max(1, round(running(steps, plan.strength) * given(spec.stop, 100) / 100))
    return replace(plan, steps=steps, stop_step=stop)
