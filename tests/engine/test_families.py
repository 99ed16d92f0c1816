"""What is said of a family once, and what follows: rows, pictures in step, late starts, long prompts."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    HeunDiscreteScheduler,
    SCMScheduler,
)
from torch import nn

from engine import Registry, drawing, plan_imagine
from engine.drawing import late, pieces, unread
from engine.drawing.effects import alike, towards
from engine.drawing.latents import cells, laid
from engine.drawing.model import LoadedModel
from engine.families import FAMILIES, Layout
from engine.planning.plan import Plan
from engine.sharing.abreast import abreast
from engine.sharing.batching import Batcher, Task, install, pause
from engine.sharing.calls import Arguments
from grammar.spec import GenerationSpec
from grammar.values import Part
from tests.engine import tiny
from tests.engine.tiny import planned


class Layers(nn.Module):
    """Adds the mean of layers (layers, n, 2) to x (n, 2)."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def forward(self, x: torch.Tensor, layers: torch.Tensor) -> tuple[torch.Tensor]:
        self.sizes.append(len(x))
        return (x + layers.mean(0),)


def finished(tasks: list[Task], batcher: Batcher) -> list[Any]:
    for task in tasks:
        task.resume()
    while waiting := [task.call for task in tasks if task.call is not None]:
        batcher.run([call for call in waiting if call.key == waiting[0].key])
    for task in tasks:
        if task.error:
            raise task.error
    return [task.value for task in tasks]


