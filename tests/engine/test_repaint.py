"""What is kept and what is drawn: the pixels of real pictures, and of every family on tiny models."""

import copy
import io
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
)
from PIL import Image

from engine import (
    BadPicture,
    Direction,
    EngineError,
    Margins,
    NoRoom,
    Plan,
    Registry,
    drawing,
    plan_imagine,
    plan_painted,
    plan_pan,
    plan_refine,
    plan_region,
    plan_square,
    plan_upscale,
    plan_vary,
    plan_zoom,
)
from engine.drawing import LoadedModel
from engine.drawing.repaint import Held, Scene
from engine.drawing.tiles import Tiles
from engine.pictures.decoding import to_png
from engine.pictures.masks import mask_of
from engine.pictures.psnr import psnr
from engine.planning.canvas import Box
from engine.sharing.batching import Batcher, Task, install
from grammar import parse
from pocket.world import scenes as world
from pocket.world.draw import draw
from tests.engine import tiny

REGISTRY = Registry.load()
SEAM = 8
"""How far, in pixels of a 256-pixel tile, the seam may reach into what is kept."""

Pixels = np.ndarray


@pytest.fixture(scope="module")
def pocket() -> LoadedModel:
    return drawing.load(REGISTRY.get("pocket"), "cpu")


def planned(prompt: str) -> Plan:
    (spec,) = parse(f"{prompt} --s 0 --q .5")
    return plan_imagine(spec, REGISTRY, seed=5)


def drawn(model: LoadedModel, plan: Plan, *inputs: Image.Image) -> list[Pixels]:
    with drawing.forward_mode(plan).applied(model):
        pictures = drawing.run(model, plan, [to_png(i) for i in inputs], lambda *_: None)
    return [np.asarray(picture, dtype=np.float64) for picture in pictures]


def one(plan: Plan) -> Plan:
    """The plan's first picture alone: as good as four, in a quarter of the time."""
    return replace(plan, seeds=plan.seeds[:1], muses=plan.muses[:1])


def kept(plan: Plan, picture: Pixels, margin: int = SEAM) -> Pixels:
    """What lies where the source was put, without the seam on those sides that have one."""
    box = plan.canvas.picture
    left, top, right, bottom = (
        box.left + (margin if box.left else 0),
        box.top + (margin if box.top else 0),
        box.left + box.width - (margin if box.left + box.width < plan.width else 0),
        box.top + box.height - (margin if box.top + box.height < plan.height else 0),
    )
    return picture[top:bottom, left:right]


def source_there(plan: Plan, source: Image.Image) -> Pixels:
    """The source as it should stand on the canvas, by another hand."""
    box = plan.canvas.picture
    canvas = np.zeros((plan.height, plan.width, 3))
    scaled = source.resize((box.width, box.height), Image.Resampling.LANCZOS)
    canvas[box.top : box.top + box.height, box.left : box.left + box.width] = np.asarray(scaled)
    return canvas


@pytest.fixture(scope="module")
def house(pocket: LoadedModel) -> Image.Image:
    (picture,) = drawn(pocket, one(planned("a red house on grass")))
    return Image.fromarray(picture.astype(np.uint8))


EXTENSIONS: dict[str, Callable[[Plan], Plan]] = {
    "zoom 2": lambda parent: plan_zoom(parent, 1, REGISTRY, zoom=2.0, seed=3),
    "zoom 1.5": lambda parent: plan_zoom(parent, 1, REGISTRY, zoom=1.5, seed=3),
    "left": lambda parent: plan_pan(parent, 1, REGISTRY, direction=Direction.LEFT, seed=3),
    "down": lambda parent: plan_pan(parent, 1, REGISTRY, direction=Direction.DOWN, seed=3),
}


