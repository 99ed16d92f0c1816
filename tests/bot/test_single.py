"""The buttons under a single picture, as people in a channel see them."""

import io
import re

import numpy as np
import pytest
from PIL import Image, ImageChops

from bot.memory.panels import RegionPicker
from bot.memory.records import JobKind
from engine import Canvas, Plan
from engine.planning.canvas import Box
from tests.bot.sketch import buttons, grid_of

GRID = [["U1", "U2", "U3", "U4", "🔄"], ["V1", "V2", "V3", "V4"]]
SINGLE = [
    ["Upscale (Subtle)", "Upscale (Creative)"],
    ["Vary (Subtle)", "Vary (Strong)", "Vary (Region)", "Edit", "Retexture"],
    ["Zoom Out 2x", "Zoom Out 1.5x", "Custom Zoom"],
    ["⬅️", "➡️", "⬆️", "⬇️"],
    ["Favorite", "Delete"],
]


def rows(message):
    return [[b.label or str(b.emoji) for b in row.children] for row in message.components]


async def single(world, prompt="a red house --seed 7", which="U2"):
    grid = await world.imagine(prompt)
    return (await world.press(grid, which)).response.message


async def source_of(world, job):
    """The file of the picture that a job was made from, as bytes."""
    [file] = await world.bot.hub.jobs.inputs(job.id)
    return await world.bot.hub.pictures.read(file)


async def newest(world, who=None):
    [job] = await world.bot.hub.history.page((who or world.alice).id, limit=1)
    return job


async def test_a_single_picture_has_all_its_buttons(world):
    message = await single(world)
    assert message.content == f"**a red house --seed 7** - Image #2 <@{world.alice.id}>"
    assert rows(message) == SINGLE


async def test_one_that_is_not_square_can_be_made_so(world):
    message = await single(world, "a red house --ar 3:2")
    assert rows(message)[2] == ["Zoom Out 2x", "Zoom Out 1.5x", "Custom Zoom", "Make Square"]
    made = (await world.press(message, "Make Square")).response.message
    plan = world.engine.seen[-1].plan
    assert plan.width == plan.height == 320
    assert plan.canvas.picture == Box(0, 56, 320, 208)
    assert made.content == f"**a red house** - Zoom Out by <@{world.alice.id}> (fast)"
    assert made.embeds == []
    again = (await world.press(made, "🔄")).response.message
    assert again.content == f"**a red house** - Zoom Out by <@{world.alice.id}> (fast)"


@pytest.mark.parametrize("typed", ["a red house", "a blue house", "a blue house --ar 16:9"])
async def test_a_prompt_of_make_square_has_no_proportion(world, typed):
    shown = await world.press(await remixing(world, prompt="a red house --ar 3:2"), "Make Square")
    [field] = [part["component"] for part in shown.modal["components"]]
    assert field["value"] == "a red house"
    made = (await world.alice.submit_modal(shown, {"prompt": typed})).response.message
    assert made.content.startswith(f"**{typed.removesuffix(' --ar 16:9')}** - Zoom Out by")
    assert world.engine.seen[-1].plan.width == world.engine.seen[-1].plan.height
    told = [embed.description for embed in made.embeds]
    assert told == (
        ["`--ar` has no effect here: Make Square makes the picture square."] if "--ar" in typed else []
    )


async def test_a_tile_has_no_surroundings(world):
    message = await single(world, "a red house --tile")
    assert rows(message) == [SINGLE[1], SINGLE[4]]


async def test_every_button_has_an_id_and_nothing_else_in_it(world):
    for button in buttons(await single(world, "a red house --ar 3:2")):
        assert re.fullmatch(r"easel:[a-z_]+:[0-9a-f-]{36}:[01]", button.custom_id)


