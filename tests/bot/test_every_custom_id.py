"""Every custom id that any version ever sent, pressed on the data of the newest: each does what it did.

A new button or dialog gets a line here. None ever leaves: what was sent once is still answered.
"""

import uuid

import pytest
import simcord

from bot.memory.database import Database
from bot.memory.panels import (
    Checked,
    Described,
    EditedPicture,
    FoundInFile,
    HistoryPages,
    ImagePrompt,
    ModelQuestion,
    Question,
    RegionPicker,
    Unanswered,
    UnknownPrompt,
)
from bot.messages.custom_ids import CustomId
from bot.messages.dialogs import Field, dialog
from bot.surface import catalogue, studio_link
from bot.surface.actions import Action
from bot.surface.client import EaselClient
from engine import Registry
from tests.bot.earlier import NEWEST, PEOPLE, made
from tests.bot.sketch import SketchEngine
from tests.bot.world import World, settings_in

NOBODYS = str(uuid.UUID(int=0))
AR = "**two red foxes --ar 3:2** - <@"
CHOOSE = "Choose the parts"
PICTURE = "https://cdn.discordapp.com/attachments/1/2/picture.png"
GONE = "That picture is gone from Discord."
WORDS = "a green fox"
FIELDS = {
    "region_named": {"region": "the hat"},
    "report_why": {"reason": WORDS},
    "ask_picture": {"question": WORDS},
}
"""What is written into those dialogs that ask for no prompt."""


def described(rows):
    return Described(picture=rows["pictures"][0]["file"], prompts=["a red fox", "a blue fox"])


def checked(rows):
    return Checked(rows["pictures"][0]["file"], rows["jobs"][0]["id"])


def region(rows):
    return RegionPicker(rows["jobs"][1]["id"], 1, [4])


def unanswered(rows):
    return Unanswered("zoom_custom", rows["jobs"][1]["id"], 1, {"prompt": "a fox --nonsense"})


BUTTONS = {
    # Under a grid, a single picture, a job that waits: the target is a job.
    "upscale": ("grid", 4, "Image #4"),
    "vary": ("grid", 2, "Variations (Subtle) by"),
    "reroll": ("grid", 0, AR),
    "cancel": ("waiting", 0, "The job is being cancelled."),
    "favourite": ("single", 1, "No longer among your favourites."),
    "delete": ("single", 0, "Delete it all the same?"),
    "delete_anyway": ("single", 0, "Deleted."),
    "vary_subtle": ("single", 1, "Variations (Subtle) by"),
    "vary_strong": ("single", 1, "Variations (Strong) by"),
    "vary_region": ("single", 1, CHOOSE),
    "upscale_subtle": ("single", 1, "Upscaled (Subtle) by"),
    "upscale_creative": ("single", 1, "Upscaled (Creative) by"),
    "redo_subtle": ("single", 1, "Upscaled (Subtle) by"),
    "redo_creative": ("single", 1, "Upscaled (Creative) by"),
    "zoom_far": ("single", 1, "Zoom Out by"),
    "zoom_near": ("single", 1, "Zoom Out by"),
    "custom_zoom": ("single", 1, "dialog zoom_custom"),
    "square": ("single", 1, "Zoom Out by"),
    "pan_left": ("single", 1, "Pan Left by"),
    "pan_right": ("single", 1, "Pan Right by"),
    "pan_up": ("single", 1, "Pan Up by"),
    "pan_down": ("single", 1, "Pan Down by"),
    "edit": ("single", 1, "dialog edited"),
    "undo": ("single", 0, "The edit that this picture came from is no longer kept here."),
    "retexture": ("single", 1, "dialog retextured"),
    "studio": ("single", 1, "The studio is not open here."),
    "studio_edit": ("single", 1, "The studio is not open here."),
    "report": ("grid", 0, "dialog report_why"),
    "remove_reported": ("grid", 0, "Removed by"),
    "leave_reported": ("grid", 0, "Left as it is by"),
    # Under what is no job: the target is a panel, a user, or nothing.
    "confirm": (lambda rows: Question("a fox --r 6"), 0, "Nothing was started."),
    "draw": (described, 2, "**a blue fox --s 250** - <@"),
    "draw_all": (described, 0, "**a blue fox --s 250** - <@"),
    "describe": (described, 0, "a blue circle"),
    "draw_found": (lambda rows: FoundInFile(["a found fox"]), 1, "**a found fox --s 250** - <@"),
    "page": (lambda rows: HistoryPages("", False), 0, "two red foxes"),
    "export": (lambda rows: HistoryPages("", False), 0, "9 pictures"),
    "region_part": (region, 3, CHOOSE),
    "region_submit": (region, 0, "Variations (Region) by"),
    "region_words": (region, 0, "dialog region_named"),
    "ask_again": (unanswered, 0, "dialog zoom_custom"),
    "anyway": (lambda rows: UnknownPrompt("a zeppelin"), 0, "**a zeppelin --s 250** - <@"),
    "models": (lambda rows: ModelQuestion("sdxl", "fetch"), 0, "Nothing was changed."),
    "prove": (checked, 0, "Drawn again"),
    "example": ("", 1, "foxes in the snow"),
    "set": ("", 2, "--s 250"),
    "forget_me": ("me", 0, "Nothing is kept of you here any more."),
}
"""What each asks about, the index that it carries, and a piece of what comes of it."""

