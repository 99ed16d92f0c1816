"""What a PNG says about itself."""

import io
from xml.etree import ElementTree

import pytest
from PIL import Image

from engine import BadPicture
from engine.pictures.decoding import to_png
from engine.pictures.provenance import SOURCE_TYPE, read, stamp

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
    assert marked.info["prompt"] == PROMPT
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
