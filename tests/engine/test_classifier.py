"""A picture classifier: what it says, what it hides, and that nothing is shown before it has looked."""

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine import HIDE_ABOVE, Failed, Finished, Hidden, Job
from engine.drawing import safety
from engine.errors import ModelUnavailable, Unsafe
from engine.process.finishing import finished
from engine.seeing.classifier import Classifier, classifier_of
from pocket.world.draw import draw
from pocket.world.scenes import random_scene
from tests.engine import stub, tiny_classifier
from tests.engine.test_rendering import Bench

RED, BLUE = Image.new("RGB", (48, 32), "red"), Image.new("RGB", (48, 32), "blue")


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    found = classifier_of(str(tiny_classifier.folder(tmp_path_factory.mktemp("classifier"))))
    assert found is not None
    return found


def job(hide_above: float = 0.6, pictures: int = 4) -> Job:
    return Job("j", stub.plan(pictures=pictures), "ada", hide_above=hide_above)


def black(png: bytes) -> bool:
    return not np.asarray(Image.open(io.BytesIO(png))).any()


def test_a_folder_scores_pictures_of_any_size(classifier: Classifier) -> None:
    scores = classifier.scores([RED, BLUE, RED.resize((300, 7)), Image.new("L", (9, 9), 200)])
    assert [score > 0.9 for score in scores] == [True, False, True, False]
    assert all(score < 0.1 for score in (scores[1], scores[3]))


def test_nobody_is_asked_where_nobody_was_chosen() -> None:
    assert classifier_of("") is None


@pytest.mark.parametrize("made", [False, True])
def test_one_that_cannot_be_used_lets_nothing_pass(tmp_path: Path, made: bool) -> None:
    if made:
        tiny_classifier.folder(tmp_path, {0: "cat", 1: "dog"})
    broken = classifier_of(str(tmp_path))
    with pytest.raises(ModelUnavailable, match=r"cat, dog\." if made else "cannot be read"):
        finished([BLUE], job(), broken)


def test_what_scores_above_the_bound_is_black_and_told(classifier: Classifier) -> None:
    written = finished([BLUE, RED, BLUE, RED], job(), classifier)
    assert [black(png) for png, *_ in written.pngs] == [False, True, False, True]
    assert [(each.position, each.by) for each in written.hidden] == [
        (2, "The picture classifier"),
        (4, "The picture classifier"),
    ]
    assert all(each.score > 0.6 for each in written.hidden)
    assert written.notes == ("The picture classifier hid 2 of the 4 pictures.",)
    assert [tuple(size) for _, *size in written.pngs] == [(48, 32)] * 4


def test_where_everything_may_be_shown_nothing_is_hidden_and_nobody_asked() -> None:
    broken = classifier_of("nowhere")
    written = finished([RED] * 4, job(1.0), broken)
    assert written.hidden == ()
    assert not any(black(png) for png, *_ in written.pngs)


def test_a_bound_of_its_own_decides(classifier: Classifier) -> None:
    score = classifier.scores([BLUE])[0]
    assert finished([BLUE] * 2, job(score), classifier).hidden == ()
    with pytest.raises(Unsafe, match=r"The picture classifier let none of the pictures pass\."):
        finished([BLUE] * 2, job(score - 1e-6), classifier)


def test_what_the_models_own_checker_hid_is_told_by_the_same_way(classifier: Classifier) -> None:
    pictures = safety.passed([Image.new("RGB", (8, 8)) for _ in range(4)], [False] * 3 + [True])
    assert finished(pictures, job()).hidden == (Hidden(4, safety.CHECKER, 1.0),)
    assert finished(pictures, job()).notes == ("The model's safety checker hid 1 of the 4 pictures.",)
    assert finished(pictures, job(), classifier).hidden == (Hidden(4, safety.CHECKER, 1.0),)


class Fixed(Classifier):
    """Says of each picture in turn what it was told to say."""

    def __init__(self, *scores: float) -> None:
        super().__init__("A test", "")
        self._given = scores

    def scores(self, pictures: Sequence[Any]) -> list[float]:
        return list(self._given[: len(pictures)])


def rendered(classifier: Classifier, hide_above: float) -> tuple[Finished | Failed, int]:
    """The end of a job, and how many previews were shown on the way."""
    bench = Bench(replace(stub.PROGRAM, classifier=classifier))
    try:
        bench.renderer.submit(Job("j", stub.plan(steps=40), "ada", hide_above=hide_above))
        end = bench.finish("j")["j"]
    finally:
        bench.renderer.close()
    previews = sum(getattr(event, "preview", None) is not None for event in bench.events("j"))
    assert isinstance(end, Finished | Failed)
    return end, previews


def test_a_renderer_shows_no_preview_and_hides_before_anything_leaves_it() -> None:
    end, previews = rendered(Fixed(0.1, 0.9, 0.1, 0.1), 0.6)
    assert isinstance(end, Finished)
    assert [black(picture.png) for picture in end.pictures] == [False, True, False, False]
    assert end.hidden == (Hidden(2, "A test", 0.9),)
    assert "A test hid 1 of the 4 pictures." in end.notes
    assert previews == 0


def test_a_renderer_whose_classifier_objects_to_all_fails_with_a_sentence() -> None:
    end, _ = rendered(Fixed(0.9, 0.9, 0.9, 0.9), 0.6)
    assert isinstance(end, Failed)
    assert (end.kind, end.reason) == (
        "Unsafe",
        "A test let none of the pictures pass. Please try other words.",
    )


def test_in_a_place_where_everything_may_be_shown_previews_are_too() -> None:
    end, previews = rendered(Fixed(0.9, 0.9, 0.9, 0.9), 1.0)
    assert isinstance(end, Finished)
    assert end.hidden == ()
    assert previews > 0


def test_nudenet_lets_the_embedded_models_world_pass() -> None:
    pytest.importorskip("nudenet", reason="the extra `nudenet` is not installed")
    nudenet = classifier_of("nudenet")
    assert nudenet is not None
    scenes = [draw(random_scene(Random(n)), 256, 256, Random(n)).convert("RGB") for n in range(8)]
    assert nudenet.name == "NudeNet"
    assert all(0 <= score < HIDE_ABOVE for score in nudenet.scores([*scenes, Image.new("L", (3, 400))]))
