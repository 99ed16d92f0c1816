"""A model's own safety checker: kept where it is wanted, and what it hides is told."""

from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from PIL import Image
from transformers import CLIPConfig, CLIPImageProcessor

from engine import Job, Registry, drawing, plan_imagine
from engine.drawing import LoadedModel, safety
from engine.errors import Unsafe
from engine.process.finishing import finished
from grammar import parse
from tests.engine import stub, tiny

ALWAYS, NEVER = -2.0, 2.0
"""Thresholds of a cosine."""


def random_checker(threshold: float) -> StableDiffusionSafetyChecker:
    small = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2, "num_hidden_layers": 1}
    vision = small | {"image_size": 32, "patch_size": 16}
    checker = StableDiffusionSafetyChecker(
        CLIPConfig(text_config=small, vision_config=vision, projection_dim=16)
    )
    for weights in (checker.concept_embeds_weights, checker.special_care_embeds_weights):
        weights.data.fill_(threshold)
    return checker


def model(path: Path, threshold: float, *, checked: bool = True) -> LoadedModel:
    plain = StableDiffusionPipeline.from_pretrained(
        tiny.folder("sd", path),
        safety_checker=random_checker(threshold),
        feature_extractor=CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32),
        requires_safety_checker=True,
    )
    plain.save_pretrained(path)
    return drawing.load(tiny.entry("sd", path), "cpu", checked=checked)


def drawn(model: LoadedModel) -> tuple[list[Image.Image], list[torch.Tensor | None]]:
    [spec] = parse("a red square --seed 5")
    plan = plan_imagine(spec, Registry((model.entry,)), model=model.entry.name)
    estimates: list[torch.Tensor | None] = []
    pictures = drawing.run(model, plan, (), lambda done, steps, estimate: estimates.append(estimate))
    return pictures, estimates


def test_what_the_checker_objects_to_is_answered_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unsafe, match=r"safety checker .* Please try other words\."):
        drawn(model(tmp_path, ALWAYS))


def test_what_the_checker_lets_pass_is_drawn_as_without_one_and_not_shown_before(tmp_path: Path) -> None:
    pictures, estimates = drawn(model(tmp_path / "one", NEVER))
    without, shown = drawn(model(tmp_path / "two", NEVER, checked=False))
    assert [p.tobytes() for p in pictures] == [p.tobytes() for p in without]
    assert all(estimate is None for estimate in estimates)
    assert any(estimate is not None for estimate in shown)


def test_a_checker_that_is_not_wanted_is_not_asked(tmp_path: Path) -> None:
    pictures, _ = drawn(model(tmp_path, ALWAYS, checked=False))
    assert len(pictures) == 4


def test_one_hidden_picture_of_four_is_told() -> None:
    pictures = safety.passed(
        [Image.new("RGB", (8, 8))] * 3 + [Image.new("RGB", (8, 8))], [False] * 3 + [True]
    )
    job = Job("j", stub.plan(), "ada")
    assert finished(pictures, job).notes == ("The model's safety checker hid 1 of the 4 pictures.",)
    assert finished(pictures[:3], job).notes == ()


def test_where_everything_may_be_shown_the_checker_is_not_asked(tmp_path: Path) -> None:
    strict = model(tmp_path, ALWAYS)
    pictures, estimates = drawn(safety.unchecked(strict))
    assert len(pictures) == 4
    assert any(estimate is not None for estimate in estimates)
    with pytest.raises(Unsafe):
        drawn(strict)
