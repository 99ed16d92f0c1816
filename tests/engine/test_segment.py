"""Regions named in words: the real code on a tiny random segmenter, and what is made of its answers."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from engine import (
    BadPicture,
    ModelUnavailable,
    NoSegmenter,
    NotFound,
    Registry,
    drawing,
    plan_imagine,
    plan_region,
)
from engine.pictures.decoding import load_input, to_png
from engine.planning.registry import SegmenterEntry
from engine.seeing.segment import likelihood, located, mask_of
from grammar.spec import GenerationSpec
from grammar.values import Part
from tests.engine import tiny


@pytest.fixture(scope="module")
def entry(tmp_path_factory: pytest.TempPathFactory) -> SegmenterEntry:
    return tiny.segmenter(tmp_path_factory.mktemp("clipseg"))


@pytest.fixture
def picture() -> bytes:
    image = Image.new("RGB", (96, 64), "lightblue")
    ImageDraw.Draw(image).ellipse((20, 10, 60, 50), fill="red")
    return to_png(image)


def test_the_model_gives_every_pixel_a_likelihood(entry: SegmenterEntry, picture: bytes) -> None:
    likely = likelihood(entry, load_input(picture), "a red house")
    assert likely.shape == (64, 96)
    assert 0 <= float(likely.min()) < float(likely.max()) <= 1
    again = likelihood(entry, load_input(picture), "a red house")
    assert torch.equal(likely, again)
    assert not torch.equal(likely, likelihood(entry, load_input(picture), "a fox"))


def test_a_region_is_a_mask_of_the_pictures_size(entry: SegmenterEntry, picture: bytes) -> None:
    mask = np.asarray(Image.open(io.BytesIO(located(picture, "a red house", "tiny", [entry]))))
    assert mask.shape == (64, 96)
    assert set(np.unique(mask)) == {0, 255}


def test_a_region_is_found_while_a_model_is_being_loaded(
    entry: SegmenterEntry, picture: bytes, tmp_path: Path
) -> None:
    alone = located(picture, "a red house", "tiny", [entry])
    model = tiny.entry("sd", tiny.folder("sd", tmp_path / "sd"))
    others = [replace(entry, name=f"tiny{number}") for number in range(12)]  # each is loaded anew
    with ThreadPoolExecutor(1) as seeing, ThreadPoolExecutor(1) as drawer:
        found = [seeing.submit(located, picture, "a red house", other.name, [other]) for other in others]
        loaded = [drawer.submit(drawing.load, model, "cpu") for _ in range(6)]
        assert [each.result() for each in found] == [alone] * len(others)
        assert all(each.result().denoisers for each in loaded)


def test_what_is_likely_becomes_a_mask_with_a_margin() -> None:
    field = torch.zeros(64, 96)
    field[20:40, 30:50] = 0.9
    mask = np.asarray(mask_of(field, "the hat"))
    assert mask.shape == (64, 96)
    assert set(np.unique(mask)) == {0, 255}
    assert (mask[19:41, 29:51] == 255).all()
    assert mask[:17].max() == 0


@pytest.mark.parametrize("sure", [0.0, 1.0])
def test_nothing_and_everything_are_not_found(sure: float) -> None:
    with pytest.raises(NotFound, match="the hat"):
        mask_of(torch.full((64, 96), sure), "the hat")


def test_an_unknown_segmenter_and_a_broken_picture_are_said(entry: SegmenterEntry, picture: bytes) -> None:
    with pytest.raises(ModelUnavailable, match="nobody"):
        located(picture, "the hat", "nobody", [entry])
    with pytest.raises(BadPicture):
        located(b"no picture", "the hat", "tiny", [entry])


def test_the_operators_segmenter_goes_first_and_only_those_here_count(
    entry: SegmenterEntry, tmp_path: Path
) -> None:
    own = tmp_path / "models.toml"
    own.write_text(f'[[segmenter]]\nname = "tiny"\ntitle = "Tiny"\nsource = "{entry.folder}"\n')
    registry = Registry.load(extra=own)
    assert registry.segmenters[0].name == "tiny"
    assert registry.segmenter() == registry.segmenters[0]
    nowhere = SegmenterEntry("x", "X", str(tmp_path / "x"), folder=tmp_path / "x")
    assert Registry((), segmenters=(nowhere,)).segmenter() is None


def test_a_plan_names_the_words_and_who_finds_them(entry: SegmenterEntry) -> None:
    registry = Registry(Registry.load().entries, segmenters=(entry,))
    parent = plan_imagine(GenerationSpec(parts=(Part("a red house"),)), registry, seed=1)
    canvas = plan_region(parent, 2, registry, words="the roof", seed=2).canvas
    assert canvas is not None
    assert (canvas.words, canvas.segmenter, canvas.parts) == ("the roof", "tiny", ())
    with pytest.raises(NoSegmenter):
        plan_region(parent, 2, Registry(registry.entries), words="the roof")
