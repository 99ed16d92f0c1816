"""A button is one value among those the bot is started with; it is shown, answered, and said no for."""

import pytest

from bot.errors import Refusal
from bot.messages.dialogs import Field
from bot.surface import catalogue
from bot.surface.actions import Actions, Dialog, JobAction, on_singles
from bot.surface.source_job import finished


async def wave(interaction, job_id, index):
    job = await finished(interaction, job_id)
    await WHOM.open(interaction, job.id, index, who="")


async def waved(interaction, job_id, index, said):
    if said["who"] == "nobody":
        raise Refusal("Wave to somebody.")
    await interaction.response.send_message(f"👋 {said['who']}")


WHOM = Dialog("waved", "Wave", waved, (Field("who", "Wave to whom?", paragraph=False),))
WAVE = JobAction(name="wave", press=wave, label="Wave", emoji="👋", row=4, shown=on_singles, dialogs=(WHOM,))


async def test_a_button_that_is_added_is_shown_and_answered_with_nothing_else_told_of_it(world):
    await world.restart(actions=catalogue.actions(WAVE))
    grid = await world.imagine("a fox")
    single = (await world.press(grid, "U1")).response.message
    assert [b.label for b in single.components[-1].children] == ["Favorite", "Delete", "Wave"]
    assert "Wave" not in [b.label for row in grid.components for b in row.children]
    shown = await world.press(single, "Wave")
    assert shown.modal["title"] == "Wave"
    assert (await world.alice.submit_modal(shown, {"who": "Bob"})).response.content == "👋 Bob"
    assert (await world.alice.submit_modal(await world.press(single, "Wave"), {"who": "nobody"})).ephemeral


async def test_a_button_of_another_version_says_that_it_does_nothing_any_more(world):
    await world.restart(actions=catalogue.actions(WAVE))
    single = (await world.press(await world.imagine("a fox"), "U1")).response.message
    await world.restart()
    result = await world.press(single, "Wave")
    assert result.ephemeral
    assert "another version" in result.response.embeds[0].description


def test_two_buttons_of_one_name_are_refused():
    with pytest.raises(ValueError, match="wave"):
        Actions((WAVE, WAVE))
