"""What a PNG says about itself."""

import io
import json
from xml.etree import ElementTree

import pytest
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from engine import BadPicture
from engine.pictures.decoding import to_png
from engine.pictures.provenance import SOURCE_TYPE, in_jpeg, read, stamp

PROMPT = "two <red> foxes & a 狐 —\x01 “in snow”"
SPEC = {"text": "two foxes", "params": {"ar": "3:2", "no": ["a"]}}


@pytest.fixture
def plain() -> bytes:
    return to_png(Image.linear_gradient("L").convert("RGB"))


def stamped(png: bytes, **changed: object) -> bytes:
    said = {"prompt": PROMPT, "spec": SPEC, "seed": 4294967295, "model": "pocket", "job_id": "j1"}
    return stamp(png, **{**said, **changed})  # type: ignore[arg-type]


def test_what_was_stamped_is_read_back(plain: bytes) -> None:
    found = read(stamped(plain))
    assert found == {
        "prompt": PROMPT,
        "spec": SPEC,
        "seed": 4294967295,
        "model": "pocket",
        "job": "j1",
        "source_type": SOURCE_TYPE,
    }


def test_pixels_stay_and_other_programs_see_the_mark(plain: bytes) -> None:
    marked = Image.open(io.BytesIO(stamped(plain)))
    assert marked.tobytes() == Image.open(io.BytesIO(plain)).tobytes()
    assert marked.info["easel:prompt"] == PROMPT
    packet = ElementTree.fromstring(marked.info["xmp"].decode().strip())
    iptc = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType"
    assert [found.text for found in packet.iter(iptc)] == [SOURCE_TYPE]


def test_a_new_stamp_replaces_the_old_one(plain: bytes) -> None:
    again = stamped(stamped(plain), seed=5)
    assert read(again)["seed"] == 5
    assert again.count(b"easel:seed") == 1


def test_a_plain_picture_says_nothing(plain: bytes) -> None:
    assert read(plain) == {}


def test_what_is_no_png_is_refused() -> None:
    with pytest.raises(BadPicture):
        read(b"GIF89a")


@pytest.mark.parametrize("prompt", ["a red fox", "狐 in snow", "two\nlines", "Steps: 5, Seed: 9"])
def test_other_programs_read_the_parameters(plain: bytes, prompt: str) -> None:
    data = stamped(plain, spec={"text": prompt, "params": {"no": ["text", "a"]}}, steps=20, guidance=3.5)
    info = Image.open(io.BytesIO(data)).info
    words, unwanted, settings = info["parameters"].split("\n")
    assert (words, unwanted) == (" ".join(prompt.split()), "Negative prompt: text, a")
    found = dict(item.split(": ") for item in settings.split(", "))
    assert found["Steps"] == "20"
    assert (found["CFG scale"], found["Seed"], found["Size"]) == ("3.5", "4294967295", "256x256")
    assert found["Model"] == "pocket"


def test_no_bare_prompt_that_comfyui_would_take_for_its_own(plain: bytes) -> None:
    info = Image.open(io.BytesIO(stamped(plain))).info
    assert "prompt" not in info
    assert json.loads(info["easel:spec"]) == SPEC


def older(png: bytes) -> bytes:
    """As files were stamped before: the prompt under its bare name."""
    info = PngInfo()
    for key, text in (
        ("prompt", PROMPT),
        ("easel:seed", "7"),
        ("easel:model", "pocket"),
        ("easel:job", "j0"),
    ):
        info.add_itxt(key, text)
    written = io.BytesIO()
    Image.open(io.BytesIO(png)).save(written, "PNG", pnginfo=info)
    return written.getvalue()


def test_older_files_stay_readable_and_are_stamped_anew(plain: bytes) -> None:
    assert read(older(plain)) == {"prompt": PROMPT, "seed": 7, "model": "pocket", "job": "j0"}
    again = stamped(older(plain), prompt="new")
    assert read(again)["prompt"] == "new"
    assert "prompt" not in Image.open(io.BytesIO(again)).info


@pytest.mark.parametrize("prompt", ["a red fox", PROMPT, "🦊" * 3000, "&" * 12_000])
def test_a_jpeg_in_its_place_says_the_same(plain: bytes, prompt: str) -> None:
    written = io.BytesIO()
    said = in_jpeg(stamped(plain, prompt=prompt, spec={"text": prompt}))
    Image.open(io.BytesIO(plain)).save(written, "JPEG", **said)
    jpeg = Image.open(io.BytesIO(written.getvalue()))
    comment = jpeg.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment]
    assert comment.startswith(b"UNICODE\0")
    told = comment[8:].decode("utf-16-be")
    assert told.startswith(" ".join(prompt.split()))
    assert "Seed: 4294967295" in told
    assert told.endswith("Model: pocket, Version: Easel, Job: j1")
    packet = ElementTree.fromstring(jpeg.info["xmp"].decode().strip())
    own = {name: packet.find(f".//{{urn:easel:provenance:}}{name}").text for name in ("seed", "model", "job")}  # type: ignore[union-attr]
    assert own == {"seed": "4294967295", "model": "pocket", "job": "j1"}
    assert SOURCE_TYPE in jpeg.info["xmp"].decode()


def test_a_plain_picture_gives_a_plain_jpeg(plain: bytes) -> None:
    assert in_jpeg(plain) == {}
