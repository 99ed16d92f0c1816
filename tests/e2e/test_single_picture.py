"""Every button under a single picture, over the wire: the real bot, the real model, what comes back."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from bench.bot import Bot, running
from engine.pictures.mark import cleaned
from engine.pictures.psnr import psnr
from playground import Message, Person, Playground, Remote
from tests.e2e.conftest import PATIENCE
from tests.e2e.pictures import half, picture, pixels, tile
from tests.engine import tiny

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROMPT = "a red house on grass --q 0.5 --seed 7"
GREEN = 3  # the style of a button that is on
GRID = [["U1", "U2", "U3", "U4", "🔄"], ["V1", "V2", "V3", "V4"]]
ROWS = [
    ["Upscale (Subtle)", "Upscale (Creative)"],
    ["Vary (Subtle)", "Vary (Strong)", "Vary (Region)", "Edit", "Retexture"],
    ["Zoom Out 2x", "Zoom Out 1.5x", "Custom Zoom"],
    ["⬅️", "➡️", "⬆️", "⬇️"],
    ["Favorite", "Delete"],
]
SEAM = 8


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def bot(
    playground: Playground, discord: Remote, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bot]:
    """A bot that also has a (tiny, random) model that finds things by their names."""
    folder = tmp_path_factory.mktemp("easel")
    entry = tiny.segmenter(folder / "clipseg")
    models = folder / "models.toml"
    models.write_text(f'[[segmenter]]\nname = "tiny"\ntitle = "Tiny"\nsource = "{entry.folder}"\n')
    async with running(playground, discord, folder, EASEL_MODELS_FILE=str(models)) as bot:
        yield bot


@dataclass(frozen=True)
class Single:
    """A single picture's message, the picture as it was in its grid, and the picture itself."""

    message: Message
    tile: Image.Image
    large: Image.Image


def finished(message: Message) -> bool:
    return bool(message.attachments) and "%" not in message.content and bool(message.buttons)


async def made(person: Person, used: object, words: str) -> Message:
    """The finished message of an interaction."""
    assert not used.failed  # type: ignore[attr-defined]
    return await person.remote.wait_until(
        lambda: next((m for m in used.messages if finished(m) and words in m.content), None),  # type: ignore[attr-defined]
        PATIENCE,
        f"a message with {words!r}",
    )


async def press(person: Person, message: Message, button: str, words: str) -> Message:
    return await made(person, await person.click(message, button), words)


async def shown(discord: Remote, message: Message) -> Image.Image:
    return picture(await discord.download(message.attachments[0]))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def single(bot: Bot, discord: Remote, ada: Person) -> Single:
    grid = await made(ada, await ada.slash("general", "imagine", prompt=PROMPT), "red house")
    message = await press(ada, grid, "U1", "Image #1")
    return Single(message, unmarked(await shown(discord, grid), 1), await shown(discord, message))


def unmarked(grid: Image.Image, position: int) -> Image.Image:
    """A picture of a grid without its mark: each has one of its own, which is not meant."""
    return cleaned(tile(grid, position))


