"""Going on from pictures over HTTP: what buttons do, a painted mask, a larger canvas, things found."""

import base64
import io

import pytest
from PIL import Image

from engine import Action, Margins
from tests.bot.test_edits import saved_editor, with_editor, without_editor
from tests.bot.test_retexture import with_control, without_control
from tests.studio.drawing import draw


def painted(size=(24, 24), box=(6, 0, 18, 12)):
    mask = Image.new("L", size)
    mask.paste(255, box)
    out = io.BytesIO()
    mask.save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


async def picture(world, alice, prompt="a red house on grass", label=None):
    message = await world.imagine(prompt)
    if label:
        await world.press(message, label)
    return (await alice.wall())[0]["id"]


async def test_a_painted_part_becomes_a_job_of_the_same_kind_as_discords(world, alice):
    own = await picture(world, alice)
    [job] = await draw(alice, f"pictures/{own}/edits", mask=painted(), prompt="a blue house on grass --s 250")
    assert (job["kind"], job["from"], len(job["pictures"])) == ("vary_region", own, 4)
    plan = world.engine.seen[-1].plan
    assert (plan.action, plan.canvas.masked, plan.conditionings[0].text) == (
        Action.REPAINT,
        True,
        "a blue house on grass",
    )
    mask = Image.open(io.BytesIO(world.engine.seen[-1].inputs[1]))
    assert (mask.size, mask.mode) == ((256, 256), "1")
    assert mask.getbbox() == (64, 0, 192, 128)


async def test_the_mask_is_a_file_that_outlives_restarts_and_again(world, alice):
    own = await picture(world, alice)
    [job] = await draw(alice, f"pictures/{own}/edits", mask=painted())
    first = world.engine.seen[-1].inputs
    hub = world.bot.hub
    assert await hub.pictures.sweep(hub.jobs.files) == 0
    [again] = await draw(alice, f"pictures/{job['pictures'][0]['id']}/actions/reroll")
    assert world.engine.seen[-1].inputs == first
    assert world.engine.seen[-1].plan.canvas.masked
    assert again["kind"] == "vary_region"


async def test_a_job_with_a_mask_is_taken_up_after_a_restart(world, alice):
    own = await picture(world, alice)
    world.engine.held = True
    _, said = await alice.post(f"pictures/{own}/edits", {"mask": painted()})
    [job] = said["jobs"]
    await world.restart()
    world.engine.release()
    await world.env.settle()
    done = await world.bot.hub.jobs.get(job["id"])
    assert done.status.has_pictures
    assert len(world.engine.seen[-1].inputs) == 2


async def test_the_canvas_grows_by_any_amount(world, alice):
    own = await picture(world, alice)
    [job] = await draw(alice, f"pictures/{own}/edits", margins={"left": 0.4})
    plan = world.engine.seen[-1].plan
    assert (job["kind"], plan.width, plan.height) == ("zoom", 368, 256)
    assert (plan.canvas.picture.left, plan.canvas.picture.width) == (112, 256)
    [both] = await draw(alice, f"pictures/{own}/edits", margins={"top": 0.5, "right": 1}, mask=painted())
    plan = world.engine.seen[-1].plan
    assert (both["kind"], plan.width, plan.height) == ("vary_region", 512, 384)
    mask = Image.open(io.BytesIO(world.engine.seen[-1].inputs[1]))
    assert (mask.size, mask.getbbox()) == ((512, 384), (64, 128, 192, 256))


async def test_a_side_within_the_picture_cuts_it(world, alice):
    own = await picture(world, alice)
    [job] = await draw(alice, f"pictures/{own}/edits", margins={"left": -0.25}, mask=painted())
    plan = world.engine.seen[-1].plan
    assert (job["kind"], plan.width, plan.height) == ("vary_region", 192, 256)
    assert (plan.canvas.picture.left, plan.canvas.picture.width) == (-64, 256)
    mask = Image.open(io.BytesIO(world.engine.seen[-1].inputs[1]))
    assert (mask.size, mask.getbbox()) == ((192, 256), (0, 0, 128, 128))
    status, said = await alice.post(f"pictures/{own}/edits", {"margins": {"left": -0.25}})
    assert (status, "nothing new" in said["error"]) == (409, True)


