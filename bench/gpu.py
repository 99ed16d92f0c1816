"""The engine on a GPU beside stock diffusers in bf16: `python -m bench.gpu [NAME ...] [--device D] [--tiny]`.

Models in the shapes of SD 1.5, SDXL and FLUX with random weights: nothing is downloaded, and time does not
depend on what weights say. Text embeddings are random too. Prints, for each shape, throughput over the stock
pipeline drawing the same jobs one after another, and what part of the card's measured bf16 matmul rate the
shared forwards reach. With --tiny, and without a GPU, the shapes shrink until a CPU can run them: that shows
that it works, not how fast.
"""

import argparse
import gc
import itertools
import queue
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
from engine import (
    Action,
    Conditioning,
    Finished,
    Job,
    ModelEntry,
    Plan,
    Registry,
    WorkerSettings,
    is_final,
)
from engine.drawing import ForwardMode, light_copy
from engine.pictures.decoding import to_png
from engine.process.program import Program
from engine.process.renderer import Renderer
from engine.process.wire import Happened

DTYPE = torch.bfloat16


@dataclass(frozen=True)
class Rig:
    """Where it runs, and whether the shapes shrink."""

    device: str
    tiny: bool

    @property
    def users(self) -> tuple[int, ...]:
        """Who draw at once."""
        return (1, 2) if self.tiny else (1, 2, 4, 8)

    @property
    def gpu(self) -> bool:
        """Whether there is something to wait for and to free."""
        return self.device.startswith("cuda")


@dataclass(frozen=True)
class Shape:
    """A model of random weights.

    How it is made, its tile, steps and guidance, and random texts for n rows.
    """

    make: Callable[[Rig], Any]
    side: int
    steps: int
    guidance: float
    texts: Callable[[int], dict[str, torch.Tensor]]

    def shrunk(self) -> "Shape":
        """The same with a picture and steps that a CPU can do."""
        return replace(self, side=64, steps=2)


def main(said: Sequence[str] = ()) -> None:
    """Prints one table a shape, and on a GPU a second one for the compiled denoiser."""
    parser = argparse.ArgumentParser(
        prog="bench.gpu", description="The engine on a GPU beside stock diffusers."
    )
    parser.add_argument("names", nargs="*", help=f"of {', '.join(SHAPES)}; all unless some are named")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--tiny", action="store_true")
    options = parser.parse_args(said)
    if unknown := set(options.names) - set(SHAPES):
        parser.error(f"no shape is called {', '.join(sorted(unknown))}")
    rig = Rig(options.device, options.tiny or options.device == "cpu")
    with torch.no_grad():
        rate = matmul_rate(rig)
        card = torch.cuda.get_device_name(rig.device) if rig.gpu else "no GPU"
        print(where(f"{card}, bf16 matmul {rate / 1e12:.1f} TFLOP/s"))
        for name in options.names or SHAPES:
            for compiler in ("", "inductor") if rig.gpu else ("",):
                measure(rig, name, rate, compiler).show()
                if rig.gpu:
                    gc.collect()
                    torch.cuda.empty_cache()


def measure(rig: Rig, name: str, rate: float, compiler: str) -> Sheet:
    """Throughput of grids and single pictures over the stock pipeline, which is never compiled."""
    shape = SHAPES[name].shrunk() if rig.tiny else SHAPES[name]
    pipe = shape.make(rig)
    stock = {
        pictures: min(seconds(rig, stock_draw, pipe, shape, pictures) for _ in range(3))
        for pictures in (4, 1)
    }
    work = flops(pipe, shape)
    session = Session(rig, pipe, shape, compiler)
    for pictures in (4, 1, 4, 4, 1):  # kernels are chosen, row limits learnt
        session.draw(max(rig.users), pictures)
    sheet = Sheet(
        f"{name}, {shape.side}², {shape.steps} steps{', compiled' if compiler else ''}",
        ("users", "grids", "single pictures", "of the matmul rate, grids"),
        "Throughput over the stock pipeline, one job after another (uncompiled, bf16).",
    )
    for users in rig.users:
        taken = {
            pictures: min(seconds(rig, session.draw, users, pictures) for _ in range(2))
            for pictures in (4, 1)
        }
        share = users * work / taken[4] / rate
        sheet.add(users, users * stock[4] / taken[4], users * stock[1] / taken[1], f"{share:.0%}")
    session.close()
    return sheet


def matmul_rate(rig: Rig) -> float:
    """FLOP/s of a large bf16 matmul on this device."""
    n = 512 if rig.tiny else 8192
    a, b = (torch.randn(n, n, device=rig.device, dtype=DTYPE) for _ in range(2))

    def work() -> None:
        for _ in range(10):
            a @ b

    return 10 * 2 * n**3 / min(seconds(rig, work) for _ in range(5))


def seconds(rig: Rig, work: Callable[..., object], *args: Any) -> float:
    """How long ``work(*args)`` takes, the device included."""
    _wait(rig)
    start = time.perf_counter()
    work(*args)
    _wait(rig)
    return time.perf_counter() - start


