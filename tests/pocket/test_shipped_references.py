"""The shipped adapters bring what is referred to, and leave to the words what the words say."""

from itertools import islice

import pytest

from bench.references import Painter, cases_of
from engine import Registry


@pytest.fixture(scope="module")
def painter() -> Painter:
    return Painter(Registry.load())


@pytest.mark.parametrize(("role", "least"), [("sref", 5), ("cref", 7), ("oref", 7)])
def test_references_bring_what_they_are_for(painter: Painter, role: str, least: int) -> None:
    cases = list(islice(cases_of(role, 11), 10))
    pictures = [painter.paint(case, role, 40 + number) for number, case in enumerate(cases)]
    brought = sum(case.brought(picture) for case, picture in zip(cases, pictures, strict=True))
    asked = sum(case.asked(picture) for case, picture in zip(cases, pictures, strict=True))
    assert brought >= least  # of ten; without a reference hardly one has it by chance
    assert asked >= 7
