"""Several texts steering one picture, beside jobs that share its forwards."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from engine import Conditioning, Plan, drawing
from engine.drawing import LoadedModel
from engine.sharing.batching import Batcher, Call, Task, install
from grammar.values import Part
from tests.engine.tiny import planned


def side_by_side(model: LoadedModel, plans: list[Plan]) -> tuple[list[list[np.ndarray]], Batcher]:
    """The plans' pictures, rendered step by step together."""
    batcher = Batcher()
    tasks = [Task(lambda plan=plan: drawing.run(model, plan, [], lambda *_: None)) for plan in plans]
    for task in tasks:
        task.resume()
    while waiting := [task for task in tasks if task.call is not None]:
        groups: dict[object, list[Call]] = {}
        for task in waiting:
            assert task.call is not None
            groups.setdefault(task.call.key, []).append(task.call)
        for calls in groups.values():
            batcher.run(calls)
    for task in tasks:
        if task.error:
            raise task.error
    return [[np.asarray(picture, dtype=np.int16) for picture in task.value] for task in tasks], batcher


def test_weighted_prompts_share_forwards_with_plain_ones_and_look_as_alone(each: LoadedModel) -> None:
    plans = [
        planned(each),
        planned(each, parts=(Part("a fox", 2.0), Part("snow", 1.0)), no=("red",)),
        planned(each, no=("grass",), chaos=40),
    ]
    alone = [drawing.run(each, plan, [], lambda *_: None) for plan in plans]
    for denoiser in each.denoisers:
        install(denoiser, "tiny")
    together, batcher = side_by_side(each, plans)
    assert batcher.forwards < batcher.calls
    for pictures, wanted in zip(together, alone, strict=True):
        for picture, want in zip(pictures, wanted, strict=True):
            assert np.abs(picture - np.asarray(want, dtype=np.int16)).max() <= 1


def without_words(model: LoadedModel, **said: Any) -> Plan:
    """A plan of no words, as image prompts alone come to."""
    plan = replace(planned(model), style_weight=0.0, conditionings=(Conditioning(""),))
    return replace(plan, **said)


def apart(model: LoadedModel, one: Plan, other: Plan) -> float:
    pictures = [drawing.run(model, plan, [], lambda *_: None) for plan in (one, other)]
    ours, theirs = (np.stack([np.asarray(each, dtype=np.int16) for each in drawn]) for drawn in pictures)
    return float(np.abs(ours - theirs).max())


def test_without_words_too_a_picture_is_led_away_from_what_is_not_wanted(each: LoadedModel) -> None:
    away = (Conditioning(""), Conditioning("two foxes in snow", -0.5))
    assert apart(each, without_words(each, conditionings=away), without_words(each)) > 1


def test_without_words_too_the_style_takes_whole_steps(each: LoadedModel) -> None:
    styled = without_words(each, style="watercolour", style_weight=1.0, stepwise=True)
    said = without_words(each, conditionings=(Conditioning("watercolour"),))
    assert apart(each, styled, said) <= 1


def test_the_shared_denoiser_is_left_as_it_was(each: LoadedModel) -> None:
    before = [type(denoiser) for denoiser in each.denoisers]
    padding = [m.padding_mode for d in each.denoisers for m in d.modules() if isinstance(m, torch.nn.Conv2d)]
    with drawing.forward_mode(planned(each, tile=True)).applied(each):
        drawing.run(each, planned(each, tile=True, no=("red",)), [], lambda *_: None)
    assert [type(denoiser) for denoiser in each.denoisers] == before
    assert padding == [
        m.padding_mode for d in each.denoisers for m in d.modules() if isinstance(m, torch.nn.Conv2d)
    ]
