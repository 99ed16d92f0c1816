"""Pictures as files: named by content, whole or absent, swept when nothing needs them."""

import io
import os

import pytest
from PIL import Image

from bot.errors import PictureGone
from bot.memory.picture_files import Pictures, fitted, normalised
from engine import BadPicture
from engine.pictures.provenance import stamp
from tests.bot.sketch import png


@pytest.fixture
def pictures(tmp_path):
    return Pictures(tmp_path / "pictures")


def only(*names):
    """Rows that need these files and no others."""

    async def needed(prefix):
        return {name for name in names if name.startswith(prefix)}

    return needed


async def test_what_is_kept_comes_back(pictures):
    name = await pictures.keep(png())
    assert await pictures.read(name) == png()
    assert await pictures.keep(png()) == name


async def test_nothing_unfinished_is_left_beside_it(pictures, tmp_path):
    await pictures.keep(png())
    assert [path.suffix for path in tmp_path.glob("pictures/*/*")] == [".png"]


async def test_a_missing_or_changed_file_is_gone(pictures, tmp_path):
    name = await pictures.keep(png())
    [path] = tmp_path.glob("pictures/*/*")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(PictureGone):
        await pictures.read(name)
    await pictures.delete([name, name])
    with pytest.raises(PictureGone):
        await pictures.read(name)


async def test_the_sweep_takes_what_no_row_needs(pictures, tmp_path):
    kept = await pictures.keep(png(colour=3))
    await pictures.keep(png(colour=5))
    (tmp_path / "pictures" / "ab").mkdir(exist_ok=True)
    (tmp_path / "pictures" / "ab" / ".half.png.7").write_bytes(b"half a picture")
    assert await Pictures(tmp_path / "pictures").sweep(only(kept)) == 2
    assert [path.name for path in tmp_path.glob("pictures/*/*")] == [kept]


async def test_what_is_kept_while_the_rows_are_read_is_not_swept(pictures, tmp_path):
    old = await pictures.keep(png(colour=3))
    again = Pictures(tmp_path / "pictures")
    names = [await again.keep(png(colour=5)), await again.keep(png(colour=3))]
    assert await again.sweep(only()) == 0
    assert names[1] == old
    assert [await again.read(name) for name in names] == [png(colour=5), png(colour=3)]


async def test_a_failed_write_leaves_no_half_file(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        await pictures.keep(png())
    assert list(tmp_path.glob("pictures/*/*")) == []


async def test_a_handed_in_picture_becomes_a_plain_png():
    out = io.BytesIO()
    Image.new("RGBA", (5000, 20), (255, 0, 0, 0)).save(out, "WEBP")
    image = Image.open(io.BytesIO((await normalised(out.getvalue())).png))
    assert (image.format, image.mode, image.size[0]) == ("PNG", "RGB", 2048)
    assert image.getpixel((0, 0)) == (255, 255, 255)


@pytest.mark.parametrize("data", [b"", b"hello, this is text", png()[:60], b"\x89PNG\r\n\x1a\n" + b"\0" * 99])
async def test_what_is_no_picture_is_refused_with_a_sentence(data):
    with pytest.raises(BadPicture):
        await normalised(data)


async def test_a_picture_is_re_encoded_only_where_it_must_be():
    large = png(300, 300, 31)
    assert await fitted(large, len(large)) == (large, "png")
    data, extension = await fitted(large, len(large) // 2)
    assert extension == "jpg"
    assert Image.open(io.BytesIO(data)).size == (300, 300)


@pytest.mark.parametrize("share", [0.5, 0.2, 0.1])
async def test_a_picture_is_made_as_small_as_it_must_be(share):
    out = io.BytesIO()
    Image.merge("RGB", [Image.effect_noise((1200, 1200), 120) for _ in range(3)]).save(out, "PNG")
    large = stamp(out.getvalue(), prompt="a fox", spec={"text": "a fox"}, seed=5, model="m", job_id="j1")
    data, extension = await fitted(large, int(len(large) * share))
    assert extension == "jpg"
    assert len(data) <= len(large) * share
    assert b"<made:job>j1<" in data


async def test_the_sweep_leaves_a_folder_of_the_file_system_alone(tmp_path):
    inside = tmp_path / "pictures" / "ab" / "@eaDir"
    inside.mkdir(parents=True)
    (inside.parent / "ab.png").write_bytes(b"left by a crash")
    assert await Pictures(tmp_path / "pictures").sweep(only()) == 1
    assert inside.is_dir()
    beside = tmp_path / "pictures" / "@eaDir" / "index"
    beside.parent.mkdir()
    beside.write_bytes(b"of the file system")
    assert await Pictures(tmp_path / "pictures").sweep(only()) == 0
    assert beside.exists()
