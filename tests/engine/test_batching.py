"""Unmodified pipelines of several families share forwards, and no picture depends on who else is there."""

import copy
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    DiffusionPipeline,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    UNet2DConditionModel,
)
from PIL import Image
from torch import nn

from engine.sharing.batching import Batcher, Call, Task, install, pause
from engine.sharing.exact import Exact, steady
from engine.sharing.rows import RowLimit
from tests.engine import tiny

pytestmark = pytest.mark.usefixtures("two_threads")

FAMILIES = ("sd", "sdxl", "sd3", "flux")
Job = Callable[[], torch.Tensor]


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    @cache
    def loaded(family: str) -> Any:
        folder = tiny.folder(family, tmp_path_factory.mktemp(family))
        pipe = DiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32)
        pipe.set_progress_bar_config(disable=True)
        steady(denoiser(pipe))
        install(denoiser(pipe), family, Exact())
        return pipe

    return loaded


def denoiser(pipe: Any) -> nn.Module:
    return getattr(pipe, "unet", None) or pipe.transformer


def job(
    pipe: Any, *, seed: int, pictures: int = 1, steps: int = 3, prompt: str = "a fox", **said: Any
) -> Job:
    """A job that draws latents with a light copy of the pipeline."""
    light = with_own_scheduler(pipe)
    generators = [torch.Generator().manual_seed(seed + n) for n in range(pictures)]
    side = 8 * pipe.vae_scale_factor
    call = {"width": side, "height": side} if "image" not in said else {}
    return lambda: (
        light(
            prompt=[prompt] * pictures,
            num_inference_steps=steps,
            generator=generators,
            output_type="latent",
            **(call | said),
        ).images
    )


def with_own_scheduler(pipe: Any) -> Any:
    light = copy.copy(pipe)
    vars(light)["scheduler"] = copy.deepcopy(pipe.scheduler)
    return light


def rendered(jobs: Sequence[Job], batcher: Batcher | None = None, modes: Sequence[Any] = ()) -> list[Any]:
    """Runs the jobs side by side, every round as few forwards as their keys allow; their values or errors."""
    batcher = batcher or Batcher()
    tasks = [Task(job, mode) for job, mode in zip(jobs, modes or [None] * len(jobs), strict=True)]
    for task in tasks:
        task.resume()
    while waiting := [task for task in tasks if task.call is not None]:
        groups: dict[Any, list[Call]] = {}
        for task in waiting:
            assert task.call is not None
            groups.setdefault(task.call.key, []).append(task.call)
        for calls in groups.values():
            batcher.run(calls)
    return [task.error or task.value for task in tasks]


@pytest.mark.parametrize("family", FAMILIES)
def test_different_jobs_share_forwards_and_get_the_very_bits_they_get_alone(
    family: str, pipeline: Callable[[str], Any]
) -> None:
    pipe = pipeline(family)
    free = {"guidance_scale": 1.0} if family != "flux" else {"guidance_scale": 3.0}

    def jobs() -> list[Job]:
        return [
            job(pipe, seed=1, steps=4, guidance_scale=5.0),
            job(pipe, seed=2, steps=2, prompt="a red house in the snow", guidance_scale=2.0, pictures=2),
            job(pipe, seed=3, steps=3, pictures=3, **free),
            job(pipe, seed=4, steps=4, guidance_scale=5.0, pictures=4),
        ]

    alone = [rendered([each])[0] for each in jobs()]
    batcher = Batcher()
    together = rendered(jobs(), batcher)

    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))
    assert batcher.calls == 13
    # Rows are 17, 17, 13, 10 (FLUX: 10, 10, 8, 5): one forward a step, by eights where more have other bits.
    assert 4 <= batcher.forwards <= (6 if family == "flux" else 10)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_shared_forward_gives_what_the_stock_pipeline_gives(
    family: str, pipeline: Callable[[str], Any]
) -> None:
    pipe = pipeline(family)
    stock = [job(pipe, seed=seed, pictures=2)() for seed in (1, 5)]
    shared = rendered([job(pipe, seed=seed, pictures=2) for seed in (1, 5)])
    for one, other in zip(stock, shared, strict=True):
        torch.testing.assert_close(one, other, atol=2e-5, rtol=2e-5)


