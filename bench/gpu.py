"""The engine on a GPU beside stock diffusers in bf16: `python -m bench.gpu [NAME ...]`.

Models in the shapes of SD 1.5, SDXL and FLUX with random weights: nothing is downloaded, and time does not
depend on what weights say. Text embeddings are random too. Prints, for each shape, throughput over the stock
pipeline drawing the same jobs one after another, and what part of the card's measured bf16 matmul rate the
shared forwards reach. Without a GPU the shapes shrink until a CPU can run them: that shows that it works,
not how fast.
"""

import itertools
import queue
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from torch.utils.flop_counter import FlopCounterMode

from bench.sheet import Sheet, where
from engine import Action, Conditioning, Finished, Job, ModelEntry, Plan, Registry, is_final
from engine.pictures import to_png
from engine.pipelines import _light_copy
from engine.rendering import Program, Renderer
from engine.tiling import ForwardMode
from engine.wire import Happened

GPU = torch.cuda.is_available()
DEVICE = "cuda" if GPU else "cpu"
DTYPE = torch.bfloat16
USERS = (1, 2, 4, 8)


@dataclass(frozen=True)
class Shape:
    """A model of random weights.

    How it is made, its tile, steps and guidance, and random texts for n rows.
    """

    make: Callable[[], Any]
    side: int
    steps: int
    guidance: float
    texts: Callable[[int], dict[str, torch.Tensor]]


def main(names: Sequence[str] = ()) -> None:
    """Prints one table a shape, and on a GPU a second one for the compiled denoiser."""
    torch.set_grad_enabled(False)
    rate = matmul_rate()
    print(
        where(f"{torch.cuda.get_device_name() if GPU else 'no GPU'}, bf16 matmul {rate / 1e12:.1f} TFLOP/s")
    )
    for name in names or SHAPES:
        for compiler in ("", "inductor") if GPU else ("",):
            measure(name, SHAPES[name], rate, compiler).show()
        if GPU:
            torch.cuda.empty_cache()


def measure(name: str, shape: Shape, rate: float, compiler: str) -> Sheet:
    """Throughput of grids and single pictures over the stock pipeline, which is never compiled."""
    pipe = shape.make()
    stock = {
        pictures: min(seconds(stock_draw, pipe, shape, pictures) for _ in range(3)) for pictures in (4, 1)
    }
    work = flops(pipe, shape)
    session = Session(pipe, shape, compiler)
    session.draw(4, 4)  # kernels are chosen, row limits learnt
    for pictures in (1, 4, 4, 1):
        session.draw(8, pictures)
    sheet = Sheet(
        f"{name}, {shape.side}², {shape.steps} steps{', compiled' if compiler else ''}",
        ("users", "grids", "single pictures", "of the matmul rate, grids"),
        "Throughput over the stock pipeline, one job after another (uncompiled, bf16).",
    )
    for users in USERS:
        taken = {
            pictures: min(seconds(session.draw, users, pictures) for _ in range(2)) for pictures in (4, 1)
        }
        share = users * work / taken[4] / rate
        sheet.add(users, users * stock[4] / taken[4], users * stock[1] / taken[1], f"{share:.0%}")
    session.close()
    return sheet


def matmul_rate() -> float:
    """FLOP/s of a large bf16 matmul on this device."""
    n = 8192 if GPU else 512
    a, b = (torch.randn(n, n, device=DEVICE, dtype=DTYPE) for _ in range(2))
    best = min(seconds(lambda: [a @ b for _ in range(10)]) for _ in range(5))
    return 10 * 2 * n**3 / best


def seconds(work: Callable[..., object], *args: Any) -> float:
    """How long ``work(*args)`` takes, the device included."""
    _wait()
    start = time.perf_counter()
    work(*args)
    _wait()
    return time.perf_counter() - start


def _wait() -> None:
    if GPU:
        torch.cuda.synchronize()


def call(
    pipe: Any, shape: Shape, seeds: Sequence[int], report: Callable[..., Any] | None = None
) -> list[Any]:
    """The pipeline's pictures for these seeds."""
    said = shape.texts(len(seeds))
    if report is not None:
        said["callback_on_step_end"] = report  # type: ignore[assignment]
    pictures = pipe(
        height=shape.side,
        width=shape.side,
        num_inference_steps=shape.steps,
        guidance_scale=shape.guidance,
        generator=[torch.Generator().manual_seed(seed) for seed in seeds],
        **said,
    ).images
    return list(pictures)


def stock_draw(pipe: Any, shape: Shape, pictures: int) -> None:
    """One job as a server does it, PNGs included."""
    for picture in call(pipe, shape, range(pictures)):
        to_png(picture)


def flops(pipe: Any, shape: Shape) -> float:
    """What the denoiser computes for one grid."""
    counter = FlopCounterMode(display=False)
    denoiser = getattr(pipe, "unet", None) or pipe.transformer
    total = 0.0

    def counted(module: Any, args: Any, kwargs: Any) -> None:
        counter.__enter__()

    def done(module: Any, args: Any, kwargs: Any, output: Any) -> None:
        nonlocal total
        counter.__exit__(None, None, None)
        total += counter.get_total_flops()

    hooks = (
        denoiser.register_forward_pre_hook(counted, with_kwargs=True),
        denoiser.register_forward_hook(done, with_kwargs=True),
    )
    call(pipe, shape, range(4))
    for hook in hooks:
        hook.remove()
    return total


