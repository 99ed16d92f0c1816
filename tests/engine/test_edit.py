"""What is planned for a picture that is to be changed: who does it, at what size, and what is told."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine import Action, CannotEdit, Plan, Registry, plan_edit, plan_imagine, plan_upscale, plan_vary
from engine.pictures.unchanged import kept
from engine.process.check import check
from engine.process.warm_up import warm_up_jobs
from grammar import GenerationSpec, parse
from tests.families.tiny import TINY

PICTURE = (320, 208)


def spec(prompt: str):
    [only] = parse(prompt)
    return only


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the weights of a model that edits."""
    folder = tmp_path_factory.mktemp("weights")
    TINY["instruct-pix2pix"]().save_pretrained(folder)
    return folder


def here(weights: Path, *names: str) -> Registry:
    """The list, its models of these names on this machine, the others not."""
    listed = Registry.load()
    nowhere = weights / "nowhere"
    return replace(
        listed,
        entries=tuple(
            replace(entry, folder=weights if entry.name in names else nowhere) for entry in listed.entries
        ),
    )


def test_a_picture_keeps_its_proportion_and_words_alone_steer_it(weights):
    plan = plan_edit(spec("make it night"), here(weights, "instruct-pix2pix"), PICTURE, model="sd-1.5")
    assert plan.action is Action.EDIT
    assert plan.model == "instruct-pix2pix"
    assert abs(plan.width / plan.height - 320 / 208) < 0.03
    assert [part.text for part in plan.conditionings] == ["make it night"]
    assert (plan.style_weight, plan.chaos, plan.weird, plan.strength) == (0, 0, 0, None)
    assert (plan.edits, plan.likeness, len(set(plan.seeds))) == (1, 1.5, 4)
    assert Plan.from_dict(plan.to_dict()) == plan


def test_who_does_it_in_the_place_of_a_model_that_cannot_is_told(weights):
    registry = here(weights, "instruct-pix2pix")
    told = plan_edit(spec("make it night"), registry, PICTURE, model="sd-1.5").notes
    assert told == ("Stable Diffusion 1.5 does not change pictures it is shown; InstructPix2Pix did.",)
    assert plan_edit(spec("make it night"), registry, PICTURE, model="instruct-pix2pix").notes == ()


def test_where_no_model_here_changes_pictures_that_is_said(weights):
    with pytest.raises(CannotEdit, match="No model on this machine"):
        plan_edit(spec("make it night"), here(weights, "sd-1.5"), PICTURE, model="sd-1.5")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (spec("make it night --tile"), "`--tile`"),
        (GenerationSpec(images=("https://a.com/a.png",)), "Say what"),
    ],
)
def test_what_does_not_fit_is_refused(weights, asked, said):
    with pytest.raises(CannotEdit, match=said):
        plan_edit(asked, here(weights, "instruct-pix2pix"), PICTURE, model="instruct-pix2pix")


def test_what_has_no_say_is_told(weights):
    registry = here(weights, "instruct-pix2pix")
    asked = spec("make it night --s 300 --ar 1:1")
    plan = plan_edit(asked, registry, PICTURE, pictures=2, model="instruct-pix2pix")
    assert any("looks at one picture" in note for note in plan.notes)
    assert any("`--s`, `--ar`" in note for note in plan.notes)


def test_turns_are_counted_and_upscales_keep_the_count(weights):
    registry = here(weights, "instruct-pix2pix")
    first = plan_edit(spec("make it night"), registry, PICTURE, model="instruct-pix2pix")
    single = plan_upscale(first, 2)
    again = plan_edit(spec("add a star"), registry, PICTURE, model="instruct-pix2pix", before=single)
    assert (single.edits, again.edits) == (1, 2)


def test_a_variation_of_an_edit_is_drawn_by_the_model_that_draws(weights):
    registry = here(weights, "instruct-pix2pix", "sd-1.5")
    first = plan_edit(spec("make it night"), registry, PICTURE, model="instruct-pix2pix")
    varied = plan_vary(first, 1, registry, strong=True)
    assert (varied.model, varied.action, varied.edits) == ("sd-1.5", Action.VARY, 1)


def test_a_model_that_only_edits_draws_nothing_itself(weights):
    registry = here(weights, "instruct-pix2pix", "sd-1.5")
    plan = plan_imagine(spec("a fox"), registry, model="instruct-pix2pix")
    assert plan.model == "sd-1.5"
    assert any("InstructPix2Pix only changes pictures" in note for note in plan.notes)


def test_what_hardly_differs_stays_as_it_was():
    before = Image.linear_gradient("L").resize((64, 64)).convert("RGB")
    after = before.point(lambda value: min(255, value + 6))
    after.paste("red", (0, 0, 16, 16))
    result = kept(before, after, still=12)
    assert result.getpixel((4, 4)) == (255, 0, 0)
    rest = np.asarray(result, np.int16)[32:] - np.asarray(before, np.int16)[32:]
    assert np.abs(rest).max() == 0


def test_what_was_held_stays_to_the_pixel_however_much_it_differs():
    """Decoding alone softens edges by more than `still` forgives: the map of what changed decides."""
    before, after = (
        Image.linear_gradient("L").resize((64, 64)).convert("RGB"),
        Image.new("RGB", (64, 64), "red"),
    )
    places = Image.new("L", (4, 4))
    places.paste(255, (2, 0, 4, 4))  # the right half
    left, right = (0, 0, 28, 64), (36, 0, 64, 64)  # but for the seam
    for still in (0.0, 14.0):
        made = kept(before, after, still, places)
        assert made.crop(left).tobytes() == before.crop(left).tobytes()
        assert made.crop(right).tobytes() == after.crop(right).tobytes()


async def test_a_model_that_only_edits_is_tried_on_a_picture(weights):
    registry = here(weights, "instruct-pix2pix")
    entry = replace(registry.get("instruct-pix2pix"), side=64, steps=2)
    found = await check(entry, registry, "cpu", "fp32")
    assert found.problem is None
    nowhere = replace(entry, folder=weights / "nowhere")
    assert "not on this machine" in (await check(nowhere, registry, "cpu", "fp32")).problem


def test_a_model_that_only_edits_is_warmed_up_with_edits(weights):
    entry = here(weights).get("instruct-pix2pix")
    jobs = list(warm_up_jobs(entry))
    assert {job.plan.action for job in jobs} == {Action.EDIT}
    assert all(job.inputs and job.plan.likeness == entry.likeness for job in jobs)
