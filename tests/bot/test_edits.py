"""Pictures that are changed in words: command, button, menu and `--edit`, turn by turn, and back."""

import re
from dataclasses import replace

import pytest

from bot.links import MOST_BYTES
from bot.memory.records import JobKind
from engine import Action, Registry, load_input
from tests.bot.sketch import buttons, png
from tests.families.tiny import TINY

BACKWARDS = "No model on this machine changes pictures"


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    return saved_editor(tmp_path_factory.mktemp("editor"))


@pytest.fixture
def editor(world, weights):
    return with_editor(world, weights)


def saved_editor(folder):
    TINY["instruct-pix2pix"]().save_pretrained(folder)
    return folder


def with_editor(world, weights):
    """One of the bot's models changes pictures and is here; the embedded one has no sister that does."""
    without_editor(world)
    registry = world.bot.hub.models.registry
    entries = tuple(
        replace(entry, folder=weights) if entry.name == "instruct-pix2pix" else entry
        for entry in registry.entries
    )
    world.bot.hub.models.registry = replace(registry, entries=entries)
    return "instruct-pix2pix"


def without_editor(world):
    """No model of the bot's changes pictures."""
    listed = Registry.load()
    entries = tuple(replace(entry, editor="") for entry in listed.entries)
    world.bot.hub.models.registry = replace(listed, entries=entries)


def labels(message):
    return [button.label or str(button.emoji) for button in buttons(message)]


async def single(world, message=None, which="U2"):
    message = message or await world.imagine("a red house --ar 3:2")
    return (await world.press(message, which)).response.message


async def edited(world, message, prompt):
    """The grid that comes of the Edit button under a single picture."""
    shown = await world.press(message, "Edit")
    return (await world.alice.submit_modal(shown, {"prompt": prompt})).response.message


async def refused(result):
    """The title and the sentence of a refusal for its user alone."""
    assert result.ephemeral
    return result.response.embeds[0].title, result.response.embeds[0].description


async def test_a_picture_that_is_brought_is_changed_by_the_command(world, editor):
    result = await world.slash("edit", image=("house.png", png(48, 32)), prompt="make it night")
    message = result.response.message
    assert message.content == f"**make it night** - Edit by <@{world.alice.id}> (fast)"
    [job] = world.engine.seen
    assert (job.plan.action, job.plan.model, len(job.inputs)) == (Action.EDIT, editor, 1)
    assert job.plan.width / job.plan.height == pytest.approx(1.5, abs=0.03)
    assert labels(message)[-1] == "Undo"
    assert "does not change pictures" in message.embeds[0].description


async def test_the_button_asks_in_one_field_and_changes_that_very_picture(world, editor):
    message = await single(world)
    [source] = await world.bot.hub.history.page(world.alice.id, limit=1)
    shown = await world.press(message, "Edit")
    [field] = [part["component"] for part in shown.modal["components"]]
    assert (shown.modal["title"], field.get("value")) == ("Edit", None)
    grid = (await world.alice.submit_modal(shown, {"prompt": "make it blue"})).response.message
    assert grid.content == f"**make it blue** - Edit by <@{world.alice.id}> (fast)"
    [picture] = await world.bot.hub.jobs.pictures(source.id)
    assert world.engine.seen[-1].inputs == (await world.bot.hub.pictures.read(picture.file),)
    [job] = await world.bot.hub.history.page(world.alice.id, limit=1)
    assert (job.kind, job.parent_id, job.position) == (JobKind.EDIT, source.id, 1)


async def test_five_turns_each_from_the_last_and_undo_back_to_the_first(world, editor):
    asked = ["make it blue", "add a star above it", "at night", "as a watercolour", "remove the star"]
    turns = [await single(world)]
    for number, prompt in enumerate(asked, 1):
        grid = await edited(world, turns[-1], prompt)
        assert world.engine.seen[-1].plan.edits == number
        turns.append(await single(world, grid, "U3"))
    shown = turns[-1]
    for before in reversed(turns[:-1]):
        result = await world.press(shown, "Undo")
        shown = result.response.message
        assert shown.content == before.content
        assert "Edit" in labels(shown)
        assert world.env.backend.cdn.get(shown.attachments[0].url) == world.env.backend.cdn.get(
            before.attachments[0].url
        )
    assert "Undo" not in labels(shown)
    assert (await edited(world, shown, "make it green")).attachments  # its buttons work where it stands now


async def test_undo_under_a_grid_and_after_a_re_roll_shows_the_picture_before(world, editor):
    before = await single(world)
    grid = await edited(world, before, "make it blue")
    assert (await world.press(grid, "Undo")).response.message.content == before.content
    again = (await world.press(grid, "🔄")).response.message
    assert again.content == grid.content
    assert world.engine.seen[-1].inputs == world.engine.seen[-2].inputs
    assert world.engine.seen[-1].plan.seeds != world.engine.seen[-2].plan.seeds
    assert (await world.press(again, "Undo")).response.message.content == before.content


async def test_undo_of_a_picture_that_was_brought_shows_it(world, editor):
    result = await world.slash("edit", image=("house.png", png(48, 32)), prompt="make it night")
    shown = (await world.press(result.response.message, "Undo")).response
    [attachment] = shown.attachments
    assert re.fullmatch(r"[0-9a-f-]{36}_before\.png", attachment.filename)
    assert buttons(shown.message) == []


