"""A call's rows are tried before calls of others stand beside them: what is wrong is drawn alone."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from engine.sharing.batching import Batcher, Task, install
from engine.sharing.joining import Joins


class Model(nn.Module):
    """Draws by what ``drawn`` makes of a state, a time and places; ``sizes`` are the rows of its forwards."""

    def __init__(self, drawn: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.drawn = drawn
        self.sizes: list[int] = []

    def forward(self, x: torch.Tensor, time: Any, places: torch.Tensor | None = None) -> tuple[torch.Tensor]:
        self.sizes.append(len(x))
        return (self.drawn(x, time, places),)


def states(seed: int, rows: int = 2) -> torch.Tensor:
    return torch.randn(rows, 3, 4, generator=torch.Generator().manual_seed(seed))


def drawn_together(model: Model, said: list[dict[str, Any]], joins: Joins | None) -> list[torch.Tensor]:
    """What two people's calls return that wait at the same time."""
    install(model, "model", joins=joins)
    tasks = [Task(lambda each=each: model(**each)[0]) for each in said]
    for task in tasks:
        task.resume()
    batcher = Batcher()
    while waiting := [task.call for task in tasks if task.call is not None]:
        batcher.run([call for call in waiting if call.key == waiting[0].key])
    for task in tasks:
        if task.error is not None:
            raise task.error
    return [task.value for task in tasks]


def two_people(places: torch.Tensor | None = None) -> list[dict[str, Any]]:
    return [
        {"x": states(seed), "time": torch.tensor(time), "places": places}
        for seed, time in ((1, 900.0), (2, 300.0))
    ]


def by_rows(x: torch.Tensor, time: torch.Tensor, places: torch.Tensor | None) -> torch.Tensor:
    return x.tanh() * time.view(-1, 1, 1) / 1000


def by_first_time(x: torch.Tensor, time: torch.Tensor, places: torch.Tensor | None) -> torch.Tensor:
    return x.tanh() * time.flatten()[0] / 1000


def by_mean(x: torch.Tensor, time: torch.Tensor, places: torch.Tensor | None) -> torch.Tensor:
    return x - x.mean()


def by_layers(x: torch.Tensor, time: torch.Tensor, places: torch.Tensor | None) -> torch.Tensor:
    """``places`` are layers, as many as a call's rows by chance; the picture is where all of them lead."""
    assert places is not None
    for layer in places:
        x = x + layer
    return x


def by_frames(x: torch.Tensor, time: torch.Tensor, places: torch.Tensor | None) -> torch.Tensor:
    """``places`` has rows times frames in its first dimension."""
    assert places is not None
    return x + places.reshape(len(x), -1, 4).mean(1, keepdim=True)


FRAMES = torch.arange(24.0).reshape(6, 4) / 24
LAYERS = torch.arange(8.0).reshape(2, 4) / 8

WRONG = {"time": (by_first_time, None), "mean": (by_mean, None), "layers": (by_layers, LAYERS)}


@pytest.mark.parametrize("name", [*WRONG, "frames"])
def test_what_is_no_row_is_found_and_its_pictures_are_those_drawn_alone(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    drawn, places = WRONG.get(name, (by_frames, FRAMES))
    said = two_people(places)
    alone = [Model(drawn)(**each)[0] for each in said]
    with caplog.at_level(logging.WARNING, "engine.sharing.joining"):
        together = drawn_together(Model(drawn), said, Joins())
    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))
    assert "share no forward" in caplog.text


@pytest.mark.parametrize("name", WRONG)
def test_without_the_trial_they_would_be_silently_wrong(name: str) -> None:
    drawn, places = WRONG[name]
    said = two_people(places)
    alone = [Model(drawn)(**each)[0] for each in said]
    together = drawn_together(Model(drawn), said, None)
    assert not all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_rows_that_are_rows_go_on_sharing(rows: int) -> None:
    model = Model(by_rows)
    said = [{"x": states(seed, rows), "time": torch.tensor(time)} for seed, time in ((1, 900.0), (2, 300.0))]
    together = drawn_together(model, said, Joins())
    assert model.sizes[-1] == 2 * rows
    for one, other in zip(together, said, strict=True):
        torch.testing.assert_close(one, by_rows(other["x"], other["time"].expand(rows), None))


def test_what_was_found_is_tried_once_on_a_machine(tmp_path: Path) -> None:
    kept = tmp_path / "machine.json"
    calls = []
    for drawn in (by_rows, by_rows, by_first_time):
        model = Model(drawn)
        drawn_together(model, two_people(), Joins(kept))
        calls.append(len(model.sizes))
    assert calls == [4, 1, 1]  # of all rows, of two, of one; and the forward itself


def test_a_model_of_half_the_precision_is_not_wronged_by_its_rounding() -> None:
    said = [each | {"x": each["x"].bfloat16()} for each in two_people()]

    def rounds(x: torch.Tensor, time: torch.Tensor, places: torch.Tensor | None) -> torch.Tensor:
        return by_rows(x, time, places).bfloat16() * (1 + len(x) / 256)

    model = Model(rounds)
    drawn_together(model, said, Joins())
    assert model.sizes[-1] == 4