async def test_a_proportion_that_the_canvas_overrules_is_told(world, alice):
    own = await picture(world, alice)
    [job] = await draw(
        alice, f"pictures/{own}/edits", margins={"left": 0.5}, prompt="a red house on grass --ar 2:3"
    )
    assert "--ar" not in job["prompt"]
    assert any("--ar" in note for note in job["notes"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 409),
        ({"margins": {}}, 409),
        ({"margins": {"left": 9}}, 409),
        ({"margins": {"left": -0.5}}, 409),
        ({"margins": {"left": -1.5}}, 400),
        ({"margins": {"left": -0.5, "right": -0.4}, "mask": painted()}, 409),
        ({"margins": {"left": 10**400}}, 400),
        ({"margins": {"left": "x"}}, 400),
        ({"margins": {"left": True}}, 400),
        ({"margins": [1]}, 400),
        ({"mask": "not base64"}, 400),
        ({"mask": 5}, 409),
        ({"mask": base64.b64encode(b"no picture").decode()}, 409),
        ({"mask": painted(box=(0, 0, 0, 0))}, 409),
        ({"mask": painted(), "prompt": 7}, 400),
        ({"mask": painted(), "prompt": "a house --ar 3:0"}, 422),
        ({"mask": painted(), "prompt": "x" * 7000}, 400),
    ],
)
async def test_what_cannot_be_drawn_is_said(world, alice, body, status):
    own = await picture(world, alice)
    got, said = await alice.post(f"pictures/{own}/edits", body)
    assert (got, bool(said["error"])) == (status, True)
    assert len(world.engine.seen) == 1


async def test_an_edit_has_a_bound(world, alice):
    own = await picture(world, alice)
    assert (await alice.post(f"pictures/{own}/edits", {"mask": "A" * (3 * 2**20)}))[0] == 413


async def test_anothers_secret_picture_is_not_there(world, alice, bob):
    own = await picture(world, alice, "a red fox --stealth")
    for path in ("edits", "actions/vary", "selections"):
        assert (await bob.post(f"pictures/{own}/{path}", {"mask": painted(), "words": "fox"}))[0] == 404
    assert (await bob.get(f"pictures/{own}/actions"))[0] == 404


async def test_what_comes_of_a_secret_picture_is_secret(world, alice):
    own = await picture(world, alice, "a red fox --stealth")
    [job] = await draw(alice, f"pictures/{own}/edits", margins={"left": 0.5}, channel="direct")
    assert (job["private"], job["posted"]) == (True, False)


@pytest.mark.parametrize(
    ("name", "label", "kind"),
    [
        ("upscale", None, "upscale"),
        ("vary", None, "vary_strong"),
        ("reroll", None, "imagine"),
        ("upscale_subtle", "U2", "upscale_subtle"),
        ("upscale_creative", "U2", "upscale_creative"),
        ("vary_subtle", "U2", "vary_subtle"),
        ("vary_strong", "U2", "vary_strong"),
        ("zoom_far", "U2", "zoom"),
        ("custom_zoom", "U2", "zoom"),
        ("pan_left", "U2", "pan_left"),
        ("pan_down", "U2", "pan_down"),
    ],
)
async def test_every_action_of_a_button_makes_the_same_plan(world, alice, name, label, kind):
    own = await picture(world, alice, label=label)
    status, offered = await alice.get(f"pictures/{own}/actions")
    assert status == 200
    assert name in {each["name"] for each in offered["actions"]}
    [job] = await draw(alice, f"pictures/{own}/actions/{name}")
    assert (job["kind"], job["status"]) == (kind, "delivered")
    plan = world.engine.seen[-1].plan
    message = [each for each in world.messages() if each.attachments][-1]
    press = {
        "upscale": "U1",
        "vary": "V1",
        "reroll": "🔄",
        "pan_left": "⬅️",
        "pan_down": "⬇️",
        "zoom_far": "Zoom Out 2x",
    }
    words = press.get(
        name, {"upscale_subtle": "Upscale (Subtle)", "upscale_creative": "Upscale (Creative)"}.get(name)
    )
    if words:
        await world.press(message, words)
        same = world.engine.seen[-1].plan
        assert (same.action, same.width, same.height, same.canvas) == (
            plan.action,
            plan.width,
            plan.height,
            plan.canvas,
        )


async def test_an_action_takes_another_prompt(world, alice):
    own = await picture(world, alice, label="U1")
    [job] = await draw(alice, f"pictures/{own}/actions/vary_strong", prompt="a blue house on grass")
    assert (job["kind"], job["prompt"]) == ("remix_strong", "a blue house on grass")
    [job] = await draw(
        alice, f"pictures/{own}/actions/custom_zoom", prompt="a red house on grass --ar 3:2 --zoom 1.5"
    )
    assert (job["kind"], job["width"] > job["height"]) == ("zoom", True)


async def test_an_action_that_there_is_not_does_nothing(world, alice):
    own = await picture(world, alice)
    for name in ("pan_left", "redo_subtle", "nothing", "__class__"):
        assert (await alice.post(f"pictures/{own}/actions/{name}"))[0] == 404


