"""A thing found at a place: the real code on tiny random models of the Segment Anything kind."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from transformers import SamModel, SamProcessor

from engine import BadPicture, ModelUnavailable, NotFound, Registry
from engine.pictures.decoding import to_png
from engine.planning.registry import SegmenterEntry
from engine.seeing.click import at_point
from engine.seeing.select import selected
from tests.engine.tiny_clickers import KINDS, clicker


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clickers")


@pytest.fixture(scope="module", params=KINDS)
def entry(request: pytest.FixtureRequest, folder: Path) -> SegmenterEntry:
    return clicker(request.param, folder / request.param)


@pytest.fixture
def picture() -> Image.Image:
    image = Image.new("RGB", (96, 64), "lightblue")
    ImageDraw.Draw(image).ellipse((20, 10, 60, 50), fill="red")
    return image


def test_a_click_gives_a_mask_of_the_pictures_size(entry: SegmenterEntry, picture: Image.Image) -> None:
    masks = [np.asarray(at_point(entry, picture, point)) for point in ((0.4, 0.5), (0.4, 0.5), (0.9, 0.1))]
    assert {mask.shape for mask in masks} == {(64, 96)}
    assert {0, 255} == set(np.unique(masks[0]))
    assert np.array_equal(masks[0], masks[1])
    assert not np.array_equal(masks[0], masks[2])


def test_what_is_seen_there_counts(entry: SegmenterEntry, picture: Image.Image) -> None:
    other = np.asarray(at_point(entry, Image.new("RGB", picture.size, "green"), (0.4, 0.5)))
    assert not np.array_equal(np.asarray(at_point(entry, picture, (0.4, 0.5))), other)


def test_the_models_own_processor_says_the_same(folder: Path, picture: Image.Image) -> None:
    """Of SAM there is one that does without torchvision."""
    entry = clicker("sam", folder / "own")
    model, processor = SamModel.from_pretrained(folder / "own"), SamProcessor.from_pretrained(folder / "own")
    place = [[[0.4 * picture.width, 0.5 * picture.height]]]
    inputs = processor(images=picture, input_points=place, return_tensors="pt")
    with torch.no_grad():
        said = model(**inputs)
    masks = processor.image_processor.post_process_masks(
        said.pred_masks, inputs["original_sizes"], inputs["reshaped_input_sizes"]
    )
    theirs = np.asarray(masks[0][0][int(said.iou_scores.argmax())])
    ours = np.asarray(at_point(entry, picture, (0.4, 0.5))) > 0
    assert (ours == theirs).mean() > 0.98


def test_who_is_asked_is_the_one_of_the_list_that_clicks(entry: SegmenterEntry, picture: Image.Image) -> None:
    here, nowhere = Registry((), segmenters=(entry,)), Registry(())
    mask = Image.open(io.BytesIO(selected(to_png(picture), here, "", (0.4, 0.5))))
    assert mask.tobytes() == at_point(entry, picture, (0.4, 0.5)).tobytes()
    patch = Image.open(io.BytesIO(selected(to_png(picture), nowhere, "", (0.4, 0.5))))
    assert 0.2 < np.asarray(patch).mean() / 255 < 0.3  # the red circle alone
    assert here.segmenter() is None


def test_a_broken_picture_and_a_model_of_another_kind_are_said(folder: Path, picture: Image.Image) -> None:
    entry = clicker("sam2", folder / "odd")
    config = folder / "odd" / "config.json"
    with pytest.raises(BadPicture):
        selected(b"no picture", Registry((), segmenters=(entry,)), "", (0.4, 0.5))
    config.write_text(json.dumps(json.loads(config.read_text()) | {"model_type": "clip"}))
    with pytest.raises(ModelUnavailable, match="could not be loaded"):
        at_point(replace(entry, name="odd"), picture, (0.4, 0.5))


def test_a_place_without_a_thing_is_said(folder: Path, picture: Image.Image) -> None:
    entry = clicker("sam2", folder / "nothing", found=False)
    with pytest.raises(NotFound, match="Nothing was found at that place"):
        at_point(entry, picture, (0.4, 0.5))