class Session:
    """The engine's renderer around one pipeline."""

    def __init__(self, pipe: Any, shape: Shape, compiler: str) -> None:
        self._reports: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._shape = shape
        self._numbers = itertools.count()
        denoiser = getattr(pipe, "unet", None) or pipe.transformer
        model = SimpleNamespace(pipe=pipe, denoisers=(denoiser,))
        program = Program(
            lambda entry, device: model, self._run, lambda plan: ForwardMode(), lambda *_: b"", lambda png: []
        )
        entry = ModelEntry("shape", "shape", "auto", "", shape.side, 8, shape.steps, shape.guidance)
        self._renderer = Renderer(program, Registry((entry,)), DEVICE, self._reports.put, compiler=compiler)

    def _run(self, model: Any, plan: Plan, inputs: Any, report: Callable[..., None]) -> list[Any]:
        def told(pipe: Any, step: int, timestep: Any, tensors: Any) -> dict[str, Any]:
            report(step + 1, plan.steps, None)
            return {}

        return call(_light_copy(model.pipe), self._shape, plan.seeds, told)

    def draw(self, users: int, pictures: int) -> None:
        """One job for each user, all at once."""
        shape = self._shape
        for _ in range(users):
            number = str(next(self._numbers))
            texts = (Conditioning("random"),)
            seeds = tuple(range(pictures))
            size = (shape.side, shape.side, shape.steps, shape.steps, shape.guidance)
            self._renderer.submit(
                Job(number, Plan(Action.IMAGINE, "shape", None, texts, *size, seeds), number)
            )
        ended = 0
        while ended < users:
            self._renderer.turn(wait=True)
            while not self._reports.empty():
                report = self._reports.get()
                if isinstance(report, Happened) and is_final(report.event):
                    assert isinstance(report.event, Finished), report.event
                    ended += 1

    def close(self) -> None:
        """Ends the helper threads."""
        self._renderer.close()


@contextmanager
def _on_device() -> Iterator[None]:
    """Modules made here are born on the device in bf16."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(DTYPE)
    try:
        with torch.device(DEVICE):
            yield
    finally:
        torch.set_default_dtype(before)


def _vae(channels: int) -> AutoencoderKL:
    widths = (128, 256, 512, 512) if GPU else (8, 8, 8, 8)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=widths,
        norm_num_groups=32 if GPU else 4,
        layers_per_block=2,
        latent_channels=channels,
        shift_factor=0.1 if channels == 16 else None,
    )


def _ready(pipe: Any) -> Any:
    pipe.set_progress_bar_config(disable=True)
    for module in (pipe.vae, getattr(pipe, "unet", None)):
        if module is not None:
            module.to(memory_format=torch.channels_last)
    return pipe


def _sd15() -> Any:
    with _on_device():
        unet = UNet2DConditionModel(
            sample_size=64,
            cross_attention_dim=768,
            attention_head_dim=8,
            block_out_channels=(320, 640, 1280, 1280) if GPU else (32, 32, 32, 32),
        )
        vae = _vae(4)
    scheduler = EulerDiscreteScheduler(beta_schedule="scaled_linear")
    parts = dict.fromkeys(("text_encoder", "tokenizer", "safety_checker", "feature_extractor"))
    return _ready(
        StableDiffusionPipeline(
            unet=unet, vae=vae, scheduler=scheduler, requires_safety_checker=False, **parts
        )
    )


def _sdxl() -> Any:
    with _on_device():
        unet = UNet2DConditionModel(
            sample_size=128,
            block_out_channels=(320, 640, 1280) if GPU else (32, 32, 32),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=(1, 2, 10) if GPU else 1,
            attention_head_dim=(5, 10, 20) if GPU else 2,
            cross_attention_dim=2048,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=2816,
        )
        vae = _vae(4)
    scheduler = EulerDiscreteScheduler(beta_schedule="scaled_linear")
    parts = dict.fromkeys(("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"))
    return _ready(
        StableDiffusionXLPipeline(unet=unet, vae=vae, scheduler=scheduler, add_watermarker=False, **parts)
    )


def _flux() -> Any:
    with _on_device():
        few: dict[str, Any] = (
            {} if GPU else {"num_layers": 1, "num_single_layers": 1, "num_attention_heads": 2}
        )
        transformer = FluxTransformer2DModel(guidance_embeds=True, **few)
        vae = _vae(16)
    parts = dict.fromkeys(("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"))
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    return _ready(FluxPipeline(transformer=transformer, vae=vae, scheduler=scheduler, **parts))


def _rows(n: int, *shape: int) -> torch.Tensor:
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(0)).to(DEVICE, DTYPE)


def _guided(n: int, width: int, pooled: int = 0) -> dict[str, torch.Tensor]:
    texts = {"prompt_embeds": _rows(n, 77, width), "negative_prompt_embeds": _rows(n, 77, width)}
    if pooled:
        texts |= {"pooled_prompt_embeds": _rows(n, pooled), "negative_pooled_prompt_embeds": _rows(n, pooled)}
    return texts


SHAPES = {
    "sd-1.5": Shape(_sd15, 512 if GPU else 64, 25 if GPU else 2, 7.0, lambda n: _guided(n, 768)),
    "sdxl": Shape(_sdxl, 1024 if GPU else 64, 28 if GPU else 2, 6.0, lambda n: _guided(n, 2048, 1280)),
    "flux": Shape(
        _flux,
        1024 if GPU else 64,
        8 if GPU else 2,
        3.5,
        lambda n: {"prompt_embeds": _rows(n, 512, 4096), "pooled_prompt_embeds": _rows(n, 768)},
    ),
}

if __name__ == "__main__":
    main(sys.argv[1:])
