"""Who sees which picture: its owner, whoever reads its channel, and nobody else, whatever they try."""

import uuid

import discord
import pytest

from tests.studio.visiting import Visitor

NOTHING = {"error": "There is nothing here for you."}


async def everything(visitor, picture):
    """What every way to a picture answers."""
    return [
        (await visitor.ask("GET", f"{path}/{picture}"))[:2]
        for path in ("/pictures", "/thumbnails", "/api/pictures")
    ]


async def seen(visitor, picture):
    return {status for status, _ in await everything(visitor, picture)}


async def test_whoever_reads_the_channel_sees_it_and_finds_it_in_explore(world, alice, bob):
    await world.imagine("a fox")
    [picture, *_] = await alice.wall()
    assert await seen(bob, picture["id"]) == {200}
    [found, *_] = await bob.wall(of="shared")
    assert (found["id"], found["by"], found["mine"]) == (picture["id"], "alice", False)
    assert await bob.wall() == []


async def test_somebody_of_another_server_sees_nothing(world, alice, stranger):
    await world.imagine("a fox")
    [picture, *_] = await alice.wall()
    outsider = world.env.create_user("mallory")
    await stranger.sign_in(outsider)
    assert await everything(stranger, picture["id"]) == [(404, NOTHING)] * 3
    assert await stranger.wall(of="shared") == []


async def test_what_is_not_there_and_what_may_not_be_seen_are_answered_alike(world, alice, bob):
    await world.slash("imagine", prompt="a fox --stealth")
    [secret, *_] = await alice.wall()
    assert await seen(alice, secret["id"]) == {200}
    hidden, missing = await everything(bob, secret["id"]), await everything(bob, f"{uuid.uuid4()}-1")
    assert hidden == missing == [(404, NOTHING)] * 3
    assert await bob.wall(of="shared") == []
    assert await alice.wall(of="shared") == []


async def test_a_channel_that_one_may_not_read_shows_nothing(world, alice, bob):
    board = world.guild.create_text_channel(
        "board", overwrites={world.bob: discord.PermissionOverwrite(view_channel=False)}
    )
    await world.alice.slash(board, "imagine", prompt="a white moon")
    [picture, *_] = await alice.wall()
    assert await seen(bob, picture["id"]) == {404}
    assert await bob.wall(of="shared") == []
    assert [each["prompt"] for each in await alice.wall(of="shared")] == ["a white moon"] * 4


async def test_whoever_left_the_server_sees_no_more_of_it(world, alice):
    await world.imagine("a fox")
    [picture, *_] = await alice.wall()
    async with Visitor(world, alice.address) as visitor:
        await visitor.sign_in(world.bob)
        world.guild.remove_member(world.bob)
        assert await seen(visitor, picture["id"]) == {404}
        assert await visitor.wall(of="shared") == []


async def test_a_family_tree_shows_only_what_may_be_seen(world, alice, bob):
    grid = await world.imagine("a fox")
    await world.press(grid, "U1", world.bob)
    await world.slash("imagine", prompt="a fox --stealth")
    [upscaled] = await bob.wall(kind="upscales")
    [parent] = (await bob.get(f"pictures/{upscaled['id']}"))[1]["parents"]
    [child] = (await alice.get(f"pictures/{parent['id']}"))[1]["children"]
    assert child["id"] == upscaled["id"]
    world.guild.remove_member(world.bob)
    async with Visitor(world, bob.address) as again:
        await again.sign_in(world.env.create_user("mallory"))
        assert (await again.get(f"pictures/{parent['id']}"))[0] == 404


async def test_an_id_that_is_changed_by_a_digit_leads_nowhere(world, alice):
    await world.imagine("a fox")
    [picture, *_] = await alice.wall()
    job = picture["id"][:-2]
    for wrong in (
        f"{job}-5",
        f"{job}-0",
        f"{job}-01",
        f"{job}",
        f"{job}-1-1",
        job[:-1] + ("0" if job[-1] != "0" else "1") + "-1",
    ):
        assert await seen(alice, wrong) == {404}


@pytest.mark.parametrize(
    "path",
    [
        "..%2f..%2feasel.db",
        "%2e%2e/easel.db",
        "..%5ceasel.db",
        "%00",
        "a%0d%0aSet-Cookie:%20x=1",
        "' OR 1=1 --".replace(" ", "%20"),
        "9" * 4000,
        "%ff%fe",
        "%F0%9F%A6%8A-1",
    ],
)
async def test_hostile_ids_lead_nowhere(alice, path):
    for where in ("/pictures/", "/thumbnails/", "/api/pictures/", "/downloads/", "/api/wall/"):
        status, _, answer = await alice.ask("GET", where + path)
        assert status in (400, 404, 410)
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("fox", ["a fox of bob's in snow", "a red fox"]),
        ("re fo", ["a red fox"]),
        ("SNOW", ["a fox of bob's in snow"]),
        ("elephant", []),
        ("fox OR moon", []),
        ('"', ["a fox of bob's in snow", "a blue fish", "a red fox"]),
    ],
)
async def test_explore_is_searched_for_words_of_everybodys_prompts(world, alice, bob, words, found):
    await world.imagine("a red fox")
    await world.imagine("a blue fish")
    await world.bob.slash(world.channel, "imagine", prompt="a fox of bob's in snow")
    for visitor in (alice, bob):
        pictures = await visitor.wall(of="shared", words=words)
        assert list(dict.fromkeys(each["prompt"] for each in pictures)) == found


async def test_a_search_of_explore_finds_nothing_that_may_not_be_seen(world, alice, bob, stranger):
    board = world.guild.create_text_channel(
        "board", overwrites={world.bob: discord.PermissionOverwrite(view_channel=False)}
    )
    await world.alice.slash(board, "imagine", prompt="a fox on the board")
    await world.slash("imagine", prompt="a secret fox --stealth")
    await world.imagine("a fox that goes")
    await world.imagine("a fox that stays")
    going = (await alice.wall(words="goes"))[0]["id"]
    await alice.post("deletions", {"pictures": [going]})
    pictures = await bob.wall(of="shared", words="fox")
    assert [each["prompt"] for each in pictures] == ["a fox that stays"] * 4
    await stranger.sign_in(world.env.create_user("mallory"))
    assert await stranger.wall(of="shared", words="fox") == []


async def test_a_search_of_explore_stays_within_ones_servers(world, alice):
    """Somebody else's server, whose words are in the same index."""
    elsewhere = world.env.create_guild("Elsewhere")
    room = elsewhere.create_text_channel("room")
    mallory = elsewhere.add_member(world.env.create_user("mallory"))
    await mallory.slash(room, "imagine", prompt="a fox elsewhere")
    await world.imagine("a fox here")
    assert {each["prompt"] for each in await alice.wall(of="shared", words="fox")} == {"a fox here"}


async def test_a_search_of_explore_and_filters_hold_together(world, alice, bob):
    await world.imagine("a tall fox --ar 2:3")
    await world.imagine("a wide fox --ar 3:2")
    pictures = await bob.wall(of="shared", words="fox", shape="portrait", kind="grids")
    assert {each["prompt"] for each in pictures} == {"a tall fox --ar 2:3"}
