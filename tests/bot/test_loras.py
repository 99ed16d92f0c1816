"""`/loras` and what the command line and completion say of LoRAs: what there is, and how it is written."""

import io

from PIL import Image

from bot.surface.commands.imagine import said
from tests.bot.test_cli import easel
from tests.bot.world import World


def opened(world: World, message) -> list[Image.Image]:
    return [Image.open(io.BytesIO(world.env.backend.cdn.get(a.url))) for a in message.attachments]


async def test_each_lora_is_shown_with_a_picture_that_is_drawn_once(world: World) -> None:
    first = (await world.slash("loras")).response.message
    names = [embed.description.split("`")[1] for embed in first.embeds]
    assert names == ["<lora:dawn:1>", "<lora:indigo:1>", "<lora:spotlight:1>"]
    assert all(embed.thumbnail.url for embed in first.embeds)
    assert len(opened(world, first)) == 3
    drawn = len(world.engine.seen)
    assert {lora.name for job in world.engine.seen for lora in job.plan.loras} == {
        "dawn",
        "indigo",
        "spotlight",
    }
    again = (await world.slash("loras")).response.message
    assert len(again.attachments) == 3
    assert len(world.engine.seen) == drawn
    assert again.flags.ephemeral


async def test_they_can_be_searched(world: World) -> None:
    (embed,) = (await world.slash("loras", search="SPOT")).response.message.embeds
    assert "<lora:spotlight:1>" in embed.description
    told = (await world.slash("loras", search="ghibli")).response.message
    assert "No LoRA for Pocket" in told.content
    assert "ghibli" in told.content


async def test_one_that_cannot_be_drawn_is_listed_all_the_same(world: World) -> None:
    world.engine.failure = "no room"
    message = (await world.slash("loras")).response.message
    assert len(message.embeds) == 3
    assert not message.attachments


async def test_a_prompt_with_loras_is_drawn_with_them_and_so_are_its_variations(world: World) -> None:
    grid = await world.imagine("two red foxes <lora:dawn:0.8> <lora:spotlight:-0.5> --seed 7")
    assert "<lora:dawn:0.8>" in grid.content
    weights = [(lora.name, lora.weight) for lora in world.engine.seen[-1].plan.loras]
    assert weights == [("dawn", 0.8), ("spotlight", -0.5)]
    await world.press(grid, "V2")
    assert world.engine.seen[-1].plan.loras == world.engine.seen[-2].plan.loras
    await world.press(grid, "🔄")
    assert world.engine.seen[-1].plan.loras == world.engine.seen[-2].plan.loras


async def test_an_unknown_name_is_told_with_the_nearest(world: World) -> None:
    await world.imagine("two red foxes <lora:spotligth:1>")
    assert world.engine.seen[-1].plan.loras == ()
    (note,) = world.engine.seen[-1].plan.notes
    assert "spotligth" in note
    assert "Nearest: spotlight." in note


async def test_completion_offers_them_and_takes_its_own_words_back(world: World) -> None:
    (choice,) = await world.alice.autocomplete(world.channel, "imagine", "prompt", "two foxes <lora:spo")
    assert choice["value"] == "two foxes <lora:spotlight:1>"
    assert said(choice["name"]).strip() == choice["value"]


def test_the_command_line_lists_them() -> None:
    listed = easel("models").stdout
    assert "spotlight" in listed
    assert "dawn" in listed
