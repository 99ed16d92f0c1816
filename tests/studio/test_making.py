"""Making over HTTP: the same jobs, the same way in and the same refusals as in Discord."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from bot.jobs import uploads
from engine.planning.registry import SegmenterEntry
from tests.bot.sketch import buttons, png
from tests.studio.drawing import at_end, draw, told


async def imagine(visitor, prompt, **more):
    return await draw(visitor, "jobs", prompt=prompt, **more)


async def test_a_prompt_becomes_four_pictures_that_only_the_page_shows(world, alice):
    [done] = await imagine(alice, "a red fox --ar 3:2 --seed 7 --s 250")
    assert (done["status"], done["prompt"]) == ("delivered", "a red fox --ar 3:2 --s 250 --seed 7")
    assert len(done["pictures"]) == 4
    assert world.messages() == []
    assert world.engine.seen[0].plan.style_weight > 0
    status, picture, _ = await alice.ask("GET", f"/pictures/{done['pictures'][0]['id']}")
    assert status == 200
    assert Image.open(io.BytesIO(picture)).size == (
        done["pictures"][0]["width"],
        done["pictures"][0]["height"],
    )
    assert {each["id"] for each in await alice.wall()} == {each["id"] for each in done["pictures"]}


async def test_settings_and_sliders_reach_the_plan(world, alice):
    await imagine(alice, "a red fox --s 0")
    await imagine(alice, "a red fox --s 1000 --c 40 --w 900")
    low, high = (job.plan for job in world.engine.seen)
    assert low.style_weight == 0 < high.style_weight
    assert (low.chaos, low.weird) == (0, 0)
    assert high.chaos == pytest.approx(0.4)
    assert high.weird == pytest.approx(0.3)


async def test_a_job_of_the_page_stands_in_the_channel_where_one_wishes(world, alice):
    await world.imagine("a green fish")
    status, said = await alice.get("making")
    assert status == 200
    [channel] = said["channels"]
    assert channel["name"] == "easel"
    [job] = await imagine(alice, "a blue fish", channel=channel["id"])
    message = world.messages()[-1]
    assert message.content == f"**a blue fish** - <@{world.alice.id}> (fast)"
    assert len(message.attachments) == 1
    assert "V4" in {button.label for button in buttons(message)}
    pressed = await world.press(message, "U2")
    assert "Image #2" in pressed.response.message.content
    assert job["posted"]


async def test_what_discord_begins_is_seen_on_the_page(world, alice):
    await world.imagine("a green fish")
    status, said = await alice.get("jobs")
    assert status == 200
    [job] = said["jobs"]
    assert (job["prompt"], job["status"], len(job["pictures"])) == ("a green fish", "delivered", 4)


async def test_nobody_posts_where_they_may_not(world, alice, bob):
    other = world.guild.create_text_channel("elsewhere")
    await world.bob.slash(world.channel, "imagine", prompt="a black cat")
    for where in (str(other.id), str(world.channel.id), "1", "x", "-1", str(2**70)):
        status, said = await alice.post("jobs", {"prompt": "a fox", "channel": where})
        assert status == 403, said
    assert [job.plan.conditionings[0].text for job in world.engine.seen] == ["a black cat"]


async def test_channels_that_operators_closed_are_closed_here_too(world, alice):
    await world.imagine("a fox")
    await world.bot.hub.rules.allow(
        world.guild.id, world.guild.create_text_channel("only here").id, allowed=True
    )
    assert (await alice.get("making"))[1]["channels"] == []
    status, _ = await alice.post("jobs", {"prompt": "a fox", "channel": str(world.channel.id)})
    assert status == 403


async def test_a_secret_job_is_nowhere_but_on_the_page(world, alice):
    await world.imagine("a fox")
    count = len(world.messages())
    [job] = await imagine(alice, "a secret fox --stealth", channel=str(world.channel.id))
    assert len(world.messages()) == count
    assert job["private"]


async def test_an_error_names_its_place_as_javascript_counts(alice):
    prompt = "𝒶 fox --ar 3:0 --zzz"
    status, said = await alice.post("jobs", {"prompt": prompt})
    assert status == 422
    first = said["problems"][0]
    units = prompt.encode("utf-16-le")
    assert units[2 * first["start"] : 2 * first["end"]].decode("utf-16-le") == first["piece"]
    assert first["piece"] in first["message"]
    status, typed = await alice.post("prompts", {"prompt": prompt, "at": 3})
    assert (status, typed["problems"]) == (200, said["problems"])


async def test_the_prompt_is_completed_at_the_cursor(alice):
    status, said = await alice.post("prompts", {"prompt": "a fox --sty", "at": 11})
    assert status == 200
    assert "a fox --stylize " in {each["text"] for each in said["completions"]}
    status, said = await alice.post("prompts", {"prompt": "a fox --ar 3:2", "at": 2})
    assert (said["completions"], said["jobs"], said["problems"]) == ([], 1, [])
    assert (await alice.post("prompts", {"prompt": "{a, b} fox", "at": 0}))[1]["jobs"] == 2


@pytest.mark.parametrize("settings", [{"easel_banned_words": "gore"}], indirect=True)
async def test_what_may_not_be_said_in_discord_may_not_be_said_here(world, alice):
    status, said = await alice.post("jobs", {"prompt": "much GORE"})
    assert (status, "gore" in said["error"]) == (409, True)
    await world.imagine("a fox")
    picture = (await alice.wall())[0]["id"]
    for path in (
        f"pictures/{picture}/actions/vary",
        f"pictures/{picture}/actions/reroll",
        f"pictures/{picture}/edits",
    ):
        status, said = await alice.post(path, {"prompt": "gore", "margins": {"left": 0.5}})
        assert (status, "gore" in said["error"]) == (409, True)
    assert len(world.engine.seen) == 1


async def test_the_queue_is_as_long_as_in_discord(world, alice):
    world.engine.held = True
    limits = world.settings.easel_running_per_user + world.settings.easel_queued_per_user
    for _ in range(limits - 1):
        assert (await alice.post("jobs", {"prompt": "a fox"}))[0] == 200
    status, said = await alice.post("jobs", {"prompt": "{a, b} fox", "many": True})
    assert (status, len(said["jobs"])) == (200, 1)
    assert "1 of 2 jobs were taken" in said["notice"]
    status, said = await alice.post("jobs", {"prompt": "a cat"})
    assert (status, "full" in said["error"]) == (409, True)
    world.engine.release()
    await world.bot.hub.flow.lines.idle()


async def test_pauses_and_quotas_hold_here(world, alice):
    await world.bot.hub.rules.allot(("everyone", 0), pictures=4)
    await imagine(alice, "a fox")
    status, said = await alice.post("jobs", {"prompt": "another fox"})
    assert (status, "pictures" in said["error"]) == (409, True)
    world.bot.hub.rules.paused = True
    assert (await alice.post("jobs", {"prompt": "a fox"}))[1]["error"].startswith("No new jobs")


async def test_many_jobs_are_asked_about_first(world, alice):
    many = "{" + ", ".join("abcdefghijkl") + "} fox"
    status, said = await alice.post("jobs", {"prompt": many})
    assert (status, said["ask"]) == (409, "many")
    assert world.engine.seen == []
    assert len(await imagine(alice, many, many=True)) == 12


async def test_what_a_small_model_does_not_know_is_asked_about_first(world, alice):
    status, said = await alice.post("jobs", {"prompt": "quantum chromodynamics"})
    assert (status, said["ask"]) == (409, "anyway")
    await imagine(alice, "quantum chromodynamics", anyway=True)
    assert len(world.engine.seen) == 1


async def test_a_job_is_cancelled_by_its_owner_alone(world, alice, bob):
    world.engine.held = True
    _, said = await alice.post("jobs", {"prompt": "a fox"})
    [job] = said["jobs"]
    assert (await bob.post(f"jobs/{job['id']}/cancel"))[0] == 404
    assert (await bob.get(f"jobs/{job['id']}"))[0] == 404
    assert (await alice.post(f"jobs/{job['id']}/cancel"))[0] == 200
    await at_end(world, job)
    assert (await told(alice, job))["status"] == "cancelled"
    assert (await alice.post(f"jobs/{job['id']}/cancel"))[0] == 404


async def test_settings_are_the_same_as_in_discord(world, alice):
    changes = {"stylize": 250, "strong": False, "lane": "relax"}
    status, said, _ = await alice.ask("PATCH", "/api/settings", json=changes)
    assert status == 200
    assert (said["settings"]["stylize"], said["settings"]["strong"], said["settings"]["lane"]) == (
        250,
        False,
        "relax",
    )
    await imagine(alice, "a fox")
    assert world.engine.seen[0].lane == "relax"
    assert (await world.imagine("another fox")).content.startswith("**another fox --s 250**")
    for wrong in (
        {"stylize": 5000},
        {"model": "nothing"},
        {"lane": "x"},
        {"banned": False},
        {"strong": 1},
        {},
    ):
        assert (await alice.ask("PATCH", "/api/settings", json=wrong))[0] in (400, 409)


async def test_a_picture_that_is_brought_starts_a_job(world, alice, bob):
    status, said, _ = await alice.ask(
        "POST", "/api/uploads", data=png(64, 48), headers={"Content-Type": "image/png"}
    )
    assert status == 200, said
    link = said["link"]
    await imagine(alice, f"{link} a fox")
    assert len(world.engine.seen[0].inputs) == 1
    assert Image.open(io.BytesIO(world.engine.seen[0].inputs[0])).size == (64, 48)
    path = link.removeprefix(alice.address)
    assert (await alice.ask("GET", path))[0] == 200
    assert (await bob.ask("GET", path))[0] == 404
    status, said = await bob.post("jobs", {"prompt": f"{link} a fox"})
    assert (status, "no longer kept" in said["error"]) == (409, True)
    await world.restart()
    removed = await world.bot.hub.pictures.sweep(world.bot.hub.jobs.files)
    assert removed == 0


async def test_of_brought_pictures_the_newest_are_held_and_what_a_job_needs_stays(world, alice, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_HELD", 3)
    links = []
    for width in (61, 62, 63, 64, 65):
        _, said, _ = await alice.ask("POST", "/api/uploads", data=png(width, 48))
        links.append(said["link"])
        if width == 61:
            await imagine(alice, f"{links[0]} a fox")
    kept = [(await alice.ask("GET", link.removeprefix(alice.address)))[0] for link in links]
    assert kept == [404, 404, 200, 200, 200]
    files = set((world.settings.easel_data / "pictures").rglob("*.png"))
    sizes = [Image.open(file).size for file in files]
    assert (61, 48) in sizes  # the job was drawn from it
    assert (62, 48) not in sizes
    assert {(63, 48), (64, 48), (65, 48)} <= set(sizes)


async def test_one_of_ones_pictures_starts_a_job(world, alice, bob):
    await world.imagine("a secret fox --stealth")
    picture = (await alice.wall())[0]["id"]
    assert (await bob.post("uploads", {"picture": picture}))[0] == 404
    status, said = await alice.post("uploads", {"picture": picture})
    assert status == 200
    await imagine(alice, f"{said['link']} a fox")
    assert len(world.engine.seen[-1].inputs) == 1


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"<svg/>", b"\x89PNG\r\n\x1a\n" + b"x" * 100, b"%PDF-1.4"])
async def test_what_is_no_picture_is_refused(alice, data):
    status, said, _ = await alice.ask(
        "POST", "/api/uploads", data=data, headers={"Content-Type": "image/png"}
    )
    assert status == 409
    assert said["error"]


async def test_an_upload_has_a_bound(alice):
    status, said, _ = await alice.ask(
        "POST", "/api/uploads", data=b"x" * (26 * 2**20), headers={"Content-Type": "image/png"}
    )
    assert (status, said["error"]) == (413, "That is too large.")


async def test_what_finds_things_is_told_where_it_is_no_model(world, alice, tmp_path):
    _, said = await alice.get("making")
    assert "the patch of one colour" in said["finding"]["click"]
    assert "easel models pull" in said["finding"]["words"]
    for name, clicks in (("sam", True), ("clipseg", False)):
        folder = tmp_path / name
        folder.mkdir()
        for file in ("config.json", "model.safetensors"):
            (folder / file).write_text("{}")
        models = world.bot.hub.models
        entry = SegmenterEntry(name, name, str(folder), folder=folder, clicks=clicks)
        models.registry = replace(models.registry, segmenters=(*models.registry.segmenters, entry))
    assert (await alice.get("making"))[1]["finding"] == {"click": "", "words": ""}