class TestPocket:
    @pytest.mark.parametrize("way", EXTENSIONS)
    def test_the_picture_stays_as_it_is_within_new_surroundings(
        self, pocket: LoadedModel, house: Image.Image, way: str
    ) -> None:
        plan = one(EXTENSIONS[way](planned("a red house on grass")))
        (picture,) = drawn(pocket, plan, house)
        assert picture.shape == (plan.height, plan.width, 3)
        assert psnr(kept(plan, picture), kept(plan, source_there(plan, house))) >= 40

    def test_what_is_new_goes_on_with_the_scene(self, pocket: LoadedModel, house: Image.Image) -> None:
        plan = one(plan_pan(planned("a red house on grass"), 1, REGISTRY, direction=Direction.RIGHT, seed=3))
        (picture,) = drawn(pocket, plan, house)
        before, after = picture[:, 230:256], picture[:, 256:282]
        assert np.abs(before.mean(axis=(1)) - after.mean(axis=1)).mean() < 24
        jump = np.abs(picture[:, 256] - picture[:, 255]).mean()
        assert jump < 3 * np.abs(np.diff(picture[:, 200:320], axis=1)).mean() + 4

    def test_an_upscaled_picture_is_put_back_pixel_by_pixel(
        self, pocket: LoadedModel, house: Image.Image
    ) -> None:
        parent = planned("a red house on grass")
        large_plan = plan_upscale(parent, 1)
        (large,) = drawn(pocket, large_plan, house)
        plan = one(plan_pan(large_plan, 1, REGISTRY, direction=Direction.LEFT, seed=3))
        (picture,) = drawn(pocket, plan, Image.fromarray(large.astype(np.uint8)))
        assert psnr(kept(plan, picture), np.asarray(house, dtype=np.float64)[:, SEAM:]) >= 40

    def test_a_square_keeps_the_middle(self, pocket: LoadedModel) -> None:
        parent = planned("a red house on grass --ar 3:2")
        wide = Image.fromarray(drawn(pocket, one(parent))[0].astype(np.uint8))
        plan = one(plan_square(parent, 1, REGISTRY, seed=3))
        (picture,) = drawn(pocket, plan, wide)
        assert picture.shape == (320, 320, 3)
        assert psnr(kept(plan, picture), np.asarray(wide, dtype=np.float64)[SEAM:-SEAM]) >= 40

    @pytest.mark.parametrize("margins", [Margins(), Margins(left=0.4)])
    def test_only_what_is_painted_changes(
        self, pocket: LoadedModel, house: Image.Image, margins: Margins
    ) -> None:
        parent = planned("a yellow circle")
        plan = one(plan_painted(parent, 1, REGISTRY, margins=margins, masked=True, seed=3))
        painted = Image.new("L", (512, 512))
        painted.paste(255, (240, 180, 470, 330))  # over most of the house
        mask = mask_of(to_png(painted), (plan.width, plan.height), plan.canvas.picture)
        (picture,) = (
            np.asarray(each, dtype=np.float64)
            for each in drawing.run(pocket, plan, [to_png(house), mask], lambda *_: None)
        )
        here = kept(plan, picture, 0)
        before = np.asarray(house, dtype=np.float64)
        outside = np.ones(before.shape[:2], dtype=bool)
        outside[90 - SEAM : 165 + SEAM, 120 - SEAM : 235 + SEAM] = False
        outside[:, : SEAM if margins.left else 0] = False
        assert psnr(here[outside], before[outside]) >= 40
        assert psnr(here[90:165, 120:235], before[90:165, 120:235]) < 30
        assert picture.shape[1] == (368 if margins.left else 256)

    @pytest.mark.parametrize("right", [0.0, 0.25])
    def test_what_is_left_of_a_cut_picture_keeps_its_pixels(
        self, pocket: LoadedModel, house: Image.Image, right: float
    ) -> None:
        margins = Margins(left=-0.25, right=right)
        parent = planned("a yellow circle")
        plan = one(plan_painted(parent, 1, REGISTRY, margins=margins, masked=True, seed=3))
        painted = Image.new("L", (256, 256))
        painted.paste(255, (20, 10, 160, 100))
        mask = mask_of(to_png(painted), (plan.width, plan.height), plan.canvas.picture)
        (picture,) = (
            np.asarray(each, dtype=np.float64)
            for each in drawing.run(pocket, plan, [to_png(house), mask], lambda *_: None)
        )
        before = np.asarray(house, dtype=np.float64)[:, 64:]
        assert picture.shape == (256, 256 if right else 192, 3)
        outside = np.ones(before.shape[:2], dtype=bool)
        outside[: 100 + SEAM, : 96 + SEAM] = False
        outside[:, 192 - (SEAM if right else 0) :] = False
        assert psnr(picture[:, :192][outside], before[outside]) >= 40
        assert psnr(picture[10:100, :96], before[10:100, :96]) < 30

    def test_what_is_cut_small_is_seen_enlarged(self, pocket: LoadedModel, house: Image.Image) -> None:
        margins = Margins(-0.25, -0.25, -0.25, -0.25)
        plan = one(plan_painted(planned("a star"), 1, REGISTRY, margins=margins, masked=True, seed=3))
        mask = Image.new("L", (256, 256))
        mask.paste(255, (64, 64, 100, 100))
        fit = mask_of(to_png(mask), (plan.width, plan.height), plan.canvas.picture)
        (picture,) = drawing.run(pocket, plan, [to_png(house), fit], lambda *_: None)
        large = house.resize((352, 352), Image.Resampling.LANCZOS).crop((88, 88, 264, 264))
        assert picture.size == (176, 176)
        assert psnr(np.asarray(picture)[66:], np.asarray(large)[66:]) >= 40

    def test_the_mask_is_white_where_it_was_painted_and_nowhere_else(self) -> None:
        painted = Image.new("RGB", (50, 40))
        painted.paste("white", (10, 0, 30, 20))
        mask = Image.open(io.BytesIO(mask_of(to_png(painted), (160, 96), Box(48, 16, 100, 80))))
        assert (mask.mode, mask.size) == ("1", (160, 96))
        assert mask.getbbox() == (68, 16, 108, 56)
        with pytest.raises(BadPicture, match="Nothing is painted"):
            mask_of(to_png(Image.new("RGB", (50, 40))), (160, 96), Box(48, 16, 100, 80))

    def test_a_plan_that_draws_nothing_new_is_refused(self) -> None:
        with pytest.raises(NoRoom, match="nothing new"):
            plan_painted(planned("a red house"), 1, REGISTRY, margins=Margins(), masked=False)
        with pytest.raises(NoRoom, match="as well"):
            plan_painted(planned("a red house"), 1, REGISTRY, margins=Margins(left=-0.2), masked=False)

    def test_only_the_region_changes(self, pocket: LoadedModel, house: Image.Image) -> None:
        plan = one(plan_region(planned("a yellow circle"), 1, REGISTRY, parts=frozenset({0, 1}), seed=3))
        (picture,) = drawn(pocket, plan, house)
        before = np.asarray(house, dtype=np.float64)
        bottom, right = round(256 / 3), round(512 / 3)
        assert psnr(picture[bottom + SEAM :], before[bottom + SEAM :]) >= 40
        assert psnr(picture[:, right + SEAM :], before[:, right + SEAM :]) >= 40
        assert psnr(picture[:bottom, :right], before[:bottom, :right]) < 30

    def test_the_same_plan_gives_the_same_pixels_and_another_seed_others(
        self, pocket: LoadedModel, house: Image.Image
    ) -> None:
        plan = one(plan_region(planned("a red house on grass"), 1, REGISTRY, parts=frozenset({4}), seed=3))
        first, again = drawn(pocket, plan, house)[0], drawn(pocket, plan, house)[0]
        assert np.array_equal(first, again)
        assert not np.array_equal(first, drawn(pocket, replace(plan, seeds=(4,)), house)[0])

    def test_a_creative_upscale_is_the_same_scene_with_other_details(
        self, pocket: LoadedModel, house: Image.Image
    ) -> None:
        parent = planned("a red house on grass")
        (plain,) = drawn(pocket, plan_upscale(parent, 1), house)
        plan = plan_refine(parent, 1, REGISTRY, seed=3)
        told: list[tuple[int, int]] = []
        with drawing.forward_mode(plan).applied(pocket):
            (picture,) = drawing.run(
                pocket, plan, [to_png(house)], lambda step, steps, _: told.append((step, steps))
            )
        creative = np.asarray(picture, dtype=np.float64)
        assert creative.shape == plain.shape == (512, 512, 3)
        assert 30 < psnr(creative, plain) < 60
        steps = [step for step, _ in told]
        assert steps == sorted(steps)
        assert told[-1][0] == told[-1][1]
        assert {whole for _, whole in told} == {told[-1][1]}

    @pytest.mark.parametrize(
        ("words", "scene"),
        [
            ("a blue car in the desert", world.Scene((world.Thing("car", "blue"),), "desert")),
            (
                "a red heart above a yellow star on a teal background",
                world.Scene(
                    (world.Thing("heart", "red"), world.Thing("star", "yellow")), "plain", "teal", "above"
                ),
            ),
            ("three pink flowers at sunset", world.Scene((world.Thing("flower", "pink", 3),), "sunset")),
        ],
    )
    def test_a_creative_upscale_is_as_near_to_the_scene_as_a_subtle_one(
        self, pocket: LoadedModel, words: str, scene: world.Scene
    ) -> None:
        true = draw(scene, 512, 512, Random(1))
        small, parent = true.reduce(2), planned(words)
        (subtle,) = drawn(pocket, plan_upscale(parent, 1), small)
        (creative,) = drawn(pocket, plan_refine(parent, 1, REGISTRY, seed=3), small)
        there = np.asarray(true, dtype=np.float64)
        assert not np.array_equal(creative, subtle)
        assert psnr(creative, there) >= psnr(subtle, there) - 0.5


