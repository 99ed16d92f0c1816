"""EASEL_KEEP: what goes, what stays, and what is said of it."""

import time

import pytest

from bot.config import BadSetting, load
from bot.memory.retention import Keep
from tests.bot.sketch import buttons, png

DAY = 24 * 3600.0


def files(world):
    return {path.name for path in world.settings.easel_data.glob("pictures/*/*")}


async def aged(world, prompt, days):
    """The job of that prompt was asked for so long ago."""
    async with world.database.transaction() as tx:
        then = time.time() - days * DAY
        await tx.execute("UPDATE jobs SET created = ? WHERE shown = ?", (then, prompt))


async def kept(world):
    return [job.shown for job in reversed(await world.bot.hub.history.page(world.alice.id, limit=100))]


async def pruned(world):
    return await world.bot.pruning.once()


@pytest.mark.parametrize(
    ("text", "seconds", "pictures", "size"),
    [
        ("", None, None, None),
        ("30d", 30 * DAY, None, None),
        ("12h", DAY / 2, None, None),
        ("2w, 50GB, favourites", 14 * DAY, None, 50 * 10**9),
        ("20000 pictures,500 MB", None, 20000, 500 * 10**6),
        ("favorites", None, None, None),
    ],
)
def test_what_a_value_means(monkeypatch, text, seconds, pictures, size):
    monkeypatch.setenv("EASEL_KEEP", text)
    keep = Keep.parsed(load(None).easel_keep)
    assert (keep.seconds, keep.pictures, keep.bytes) == (seconds, pictures, size)


@pytest.mark.parametrize("text", ["30", "a month", "30d 50GB", "50gb", "-1d", "30d,"])
def test_what_cannot_be_read_is_named(monkeypatch, text):
    monkeypatch.setenv("EASEL_KEEP", text)
    with pytest.raises(BadSetting, match=r"^EASEL_KEEP: .*30d"):
        load(None)


@pytest.mark.parametrize(
    "text", ["30d,40d", "1GB, 1TB", "5 pictures,6 pictures", "0d", "30d, 0 GB", "00 pictures"]
)
def test_a_bound_that_is_said_twice_or_leaves_nothing_is_refused(monkeypatch, text):
    monkeypatch.setenv("EASEL_KEEP", text)
    with pytest.raises(BadSetting, match=r"^EASEL_KEEP: .*(no more than one|bound of 0)"):
        load(None)


@pytest.mark.parametrize("settings", [{"easel_keep": "30d"}], indirect=True)
async def test_what_is_too_old_goes_and_favourites_stay(world):
    old = await world.imagine("an old fox")
    single = (await world.press(await world.imagine("a loved fox"), "U1")).response.message
    await world.press(single, "Favorite")
    await world.imagine("a young fox")
    for prompt in ("an old fox", "a loved fox"):
        await aged(world, prompt, days=31)
    assert await pruned(world) == 2  # the old grid, and the grid that the favourite was taken from
    assert await kept(world) == ["a loved fox", "a young fox"]
    assert len(files(world)) == 1 + 1 + 4  # the favourite with what it was made from, and the young grid
    assert not (await world.press(single, "Vary (Subtle)")).ephemeral
    gone = await world.press(old, "U1")
    assert gone.response.embeds[0].title == "No longer here"
    assert buttons(old)


@pytest.mark.parametrize("settings", [{"easel_keep": "30d"}], indirect=True)
async def test_what_a_wrong_clock_dated_goes_and_stays_with_what_was_asked_for_around_it(world):
    ages = {"fox a": 40, "fox b": -3000, "fox c": 35, "fox d": -3000, "fox e": 20, "fox f": 9000}
    for prompt, days in ages.items():
        await world.imagine(prompt)
        await aged(world, prompt, days)
    assert await pruned(world) == 3
    assert sorted(await kept(world)) == ["fox d", "fox e", "fox f"]
    await aged(world, "fox e", 31)
    assert await pruned(world) == 2 + 1  # the last, dated long ago, has nothing younger before it any more
    assert await kept(world) == []


@pytest.mark.parametrize("settings", [{"easel_keep": "9 pictures"}], indirect=True)
async def test_of_more_than_there_is_room_for_the_oldest_go(world):
    loved = (await world.press(await world.imagine("fox 0"), "U1")).response.message
    await world.press(loved, "Favorite")
    for number in range(1, 5):
        await world.imagine(f"fox {number}")
    await pruned(world)
    assert await kept(world) == ["fox 0", "fox 3", "fox 4"]
    assert await pruned(world) == 0


@pytest.mark.parametrize("settings", [{"easel_keep": "1 MB"}], indirect=True)
async def test_size_is_that_of_the_files(world):
    for number in range(4):
        await world.imagine(f"fox {number}")
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE pictures SET bytes = 100000")
    await pruned(world)
    assert await kept(world) == ["fox 2", "fox 3"]


@pytest.mark.parametrize("settings", [{"easel_keep": "1h"}], indirect=True)
async def test_a_job_that_is_not_finished_stays_however_old(world, env):
    world.engine.held = True
    await world.slash("imagine", prompt="a slow fox")
    await aged(world, "a slow fox", days=2)
    assert await pruned(world) == 0
    world.engine.release()
    await env.settle()
    assert await kept(world) == ["a slow fox"]


@pytest.mark.parametrize("settings", [{"easel_keep": "30d"}], indirect=True)
async def test_a_described_picture_goes_too(world):
    await world.slash("describe", image=("mine.png", png(30, 30, 11)))
    assert len(files(world)) == 1
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE panels SET created = created - ?", (31 * DAY,))
    await pruned(world)
    assert files(world) == set()


@pytest.mark.parametrize("settings", [{"easel_keep": "30d, 50GB, favourites"}], indirect=True)
async def test_users_are_told(world):
    said = (await world.slash("info")).response.embeds[0].description
    assert "**Pictures are kept**: for 30 days, up to 50 GB of everyone's; favourites for ever" in said


async def a_month_later(world):
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE panels SET created = created - ?", (31 * DAY,))
    await pruned(world)


async def test_buttons_under_prompts_of_a_month_ago_still_draw(world):
    made = [
        (await world.slash("shorten", prompt="a very big red fox, in snow"), "1️⃣"),
        (await world.slash("describe", image=("mine.png", png(30, 30, 11))), "1️⃣"),
    ]
    await a_month_later(world)
    for answer, button in made:
        assert not (await world.press(answer.response.message, button)).ephemeral


async def test_what_was_brought_to_the_studio_stays_as_long_as_everything(world):
    hub = world.bot.hub
    alice = await hub.people.get(world.alice.id, "alice")
    picture = await hub.uploads.keep(png(30, 30, 11))
    address = await hub.uploads.hold(alice, picture)
    await a_month_later(world)
    assert (await hub.uploads.held(alice, address.rpartition("/")[2])).name == picture.name
    assert files(world) == {picture.name}


async def test_without_the_setting_everything_stays(world):
    await world.imagine("a fox")
    await aged(world, "a fox", days=10_000)
    assert await pruned(world) == 0
    assert "**Pictures are kept**: for ever" in (await world.slash("info")).response.embeds[0].description
