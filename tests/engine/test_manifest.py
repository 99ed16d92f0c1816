"""Signed manifests (C2PA): written with a certificate that the test makes, read again, forged."""

import io
from pathlib import Path
from random import Random

import pytest
from PIL import Image

pytest.importorskip("c2pa", reason="the extra `c2pa` is not installed")

from engine import BadPicture
from engine.pictures import manifest
from engine.pictures.chunks import without_texts
from engine.pictures.decoding import load_input, to_png
from engine.pictures.evidence import examined
from engine.pictures.manifest import Signing, manifest_of
from engine.pictures.mark import marked
from engine.pictures.provenance import in_jpeg, read, stamp
from pocket.world.draw import draw
from pocket.world.scenes import random_scene
from tests.engine import certificates

JOB = "2f637b98-4757-4298-89ee-0ab5cb01f743"


def scene(number: int) -> Image.Image:
    rng = Random(number)
    return draw(random_scene(rng), 256, 256, rng).convert("RGB")


def stamped(number: int = 1) -> bytes:
    said = {"prompt": "a fox", "spec": {}, "seed": 7, "model": "pocket", "job_id": JOB, "mark": 0xABCDEF}
    return stamp(to_png(marked(scene(number), 0xABCDEF)), **said)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def signing(tmp_path_factory: pytest.TempPathFactory) -> Signing:
    return Signing(*certificates.written(tmp_path_factory.mktemp("certificate")))


@pytest.fixture(scope="module")
def signed(signing: Signing) -> bytes:
    return signing.signed(stamped(), model="pocket", title="imagine")


def test_a_signed_picture_is_valid_and_says_who_made_it(signed: bytes) -> None:
    found = manifest_of(signed)
    assert found.state == "valid"
    assert certificates.SIGNER.replace("'", "") in found.notes[0].replace("'", "")
    assert found.notes[1] == "It says: created by Easel pocket."


def test_pixels_texts_and_mark_stay_as_they_are(signed: bytes) -> None:
    assert load_input(signed).tobytes() == load_input(stamped()).tobytes()
    assert read(signed) == read(stamped())
    found = examined(signed)
    assert (found.made_by_easel, found.trusted, found.ai_mark) == (True, True, True)
    assert found.manifest.state == "valid"


def test_a_family_tree_is_in_the_last_of_its_pictures(signing: Signing, signed: bytes) -> None:
    child = signing.signed(stamped(2), model="pocket", title="vary_strong", parent=signed)
    grandchild = signing.signed(stamped(3), model="sdxl", title="upscale", parent=child)
    found = manifest_of(grandchild)
    assert found.state == "valid"
    assert found.notes[1] == (
        "It says: made from another picture and changed by Easel sdxl, from one that was made from another"
        " picture and changed by Easel pocket, from one that was created by Easel pocket."
    )


def test_a_parent_without_a_manifest_is_named_all_the_same(signing: Signing) -> None:
    child = signing.signed(stamped(2), model="pocket", title="edit", parent=to_png(scene(9)))
    assert manifest_of(child).notes[1] == "It says: made from another picture and changed by Easel pocket."


def test_a_jpeg_is_signed_too(signing: Signing) -> None:
    file = io.BytesIO()
    scene(1).save(file, "JPEG", quality=95, **in_jpeg(stamped()))
    data = signing.signed(file.getvalue(), model="pocket", title="imagine")
    assert manifest_of(data).state == "valid"
    assert examined(data).said["job"] == JOB


def test_one_changed_pixel_is_found_out(signed: bytes) -> None:
    at = signed.index(b"IDAT") + 40
    changed = signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :]
    assert manifest_of(changed) == manifest.Manifest("invalid", (manifest.CHANGED,))


def test_a_manifest_in_another_picture_is_found_out(signed: bytes) -> None:
    start = signed.index(b"caBX") - 4
    length = int.from_bytes(signed[start : start + 4], "big") + 12
    other = stamped(5)
    forged = other[:33] + signed[start : start + length] + other[33:]
    assert manifest_of(forged).state == "invalid"


def test_a_new_stamp_takes_the_manifest_away_and_so_does_stripping(signed: bytes) -> None:
    again = stamp(signed, prompt="a cat", spec={}, seed=8, model="pocket", job_id=JOB)
    assert manifest_of(again).state == "none"
    assert manifest_of(without_texts(signed)).state == "none"


@pytest.mark.parametrize("data", [b"", b"no picture", stamped(), b"RIFFxxxxWEBPc2pa", b"\xff\xd8\xffc2pa"])
def test_what_carries_none_says_so_or_that_it_cannot_be_read(data: bytes) -> None:
    assert manifest_of(data).state in ("none", "invalid")


def test_a_broken_manifest_is_a_sentence(signed: bytes) -> None:
    at = signed.index(b"caBX")
    for cut in (8, 60, 400):
        broken = signed[: at + cut] + bytes(200) + signed[at + cut + 200 :]
        found = manifest_of(broken)
        assert found.state == "invalid"
        assert found.notes


def test_what_is_no_picture_cannot_be_signed(signing: Signing) -> None:
    with pytest.raises(BadPicture, match="could not be signed"):
        signing.signed(b"no picture", model="pocket", title="imagine")


def test_a_certificate_and_a_key_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    certificate, _ = certificates.written(tmp_path / "one")
    _, key = certificates.written(tmp_path / "two")
    with pytest.raises(ValueError, match="do not go together"):
        Signing(certificate, key)
    with pytest.raises(OSError, match="nowhere"):
        Signing(tmp_path / "nowhere.pem", key)


def test_where_the_extra_is_missing_a_sentence_says_so(
    signed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(manifest, "installed", lambda: False)
    assert manifest_of(signed) == manifest.Manifest("none", (manifest.UNREADABLE,))
