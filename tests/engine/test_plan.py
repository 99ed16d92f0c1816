"""From what the user said to what will be done."""

import json
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine import (
    Action,
    Conditioning,
    Direction,
    NoRoom,
    Plan,
    Registry,
    plan_again,
    plan_imagine,
    plan_pan,
    plan_redo,
    plan_refine,
    plan_region,
    plan_reroll,
    plan_square,
    plan_upscale,
    plan_vary,
    plan_zoom,
)
from engine.planning.plan import PICTURES
from engine.planning.seeds import picture_seeds
from engine.planning.sizes import tile_size
from grammar import parse
from grammar.spec import GenerationSpec
from grammar.values import Part

MODELS = """
[[model]]
name = "small"
title = "Small"
family = "sd"
source = "./small"
side = 256
multiple = 32
max_ratio = 3.0
steps = 12
guidance = 4.0
style = "watercolour"
styles = { cute = "cute, pastel", original = "" }
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder = tmp_path_factory.mktemp("models")
    (folder / "small").mkdir()
    (folder / "small" / "words.txt").write_text("a\nred\nhouse\nfox\n房\n")
    (folder / "models.toml").write_text(MODELS)
    return Registry.load(extra=folder / "models.toml")


def planned(registry: Registry, **said: object) -> Plan:
    said.setdefault("parts", (Part("a red house"),))
    return plan_imagine(GenerationSpec(**said), registry, model="small", seed=3)  # type: ignore[arg-type]


class TestImagine:
    def test_a_bare_prompt_gets_every_default(self, registry: Registry) -> None:
        plan = planned(registry)
        assert plan == Plan(
            action=Action.IMAGINE,
            model="small",
            revision=None,
            conditionings=(Conditioning("a red house", 1.0),),
            width=256,
            height=256,
            steps=12,
            stop_step=12,
            guidance=4.0,
            seeds=picture_seeds(3, PICTURES),
            style="watercolour",
            style_weight=0.1,
            effort=12,
        )

    def test_json_gives_an_equal_plan_back(self, registry: Registry) -> None:
        plan = planned(registry, chaos=50, weird=300, tile=True, no=("a fox",), stop=60, stylize=0)
        assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan

    def test_effects_become_shares(self, registry: Registry) -> None:
        plan = planned(registry, chaos=25, weird=1500, stylize=750, tile=True)
        assert (plan.chaos, plan.weird, plan.style_weight, plan.tile) == (0.25, 0.5, 0.75, True)

    @pytest.mark.parametrize(("quality", "steps"), [(0.25, 3), (0.5, 6), (1, 12), (2, 24)])
    def test_quality_is_steps(self, registry: Registry, quality: float, steps: int) -> None:
        plan = planned(registry, quality=quality)
        assert (plan.steps, plan.stop_step) == (steps, steps)

    def test_stop_runs_only_the_first_steps(self, registry: Registry) -> None:
        plan = planned(registry, stop=25)
        assert (plan.steps, plan.stop_step) == (12, 3)

    def test_parts_keep_their_weights_and_no_is_minus_a_half(self, registry: Registry) -> None:
        plan = planned(registry, parts=(Part("a house", 2.0), Part("a fox", -0.25)), no=("red", "fox"))
        assert [(c.text, c.weight) for c in plan.conditionings] == [
            ("a house", 2.0),
            ("a fox", -0.25),
            ("red", -0.5),
            ("fox", -0.5),
        ]

    def test_a_flood_of_parts_is_cut_and_said(self, registry: Registry) -> None:
        plan = planned(registry, parts=tuple(Part("a fox", 1 + i % 3) for i in range(2000)))
        assert len(plan.conditionings) == 8
        assert "heaviest" in plan.notes[0]

    def test_words_a_small_model_does_not_know_are_left_out_and_named(self, registry: Registry) -> None:
        plan = planned(registry, parts=(Part("a Cyberpunk red house, 8k"),), no=("blur",))
        assert plan.conditionings == (Conditioning("a red house,"),)
        assert plan.notes == ("small does not know: Cyberpunk, 8k, blur.",)
        assert plan.unknown == ("Cyberpunk", "8k", "blur")
        assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan

    def test_no_text_at_all_still_draws(self, registry: Registry) -> None:
        assert planned(registry, parts=()).conditionings == (Conditioning(""),)

    def test_the_specs_seed_goes_before_the_arguments(self, registry: Registry) -> None:
        assert planned(registry, seed=9).seeds[0] == 9

    def test_sameseed_gives_all_four_one_seed(self, registry: Registry) -> None:
        assert planned(registry, sameseed=5).seeds == (5, 5, 5, 5)

    @pytest.mark.parametrize(("style", "text"), [("cute", "cute, pastel"), ("original", ""), ("raw", "")])
    def test_style_puts_another_text_in_the_house_styles_place(
        self, registry: Registry, style: str, text: str
    ) -> None:
        plan = planned(registry, style=style)
        assert plan.style == text
        assert (plan.style_weight > 0) == bool(text)

    def test_an_unknown_style_is_said(self, registry: Registry) -> None:
        assert "--style scenic" in planned(registry, style="scenic").notes[0]

    def test_pictures_without_words_draw_away_from_what_is_unwanted(self, registry: Registry) -> None:
        (spec,) = parse("https://a.com/x.png https://b.com/y.png --no red")
        plan = plan_imagine(spec, registry, model="small")
        assert plan.conditionings == (Conditioning(""), Conditioning("red", -0.5))

    def test_image_prompts_grow_with_their_weight(self, registry: Registry) -> None:
        weights = [0.5, 1, 2, 3]
        strengths = [planned(registry, images=("https://x/a.png",), iw=iw).strength for iw in weights]
        assert strengths == sorted(strengths, reverse=True)
        assert planned(registry, images=("https://x/a.png",), iw=0).strength is None

    def test_what_has_no_effect_is_said(self, registry: Registry) -> None:
        assert "--exp" in planned(registry, exp=5).notes[0]

    def test_so_is_how_the_prompt_was_read(self, registry: Registry) -> None:
        (spec,) = parse("a fox like https://a.com/x.png Steps: 20, Seed: 5 --loop")
        first = plan_imagine(spec, registry, model="small")
        remix = plan_vary(first, 1, registry, strong=True, spec=spec)
        for said in ("`Steps: 20`", "`https://a.com/x.png`", "`--loop`"):
            assert any(said in note for note in first.notes)
            assert any(said in note for note in remix.notes)

    @pytest.mark.parametrize("said", ["--p", "--motion low", "--loop", "--bs 1", "--exp 4"])
    def test_so_it_is_of_everything_that_the_table_calls_idle(self, registry: Registry, said: str) -> None:
        (spec,) = parse(f"a fox {said}")
        notes = plan_imagine(spec, registry, model="small").notes
        assert f"`{said.split()[0]}`: understood, but without effect here." in notes

    @pytest.mark.parametrize("said", [{"chaos": 50}, {"weird": 100}])
    def test_a_pictures_own_seed_gives_it_again_or_a_note_says_why_not(
        self, registry: Registry, said: dict[str, object]
    ) -> None:
        words = {"muses": ("in snow",), "oddities": ("upside down",)}
        registry = Registry(tuple(replace(entry, **words) for entry in registry.entries))  # type: ignore[arg-type]
        third = planned(registry).seeds[2]
        assert planned(registry, seed=third).seeds[0] == third
        assert planned(registry, seed=third).notes == ()
        (note,) = planned(registry, seed=third, **said).notes
        assert "whole grid" in note
        assert planned(registry, **said).notes == ()

    def test_so_it_is_of_a_zoom_outside_its_dialog(self, registry: Registry) -> None:
        (spec,) = parse("a fox --zoom 1.5")
        first = plan_imagine(spec, registry, model="small")
        for plan in (first, plan_vary(first, 1, registry, strong=True, spec=spec)):
            assert any("`--zoom` acts in the dialog of Custom Zoom only" in note for note in plan.notes)
        inside = plan_zoom(first, 1, registry, zoom=1.5, spec=spec.replace(zoom=None))
        assert not any("--zoom" in note for note in inside.notes)


class TestLaterJobs:
    def test_a_reroll_draws_a_new_seed_and_keeps_the_rest(self, registry: Registry) -> None:
        spec = GenerationSpec(parts=(Part("a fox"),), seed=7, chaos=10)
        again = [plan_reroll(spec, registry, model="small") for _ in range(2)]
        assert again[0].seeds != again[1].seeds
        assert 7 not in {plan.seeds[0] for plan in again}
        assert again[0].chaos == 0.1

    def test_variations_are_nearer_when_subtle(self, registry: Registry) -> None:
        parent = planned(registry, aspect=(3, 2))
        subtle, strong = (plan_vary(parent, 3, registry, strong=strong, seed=1) for strong in (False, True))
        assert subtle.action is Action.VARY
        assert subtle.strength is not None
        assert strong.strength is not None
        assert subtle.strength < strong.strength < 1
        assert (subtle.width, subtle.height) == (parent.width, parent.height)
        assert len(set(subtle.seeds) | set(parent.seeds)) == 8

    def test_a_model_says_how_far_its_strong_variations_go(self) -> None:
        registry = Registry.load()
        far = replace(registry, entries=(replace(registry.get("pocket"), strong=0.92),))
        parent = plan_imagine(GenerationSpec(parts=(Part("a fox"),)), registry, seed=1)
        assert plan_vary(parent, 1, registry, strong=True).strength == 0.75
        plan = plan_vary(parent, 1, far, strong=True)
        assert plan.strength == 0.92
        assert plan.stop_step == plan.steps - 1

    def test_a_remix_replaces_what_was_said_and_keeps_the_model(self, registry: Registry) -> None:
        parent = planned(registry, chaos=50, stylize=0)
        spec = GenerationSpec(parts=(Part("a fox"),), no=("red",), weird=3000)
        plan = plan_vary(parent, 1, registry, strong=True, spec=spec)
        assert plan.conditionings == (Conditioning("a fox"), Conditioning("red", -0.5))
        assert (plan.model, plan.chaos, plan.weird, plan.style_weight) == ("small", 0.0, 1.0, 0.1)

    def test_enough_steps_run_however_faint_the_noise(self, registry: Registry) -> None:
        plan = plan_vary(planned(registry, quality=0.5), 1, registry, strong=False)
        assert plan.strength is not None
        assert plan.stop_step == int(plan.steps * plan.strength) >= 6

    def test_an_upscale_is_twice_the_tile_and_one_picture(self, registry: Registry) -> None:
        parent = planned(registry, aspect=(2, 3))
        plan = plan_upscale(parent, 2)
        assert (plan.width, plan.height) == (2 * parent.width, 2 * parent.height)
        assert plan.seeds == (parent.seeds[1],)
        assert plan_vary(plan, 1, registry, strong=True).width == parent.width

    def test_upscales_upon_upscales_are_varied_at_the_models_own_size(self, registry: Registry) -> None:
        parent = planned(registry, aspect=(2, 3))
        twice = plan_upscale(plan_upscale(parent, 2), 1)
        assert (twice.width, twice.scale) == (4 * parent.width, 4)
        assert plan_vary(twice, 1, registry, strong=True).width == parent.width
        assert plan_pan(twice, 1, registry, direction=Direction.UP).width == parent.width

    def test_details_are_drawn_anew_faintly_and_by_one_seed(self, registry: Registry) -> None:
        parent = planned(registry)
        plan = plan_refine(parent, 2, registry, seed=5)
        assert (plan.action, plan.width, plan.scale, plan.seeds) == (Action.REFINE, 512, 2, (5,))
        assert plan.strength == registry.get("small").refine
        assert plan.stop_step == plan.running >= 5

    def test_an_upscale_is_done_again_from_what_it_came_from(self, registry: Registry) -> None:
        parent = plan_upscale(planned(registry), 2)
        subtle, creative = plan_upscale(parent, 1), plan_refine(parent, 1, registry, seed=1)
        assert plan_redo(subtle, registry, creative=False) == subtle
        for plan in (subtle, creative):
            again = plan_redo(plan, registry, creative=True, seed=2)
            assert again == replace(creative, seeds=(2,))

    def test_what_is_later_made_of_a_faint_job_takes_no_more_steps(self, registry: Registry) -> None:
        parent = planned(registry)
        subtle = plan_vary(parent, 1, registry, strong=False)
        refined = plan_refine(parent, 1, registry)
        zoomed = plan_zoom(parent, 1, registry, zoom=2.0)
        steps = plan_vary(parent, 1, registry, strong=True).steps
        for plan in (subtle, refined, zoomed):
            assert plan_vary(plan, 1, registry, strong=True).steps == steps

    @pytest.mark.parametrize("position", [0, 5])
    def test_a_picture_that_does_not_exist_is_refused(self, registry: Registry, position: int) -> None:
        with pytest.raises(ValueError, match="picture"):
            plan_upscale(planned(registry), position)


class TestAround:
    """Zoom, pan, square, region: what of a plan is carried over, and that nothing is left implicit."""

    def test_a_plan_with_a_canvas_survives_json_and_pickling(self, registry: Registry) -> None:
        parent = planned(registry, aspect=(3, 2), chaos=30)
        for plan in (
            plan_zoom(parent, 1, registry, zoom=1.5, seed=1),
            plan_pan(parent, 1, registry, direction=Direction.LEFT, seed=1),
            plan_square(parent, 1, registry, seed=1),
            plan_region(parent, 1, registry, parts=frozenset({0, 4}), seed=1),
            plan_refine(parent, 1, registry, seed=1),
        ):
            assert Plan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan
            assert pickle.loads(pickle.dumps(plan)) == plan

    def test_plans_of_an_earlier_version_can_still_be_read(self, registry: Registry) -> None:
        upscaled = plan_upscale(planned(registry), 1)
        for plan in (planned(registry), upscaled):
            kept = plan.to_dict()
            for name in ("scale", "canvas", "calm", "effort"):
                del kept[name]
            assert replace(Plan.from_dict(kept), effort=12) == plan

    def test_the_same_seed_gives_the_same_plan(self, registry: Registry) -> None:
        parent = planned(registry)
        first, again = (plan_zoom(parent, 1, registry, zoom=2.0, seed=4) for _ in range(2))
        assert first == again
        assert len(set(first.seeds)) == PICTURES
        assert (
            plan_zoom(parent, 1, registry, zoom=2.0).seeds != plan_zoom(parent, 1, registry, zoom=2.0).seeds
        )

    def test_what_only_goes_on_is_drawn_calmly_and_what_is_new_is_not(self, registry: Registry) -> None:
        parent = planned(registry)
        spec = GenerationSpec(parts=(Part("a fox"),), seed=9)
        plain = plan_zoom(parent, 1, registry, zoom=2.0)
        other = plan_zoom(parent, 1, registry, zoom=2.0, spec=spec)
        assert plain.calm < other.calm == 1.0
        assert plain.strength is not None
        assert other.strength is not None
        assert plain.strength < other.strength
        assert other.conditionings == (Conditioning("a fox"),)
        assert other.seeds[0] == 9
        assert plan_vary(plain, 1, registry, strong=True).calm == 1.0
        assert plan_vary(plain, 1, registry, strong=True).canvas is None

    def test_the_old_words_in_another_frame_go_on_calmly(self, registry: Registry) -> None:
        parent = planned(registry)
        spec = GenerationSpec(parts=(Part("a red house"),), aspect=(3, 2))
        plan = plan_zoom(parent, 1, registry, zoom=1.0, spec=spec)
        assert plan.calm < 1
        assert plan.canvas is not None
        assert plan.canvas.margin > 0

    def test_a_region_is_drawn_from_nothing_and_keeps_the_tile(self, registry: Registry) -> None:
        parent = planned(registry, tile=True)
        plan = plan_region(parent, 1, registry, parts=frozenset({4}))
        assert (plan.strength, plan.calm, plan.tile) == (1.0, 1.0, True)
        assert not plan_zoom(parent, 1, registry, zoom=2.0).tile

    def test_stop_stops_as_early_as_before(self, registry: Registry) -> None:
        plan = plan_zoom(planned(registry, stop=50), 1, registry, zoom=2.0)
        assert plan.stopped
        assert plan.stop_step == round(plan.running / 2)

    def test_again_is_the_same_with_other_seeds(self, registry: Registry) -> None:
        plan = plan_pan(planned(registry), 1, registry, direction=Direction.UP)
        again = plan_again(plan, registry)
        assert replace(again, seeds=plan.seeds) == plan
        assert again.seeds != plan.seeds

    def test_another_proportion_is_another_tile(self, registry: Registry) -> None:
        spec = GenerationSpec(parts=(Part("a fox"),), aspect=(3, 2))
        plan = plan_zoom(planned(registry), 1, registry, zoom=1.0, spec=spec)
        assert (plan.width, plan.height) == tile_size(registry.get("small"), 1.5)[:2]
        assert plan.canvas is not None
        assert plan.canvas.picture.height == plan.height

    def test_nothing_new_is_refused(self, registry: Registry) -> None:
        with pytest.raises(NoRoom):
            plan_zoom(planned(registry), 1, registry, zoom=1.0)
        with pytest.raises(NoRoom):
            plan_square(planned(registry), 1, registry)


class TestSizes:
    @pytest.mark.parametrize(
        "ratio", [(1, 1), (3, 2), (2, 3), (16, 9), (9, 16), (4, 5), (2, 1), (21, 9), (7, 4)]
    )
    @pytest.mark.parametrize("model", ["pocket", "small", "sd-1.5", "sdxl", "flux-dev"])
    def test_the_proportion_holds_at_about_the_native_area(
        self, registry: Registry, model: str, ratio: tuple[int, int]
    ) -> None:
        entry = registry.get(model)
        width, height, notes = tile_size(entry, ratio[0] / ratio[1])
        assert width % entry.multiple == 0 == height % entry.multiple
        assert width / height == pytest.approx(ratio[0] / ratio[1], rel=0.05)
        assert width * height == pytest.approx(entry.side**2, rel=0.25)
        assert notes == ()

    @pytest.mark.parametrize(
        ("ratio", "size"),
        [((1, 1), (1024, 1024)), ((16, 9), (1456, 816)), ((2, 3), (896, 1344)), ((21, 9), (1680, 720))],
    )
    def test_large_models_use_midjourneys_tiles(
        self, registry: Registry, ratio: tuple[int, int], size: tuple[int, int]
    ) -> None:
        assert tile_size(registry.get("sdxl"), ratio[0] / ratio[1])[:2] == size

    def test_a_longer_picture_than_the_model_draws_is_cut_and_said(self, registry: Registry) -> None:
        width, height, notes = tile_size(registry.get("small"), 1 / 1000)
        assert height / width == pytest.approx(3, rel=0.1)
        assert "3:1" in notes[0]


class TestSeeds:
    def test_neighbouring_seeds_share_no_picture(self) -> None:
        assert not set(picture_seeds(7, 4)) & set(picture_seeds(8, 4))

    def test_the_same_seed_gives_the_same_seeds_in_range(self) -> None:
        for seed in (0, 1, 2**32 - 1):
            seeds = picture_seeds(seed, 4)
            assert seeds == picture_seeds(seed, 4)
            assert seeds[0] == seed
            assert len(set(seeds)) == 4
            assert all(0 <= s < 2**32 for s in seeds)


def test_planning_loads_no_torch() -> None:
    code = (
        "import sys, engine, engine.pictures.provenance; engine.Registry.load().get('sdxl').on_this_machine()"
    )
    loaded = (
        f"{code}; print([m for m in ('torch', 'diffusers', 'transformers', 'numpy') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True, cwd=root)
    assert ran.stdout.strip() == "[]"


def test_a_name_of_the_past_is_answered_with_a_sentence(registry: Registry) -> None:
    (spec,) = parse("a fox --upbeta")
    assert any("--upbeta" in note for note in plan_imagine(spec, registry, model="small").notes)
