"""From prompt to grid over the wire: what a member of a server sees, with the real bot and the real model."""

import io
import re

import pytest
from PIL import Image

from engine.pictures.psnr import psnr
from playground import Message, Person, Remote
from tests.e2e.conftest import PATIENCE, Bot
from tests.e2e.pictures import half, picture, pixels, tile

pytestmark = pytest.mark.asyncio(loop_scope="module")

BUTTONS = [["U1", "U2", "U3", "U4", "🔄"], ["V1", "V2", "V3", "V4"]]


def finished(message: Message) -> bool:
    return bool(message.attachments) and "V4" in message.buttons


async def imagine(person: Person, prompt: str, channel: str = "general") -> Message:
    used = await person.slash(channel, "imagine", prompt=prompt)
    assert not used.failed
    return await person.remote.wait_until(
        lambda: next((m for m in used.messages if finished(m)), None), PATIENCE, f"the grid of {prompt!r}"
    )


async def after(person: Person, pressed: Message, button: str, *, words: str) -> Message:
    used = await person.click(pressed, button)
    assert not used.failed
    return await person.wait_for(
        lambda message: words in message.content and message.attachments and "%" not in message.content,
        PATIENCE,
        after=pressed,
    )


async def grid_of(discord: Remote, message: Message) -> Image.Image:
    return picture(await discord.download(message.attachments[0]))


async def test_a_grid_comes_in_the_form_that_people_know(bot: Bot, discord: Remote, ada: Person) -> None:
    message = await imagine(ada, "a red circle on a white background --seed 7")
    assert message.content == (f"**a red circle on a white background --seed 7** - {ada.mention} (fast)")
    assert message.rows == BUTTONS
    [attachment] = message.attachments
    assert re.fullmatch(
        r"ada_a_red_circle_on_a_white_background_seed_7_[0-9a-f-]{36}\.png", attachment.filename
    )
    grid = await grid_of(discord, message)
    assert (grid.width, grid.height) == (512, 512)


async def test_every_picture_says_what_made_it(bot: Bot, discord: Remote, ada: Person) -> None:
    message = await imagine(ada, "a green tree --seed 3")
    png = await discord.download(message.attachments[0])
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        text = " ".join(str(value) for value in image.info.values())
    assert "a green tree --seed 3" in text
    assert "trainedAlgorithmicMedia" in text


async def test_proportions_follow_the_prompt(bot: Bot, discord: Remote, ada: Person) -> None:
    grid = await grid_of(discord, await imagine(ada, "a blue fish --ar 3:2 --seed 1"))
    assert grid.width / grid.height == pytest.approx(1.5, rel=0.06)


async def test_the_same_seed_gives_the_same_pixels(bot: Bot, discord: Remote, ada: Person) -> None:
    first = await grid_of(discord, await imagine(ada, "a yellow star --seed 11"))
    again = await grid_of(discord, await imagine(ada, "a yellow star --seed 11"))
    assert psnr(first, again) >= 40


async def test_upscaling_gives_that_very_picture(bot: Bot, discord: Remote, ada: Person) -> None:
    message = await imagine(ada, "a red heart --seed 21")
    grid = await grid_of(discord, message)
    single = await after(ada, message, "U2", words="Image #2")
    assert single.content == f"**a red heart --seed 21** - Image #2 {ada.mention}"
    large = await grid_of(discord, single)
    assert large.size == grid.size
    assert psnr(half(large), tile(grid, 2)) >= 30
    assert max(psnr(half(large), tile(grid, other)) for other in (1, 3, 4)) < 30


async def test_variations_and_rerolls_are_new_grids(bot: Bot, discord: Remote, ada: Person) -> None:
    message = await imagine(ada, "a purple butterfly --seed 5")
    grid = await grid_of(discord, message)
    varied = await after(ada, message, "V3", words="Variations (Strong)")
    assert varied.content == f"**a purple butterfly --seed 5** - Variations (Strong) by {ada.mention} (fast)"
    assert varied.rows == BUTTONS
    rolled = await after(ada, varied, "🔄", words="purple butterfly")
    assert rolled.rows == BUTTONS
    pictures = [pixels(await grid_of(discord, each)) for each in (varied, rolled)]
    assert all(each.shape == pixels(grid).shape for each in pictures)
    assert all(abs(each - pixels(grid)).mean() > 1 for each in pictures)


async def test_a_reroll_leaves_a_given_seed_out(bot: Bot, discord: Remote, ada: Person) -> None:
    message = await imagine(ada, "an orange fox --seed 8")
    rolled = await after(ada, message, "🔄", words="an orange fox")
    assert "--seed" not in rolled.content
    assert psnr(await grid_of(discord, message), await grid_of(discord, rolled)) < 40


async def test_direct_messages_work(bot: Bot, discord: Remote, lin: Person) -> None:
    message = await imagine(lin, "a white rabbit", "dm")
    assert message.content == f"**a white rabbit** - {lin.mention} (fast)"
    single = await after(lin, message, "U4", words="Image #4")
    assert psnr(half(await grid_of(discord, single)), tile(await grid_of(discord, message), 4)) >= 30


async def test_somebody_else_may_press_in_public(bot: Bot, ada: Person, lin: Person) -> None:
    message = await imagine(ada, "a black cat")
    single = await after(lin, message, "U1", words="Image #1")
    assert single.content == f"**a black cat** - Image #1 {lin.mention}"


