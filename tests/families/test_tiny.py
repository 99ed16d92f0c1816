"""The tiny pipelines themselves: each draws by its stock call, its words count, and it can be saved."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
import transformers

from tests.families.tiny import NEEDS, SIDE, STOCK, TINY, stock
from tests.families.tiny.stages import LATER, chained


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    for logging in (diffusers.utils.logging, transformers.utils.logging):
        logging.disable_progress_bar()
        logging.set_verbosity_error()
    yield
    for logging in (diffusers.utils.logging, transformers.utils.logging):
        logging.set_verbosity_warning()


def drawn(pipe: Any, family: str, text: str, later: Mapping[str, Any]) -> np.ndarray:
    """One picture in two steps, 0–1."""
    for each in (pipe, *later.values()):
        each.set_progress_bar_config(disable=True)
    said = {
        "prompt": text,
        "width": SIDE,
        "height": SIDE,
        "num_inference_steps": 2,
        "generator": torch.Generator().manual_seed(1),
        "output_type": "np",
        "use_resolution_binning": False,
        "clean_caption": False,
    } | STOCK.get(family, {})
    return chained(family, pipe, later, said) if later else stock.drawn(pipe, said)


@pytest.mark.parametrize("family", TINY)
def test_a_tiny_pipeline_draws_and_its_words_count_before_and_after_it_is_saved(
    family: str, tmp_path: Path
) -> None:
    if family in NEEDS:
        pytest.importorskip(NEEDS[family], reason=f"{family} needs {NEEDS[family]}")
    pipe = TINY[family]()
    later = {part: build(pipe) for part, build in LATER.get(family, {}).items()}
    picture = drawn(pipe, family, "a red house", later)
    other = drawn(pipe, family, "a blue boat in the snow", later)
    stock.save(pipe, tmp_path)
    loaded = drawn(stock.loaded(tmp_path, type(pipe)), family, "a red house", later)

    assert picture.shape == (SIDE, SIDE, 3)
    assert np.isfinite(picture).all()
    assert picture.std() > 0.02
    assert np.abs(picture - other).max() > 2 / 255
    assert np.abs(picture - loaded).max() < 2 / 255
    weights = (part for part in pipe.components.values() if isinstance(part, torch.nn.Module))
    assert sum(p.numel() for part in weights for p in part.parameters()) < 6_000_000
