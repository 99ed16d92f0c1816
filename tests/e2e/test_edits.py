"""Edits over the wire, with the real bot: command, button and menu, five turns and all the way back.

The embedded model changes the pictures, as after installing.
"""

import io

import pytest
from PIL import Image

from bench.bot import Bot
from engine.pictures import provenance
from playground import Message, Person, Remote
from tests.e2e.conftest import PATIENCE

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASKED = ("make it blue", "add a star above it", "at night", "as a watercolour", "remove the star")


async def made(person: Person, used: object, words: str) -> Message:
    """The finished message of an interaction."""

    def finished(message: Message) -> bool:
        return bool(message.attachments) and "%" not in message.content and words in message.content

    def there() -> Message | None:
        return next((m for m in used.messages if finished(m)), None)  # type: ignore[attr-defined]

    assert not used.failed  # type: ignore[attr-defined]
    return await person.remote.wait_until(there, PATIENCE, f"a message with {words!r}")


async def edited(person: Person, message: Message, said: str) -> Message:
    """The grid that comes of the Edit button."""
    shown = await person.click(message, "Edit")
    assert shown.modal is not None
    return await made(person, await person.submit_modal(shown, {"What is to change?": said}), "Edit by")


async def single(person: Person, prompt: str = "a red house on grass --q 0.25 --seed 7") -> Message:
    grid = await made(person, await person.slash("general", "imagine", prompt=prompt), "(fast)")
    return await made(person, await person.click(grid, "U1"), "Image #1")


def a_file() -> tuple[str, bytes]:
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((96, 64)).save(out, "PNG")
    return "house.png", out.getvalue()


async def test_five_turns_and_back(bot: Bot, discord: Remote, ada: Person) -> None:
    turns = [await single(ada)]
    for number, said in enumerate(ASKED, 1):
        grid = await edited(ada, turns[-1], said)
        assert grid.content.startswith(f"**{said}** - Edit by {ada.mention} (fast)")
        told = provenance.read(await discord.download(grid.attachments[0]))
        assert (told["model"], told["prompt"]) == ("pocket-edit", said)
        turns.append(await made(ada, await ada.click(grid, f"U{1 + number % 4}"), "Image #"))
    shown = turns[-1]
    for before in reversed(turns[:-1]):
        shown = await made(ada, await ada.click(shown, "Undo"), "Image #")
        one, other = [await discord.download(m.attachments[0]) for m in (shown, before)]
        assert one == other
        assert "Edit" in shown.buttons
    assert "Undo" not in shown.buttons


async def test_a_file_is_edited_by_the_command_and_undo_shows_it(
    bot: Bot, discord: Remote, ada: Person
) -> None:
    used = await ada.slash("general", "edit", image=a_file(), prompt="make it night --s 500")
    grid = await made(ada, used, "**make it night --s 500** - Edit by")
    assert any("without effect" in embed.get("description", "") for embed in grid.embeds)
    shown = await made(ada, await ada.click(grid, "Undo"), "The picture before the edit.")
    before = Image.open(io.BytesIO(await discord.download(shown.attachments[0])))
    assert before.size == (96, 64)


async def test_a_messages_picture_is_edited_from_its_menu(bot: Bot, ada: Person, lin: Person) -> None:
    shown = await lin.message_command(await single(ada), "Edit picture")
    assert shown.modal is not None
    used = await lin.submit_modal(shown, {"What is to change?": "make it blue"})
    assert lin.mention in (await made(lin, used, "Edit by")).content


async def test_what_is_no_picture_is_refused(bot: Bot, ada: Person) -> None:
    used = await ada.slash("general", "edit", image=("a.png", b"no picture"), prompt="make it night")
    [embed] = (await used.message(PATIENCE)).embeds
    assert embed["title"] == "Invalid picture"