class TestTogether:
    def test_what_is_drawn_around_a_picture_shares_forwards_with_what_is_drawn_from_text(
        self, pocket: LoadedModel, house: Image.Image
    ) -> None:
        parent = one(planned("a red house on grass"))
        plans = {"zoom": one(EXTENSIONS["zoom 2"](parent)), "text": parent}
        alone = {name: drawn(pocket, plan, house) for name, plan in plans.items()}
        for index, module in enumerate(pocket.denoisers):
            install(module, f"pocket/{index}", (4, 8))
        batcher = Batcher()
        tasks = {
            name: Task(lambda plan=plan: drawing.run(pocket, plan, [to_png(house)], lambda *_: None))
            for name, plan in plans.items()
        }
        for task in tasks.values():
            task.resume()
        while pending := [task.call for task in tasks.values() if task.call is not None]:
            batcher.run([call for call in pending if call.key == pending[0].key])
        assert batcher.forwards < batcher.calls
        for name, task in tasks.items():
            assert task.error is None
            together = np.asarray(task.value[0], dtype=np.float64)
            assert psnr(together, alone[name][0]) >= 40


def a_picture(side: int = tiny.SIDE) -> Image.Image:
    return Image.radial_gradient("L").resize((side, side)).convert("RGB")


class TestEveryFamily:
    def test_a_pan_keeps_its_picture_and_draws_the_rest(self, each: LoadedModel) -> None:
        registry = Registry((each.entry,))
        plan = plan_pan(tiny.planned(each), 1, registry, direction=Direction.RIGHT, seed=3)
        pictures = drawn(each, plan, a_picture())
        assert [p.shape for p in pictures] == [(64, 96, 3)] * 4
        for picture in pictures:
            assert psnr(picture[:, :56], np.asarray(a_picture(), dtype=np.float64)[:, :56]) >= 40
        assert not np.array_equal(pictures[0][:, 64:], pictures[1][:, 64:])

    def test_stopping_early_keeps_it_too(self, each: LoadedModel) -> None:
        registry = Registry((each.entry,))
        plan = plan_zoom(tiny.planned(each, stop=50), 1, registry, zoom=2.0, seed=3)
        assert plan.stopped
        (picture, *_) = drawn(each, plan, a_picture())
        scaled = source_there(plan, a_picture())
        assert psnr(kept(plan, picture, 6), kept(plan, scaled, 6)) >= 40

    def test_a_creative_upscale_is_twice_as_large(self, each: LoadedModel) -> None:
        (picture,) = drawn(
            each, plan_refine(tiny.planned(each), 1, Registry((each.entry,)), seed=3), a_picture()
        )
        assert picture.shape == (128, 128, 3)

    def test_variations_of_what_was_extended_vary_all_of_it(self, each: LoadedModel) -> None:
        registry = Registry((each.entry,))
        plan = plan_pan(tiny.planned(each), 1, registry, direction=Direction.UP, seed=3)
        varied = plan_vary(plan, 1, registry, strong=True, seed=4)
        (picture, *_) = drawn(each, varied, a_picture().resize((64, 96)))
        assert picture.shape == (96, 64, 3)


