"""The gallery: which pictures hang there, in which order, and what is told of each."""

import io

import pytest
from PIL import Image

from bot.memory.walls import Filters, Walls
from bot.studio.snapshots import LIFETIME, Snapshots
from tests.bot.sketch import buttons


def prompts(pictures):
    """Each prompt once, in order."""
    return list(dict.fromkeys(each["prompt"].split(" --")[0] for each in pictures))


async def test_the_wall_has_all_pictures_newest_first(world, alice):
    for prompt in ("a red fox", "a blue fish", "a green tree"):
        await world.imagine(f"{prompt} --ar 3:2")
    await world.bob.slash(world.channel, "imagine", prompt="a black cat")
    pictures = await alice.wall()
    assert prompts(pictures) == ["a green tree", "a blue fish", "a red fox"]
    assert [each["id"][-2:] for each in pictures[:4]] == ["-1", "-2", "-3", "-4"]
    assert all(each["mine"] and each["by"] == "alice" for each in pictures)
    assert all(each["width"] > each["height"] for each in pictures)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("fox", ["a red fox in snow", "a fox"]),
        ("re fo", ["a red fox in snow"]),
        ("SNOW", ["a red fox in snow"]),
        ("elephant", []),
        ('"; DROP TABLE jobs; --', []),
        ("*", ["a red fox in snow", "a blue fish", "a fox"]),
    ],
)
async def test_search_finds_words_and_their_parts(world, alice, words, found):
    for prompt in ("a fox", "a blue fish", "a red fox in snow"):
        await world.imagine(prompt)
    assert prompts(await alice.wall(words=words)) == found


async def test_a_searchs_newest_pictures_are_there_before_its_wall(world, alice, bob):
    for number in range(17):
        await world.imagine(f"a fox --seed {number}")
    await world.imagine("a fish")
    _, opened = await alice.get("wall?words=fox")
    assert (opened["total"], len(opened["pictures"])) == (68, 60)
    assert await alice.get("newest?words=fox") == (200, {"pictures": opened["pictures"], "all": False})
    _, fish = await alice.get("newest?words=fi")
    assert ({each["prompt"] for each in fish["pictures"]}, fish["all"]) == ({"a fish"}, True)
    for visitor, query in (
        (alice, "words=fox&shape=portrait"),
        (alice, "words=elephant"),
        (bob, "words=fox"),
    ):
        assert (await visitor.get(f"newest?{query}"))[1] == {"pictures": [], "all": True}
    for query in ("", "words=", "words=*"):
        assert (await alice.get(f"newest?{query}"))[0] == 400
    walls, foxes = Walls(world.database), Filters(words="fox")
    whole = await walls.own(world.alice.id, foxes)
    assert await walls.newest(world.alice.id, foxes, 5) == (whole[:5], False)
    assert await walls.newest(world.alice.id, Filters(words="fox", shape="portrait"), 5) == (whole[:0], False)


async def test_filters_leave_out_what_is_not_like_that(world, alice):
    grid = await world.imagine("a wide house --ar 3:2")
    await world.imagine("a tall tree --ar 2:3")
    await world.imagine("a star")
    single = (await world.press(grid, "U2")).response.message
    await world.press(single, "Favorite")
    await world.press(grid, "V1")
    assert prompts(await alice.wall(shape="portrait")) == ["a tall tree"]
    assert prompts(await alice.wall(shape="square")) == ["a star"]
    assert {each["kind"] for each in await alice.wall(shape="landscape")} == {
        "imagine",
        "upscale",
        "vary_strong",
    }
    assert [each["kind"] for each in await alice.wall(kind="upscales")] == ["upscale"]
    assert len(await alice.wall(kind="variations")) == 4
    assert [(each["kind"], each["favourite"]) for each in await alice.wall(favourites=1)] == [
        ("upscale", True)
    ]
    assert len(await alice.wall(model="pocket")) == 17
    assert await alice.wall(model="sdxl") == []
    assert await alice.wall(until=1) == []
    assert len(await alice.wall(since=1)) == 17
    assert prompts(await alice.wall(words="house", kind="grids", shape="landscape")) == ["a wide house"]


