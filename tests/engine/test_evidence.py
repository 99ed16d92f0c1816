"""What a picture file says of itself: own files, copies, other programs' files, and forged ones."""

import io
from random import Random

import pytest
from PIL import Image, PngImagePlugin

from engine import BadPicture
from engine.pictures import evidence
from engine.pictures.decoding import to_png
from engine.pictures.evidence import Evidence, examined
from engine.pictures.mark import marked
from engine.pictures.provenance import in_jpeg, stamp
from pocket.world.draw import draw
from pocket.world.scenes import random_scene

JOB = "2f637b98-4757-4298-89ee-0ab5cb01f743"
SAID = {"prompt": "a fox", "seed": 7, "model": "pocket", "job": JOB}


def scene(number: int) -> Image.Image:
    rng = Random(number)
    return draw(random_scene(rng), 256, 256, rng).convert("RGB")


def stamped(picture: Image.Image, mark: int | None) -> bytes:
    return stamp(
        to_png(picture), prompt="a fox", spec={"text": "a fox"}, seed=7, model="pocket", job_id=JOB, mark=mark
    )


OWN = stamped(marked(scene(1), 0xABCDEF), 0xABCDEF)


def as_jpeg(png: bytes, quality: int = 95, kept: bool = True) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(png)).save(file, "JPEG", quality=quality, **(in_jpeg(png) if kept else {}))
    return file.getvalue()


def said(evidence: Evidence) -> dict[str, object]:
    return {name: evidence.said.get(name) for name in SAID}


def test_an_own_file_says_everything_and_nothing_is_odd() -> None:
    found = examined(OWN)
    assert said(found) == SAID
    assert found.mark is not None
    assert found.mark.number == 0xABCDEF
    assert (found.made_by_easel, found.trusted, found.ai_mark, found.notes) == (True, True, True, ())


def test_the_jpeg_in_its_place_says_the_same() -> None:
    found = examined(as_jpeg(OWN))
    assert said(found) == SAID
    assert found.said["mark"] == "abcdef"
    assert (found.made_by_easel, found.trusted, found.ai_mark, found.notes) == (True, True, True, ())


def test_a_copy_that_lost_its_text_is_known_by_its_pixels() -> None:
    found = examined(as_jpeg(OWN, 80, kept=False))
    assert found.mark is not None
    assert (found.made_by_easel, found.ai_mark) == (True, False)
    assert found.notes == (evidence.PIXELS_ALONE,)


def test_a_file_of_a_bot_that_does_not_mark_is_taken_at_its_word_and_the_answer_says_so() -> None:
    found = examined(stamped(scene(2), None))
    assert (found.made_by_easel, found.notes) == (True, (evidence.TEXT_ALONE,))


@pytest.mark.parametrize("number", [None, 0x123456])
def test_a_text_that_was_written_into_another_picture_is_found_out(number: int | None) -> None:
    other = scene(3) if number is None else marked(scene(3), number)
    found = examined(stamped(other, 0xABCDEF))
    assert not found.trusted
    assert found.made_by_easel is (number is not None)
    assert found.notes == (evidence.NO_SUCH_MARK if number is None else evidence.OTHER_MARK,)


def test_an_older_stamps_mark_does_not_outlive_a_new_stamp() -> None:
    again = stamp(OWN, prompt="a cat", spec={}, seed=8, model="pocket", job_id=JOB)
    assert "mark" not in examined(again).said


def test_a_picture_of_another_program_is_not_ours() -> None:
    texts = PngImagePlugin.PngInfo()
    texts.add_text("parameters", "a fox\nSteps: 20, Seed: 7, Model: sd15")
    file = io.BytesIO()
    scene(4).save(file, "PNG", pnginfo=texts)
    found = examined(file.getvalue())
    assert (found.made_by_easel, found.mark, found.notes) == (False, None, ())


@pytest.mark.parametrize("data", [b"", b"no picture", OWN[:60]])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(BadPicture):
        examined(data)


def test_an_entity_in_a_packet_is_not_expanded() -> None:
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><x:xmpmeta xmlns:x="adobe:ns:meta/"'
        ' xmlns:made="urn:easel:provenance:"><made:job>&a;</made:job></x:xmpmeta>'
    )
    file = io.BytesIO()
    scene(5).save(file, "JPEG", xmp=bomb.encode())
    assert "job" not in examined(file.getvalue()).said