def test_a_model_of_an_unknown_family_draws_around_a_picture_too(model: Callable[[str], LoadedModel]) -> None:
    auto = model("auto")
    plan = plan_zoom(tiny.planned(auto), 1, Registry((auto.entry,)), zoom=2.0)
    picture, *_ = drawn(auto, plan, a_picture())
    assert psnr(kept(plan, picture, 6), kept(plan, source_there(plan, a_picture()), 6)) >= 40


def test_a_missing_picture_is_said(model: Callable[[str], LoadedModel]) -> None:
    sd = model("sd")
    with pytest.raises(BadPicture, match="missing"):
        drawn(sd, plan_zoom(tiny.planned(sd), 1, Registry((sd.entry,)), zoom=2.0))


def half_kept() -> Image.Image:
    keep = Image.new("L", (64, 64))
    keep.paste(255, (0, 0, 32, 64))
    return keep


SCHEDULERS = (
    DDIMScheduler(beta_schedule="scaled_linear"),
    EulerDiscreteScheduler(beta_schedule="scaled_linear"),
    DPMSolverMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=4.0),
    FlowMatchEulerDiscreteScheduler(shift=3.0),
)


class TestHeld:
    @pytest.mark.parametrize("kind", SCHEDULERS, ids=lambda kind: type(kind).__name__)
    def test_what_is_held_has_the_noise_of_its_step(self, kind: Any) -> None:
        """By the pipelines' own order of calls: begin, step, put back; against a scheduler nobody touched."""
        scheduler, fresh = copy.deepcopy(kind), copy.deepcopy(kind)
        generator = torch.Generator().manual_seed(0)
        clean, noise, guess, sample = (torch.randn(2, 4, 8, 8, generator=generator) for _ in range(4))

        def noised(by: Any, timestep: torch.Tensor) -> torch.Tensor:
            if hasattr(by, "scale_noise"):
                return by.scale_noise(clean, timestep.expand(2), noise)
            return by.add_noise(clean, noise, timestep.expand(2))

        for each in (scheduler, fresh):
            each.set_timesteps(4)
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(0)
        held = Held(scheduler, half_kept())
        begun = noised(scheduler, scheduler.timesteps[0])
        assert torch.allclose(begun, noised(fresh, fresh.timesteps[0]))
        stepped = scheduler.step(guess, scheduler.timesteps[0], sample).prev_sample
        back = held.put_back(stepped, 0.25, scheduler.timesteps[1])
        assert torch.allclose(back[..., :4], noised(fresh, fresh.timesteps[1])[..., :4], atol=1e-5)
        assert torch.equal(back[..., 4:], stepped[..., 4:])
        assert torch.equal(held.put_back(stepped, 1.0, None)[..., :4], clean[..., :4])

    def test_what_is_held_in_part_is_let_go_when_its_share_is_over(self) -> None:
        scheduler = FlowMatchEulerDiscreteScheduler()
        scheduler.set_timesteps(4)
        held = Held(scheduler, Image.new("L", (64, 64), 128))
        clean = torch.ones(1, 4, 8, 8)
        scheduler.scale_noise(clean, scheduler.timesteps[:1], torch.zeros_like(clean))
        free = torch.full_like(clean, 7.0)
        assert torch.equal(held.put_back(free, 0.25, None), clean)
        assert torch.equal(held.put_back(free, 0.75, None), free)

    def test_a_pipeline_that_begins_otherwise_is_refused(self) -> None:
        held = Held(FlowMatchEulerDiscreteScheduler(), half_kept())
        with pytest.raises(EngineError, match="part of a picture"):
            held.put_back(torch.zeros(1, 4, 8, 8), 0.5, None)