@pytest.mark.parametrize(
    ("label", "words", "size", "canvas"),
    [
        ("Zoom Out 2x", "Zoom Out by", (256, 256), Box(64, 64, 128, 128)),
        ("Zoom Out 1.5x", "Zoom Out by", (256, 256), Box(42, 42, 171, 171)),
        ("⬅️", "Pan Left by", (384, 256), Box(128, 0, 256, 256)),
        ("➡️", "Pan Right by", (384, 256), Box(0, 0, 256, 256)),
        ("⬆️", "Pan Up by", (256, 384), Box(0, 128, 256, 256)),
        ("⬇️", "Pan Down by", (256, 384), Box(0, 0, 256, 256)),
    ],
)
async def test_what_goes_beyond_the_frame_is_a_new_grid_around_that_picture(
    world, env, label, words, size, canvas
):
    message = await single(world)
    again = (await world.press(message, label, world.bob)).response.message
    assert again.content == f"**a red house --seed 7** - {words} <@{world.bob.id}> (fast)"
    assert rows(again) == GRID
    job = world.engine.seen[-1]
    assert (job.plan.width, job.plan.height) == size
    assert job.plan.canvas.picture == canvas
    upscaled = await newest(world)
    [shot] = await world.bot.hub.jobs.pictures(upscaled.id)
    assert job.inputs == (await world.bot.hub.pictures.read(shot.file),)
    assert grid_of(again, env).size == (size[0] // 8 * 2, size[1] // 8 * 2)


@pytest.mark.parametrize(("label", "kind"), [("Subtle", "subtle"), ("Creative", "creative")])
async def test_upscaling_doubles_and_can_be_done_again_from_the_same_picture(world, env, label, kind):
    message = await single(world)
    larger = (await world.press(message, f"Upscale ({label})")).response.message
    assert larger.content == f"**a red house --seed 7** - Upscaled ({label}) by <@{world.alice.id}> (fast)"
    assert rows(larger)[0] == ["Redo Upscale (Subtle)", "Redo Upscale (Creative)"]
    assert rows(larger)[1:] == SINGLE[1:]
    first = world.engine.seen[-1]
    assert (first.plan.width, first.plan.scale) == (1024, 4)
    again = (await world.press(larger, f"Redo Upscale ({label})")).response.message
    second = world.engine.seen[-1]
    assert again.content == larger.content
    assert second.inputs == first.inputs
    assert (second.plan.width, second.plan.action) == (1024, first.plan.action)
    assert (second.plan.seeds == first.plan.seeds) == (kind == "subtle")


async def test_what_was_upscaled_twice_is_varied_at_the_models_own_size(world):
    larger = (await world.press(await single(world), "Upscale (Subtle)")).response.message
    await world.press(larger, "Vary (Strong)")
    assert world.engine.seen[-1].plan.width == 256
    await world.press(larger, "➡️")
    assert world.engine.seen[-1].plan.canvas.picture == Box(0, 0, 256, 256)


async def test_custom_zoom_asks_for_the_prompt_and_the_zoom(world):
    shown = await world.press(await single(world), "Custom Zoom")
    [field] = [part["component"] for part in shown.modal["components"]]
    assert field["value"] == "a red house --seed 7 --zoom 2"
    result = await world.alice.submit_modal(shown, {"prompt": "a red house in a frame --zoom 1.25"})
    message = result.response.message
    assert message.content == f"**a red house in a frame** - Zoom Out by <@{world.alice.id}> (fast)"
    plan = world.engine.seen[-1].plan
    assert plan.canvas.picture == Box(25, 25, 205, 205)
    assert plan.conditionings[0].text.startswith("a red house")


async def test_custom_zoom_can_change_the_frame_alone(world):
    shown = await world.press(await single(world), "Custom Zoom")
    result = await world.alice.submit_modal(shown, {"prompt": "a red house --ar 16:9 --zoom 1"})
    assert "--ar 16:9" in result.response.message.content
    plan = world.engine.seen[-1].plan
    assert (plan.width, plan.height) == (336, 192)
    assert plan.canvas.picture == Box(72, 0, 192, 192)


@pytest.mark.parametrize(
    ("prompt", "piece"),
    [
        ("a red house --zoom 1", "nothing new"),
        ("a red house --zoom 3", "--zoom"),
        ("--zoom 2 --foo", "--foo"),
    ],
)
async def test_a_custom_zoom_that_cannot_be_is_told_in_private(world, prompt, piece):
    shown = await world.press(await single(world), "Custom Zoom")
    before = len(world.engine.seen)
    result = await world.alice.submit_modal(shown, {"prompt": prompt})
    assert result.ephemeral
    assert piece in result.response.embeds[0].description
    assert len(world.engine.seen) == before


async def test_a_picture_that_is_as_long_as_can_be_is_not_panned_further(world):
    message = await single(world)
    for _ in range(2):
        grid = (await world.press(message, "➡️")).response.message
        message = (await world.press(grid, "U1")).response.message
    before = len(world.engine.seen)
    result = await world.press(message, "➡️")
    assert result.ephemeral
    assert "3:1" in result.response.embeds[0].description
    assert len(world.engine.seen) == before


async def test_the_parts_of_a_region_are_picked_in_private(world):
    picker = await world.press(await single(world), "Vary (Region)", world.bob)
    assert picker.ephemeral
    message = picker.response.message
    assert [len(row.children) for row in message.components] == [3, 3, 3, 1]
    for label in ("⏺️", "⬇️", "⏺️", "➡️"):
        message = (await world.press(message, label, world.bob)).response.message
    chosen = [str(b.emoji) for b in buttons(message) if b.style.name == "success"]
    assert chosen == ["➡️", "⬇️"]
    made = (await world.press(message, "Submit", world.bob)).response.message
    assert made.content == f"**a red house --seed 7** - Variations (Region) by <@{world.bob.id}> (fast)"
    assert rows(made) == GRID
    plan = world.engine.seen[-1].plan
    assert plan.canvas == Canvas(Box(0, 0, 256, 256), (Box(171, 85, 85, 86), Box(85, 171, 86, 85)))


def greener(picker, plain):
    """The numbers of the parts that are greener in one picker's picture than in another's."""
    (width, height), found = picker.size, []
    for part in range(9):
        corner = (width * (part % 3) // 3 + 6, height * (part // 3) // 3 + 6)
        box = (*corner, corner[0] + width // 9, corner[1] + height // 9)
        tones = [np.asarray(each.convert("RGB").crop(box), float).mean((0, 1)) for each in (picker, plain)]
        red, green, _ = tones[0] - tones[1]
        found += [part + 1] if green - red > 20 else []
    return found


async def test_the_picker_shows_the_picture_with_its_parts_numbered_and_the_chosen_ones_green(world, env):
    message = await single(world)
    picker = (await world.press(message, "Vary (Region)")).response.message
    [job] = await world.bot.hub.history.page(world.alice.id, limit=1)
    [kept] = await world.bot.hub.jobs.pictures(job.id)
    plain = grid_of(picker, env)
    whole = Image.open(io.BytesIO(await world.bot.hub.pictures.read(kept.file))).convert("RGB")
    whole = whole.resize(plain.size)
    apart = np.asarray(ImageChops.difference(plain.convert("RGB"), whole).convert("L"), float)
    third = plain.width // 3
    middles = [
        apart[y * third + third // 3 : y * third + 2 * third // 3, x * third + third // 3 :][:, : third // 3]
        for y in range(3)
        for x in range(3)
    ]
    assert min(middle.mean() for middle in middles) > 10  # a number stands in each
    for label, chosen in (("2", [2]), ("6", [2, 6]), ("2", [6])):
        picker = (await world.press(picker, label)).response.message
        assert greener(grid_of(picker, env), plain) == chosen
        assert [b.label for b in buttons(picker) if b.style.name == "success"] == list(map(str, chosen))


async def source_told(world, message):
    [embed] = message.embeds
    return embed.description


async def test_what_a_region_was_drawn_anew_in_is_named(world):
    message = await single(world)
    link = f"https://discord.com/channels/{world.guild.id}/{world.channel.id}/{message.id}"
    picker = (await world.press(message, "Vary (Region)")).response.message
    for label in ("2", "6", "9"):
        picker = (await world.press(picker, label)).response.message
    made = (await world.press(picker, "Submit")).response.message
    said = f"Drawn anew: parts 2, 6 and 9 of [Image #2]({link})."
    assert await source_told(world, made) == said
    again = (await world.press(made, "🔄")).response.message
    assert await source_told(world, again) == said


async def test_a_region_of_a_picture_that_is_gone_is_shown_without_its_name(world):
    message = await single(world)
    picker = (await world.press(message, "Vary (Region)")).response.message
    picker = (await world.press(picker, "5")).response.message
    made = (await world.press(picker, "Submit")).response.message
    await world.press(message, "Delete")
    shown = (await world.press(made, "🔄")).response.message
    assert shown.attachments
    assert shown.embeds == []


async def test_a_picker_outlives_a_restart_and_belongs_to_one(world):
    picker = (await world.press(await single(world), "Vary (Region)")).response.message
    await world.restart()
    part = next(b for b in buttons(picker) if str(b.emoji) == "↖️")
    await world.alice.click(picker, custom_id=part.custom_id)
    panel_id = part.custom_id.split(":")[2]
    assert (await world.bot.hub.panels.get(panel_id, RegionPicker)).data.parts == [0]


async def test_somebody_elses_picker_does_nothing(world):
    await world.bob.slash(world.channel, "imagine", prompt="a fox")
    picker = (await world.press(await single(world), "Vary (Region)")).response.message
    await world.press(picker, "⏺️")
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE panels SET user_id = ?", (world.bob.id,))
    before = len(world.engine.seen)
    for label in ("⏺️", "Submit"):
        result = await world.press(picker, label)
        assert result.ephemeral
        assert "somebody else" in result.response.embeds[0].description
    assert len(world.engine.seen) == before


async def test_an_empty_region_is_refused(world):
    picker = (await world.press(await single(world), "Vary (Region)")).response.message
    result = await world.press(picker, "Submit")
    assert result.ephemeral
    assert "at least one" in result.response.embeds[0].description


async def remixing(world, **kwargs):
    panel = await world.slash("settings")
    await world.press(panel.response.message, "Remix mode")
    return await single(world, **kwargs)


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("Zoom Out 2x", "Zoom Out by"),
        ("Zoom Out 1.5x", "Zoom Out by"),
        ("➡️", "Pan Right by"),
        ("Vary (Strong)", "Remix (Strong) by"),
        ("Vary (Subtle)", "Remix (Subtle) by"),
    ],
)
async def test_remix_opens_the_prompt_first(world, label, words):
    message = await remixing(world)
    before = len(world.engine.seen)
    shown = await world.press(message, label)
    assert len(world.engine.seen) == before
    [field] = [part["component"] for part in shown.modal["components"]]
    assert field["value"] == "a red house --seed 7"
    result = await world.alice.submit_modal(shown, {"prompt": "a blue house"})
    assert result.response.message.content == f"**a blue house** - {words} <@{world.alice.id}> (fast)"
    assert world.engine.seen[-1].plan.conditionings[0].text == "a blue house"


async def test_remix_asks_for_the_prompt_of_a_region_last(world):
    picker = (await world.press(await remixing(world), "Vary (Region)")).response.message
    picker = (await world.press(picker, "↖️")).response.message
    shown = await world.press(picker, "Submit")
    result = await world.alice.submit_modal(shown, {"prompt": "a yellow sun"})
    assert result.response.message.content == (
        f"**a yellow sun** - Variations (Region) by <@{world.alice.id}> (fast)"
    )
    assert world.engine.seen[-1].plan.canvas.parts == (Box(0, 0, 85, 85),)


async def test_a_reroll_of_a_pan_is_a_pan_of_the_same_picture(world):
    grid = (await world.press(await single(world), "⬅️")).response.message
    first = world.engine.seen[-1]
    again = (await world.press(grid, "🔄")).response.message
    assert again.content == f"**a red house** - Pan Left by <@{world.alice.id}> (fast)"
    second = world.engine.seen[-1]
    assert second.inputs == first.inputs
    assert second.plan.canvas == first.plan.canvas
    assert not set(second.plan.seeds) & set(first.plan.seeds)


async def test_a_restart_in_the_middle_of_a_pan_delivers_it_once(world):
    message = await single(world)
    world.engine.held = True
    await world.press(message, "⬇️")
    held = world.engine.seen[-1]
    await world.restart()
    world.engine.release()
    await world.env.settle()
    again = [job for job in world.engine.seen if job.id == held.id]
    assert len(again) == 2
    assert again[0].plan == again[1].plan
    assert again[0].inputs == again[1].inputs
    shown = [m for m in world.messages() if "Pan Down by" in m.content]
    assert len(shown) == 1
    assert rows(shown[0]) == GRID


async def test_jobs_from_a_single_picture_are_in_the_history_of_whoever_pressed(world):
    await world.press(await single(world), "Zoom Out 2x", world.bob)
    [job] = await world.bot.hub.history.page(world.bob.id)
    assert (job.kind, job.position) == (JobKind.ZOOM, 1)
    assert job.parent_id == (await newest(world)).id
    assert Plan.from_dict(job.plan.to_dict()) == job.plan


async def test_only_the_owner_deletes(world):
    message = await single(world)
    refused = await world.press(message, "Delete", world.bob)
    assert refused.ephemeral
    assert len(world.messages()) == 2
    await world.press(message, "Delete")
    assert len(world.messages()) == 1


async def test_a_heart_is_kept_and_taken_back(world):
    message = await single(world)
    for kept in (True, False):
        await world.press(message, "Favorite")
        found = await world.bot.hub.history.page(world.alice.id, favourites=True)
        assert [job.kind for job in found] == ([JobKind.UPSCALE] if kept else [])


def hearted(message):
    [heart] = [b for b in buttons(message) if b.label == "Favorite"]
    return heart.style.name == "success"


async def test_a_favourite_shows_that_it_is_one(world):
    message = await single(world)
    assert not hearted(message)
    pressed = await world.press(message, "Favorite")
    assert "Added to your favourites." in [told.content for told in pressed.followups]
    now = pressed.response.message
    assert (hearted(now), now.id, rows(now)) == (True, message.id, SINGLE)
    assert now.attachments
    [job] = await world.bot.hub.history.page(world.alice.id, limit=1)
    assert hearted((await world.slash("show", job_id=job.id)).response.message)
    assert not hearted((await world.press(now, "Favorite")).response.message)


def read_out(message):
    return [attachment.description for attachment in message.attachments]


async def test_every_picture_is_read_out_and_goes_on_being_so_when_its_message_changes(world):
    prompt = "a red house --seed 7"
    grid = await world.imagine(prompt)
    message = (await world.press(grid, "U2")).response.message
    assert (read_out(grid), read_out(message)) == (
        [f"Grid of 4 pictures: {prompt}"],
        [f"Picture: {prompt}"],
    )
    for _ in range(2):
        message = (await world.press(message, "Favorite")).response.message
        assert read_out(message) == [f"Picture: {prompt}"]
    picker = (await world.press(message, "Vary (Region)")).response.message
    assert read_out(picker) == [f"Picture in nine parts, numbered row by row: {prompt}"]
    picker = (await world.press(picker, "2")).response.message
    assert read_out(picker) == [f"Picture in nine parts, numbered row by row, chosen 2: {prompt}"]
    pages = (await world.slash("history")).response.message
    assert read_out(pages) == [f"{number}: {prompt}" for number in (1, 2)]
    await world.alice.react(message, "✉️")
    await world.env.settle()
    [sent] = world.alice.user.dm_channel.history()
    assert read_out(sent) == [f"Picture 1: {prompt}"]


async def test_no_other_way_deletes_a_favourite_without_a_question(world):
    message = await single(world)
    await world.press(message, "Favorite")
    asked = await world.alice.context_menu(world.channel, "Cancel Job", message)
    assert "favourites" in asked.response.content
    await world.alice.react(message, "❌")
    await world.env.settle()
    assert len(world.messages()) == 2
    [told] = world.alice.user.dm_channel.history()
    assert "favourites" in told.content
    assert str(message.id) in told.content
    assert (await world.press(asked.response.message, "Delete it")).response.content == "Deleted."
    assert len(world.messages()) == 1


async def test_a_favourite_is_deleted_only_when_asked_once_more(world):
    message = await single(world)
    await world.press(message, "Favorite")
    asked = await world.press(message, "Delete")
    assert asked.ephemeral
    assert "favourites" in asked.response.content
    assert len(world.messages()) == 2
    assert (await world.press(asked.response.message, "Delete it")).response.content == "Deleted."
    assert len(world.messages()) == 1
    assert await world.bot.hub.history.page(world.alice.id, favourites=True) == []