def inside(image: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """A box of a picture without a margin for the seam on the sides that lie within it."""
    left, top, right, bottom = box
    return image.crop(
        (
            left + (SEAM if left else 0),
            top + (SEAM if top else 0),
            right - (SEAM if right < image.width else 0),
            bottom - (SEAM if bottom < image.height else 0),
        )
    )


def placed(image: Image.Image, size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    """A picture scaled into a box of an otherwise empty canvas."""
    canvas = Image.new("RGB", size)
    scaled = image.resize((box[2] - box[0], box[3] - box[1]), Image.Resampling.LANCZOS)
    canvas.paste(scaled, box[:2])
    return canvas


async def test_every_button_is_there(single: Single, ada: Person) -> None:
    assert single.message.content == f"**{PROMPT}** - Image #1 {ada.mention}"
    assert single.message.rows == ROWS
    assert psnr(half(single.large), single.tile) >= 30


@pytest.mark.parametrize(
    ("button", "words", "size", "box"),
    [
        ("Zoom Out 2x", "Zoom Out by", (256, 256), (64, 64, 192, 192)),
        ("Zoom Out 1.5x", "Zoom Out by", (256, 256), (42, 42, 213, 213)),
        ("⬅️", "Pan Left by", (384, 256), (128, 0, 384, 256)),
        ("➡️", "Pan Right by", (384, 256), (0, 0, 256, 256)),
        ("⬆️", "Pan Up by", (256, 384), (0, 128, 256, 384)),
        ("⬇️", "Pan Down by", (256, 384), (0, 0, 256, 256)),
    ],
)
async def test_a_new_grid_goes_on_around_the_very_picture(
    discord: Remote,
    lin: Person,
    single: Single,
    button: str,
    words: str,
    size: tuple[int, int],
    box: tuple[int, int, int, int],
) -> None:
    message = await press(lin, single.message, button, words)
    assert message.content == f"**{PROMPT}** - {words} {lin.mention} (fast)"
    assert message.rows == GRID
    grid = await shown(discord, message)
    assert grid.size == (2 * size[0], 2 * size[1])
    expected = inside(placed(single.tile, size, box), box)
    tiles = [unmarked(grid, position) for position in (1, 2, 3, 4)]
    for each in tiles:
        assert psnr(inside(each, box), expected) >= 48
    assert len({each.tobytes() for each in tiles}) == 4


async def test_a_pan_can_be_upscaled_and_squared_and_varied(
    discord: Remote, ada: Person, single: Single
) -> None:
    long = await press(ada, single.message, "➡️", "Pan Right by")
    one = await press(ada, long, "U3", "Image #3")
    assert one.rows[2] == ["Zoom Out 2x", "Zoom Out 1.5x", "Custom Zoom", "Make Square"]
    before = unmarked(await shown(discord, long), 3)
    square = await shown(discord, await press(ada, one, "Make Square", "Zoom Out by"))
    assert square.size == (768, 768)
    box = (0, 64, 384, 320)
    assert psnr(inside(unmarked(square, 2), box), inside(placed(before, (384, 384), box), box)) >= 48
    varied = await shown(discord, await press(ada, one, "Vary (Subtle)", "Variations (Subtle) by"))
    assert varied.size == (768, 512)


async def test_subtle_and_creative_upscales_can_be_done_again(
    discord: Remote, ada: Person, single: Single
) -> None:
    subtle = await press(ada, single.message, "Upscale (Subtle)", "Upscaled (Subtle) by")
    assert subtle.content == f"**{PROMPT}** - Upscaled (Subtle) by {ada.mention} (fast)"
    assert subtle.rows == [["Redo Upscale (Subtle)", "Redo Upscale (Creative)"], *ROWS[1:]]
    larger = await shown(discord, subtle)
    assert larger.size == (1024, 1024)
    assert psnr(half(larger), single.large) >= 30

    again = await press(ada, subtle, "Redo Upscale (Subtle)", "Upscaled (Subtle) by")
    assert psnr(await shown(discord, again), larger) >= 60


async def test_a_creative_upscale_draws_other_details_each_time(
    discord: Remote, ada: Person, single: Single
) -> None:
    first = await press(ada, single.message, "Upscale (Creative)", "Upscaled (Creative) by")
    assert first.content == f"**{PROMPT}** - Upscaled (Creative) by {ada.mention} (fast)"
    again = await press(ada, first, "Redo Upscale (Creative)", "Upscaled (Creative) by")
    one, other = await shown(discord, first), await shown(discord, again)
    assert one.size == other.size == (1024, 1024)
    for each in (one, other):
        # what is coarse stays; either picture has a mark of its own, which is not meant
        assert psnr(half(cleaned(each)), cleaned(single.large)) > 45
    assert one.tobytes() != other.tobytes()


@pytest.mark.parametrize("strength", ["Subtle", "Strong"])
async def test_variations_of_a_single_picture(
    discord: Remote, ada: Person, single: Single, strength: str
) -> None:
    message = await press(ada, single.message, f"Vary ({strength})", f"Variations ({strength}) by")
    assert message.rows == GRID
    grid = await shown(discord, message)
    assert grid.size == (512, 512)
    assert 8 < psnr(tile(grid, 1), single.tile) < 40


async def test_custom_zoom_asks_first(discord: Remote, ada: Person, single: Single) -> None:
    asked = await ada.click(single.message, "Custom Zoom")
    assert asked.modal is not None
    assert f"{PROMPT} --zoom 2" in str(asked.modal)
    said = {"prompt": "a red house on grass --ar 16:9 --zoom 1 --q .5"}
    message = await made(ada, await ada.submit_modal(asked, said), "Zoom Out by")
    assert "--ar 16:9" in message.content
    assert "--zoom" not in message.content
    grid = await shown(discord, message)
    assert grid.size == (672, 384)
    box = (72, 0, 264, 192)
    expected = inside(placed(single.tile, (336, 192), box), box)
    assert psnr(inside(unmarked(grid, 4), box), expected) >= 48


async def test_a_custom_zoom_that_shows_nothing_new_is_refused(ada: Person, single: Single) -> None:
    asked = await ada.click(single.message, "Custom Zoom")
    answer = await (await ada.submit_modal(asked, {"prompt": f"{PROMPT} --zoom 1"})).message()
    assert answer.ephemeral
    assert "nothing new" in answer.text


async def test_a_region_is_picked_by_its_parts(discord: Remote, ada: Person, single: Single) -> None:
    opened = await ada.click(single.message, "Vary (Region)")
    picker = await opened.message()
    assert picker.ephemeral
    assert picker.rows == [
        ["1", "2", "3"],
        ["4", "5", "6"],
        ["7", "8", "9"],
        ["Submit", "Name it instead…"],
    ]
    for part in ("1", "2", "3"):
        await ada.click(picker, part)
    marked = pixels(await shown(discord, discord.messages[picker.id]))
    plain = pixels(single.tile.resize(marked.shape[1::-1]))
    greener = (marked - plain)[..., 1] - (marked - plain)[..., 0]
    third = len(marked) // 3
    assert greener[: third - 10].mean() > 20
    assert abs(greener[third + 10 :].mean()) < 3
    message = await press(ada, picker, "Submit", "Variations (Region) by")
    assert message.content == f"**{PROMPT}** - Variations (Region) by {ada.mention} (fast)"
    assert message.rows == GRID
    grid = await shown(discord, message)
    below = (0, 85 + SEAM, 256, 256)
    for position in (1, 2, 3, 4):
        assert psnr(unmarked(grid, position).crop(below), single.tile.crop(below)) >= 48
    above = (0, 0, 256, 85)
    assert tile(grid, 1).crop(above).tobytes() != tile(grid, 2).crop(above).tobytes()


async def test_a_region_is_named_in_words(discord: Remote, ada: Person, single: Single) -> None:
    picker = await (await ada.click(single.message, "Vary (Region)")).message()
    asked = await ada.click(picker, "Name it instead…")
    message = await made(ada, await ada.submit_modal(asked, {"region": "the red house"}), "(Region) by")
    sheet, old = await shown(discord, message), single.tile
    tiles = [unmarked(sheet, position) for position in (1, 2, 3, 4)]
    same = [(np.abs(pixels(each) - pixels(old)) <= 1).all(axis=-1).mean() for each in tiles]
    assert all(0.1 < share < 0.9 for share in same)


async def test_a_forged_press_of_somebody_elses_picker_does_nothing(
    ada: Person, lin: Person, single: Single
) -> None:
    picker = await (await ada.click(single.message, "Vary (Region)")).message()
    await ada.click(picker, "5")
    submit = picker.buttons["Submit"].custom_id
    assert submit is not None
    used = await lin.click(single.message, submit, forged=True)
    assert used.failed
    assert used.messages == []


async def test_remix_opens_the_prompt_before_anything_is_drawn(
    discord: Remote, lin: Person, single: Single
) -> None:
    async def turn_remix() -> None:
        panel = await (await lin.slash("general", "settings")).message()
        await lin.click(panel, "Remix mode")

    await turn_remix()
    for button, words in (
        ("Zoom Out 2x", "Zoom Out by"),
        ("⬅️", "Pan Left by"),
        ("Vary (Strong)", "Remix (Strong) by"),
    ):
        asked = await lin.click(single.message, button)
        assert asked.modal is not None
        assert PROMPT in str(asked.modal)
        said = {"prompt": "a red house in the snow --q .5"}
        message = await made(lin, await lin.submit_modal(asked, said), words)
        assert message.content == f"**a red house in the snow --q 0.5** - {words} {lin.mention} (fast)"
    picker = await (await lin.click(single.message, "Vary (Region)")).message()
    await lin.click(picker, "5")
    asked = await lin.click(picker, "Submit")
    message = await made(
        lin, await lin.submit_modal(asked, {"prompt": "a yellow circle --q .5"}), "Variations (Region) by"
    )
    assert "a yellow circle" in message.content
    await turn_remix()


async def test_a_killed_bot_still_delivers_the_pan_once(
    bot: Bot, discord: Remote, ada: Person, single: Single
) -> None:
    used = await ada.click(single.message, "⬇️")
    assert not used.failed
    await bot.kill()
    await bot.start()
    await discord.bot_ready()
    message = await made(ada, used, "Pan Down by")
    grid = await shown(discord, message)
    assert psnr(unmarked(grid, 1).crop((0, 0, 256, 248)), single.tile.crop((0, 0, 256, 248))) >= 48
    assert len([m for m in used.messages if "Pan Down by" in m.content]) == 1


async def test_a_heart_shows_on_its_button_and_in_the_history(
    discord: Remote, ada: Person, single: Single
) -> None:
    pressed = await ada.click(single.message, "Favorite")
    told = await discord.wait_until(
        lambda: next((m for m in pressed.messages if m.ephemeral), None), PATIENCE, "an answer"
    )
    assert "Added" in told.text
    assert discord.messages[single.message.id].buttons["Favorite"].style == GREEN
    page = await (await ada.slash("general", "history", favorites=True)).message(PATIENCE)
    assert "a red house on grass" in page.text


async def test_only_its_owner_deletes_it(discord: Remote, ada: Person, lin: Person, single: Single) -> None:
    refused = await (await lin.click(single.message, "Delete")).message()
    assert refused.ephemeral
    assert ada.mention in refused.text
    pressed = await ada.click(single.message, "Delete")
    said = [await pressed.message()] if pressed.messages else []
    for question in said:
        for yes in question.buttons:  # a picture that was given a heart before: it asks once more
            await ada.click(question, yes)
    await discord.wait_until(
        lambda: single.message.id not in discord.messages or None, PATIENCE, "the message to go"
    )


async def test_nothing_was_sent_that_discord_would_refuse(bot: Bot, discord: Remote) -> None:
    assert await discord.refusals() == []
    assert not await discord.violations()