class TestScene:
    def plan(self, model: LoadedModel) -> Plan:
        return plan_zoom(tiny.planned(model), 1, Registry((model.entry,)), zoom=2.0)

    def test_what_is_not_there_yet_is_begun_with_what_is_beside_it(
        self, model: Callable[[str], LoadedModel]
    ) -> None:
        halves = Image.new("RGB", (64, 64), "blue")
        halves.paste("green", (0, 32, 64, 64))
        start = np.asarray(Scene(self.plan(model("sd")), [to_png(halves)]).start)
        assert np.array_equal(start[:31], np.full((31, 64, 3), (0, 0, 255)))
        assert np.array_equal(start[33:], np.full((31, 64, 3), (0, 128, 0)))

    def test_a_hole_is_begun_with_what_is_around_it(self, model: Callable[[str], LoadedModel]) -> None:
        sd = model("sd")
        plan = plan_region(tiny.planned(sd), 1, Registry((sd.entry,)), parts=frozenset({4}))
        picture = Image.new("RGB", (64, 64), (200, 80, 40))
        picture.paste("black", (22, 22, 42, 42))
        start = np.asarray(Scene(plan, [to_png(picture)]).start, dtype=int)
        assert np.abs(start[24:40, 24:40] - (200, 80, 40)).max() <= 1

    def test_only_the_seam_shows_both(self, model: Callable[[str], LoadedModel]) -> None:
        scene = Scene(self.plan(model("sd")), [to_png(Image.new("RGB", (64, 64), "white"))])
        done = np.asarray(scene.finished(Image.new("RGB", (64, 64), "black")))
        assert (done[20:44, 20:44] == 255).all()
        assert done[:15].max() <= 24
        assert done[:, :15].max() <= 24


class TestTiles:
    @pytest.mark.parametrize("size", [(512, 512), (640, 416), (256, 256), (1024, 300)])
    def test_untouched_tiles_are_the_picture(self, size: tuple[int, int]) -> None:
        noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        picture = Image.fromarray(noise)
        tiles = Tiles(size, 256, 208)
        assert np.array_equal(np.asarray(tiles.joined(tiles.cut(picture))), noise)

    def test_neighbours_overlap_so_that_no_seam_shows(self) -> None:
        tiles = Tiles((512, 256), 256, 256)
        assert len(tiles.places) == 3
        painted = [Image.new("RGB", (256, 256), (100 + 20 * index,) * 3) for index in range(3)]
        row = np.asarray(tiles.joined(painted), dtype=int)[128, :, 0]
        assert np.abs(np.diff(row)).max() <= 2
