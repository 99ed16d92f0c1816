"""A dialog of which nothing came keeps what was typed: the error repeats it, and asks again with it."""

import pytest

from bot.errors import BadLink
from tests.bot.sketch import buttons, png


def texts(shown):
    """What stands in the fields of a dialog, by their names."""
    fields = [part["component"] for part in shown.modal["components"]]
    return {field["custom_id"]: field.get("value", "") for field in fields}


async def remix(world):
    panel = await world.slash("settings")
    await world.press(panel.response.message, "Remix mode")


async def single(world):
    return (await world.press(await world.imagine("a red house --seed 7"), "U1")).response.message


BAD = "a blue house --foo 3"
OPENED = {
    "V": (lambda world: world.imagine("a fox"), "V1", "Remix (Strong) by"),
    "Vary (Subtle)": (single, "Vary (Subtle)", "Remix (Subtle) by"),
    "reroll": (lambda world: world.imagine("a fox"), "🔄", "<@"),
    "zoom": (single, "Zoom Out 2x", "Zoom Out by"),
    "custom zoom": (single, "Custom Zoom", "Zoom Out by"),
    "pan": (single, "⬅️", "Pan Left by"),
}


@pytest.mark.parametrize("way", OPENED)
async def test_an_error_repeats_the_text_and_opens_the_dialog_with_it_again(world, way):
    make, label, words = OPENED[way]
    await remix(world)
    shown = await world.press(await make(world), label)
    before = len(world.engine.seen)
    refused = await world.alice.submit_modal(shown, {"prompt": BAD})
    assert refused.ephemeral
    assert refused.response.embeds[0].footer.text == BAD
    again = await world.press(refused.response.message, "Try again")
    assert texts(again) == {"prompt": BAD}
    assert again.modal["custom_id"] == shown.modal["custom_id"]
    assert again.modal["title"] == shown.modal["title"]
    assert len(world.engine.seen) == before
    made = (await world.alice.submit_modal(again, {"prompt": "a blue house"})).response.message
    assert made.content.startswith("**a blue house** - ")
    assert words in made.content


async def test_another_prompt_for_a_picture_that_was_brought_needs_its_link_no_more(world, monkeypatch):
    async def fetch(link):
        raise BadLink(f"`{link}` answered with 404; no picture is there.")

    monkeypatch.setattr(world.bot.hub.links, "fetch", fetch)
    await remix(world)
    brought = await world.slash("imagine", prompt="a red fox", image=("a.png", png(48, 32)))
    shown = await world.press(brought.response.message, "🔄")
    prompt = texts(shown)["prompt"].replace("red", "blue")
    made = await world.alice.submit_modal(shown, {"prompt": prompt})
    assert "a blue fox" in made.response.content
    first, second = world.engine.seen
    assert second.inputs == first.inputs
    assert len(second.inputs) == 1


async def test_what_was_typed_is_kept_over_a_restart_and_for_its_typist_alone(world):
    shown = await world.press(await single(world), "Custom Zoom")
    refused = (await world.alice.submit_modal(shown, {"prompt": BAD})).response.message
    await world.restart()
    assert texts(await world.press(refused, "Try again")) == {"prompt": BAD}
    async with world.database.transaction() as tx:
        await tx.execute("INSERT INTO users (id, name, created) VALUES (?, 'bob', 0)", (world.bob.id,))
        await tx.execute("UPDATE panels SET user_id = ?", (world.bob.id,))
    others = await world.press(refused, "Try again")
    assert others.ephemeral
    assert "no longer kept" in others.response.embeds[0].description


async def test_a_second_error_keeps_the_second_text(world):
    shown = await world.press(await single(world), "Custom Zoom")
    first = (await world.alice.submit_modal(shown, {"prompt": BAD})).response.message
    again = await world.press(first, "Try again")
    second = (await world.alice.submit_modal(again, {"prompt": "a house --zoom 9"})).response.message
    assert texts(await world.press(second, "Try again")) == {"prompt": "a house --zoom 9"}