class TestRows:
    def test_rows_lie_where_the_family_says_even_where_lengths_coincide(self) -> None:
        """Three layers and three rows: the length alone would say that layers are rows."""
        module = Layers()
        install(module, "layers", (4, 8), axes={"layers": 1})
        given = [(torch.rand(n, 2), torch.rand(3, n, 2)) for n in (3, 2)]
        tasks = [Task(lambda each=each: module(*each)[0]) for each in given]
        values = finished(tasks, Batcher())
        assert module.sizes == [8]
        for (x, layers), value in zip(given, values, strict=True):
            torch.testing.assert_close(value, x + layers.mean(0))

    def test_positions_are_no_rows_however_many_there_are(self) -> None:
        def forward(self: Any, x: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
            return x + places

        x, places = torch.rand(2, 3), torch.arange(2)
        assert Arguments(forward, (x, places), {}).kinds == ["row", "row"]
        assert Arguments(forward, (x, places), {}, {"places": None}).kinds == ["row", "same"]

    def test_lists_are_rows_only_where_the_first_argument_is_one(self) -> None:
        def forward(self: Any, x: Any, more: Any) -> Any:
            return x, more

        entries = [torch.rand(4), torch.rand(5)]
        listed = Arguments(forward, ([torch.rand(2), torch.rand(2)], entries), {})
        assert (listed.rows, listed.kinds) == (2, ["list", "list"])
        assert Arguments(forward, (torch.rand(2, 2), entries), {}).kinds == ["row", "same", "same"]


class TestAbreast:
    def test_pictures_in_step_are_one_call_of_their_job(self) -> None:
        module = Layers()
        install(module, "abreast", axes={"layers": 1})

        def picture(number: int) -> Callable[[], Any]:
            def drawn() -> Any:
                x = torch.full((1, 2), float(number))
                for _ in range(2):
                    (x,) = module(x, torch.ones(1, 1, 2))
                pause()
                return x

            return drawn

        batcher = Batcher()
        tasks = [Task(lambda: abreast([picture(n) for n in (1, 2, 3)]))]
        (values,) = finished(tasks, batcher)
        assert [value.tolist() for value in values] == [[[3, 3]], [[4, 4]], [[5, 5]]]
        assert (module.sizes, batcher.calls) == ([3, 3], 2)

    def test_an_error_of_one_ends_all_and_is_the_jobs(self) -> None:
        ended: list[bool] = []

        def waiting() -> None:
            try:
                module(torch.ones(1, 2), torch.ones(1, 1, 2))
            finally:
                ended.append(True)

        def failing() -> None:
            raise ValueError("no")

        module = Layers()
        install(module, "failing")
        task = Task(lambda: abreast([waiting, failing]))
        task.resume()
        assert isinstance(task.error, ValueError)
        assert ended == [True]

    def test_a_cancelled_job_ends_its_pictures(self) -> None:
        ended: list[int] = []

        def waiting(number: int) -> Callable[[], None]:
            def drawn() -> None:
                try:
                    module(torch.ones(1, 2), torch.ones(1, 1, 2))
                finally:
                    ended.append(number)

            return drawn

        module = Layers()
        install(module, "cancelled")
        task = Task(lambda: abreast([waiting(1), waiting(2)]))
        task.resume()
        task.cancel()
        assert sorted(ended) == [1, 2]


SCHEDULERS = (
    DDIMScheduler(),
    DPMSolverMultistepScheduler(),
    EulerDiscreteScheduler(),
    FlowMatchEulerDiscreteScheduler(shift=3.0),
    HeunDiscreteScheduler(),
)


class TestLate:
    @pytest.mark.parametrize("kind", SCHEDULERS, ids=lambda kind: type(kind).__name__)
    def test_a_part_of_the_time_steps_is_handed_out_and_each_does_what_it_would(self, kind: Any) -> None:
        whole, part = copy.deepcopy(kind), copy.deepcopy(kind)
        late.shorten(part, 2, 5, begins=True)
        for scheduler in (whole, part):
            scheduler.set_timesteps(6)
        times = whole.timesteps[2 * kind.order : 5 * kind.order]
        assert torch.equal(part.timesteps, times)
        assert part.init_noise_sigma == 1.0 if hasattr(whole, "init_noise_sigma") else True
        if hasattr(whole, "set_begin_index"):
            whole.set_begin_index(2 * kind.order)
            part.set_begin_index(0)
        sample, guess = torch.rand(1, 4, 2, 2), torch.rand(1, 4, 2, 2)
        for time in times:
            one, other = (each.step(guess, time, sample).prev_sample for each in (whole, part))
            assert torch.equal(one, other)

    def test_an_angle_of_time_keeps_its_end(self) -> None:
        scheduler = SCMScheduler()
        late.shorten(scheduler, 1, 3, begins=True)
        scheduler.set_timesteps(4, intermediate_timesteps=None)
        assert len(scheduler.timesteps) == 3  # two steps, and where the second one ends
        clean, noise = torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)
        assert torch.equal(scheduler.add_noise(clean, noise, torch.zeros(1)), clean)

    @pytest.mark.parametrize("layout", Layout)
    def test_latents_lie_as_they_lay(self, layout: Layout) -> None:
        flat = torch.rand(2, 4, 6, 8)
        assert torch.equal(cells(laid(flat, layout), layout, 96, 128), flat)


