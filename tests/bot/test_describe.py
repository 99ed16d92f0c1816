"""`/describe`: a picture becomes four prompts that can be drawn."""

import io
import re

import pytest
from PIL import Image

from engine import load_input
from engine.pictures.decoding import CUT_OFF
from tests.bot.sketch import buttons, png


async def describe(world, data, name="house.png"):
    return await world.slash("describe", image=(name, data))


async def test_four_numbered_prompts_each_ending_in_the_proportion(world):
    result = await describe(world, png(30, 20))
    [embed] = result.response.embeds
    lines = embed.description.split("\n\n")
    assert [line[0] for line in lines] == ["1", "2", "3", "4"]
    assert lines[0] == "1️⃣ a red square --ar 30:20"
    assert [str(button.emoji) for button in buttons(result.response.message)] == [
        *("1️⃣", "2️⃣", "3️⃣", "4️⃣", "🔄", "🎉")
    ]
    assert not result.ephemeral


async def test_a_number_draws_its_prompt_even_after_a_restart(world):
    message = (await describe(world, png())).response.message
    await world.restart()
    drawn = await world.press(message, "2️⃣")
    assert drawn.response.content.startswith("**a green square --ar 1:1** - ")


async def test_again_gives_four_others_of_the_same_picture_whichever_answer_is_pressed(world):
    message = (await describe(world, png(30, 20))).response.message
    await world.restart()
    again = (await world.press(message, "🔄")).response.message
    third = (await world.press(again, "🔄")).response.message
    forms = ["square", "circle", "triangle"]
    for shown, form in zip((message, again, third), forms, strict=True):
        assert shown.embeds[0].description.startswith(f"1️⃣ a red {form} --ar 30:20")
    assert "square" in (await world.press(message, "🔄")).response.embeds[0].description  # the fourth turn
    drawn = await world.press(again, "2️⃣")
    assert drawn.response.content.startswith("**a green circle --ar 3:2** - ")


async def test_what_is_to_be_known_of_the_describer_stands_below(world):
    [embed] = (await describe(world, png())).response.embeds
    assert embed.footer.text == "Said by a sketch."


async def test_prompts_described_by_an_earlier_version_are_described_again(world):
    message = (await describe(world, png(30, 20))).response.message
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE panels SET data = json_remove(data, '$.turns')")
    again = await world.press(message, "🔄")
    assert again.response.embeds[0].description.startswith("1️⃣ a red circle")


@pytest.mark.parametrize(
    ("name", "data"),
    [("notes.txt", b"just some text"), ("fake.png", b"just some text"), ("tiny.png", png(1, 1))],
)
async def test_what_is_no_picture_is_refused_in_words_to_its_user_alone(world, name, data):
    result = await describe(world, data, name)
    assert result.ephemeral
    assert result.response.embeds[0].description
    assert world.messages() == []


async def test_it_needs_one_picture(world):
    assert (await world.slash("describe")).ephemeral


async def test_a_private_link_is_an_invalid_link(world):
    result = await world.slash("describe", link="http://127.0.0.1/a.png")
    assert result.ephemeral
    assert result.response.embeds[0].title == "Invalid link"


async def test_an_image_prompt_from_a_private_address_renders_nothing(world):
    result = await world.slash("imagine", prompt="http://192.168.0.1/a.png a fox")
    assert result.ephemeral
    assert result.response.embeds[0].title == "Invalid link"
    assert world.engine.seen == []


async def test_all_four_can_be_drawn_at_once(world):
    message = (await describe(world, png())).response.message
    await world.press(message, "🎉")
    drawn = [m.content.split("** - ")[0] for m in world.messages()[1:]]
    assert drawn == [f"**a {colour} square --ar 1:1" for colour in ("red", "green", "blue", "grey")]


async def test_an_attached_picture_is_an_image_prompt(world):
    result = await world.slash("imagine", prompt="a fox --iw 2", image=("house.png", png(40, 30)))
    assert re.match(
        r"\*\*\[house\.png\]\(<https://cdn\.simcord\.invalid/\S+/house\.png>\) a fox --iw 2\*\* - ",
        result.response.content,
    )
    [job] = world.engine.seen
    assert load_input(job.inputs[0]).size == (40, 30)
    again = await world.press(world.messages()[0], "🔄")
    assert world.engine.seen[1].inputs == job.inputs
    assert "a fox --iw 2" in again.response.content


async def test_an_attached_text_file_is_refused(world):
    result = await world.slash("imagine", prompt="a fox", image=("notes.txt", b"words"))
    assert result.ephemeral
    assert world.engine.seen == []


async def test_blending_takes_pictures_and_a_proportion(world):
    result = await world.slash(
        "blend", image1=("a.png", png(8, 8)), image2=("b.png", png(9, 9)), dimensions="--ar 2:3"
    )
    assert result.response.content.split("** - ")[0].endswith("--ar 2:3")
    [job] = world.engine.seen
    assert len(job.inputs) == 2
    assert job.plan.height > job.plan.width


async def test_a_blend_is_named_by_its_pictures_in_the_title_and_in_history(world):
    result = await world.slash("blend", image1=("a.png", png(8, 8)), image2=("b.png", png(9, 9)))
    named = r"\[a\.png\]\(<https://\S+/a\.png>\) \[b\.png\]\(<https://\S+/b\.png>\)"
    assert re.match(rf"\*\*{named}\*\* - <@", result.response.content)
    [embed] = (await world.slash("history")).response.embeds
    assert re.search(named, embed.description)
    assert "https" not in re.sub(r"\(<?https\S+\)", "", embed.description)
    [attachment] = result.response.attachments
    assert re.fullmatch(r"alice_[0-9a-f-]{36}\.png", attachment.filename)


async def test_any_messages_picture_can_become_an_image_prompt(world):
    grid = await world.imagine("a fox")
    shown = await world.bob.context_menu(world.channel, "Use as image prompt", grid)
    result = await world.bob.submit_modal(shown, {"prompt": "a dog --ar 3:2"})
    assert "a dog --ar 3:2** - " in result.response.content
    assert len(world.engine.seen[-1].inputs) == 1


def cut_jpeg():
    out = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert("RGB").save(out, "JPEG")
    return out.getvalue()[: len(out.getvalue()) * 4 // 5]


async def test_a_picture_whose_file_is_cut_off_is_drawn_from_and_a_note_says_so(world):
    result = await world.slash("imagine", prompt="a fox", image=("cut.jpg", cut_jpeg()))
    assert CUT_OFF in result.response.embeds[0].description
    [job] = world.engine.seen
    assert load_input(job.inputs[0]).size == (64, 64)


async def test_a_picture_whose_file_is_cut_off_is_described_and_a_note_says_so(world):
    described = (await describe(world, cut_jpeg())).response.embeds[0].description
    assert described.endswith(CUT_OFF)


async def test_a_described_picture_that_is_too_large_to_send_is_made_fit(world):
    out = io.BytesIO()
    noise = [Image.effect_noise((2048, 2048), 120) for _ in range(3)]
    Image.merge("RGB", noise).save(out, "JPEG", quality=80)
    response = (await describe(world, out.getvalue())).response
    [sent] = response.attachments
    assert sent.filename.endswith(".jpg")
    assert sent.size <= 10 * 2**20
    assert response.embeds[0].title is None