@pytest.mark.parametrize(
    "query",
    [
        "kind=x",
        "shape=round",
        "since=soon",
        "since=nan",
        "until=inf",
        "folder=-1",
        "folder=1e3",
        "folder=99999999999999999999",
        "words=" + "a" * 301,
    ],
)
async def test_a_filter_that_is_none_is_refused(alice, query):
    assert (await alice.get(f"wall?{query}"))[0] == 400


async def test_an_open_wall_does_not_move_under_ones_hand(world, alice):
    for number in range(3):
        await world.imagine(f"tree {number}")
    _, opened = await alice.get("wall")
    await world.imagine("tree 3")
    status, page = await alice.get(f"wall/{opened['wall']}?offset=4&limit=5")
    assert status == 200
    assert [each["prompt"] for each in page["pictures"]] == ["tree 1"] * 4 + ["tree 0"]
    assert (await alice.get(f"wall/{opened['wall']}?offset=5000"))[1] == {"pictures": []}
    assert (await alice.get(f"wall/{opened['wall']}?offset=-1"))[0] == 400


async def test_what_was_deleted_meanwhile_leaves_its_place_empty(world, alice):
    await world.imagine("tree 0")
    [first, *_] = await alice.wall()
    await world.imagine("tree 1")
    _, opened = await alice.get("wall?words=tree")
    await alice.post("deletions", {"pictures": [first["id"]]})
    _, page = await alice.get(f"wall/{opened['wall']}")
    assert [each and each["prompt"] for each in page["pictures"]] == ["tree 1"] * 4 + [None] * 4


async def test_a_picture_is_found_on_an_open_wall(world, alice, bob):
    for prompt in ("tree 0", "tree 1", "a secret tree --stealth"):
        await world.imagine(prompt)
    _, opened = await alice.get("wall?words=tree")
    ids = [each["id"] for each in opened["pictures"]]
    where = f"wall/{opened['wall']}/place?picture="
    assert [(await alice.get(where + each))[1]["place"] for each in ids] == list(range(12))
    assert (await bob.get(where + ids[0]))[0] == 410
    await world.imagine("a fish")
    [fish, *_] = await alice.wall()
    await alice.post("deletions", {"pictures": [ids[4]]})
    for absent in (fish["id"], ids[4], "", "x-1"):
        assert await alice.get(where + absent) == (200, {"place": None})
    assert (await alice.get(where + ids[8]))[1]["place"] == 8


async def test_a_wall_is_its_openers_alone_and_not_for_ever(world, alice, bob):
    await world.imagine()
    _, opened = await alice.get("wall")
    assert (await bob.get(f"wall/{opened['wall']}"))[0] == 410
    now = [0.0]
    walls = Snapshots(lambda: now[0])
    kept = walls.keep(1, False, None, [1, 2])
    now[0] = LIFETIME
    assert walls.get(kept.id, 1) is kept
    now[0] += 1
    assert walls.get(kept.id, 1) is None


async def test_a_picture_is_told_with_its_parameters_and_its_seed(world, alice):
    message = await world.imagine("two red foxes --ar 3:2 --s 250 --seed 7")
    [first, *_] = await alice.wall()
    status, told = await alice.get(f"pictures/{first['id']}")
    assert status == 200
    assert told["typed"] == "two red foxes --ar 3:2 --s 250 --seed 7"
    assert (told["params"]["ar"], told["params"]["s"], told["params"]["seed"]) == ("3:2", 250, 7)
    assert (told["model"], told["kind"], told["private"]) == ("pocket", "imagine", False)
    assert str(message.id) in told["message"]
    [job] = await world.bot.hub.history.page(world.alice.id)
    [record, *_] = await world.bot.hub.jobs.pictures(job.id)
    assert (told["seed"], told["bytes"]) == (record.seed, record.bytes)
    assert [each["id"][-1] for each in told["siblings"]] == ["1", "2", "3", "4"]