@pytest.mark.parametrize(
    ("prompt", "title", "piece"),
    [
        ("a cat --s 5000", "Invalid parameter", "--s"),
        ("a cat --ar 1:0", "Invalid parameter", "1:0"),
        ("a cat --foo", "Invalid parameter", "--foo"),
        ("a cat --seed 4294967296", "Invalid parameter", "4294967296"),
        ("a cat --seed -1", "Invalid parameter", "-1"),
        (" ", "Invalid prompt", ""),
        ("--ar 3:2", "Invalid prompt", ""),
        ("http://127.0.0.1:1/a.png a cat", "Invalid link", "127.0.0.1"),
    ],
)
async def test_bad_input_is_told_to_its_writer_alone(
    bot: Bot, discord: Remote, ada: Person, prompt: str, title: str, piece: str
) -> None:
    before = len(await ada.messages("general"))
    used = await ada.slash("general", "imagine", prompt=prompt)
    message = await used.message()
    assert message.ephemeral
    [embed] = message.embeds
    assert embed["title"] == title
    assert piece in embed["description"]
    assert embed["footer"]["text"] == f"/imagine {prompt}".strip()
    assert len([m for m in await ada.messages("general") if not m.ephemeral]) <= before


async def test_a_parameter_is_completed_while_it_is_typed(bot: Bot, ada: Person) -> None:
    found = await ada.autocomplete("general", "imagine", "prompt", "a cat --sty")
    assert {"a cat --stylize ", "a cat --style "} <= {choice["value"] for choice in found}
    assert await ada.autocomplete("general", "imagine", "prompt", "a cat on a mat") == []


async def test_describing_gives_four_prompts(bot: Bot, discord: Remote, ada: Person) -> None:
    image = Image.new("RGB", (384, 256), "white")
    file = io.BytesIO()
    image.save(file, "PNG")
    used = await ada.slash("general", "describe", image=("white.png", file.getvalue()))
    message = await used.message(PATIENCE)
    lines = [line for line in message.text.splitlines() if re.match("[1-4]️⃣ ", line)]
    assert [line[0] for line in lines] == ["1", "2", "3", "4"]
    assert all(line.endswith("--ar 3:2") for line in lines)
    assert {"1️⃣", "2️⃣", "3️⃣", "4️⃣"} <= set(message.buttons)


async def test_describing_a_text_file_is_refused_in_words(bot: Bot, ada: Person) -> None:
    used = await ada.slash("general", "describe", image=("notes.txt", b"not a picture"))
    message = await used.message(PATIENCE)
    assert message.ephemeral
    assert not message.attachments
    assert message.text


async def test_settings_show_up_in_the_next_prompt(bot: Bot, ada: Person, lin: Person) -> None:
    panel = await (await lin.slash("general", "settings")).message()
    assert panel.ephemeral
    await lin.click(
        panel,
        next(
            label
            for label in panel.buttons
            if "high" in label.lower() and "very" not in label.lower() and "vari" not in label.lower()
        ),
    )
    message = await imagine(lin, "a blue boat")
    assert message.content == f"**a blue boat --s 250** - {lin.mention} (fast)"
    panel = await (await lin.slash("general", "settings")).message()
    await lin.click(panel, next(label for label in panel.buttons if "reset" in label.lower()))
    message = await imagine(lin, "a blue boat")
    assert message.content == f"**a blue boat** - {lin.mention} (fast)"


async def test_history_shows_ones_own_pictures_alone(bot: Bot, ada: Person, lin: Person) -> None:
    await imagine(ada, "a teal umbrella")
    mine = await (await ada.slash("general", "history", search="umbrella")).message(PATIENCE)
    assert mine.ephemeral
    assert "a teal umbrella" in mine.text
    assert mine.attachments
    hers = await (await lin.slash("general", "history", search="umbrella")).message(PATIENCE)
    assert "teal umbrella" not in hers.text


async def test_a_dead_token_does_not_lose_the_grid(bot: Bot, discord: Remote, ada: Person) -> None:
    used = await ada.slash("general", "imagine", prompt="a brown mountain --seed 2")
    await discord.expire_tokens()
    message = await ada.wait_for(lambda m: finished(m) and "a brown mountain --seed 2" in m.content, PATIENCE)
    assert message.content == f"**a brown mountain --seed 2** - {ada.mention} (fast)"
    left = [m for m in await ada.messages("general") if "brown mountain" in m.content]
    assert [m.id for m in left] == [message.id]
    assert not used.failed


async def test_buttons_outlive_the_bot(bot: Bot, discord: Remote, ada: Person) -> None:
    message = await imagine(ada, "a pink flower --seed 4")
    assert await bot.stop() == 0
    await discord.bot_gone()
    await bot.start()
    await discord.bot_ready()
    single = await after(ada, message, "U3", words="Image #3")
    assert psnr(half(await grid_of(discord, single)), tile(await grid_of(discord, message), 3)) >= 30


async def test_a_killed_bot_delivers_what_it_had_accepted(bot: Bot, discord: Remote, ada: Person) -> None:
    prompts = [f"a gray cloud --seed {seed}" for seed in range(3)]
    for prompt in prompts:
        assert not (await ada.slash("general", "imagine", prompt=prompt)).failed
    await bot.kill()
    await bot.start()
    for prompt in prompts:
        await ada.wait_for(
            lambda m, prompt=prompt: finished(m) and f"**{prompt}**" in m.content,  # type: ignore[misc]
            PATIENCE,
        )
    messages = [m for m in await ada.messages("general") if "a gray cloud" in m.content]
    assert sorted(m.content for m in messages) == sorted(f"**{p}** - {ada.mention} (fast)" for p in prompts)


async def test_nothing_was_sent_that_discord_would_refuse(bot: Bot, discord: Remote) -> None:
    assert await discord.refusals() == []
    assert not await discord.violations()
