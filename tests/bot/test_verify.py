"""`/verify` and *Check picture*: what is said of own pictures, copies, others' and foreign ones."""

import asyncio
import io
from random import Random

import pytest
from PIL import Image

from engine import Job, Picture
from engine.pictures.decoding import to_png
from engine.pictures.mark import marked
from pocket.world.draw import draw
from pocket.world.scenes import random_scene
from tests.bot.sketch import SketchEngine, buttons


def scene(seed: int) -> Image.Image:
    rng = Random(seed)
    return draw(random_scene(rng), 256, 256, rng).convert("RGB")


class MarkingSketch(SketchEngine):
    """A sketch whose pictures are large enough for a mark, and have the one that the job asks for."""

    def _draw(self, job: Job) -> list[Picture]:
        def png(seed: int) -> bytes:
            return to_png(scene(seed) if job.mark is None else marked(scene(seed), job.mark))

        return [
            Picture(png(seed), 256, 256, seed, position) for position, seed in enumerate(job.plan.seeds, 1)
        ]


@pytest.fixture
def engine() -> SketchEngine:
    return MarkingSketch()


def file_of(world, message) -> bytes:
    [attachment] = message.attachments
    return world.env.backend.cdn.get(attachment.url)


def copied(data: bytes, quality: int = 80) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


async def check(world, data: bytes, who=None, name: str = "picture.png"):
    result = await (who or world.alice).slash(world.channel, "verify", image=(name, data))
    await world.env.settle()
    return result


def said(result) -> str:
    [embed] = result.response.embeds
    return f"{embed.title}\n{embed.description}"


async def test_an_own_grid_is_known_with_its_prompt_and_job(world):
    grid = await world.imagine("a red fox --seed 7")
    result = await check(world, file_of(world, grid))
    assert result.ephemeral
    assert said(result).startswith("Made by Easel\n**Prompt** a red fox --seed 7\n**Seed** `7`")
    assert world.engine.seen[0].id in said(result)
    assert f"https://discord.com/channels/{world.guild.id}/{world.channel.id}/{grid.id}" in said(result)


async def test_a_copy_without_text_is_known_by_its_pixels_also_after_a_restart(world):
    grid = await world.imagine("a red fox --seed 7")
    await world.restart()
    result = await check(world, copied(file_of(world, grid)), world.bob, "copy.jpg")
    assert "a red fox --seed 7" in said(result)
    assert "the mark in its pixels is still there" in said(result)


async def test_prove_it_draws_the_job_again_and_compares(world):
    grid = await world.imagine("a red fox --seed 7")
    asked = await check(world, file_of(world, grid))
    proof = await world.press(asked.response.message, "Prove it")
    await world.env.settle()
    assert "**Drawn again** equal" in said(proof)
    assert world.engine.seen[0].plan == world.engine.seen[1].plan
    assert len(await world.bot.hub.jobs.unfinished()) == 0


async def test_who_proves_what_is_being_drawn_again_waits_for_the_same_drawing(world):
    grid = await world.imagine("a red fox --seed 7")
    asked = [await check(world, file_of(world, grid), who) for who in (world.alice, world.bob)]
    world.engine.held = True
    people = (world.alice, world.alice, world.bob)
    messages = [asked[0].response.message] * 2 + [asked[1].response.message]
    proofs = [
        await world.press(message, "Prove it", who) for message, who in zip(messages, people, strict=True)
    ]
    world.engine.release()
    await world.env.settle()
    for proof in proofs:
        assert "**Drawn again** equal" in said(proof)
    assert len(world.engine.seen) == 2


async def test_a_proof_counts_among_what_one_may_have_today(world, operator):
    await world.slash("easel limit", pictures=8)
    grid = await world.imagine("a red fox --seed 7")
    asked = await check(world, file_of(world, grid))
    assert "**Drawn again** equal" in said(await world.press(asked.response.message, "Prove it"))
    info = (await world.slash("info")).response.embeds[0].description
    assert "**Left Today**: 0 of 8 pictures" in info
    assert "4 images" in info  # what one was given is what it was
    refused = await world.press(asked.response.message, "Prove it")
    assert said(refused).startswith("Daily limit\n")
    assert len(world.engine.seen) == 2


