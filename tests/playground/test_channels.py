"""Messages that a bot sends to channels by itself, and what it may not do."""

import io

import aiohttp
import discord
import pytest

from playground import Person, Playground, Remote
from tests.playground.conftest import TOKEN, Bot, png


def general(bot: Bot) -> discord.TextChannel:
    found = discord.utils.get(bot.get_all_channels(), name="general")
    assert isinstance(found, discord.TextChannel)
    return found


async def test_send_edit_and_delete(bot: Bot, ada: Person) -> None:
    sent = await general(bot).send("one", file=discord.File(io.BytesIO(png()), "a.png"))
    shown = await ada.wait_for(lambda m: m.content == "one")
    assert [a.filename for a in shown.attachments] == ["a.png"]
    await sent.edit(content="two", attachments=[discord.File(io.BytesIO(png()), "b.png")])
    shown = await ada.wait_changed(shown, lambda m: m.content == "two")
    assert [a.filename for a in shown.attachments] == ["b.png"]
    await sent.delete()
    await ada.wait_gone(shown)


async def test_history_is_read_newest_first_and_in_pages(bot: Bot, ada: Person) -> None:
    for word in ("one", "two", "three"):
        await ada.say("dm", word)
    channel = await (await bot.fetch_user(ada.id)).create_dm()
    assert [m.content async for m in channel.history(limit=2)] == ["three", "two"]
    first = [m async for m in channel.history(limit=None, oldest_first=True)]
    assert [m.content for m in first] == ["one", "two", "three"]
    later = [m.content async for m in channel.history(after=first[0], oldest_first=True)]
    assert later == ["two", "three"]
    assert (await channel.fetch_message(first[1].id)).content == "two"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"limit": "many"}, "NUMBER_TYPE_COERCE"),
        ({"limit": "-1"}, "NUMBER_TYPE_COERCE"),
        ({"limit": "101"}, "NUMBER_TYPE_MAX"),
        ({"before": "yesterday"}, "NUMBER_TYPE_COERCE"),
        ({"around": "9" * 5000}, "NUMBER_TYPE_MAX"),
    ],
)
async def test_a_page_of_history_that_cannot_be_is_refused(
    bot: Bot, playground: Playground, asked: dict[str, str], code: str
) -> None:
    url = f"{playground.api_url}/channels/{general(bot).id}/messages"
    headers = {"Authorization": f"Bot {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as http, http.get(url, params=asked) as refused:
        said = await refused.json()
    assert (refused.status, said["code"]) == (400, 50035)
    assert said["errors"][next(iter(asked))]["_errors"][0]["code"] == code


async def test_a_page_of_history_is_full_though_private_messages_lie_between(
    bot: Bot, ada: Person, remote: Remote
) -> None:
    for word in ("one", "two", "three"):
        await ada.say("general", word)
        for _ in range(3):
            await ada.slash("general", "secret")
    assert [m.content async for m in general(bot).history(limit=2)] == ["three", "two"]
    assert [m.content for m in await ada.messages("general")] == [
        "one",
        *["psst"] * 3,
        "two",
        *["psst"] * 3,
        "three",
        *["psst"] * 3,
    ]
    assert [m.content for m in await remote.person("lin").messages("general")] == ["one", "two", "three"]


async def test_the_same_enforced_nonce_makes_one_message(bot: Bot, ada: Person) -> None:
    channel = general(bot)
    first = await channel.send("once", nonce="job-1")
    again = await channel.send("once", nonce="job-1")
    other = await channel.send("once", nonce="job-2")
    assert again.id == first.id
    assert other.id != first.id
    assert len(await ada.messages("general")) == 2


async def test_the_bot_writes_to_a_person(bot: Bot, ada: Person) -> None:
    user = await bot.fetch_user(ada.id)
    await user.send("here you are")
    message = await ada.wait_for(lambda m: m.content == "here you are")
    assert [m.id for m in await ada.messages("dm")] == [message.id]


async def test_a_persons_words_are_veiled_in_guilds_and_plain_in_direct_messages(
    bot: Bot, ada: Person
) -> None:
    await ada.say("general", "private matters")
    heard = await bot.hear()
    assert isinstance(heard, discord.Message)
    assert heard.content == ""
    await ada.say("dm", "for the bot", ("cat.png", png()))
    heard = await bot.hear()
    assert isinstance(heard, discord.Message)
    assert (heard.content, heard.attachments[0].filename) == ("for the bot", "cat.png")
    assert await heard.attachments[0].read() == png()


async def test_what_the_bot_may_not_do_is_forbidden(bot: Bot, ada: Person, remote: Remote) -> None:
    await remote.deny("general", "send")
    with pytest.raises(discord.Forbidden) as refusal:
        await general(bot).send("no")
    assert refusal.value.code == 50013
    await remote.deny("general")
    await general(bot).send("yes")


async def test_the_bot_cannot_edit_anothers_message_or_write_where_it_is_no_member(
    bot: Bot, ada: Person
) -> None:
    said = await ada.say("general", "mine")
    with pytest.raises(discord.Forbidden) as refusal:
        await general(bot).get_partial_message(said.id).edit(content="yours")
    assert refusal.value.code == 50005
    elsewhere = await ada.say("Elsewhere/lounge", "far away")
    with pytest.raises(discord.Forbidden) as refusal:
        await bot.get_partial_messageable(elsewhere.channel_id).send("hi")
    assert refusal.value.code == 50001


async def test_an_ephemeral_message_is_out_of_reach_of_channel_routes(bot: Bot, ada: Person) -> None:
    secret = await (await ada.slash("general", "secret")).message()
    with pytest.raises(discord.NotFound) as refusal:
        await general(bot).get_partial_message(secret.id).edit(content="public")
    assert refusal.value.code == 10008
    assert [m.content async for m in general(bot).history()] == []


async def test_only_allowed_mentions_are_mentions(bot: Bot, ada: Person) -> None:
    text = f"@everyone {ada.mention}"
    await general(bot).send(text, allowed_mentions=discord.AllowedMentions.none())
    quiet = await ada.wait_for(lambda m: m.content == text)
    assert (quiet.raw["mentions"], quiet.raw["mention_everyone"]) == ([], False)
    await general(bot).send(text, allowed_mentions=discord.AllowedMentions(users=True, everyone=False))
    loud = await ada.wait_for(lambda m: m.content == text and m.raw["mentions"])
    assert (loud.raw["mentions"][0]["username"], loud.raw["mention_everyone"]) == ("ada", False)


async def test_a_picture_in_an_embed_is_linked_and_not_listed(bot: Bot, ada: Person, remote: Remote) -> None:
    embed = discord.Embed(title="Look").set_image(url="attachment://x.png")
    await general(bot).send(embed=embed, file=discord.File(io.BytesIO(png()), "x.png"))
    message = await ada.wait_for(lambda m: m.embeds)
    assert message.attachments == []
    image = message.embeds[0]["image"]
    assert (image["width"], image["height"]) == (8, 6)
    assert await remote.download(image["url"]) == png()


async def test_links_are_signed_and_expire(
    bot: Bot, ada: Person, remote: Remote, playground: Playground
) -> None:
    said = await ada.say("general", "", ("a.png", png()))
    url = said.attachments[0].url
    assert await remote.download(url) == png()
    await remote.change(link_seconds=0)
    stale = (await ada.messages("general"))[0].attachments[0].url
    for bad in (stale, url.replace("hm=", "hm=0"), url.split("?")[0], url.replace("a.png", "b.png")):
        with pytest.raises(Exception, match="no longer available"):
            await remote.download(bad)


async def test_a_file_over_the_limit_is_refused(bot: Bot, remote: Remote) -> None:
    await remote.change(file_bytes=1000)
    with pytest.raises(discord.HTTPException) as refusal:
        await general(bot).send(file=discord.File(io.BytesIO(bytes(1001)), "big.bin"))
    assert (refusal.value.status, refusal.value.code) == (413, 40005)


async def test_members_and_guild_are_looked_up(bot: Bot, ada: Person) -> None:
    guild = general(bot).guild
    assert (await guild.fetch_member(ada.id)).name == "ada"
    assert (await bot.fetch_guild(guild.id)).name == "Studio"
    assert {c.name for c in await guild.fetch_channels()} == {"general", "sketches", "gallery"}
    assert [m.name for m in await guild.query_members(user_ids=[ada.id])] == ["ada"]