async def test_a_picture_knows_its_family(world, alice):
    grid = await world.imagine("a fox")
    single = (await world.press(grid, "U2")).response.message
    await world.press(single, "Zoom Out 2x")
    pictures = {(each["kind"], each["id"][-1]): each["id"] for each in await alice.wall()}
    _, second = await alice.get(f"pictures/{pictures['imagine', '2']}")
    assert [each["id"] for each in second["children"]] == [pictures["upscale", "1"]]
    _, first = await alice.get(f"pictures/{pictures['imagine', '1']}")
    assert first["children"] == []
    _, zoomed = await alice.get(f"pictures/{pictures['zoom', '1']}")
    assert [each["id"] for each in zoomed["parents"]] == [pictures["upscale", "1"], pictures["imagine", "2"]]


async def test_files_are_the_kept_ones_and_small_ones_are_made_once(world, alice):
    await world.imagine("a fox --ar 3:2")
    [first, *_] = await alice.wall()
    [job] = await world.bot.hub.history.page(world.alice.id)
    [record, *_] = await world.bot.hub.jobs.pictures(job.id)
    status, png, answer = await alice.ask("GET", f"/pictures/{first['id']}")
    assert status == 200
    assert png == await world.bot.hub.pictures.read(record.file)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"].startswith("private")
    assert record.file[:8] not in str(answer.headers)
    _, _, answer = await alice.ask("GET", f"/pictures/{first['id']}?download")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="alice_a_fox')
    status, jpeg, answer = await alice.ask("GET", f"/thumbnails/{first['id']}")
    assert (status, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert max(Image.open(io.BytesIO(jpeg)).size) <= 384
    [kept] = world.settings.easel_data.glob("thumbnails/*/*")
    before = kept.stat().st_mtime_ns
    assert (await alice.ask("GET", f"/thumbnails/{first['id']}"))[1] == jpeg
    assert kept.stat().st_mtime_ns == before


async def test_a_thumbnail_goes_with_its_picture(world, alice):
    grid = await world.imagine("a fox")
    for picture in await alice.wall():
        await alice.ask("GET", f"/thumbnails/{picture['id']}")
    assert len(list(world.settings.easel_data.glob("thumbnails/*/*"))) == 4
    await world.alice.context_menu(world.channel, "Cancel Job", grid)
    await world.env.settle()
    assert list(world.settings.easel_data.glob("thumbnails/*/*")) == []


async def test_a_picture_that_is_lost_from_the_disk_is_not_found(world, alice):
    await world.imagine("a fox")
    first, second, *_ = await alice.wall()
    [job] = await world.bot.hub.history.page(world.alice.id)
    records = await world.bot.hub.jobs.pictures(job.id)
    world.bot.hub.pictures.path(records[0].file).unlink()
    world.bot.hub.pictures.path(records[1].file).write_bytes(b"no picture")
    for kind in ("pictures", "thumbnails"):
        assert (await alice.ask("GET", f"/{kind}/{first['id']}"))[0] == 404
    assert (await alice.ask("GET", f"/thumbnails/{second['id']}"))[0] == 404


async def test_a_heart_of_the_page_is_a_heart_in_discord(world, alice):
    grid = await world.imagine("a fox")
    single = (await world.press(grid, "U2")).response.message
    [upscaled] = await alice.wall(kind="upscales")
    assert (await alice.post("favourites", {"pictures": [upscaled["id"]], "favourite": True}))[0] == 200
    [found] = await world.bot.hub.history.page(world.alice.id, favourites=True)
    assert upscaled["id"].startswith(found.id)
    shown = (await world.slash("show", job_id=found.id)).response.message
    [heart] = [button for button in buttons(shown) if str(button.emoji) == "❤️"]
    assert heart.style.name == "success"
    assert single.id != shown.id
    await alice.post("favourites", {"pictures": [upscaled["id"]], "favourite": False})
    assert await world.bot.hub.history.page(world.alice.id, favourites=True) == []


async def test_without_pictures_the_wall_is_empty(alice):
    assert await alice.wall() == []
    assert (await alice.get("filters"))[1]["models"] == []
