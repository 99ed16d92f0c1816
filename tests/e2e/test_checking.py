"""What is said of pictures, and done about them, over the wire: checks, proofs, reports, hidden ones."""

import asyncio
import io
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image

from bench.bot import Bot, running
from playground import Message, Person, Playground, Remote
from tests.e2e.conftest import PATIENCE
from tests.engine import foreign, tiny_classifier

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUICK = "--q .25"
DESK = "gallery"  # where moderators read


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def bot(
    playground: Playground, discord: Remote, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bot]:
    """A bot whose classifier takes red pictures for explicit ones."""
    classifier = tiny_classifier.folder(tmp_path_factory.mktemp("classifier"))
    async with running(
        playground, discord, tmp_path_factory.mktemp("easel"), EASEL_CLASSIFIER=str(classifier)
    ) as bot:
        yield bot


def finished(message: Message) -> bool:
    return bool(message.attachments) and "V4" in message.buttons


async def imagine(person: Person, prompt: str) -> Message:
    used = await person.slash("general", "imagine", prompt=f"{prompt} {QUICK}")
    assert not used.failed
    return await person.remote.wait_until(
        lambda: next((m for m in used.messages if finished(m)), None), PATIENCE, prompt
    )


async def private(person: Person, command: str, channel: str = "general", **options: object) -> Message:
    message = await (await person.slash(channel, command, **options)).message(PATIENCE)
    assert message.ephemeral
    return message


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def apple(bot: Bot, ada: Person) -> AsyncIterator[Message]:
    yield await imagine(ada, "a green apple --seed 5")


async def file_of(discord: Remote, message: Message) -> bytes:
    return await discord.download(message.attachments[0])


async def test_an_own_picture_is_verified_and_proved_by_anyone(
    bot: Bot, discord: Remote, lin: Person, apple: Message
) -> None:
    answer = await private(lin, "verify", image=("a.png", await file_of(discord, apple)))
    assert "Made by Easel" in answer.text
    assert "a green apple" in answer.text
    proof = await (await lin.click(answer, "Prove it")).message(PATIENCE)
    assert "**Drawn again** equal" in proof.text