def test_drawing_redrawing_and_inpainting_share_a_forward(pipeline: Callable[[str], Any]) -> None:
    pipe = pipeline("sdxl")
    redraw = StableDiffusionXLImg2ImgPipeline(**pipe.components, add_watermarker=False)
    inpaint = StableDiffusionXLInpaintPipeline(**pipe.components, add_watermarker=False)
    for each in (redraw, inpaint):
        each.set_progress_bar_config(disable=True)
    picture = Image.linear_gradient("L").resize((tiny.SIDE, tiny.SIDE)).convert("RGB")
    half = Image.new("L", picture.size, 0)
    half.paste(255, (0, 0, tiny.SIDE // 2, tiny.SIDE))

    def jobs() -> list[Job]:
        return [
            job(pipe, seed=1, steps=2),
            job(redraw, seed=2, steps=4, image=picture, strength=0.5),
            job(inpaint, seed=3, steps=4, image=picture, mask_image=half, strength=0.5, width=64, height=64),
        ]

    alone = [rendered([each])[0] for each in jobs()]
    batcher = Batcher()
    together = rendered(jobs(), batcher)

    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))
    assert (batcher.calls, batcher.forwards) == (6, 2)


def test_a_row_does_not_depend_on_its_place_in_the_forward(pipeline: Callable[[str], Any]) -> None:
    pipe = pipeline("sd")
    once = rendered([job(pipe, seed=seed, pictures=1 + seed % 4) for seed in range(5)])
    backwards = rendered([job(pipe, seed=seed, pictures=1 + seed % 4) for seed in reversed(range(5))])
    assert all(torch.equal(one, other) for one, other in zip(once, reversed(backwards), strict=True))


def test_the_swapped_class_is_still_the_model(pipeline: Callable[[str], Any], tmp_path: Path) -> None:
    unet = denoiser(pipeline("sd"))
    assert isinstance(unet, UNet2DConditionModel)
    unet.save_pretrained(tmp_path)
    again = UNet2DConditionModel.from_pretrained(tmp_path)
    assert all(torch.equal(a, b) for a, b in zip(unet.parameters(), again.parameters(), strict=True))


class Toy(nn.Module):
    """Adds up what it gets; ``most`` rows fit in its memory."""

    def __init__(self, most: int = 99) -> None:
        super().__init__()
        self.most = most
        self.sizes: list[int] = []
        install(self, "toy")

    def forward(
        self, x: Any, t: Any = 0.0, ids: Any = None, position_ids: Any = None, **more: Any
    ) -> tuple[Any, ...]:
        self.sizes.append(len(x))
        if len(x) > self.most:
            raise torch.OutOfMemoryError("no room")
        if isinstance(x, list):
            return ([row * 2 for row in x],)
        if (x < 0).any():
            raise ValueError("negative")
        return (x + torch.as_tensor(t).reshape(-1, 1), ids)


def asking(toy: nn.Module, *args: Any, **kwargs: Any) -> Callable[[], Any]:
    return lambda: toy(*args, **kwargs)


def test_steps_of_different_times_share_a_forward() -> None:
    toy = Toy()
    first, second = rendered(
        [
            asking(toy, torch.zeros(1, 2), torch.tensor(3.0)),
            asking(toy, torch.zeros(2, 2), t=torch.tensor(5.0)),
        ]
    )
    assert first[0].tolist() == [[3, 3]]
    assert second[0].tolist() == [[5, 5], [5, 5]]
    assert toy.sizes == [3]


