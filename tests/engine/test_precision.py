"""The shipped model in bfloat16: the pictures of float32 to the eye, the same in any company."""

from dataclasses import replace

import pytest
import torch
from PIL import Image

from engine import Plan, Registry, drawing, plan_imagine
from engine.drawing import LoadedModel
from engine.pictures.psnr import psnr
from engine.planning.sizes import tile_size
from engine.sharing.batching import Batcher, Task, install
from grammar import parse

pytestmark = pytest.mark.usefixtures("two_threads")

REGISTRY = Registry.load()


@pytest.fixture(scope="module")
def half() -> LoadedModel:
    model = drawing.load(REGISTRY.get("pocket"), "cpu", torch.bfloat16)
    install(model.denoisers[0], "pocket")
    return model


def planned(prompt: str, seed: int) -> Plan:
    (spec,) = parse(prompt)
    plan = plan_imagine(spec, REGISTRY, model="pocket", seed=seed)
    return replace(plan, seeds=plan.seeds[:2])


PLANS = [
    planned("a red house on grass", 1),
    planned("two blue fish --s 400", 2),
    planned("a star --no red", 3),
]


def drawn(model: LoadedModel, plan: Plan) -> list[Image.Image]:
    return drawing.run(model, plan, [], lambda step, steps, latents: None)


def likeness(one: list[Image.Image], other: list[Image.Image]) -> float:
    """PSNR in dB of the pair that differs most."""
    return min(psnr(a, b) for a, b in zip(one, other, strict=True))


def test_pictures_in_bfloat16_are_those_of_float32_to_the_eye(half: LoadedModel) -> None:
    full = drawing.load(REGISTRY.get("pocket"), "cpu")
    assert min(likeness(drawn(half, plan), drawn(full, plan)) for plan in PLANS) >= 40


def test_pictures_in_bfloat16_do_not_depend_on_the_company(half: LoadedModel) -> None:
    alone = [drawn(half, plan) for plan in PLANS]
    tasks = [Task(lambda plan=plan: drawn(half, plan)) for plan in PLANS]
    batcher = Batcher()
    for task in tasks:
        task.resume()
    while calls := [task.call for task in tasks if task.call is not None]:
        batcher.run([call for call in calls if call.key == calls[0].key])
    assert batcher.forwards < batcher.calls
    assert min(likeness(a, task.value) for a, task in zip(alone, tasks, strict=True)) >= 40


def test_no_tile_is_so_small_that_attention_has_a_single_token(half: LoadedModel) -> None:
    """Two threads would share that one's keys by place, and a row's bits depend on it."""
    unet, vae = half.pipe.unet.config, half.pipe.vae.config
    deepest = 2 ** (len(vae.block_out_channels) - 1 + len(unet.block_out_channels) - 1)
    for percent in range(10, 1001, 5):
        width, height, _ = tile_size(half.entry, percent / 100)
        assert min(width, height) > deepest