async def test_undo_shows_a_picture_that_was_brought_in_secret_to_nobody_else(world, editor, env):
    secret = png(48, 32)
    grid = await world.slash("edit", image=("mine.png", secret), prompt="make it night --stealth")
    message = await single(world, grid.response.message)
    await world.press((await world.slash("settings")).response.message, "Remix mode")
    asked = await world.press(message, "Vary (Strong)")
    public = await world.alice.submit_modal(asked, {"prompt": "a house --public"})
    shown = (await world.press(public.response.message, "U1", world.bob)).response.message
    title, sentence = await refused(await world.press(shown, "Undo", world.bob))
    assert (title, "who alone may see it" in sentence) == ("No longer here", True)
    own = await world.press(shown, "Undo")
    assert own.ephemeral
    assert load_input(env.backend.cdn.get(own.response.attachments[0].url)) == load_input(secret)


async def test_any_messages_picture_can_be_changed_from_its_menu(world, editor):
    grid = await world.imagine("a fox")
    shown = await world.bob.context_menu(world.channel, "Edit picture", grid)
    result = await world.bob.submit_modal(shown, {"prompt": "make it night"})
    assert f"**make it night** - Edit by <@{world.bob.id}>" in result.response.content
    assert len(world.engine.seen[-1].inputs) == 1


async def test_a_prompt_with_edit_changes_its_image_prompts(world, editor):
    result = await world.slash("imagine", prompt="make it night --edit", image=("a.png", png(32, 48)))
    assert "Edit by" in result.response.content
    [job] = world.engine.seen
    assert (job.plan.action, len(job.inputs)) == (Action.EDIT, 1)
    assert job.plan.width < job.plan.height


async def test_a_variation_of_an_edit_is_drawn_by_the_model_that_draws(world, editor):
    grid = await edited(world, await single(world), "make it blue")
    varied = (await world.press(grid, "V1")).response.message
    assert "Variations (Strong) by" in varied.content
    assert (world.engine.seen[-1].plan.model, world.engine.seen[-1].plan.action) == ("sd-1.5", Action.VARY)


async def test_history_says_what_an_edit_was_of(world, editor):
    await edited(world, await single(world), "make it blue")
    [job] = await world.bot.hub.history.page(world.alice.id, limit=1)
    [embed] = (await world.slash("history")).response.embeds
    assert f"edit of `{job.parent_id}`" in embed.description


async def test_an_error_of_the_dialog_keeps_what_was_typed(world, editor):
    shown = await world.press(await single(world), "Edit")
    result = await world.alice.submit_modal(shown, {"prompt": "make it blue --tile"})
    title, sentence = await refused(result)
    assert (title, "`--edit` and `--tile`" in sentence) == ("Not possible", True)
    again = await world.press(result.response.message, "Try again")
    [field] = [part["component"] for part in again.modal["components"]]
    assert field["value"] == "make it blue --tile"
    made = await world.alice.submit_modal(again, {"prompt": "make it blue"})
    assert "Edit by" in made.response.content


async def test_where_no_model_changes_pictures_that_is_said_and_nothing_is_rendered(world):
    without_editor(world)
    result = await world.slash("edit", image=("house.png", png(48, 32)), prompt="make it night")
    assert (await refused(result))[1].startswith(BACKWARDS)
    assert world.engine.seen == []


@pytest.mark.parametrize(
    ("name", "data", "title"),
    [
        ("a.txt", b"no picture", "Invalid picture"),
        ("a.png", png(48, 32)[:60], "Invalid picture"),
    ],
)
async def test_what_is_no_picture_is_refused_and_nothing_is_rendered(world, editor, name, data, title):
    result = await world.slash("edit", image=(name, data), prompt="make it night")
    assert (await refused(result))[0] == title
    assert world.engine.seen == []


async def test_a_picture_that_is_too_large_is_refused_before_it_is_fetched(world, editor):
    result = await world.slash("edit", image=("a.png", bytes(MOST_BYTES + 1)), prompt="make it night")
    assert "larger than" in (await refused(result))[1]
    assert world.engine.seen == []


async def test_a_picture_that_is_gone_is_told(world, editor):
    message = await single(world)
    shown = await world.press(message, "Edit")
    [job] = await world.bot.hub.history.page(world.alice.id, limit=1)
    await world.bot.hub.jobs.delete(job.id)
    count = len(world.engine.seen)
    assert (await refused(await world.alice.submit_modal(shown, {"prompt": "make it blue"})))[
        0
    ] == "No longer here"
    assert len(world.engine.seen) == count


async def test_edit_without_a_picture_or_with_a_tile_is_refused(world, editor):
    alone = await world.slash("imagine", prompt="make it night --edit")
    assert "`--edit` needs a picture" in (await refused(alone))[1]
    tiled = await world.slash("imagine", prompt="make it night --edit --tile", image=("a.png", png(32, 48)))
    assert "cannot be used together" in (await refused(tiled))[1]
    assert world.engine.seen == []


async def test_a_message_without_a_picture_says_so(world, editor):
    message = await world.alice.send(world.channel, "hello")
    result = await world.alice.context_menu(world.channel, "Edit picture", message)
    assert (await refused(result))[1] == "This message holds no picture."


async def test_a_picture_that_is_gone_from_discord_is_told(world, editor, monkeypatch):
    grid = await world.imagine("a fox")
    shown = await world.alice.context_menu(world.channel, "Edit picture", grid)
    monkeypatch.setattr(world.env.backend.cdn, "get", lambda url: None)
    result = await world.alice.submit_modal(shown, {"prompt": "make it blue"})
    assert "gone from Discord" in (await refused(result))[1]
    upload = await world.slash("edit", image=("a.png", png(48, 32)), prompt="make it night")
    assert "gone from Discord" in (await refused(upload))[1]
    assert len(world.engine.seen) == 1