def _wait(rig: Rig) -> None:
    if rig.gpu:
        torch.cuda.synchronize(rig.device)


def call(
    pipe: Any, shape: Shape, seeds: Sequence[int], report: Callable[..., Any] | None = None
) -> list[Any]:
    """The pipeline's pictures for these seeds."""
    said = {name: rows.to(pipe.device) for name, rows in shape.texts(len(seeds)).items()}
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

    def __init__(self, rig: Rig, pipe: Any, shape: Shape, compiler: str) -> None:
        self._reports: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._shape = shape
        self._numbers = itertools.count()
        denoiser = getattr(pipe, "unet", None) or pipe.transformer
        model = SimpleNamespace(pipe=pipe, denoisers=(denoiser,))
        program = Program(
            lambda entry, device: model, self._run, lambda plan: ForwardMode(), lambda *_: b"", lambda png: []
        )
        entry = ModelEntry("shape", "shape", "auto", "", shape.side, 8, shape.steps, shape.guidance)
        self._renderer = Renderer(
            program,
            Registry((entry,)),
            rig.device,
            self._reports.put,
            settings=WorkerSettings(compiler=compiler),
        )

    def _run(self, model: Any, plan: Plan, inputs: Any, report: Callable[..., None]) -> list[Any]:
        def told(pipe: Any, step: int, timestep: Any, tensors: Any) -> dict[str, Any]:
            report(step + 1, plan.steps, None)
            return {}

        return call(light_copy(model.pipe), self._shape, plan.seeds, told)

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
def _on_device(rig: Rig) -> Iterator[None]:
    """Modules made here are born on the device in bf16."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(DTYPE)
    try:
        with torch.device(rig.device):
            yield
    finally:
        torch.set_default_dtype(before)


def _vae(rig: Rig, channels: int) -> AutoencoderKL:
    widths = (8, 8, 8, 8) if rig.tiny else (128, 256, 512, 512)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=widths,
        norm_num_groups=4 if rig.tiny else 32,
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


def _sd15(rig: Rig) -> Any:
    with _on_device(rig):
        unet = UNet2DConditionModel(
            sample_size=64,
            cross_attention_dim=768,
            attention_head_dim=8,
            block_out_channels=(32, 32, 32, 32) if rig.tiny else (320, 640, 1280, 1280),
        )
        vae = _vae(rig, 4)
    scheduler = EulerDiscreteScheduler(beta_schedule="scaled_linear", steps_offset=1)
    parts = dict.fromkeys(("text_encoder", "tokenizer", "safety_checker", "feature_extractor"))
    return _ready(
        StableDiffusionPipeline(
            unet=unet, vae=vae, scheduler=scheduler, requires_safety_checker=False, **parts
        )
    )


def _sdxl(rig: Rig) -> Any:
    with _on_device(rig):
        unet = UNet2DConditionModel(
            sample_size=128,
            block_out_channels=(32, 32, 32) if rig.tiny else (320, 640, 1280),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=1 if rig.tiny else (1, 2, 10),
            attention_head_dim=2 if rig.tiny else (5, 10, 20),
            cross_attention_dim=2048,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=2816,
        )
        vae = _vae(rig, 4)
    scheduler = EulerDiscreteScheduler(beta_schedule="scaled_linear", steps_offset=1)
    parts = dict.fromkeys(("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"))
    return _ready(
        StableDiffusionXLPipeline(unet=unet, vae=vae, scheduler=scheduler, add_watermarker=False, **parts)
    )


def _flux(rig: Rig) -> Any:
    with _on_device(rig):
        few: dict[str, Any] = (
            {"num_layers": 1, "num_single_layers": 1, "num_attention_heads": 2} if rig.tiny else {}
        )
        transformer = FluxTransformer2DModel(guidance_embeds=True, **few)
        vae = _vae(rig, 16)
    parts = dict.fromkeys(("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2"))
    scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    return _ready(FluxPipeline(transformer=transformer, vae=vae, scheduler=scheduler, **parts))


def _rows(n: int, *shape: int) -> torch.Tensor:
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(0)).to(DTYPE)


def _guided(n: int, width: int, pooled: int = 0) -> dict[str, torch.Tensor]:
    texts = {"prompt_embeds": _rows(n, 77, width), "negative_prompt_embeds": _rows(n, 77, width)}
    if pooled:
        texts |= {"pooled_prompt_embeds": _rows(n, pooled), "negative_pooled_prompt_embeds": _rows(n, pooled)}
    return texts


SHAPES = {
    "sd-1.5": Shape(_sd15, 512, 25, 7.0, lambda n: _guided(n, 768)),
    "sdxl": Shape(_sdxl, 1024, 28, 6.0, lambda n: _guided(n, 2048, 1280)),
    "flux": Shape(
        _flux,
        1024,
        8,
        3.5,
        lambda n: {"prompt_embeds": _rows(n, 512, 4096), "pooled_prompt_embeds": _rows(n, 768)},
    ),
}

if __name__ == "__main__":
    main(sys.argv[1:])
