"""`easel verify` over files of every kind: what it says, as JSON, and its exit status."""

import asyncio
import io
import json
from random import Random

import pytest
from PIL import Image, PngImagePlugin
from typer.testing import CliRunner

from bot.memory.picture_files import fitted
from bot.program.cli import app
from engine.pictures import evidence
from engine.pictures.chunks import without_texts
from engine.pictures.decoding import to_png
from engine.pictures.grid import make_grid
from engine.pictures.mark import marked
from engine.pictures.provenance import SOURCE_TYPE, in_jpeg, stamp
from engine.pictures.upscale import double
from pocket.world.draw import draw
from pocket.world.scenes import random_scene
from tests.engine import foreign

JOB, NUMBER = "2f637b98-4757-4298-89ee-0ab5cb01f743", 0xABCDEF


def scene(number: int) -> Image.Image:
    rng = Random(number)
    return draw(random_scene(rng), 256, 256, rng).convert("RGB")


def stamped(png: bytes, mark: int | None = NUMBER) -> bytes:
    said = {"prompt": "a fox", "spec": {"text": "a fox"}, "seed": 7, "model": "pocket", "job_id": JOB}
    return stamp(png, **said, mark=mark)


def saved(data: bytes, kind: str, *, kept: bool = False, size: float = 1.0, **options: object) -> bytes:
    """A picture saved anew, with its texts or without."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    picture = picture.resize((round(picture.width * size), round(picture.height * size)))
    file = io.BytesIO()
    picture.save(file, kind, **(in_jpeg(data) if kept else {}), **options)
    return file.getvalue()


def forged_packet() -> bytes:
    """A photograph into whose XMP somebody has written our keys."""
    file = io.BytesIO()
    scene(3).save(file, "JPEG", quality=90, xmp=in_jpeg(OWN)["xmp"])
    return file.getvalue()


def forged_chunks() -> bytes:
    """A picture of another program with our keys beside its own."""
    info = PngImagePlugin.PngInfo()
    for name, text in {"easel:job": JOB, "easel:prompt": "a fox", "easel:mark": "abcdef"}.items():
        info.add_text(name, text)
    info.add_text("parameters", foreign.A1111)
    file = io.BytesIO()
    scene(4).save(file, "PNG", pnginfo=info)
    return file.getvalue()


TILE = marked(scene(1), NUMBER)
OWN = stamped(to_png(TILE))
GRID = stamped(make_grid([to_png(marked(scene(number), NUMBER)) for number in range(4)]))
SAID = {"prompt": "a fox", "seed": 7, "model": "pocket", "job": JOB}
NOTHING = dict.fromkeys(SAID)
FOUND, NONE = {"found": True, "job": "abcdef"}, {"found": False, "job": None}


def expected(said, mark, *, made, ai, notes=()):
    return {
        **{"made_by_easel": made, "ai_mark": ai, **said, "watermark": mark},
        **{"c2pa": "none", "redrawn": "not tried", "notes": list(notes)},
    }


WHOLE = expected(SAID, FOUND, made=True, ai=True)
COPY = expected(NOTHING, FOUND, made=True, ai=False, notes=[evidence.PIXELS_ALONE])
FOREIGN = expected(NOTHING, NONE, made=False, ai=False)
FORGED = expected(NOTHING, NONE, made=False, ai=True, notes=[evidence.NO_SUCH_MARK])
OTHERS = expected(NOTHING, {"found": True, "job": "123456"}, made=True, ai=True, notes=[evidence.OTHER_MARK])

MATRIX = {
    "own PNG": (OWN, WHOLE),
    "own grid": (GRID, WHOLE),
    "own JPEG": (saved(OWN, "JPEG", kept=True, quality=95), WHOLE),
    "own WebP": (saved(OWN, "WEBP", kept=True, quality=90), WHOLE),
    "own, enlarged": (stamped(to_png(marked(double(scene(1)), NUMBER))), WHOLE),
    "stripped": (without_texts(OWN), COPY),
    "JPEG 80": (saved(OWN, "JPEG", quality=80), COPY),
    "WebP 80": (saved(OWN, "WEBP", quality=80), COPY),
    "half of an enlarged one": (
        saved(to_png(marked(double(scene(1)), NUMBER)), "JPEG", size=0.5, quality=80),
        COPY,
    ),
    "a tile of a grid": (
        to_png(Image.open(io.BytesIO(GRID)).crop((260, 6, 508, 250))),
        COPY,
    ),
    "of a bot that does not mark": (
        stamped(to_png(scene(2)), None),
        expected(SAID, NONE, made=True, ai=True, notes=[evidence.TEXT_ALONE]),
    ),
    "nobody's": (to_png(scene(5)), FOREIGN),
    **{f"of {name}": (data, FOREIGN) for name, data in foreign.FILES.items()},
    "forged: our texts in another's picture": (stamped(to_png(scene(3))), FORGED),
    "forged: our packet in a JPEG": (forged_packet(), FORGED),
    "forged: our keys beside another program's": (forged_chunks(), {**FORGED, "ai_mark": False}),
    "forged: the texts of one in another of ours": (stamped(to_png(marked(scene(6), 0x123456))), OTHERS),
}

BROKEN = {
    "empty": b"",
    "text": b"no picture",
    "cut in its head": OWN[:40],
    "only a signature": b"\x89PNG\r\n\x1a\n",
    "a script": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "cut webp": saved(OWN, "WEBP")[:50],
}


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)


def verify(data, *more):
    with open("file", "wb") as file:
        file.write(data)
    return CliRunner().invoke(app, ["verify", "file", *more])


@pytest.mark.parametrize("name", MATRIX)
def test_a_file_is_what_it_is(name):
    data, wanted = MATRIX[name]
    done = verify(data, "--json")
    assert json.loads(done.stdout) == wanted
    assert done.exit_code == (0 if wanted["made_by_easel"] else 1)
    plain = verify(data)
    assert plain.exit_code == done.exit_code
    assert plain.stdout.startswith("Made by Easel." if wanted["made_by_easel"] else "Not made by Easel")


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_one_line_and_status_2(name):
    done = verify(BROKEN[name], "--json")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def test_a_file_cut_in_its_pixels_is_still_looked_at():
    jpeg = saved(OWN, "JPEG", kept=True, quality=95)
    done = verify(jpeg[: len(jpeg) * 9 // 10], "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["prompt"] == "a fox"


def test_the_jpeg_that_takes_a_large_pngs_place_says_all_of_it():
    noisy = Image.effect_noise((512, 512), 60).convert("RGB")
    png = stamped(to_png(marked(Image.blend(noisy, scene(1).resize((512, 512)), 0.7), NUMBER)))
    data, extension = asyncio.run(fitted(png, len(png) // 2))
    assert extension == "jpg"
    done = verify(data, "--json")
    assert json.loads(done.stdout) == WHOLE
    with Image.open(io.BytesIO(data)) as picture:
        packet = picture.info["xmp"].decode()
        comment = picture.getexif().get_ifd(0x8769)[0x9286]
    assert SOURCE_TYPE in packet
    assert "<Iptc4xmpExt:AIPromptInformation>a fox</Iptc4xmpExt:AIPromptInformation>" in packet
    assert "Seed: 7" in comment[8:].decode("utf-16-be")
