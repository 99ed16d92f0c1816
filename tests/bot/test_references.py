"""References over the wire: links, uploads and numbers, kept with the job; told where they cannot be had."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import BadLink
from bot.links import MOST_BYTES, Links
from engine import AdapterEntry, Registry, load_input
from tests.bot.sketch import png
from tests.bot.world import World

STYLE, OTHER, FOX = (
    "https://example.com/style.png",
    "https://example.com/other.png",
    "https://example.com/fox.png",
)
SERVED = {STYLE: png(40, 30, 3), OTHER: png(50, 30, 5), FOX: png(60, 30, 9)}


def adapter(folder: Path, name: str, *does: str, **said: object) -> AdapterEntry:
    """An adapter of the embedded model whose files lie in a folder."""
    for file in (f"{name}.safetensors", "encoder/config.json", "anchors.safetensors"):
        (folder / file).parent.mkdir(exist_ok=True, parents=True)
        (folder / file).write_bytes(b"")
    entry = AdapterEntry(
        name=name,
        title=f"The adapter {name}",
        family="sd",
        models=("pocket",),
        source=str(folder),
        folder=folder,
        file=f"{name}.safetensors",
        encoder="encoder",
        does=does,
        anchors="anchors.safetensors",
    )
    return replace(entry, **said)


@pytest.fixture(autouse=True)
def web(monkeypatch: pytest.MonkeyPatch) -> None:
    """The web: three pictures, and nothing else."""

    async def fetch(_: Links, link: str) -> bytes:
        if link not in SERVED:
            raise BadLink("The server answers 404.")
        return SERVED[link]

    monkeypatch.setattr(Links, "fetch", fetch)


@pytest.fixture
def seeing(world: World, tmp_path: Path) -> World:
    """The bot's model sees styles and things."""
    adapters = (adapter(tmp_path, "style", "sref"), adapter(tmp_path, "thing", "cref", "oref"))
    world.bot.hub.models.registry = replace(Registry.load(), adapters=adapters)
    return world


def widths(world: World) -> list[int]:
    """How wide the inputs of the last job are, in order: what the web serves can be told by that."""
    return [load_input(data).width for data in world.engine.seen[-1].inputs]


def told(message) -> str:
    return " ".join(embed.description or "" for embed in message.embeds)


async def test_a_link_is_kept_with_the_job_and_by_all_that_comes_of_it(seeing: World) -> None:
    grid = await seeing.imagine(f"a red fox --sref {STYLE} --sw 300")
    (reference,) = seeing.engine.seen[-1].plan.references
    assert (reference.role, reference.adapter, reference.link) == ("sref", "style", STYLE)
    assert widths(seeing) == [40]
    await seeing.press(grid, "🔄")
    assert widths(seeing) == [40]
    await seeing.press(grid, "V2")
    varied = seeing.engine.seen[-1]
    assert varied.plan.references == (reference,)
    assert widths(seeing)[1:] == [40]
    single = (await seeing.press(grid, "U1")).response.message
    await seeing.press(single, "Vary (Subtle)")
    assert seeing.engine.seen[-1].plan.references == (reference,)
    assert widths(seeing)[1:] == [40]
    await seeing.press(single, "Zoom Out 2x")
    assert widths(seeing)[1:] == [40]


async def test_several_by_weight_and_beside_an_image_prompt(seeing: World) -> None:
    await seeing.imagine(f"{FOX} a red fox --sref {STYLE}::3 {OTHER}::1 --cref {FOX}")
    plan = seeing.engine.seen[-1].plan
    first, second, thing = plan.references
    assert first.weight == pytest.approx(3 * second.weight, rel=1e-3)
    assert (thing.role, thing.adapter) == ("cref", "thing")
    assert widths(seeing) == [60, 40, 50, 60]  # where it begins, then what it refers to
    assert plan.strength is not None


async def test_another_prompt_in_a_remix_refers_to_another_picture(seeing: World) -> None:
    grid = await seeing.imagine(f"a red fox --sref {STYLE}")
    message = (await seeing.slash("settings")).response.message
    await seeing.press(message, "Remix mode")
    dialog = await seeing.press(grid, "V1")
    await seeing.alice.submit_modal(dialog, {"prompt": f"a red fox --sref {STYLE} {OTHER}"})
    assert widths(seeing)[1:] == [40, 50]
    dialog = await seeing.press(grid, "🔄")
    await seeing.alice.submit_modal(dialog, {"prompt": f"a red fox --sref {OTHER}"})
    assert widths(seeing) == [50]


