"""Every command beside `/imagine`, over the wire: what its user sees, and nobody else."""

import asyncio
import io
import re
import zipfile
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image

from playground import Message, Person, Refused, Remote
from tests.e2e.conftest import PATIENCE, Bot
from tests.e2e.pictures import picture

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUICK = "--q .25"


def finished(message: Message) -> bool:
    return bool(message.attachments) and "V4" in message.buttons


def png(colour: str, size: tuple[int, int] = (96, 64)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


async def grid_with(person: Person, words: str) -> Message:
    return await person.wait_for(lambda m: finished(m) and words in m.content, PATIENCE)


async def imagine(person: Person, prompt: str, channel: str = "general") -> Message:
    used = await person.slash(channel, "imagine", prompt=f"{prompt} {QUICK}")
    assert not used.failed
    return await grid_with(person, prompt)


async def answer(person: Person, command: str, channel: str = "general", **options: object) -> Message:
    """The private answer to a command."""
    used = await person.slash(channel, command, **options)
    message = await used.message(PATIENCE)
    assert message.ephemeral
    return message


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def apple(bot: Bot, ada: Person) -> AsyncIterator[Message]:
    """A grid of ada's that many tests look at."""
    yield await imagine(ada, "a green apple")


async def test_describing_a_private_address_is_refused_without_asking_it(bot: Bot, ada: Person) -> None:
    asked = asyncio.Event()
    server = await asyncio.start_server(lambda *_: asked.set(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for link in (f"http://127.0.0.1:{port}/a.png", "http://localhost/a.png", "ftp://example.org/a.png"):
        [embed] = (await answer(ada, "describe", link=link)).embeds
        assert embed["title"] == "Invalid link"
    server.close()
    assert not asked.is_set()


async def test_describe_wants_a_picture_or_a_link(bot: Bot, ada: Person) -> None:
    assert "either" in (await answer(ada, "describe")).text


async def test_a_described_prompt_is_drawn_by_its_number_and_described_again(bot: Bot, ada: Person) -> None:
    used = await ada.slash("sketches", "describe", image=("a.png", png("red")))
    described = await used.message(PATIENCE)
    assert {"1️⃣", "2️⃣", "3️⃣", "4️⃣", "🔄", "Imagine all"} <= set(described.buttons)
    drawn = await ada.click(described, "2️⃣")
    assert not drawn.failed
    await ada.remote.wait_until(
        lambda: next((m for m in drawn.messages if finished(m)), None), PATIENCE, "its grid"
    )
    again = await ada.click(described, "🔄")
    assert len(re.findall("--ar 3:2", (await again.message(PATIENCE)).text)) == 4


async def test_two_pictures_are_blended(bot: Bot, discord: Remote, ada: Person) -> None:
    used = await ada.slash(
        "sketches",
        "blend",
        image1=("a.png", png("red")),
        image2=("b.png", png("blue")),
        dimensions="Landscape",
    )
    message = await ada.remote.wait_until(
        lambda: next((m for m in used.messages if finished(m)), None), PATIENCE, "the blend"
    )
    grid = picture(await discord.download(message.attachments[0]))
    assert grid.width > grid.height


async def test_a_prompt_is_shortened_and_a_short_one_drawn(bot: Bot, ada: Person) -> None:
    long = "a very beautiful and extremely detailed painting of a red house in the snow at night"
    used = await ada.slash("sketches", "shorten", prompt=f"{long} {QUICK}")
    message = await used.message(PATIENCE)
    assert "Important tokens" in message.text
    assert "1️⃣" in message.buttons
    drawn = await ada.click(message, "1️⃣")
    await ada.remote.wait_until(
        lambda: next((m for m in drawn.messages if finished(m)), None), PATIENCE, "its grid"
    )


async def test_options_and_suffix_join_prompts_and_are_listed(bot: Bot, lin: Person) -> None:
    await answer(lin, "prefer option set", option="mine", value=f"--ar 3:2 {QUICK}")
    assert "mine" in (await answer(lin, "prefer option list")).text
    used = await lin.slash("gallery", "imagine", prompt="a tin can --mine")
    assert not used.failed
    assert "--ar 3:2" in (await grid_with(lin, "a tin can")).content
    await answer(lin, "prefer option set", option="mine")
    assert "mine" not in (await answer(lin, "prefer option list")).text
    await answer(lin, "prefer suffix", new_value=QUICK)
    await lin.slash("gallery", "imagine", prompt="a glass jar")
    assert "--q 0.25" in (await grid_with(lin, "a glass jar")).content
    assert "removed" in (await answer(lin, "prefer suffix")).text


async def test_finished_jobs_come_by_direct_message_when_one_prefers_that(bot: Bot, lin: Person) -> None:
    assert "are sent" in (await answer(lin, "prefer auto_dm")).text
    await imagine(lin, "a clay pot")
    letter = await lin.wait_for(lambda m: "Job ID" in m.content and "a clay pot" in m.content, PATIENCE)
    assert len(letter.attachments) == 4
    assert "no longer" in (await answer(lin, "prefer auto_dm")).text


async def test_remix_opens_the_prompt_first(bot: Bot, ada: Person, apple: Message) -> None:
    assert "on" in (await answer(ada, "prefer remix")).text
    pressed = await ada.click(apple, "V1")
    assert pressed.modal is not None
    sent = await ada.submit_modal(pressed, {"New prompt": f"a violet apple {QUICK}"})
    await ada.remote.wait_until(
        lambda: next((m for m in sent.messages if finished(m) and "Remix" in m.content), None),
        PATIENCE,
        "the remix",
    )
    assert "off" in (await answer(ada, "prefer remix")).text


async def test_info_tells_settings_and_the_queue(bot: Bot, ada: Person, apple: Message) -> None:
    text = (await answer(ada, "info")).text
    for line in ("Job Mode", "Lifetime Usage", "Queued Jobs", "Running Jobs"):
        assert line in text
    assert "**Lifetime Usage**: 0 images" not in text


async def test_speeds_show_in_the_message(bot: Bot, ada: Person) -> None:
    await answer(ada, "relax")
    assert (await imagine(ada, "a lead pipe")).content.endswith("(relaxed)")
    await answer(ada, "fast")
    assert (await imagine(ada, "a lead pan")).content.endswith("(fast)")


async def test_help_and_questions_are_answered(bot: Bot, ada: Person) -> None:
    assert "--chaos" in (await answer(ada, "help")).text
    asked = (await answer(ada, "ask", question="what does stylize do?")).text
    assert "--stylize" in asked
    assert "--chaos" not in asked


async def test_a_question_in_plain_words_and_a_mention_are_answered(
    bot: Bot, discord: Remote, ada: Person
) -> None:
    asked = (await answer(ada, "ask", question="how do I make it wide?")).text
    assert asked.startswith("**`--aspect, --ar W:H`**")
    me = next(user["id"] for user in discord.state["users"] if user["bot"])
    await ada.say("general", f"<@{me}> what can you do?")
    screen = await ada.wait_for(lambda m: "`--chaos`" in m.text and not m.ephemeral, PATIENCE)
    assert screen.text == (await answer(ada, "help")).text
    assert len(screen.buttons) == 3


async def test_what_the_model_knows_nothing_of_is_offered_examples(bot: Bot, ada: Person) -> None:
    offered = await answer(ada, "imagine", prompt="portrait of a woman")
    assert "portrait, woman" in offered.text
    *examples, anyway = offered.buttons
    assert (len(examples), anyway) == (3, "Draw it anyway")
    drawn = await ada.click(offered, examples[1])
    grid = await ada.remote.wait_until(
        lambda: next((m for m in drawn.messages if finished(m)), None), PATIENCE, "the example"
    )
    assert grid.content.startswith(f"**{examples[1]}** - ")
    drawn = await ada.click(offered, anyway)
    grid = await ada.remote.wait_until(
        lambda: next((m for m in drawn.messages if finished(m)), None), PATIENCE, "the portrait"
    )
    assert grid.content.startswith("**portrait of a woman** - ")
    assert set(examples) < set(grid.buttons)


async def test_a_job_is_shown_again_with_buttons_that_work(bot: Bot, ada: Person, apple: Message) -> None:
    [job_id] = re.findall(r"[0-9a-f-]{36}", apple.attachments[0].filename)
    used = await ada.slash("gallery", "show", job_id=job_id)
    shown = await used.message(PATIENCE)
    assert shown.content == apple.content
    single = await ada.click(shown, "U1")
    await ada.remote.wait_until(
        lambda: next((m for m in single.messages if "Favorite" in m.buttons), None), PATIENCE, "the picture"
    )


async def test_history_pages_searches_filters_and_exports(
    bot: Bot, discord: Remote, ada: Person, lin: Person
) -> None:
    tom = await discord.add_person("tom")
    for number in range(6):
        grid = await imagine(tom, f"a cork number {number}")
    single = await tom.click(grid, "U1")
    picture = await tom.remote.wait_until(
        lambda: next((m for m in single.messages if "Favorite" in m.buttons), None), PATIENCE, "the picture"
    )
    await tom.click(picture, "Favorite")

    first = await answer(tom, "history", search="cork")
    assert "page 1" in first.text
    assert len(first.attachments) == 5
    turned = await tom.click(first, "Next")
    assert not turned.failed
    second = await tom.wait_changed(first, lambda m: "page 2" in m.text, PATIENCE)
    assert len(second.attachments) == 2
    await tom.click(second, "Previous")
    await tom.wait_changed(first, lambda m: "page 1" in m.text, PATIENCE)
    assert "no pictures" in (await answer(tom, "history", search="granite")).text

    liked = await answer(tom, "history", favorites=True)
    assert len(liked.attachments) == 1
    exported = await (await tom.click(liked, "Export")).message(PATIENCE)
    archive = zipfile.ZipFile(io.BytesIO(await discord.download(exported.attachments[0])))
    assert archive.testzip() is None
    assert len(archive.namelist()) == 1
    stolen = await lin.slash("general", "history", search="cork")
    assert "no pictures" in (await stolen.message(PATIENCE)).text


async def test_menus_of_a_message_send_use_and_cancel(
    bot: Bot, ada: Person, lin: Person, apple: Message
) -> None:
    await ada.message_command(apple, "DM Results")
    letter = await ada.wait_for(lambda m: "Job ID" in m.content and "a green apple" in m.content, PATIENCE)
    assert len(letter.attachments) == 4

    chosen = await lin.message_command(apple, "Use as image prompt")
    sent = await lin.submit_modal(chosen, {"Prompt": f"in the snow {QUICK}"})
    await lin.remote.wait_until(
        lambda: next((m for m in sent.messages if finished(m)), None), PATIENCE, "the grid"
    )

    refused = await (await lin.message_command(apple, "Cancel Job")).message()
    assert "Only" in refused.text
    doomed = await imagine(ada, "a paper cup")
    await ada.message_command(doomed, "Cancel Job")
    await ada.wait_gone(doomed)


async def test_reactions_send_cancel_and_delete_for_the_owner_alone(
    bot: Bot, discord: Remote, ada: Person, lin: Person
) -> None:
    grid = await imagine(lin, "a rubber duck")
    await lin.react(grid, "✉️")
    letter = await lin.wait_for(lambda m: "Job ID" in m.content and "a rubber duck" in m.content, PATIENCE)
    assert len(letter.attachments) == 4
    await ada.react(grid, "❌")
    await ada.slash("general", "info")  # whatever the reaction did is done before this is answered
    assert grid.id in discord.messages
    await lin.react(grid, "❌")
    await lin.wait_gone(grid)

    used = await lin.slash("general", "imagine", prompt="a rubber boot --q 2")
    waiting = await lin.wait_for(lambda m: "a rubber boot" in m.content, PATIENCE)
    await lin.react(waiting, "❌")
    await lin.wait_changed(waiting, lambda m: "(Cancelled)" in m.content, PATIENCE)
    assert not used.failed


async def test_it_works_where_a_user_installed_it_and_the_bot_is_no_member(
    bot: Bot, discord: Remote, lin: Person
) -> None:
    grid = await imagine(lin, "a wool hat", "Elsewhere/lounge")
    single = await lin.click(grid, "U2")
    message = await lin.remote.wait_until(
        lambda: next((m for m in single.messages if "Favorite" in m.buttons), None), PATIENCE, "the picture"
    )
    assert "Image #2" in message.content


async def test_operators_pause_drain_ban_limit_and_name_channels(bot: Bot, ada: Person, lin: Person) -> None:
    with pytest.raises(Refused, match="no command 'easel queue'"):
        await lin.slash("general", "easel queue")
    assert "waiting" in (await answer(ada, "easel queue")).text
    await answer(ada, "easel pause")
    assert "No new jobs" in (await answer(lin, "imagine", prompt="a dog")).text
    await answer(ada, "easel resume")

    await lin.slash("general", "imagine", prompt=f"a stone wall {QUICK}")
    draining = await ada.slash("general", "easel drain")
    assert "No new jobs" in (await answer(lin, "imagine", prompt="a dog")).text
    told = await ada.wait_changed(await draining.message(), lambda m: "Drained" in m.content, PATIENCE)
    assert told.ephemeral
    await grid_with(lin, "a stone wall")
    await answer(ada, "easel resume")

    await answer(ada, "easel ban", user="lin")
    assert "may not use" in (await answer(lin, "info")).text
    await answer(ada, "easel unban", user="lin")
    assert "Job Mode" in (await answer(lin, "info")).text

    await answer(ada, "easel channel")
    assert "does not answer" in (await answer(lin, "info", "sketches")).text
    await answer(ada, "easel channel", allowed=False)
    assert "Job Mode" in (await answer(lin, "info", "sketches")).text


async def test_operators_unload_and_load_models(bot: Bot, ada: Person, apple: Message) -> None:
    assert "🟢 `pocket`" in (await answer(ada, "easel models list")).text
    unloaded = await ada.slash("general", "easel models unload", model="pocket")
    assert "no longer in memory" in (await unloaded.message(PATIENCE)).content
    assert "⚪ `pocket`" in (await answer(ada, "easel models list")).text
    loading = await ada.slash("general", "easel models load", model="pocket")
    await ada.wait_changed(await loading.message(), lambda m: "is in memory" in m.content, PATIENCE)
    assert "🟢 `pocket`" in (await answer(ada, "easel models list")).text
    assert "sd-1.5" in {
        c["value"] for c in await ada.autocomplete("general", "easel models load", "model", "sd")
    }


async def test_nothing_was_sent_that_discord_would_refuse(bot: Bot, discord: Remote) -> None:
    assert await discord.refusals() == []
    assert not await discord.violations()