DIALOGS = {
    "remixed_reroll": ("grid", 0, "**a green fox"),
    "remixed_strong": ("grid", 1, "**a green fox** - Remix (Strong) by"),
    "remixed_subtle": ("grid", 1, "**a green fox** - Remix (Subtle) by"),
    "zoom_custom": ("single", 1, "**a green fox** - Zoom Out by"),
    "zoom_far_remixed": ("single", 1, "Zoom Out by"),
    "zoom_near_remixed": ("single", 1, "Zoom Out by"),
    "square_remixed": ("single", 1, "Zoom Out by"),
    "pan_left_remixed": ("single", 1, "Pan Left by"),
    "pan_right_remixed": ("single", 1, "Pan Right by"),
    "pan_up_remixed": ("single", 1, "Pan Up by"),
    "pan_down_remixed": ("single", 1, "Pan Down by"),
    "region_remixed": (region, 0, "**a green fox** - Variations (Region) by"),
    "region_named": (region, 0, "No model that finds things by their names is on this machine."),
    "with_image": (lambda rows: ImagePrompt(PICTURE), 0, GONE),
    "edited": ("single", 1, "**a green fox** - Edit by"),
    "edit_picture": (lambda rows: EditedPicture(PICTURE), 0, GONE),
    "retextured": ("single", 1, "**a green fox** - Retexture by"),
    "report_why": ("grid", 0, "That job is your own"),
    "ask_picture": (NOBODYS, 0, "This dialog is from another version of Easel"),
}
"""The same for dialogs, in each of which somebody wrote `a green fox`."""


def test_every_button_and_dialog_that_there_is_has_a_line():
    there = (*catalogue.ACTIONS, *studio_link.ACTIONS)
    assert {action.name for action in there} <= set(BUTTONS)
    asked = {dialog.name for action in there for dialog in action.dialogs}
    assert asked | {dialog.name for dialog in catalogue.DIALOGS} <= set(DIALOGS)


@pytest.fixture
async def kept(tmp_path):
    """The bot on the newest version's data, whose one user runs it, and the rows that are there."""
    rows, engine = made(NEWEST, tmp_path / "data"), SketchEngine()
    async with Database.opened(tmp_path / "data" / "easel.db") as database:
        opens: list[CustomId] = []

        async def open_it(interaction, _, __):
            fields = [
                Field(name, name, required=False) for name in ("prompt", "region", "reason", "question")
            ]
            texts = dict.fromkeys((field.name for field in fields), "")
            await interaction.response.send_modal(dialog("Then", opens.pop(), fields, texts))

        actions = catalogue.actions(Action(name="then", press=open_it))
        settings = settings_in(tmp_path / "data", easel_admins=str(PEOPLE["alice"]))
        client = EaselClient(settings, Registry.load(), engine, database, actions=actions)
        env = simcord.Env(client, shard_count=1, settle_timeout=60.0)
        engine.env = env
        world = World(env, engine, settings, database)
        world.opens = opens
        world.newest = max(job["message_id"] or 0 for job in rows["jobs"])
        yield world, rows
        await env.shutdown()
        await client.hub.links.close()


async def begun(world, held=False):
    """The bot is there, and the job that waited is delivered, unless it is to be held."""
    world.engine.held = True
    await world.env.start()
    if not held:
        world.engine.release()
        await world.env.settle()
    channel = world.bot.get_partial_messageable(world.channel.id)
    while (await channel.send("later")).id <= world.newest:
        pass  # a message of today has no number that a kept job's message has


async def target_of(world, rows, about):
    """The id that the button carries: a job's, a new panel's, a user's, or none."""
    grid, single, _, waiting = (job["id"] for job in rows["jobs"])
    jobs = {"grid": grid, "single": single, "waiting": waiting, "me": str(world.alice.id)}
    if callable(about):
        hub = world.bot.hub
        user = await hub.people.get(world.alice.id, "alice")
        return (await hub.panels.add(user, world.channel.id, about(rows))).id
    return jobs.get(about, about)


async def all_said(world, result):
    """Everything that the answer, and what stands in the channel by now, say; and which dialog was opened."""
    await world.env.settle()
    messages = [] if result.response is None else [result.response, *result.followups]
    words = [f"dialog {CustomId.parsed(result.modal['custom_id']).action}"] if result.modal else []
    for message in (*messages, *world.messages()):
        words.append(message.content)
        words += [text for embed in message.embeds for text in (embed.title, embed.description) if text]
    assert result.acknowledged
    return "\n".join(words)


@pytest.mark.parametrize("name", BUTTONS)
async def test_every_button_that_was_ever_sent_does_what_it_did(kept, name):
    world, rows = kept
    about, index, said = BUTTONS[name]
    await begun(world, held=name == "cancel")
    target = await target_of(world, rows, about)
    told = await all_said(world, await world.press_as_sent(f"easel:{name}:{target}:{index}"))
    assert said in told
    assert "another version" not in told


@pytest.mark.parametrize("name", DIALOGS)
async def test_every_dialog_that_was_ever_opened_is_answered(kept, name):
    world, rows = kept
    about, index, said = DIALOGS[name]
    await begun(world)
    world.opens.append(CustomId(name, await target_of(world, rows, about), index))
    shown = await world.press_as_sent("easel:then::0")
    fields = FIELDS.get(name, {"prompt": WORDS})
    told = await all_said(world, await world.alice.submit_modal(shown, fields))
    assert said in told
