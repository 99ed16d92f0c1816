"""`/describe` and *Use as image prompt*: the prompt in a picture's file, with a button that draws it."""

import json

import pytest

from tests.bot.sketch import buttons, png
from tests.engine import foreign

EXPECTED = {
    "A1111": "a red fox in the snow, (masterpiece:1.2) --ar 2:3 --seed 123 --no blurry, bad hands",
    "ComfyUI": "a blue bird <lora:x:1> --ar 13:19 --seed 987 --no text, watermark",
    "InvokeAI": "a red barn --ar 2:1 --seed 7 --no rain",
    "NovelAI": "a girl, rain --ar 13:19 --seed 11 --no lowres",
    "SwarmUI": "a clay pot <lora:ink:0.6> <lora:fur:-1> --ar 3:2 --seed 31 --no cracks",
    "Fooocus": "a tin robot <lora:offset:0.1> --ar 9:7 --seed 77 --no rust",
    "Draw Things": "a paper boat & a <cat> <lora:detail_lora_f16:0.8> --ar 3:2 --seed 2441935286 --no waves",
    "Civitai": "a glass bird, typed --ar 13:19 --seed 654 --no dust",
    "Midjourney": "a castle on a hill --ar 3:2 --s 250 --v 6.1",
}


def plain(text):
    return text.replace("\\", "")


async def describe(world, data, name="picture.png"):
    return (await world.slash("describe", image=(name, data))).response.message


@pytest.mark.parametrize("program", EXPECTED)
async def test_the_prompt_of_each_program_is_shown_and_drawn(world, program):
    message = await describe(world, foreign.FILES[program])
    guessed, found = message.embeds
    assert guessed.description.startswith("1️⃣")
    assert plain(found.description).startswith(f"**In its file ({program}):** {EXPECTED[program]}")
    await world.restart()
    drawn = await world.press(message, "Draw its prompt")
    assert plain(drawn.response.content).startswith(f"**{EXPECTED[program]}** - ")
    [job] = world.engine.seen
    assert job.inputs == ()


async def test_an_own_picture_is_drawn_again_with_its_own_seed(world):
    grid = await world.imagine("a red fox --ar 3:2 --seed 7")
    single = (await world.press(grid, "U3")).response.message
    [attachment] = single.attachments
    message = await describe(world, world.env.backend.cdn.get(attachment.url))
    seed = world.engine.seen[0].plan.seeds[2]
    assert f"a red fox --ar 3:2 --seed {seed}" in plain(message.embeds[1].description)


async def test_a_picture_without_one_has_no_such_button(world):
    message = await describe(world, png(30, 20))
    assert len(message.embeds) == 1
    assert "Draw its prompt" not in {button.label for button in buttons(message)}


async def test_what_cannot_be_said_is_shown_without_a_button(world):
    graph = json.loads(json.dumps(foreign.COMFYUI))
    graph["6"]["inputs"]["text"] = "word " * 2000
    message = await describe(world, foreign.png(prompt=json.dumps(graph)))
    assert "cannot be said" in message.embeds[1].description
    assert "Draw its prompt" not in {button.label for button in buttons(message)}


async def test_beside_the_dialog_for_an_image_prompt_it_is_told_in_private(world):
    posted = await world.bob.send(world.channel, "look", attachments=[("a.png", foreign.FILES["ComfyUI"])])
    shown = await world.alice.context_menu(world.channel, "Use as image prompt", posted)
    assert shown.modal is not None
    [told] = [followup.message for followup in shown.followups]
    assert EXPECTED["ComfyUI"] in plain(told.embeds[0].description)
    drawn = await world.press(told, "Draw its prompt")
    assert plain(drawn.response.content).startswith(f"**{EXPECTED['ComfyUI']}** - ")
