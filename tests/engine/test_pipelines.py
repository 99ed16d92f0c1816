"""Unmodified pipelines of each family, on tiny random models: pixels, steps, what depends on what."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from engine import (
    BadPicture,
    Conditioning,
    EngineError,
    ModelUnavailable,
    Plan,
    Registry,
    drawing,
    plan_upscale,
    plan_vary,
)
from engine.drawing import LoadedModel
from engine.pictures.decoding import to_png
from grammar.values import Part
from tests.engine import tiny
from tests.engine.tiny import planned


def drawn(model: LoadedModel, plan: Plan, *inputs: Image.Image) -> list[np.ndarray]:
    with drawing.forward_mode(plan).applied(model):
        pictures = drawing.run(model, plan, [to_png(i) for i in inputs], lambda *_: None)
    return [np.asarray(picture, dtype=np.int16) for picture in pictures]


def only(model: LoadedModel) -> Registry:
    """A registry with nothing but this model."""
    return Registry((model.entry,))


def apart(one: list[np.ndarray], other: list[np.ndarray]) -> int:
    """The largest difference of any pixel, in levels of 255."""
    return max(int(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))


def a_picture(side: int = tiny.SIDE) -> Image.Image:
    return Image.linear_gradient("L").resize((side, side)).convert("RGB")


class TestImagine:
    def test_four_different_pictures_of_the_planned_size(self, each: LoadedModel) -> None:
        pictures = drawn(each, planned(each, aspect=(3, 2)))
        plan = planned(each, aspect=(3, 2))
        assert [p.shape for p in pictures] == [(plan.height, plan.width, 3)] * 4
        assert all(apart([pictures[0]], [p]) > 0 for p in pictures[1:])

    def test_equal_plans_give_equal_pictures_and_leave_no_trace(self, each: LoadedModel) -> None:
        plan = planned(each)
        first = drawn(each, plan)
        drawn(each, planned(each, tile=True, chaos=80, no=("red",), stop=50))
        assert apart(first, drawn(each, plan)) == 0

    def test_a_picture_depends_on_its_own_seed_only(self, each: LoadedModel) -> None:
        plan = planned(each)
        third = drawn(each, replace(plan, seeds=plan.seeds[2:3]))
        assert apart(third, drawn(each, plan)[2:3]) <= 1

    def test_every_step_is_reported_with_the_picture_to_come(self, each: LoadedModel) -> None:
        told: list[tuple[int, int]] = []
        shapes = set()

        def report(step: int, steps: int, latents: torch.Tensor | None) -> None:
            told.append((step, steps))
            assert latents is not None
            shapes.add(tuple(latents.shape))

        plan = planned(each)
        drawing.run(each, plan, [], report)
        assert told == [(step, plan.steps) for step in range(1, plan.steps + 1)]
        (shape,) = shapes
        assert shape[0] == 4
        assert shape[2:] == (tiny.SIDE // 8, tiny.SIDE // 8) or shape[2:] == (
            tiny.SIDE // 16,
            tiny.SIDE // 16,
        )

    def test_stop_runs_fewer_steps(self, each: LoadedModel) -> None:
        told: list[tuple[int, int]] = []
        drawing.run(each, planned(each, stop=50), [], lambda step, steps, _: told.append((step, steps)))
        assert told == [(1, 2), (2, 2)]

    @pytest.mark.parametrize(
        "said", [{"stylize": 900}, {"chaos": 60}, {"weird": 2000}, {"no": ("snow",)}, {"tile": True}]
    )
    def test_each_parameter_changes_the_pictures(self, each: LoadedModel, said: dict[str, object]) -> None:
        bare = drawn(each, planned(each, stylize=0))
        assert apart(bare, drawn(each, planned(each, **({"stylize": 0} | said)))) > 0

    def test_effects_at_zero_are_the_bare_prompt(self, each: LoadedModel) -> None:
        plan = planned(each, stylize=0, chaos=0, weird=0)
        assert apart(drawn(each, plan), drawn(each, replace(plan, style="", muses=(), oddity=""))) == 0

    def test_more_guidance_is_no_use_without_words(self, each: LoadedModel) -> None:
        if not each.family.guided:
            pytest.skip("distilled guidance is an input of the model")
        plan = planned(each, parts=(), stylize=0)
        if each.entry.family == "sdxl":
            pytest.skip("its absent text is zeros, not the empty text")
        assert apart(drawn(each, plan), drawn(each, replace(plan, guidance=9.0))) == 0

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
    def test_numbers_that_overflow_are_a_clear_failure_and_no_black_picture(
        self, each: LoadedModel, number: float
    ) -> None:
        weights = next(each.pipe.vae.decoder.parameters())
        before = weights.detach().clone()
        try:
            with torch.no_grad():
                weights.fill_(number)
            with pytest.raises(EngineError, match="EASEL_PRECISION"):
                drawn(each, planned(each))
        finally:
            with torch.no_grad():
                weights.copy_(before)


class TestSeveralTexts:
    def test_a_text_beside_itself_is_itself(self, each: LoadedModel) -> None:
        plan = planned(each)
        doubled = replace(
            plan, conditionings=(Conditioning("a red house", 3.0), Conditioning("a red house", 1.0))
        )
        assert apart(drawn(each, plan), drawn(each, doubled)) <= 2

    def test_only_the_ratio_of_weights_counts(self, each: LoadedModel) -> None:
        plans = [planned(each, parts=(Part("a fox", 1.0 * k), Part("snow", 2.0 * k)), no=()) for k in (1, 3)]
        assert apart(drawn(each, plans[0]), drawn(each, plans[1])) <= 1

    def test_a_negative_part_undoes_its_positive_twin(self, model: Callable[[str], LoadedModel]) -> None:
        sd = model("sd")
        parts = (
            Part("a fox", 1.0),
            Part("red snow", 0.5),
            Part("red snow", -0.25),
        )  # negative weights count double, at this guidance
        undone = drawn(sd, replace(planned(sd, stylize=0, parts=parts), guidance=6.0))
        alone = planned(sd, stylize=0, parts=(Part("a fox"),))
        assert apart(undone, drawn(sd, replace(alone, guidance=6.0 / 1.5))) <= 2


class TestFromAPicture:
    def test_subtle_variations_stay_nearer_than_strong_ones(
        self, model: Callable[[str], LoadedModel]
    ) -> None:
        sd = model("sd")
        parent = planned(sd)
        source = a_picture()
        decoded = drawn(
            sd,
            replace(plan_vary(parent, 1, only(sd), strong=False, seed=1), strength=0.01, steps=100),
            source,
        )
        distances = [
            np.mean([np.abs(p - d).mean() for p, d in zip(drawn(sd, plan, source), decoded, strict=True)])
            for plan in (plan_vary(parent, 1, only(sd), strong=strong, seed=1) for strong in (False, True))
        ]
        assert 0 < distances[0] < distances[1]

    def test_exactly_the_planned_steps_run(self, each: LoadedModel) -> None:
        plan = plan_vary(planned(each), 2, only(each), strong=False, seed=1)
        told: list[int] = []
        drawing.run(each, plan, [to_png(a_picture())], lambda step, steps, _: told.append(steps - step))
        assert told == list(range(plan.running))[::-1]

    def test_image_prompts_are_a_beginning_for_imagine(self, each: LoadedModel) -> None:
        plan = planned(each, images=("https://example.org/a.png", "https://example.org/b.png"))
        one, two = a_picture(), Image.new("RGB", (200, 90), "red")
        assert apart(drawn(each, plan, one, one), drawn(each, plan, one, two)) > 0

    def test_a_missing_source_is_said(self, model: Callable[[str], LoadedModel]) -> None:
        sd = model("sd")
        with pytest.raises(BadPicture, match="missing"):
            drawn(sd, plan_vary(planned(sd), 1, only(sd), strong=True))

    def test_an_upscale_is_that_picture_at_twice_its_size(self, model: Callable[[str], LoadedModel]) -> None:
        sd = model("sd")
        plan = plan_upscale(planned(sd), 4)
        (large,) = drawn(sd, plan, a_picture())
        assert large.shape == (plan.height, plan.width, 3)


class TestUnknownFamilies:
    def test_any_pipeline_draws_from_plain_text(self, model: Callable[[str], LoadedModel]) -> None:
        auto = model("auto")
        told: list[tuple[int, int]] = []
        pictures = drawing.run(auto, planned(auto), [], lambda step, steps, _: told.append((step, steps)))
        assert [p.size for p in pictures] == [(tiny.SIDE, tiny.SIDE)] * 4
        assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]

    def test_it_varies_a_picture_too(self, model: Callable[[str], LoadedModel]) -> None:
        auto = model("auto")
        plan = plan_vary(planned(auto), 1, only(auto), strong=True)
        assert len(drawn(auto, plan, a_picture())) == 4


class TestLoading:
    def test_a_missing_folder_is_unavailable(self, tmp_path: Path) -> None:
        with pytest.raises(ModelUnavailable, match="not in its folder"):
            drawing.load(tiny.entry("sd", tmp_path / "nowhere"), "cpu")

    def test_texts_are_encoded_once(self, model: Callable[[str], LoadedModel]) -> None:
        sd = model("sd")
        assert sd.texts is not None
        plan = planned(sd, parts=(Part("two foxes in snow"),))
        drawn(sd, plan)
        before = sd.texts.encoded
        drawn(sd, replace(plan, seeds=(8, 9, 10, 11)))
        assert sd.texts.encoded == before


def test_precision_is_what_was_asked_for_or_what_the_device_computes_fastest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert drawing.dtype_of("fp32", "cpu") is torch.float32
    assert drawing.dtype_of("fp16", "cuda:0") is torch.float16
    for able, fastest in (
        ({}, torch.float32),
        ({"avx512_bf16": True}, torch.bfloat16),
        ({"amx_bf16": True}, torch.bfloat16),
    ):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=able: able)
        assert drawing.dtype_of("auto", "cpu") is fastest
