"""Where the engine could guess wrong in silence it finds out: pictures are right, or a sentence says why."""

import functools
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import diffusers
import pytest

from grammar.values import Part
from tests.families.studio import Studio, apart
from tests.families.test_matrix import Company


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Callable[[str, str], Studio]]:
    """Opens a tiny pipeline as another family's."""
    opened = []

    def open_as(name: str, family: str) -> Studio:
        opened.append(Studio(name, tmp_path / name, family))
        return opened[-1]

    yield open_as
    for each in opened:
        each.close()


def test_rows_in_a_dimension_that_nobody_declared_are_found_and_nothing_is_joined(
    studio: Callable[[str, str], Studio], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "engine.sharing.joining"):
        company = Company(studio("hidream", "auto"))
    assert "share no forward" in caplog.text
    assert company.shared == 0
    for name, alone in company.alone.items():
        assert apart(alone, company.together[name].pictures) == 0, name


def test_what_is_tried_and_right_goes_on_sharing(studio: Callable[[str, str], Studio]) -> None:
    company = Company(studio("flux", "auto"))
    assert company.shared > 0
    for name, alone in company.alone.items():
        assert apart(alone, company.together[name].pictures) == 0, name


def test_a_negative_prompt_that_a_pipeline_takes_and_does_not_read_is_an_error(
    studio: Callable[[str, str], Studio],
) -> None:
    flux = studio("flux", "auto")
    assert "cannot leave out" in flux.draw(flux.plan(no=("blue boat",))).reason
    flux.pictures(flux.plan())


class Stubborn(diffusers.StableDiffusionPipeline):
    """Never interrupted, and its denoiser sees other embeddings than those handed in."""

    interrupt = False

    @functools.wraps(diffusers.StableDiffusionPipeline.__call__)
    def __call__(self, *args: Any, **said: Any) -> Any:
        said["prompt_embeds"] = 1.5 * said["prompt_embeds"]
        return super().__call__(*args, **said)


def test_what_a_pipeline_passes_by_is_an_error_and_no_picture(
    studio: Callable[[str, str], Studio],
) -> None:
    plain = studio("sd", "sd")
    plain.pictures(plain.plan())
    plain.model.pipe.__class__ = Stubborn
    plain.pictures(plain.plan())
    both = plain.plan(parts=(Part("a red house"), Part("blue boat")))
    assert "cannot weigh several texts" in plain.draw(both).reason
    assert "cannot be stopped" in plain.draw(plain.plan(stop=50)).reason
