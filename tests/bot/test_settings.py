"""`/settings`: a private panel that shows what is set."""

from pathlib import Path

import discord

from engine.planning.registry import ADDED
from tests.bot.sketch import buttons

HOUSE = f"""
[[model]]
name = "house"
title = "House"
family = "sd"
source = "{Path(__file__).parents[2] / "pocket" / "weights"}"
side = 256
multiple = 16
steps = 12
guidance = 2.5
versions = ["77"]
"""


def with_house(world):
    """A second model on this machine."""
    (world.settings.easel_data / ADDED).write_text(HOUSE)


def on(message):
    return {b.label for b in buttons(message) if b.style is discord.ButtonStyle.success}


async def panel(world, who=None):
    result = await (who or world.alice).slash(world.channel, "settings")
    assert result.ephemeral
    return result.response.message


async def press(world, message, label):
    return (await world.press(message, label)).response.message if label else message


async def test_it_shows_what_is_set(world):
    message = await panel(world)
    assert on(message) == {"High Variation Mode", "Fast mode"}
    for label in ("Stylize very high", "Low Variation Mode", "Remix mode", "Relax mode"):
        await world.press(message, label)
    assert on(await panel(world)) == {"Stylize very high", "Low Variation Mode", "Remix mode", "Relax mode"}


async def test_each_stylize_button_shows_in_prompts(world):
    for label, value in (("low", 50), ("med", 100), ("high", 250), ("very high", 750)):
        await world.press(await panel(world), f"Stylize {label}")
        message = await world.imagine("a fox")
        assert message.content.startswith(f"**a fox --s {value}** - ")


async def test_reset_takes_everything_back(world):
    message = await panel(world)
    for label in ("Stylize low", "Low Variation Mode", "Relax mode", "Stealth mode", "Reset Settings"):
        await world.press(message, label)
    assert on(await panel(world)) == {"High Variation Mode", "Fast mode"}
    assert (await world.imagine("a fox")).content == f"**a fox** - <@{world.alice.id}> (fast)"


async def test_settings_belong_to_their_user_and_survive_a_restart(world):
    await world.press(await panel(world), "Stylize high")
    await world.restart()
    assert "Stylize high" in on(await panel(world))
    assert "Stylize high" not in on(await panel(world, world.bob))


async def test_a_model_is_chosen_from_the_menu(world):
    with_house(world)
    await world.bot.hub.models.refresh()
    message = await panel(world)
    [menu] = [
        child for row in message.components for child in row.children if isinstance(child, discord.SelectMenu)
    ]
    assert [option.value for option in menu.options if option.default] == ["pocket"]
    assert [option.value for option in menu.options] == ["pocket", "house"]
    chosen = await world.alice.select(message, ["house"], custom_id=menu.custom_id)
    assert "**Model**: House" in chosen.response.embeds[0].description
    await world.imagine("a fox")
    assert world.engine.seen[-1].plan.model == "house"


async def test_a_model_that_is_not_here_cannot_be_chosen_and_is_never_fetched(world):
    message = await panel(world)
    [menu] = [
        child for row in message.components for child in row.children if isinstance(child, discord.SelectMenu)
    ]
    assert [option.value for option in menu.options] == ["pocket"]
    people = world.bot.hub.people
    user = await people.get(world.alice.id, "alice")
    await people.change(user, model="flux-dev")  # chosen while it was here
    assert "**Model**: Pocket" in (await panel(world)).embeds[0].description
    for prompt in ("a fox", "a fox --v 8.1", "a fox --niji 7"):
        await world.imagine(prompt)
        assert world.engine.seen[-1].plan.model == "pocket"
