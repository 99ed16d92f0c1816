"""Pictures that are signed on their way: the grid, a single one, a JPEG; and settings that do not fit."""

from dataclasses import replace

import pytest

pytest.importorskip("c2pa", reason="the extra `c2pa` is not installed")

from bot.config import BadSetting
from bot.program.wiring import signing_of
from bot.surface.client import EaselClient
from engine.pictures.manifest import manifest_of
from engine.pictures.provenance import read
from tests.bot.test_verify import MarkingSketch, check, file_of, said
from tests.bot.world import settings_in
from tests.engine import certificates


@pytest.fixture
def engine():
    return MarkingSketch()


@pytest.fixture
async def signed(world, tmp_path):
    """The bot with a certificate."""
    certificate, key = certificates.written(tmp_path / "certificate")
    world.settings = settings_in(world.settings.easel_data, easel_c2pa_cert=certificate, easel_c2pa_key=key)
    await world.restart(EaselClient, signing=signing_of(world.settings))
    return world


async def test_a_grid_says_it_was_created_and_verify_says_so(signed):
    grid = await signed.imagine("a red fox --seed 7")
    data = file_of(signed, grid)
    assert manifest_of(data).state == "valid"
    assert read(data)["prompt"] == "a red fox --seed 7"
    text = said(await check(signed, data))
    assert "**Signed manifest (C2PA)** valid" in text
    assert "It says: created by Easel pocket." in text


async def test_what_is_made_of_it_has_it_as_its_parent(signed):
    grid = await signed.imagine("a red fox --seed 7")
    varied = (await signed.press(grid, "V2")).response.message
    single = (await signed.press(varied, "U1")).response.message
    notes = manifest_of(file_of(signed, single)).notes
    assert notes[1].count("from one that was") == 2
    assert notes[1].endswith("from one that was created by Easel pocket.")


async def test_equal_prompts_have_equal_marks_also_of_signed_pictures(signed):
    for _ in range(2):
        grid = await signed.imagine("a red fox --seed 7")
        await signed.press(grid, "U2")
    marks = [job.mark for job in signed.engine.seen]
    assert marks[0] == marks[2]
    assert marks[1] == marks[3]


async def test_a_picture_that_is_sent_as_a_jpeg_is_signed_and_fits(signed):
    await signed.imagine("a red fox --seed 7")
    [job] = await signed.bot.hub.history.page(signed.alice.id)
    limit = 40_000
    message = await signed.bot.hub.results.message(job.at(replace(job.place, upload_limit=limit)))
    [file] = message.files
    assert file.name.endswith(".jpg")
    assert len(file.data) <= limit
    assert manifest_of(file.data).state == "valid"


def test_settings_that_do_not_fit_are_named(tmp_path):
    certificate, key = certificates.written(tmp_path / "one")
    _, other = certificates.written(tmp_path / "two")
    for cert, private, problem in (
        (certificate, None, "go together: one of them is missing"),
        (certificate, other, "do not go together"),
        (tmp_path / "nowhere", key, "No such file"),
    ):
        settings = settings_in(tmp_path, easel_c2pa_cert=cert, easel_c2pa_key=private)
        with pytest.raises(BadSetting, match=problem):
            signing_of(settings)
    assert signing_of(settings_in(tmp_path)) is None
