"""A database that an earlier version made opens, and every button and dialog it ever sent does its work.

The rows, the custom ids and the picture files are those that commit 4ca9dd6 wrote.
"""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import discord
import pytest
import simcord

from bot.memory.database import Database
from bot.surface.client import EaselClient
from engine import Registry
from tests.bot.sketch import SketchEngine, buttons
from tests.bot.world import World

FIXTURES = Path(__file__).parent / "fixtures"
IDS = json.loads((FIXTURES / "custom-ids-4ca9dd6.json").read_text(encoding="utf-8"))
THEN = IDS.pop("people")
FIRST = 1456074443980800000
NOW = {"guild": FIRST + 2, "channel": FIRST + 5, "alice": FIRST + 6}  # ids that the virtual Discord gives
DIALOGS = IDS.pop("dialogs")
MENU = IDS["settings"].pop("(menu)")

NEW_MESSAGES = {
    **{("grid", f"U{n}"): f"Image #{n}" for n in (1, 2, 3, 4)},
    **{("grid", f"V{n}"): "Variations (Strong) by" for n in (1, 2, 3, 4)},
    ("grid", "🔄"): "**two red foxes --ar 3:2** - <@",
    **{
        (kind, label): words
        for kind in ("single", "upscaled")
        for label, words in {
            "Vary (Subtle)": "Variations (Subtle) by",
            "Vary (Strong)": "Variations (Strong) by",
            "Zoom Out 2x": "Zoom Out by",
            "Zoom Out 1.5x": "Zoom Out by",
            "Make Square": "Zoom Out by",
            "⬅️": "Pan Left by",
            "➡️": "Pan Right by",
            "⬆️": "Pan Up by",
            "⬇️": "Pan Down by",
        }.items()
    },
    ("single", "Upscale (Subtle)"): "Upscaled (Subtle) by",
    ("single", "Upscale (Creative)"): "Upscaled (Creative) by",
    ("upscaled", "Redo Upscale (Subtle)"): "Upscaled (Subtle) by",
    ("upscaled", "Redo Upscale (Creative)"): "Upscaled (Creative) by",
    **{
        ("describe", emoji): f"**a {colour} square --ar 3:2** - <@"
        for emoji, colour in zip(("1️⃣", "2️⃣", "3️⃣", "4️⃣"), ("red", "green", "blue", "grey"), strict=True)
    },
    ("describe", "Imagine all"): "**a grey square --ar 3:2** - <@",
    **{("shorten", label): "--ar 3:2** - <@" for label in IDS["shorten"]},
}
"""What a button's new message says, for those that render."""

ANSWERS = {
    ("single", "Favorite"): "No longer among your favourites.",
    ("upscaled", "Favorite"): "Added to your favourites.",
    ("single", "Delete"): "Delete it all the same?",  # a favourite, which asks since then
    ("upscaled", "Delete"): "Deleted.",
    ("single", "Vary (Region)"): "Choose the parts",
    ("upscaled", "Vary (Region)"): "Choose the parts",
    ("waiting", "Cancel"): "The job is being cancelled.",
    ("confirm", "No"): "Nothing was started.",
    ("history", "Next"): "page 2",
    ("history", "Export"): "24 pictures",
}
"""What a button's answer says, for those that say something."""

EVERY = [(kind, label) for kind, labels in IDS.items() for label in labels]


@pytest.fixture
def database_path(tmp_path):
    """The database and the pictures as that version left them."""
    folder = tmp_path / "data"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "easel.db")) as made:
        rows = (FIXTURES / "easel-4ca9dd6.sql").read_text(encoding="utf-8")
        for name, then in THEN.items():
            rows = rows.replace(str(then), str(NOW[name]))
        made.executescript(rows)
    for file in (FIXTURES / "pictures-4ca9dd6").glob("*.png"):
        (folder / "pictures" / file.name[:2]).mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder / "pictures" / file.name[:2] / file.name)
    return folder / "easel.db"


@pytest.fixture
async def earlier(database_path, settings):
    """The same people in the same channel, with the bot of today."""
    engine = SketchEngine()
    engine.held = True
    async with Database.opened(database_path) as database:
        env = simcord.Env(EaselClient(settings, Registry.load(), engine, database), shard_count=1)
        engine.env = env
        world = World(env, engine, settings, database)
        assert {"guild": world.guild.id, "channel": world.channel.id, "alice": world.alice.id} == NOW
        await env.start()
        yield world
        await env.shutdown()
        assert env.errors == []


@pytest.mark.parametrize(("kind", "label"), EVERY)
async def test_every_button_of_then_does_its_work(earlier, kind, label):
    if kind != "waiting":
        earlier.engine.release()
    result = await earlier.press_as_sent(IDS[kind][label])
    await earlier.env.settle()
    texts = [m.content for m in earlier.messages()]
    if (kind, label) in NEW_MESSAGES:
        assert any(NEW_MESSAGES[kind, label] in text for text in texts), texts
    elif (kind, label) in ANSWERS:
        told = [result.response.content, *(each.content for each in result.followups)]
        assert any(ANSWERS[kind, label] in text for text in told), told
    elif (kind, label) == ("confirm", "Yes"):
        assert sum("fox** - <@" in text for text in texts) >= 6
    elif kind == "picker" and label == "Submit":
        assert "at least one part" in result.response.embeds[0].description
    elif kind == "picker":
        green = [b for b in buttons(result.response.message) if b.style is discord.ButtonStyle.success]
        assert [str(b.emoji) for b in green] == [label]
    elif label == "Custom Zoom":
        assert result.modal["custom_id"].startswith("easel:zoom_custom:")
    elif kind == "settings":
        assert result.response.embeds[0].title == "Settings"
    else:
        assert (kind, label) == ("describe", "🔄")
        assert "a red circle --ar 30:20" in result.response.embeds[0].description


async def test_every_dialog_of_then_is_asked_under_the_same_id_and_its_answer_taken(earlier):
    earlier.engine.release()
    await earlier.press_as_sent(IDS["settings"]["Remix mode"])
    asked = {label: IDS["single"].get(label) or IDS["grid"].get(label) for label in DIALOGS}
    for label, custom_id in asked.items():
        if custom_id is None:
            continue
        shown = await earlier.press_as_sent(custom_id)
        assert shown.modal["custom_id"] == DIALOGS[label]
        await earlier.alice.submit_modal(shown, {"prompt": f"a green tree {DIALOGS[label].split(':')[1]}"})
        await earlier.env.settle()
        assert any(DIALOGS[label].split(":")[1].replace("_", r"\_") in m.content for m in earlier.messages())


async def test_the_menu_of_models_of_then_is_answered(earlier):
    view = discord.ui.View(timeout=None)
    view.add_item(
        discord.ui.Select(custom_id=MENU, options=[discord.SelectOption(label="sdxl", value="sdxl")])
    )
    view.stop()
    message = await earlier.bot.get_partial_messageable(earlier.channel.id).send("as it was", view=view)
    result = await earlier.alice.select(message, ["sdxl"], custom_id=MENU)
    assert "is not on this machine" in result.response.embeds[0].description


async def test_the_job_that_waited_then_is_delivered_once(earlier):
    earlier.engine.release()
    await earlier.env.settle()
    assert [m.content for m in earlier.messages() if "waiting fox" in m.content] == [
        f"**a waiting fox --seed 3** - <@{earlier.alice.id}> (fast)"
    ]
