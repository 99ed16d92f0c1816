"""`/retexture` and the button Retexture: a prompt, a picture, and how closely its structure is kept."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.memory.records import JobKind
from engine import Action, ControlEntry
from tests.bot.sketch import buttons, png


def with_control(world, tmp_path: Path, **said: object) -> None:
    """The bot knows a control of the embedded model that lies on this machine."""
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "diffusion_pytorch_model.safetensors").write_bytes(b"")
    entry = ControlEntry("held", "Held", "sd", str(tmp_path), "edges", models=("pocket",), folder=tmp_path)
    models = world.bot.hub.models
    models.registry = replace(models.registry, controls=(replace(entry, **said),))


def without_control(world) -> None:
    """The bot knows no control of any model."""
    models = world.bot.hub.models
    models.registry = replace(models.registry, controls=())


async def single(world):
    message = await world.imagine("a red house on grass --ar 3:2 --seed 7")
    return (await world.press(message, "U2")).response.message


async def dialog(world, message, **typed: str):
    pressed = await world.press(message, "Retexture")
    return await world.alice.submit_modal(pressed, typed)


async def test_the_command_draws_a_grid_with_the_picture_s_proportion(world, tmp_path):
    with_control(world, tmp_path)
    result = await world.slash(
        "retexture", image=("house.png", png(60, 40)), prompt="a blue house at night", strength=0.5
    )
    assert " - Retexture by <@" in result.response.message.content
    [job] = world.engine.seen
    assert (job.plan.action, job.plan.width, job.plan.height) == (Action.RETEXTURE, 320, 208)
    assert (job.plan.control.name, job.plan.control.strength) == ("held", 0.5)
    assert len(job.inputs) == 1
    assert [button.label for button in buttons(result.response.message)][:2] == ["U1", "U2"]


async def test_the_button_asks_for_the_look_and_keeps_the_picture(world, tmp_path):
    with_control(world, tmp_path)
    message = await single(world)
    done = await dialog(world, message, prompt="a blue house at night --ar 3:2", strength="0,7")
    assert "**a blue house at night** - Retexture by" in done.response.message.content
    job = world.engine.seen[-1]
    assert job.plan.control.strength == 0.7
    assert not any("--ar" in note for note in job.plan.notes)
    assert (await world.bot.hub.jobs.get(job.id)).kind is JobKind.RETEXTURE
    again = await world.press(done.response.message, "🔄")
    assert "Retexture by" in again.response.message.content
    assert world.engine.seen[-1].inputs == job.inputs
    assert world.engine.seen[-1].plan.seeds != job.plan.seeds


async def test_variations_of_what_was_retextured_are_plain_ones(world, tmp_path):
    with_control(world, tmp_path)
    done = await dialog(world, await single(world), prompt="a blue house", strength="")
    await world.press(done.response.message, "V1")
    assert world.engine.seen[-1].plan.action is Action.VARY
    assert world.engine.seen[-1].plan.control is None


@pytest.mark.parametrize("typed", ["much", "0", "2.5", "nan"])
async def test_a_strength_that_is_none_is_refused_in_a_sentence(world, tmp_path, typed):
    with_control(world, tmp_path)
    message = await single(world)
    before = len(world.engine.seen)
    refused = await dialog(world, message, prompt="a blue house", strength=typed)
    assert refused.ephemeral
    assert refused.response.embeds[0].description == f"“{typed}” is no number from 0.1 to 2."
    assert len(world.engine.seen) == before


async def test_a_model_without_a_control_says_so_before_anything_is_asked_or_drawn(world, tmp_path):
    without_control(world)
    message = await single(world)
    before = len(world.engine.seen)
    for result in (
        await world.press(message, "Retexture"),
        await world.slash("retexture", image=("house.png", png(60, 40)), prompt="a house"),
    ):
        assert result.ephemeral
        assert "has no control" in result.response.embeds[0].description
    assert len(world.engine.seen) == before


async def test_what_a_control_cannot_keep_is_told_with_what_it_can(world, tmp_path):
    with_control(world, tmp_path)
    result = await world.slash("retexture", image=("a.png", png(60, 40)), prompt="a house", keep="depth")
    assert result.ephemeral
    assert "It can hold: edges" in result.response.embeds[0].description


async def test_what_is_no_picture_is_refused(world, tmp_path):
    with_control(world, tmp_path)
    result = await world.slash("retexture", image=("a.png", b"just some text"), prompt="a house")
    assert result.ephemeral
    assert result.response.embeds[0].title == "Invalid picture"
    assert world.engine.seen == []
