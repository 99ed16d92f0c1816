"""Tiny random models of several families, made once a module, and plans for them."""

from collections.abc import Callable, Iterator
from functools import cache

import pytest
import torch

from engine import drawing
from engine.drawing import LoadedModel
from engine.process.yielding import cores, idle_team
from tests.engine import tiny


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], LoadedModel]:
    """The model of a family, made when first asked for."""

    @cache
    def loaded(family: str) -> LoadedModel:
        folder = tiny.folder(family, tmp_path_factory.mktemp(family))
        return drawing.load(tiny.entry(family, folder), "cpu")

    return loaded


@pytest.fixture(params=("sd", "sdxl", "sd3", "flux"))
def each(request: pytest.FixtureRequest, model: Callable[[str], LoadedModel]) -> LoadedModel:
    """The model of every family in turn."""
    return model(request.param)


@pytest.fixture(scope="module")
def two_threads() -> Iterator[None]:
    """Kernels share their work between two threads, which wait asleep: other tests run beside these."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    end = idle_team(cores())
    yield
    end.set()
    torch.set_num_threads(before)