async def test_retexture_holds_the_picture_as_closely_as_asked(world, alice, tmp_path):
    with_control(world, tmp_path)
    own = await picture(world, alice, "a red house on grass --ar 3:2")
    assert await alice.get(f"pictures/{own}/retextures") == (
        200,
        {"prompt": "a red house on grass --ar 3:2", "why_not": ""},
    )
    assert (await alice.get(f"pictures/{own}"))[1]["cannot"] == {"retexture": ""}
    [job] = await draw(alice, f"pictures/{own}/retextures", prompt="a blue house --ar 3:2", strength=0.7)
    assert (job["kind"], job["from"], job["prompt"]) == ("retexture", own, "a blue house")
    asked = world.engine.seen[-1]
    assert (asked.plan.action, asked.plan.control.strength, len(asked.inputs)) == (Action.RETEXTURE, 0.7, 1)
    await draw(alice, f"pictures/{own}/retextures")
    assert world.engine.seen[-1].plan.control.strength == 1
    for wrong in (0, 3, -1, "x", True, [1]):
        assert (await alice.post(f"pictures/{own}/retextures", {"strength": wrong}))[0] == 400
    assert (await alice.post(f"pictures/{own}/retextures", {"prompt": "a house --ar 3:0"}))[0] == 422


async def test_a_model_that_cannot_retexture_says_why(world, alice, bob):
    without_control(world)
    own = await picture(world, alice)
    _, told = await alice.get(f"pictures/{own}/retextures")
    assert "has no control" in told["why_not"]
    assert (await alice.get(f"pictures/{own}"))[1]["cannot"] == {"retexture": told["why_not"]}
    assert await alice.post(f"pictures/{own}/retextures", {}) == (409, {"error": told["why_not"]})
    assert len(world.engine.seen) == 1
    await world.imagine("a red fox --stealth")
    secret = (await alice.wall(words="fox"))[0]["id"]
    assert (await bob.get(f"pictures/{secret}/retextures"))[0] == 404
    assert (await bob.post(f"pictures/{secret}/retextures", {}))[0] == 404


async def test_words_change_one_picture_of_a_grid(world, alice, bob, tmp_path):
    with_editor(world, saved_editor(tmp_path))
    await world.imagine("a red house on grass --ar 3:2 --stealth")
    third = (await alice.wall())[2]["id"]
    [job] = await draw(alice, f"pictures/{third}/changes", prompt="make the house blue")
    assert (job["kind"], job["from"], job["prompt"]) == ("edit", third, "make the house blue")
    asked = world.engine.seen[-1]
    assert (asked.plan.action, asked.plan.model) == (Action.EDIT, "instruct-pix2pix")
    _, whole, _ = await alice.ask("GET", f"/pictures/{third}")
    sent, shown = (Image.open(io.BytesIO(each)).tobytes() for each in (asked.inputs[0], whole))
    assert sent == shown
    _, told = await alice.get(f"pictures/{job['pictures'][0]['id']}")
    assert [each["id"] for each in told["parents"]] == [third]
    assert (await alice.post(f"pictures/{third}/changes", {"prompt": "  "}))[0] == 409
    assert (await alice.post(f"pictures/{third}/changes", {"prompt": "blue --ar 3:0"}))[0] == 422
    assert (await bob.post(f"pictures/{third}/changes", {"prompt": "make it blue"}))[0] == 404


async def test_where_no_model_changes_pictures_the_reason_is_said(world, alice):
    without_editor(world)
    own = await picture(world, alice)
    status, said = await alice.post(f"pictures/{own}/changes", {"prompt": "make the house blue"})
    assert (status, len(world.engine.seen)) == (409, 1)
    assert "No model on this machine changes pictures" in said["error"]


async def test_things_are_found_as_a_mask(world, alice):
    own = await picture(world, alice)
    for body in ({"words": "the roof"}, {"x": 0.5, "y": 0.25}):
        status, mask, answer = await alice.ask("POST", f"/api/pictures/{own}/selections", json=body)
        assert (status, answer.headers["Content-Type"]) == (200, "image/png")
        assert Image.open(io.BytesIO(mask)).getbbox() is not None
    status, said = await alice.post(f"pictures/{own}/selections", {"words": "nothing"})
    assert (status, "not found" in said["error"]) == (409, True)
    for wrong in ({}, {"x": 2, "y": 0}, {"x": "a", "y": 0}, {"words": ["x"]}, {"words": "x" * 300}):
        assert (await alice.post(f"pictures/{own}/selections", wrong))[0] == 400


def test_margins_are_none_or_some():
    assert not Margins()
    assert Margins(bottom=0.1)