async def test_every_line_of_a_long_text_comes_back_though_the_error_shows_its_beginning(world):
    long = "\n".join(["a house", *["with another window"] * 150, "--foo"])
    shown = await world.press(await single(world), "Custom Zoom")
    refused = (await world.alice.submit_modal(shown, {"prompt": long})).response
    assert refused.embeds[0].footer.text.startswith("a house\nwith another")
    assert texts(await world.press(refused.message, "Try again")) == {"prompt": long}


async def test_a_region_whose_prompt_is_wrong_keeps_its_parts_and_the_prompt(world):
    await remix(world)
    picker = (await world.press(await single(world), "Vary (Region)")).response.message
    picker = (await world.press(picker, "↖️")).response.message
    refused = await world.alice.submit_modal(await world.press(picker, "Submit"), {"prompt": BAD})
    again = await world.press(refused.response.message, "Try again")
    assert texts(again) == {"prompt": BAD}
    made = (await world.alice.submit_modal(again, {"prompt": "a sun"})).response.message
    assert "Variations (Region) by" in made.content
    assert len(world.engine.seen[-1].plan.canvas.parts) == 1


async def test_the_words_for_a_picture_are_asked_for_again(world):
    grid = await world.imagine("a fox")
    shown = await world.bob.context_menu(world.channel, "Use as image prompt", grid)
    refused = await world.bob.submit_modal(shown, {"prompt": "a dog --ar no"})
    again = await world.press(refused.response.message, "Try again", world.bob)
    assert texts(again) == {"prompt": "a dog --ar no"}
    assert len((await world.bob.submit_modal(again, {"prompt": "a dog"})).response.attachments) == 1


async def test_a_full_queue_keeps_the_text_too(world):
    await remix(world)
    shown = await world.press(await world.imagine("a fox"), "V1")
    world.engine.held = True
    for number in range(13):
        await world.slash("imagine", prompt=f"cat {number}")
    refused = await world.alice.submit_modal(shown, {"prompt": "a blue fox"})
    assert refused.response.embeds[0].title == "Queue full"
    world.engine.release()
    await world.env.settle()
    again = await world.press(refused.response.message, "Try again")
    assert texts(again) == {"prompt": "a blue fox"}


async def test_nothing_is_asked_again_of_what_is_gone(world):
    message = await single(world)
    shown = await world.press(message, "Custom Zoom")
    [job] = await world.bot.hub.history.page(world.alice.id, limit=1)
    await world.bot.hub.jobs.delete(job.id)
    refused = (await world.alice.submit_modal(shown, {"prompt": "a house"})).response
    assert refused.embeds[0].title == "No longer here"
    assert refused.embeds[0].footer.text == "a house"
    assert buttons(refused.message) == []


async def test_a_remix_takes_the_speed_and_the_proportion_of_its_prompt(world):
    await remix(world)
    shown = await world.press(await world.imagine("a fox"), "V1")
    await world.alice.submit_modal(shown, {"prompt": "a blue fox --relax --ar 3:2"})
    job = world.engine.seen[-1]
    assert job.lane == "relax"
    assert job.plan.width / job.plan.height == pytest.approx(1.5, rel=0.03)


@pytest.mark.parametrize(
    ("prompt", "fields"), [("fox " * 1300, 2), ("fox " * 900, 1), ("a " + "狐" * 5000, 2)]
)
async def test_a_prompt_that_is_too_long_for_a_field_goes_on_in_another(world, prompt, fields):
    prompt = f"{prompt.strip()} --ar 3:2"
    await remix(world)
    grid = await world.imagine(f"{prompt} --q .5")
    shown = await world.press(grid, "V1")
    typed = texts(shown)
    assert len(typed) == fields
    assert all(len(text) <= 4000 for text in typed.values())
    last = list(typed)[-1]
    changed = {**typed, last: typed[last].replace("--q 0.5", "--q 1")}
    await world.alice.submit_modal(shown, changed)
    await world.env.settle()
    [job] = await world.bot.hub.history.page(world.alice.id, limit=1)
    assert job.shown.replace(" ", "") == f"{prompt} --q 1".replace(" ", "")


async def test_a_long_prompt_that_is_left_as_it_was_is_a_plain_variation(world):
    await remix(world)
    shown = await world.press(await world.imagine("fox " * 1300 + "--ar 3:2"), "V1")
    made = (await world.alice.submit_modal(shown, texts(shown))).response.message
    assert "Variations (Strong) by" in made.content