@pytest.fixture(scope="module", params=["sd", "sdxl"])
def reading(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """A model whose encoder reads few tokens at once."""
    folder: Path = tiny.folder(request.param, tmp_path_factory.mktemp(request.param))
    return drawing.load(tiny.entry(request.param, folder), "cpu")


class TestLongPrompts:
    LONG = " ".join(["a red house on grass in snow"] * 28)

    def test_the_last_of_200_words_changes_the_picture(self, reading: LoadedModel) -> None:
        drawn = [self.drawn(reading, f"{self.LONG} {last}") for last in ("square", "snow")]
        assert not np.array_equal(drawn[0], drawn[1])

    def test_a_text_that_fits_is_read_as_ever(self, reading: LoadedModel) -> None:
        assert pieces.count(reading.pipe, "a red house") == 1
        plain = reading.pipe.encode_prompt("a red house", device="cpu", num_images_per_prompt=1,
                                           do_classifier_free_guidance=False)[0]  # fmt: skip
        assert reading.texts is not None
        assert torch.equal(reading.texts.embed("a red house")["prompt_embeds"], plain)

    def test_texts_of_other_lengths_steer_one_picture(self, reading: LoadedModel) -> None:
        mixed = planned(reading, parts=(Part(self.LONG), Part("a fox", 0.5)), no=("snow",), chaos=50)
        for picture in drawing.run(reading, mixed, [], lambda *_: None):
            assert np.asarray(picture).std() > 1

    def drawn(self, model: LoadedModel, text: str) -> np.ndarray:
        plan = planned(model, parts=(Part(text),), stylize=0)
        return np.asarray(drawing.run(model, plan, [], lambda *_: None)[0])


def test_words_that_no_encoder_read_are_told(tmp_path: Path) -> None:
    model = drawing.load(tiny.entry("flux", tiny.folder("flux", tmp_path)), "cpu")
    said = " ".join(["house"] * 600 + ["snow"])
    pictures = drawing.run(model, planned(model, parts=(Part(said),), stylize=0), [], lambda *_: None)
    (note,) = unread.notes(pictures)
    assert note.endswith("snow.")
    short = drawing.run(model, planned(model, stylize=0), [], lambda *_: None)
    assert unread.notes(short) == ()


class TestMixing:
    def test_what_a_mask_hides_is_brought_to_one_length(self) -> None:
        short = {"states": torch.ones(1, 2, 3), "mask": torch.ones(1, 2, dtype=torch.long)}
        long = {"states": torch.zeros(1, 4, 3), "mask": torch.ones(1, 4, dtype=torch.long)}
        one, other = alike([short, long], frozenset({"mask"}))
        assert one["mask"].tolist() == [[1, 1, 0, 0]]
        assert one["states"].shape == other["states"].shape
        moved = towards(short, [(0.5, long)], frozenset({"mask"}))
        assert moved["mask"].tolist() == [[1, 1, 1, 1]]
        assert moved["states"][0, :, 0].tolist() == [0.5, 0.5, 0, 0]

    def test_lists_are_mixed_entry_by_entry(self) -> None:
        one, other = {"states": [torch.ones(2, 3)]}, {"states": [torch.zeros(3, 3)]}
        (mixed,) = towards(one, [(0.25, other)])["states"]
        assert mixed[:, 0].tolist() == [0.75, 0.75, 0.75]


class TestReach:
    def planned(self, family: str, **said: Any) -> Plan:
        entry = tiny.entry(family, Path("/nowhere"))
        spec = GenerationSpec(**({"parts": (Part("a fox"),)} | said))
        return plan_imagine(spec, Registry((entry,)), model=entry.name, seed=1)

    def test_what_a_family_cannot_is_left_out_and_said(self) -> None:
        plan = self.planned("omnigen", parts=(Part("a fox"), Part("snow", 2.0)), no=("red",), chaos=30)
        assert [part.text for part in plan.conditionings] == ["snow"]
        assert (plan.chaos, plan.style_weight) == (0.0, 0.0)
        (note,) = plan.notes
        for word in ("Tiny omnigen", "`--no`", "more than one text", "`--c`"):
            assert word in note

    def test_no_picture_is_where_a_family_begins_that_cannot(self) -> None:
        plan = self.planned("deepfloyd-if", images=("https://example.org/a.png",))
        assert plan.strength is None
        assert "a picture to start from" in plan.notes[0]

    @pytest.mark.parametrize("family", ["sd", "flux", "chroma"])
    def test_nothing_is_said_where_all_can_be_done(self, family: str) -> None:
        plan = self.planned(family, no=("red",), chaos=30, tile=True)
        assert plan.notes == ()
        assert plan.tile

    def test_every_family_is_called_by_its_files_name(self) -> None:
        assert {"sd", "sdxl", "flux2-klein", "qwen-image", "z-image"} <= FAMILIES.keys()
        assert not any("_" in name for name in FAMILIES)
