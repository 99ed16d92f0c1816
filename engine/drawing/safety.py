"""The safety checker that a pipeline brings along: whether it is kept, and what becomes of what it hides.

A checker blacks out the pictures it objects to. Where one is kept, nothing is shown before it has looked.
Knows nothing of how pictures are drawn or of what the checker looks for.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from PIL import Image

from engine.drawing.estimate import OnStep
from engine.drawing.model import LoadedModel, put
from engine.drawing.unread import MARK
from engine.errors import Unsafe
from engine.families import Family

__all__ = ["CHECKER", "checks", "hidden", "like", "options", "passed", "unchecked", "unseen"]

CHECKER = "The model's safety checker"

_HIDDEN = "hidden"
"""The mark on a picture that was blacked out, in its ``info``."""


def options(family: Family, wanted: bool) -> dict[str, Any]:
    """What loading is told: nothing keeps a checker where there is one."""
    if wanted or not family.checker:
        return {}
    return {"safety_checker": None, "requires_safety_checker": False}


def checks(pipe: Any) -> bool:
    """Whether a pipeline has a checker."""
    return getattr(pipe, "safety_checker", None) is not None


def unchecked(model: LoadedModel) -> LoadedModel:
    """The same model without its checker, for a place where everything may be shown."""
    if not checks(model.pipe):
        return model
    return replace(
        model,
        pipe=_bare(model.pipe),
        image_pipe=model.image_pipe and _bare(model.image_pipe),
        later=tuple(replace(each, pipe=_bare(each.pipe)) for each in model.later),
    )


def _bare(pipe: Any) -> Any:
    light = copy.copy(pipe)
    put(light, "safety_checker", None)
    return light


def unseen(report: OnStep) -> OnStep:
    """The same report without estimates: no preview is made of what was not checked."""
    return lambda done, steps, _: report(done, steps, None)


def passed(pictures: Sequence[Image.Image], flags: Sequence[bool] | None) -> list[Image.Image]:
    """The pictures, those marked that the checker blacked out. Raises Unsafe when it left none."""
    if flags and all(flags):
        raise Unsafe(f"{CHECKER} let none of the pictures pass. Please try other words.")
    for picture, flag in zip(pictures, flags or (), strict=False):
        if flag:
            picture.info[_HIDDEN] = True
    return list(pictures)


def like(picture: Image.Image, changed: Image.Image) -> Image.Image:
    """``changed``, marked as the picture is that it was made of."""
    for mark in {_HIDDEN, MARK} & picture.info.keys():
        changed.info[mark] = picture.info[mark]
    return changed


def hidden(picture: Image.Image) -> bool:
    """Whether the checker blacked out the picture, or a part of it."""
    return _HIDDEN in picture.info
