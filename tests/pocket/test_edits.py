"""Edits of the drawn world: pairs alike in all that was not named, what says them, a model's shape."""

from pathlib import Path
from random import Random

import numpy as np
import pytest
import torch

from bench.edits import done, likeness, rest
from pocket.edit import export, load_run
from pocket.train import shipped
from pocket.training import edits
from pocket.training.latents import fit_on_scenes
from pocket.training.run import Schedule
from pocket.words.captions import vocabulary
from pocket.words.instructions import instruction, instruction_words
from pocket.world.edits import ACTS, Edit, Stand, View, edited, random_edit, random_view
from pocket.world.scenes import held_out

HOUSE = Stand("house", "red", 5, 10, 3)
VIEW = View((HOUSE, Stand("tree", "green", 12, 10, 3)), "grass", None, "flat", 256, 256, 7)


def pixels(view: View) -> np.ndarray:
    return np.asarray(view.draw(), np.int16)


@pytest.mark.parametrize(
    "edit",
    [
        Edit("recolour", "house", colour="blue"),
        Edit("remove", "tree"),
        Edit("add", "house", "star", "yellow", "above"),
        Edit("replace", "tree", "cactus"),
        Edit("shrink", "house"),
    ],
)
def test_a_pair_differs_where_the_edit_says_and_nowhere_else(edit: Edit) -> None:
    apart = np.abs(pixels(edited(VIEW, edit)) - pixels(VIEW)).max(-1) > 2
    assert 0.005 < apart.mean() < 0.25
    other = slice(150, 256) if edit.of == "house" and edit.act != "add" else slice(0, 100)
    if edit.act != "add":
        assert not apart[:, other].any()
    else:
        assert not apart[112:].any()


def test_things_stay_where_the_surroundings_change() -> None:
    night = pixels(edited(VIEW, Edit("setting", setting="night")))
    middle = slice(150, 170), slice(70, 90)
    assert (night[middle] == pixels(VIEW)[middle]).mean() > 0.9  # its parts meet in soft edges
    assert np.abs(night[:20] - pixels(VIEW)[:20]).mean() > 30


def test_there_is_no_room_for_what_does_not_fit_and_nothing_to_take_away_where_nothing_is() -> None:
    large = View((Stand("house", "red", 8, 8, 7),), "plain", "blue", "flat", 256, 256, 7)
    for edit in (
        Edit("add", "house", "star", "yellow", "above"),
        Edit("grow", "house"),
        Edit("remove", "fox"),
    ):
        with pytest.raises(ValueError, match="no room"):
            edited(large, edit)


def test_every_act_comes_and_none_makes_what_training_must_not_see() -> None:
    rng, seen = Random(3), set()
    for _ in range(300):
        view = random_view(rng, 256, 256)
        edit = random_edit(view, rng)
        seen.add(edit.act)
        assert not any(held_out(s.kind, s.colour) for s in edited(view, edit).stands)
    assert seen == set(ACTS)


def test_an_instruction_names_what_changes_in_words_that_are_known() -> None:
    assert instruction(Edit("add", "house", "star", "yellow", "above"), VIEW, Random(1), plain=True) == (
        "add a yellow star above the house"
    )
    known, rng = vocabulary() | instruction_words(), Random(2)
    for _ in range(200):
        view = random_view(rng, 256, 256)
        said = instruction(random_edit(view, rng), view, rng)
        assert set(said.replace(",", " ").split()) <= known, said


def test_pairs_are_latents_of_what_was_drawn_before_and_after() -> None:
    pairs = edits.make_pairs(fit_on_scenes(seed=0, n=100), "3:2", 4, seed=1)
    assert pairs.before.shape == (4, 24, 13, 20)
    assert pairs.after.shape == (4 * edits.EACH, 24, 13, 20)
    assert (pairs.after[0] - pairs.before[0]).abs().max() > 0.1


def test_at_first_the_model_draws_as_the_one_it_comes_of() -> None:
    pipeline, _ = shipped()
    unet = edits.editing_unet(pipeline.unet)
    noisy, other = torch.randn(2, 2, 24, 16, 16, generator=torch.Generator().manual_seed(1))
    states, time = torch.randn(2, 32, 128), torch.tensor([500, 20])
    with torch.no_grad():
        beside = unet(torch.cat([noisy, other], 1), time, states).sample
        assert torch.allclose(beside, pipeline.unet(noisy, time, states).sample, atol=1e-4)


def test_words_that_captions_know_keep_their_ids_and_rows() -> None:
    pipeline, _ = shipped()
    tokenizer = edits.grown_tokenizer(pipeline.tokenizer)
    assert len(tokenizer) > len(pipeline.tokenizer)
    text = "two red foxes in the snow"
    assert tokenizer(text).input_ids == pipeline.tokenizer(text).input_ids
    assert len(tokenizer("remove it").input_ids) == 4
    encoder = edits.grown_encoder(pipeline.text_encoder, tokenizer)
    ids = edits.token_ids(tokenizer, [text])
    with torch.no_grad():
        assert torch.equal(encoder(ids).last_hidden_state, pipeline.text_encoder(ids).last_hidden_state)


def test_a_few_steps_make_a_folder_that_the_stock_pipeline_edits_with(tmp_path: Path) -> None:
    pipeline, axes = shipped()
    tokenizer = edits.grown_tokenizer(pipeline.tokenizer)
    encoder = edits.grown_encoder(pipeline.text_encoder, tokenizer)
    edits.train_reading(encoder, tokenizer, tmp_path, 0, 1, "cpu")
    pairs = {ratio: edits.make_pairs(axes, ratio, 2, 0) for ratio in edits.SHARES}
    unet = edits.editing_unet(pipeline.unet)
    schedule = Schedule(2, 1e-4, warm=1)
    edits.train_editing(unet, encoder, tokenizer, pairs, axes.weights(), tmp_path, schedule, 0, 2, "cpu")
    export(load_run(tmp_path), tmp_path / "edits")
    stored = type(load_run(tmp_path)).from_pretrained(tmp_path / "edits", dtype=torch.float32)
    stored.set_progress_bar_config(disable=True)
    said = {"num_inference_steps": 2, "guidance_scale": 2.0, "output_type": "np"}
    picture = stored("make the house blue", image=VIEW.draw(), **said).images[0]
    assert picture.shape == (256, 256, 3)
    assert np.isfinite(picture).all()


def test_the_judge_agrees_with_what_was_drawn_and_not_with_what_was_left() -> None:
    agreed = 0
    for edit in (
        Edit("recolour", "house", colour="blue"),
        Edit("remove", "tree"),
        Edit("add", "house", "star", "yellow", "above"),
        Edit("setting", setting="night"),
        Edit("style", style="watercolour"),
    ):
        after = edited(VIEW, edit)
        agreed += done(after.draw(), edit, after)
        assert not done(VIEW.draw(), edit, after), edit
        where = rest((VIEW, after))
        if where.any():
            assert likeness(VIEW.draw(), after.draw(), where) > 40
    assert agreed == 5