async def test_an_upload_is_a_reference_too(seeing: World) -> None:
    result = await seeing.slash("imagine", prompt="in the snow", oref=("fox.png", png(44, 30)))
    assert re.search(
        r"in the snow --oref \[fox\.png\]\(<https://\S+/fox\.png>\)\*\*", result.response.content
    )
    assert widths(seeing) == [44]
    assert seeing.engine.seen[-1].plan.references[0].role == "oref"
    await seeing.press(seeing.messages()[0], "🔄")
    assert widths(seeing) == [44]


async def test_a_random_style_is_a_number_that_stays(seeing: World) -> None:
    grid = await seeing.imagine("a red fox --sref random")
    code = re.search(r"--sref (\d+)\*\*", grid.content)
    assert code
    (reference,) = seeing.engine.seen[-1].plan.references
    assert reference.code == int(code[1])
    await seeing.press(grid, "🔄")
    assert seeing.engine.seen[-1].plan.references == (reference,)
    assert f"--sref {code[1]}**" in seeing.messages()[-1].content
    await seeing.press(grid, "V3")
    assert seeing.engine.seen[-1].plan.references == (reference,)


async def test_each_repetition_draws_a_style_of_its_own(seeing: World) -> None:
    await seeing.slash("imagine", prompt="a red fox --sref random --repeat 3")
    await seeing.env.settle()
    codes = {job.plan.references[0].code for job in seeing.engine.seen}
    assert len(codes) == 3


@pytest.mark.parametrize("said", ["--sref", "--cref", "--oref"])
async def test_a_picture_that_is_gone_is_one_sentence_and_nothing_is_rendered(
    seeing: World, said: str
) -> None:
    result = await seeing.slash("imagine", prompt=f"a red fox {said} https://example.com/gone.png")
    assert result.ephemeral
    [embed] = result.response.embeds
    assert embed.title == "Invalid link"
    assert seeing.engine.seen == []


async def test_what_is_no_picture_or_too_large_is_refused(
    seeing: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SERVED, STYLE, b"words, and no picture")
    result = await seeing.slash("imagine", prompt=f"a red fox --sref {STYLE}")
    assert result.ephemeral
    assert "not a picture" in told(result.response)
    monkeypatch.setitem(SERVED, STYLE, b"\x89PNG\r\n" + bytes(2 * MOST_BYTES))
    result = await seeing.slash("imagine", prompt=f"a red fox --sref {STYLE}")
    assert result.ephemeral
    assert "too large" in told(result.response)
    uploaded = await seeing.slash("imagine", prompt="a red fox", sref=("notes.txt", b"words"))
    assert uploaded.ephemeral
    assert seeing.engine.seen == []


async def test_a_private_address_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    result = await world.slash("imagine", prompt="a red fox --sref http://192.168.0.1/a.png")
    assert result.ephemeral or world.engine.seen[-1].plan.unmet
    assert all(not job.inputs for job in world.engine.seen)


async def test_a_model_that_cannot_says_so_while_the_job_still_waits(world: World) -> None:
    world.bot.hub.models.registry = replace(Registry.load(), adapters=())
    world.engine.held = True
    await world.slash("imagine", prompt=f"a red fox --cref {FOX}")
    await world.env.settle()
    [message] = world.messages()
    assert "Pocket cannot take `--cref`" in told(message)
    world.engine.release()
    await world.env.settle()
    assert "Pocket cannot take `--cref`" in told(world.messages()[0])
    assert world.engine.seen[-1].inputs == ()


async def test_many_jobs_with_an_uploaded_reference_ask_first(seeing: World) -> None:
    asked = await seeing.slash("imagine", prompt="a fox --repeat 6", sref=("mine.png", png(40, 30)))
    assert "makes **6** jobs" in asked.response.content
    await seeing.press(asked.response.message, "Yes")
    await seeing.env.settle()
    assert len(seeing.engine.seen) == 6
    assert all(len(job.inputs) == 1 and job.plan.references for job in seeing.engine.seen)
