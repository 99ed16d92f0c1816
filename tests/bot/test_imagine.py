"""`/imagine` and the buttons under its result, as people in a channel see them."""

import asyncio
import collections
import io
import re

import numpy as np
import pytest
from PIL import Image

from bot.jobs.delivery import Delivery
from bot.memory.records import Status
from engine.pictures.provenance import read
from engine.pictures.psnr import psnr
from tests.bot.sketch import buttons, grid_of, png

LABELS = ["U1", "U2", "U3", "U4", "🔄", "V1", "V2", "V3", "V4"]


def labels(message):
    return [button.label or str(button.emoji) for button in buttons(message)]


def pixels(image):
    return np.asarray(image.convert("RGB"), dtype=np.float64)


async def test_a_prompt_becomes_one_message_with_a_grid_and_buttons(world, env):
    await world.slash("imagine", prompt="two red foxes --ar 3:2 --seed 7")
    [message] = world.messages()
    assert message.content == f"**two red foxes --ar 3:2 --seed 7** - <@{world.alice.id}> (fast)"
    assert labels(message) == LABELS
    [attachment] = message.attachments
    assert re.fullmatch(r"alice_two_red_foxes_ar_3_2_seed_7_[0-9a-f-]{36}\.png", attachment.filename)
    plan = world.engine.seen[0].plan
    assert grid_of(message, env).size == (plan.width // 8 * 2, plan.height // 8 * 2)


async def test_a_preview_is_shown_by_the_next_edit_that_goes_out(world, env):
    await world.restart(edit_every=0.0)
    world.engine.held = True
    await world.slash("imagine", prompt="a fox")
    await env.settle()
    world.engine.step()
    await env.settle()
    [message] = world.messages()
    assert message.content == f"**a fox** - <@{world.alice.id}> (50%) (fast)"
    assert [each.filename.endswith("_preview.jpg") for each in message.attachments] == [True]
    world.engine.release()
    await env.settle()
    [message] = world.messages()
    assert [each.filename.endswith(".png") for each in message.attachments] == [True]


async def test_the_answer_waits_first_and_is_deferred(world, env):
    await world.imagine("a fox")
    edits = [
        r.json["content"] for r in env.http_requests if r.method == "PATCH" and "content" in (r.json or {})
    ]
    assert edits[0] == f"**a fox** - <@{world.alice.id}> (Waiting to start)"
    callback = next(r for r in env.http_requests if r.path.endswith("/callback"))
    assert callback.json["type"] == 5


async def test_every_kept_picture_tells_its_origin(world):
    message = await world.imagine("a fox --seed 7")
    [job] = await world.bot.hub.history.page(world.alice.id)
    shots = await world.bot.hub.jobs.pictures(job.id)
    assert [shot.position for shot in shots] == [1, 2, 3, 4]
    for shot in shots:
        told = read(await world.bot.hub.pictures.read(shot.file))
        assert told["prompt"] == "a fox --seed 7"
        assert (told["seed"], told["model"], told["job"]) == (shot.seed, "pocket", job.id)
        assert told["source_type"].endswith("trainedAlgorithmicMedia")
    assert job.status is Status.DELIVERED
    assert job.place.message_id == message.id
    assert job.place.token is None


@pytest.mark.parametrize(
    ("prompt", "title", "piece"),
    [
        ("a fox --s 5000", "Invalid parameter", "--s 5000"),
        ("a fox --ar 1:0", "Invalid parameter", "1:0"),
        ("a fox --foo", "Invalid parameter", "--foo"),
        ("a fox --seed 99999999999", "Invalid parameter", "99999999999"),
        ("   ", "Invalid prompt", ""),
    ],
)
async def test_a_bad_prompt_is_told_to_its_author_alone_and_nothing_is_rendered(world, prompt, title, piece):
    result = await world.slash("imagine", prompt=prompt)
    assert result.ephemeral
    [embed] = result.response.embeds
    assert embed.title == title
    assert piece in embed.description
    assert embed.footer.text == f"/imagine {prompt}".strip()
    assert embed.colour.value == 16711680
    assert world.engine.seen == []
    assert world.messages() == []
    assert await world.bot.hub.jobs.unfinished() == []


async def test_u2_is_that_very_picture_at_twice_the_size(world, env):
    grid = await world.imagine("a fox --seed 7")
    result = await world.press(grid, "U2", world.bob)
    message = result.response.message
    assert message.content == f"**a fox --seed 7** - Image #2 <@{world.bob.id}>"
    large, whole = grid_of(message, env), grid_of(grid, env)
    width, height = whole.width // 2, whole.height // 2
    tile = whole.crop((width, 0, 2 * width, height))
    assert large.size == (2 * width, 2 * height)
    small = large.resize(tile.size, Image.Resampling.BOX)
    assert (
        psnr(pixels(small), pixels(tile)) >= 20
    )  # noise; the real upscaler is held to 30 dB in its own tests
    [action] = {world.engine.seen[-1].plan.action}
    assert action == "upscale"


async def test_v_makes_four_new_pictures_from_that_one(world, env):
    grid = await world.imagine("a fox --seed 7")
    message = (await world.press(grid, "V3")).response.message
    assert message.content == f"**a fox --seed 7** - Variations (Strong) by <@{world.alice.id}> (fast)"
    assert labels(message) == LABELS
    job = world.engine.seen[-1]
    shots = await world.bot.hub.jobs.pictures(world.engine.seen[0].id)
    assert job.inputs == (await world.bot.hub.pictures.read(shots[2].file),)
    assert job.plan.strength is not None


async def test_low_variation_mode_makes_v_subtle(world):
    panel = await world.slash("settings")
    await world.press(panel.response.message, "Low Variation Mode")
    grid = await world.imagine("a fox")
    message = (await world.press(grid, "V1")).response.message
    assert "Variations (Subtle) by" in message.content


@pytest.mark.parametrize("said", ["--seed 7", "--sameseed 7", "--seed 7 --sameseed 7"])
async def test_reroll_keeps_the_given_seed_out(world, said):
    grid = await world.imagine(f"a fox {said}")
    message = (await world.press(grid, "🔄")).response.message
    assert message.content == f"**a fox** - <@{world.alice.id}> (fast)"
    first, second = (job.plan for job in world.engine.seen)
    assert first.conditionings == second.conditionings
    assert first.seeds != second.seeds


async def test_buttons_work_after_a_restart(world):
    grid = await world.imagine("a fox")
    await world.restart()
    assert "Image #4" in (await world.press(grid, "U4")).response.content


async def test_a_button_whose_picture_is_gone_says_so(world):
    grid = await world.imagine("a fox")
    [job] = await world.bot.hub.history.page(world.alice.id)
    shots = await world.bot.hub.jobs.pictures(job.id)
    await world.bot.hub.pictures.delete([shots[0].file])
    result = await world.press(grid, "U1")
    assert result.ephemeral
    assert "no longer" in result.response.embeds[0].description


async def test_a_corrupt_picture_is_not_passed_on(world, settings):
    grid = await world.imagine("a fox")
    [job] = await world.bot.hub.history.page(world.alice.id)
    shots = await world.bot.hub.jobs.pictures(job.id)
    file = settings.easel_data / "pictures" / shots[1].file[:2] / shots[1].file
    file.write_bytes(file.read_bytes()[:-50])
    result = await world.press(grid, "V2")
    assert result.ephemeral
    assert len(world.engine.seen) == 1


async def test_a_button_of_another_channel_renders_nothing(world):
    await world.imagine("a fox")
    other = world.guild.create_text_channel("elsewhere")
    [job] = await world.bot.hub.history.page(world.alice.id)
    await world.bot.hub.jobs.moved(job.id, job.place.__class__(channel_id=other.id, message_id=1))
    [message] = world.messages()
    result = await world.press(message, "U1", world.bob)
    assert result.ephemeral
    assert len(world.engine.seen) == 1


async def test_it_works_in_a_direct_message(world, env):
    carol = env.create_user("carol")
    result = await carol.slash("imagine", prompt="a fox")
    message = result.response.message
    assert message.content == f"**a fox** - <@{carol.id}> (fast)"
    again = await carol.click(message, custom_id=buttons(message)[0].custom_id)
    assert "Image #1" in again.response.content


async def test_a_prompt_pings_nobody_and_stays_in_its_bold(world):
    message = await world.imagine("**bold** @everyone `x` [a](b) <@1> fox")
    assert message.content.startswith(r"**\*\*bold\*\* \@everyone \`x\` \[a](b) \<\@1> fox** - <@")
    assert not message.mention_everyone


async def test_a_long_prompt_fits_its_message_and_is_kept_whole(world):
    prompt = "fox " * 1100 + "end"
    message = await world.imagine(prompt)
    assert len(message.content) <= 2000
    assert message.content.endswith(f"…** - <@{world.alice.id}> (fast)")
    [job] = await world.bot.hub.history.page(world.alice.id)
    assert job.prompt == prompt


async def test_what_could_not_be_rendered_says_why_in_its_message(world):
    world.engine.failure = "The device ran out of memory."
    message = await world.imagine("a fox")
    assert message.embeds[0].description == "The device ran out of memory."
    assert message.attachments == []
    assert await world.bot.hub.jobs.unfinished() == []


async def test_permutations_run_as_so_many_jobs_each_with_its_message(world):
    await world.slash("imagine", prompt="a {red, green, blue} fox")
    contents = sorted(message.content for message in world.messages())
    assert [c.split(" - ")[0] for c in contents] == ["**a blue fox**", "**a green fox**", "**a red fox**"]


async def test_a_message_that_is_posted_while_a_job_begins_stays_its_only_one(world, monkeypatch):
    flow, jobs = world.bot.hub.flow, world.bot.hub.jobs
    begun = collections.defaultdict(asyncio.Event)
    read, post = jobs.inputs, Delivery.attempt

    async def post_once_begun(delivery, job, message):
        await begun[job.id].wait()
        return await post(delivery, job, message)

    async def read_until_posted(job_id):
        begun[job_id].set()
        while (edit := flow.under_way[job_id].edit) is not None:
            await asyncio.wait({edit})
        return await read(job_id)

    monkeypatch.setattr(jobs, "inputs", read_until_posted)
    monkeypatch.setattr(Delivery, "attempt", post_once_begun)
    await world.slash("imagine", prompt="a {red, green} fox")
    contents = sorted(message.content for message in world.messages())
    assert [c.split(" - ")[0] for c in contents] == ["**a green fox**", "**a red fox**"]


async def test_many_jobs_ask_first_and_run_at_yes(world):
    asked = await world.slash("imagine", prompt="a {1,2,3,4,5,6} fox")
    assert asked.ephemeral
    assert world.engine.seen == []
    await world.press(asked.response.message, "Yes")
    assert len(world.engine.seen) == 6
    again = await world.press(asked.response.message, "Yes")
    assert again.ephemeral
    assert len(world.engine.seen) == 6


async def test_a_full_queue_refuses_in_private(world):
    world.engine.held = True
    for _ in range(13):
        await world.slash("imagine", prompt="a fox")
    result = await world.slash("imagine", prompt="a fox")
    assert result.ephemeral
    assert result.response.embeds[0].title == "Queue full"
    assert len(await world.bot.hub.jobs.unfinished()) == 13


@pytest.mark.parametrize(("before", "taken_then"), [(0, 13), (9, 4), (12, 1)])
async def test_each_job_of_a_prompt_counts_and_the_answer_says_how_many_were_taken(world, before, taken_then):
    world.engine.held = True
    for _ in range(before):
        await world.slash("imagine", prompt="a cat")
    asked = await world.slash("imagine", prompt="a fox --repeat 40")
    result = await world.press(asked.response.message, "Yes")
    await world.env.settle()
    assert len(await world.bot.hub.jobs.unfinished()) == 13
    [told] = [f for f in result.followups if f.embeds]
    assert told.embeds[0].title == "Queue full"
    assert told.embeds[0].description.startswith(f"{taken_then} of 40 jobs were taken")
    assert told.flags.ephemeral
    assert (await world.slash("imagine", prompt="a fox")).response.embeds[0].title == "Queue full"
    assert not (await world.bob.slash(world.channel, "imagine", prompt="a fox")).ephemeral


async def test_a_batch_that_has_room_is_taken_whole_and_nothing_is_said(world):
    asked = await world.slash("imagine", prompt="a fox --repeat 13")
    result = await world.press(asked.response.message, "Yes")
    await world.env.settle()
    assert len(world.engine.seen) == 13
    assert not [f for f in result.followups if f.embeds]


async def test_with_a_picture_many_jobs_ask_first_too(world):
    asked = await world.slash("imagine", prompt="a fox --repeat 6", image=("mine.png", png(40, 30)))
    assert asked.ephemeral
    assert "makes **6** jobs" in asked.response.content
    assert world.engine.seen == []
    await world.restart()
    await world.press(asked.response.message, "Yes")
    await world.env.settle()
    assert len(world.engine.seen) == 6
    assert all(len(job.inputs) == 1 for job in world.engine.seen)
    assert world.engine.seen[0].inputs[0] == world.engine.seen[5].inputs[0]


async def test_a_user_renders_three_at_a_time_in_the_order_asked(world, env):
    world.engine.held = True
    for number in range(5):
        await world.slash("imagine", prompt=f"fox {number}")
    waiting = [job.id for job in await world.bot.hub.jobs.unfinished()]
    assert [job.id for job in world.engine.seen] == waiting[:3]
    world.engine.release()
    await env.settle()
    assert [job.id for job in world.engine.seen] == waiting
    assert all("(fast)" in message.content for message in world.messages())


async def test_a_job_that_waits_its_turn_can_be_cancelled(world, env):
    world.engine.held = True
    for number in range(4):
        await world.slash("imagine", prompt=f"fox {number}")
    await world.press(world.messages()[3], "Cancel")
    assert "(Cancelled)" in world.messages()[3].content
    world.engine.release()
    await env.settle()
    assert len(world.engine.seen) == 3


async def test_only_the_owner_cancels(world):
    world.engine.held = True
    message = (await world.slash("imagine", prompt="a fox")).response.message
    assert (await world.press(message, "Cancel", world.bob)).ephemeral
    assert len(await world.bot.hub.jobs.unfinished()) == 1
    await world.press(message, "Cancel")
    [message] = world.messages()
    assert message.content == f"**a fox** - <@{world.alice.id}> (Cancelled)"
    assert message.components == []
    assert await world.bot.hub.jobs.unfinished() == []


async def test_a_cross_from_the_owner_cancels_and_from_others_does_nothing(world):
    world.engine.held = True
    message = (await world.slash("imagine", prompt="a fox")).response.message
    await world.bob.react(message, "❌")
    assert len(await world.bot.hub.jobs.unfinished()) == 1
    await world.alice.react(message, "❌")
    assert "(Cancelled)" in world.messages()[0].content


async def test_a_cross_deletes_a_finished_job_with_its_files(world, settings):
    message = await world.imagine("a fox")
    await world.alice.react(message, "❌")
    assert world.messages() == []
    assert list(settings.easel_data.glob("pictures/*/*")) == []


async def test_an_unknown_version_renders_with_the_default_and_says_so(world):
    message = await world.imagine("a fox --niji 4")
    assert message.content == f"**a fox --niji 4** - <@{world.alice.id}> (fast)"
    assert "pocket" in message.embeds[0].description


async def test_settings_show_in_the_prompt_as_run(world):
    panel = await world.slash("settings")
    await world.press(panel.response.message, "Stylize high")
    assert (await world.imagine("a fox")).content.startswith("**a fox --s 250** - ")
    assert (await world.imagine("a fox --s 50")).content.startswith("**a fox --s 50** - ")


async def test_a_picture_over_the_upload_limit_is_re_encoded(world, env):
    grid = await world.imagine("a fox")
    [job] = await world.bot.hub.history.page(world.alice.id)
    small = job.at(job.place.__class__(channel_id=1, upload_limit=500))
    [file] = (await world.bot.hub.results.message(small)).files
    assert file.name.endswith(".jpg")
    assert Image.open(io.BytesIO(file.data)).size == grid_of(grid, env).size


async def test_a_question_stays_open_where_nothing_came_of_its_yes(world, env):
    asked = await world.slash("imagine", prompt="a fox --r 6", image=("mine.png", png(48, 48)))
    world.bot.hub.rules.paused = True
    refused = await world.press(asked.response.message, "Yes")
    assert refused.response.embeds[0].title == "Paused"
    world.bot.hub.rules.paused = False
    await world.press(asked.response.message, "Yes")
    await env.settle()
    assert [len(job.inputs) for job in world.engine.seen] == [1] * 6
    again = await world.press(asked.response.message, "Yes")
    assert "answered already" in again.response.embeds[0].description


async def remixing(world):
    panel = await world.slash("settings")
    await world.press(panel.response.message, "Remix mode")
    return await world.imagine("a fox --seed 7")


async def test_remix_opens_the_prompt_and_renders_what_was_made_of_it(world):
    grid = await remixing(world)
    shown = await world.press(grid, "V2")
    assert shown.modal["title"] == "Remix Prompt"
    result = await world.alice.submit_modal(shown, {"prompt": "a blue dog"})
    assert result.response.content == f"**a blue dog** - Remix (Strong) by <@{world.alice.id}> (fast)"
    assert [c.text for c in world.engine.seen[-1].plan.conditionings] != [
        c.text for c in world.engine.seen[0].plan.conditionings
    ]


async def test_an_unchanged_remix_is_a_plain_variation(world):
    grid = await remixing(world)
    result = await world.alice.submit_modal(await world.press(grid, "V2"), {"prompt": "a fox --seed 7"})
    assert "Variations (Strong) by" in result.response.content


async def test_a_remix_with_a_bad_prompt_is_told_in_private(world):
    grid = await remixing(world)
    result = await world.alice.submit_modal(await world.press(grid, "V2"), {"prompt": "a fox --foo"})
    assert result.ephemeral
    assert len(world.engine.seen) == 1


async def test_a_remixed_reroll_is_a_new_prompt(world):
    grid = await remixing(world)
    shown = await world.press(grid, "🔄")
    await world.restart()
    result = await world.alice.submit_modal(shown, {"prompt": "two dogs"})
    assert result.response.content == f"**two dogs** - <@{world.alice.id}> (fast)"


@pytest.mark.parametrize(("failure", "outcome"), [(None, "delivered"), ("It broke.", "failed")])
async def test_the_log_has_one_line_a_job_without_its_prompt(world, caplog, failure, outcome):
    caplog.set_level("INFO", "bot")
    world.engine.failure = failure
    await world.imagine("a rabbit")
    await world.env.settle()
    [line] = [text for text in caplog.messages if text.startswith("job ")]
    for piece in ("alice", "imagine", "pocket", outcome):
        assert piece in line
    assert "rabbit" not in line


async def offered(world, typed):
    choices = await world.alice.autocomplete(world.channel, "imagine", "prompt", typed)
    assert all(len(choice["name"]) <= 100 and len(choice["value"]) <= 100 for choice in choices)
    return {choice["value"]: choice["name"] for choice in choices}


async def test_completion_shows_what_a_choice_means_and_what_the_registry_has(world):
    assert (await offered(world, "a fox --ar 16"))["a fox --ar 16:9"].startswith("a fox --ar 16:9 ⟨as wide")
    assert (await offered(world, "a fox --v "))["a fox --v 7"] == "a fox --v 7 ⟨FLUX.1 schnell⟩"
    styles = await offered(world, "a fox --style sc")
    assert styles == {"a fox --style scenic": "a fox --style scenic ⟨a style of Animagine XL 3.1⟩"}
    await world.slash("prefer option set", option="mine", value="in the rain")
    assert "in the rain" in (await offered(world, "a fox --mi"))["a fox --mine "]


async def test_a_meaning_that_came_into_the_field_with_a_choice_is_no_part_of_the_prompt(world):
    [name] = (await offered(world, "a fox --ar 16")).values()
    assert "a fox --ar 16:9 --style raw" in await offered(world, f"{name} --style r")
    message = await world.imagine(f"{name} --s 250")
    assert message.content.startswith("**a fox --ar 16:9 --s 250** - ")
    ones_own = await world.imagine("a fox ⟨in brackets⟩")
    assert ones_own.content.startswith("**a fox ⟨in brackets⟩** - ")


async def test_a_long_prompt_is_offered_without_a_meaning_where_there_is_no_room(world):
    text = "a " + "very " * 17 + "fox --ar 16"
    assert await offered(world, text) == {f"{text}:9": f"{text}:9"}