def test_what_must_be_equal_keeps_calls_apart() -> None:
    toy, x = Toy(), torch.zeros(1, 2)
    ids, other = torch.arange(6).reshape(3, 2), torch.arange(6).reshape(3, 2) + 1
    rendered([asking(toy, x, ids=ids), asking(toy, x, ids=ids.clone()), asking(toy, x, ids=other)])
    assert toy.sizes == [2, 1]


def test_positions_are_no_rows_even_if_their_length_fits() -> None:
    toy, x = Toy(), torch.zeros(2, 2)
    rendered(
        [asking(toy, x, position_ids=torch.tensor([1, 2])), asking(toy, x, position_ids=torch.tensor([3, 4]))]
    )
    assert toy.sizes == [2, 2]


def test_calls_of_different_shape_type_or_option_stay_apart() -> None:
    toy = Toy()
    rendered(
        [
            asking(toy, torch.zeros(1, 2)),
            asking(toy, torch.zeros(1, 3)),
            asking(toy, torch.zeros(1, 2, dtype=torch.float64)),
            asking(toy, torch.zeros(1, 2), scale=0.5),
            asking(toy, torch.zeros(1, 2), scale=0.7),
        ]
    )
    assert toy.sizes == [1] * 5


def test_calls_in_different_modes_stay_apart_and_each_runs_in_its_own() -> None:
    toy, entered = Toy(), []

    @contextmanager
    def mode(name: str) -> Any:
        entered.append((name, len(toy.sizes)))
        yield

    tasks = [
        Task(asking(toy, torch.zeros(1, 2)), name, lambda name=name: mode(name)) for name in ("plain", "tile")
    ]
    for task in tasks:
        task.resume()
    assert tasks[0].call is not None
    assert tasks[1].call is not None
    assert tasks[0].call.key != tasks[1].call.key
    for task in tasks:
        assert task.call is not None
        Batcher().run([task.call])
    assert entered == [("plain", 0), ("tile", 1)]


def test_lists_of_rows_are_joined_though_their_sizes_differ() -> None:
    toy = Toy()
    first, second = rendered(
        [asking(toy, [torch.ones(3)]), asking(toy, [torch.ones(5), torch.ones(2)])],
    )
    assert [row.tolist() for row in first[0]] == [[2, 2, 2]]
    assert [len(row) for row in second[0]] == [5, 2]
    assert toy.sizes == [3]


def test_a_call_without_rows_runs_alone() -> None:
    class Plain(nn.Module):
        def forward(self, number: int) -> int:
            return number + 1

    plain = Plain()
    install(plain, "plain")
    assert rendered([asking(plain, 1), asking(plain, 1)]) == [2, 2]


def test_only_the_guilty_job_fails_and_where_it_called() -> None:
    toy, caught = Toy(), []

    def wary() -> Any:
        try:
            return toy(torch.full((1, 2), -1.0))
        except ValueError as error:
            caught.append(str(error))
            raise

    good, bad = rendered([asking(toy, torch.ones(1, 2)), wary])
    assert good[0].tolist() == [[1, 1]]
    assert isinstance(bad, ValueError)
    assert caught == ["negative"]


def test_a_job_may_survive_its_failed_call() -> None:
    toy = Toy()

    def stubborn() -> Any:
        try:
            return toy(torch.full((1, 2), -1.0))
        except ValueError:
            return toy(torch.ones(1, 2))

    assert rendered([stubborn])[0][0].tolist() == [[1, 1]]


def test_out_of_memory_halves_the_rows_and_is_remembered() -> None:
    toy, batcher = Toy(most=2), Batcher()
    jobs = [asking(toy, torch.full((2, 2), float(n))) for n in range(3)]
    assert [value[0][0, 0].item() for value in rendered(jobs, batcher)] == [0, 1, 2]
    assert toy.sizes == [6, 3, 1, 1, 1, 1, 1, 1]
    rendered(jobs, batcher)
    assert toy.sizes[8:] == [1] * 6


