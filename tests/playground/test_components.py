"""Buttons, menus, dialogs and reactions."""

import discord
import pytest

from playground import Person, Refused, Remote
from tests.playground.conftest import Bot


async def test_a_dynamic_button_updates_its_message(bot: Bot, ada: Person) -> None:
    first = await (await ada.slash("general", "count")).message()
    assert first.rows == [["Count"]]
    pressed = await ada.click(first, "Count")
    assert pressed.answer_kind == 7
    second = await ada.wait_changed(first, lambda m: m.content == "counted 1")
    await ada.click(second, "count:1")
    await ada.wait_changed(first, lambda m: m.content == "counted 2")
    assert len(await ada.messages("general")) == 1


async def test_another_person_presses_the_same_button(bot: Bot, ada: Person, remote: Remote) -> None:
    message = await (await ada.slash("general", "count")).message()
    await remote.person("lin").click(message, "Count")
    await ada.wait_changed(message, lambda m: m.content == "counted 1")


async def test_a_button_that_is_not_there_can_only_be_forged(bot: Bot, ada: Person, remote: Remote) -> None:
    message = await (await ada.slash("general", "count")).message()
    with pytest.raises(Refused, match="no such button"):
        await ada.click(message, "count:41")
    await remote.change(ack_seconds=0.05)
    pressed = await ada.click(message, "count:41", forged=True)
    assert pressed.failed
    assert (await ada.messages("general"))[0].content == "counted 0"


async def test_a_dialog_is_filled_in(bot: Bot, ada: Person) -> None:
    opened = await ada.slash("general", "rename")
    assert opened.modal is not None
    assert opened.modal["title"] == "Rename"
    sent = await ada.submit_modal(opened, {"New name": "Rex", "Colour": ["blue"]})
    assert (await sent.message()).content == "Rex in blue"


async def test_a_dialog_keeps_what_is_not_changed_and_checks_the_rest(bot: Bot, ada: Person) -> None:
    opened = await ada.slash("general", "rename")
    with pytest.raises(Refused, match="Colour is required"):
        await ada.submit_modal(opened)
    with pytest.raises(Refused, match="20 characters"):
        await ada.submit_modal(opened, {"New name": "x" * 21, "Colour": "red"})
    sent = await ada.submit_modal(opened, {"Colour": "red"})
    assert (await sent.message()).content == "old in red"


async def test_a_dialogs_menu_takes_as_many_as_it_says(bot: Bot, ada: Person) -> None:
    opened = await ada.slash("general", "places")
    with pytest.raises(Refused, match="Where wants 2 to 3 choices, not 1"):
        await ada.submit_modal(opened, {"Where": ["1"]})
    with pytest.raises(Refused, match="no choice '11'"):
        await ada.submit_modal(opened, {"Where": ["1", "11"]})
    sent = await ada.submit_modal(opened, {"Where": ["1", "5", "9"]})
    assert (await sent.message()).content == "1 5 9"


async def test_a_menu_gives_its_values(bot: Bot, ada: Person) -> None:
    message = await (await ada.slash("general", "menu")).message()
    with pytest.raises(Refused, match="Choose 1 to 2"):
        await ada.select(message)
    await ada.select(message, "Red", "blue")
    await ada.wait_changed(message, lambda m: m.content == "red, blue")


async def test_a_persons_reaction_reaches_the_bot(bot: Bot, ada: Person) -> None:
    message = await (await ada.slash("general", "hello")).message()
    await ada.react(message, "❌")
    payload = await bot.hear()
    assert isinstance(payload, discord.RawReactionActionEvent)
    assert (str(payload.emoji), payload.message_id, payload.user_id) == ("❌", message.id, ada.id)
    assert payload.guild_id is not None


async def test_a_reaction_in_a_direct_message_reaches_the_bot(bot: Bot, ada: Person) -> None:
    message = await (await ada.slash("dm", "hello")).message()
    await ada.react(message, "✉️")
    payload = await bot.hear()
    assert isinstance(payload, discord.RawReactionActionEvent)
    assert (str(payload.emoji), payload.guild_id) == ("✉️", None)


async def test_the_bots_own_reaction_is_counted_with_a_persons(bot: Bot, ada: Person) -> None:
    shown = await (await ada.slash("general", "hello")).message()
    message = bot.get_partial_messageable(shown.channel_id).get_partial_message(shown.id)
    await message.add_reaction("👍")
    await ada.react(shown, "👍")
    assert (await ada.wait_changed(shown, lambda m: m.reactions.get("👍") == 2)).reactions == {"👍": 2}
    await message.remove_reaction("👍", discord.Object(bot.user.id))
    await ada.unreact(shown, "👍")
    await ada.wait_changed(shown, lambda m: not m.reactions)
