"""Slash commands, menus and autocompletion, from a person's hand to the bot and back."""

import pytest

from playground import Person, Refused, Remote
from tests.playground.conftest import Bot, png


async def test_a_slash_command_is_answered_with_a_message(bot: Bot, ada: Person) -> None:
    used = await ada.slash("general", "hello", name="world")
    message = await used.message()
    assert message.content == "hello world"
    assert message.raw["interaction_metadata"]["name"] == "hello"
    assert [m.id for m in await ada.messages("general")] == [message.id]
    assert used.acked_after is not None
    assert 0 < used.acked_after < 60


async def test_an_ephemeral_answer_is_seen_by_its_person_alone(bot: Bot, ada: Person, remote: Remote) -> None:
    lin = remote.person("lin")
    message = await (await ada.slash("general", "secret")).message()
    assert message.ephemeral
    assert [m.content for m in await ada.messages("general")] == ["psst"]
    assert await lin.messages("general") == []
    await ada.delete(message)
    assert await ada.messages("general") == []


async def test_a_deferred_answer_is_filled_in_with_a_file(bot: Bot, ada: Person, remote: Remote) -> None:
    used = await ada.slash("general", "slow")
    assert used.answer_kind == 5
    [waiting] = await ada.messages("general")
    assert waiting.loading
    bot.held.set()
    message = await used.message()
    assert message.id == waiting.id
    assert message.content == "done"
    [file] = message.attachments
    assert (file.filename, file.width, file.height) == ("made.png", 8, 6)
    assert await remote.download(file) == png()


async def test_a_followup_replies_to_the_answer(bot: Bot, ada: Person) -> None:
    used = await ada.slash("general", "follow")
    first = await used.message()
    second = await ada.wait_for(lambda m: m.content == "second")
    assert second.ephemeral
    assert second.reply_to == first.id


async def test_a_file_given_to_a_command_can_be_read_by_the_bot(bot: Bot, ada: Person) -> None:
    used = await ada.slash("general", "look", picture=("my cat.png", png(30, 20)))
    assert (await used.message()).content == f"my_cat.png 30x20 {len(png(30, 20))} bytes"


async def test_subcommands_and_ranges(bot: Bot, ada: Person) -> None:
    used = await ada.slash("general", "paint wall", coats=2)
    assert (await used.message()).content == "2 coats"
    with pytest.raises(Refused, match="1 to 3"):
        await ada.slash("general", "paint wall", coats=4)


@pytest.mark.parametrize(
    ("command", "options", "says"),
    [
        ("nonsense", {}, "no command"),
        ("fruit", {}, "required: kind"),
        ("hello", {"nom": "x"}, "no option"),
        ("look", {"picture": "text"}, "wants a file"),
        ("hello", {"name": "x" * 6001}, "6000"),
        ("paint", {}, "Say which"),
    ],
)
async def test_the_client_refuses_what_discords_own_would(
    bot: Bot, ada: Person, command: str, options: dict[str, str], says: str
) -> None:
    with pytest.raises(Refused, match=says):
        await ada.slash("general", command, **options)


async def test_autocompletion_suggests(bot: Bot, ada: Person) -> None:
    choices = await ada.autocomplete("general", "fruit", "kind", "ap")
    assert choices == [{"name": "Apple", "value": "apple"}, {"name": "Apricot", "value": "apricot"}]


async def test_a_message_menu_command_gets_the_message(bot: Bot, ada: Person) -> None:
    said = await ada.say("general", "wise words")
    used = await ada.message_command(said, "Quote")
    assert (await used.message()).content == "> wise words"


async def test_a_command_in_a_direct_message(bot: Bot, ada: Person) -> None:
    content = (await (await ada.slash("dm", "where")).message()).content
    assert "dm_channel=True" in content
    assert "Direct Message with" in content


async def test_a_user_installed_command_where_the_bot_is_no_member(bot: Bot, ada: Person) -> None:
    content = (await (await ada.slash("Elsewhere/lounge", "where")).message()).content
    assert "guild=True" in content
    assert "(True, False) lounge" in content


async def test_a_user_installed_command_between_two_people(bot: Bot, ada: Person) -> None:
    used = await ada.slash("@lin", "where")
    assert "private_channel=True" in (await used.message()).content


async def test_a_bot_that_says_nothing_did_not_respond(bot: Bot, ada: Person, remote: Remote) -> None:
    await remote.change(ack_seconds=0.05)
    used = await ada.slash("general", "never")
    assert used.failed
    assert used.acked_after is None