def test_a_new_shape_begins_with_as_much_as_another_was_found_to_deserve() -> None:
    toy, other, batcher = Toy(), nn.Linear(2, 2), Batcher(rows=8)
    install(other, "other")

    def limit(module: nn.Module, width: int) -> RowLimit:
        task = Task(asking(module, torch.zeros(1, width)))
        task.resume()
        assert task.call is not None
        return batcher.limit(task.call)

    known = limit(toy, 2)
    for rows, seconds in [(8, 8.0)] * 4 + [(16, 8.0)] * 4:
        known.record(rows, seconds)
    assert known.rows == 16
    assert [limit(toy, width).rows for width in (1, 2, 3, 9)] == [32, 16, 8, 8]
    assert limit(other, 1).rows == 8


def test_a_single_row_that_does_not_fit_fails_its_job() -> None:
    toy = Toy(most=0)
    (error,) = rendered([asking(toy, torch.ones(2, 2))])
    assert isinstance(error, torch.OutOfMemoryError)


def test_padding_is_not_seen_by_anyone() -> None:
    toy = Toy()
    install(toy, "padded", (4, 8))
    five = [asking(toy, torch.full((n, 2), float(n))) for n in (2, 3)]
    values = rendered(five)
    assert toy.sizes == [8]
    assert [value[0].tolist() for value in values] == [[[2, 2]] * 2, [[3, 3]] * 3]


def test_calls_with_more_rows_than_any_size_are_cut() -> None:
    toy = Toy()
    install(toy, "cut", (4, 8))
    (value,) = rendered([asking(toy, torch.arange(22.0).reshape(11, 2))])
    assert toy.sizes == [8, 4]
    assert value[0].tolist() == torch.arange(22.0).reshape(11, 2).tolist()


def test_a_cancelled_job_cleans_up_and_the_others_go_on() -> None:
    toy, cleaned = Toy(), []

    def tidy() -> Any:
        try:
            return toy(torch.zeros(1, 2))
        finally:
            cleaned.append(True)

    stopped, going = Task(tidy), Task(asking(toy, torch.ones(1, 2)))
    stopped.resume()
    going.resume()
    stopped.cancel()
    assert (cleaned, stopped.dead, stopped.call) == ([True], True, None)
    assert going.call is not None
    Batcher().run([going.call])
    assert going.value[0].tolist() == [[1, 1]]


def test_a_task_that_pauses_takes_no_forward_and_goes_on_when_it_is_told() -> None:
    toy, said = Toy(), []

    def ending(name: str) -> Callable[[], Any]:
        def job() -> Any:
            value = toy(torch.zeros(1, 2))
            said.append(f"{name} is drawn")
            pause()
            said.append(f"{name} is decoded")
            return value

        return job

    batcher = Batcher()
    one, other = Task(ending("one")), Task(ending("other"))
    one.resume()
    other.resume()
    assert one.call is not None
    assert other.call is not None
    batcher.run([one.call, other.call])
    assert one.call.key != other.call.key
    batcher.run([other.call])
    batcher.run([one.call])
    assert said == ["one is drawn", "other is drawn", "other is decoded", "one is decoded"]
    assert (toy.sizes, batcher.calls, batcher.forwards) == ([2], 2, 1)


def test_gradients_stay_off_whatever_a_job_leaves_behind() -> None:
    toy, seen = Toy(), []

    def leaving() -> Any:
        with torch.no_grad():
            toy(torch.zeros(1, 2))
        torch.set_grad_enabled(True)

    def staying() -> Any:
        with torch.no_grad():
            for _ in range(3):
                toy(torch.zeros(1, 2))
                seen.append(torch.is_grad_enabled())

    rendered([leaving, staying])
    assert seen == [False] * 3
    assert torch.is_grad_enabled()


def test_outside_a_task_the_model_is_called_as_ever() -> None:
    toy = Toy()
    assert toy(torch.ones(2, 2), 1.0)[0].tolist() == [[2, 2]] * 2