async def test_nothing_is_proved_while_no_jobs_are_taken_and_what_is_drawn_is_under_way(world, operator):
    grid = await world.imagine("a red fox --seed 7")
    asked = await check(world, file_of(world, grid))
    world.engine.held = True
    proof = await world.press(asked.response.message, "Prove it")
    idle = asyncio.ensure_future(world.bot.hub.flow.lines.idle())  # what a drain waits for
    await world.slash("easel pause")
    assert not idle.done()
    world.engine.release()
    await world.env.settle()
    assert "**Drawn again** equal" in said(proof)
    await idle
    refused = await world.press(asked.response.message, "Prove it")
    assert said(refused).startswith("Paused\n")
    assert len(world.engine.seen) == 2


async def test_one_changed_pixel_is_not_equal(world):
    grid = await world.imagine("a red fox --seed 7")
    picture = Image.open(io.BytesIO(file_of(world, grid)))
    picture.putpixel((10, 10), (0, 0, 0))
    changed = io.BytesIO()
    picture.save(changed, "PNG", pnginfo=None)
    asked = await check(world, changed.getvalue())
    proof = await world.press(asked.response.message, "Prove it")
    await world.env.settle()
    assert "**Drawn again** different" in said(proof)


async def test_somebody_elses_stealth_job_shows_no_prompt_and_ones_own_does(world):
    await world.slash("imagine", prompt="a secret fox --seed 7 --stealth")
    await world.env.settle()
    job = world.engine.seen[0]
    picture = to_png(marked(scene(job.plan.seeds[0]), job.mark))
    assert "a secret fox" in said(await check(world, picture))
    others = said(await check(world, picture, world.bob))
    assert "secret" not in others
    assert "only its owner sees" in others


async def test_a_deleted_jobs_picture_is_ours_and_nothing_is_told_of_it(world):
    grid = await world.imagine("a red fox --seed 7")
    data = file_of(world, grid)
    await world.bot.hub.jobs.delete(world.engine.seen[0].id)
    result = await check(world, copied(data), name="copy.jpg")
    assert said(result).startswith("Made by Easel\n")
    assert "fox" not in said(result)
    assert buttons(result.response.message) == []


async def test_a_foreign_picture_and_one_that_is_none(world):
    result = await check(world, to_png(scene(99)))
    assert said(result).startswith("Not made by Easel, as far as can be seen\n**Mark in the pixels** none")
    assert buttons(result.response.message) == []
    broken = await check(world, b"no picture")
    assert "not a picture" in broken.response.embeds[0].description


async def test_the_menu_checks_a_messages_picture_and_says_where_there_is_none(world):
    grid = await world.imagine("a red fox --seed 7")
    result = await world.bob.context_menu(world.channel, "Check picture", grid)
    await world.env.settle()
    assert "a red fox --seed 7" in said(result)
    text = await world.bob.send(world.channel, "hello")
    refused = await world.bob.context_menu(world.channel, "Check picture", text)
    assert "This message holds no picture." in refused.response.embeds[0].description


@pytest.mark.parametrize("settings", [{"easel_mark": "off"}], indirect=True)
async def test_turned_off_nothing_is_marked(world):
    await world.imagine("a red fox --seed 7")
    assert world.engine.seen[0].mark is None


async def test_equal_prompts_and_seeds_have_equal_marks(world):
    for prompt in ("a red fox --seed 7", "a red fox --seed 7", "a red fox --seed 8"):
        await world.imagine(prompt)
    first, second, third = (job.mark for job in world.engine.seen)
    assert first == second != third


async def test_a_checked_picture_goes_after_a_month_though_the_bot_runs_on(world):
    def files():
        return {path.name for path in world.settings.easel_data.glob("pictures/*/*")}

    grid = await world.imagine("a red fox --seed 7")
    drawn = files()
    await check(world, file_of(world, grid))
    assert len(files()) == len(drawn) + 1
    async with world.database.transaction() as tx:
        await tx.execute("UPDATE panels SET created = created - 31 * 24 * 3600")
    await world.bot.pruning.once()
    assert files() == drawn
