"""What a small model knows nothing of: examples instead of noise, and a way to have it drawn all the same."""

import discord
import pytest

from bot.messages.small_model import EXAMPLES
from engine import Registry, plan_imagine
from engine.planning.prompts import wholly_unknown
from grammar import parse
from tests.bot.sketch import buttons, png

ANYWAY = "Draw it anyway"


def labels(message):
    return [button.label for button in buttons(message)]


@pytest.mark.parametrize(
    "prompt", ["a dragon", "portrait of a woman", "a {dragon, wizard} --ar 3:2", "a city at night", "🐉"]
)
async def test_examples_and_a_button_stand_in_noises_place(world, prompt):
    result = await world.slash("imagine", prompt=prompt)
    assert result.ephemeral
    assert world.engine.seen == []
    assert world.messages() == []
    message = result.response.message
    assert labels(message) == [*EXAMPLES, ANYWAY]
    [embed] = message.embeds
    assert "small model" in embed.description
    assert embed.footer.text == f"/imagine {prompt}"


async def test_the_unknown_words_are_named(world):
    [embed] = (await world.slash("imagine", prompt="portrait of a woman")).response.embeds
    assert "portrait, woman" in embed.description


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_an_example_is_drawn_at_once_even_after_a_restart(world, number):
    message = (await world.slash("imagine", prompt="a dragon")).response.message
    await world.restart()
    drawn = await world.press(message, EXAMPLES[number - 1])
    assert drawn.response.content == f"**{EXAMPLES[number - 1]}** - <@{world.alice.id}> (fast)"
    assert drawn.response.attachments


async def test_it_is_drawn_anyway_as_typed_even_after_a_restart(world):
    message = (await world.slash("imagine", prompt="a dragon --ar 3:2")).response.message
    await world.restart()
    drawn = await world.press(message, ANYWAY)
    assert drawn.response.content == f"**a dragon --ar 3:2** - <@{world.alice.id}> (fast)"
    [job] = world.engine.seen
    assert job.plan.width > job.plan.height
    again = await world.press(drawn.response.message, "🔄")
    assert again.response.content.startswith("**a dragon --ar 3:2** - ")


async def test_many_jobs_of_it_ask_first(world):
    message = (await world.slash("imagine", prompt="a dragon --repeat 6")).response.message
    asked = await world.press(message, ANYWAY)
    assert "**6** jobs" in asked.response.content
    assert world.engine.seen == []
    await world.press(asked.response.message, "Yes")
    assert len(world.engine.seen) == 6


@pytest.mark.parametrize(
    "prompt",
    [
        "a majestic fox, 8k",
        "a fox in a cyberpunk city",
        "a {dragon, fox}",
        "a dragon --seed 7",
        "a dragon --q .5",
        "um pinguim e uma raposa na neve",
        "雪地里的企鹅",
    ],
)
async def test_what_is_known_in_part_is_drawn(world, prompt):
    result = await world.slash("imagine", prompt=prompt)
    assert not result.ephemeral
    assert result.response.attachments


async def test_under_it_stand_the_examples_and_what_the_model_draws(world):
    message = await world.imagine("a majestic red fox")
    assert [len(row.children) for row in message.components] == [5, 4, 3]
    assert labels(message)[-3:] == list(EXAMPLES)
    assert message.embeds[0].description.startswith("pocket does not know: majestic. It is the small model")
    await world.restart()
    drawn = await world.press(message, EXAMPLES[1], world.bob)
    assert drawn.response.content == f"**{EXAMPLES[1]}** - <@{world.bob.id}> (fast)"


async def test_nothing_is_added_where_every_word_is_known(world):
    message = await world.imagine("two red foxes in the snow")
    assert [len(row.children) for row in message.components] == [5, 4]
    assert message.embeds == []


async def test_what_is_made_of_its_pictures_has_no_examples(world):
    message = await world.imagine("a majestic red fox")
    for label in ("U1", "V1"):
        made = (await world.press(message, label)).response.message
        assert not set(EXAMPLES) & set(labels(made))


async def test_a_picture_to_start_from_is_something(world):
    result = await world.slash("imagine", prompt="a dragon", image=("mine.png", png()))
    assert result.response.attachments
    result = await world.slash("blend", image1=("a.png", png()), image2=("b.png", png()))
    assert result.response.attachments


async def test_a_prompt_that_was_offered_by_its_number_is_drawn(world):
    shortened = await world.slash("shorten", prompt="a very beautiful dragon and a wizard, highly detailed")
    drawn = await world.press(shortened.response.message, "1️⃣")
    assert drawn.response.attachments


async def test_operators_learn_how_a_real_model_is_turned_on(world, operator):
    for prompt in ("a dragon", "a majestic fox"):
        mine = (await world.slash("imagine", prompt=prompt)).response.message
        other = (await world.bob.slash(world.channel, "imagine", prompt=prompt)).response.message
        assert "EASEL_MODEL" in mine.embeds[0].description
        assert "/easel models" in mine.embeds[0].description
        assert "EASEL_MODEL" not in other.embeds[0].description


async def test_only_its_user_draws_it_anyway(world):
    message = (await world.slash("imagine", prompt="a dragon")).response.message
    place = await world.bot.fetch_channel(world.channel.id)
    row = [button for button in buttons(message) if button.label == ANYWAY]
    view = discord.ui.View()
    view.add_item(discord.ui.Button(label=ANYWAY, custom_id=row[0].custom_id))
    forged = await place.send("forged", view=view)
    result = await world.press(forged, ANYWAY, world.bob)
    assert result.response.embeds[0].title == "No longer here"
    assert world.engine.seen == []


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_smallest_model_knows_every_word_of_the_examples(text):
    [spec] = parse(text)
    assert plan_imagine(spec, Registry.load()).unknown == ()
    assert wholly_unknown([spec], Registry.load(), "pocket") is None
