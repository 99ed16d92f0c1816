"""What is a row of a denoiser's call: a call of two pictures and one of three say so, by what grows."""

import copy
from typing import Any

import pytest
import torch

from engine.families import FAMILIES, Family
from engine.sharing.calls import Arguments
from tests.families.tiny import NEEDS, SIDE, STOCK, TINY
from tests.families.tiny.stock import taken

ONE_AT_A_TIME = {
    "prx": "its pipeline draws one picture a call",
    "nucleus": "its pipeline lists a shape for each picture of a call; the engine draws one a call",
    "glm-image": "its tokens are drawn by chance",
}


class Seen(Exception):
    """A denoiser was called so."""


def called(
    pipe: Any, family: Family, name: str, pictures: int
) -> tuple[Any, tuple[Any, ...], dict[str, Any]]:
    """The first call of the denoiser when so many pictures are drawn."""
    light = copy.copy(pipe)
    part = next(each for each in family.denoisers if getattr(pipe, each, None) is not None)
    module = getattr(pipe, part)
    seen = copy.copy(module)

    def heard(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise Seen(args, kwargs)

    seen.__class__ = type(type(module).__name__, (type(module),), {"__call__": heard})
    vars(light)[part] = seen
    said: dict[str, Any] = {
        "prompt": "a red house",
        "num_images_per_prompt": pictures,
        "width": SIDE,
        "height": SIDE,
        "num_inference_steps": 2,
        "use_resolution_binning": False,
        "clean_caption": False,
        "intermediate_timesteps": None,
        family.scale: 3.0,
    } | STOCK.get(name, {})
    if family.scale == "true_cfg_scale":
        said["negative_prompt"] = ""
    takes = taken(pipe)
    with pytest.raises(Seen) as told:
        light(**{key: value for key, value in said.items() if key in takes})
    args, kwargs = told.value.args
    return type(module).forward, args, kwargs


@pytest.mark.parametrize("name", [n for n, f in FAMILIES.items() if n in TINY and not f.part])
def test_what_grows_with_the_pictures_is_a_row_and_nothing_else_is(name: str) -> None:
    if name in NEEDS:
        pytest.importorskip(NEEDS[name], reason=f"{name} needs {NEEDS[name]}")
    if name in ONE_AT_A_TIME:
        pytest.skip(ONE_AT_A_TIME[name])
    family, pipe = FAMILIES[name], TINY[name]()
    two, three = (Arguments(*called(pipe, family, name, count), family.axes) for count in (2, 3))
    assert three.rows * 2 == two.rows * 3
    for one, other, kind in zip(two.leaves, three.leaves, two.kinds, strict=True):
        if not isinstance(one, torch.Tensor):
            continue
        grown = [axis for axis, (a, b) in enumerate(zip(one.shape, other.shape, strict=True)) if a != b]
        assert grown == {"row": [0], "column": [1], "same": []}[kind], (tuple(one.shape), kind)