def with_a_pixel_changed(data: bytes) -> bytes:
    """The picture with one pixel a level brighter or darker, saved without its texts."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    red, green, blue = picture.getpixel((100, 100))
    picture.putpixel((100, 100), (red, green - 1 if green else 1, blue))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


async def test_one_changed_pixel_is_told_by_the_proof(
    bot: Bot, discord: Remote, lin: Person, apple: Message
) -> None:
    changed = with_a_pixel_changed(await file_of(discord, apple))
    answer = await private(lin, "verify", image=("a.png", changed))
    assert "a green apple" in answer.text
    proof = await (await lin.click(answer, "Prove it")).message(PATIENCE)
    assert "**Drawn again** different" in proof.text


async def test_another_process_draws_a_known_job_again_to_the_last_bit(
    bot: Bot, discord: Remote, apple: Message, tmp_path: Path
) -> None:
    data = await file_of(discord, apple)
    for name, file, redrawn in (("a.png", data, "equal"), ("b.png", with_a_pixel_changed(data), "different")):
        (tmp_path / name).write_bytes(file)
        done = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("easel")),
            *("verify", name, "--prove", "--json"),
            cwd=tmp_path,
            env={**os.environ, "EASEL_DATA": str(bot.data), "EASEL_DEVICE": "cpu"},
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await done.communicate()
        assert done.returncode == 0
        found = json.loads(said)
        assert (found["redrawn"], found["made_by_easel"], found["seed"]) == (redrawn, True, 5)
        assert found["watermark"] == {"found": True, "job": found["job"]}
        assert found["prompt"].startswith("a green apple")


async def test_the_menu_checks_a_messages_picture(bot: Bot, lin: Person, apple: Message) -> None:
    answer = await (await lin.message_command(apple, "Check picture")).message(PATIENCE)
    assert answer.ephemeral
    assert "a green apple" in answer.text
    assert {"Prove it", "Report"} <= set(answer.buttons)


async def test_another_programs_prompt_is_found_and_drawn(bot: Bot, ada: Person) -> None:
    graph = json.loads(json.dumps(foreign.COMFYUI))
    graph["6"]["inputs"]["text"] = "a blue fish"
    used = await ada.slash("sketches", "describe", image=("c.png", foreign.png(prompt=json.dumps(graph))))
    described = await used.message(PATIENCE)
    assert "In its file (ComfyUI)" in described.text
    drawn = await ada.click(described, "Draw its prompt")
    grid = await ada.remote.wait_until(
        lambda: next((m for m in drawn.messages if finished(m)), None), PATIENCE, "its grid"
    )
    prompt = r"a blue fish \<lora:x:1> --ar 13:19 --seed 987 --no text, watermark"
    assert grid.content.startswith(f"**{prompt}** - ")


async def test_beside_the_dialog_for_an_image_prompt_the_files_own_is_told(
    bot: Bot, ada: Person, lin: Person, apple: Message
) -> None:
    chosen = await lin.message_command(apple, "Use as image prompt")
    assert chosen.modal is not None
    told = await lin.wait_for(lambda m: "In its file (Easel)" in m.text, PATIENCE)
    assert told.ephemeral
    assert "a green apple" in told.text


async def test_a_stealth_jobs_prompt_and_message_are_its_owners_alone(
    bot: Bot, discord: Remote, ada: Person, lin: Person
) -> None:
    grid = await imagine(ada, "a yellow star --stealth")
    assert grid.ephemeral
    data = await file_of(discord, grid)
    assert "a yellow star" in (await private(ada, "verify", image=("a.png", data))).text
    others = await private(lin, "verify", image=("a.png", data))
    assert "only its owner sees" in others.text
    assert "star" not in others.text


async def test_what_is_hidden_never_reaches_discord_and_moderators_are_told(
    bot: Bot, discord: Remote, ada: Person
) -> None:
    await private(ada, "easel moderation log", DESK)
    used = await ada.slash("general", "imagine", prompt=f"a red circle on a red background --s 0 {QUICK}")
    refused = await ada.remote.wait_until(
        lambda: next((m for m in used.messages if "let none of the pictures pass" in m.text), None),
        PATIENCE,
        "the sentence",
    )
    assert not refused.attachments
    told = await ada.wait_for(lambda m: "All pictures hidden" in m.text, PATIENCE)
    assert "a red circle on a red background" in told.text
    assert not told.attachments


async def test_where_more_may_be_shown_it_is_not_hidden(bot: Bot, ada: Person) -> None:
    assert "Nothing is hidden" in (await private(ada, "easel moderation hide", above=1.0)).text
    assert await imagine(ada, "a red square on a red background --s 0")
    await private(ada, "easel moderation hide")


async def test_a_report_reaches_the_moderators_who_remove_the_picture(
    bot: Bot, discord: Remote, ada: Person, lin: Person
) -> None:
    grid = await imagine(ada, "a green boat")
    [name] = [attachment.filename for attachment in grid.attachments]
    answer = await private(lin, "report", job=name.rsplit("_", 1)[1].removesuffix(".png"), reason="it leaks")
    assert "Reported." in answer.text
    asked = await ada.wait_for(lambda m: "it leaks" in m.text, PATIENCE)
    assert "Only moderators" in (await (await lin.click(asked, "Remove it")).message(PATIENCE)).text
    await ada.click(asked, "Remove it")
    await ada.wait_gone(grid)
    assert "known here" in (await private(lin, "report", job=str(grid.id), reason="again")).text


async def test_nothing_was_sent_that_discord_would_refuse(bot: Bot, discord: Remote) -> None:
    assert await discord.refusals() == []
    assert not await discord.violations()
