"""What the invisible mark outlives, and whether anything unmarked is taken for marked: `make bench-marks`.

Pictures are grids of four that the embedded model draws, each with its own number, and textures like those
of photographs (noise with the spectrum of natural pictures, in colour). A number that is not the one put in
counts as wrong and not as found.
"""

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image, ImageEnhance
from rich.progress import track

from bench.engine import likeness
from bench.sheet import Sheet, keep
from engine.pictures.grid import laid_out
from engine.pictures.mark import found, marked
from engine.pictures.upscale import double
from pocket.model.samples import render
from pocket.train import shipped
from pocket.words.captions import plain_caption
from pocket.world.scenes import random_scene

PAGE = Path("docs/marks.md")
SIDE = 512  # pixels of a texture, as of a grid
STEPS = 6  # rough pictures have the same flat colours, in half the time

OPENING = (
    "What a picture's invisible mark outlives, and how often one is seen where there is none. A number of 24"
    " bits is spelled by faint waves of blue against yellow (`engine/pictures/mark.py`); brightness stays as"
    " it is. `easel verify`, `/verify` and *Check picture* read it."
)

FETCHED = "torch, and weights that are fetched"
LIBRARIES = (
    ("trustmark", FETCHED, "made for it", "learned on photographs"),
    ("videoseal", FETCHED, "made for it", "learned on photographs"),
    ("invisible-watermark", "OpenCV and PyWavelets", "loses the number when scaled", "a wavelet's blocks"),
    ("blind-watermark", "OpenCV and PyWavelets", "reads it at the original's size only", "in brightness too"),
)
BESIDE = (
    "By their own pages. The first two would bring a second network, into a process that is kept free of"
    " torch, and weights that have to be there before the first picture; the others lose the number at half"
    " the size, which is what Discord shows. The mark here needs numpy and Pillow alone, which are there."
)


def jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """The picture as it comes out of a JPEG."""
    return _through(picture, "JPEG", quality)


def webp(picture: Image.Image, quality: int) -> Image.Image:
    """The picture as it comes out of a WebP."""
    return _through(picture, "WEBP", quality)


def scaled(picture: Image.Image, factor: float) -> Image.Image:
    """The picture at another size."""
    size = round(picture.width * factor), round(picture.height * factor)
    return picture.resize(size, Image.Resampling.LANCZOS)


def quarter(picture: Image.Image) -> Image.Image:
    """A little less than one of the four."""
    wide, high = picture.size
    return picture.crop((wide // 2 + 5, 9, wide - 7, high // 2 - 4))


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "nothing": lambda picture: picture,
    "JPEG 95": lambda picture: jpeg(picture, 95),
    "JPEG 80": lambda picture: jpeg(picture, 80),
    "JPEG 60": lambda picture: jpeg(picture, 60),
    "WebP 80": lambda picture: webp(picture, 80),
    "half the size": lambda picture: scaled(picture, 0.5),
    "half the size, then JPEG 80": lambda picture: jpeg(scaled(picture, 0.5), 80),
    "one tile cut out": quarter,
    "10 % brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.1),
    "10 % darker": lambda picture: ImageEnhance.Brightness(picture).enhance(0.9),
    "a screenshot (0.7 of the size, then JPEG 90)": lambda picture: jpeg(scaled(picture, 0.7), 90),
    "enlarged twice": double,
}


def grids(count: int) -> Iterator[list[Image.Image]]:
    """Four pictures each of a prompt by chance, in every style."""
    pipeline, _ = shipped()
    for number in range(count):
        rng = Random(f"marks/{number}")
        with torch.no_grad():
            yield render(
                pipeline,
                plain_caption(random_scene(rng), rng),
                [4 * number + at for at in range(4)],
                steps=STEPS,
            )


def texture(number: int) -> Image.Image:
    """Noise whose strength falls with its frequency, as in photographs, in three correlated colours."""
    rng = np.random.default_rng(number)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(SIDE), np.fft.rfftfreq(SIDE), indexing="ij"))
    frequency[0, 0] = 1.0
    falling = frequency ** -rng.uniform(0.9, 1.4)
    falling[0, 0] = 0.0
    planes = []
    for _ in range(3):
        noise = rng.normal(size=falling.shape) + 1j * rng.normal(size=falling.shape)
        plane = np.fft.irfft2(noise * falling, (SIDE, SIDE))
        planes.append(plane / plane.std())
    light, *tints = planes
    colours = [light + 0.3 * tint for tint in (tints[0], tints[1], -tints[0])]
    levels = 128 + rng.uniform(25, 55) * np.stack(colours, -1)
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def main(
    pictures: Annotated[int, typer.Option(help="Pictures of the embedded model, in grids of four.")] = 1000,
    textures: Annotated[int, typer.Option(help="Textures like photographs.")] = 200,
    keep_page: Annotated[bool, typer.Option("--keep", help=f"Write {PAGE}.")] = False,
) -> None:
    """Print the table."""
    torch.set_num_threads(1)
    table = Sheet(
        "What is found", ("", "grids", "textures"), "Per cent of marks found with the right number."
    )
    right = {kind: dict.fromkeys(CHANGES, 0) for kind in ("grids", "textures")}
    wrong = alarms = plain = 0
    worst, seconds = 100.0, []
    groups: dict[str, Iterator[list[Image.Image]]] = {
        "grids": grids(pictures // 4),
        "textures": ([texture(number)] for number in range(textures)),
    }
    counts = {"grids": pictures // 4, "textures": textures}
    for kind, group in groups.items():
        for number, parts in enumerate(track(group, kind, total=counts[kind])):
            hidden = Random(f"{kind}/{number}").getrandbits(24)
            began = time.perf_counter()
            held = [marked(part, hidden) for part in parts]
            seconds.append((time.perf_counter() - began) / sum(part.width * part.height for part in parts))
            pairs = zip(parts, held, strict=True)
            worst = min(worst, *(likeness(np.asarray(one), np.asarray(other)) for one, other in pairs))
            whole = laid_out(held) if len(held) > 1 else held[0]
            for change, made in CHANGES.items():
                mark = found(made(whole))
                right[kind][change] += mark is not None and mark.number == hidden
                wrong += mark is not None and mark.number != hidden
            plain += len(parts)
            alarms += sum(found(part) is not None for part in parts)
    for change in CHANGES:
        shares = (100 * right[kind][change] / max(1, counts[kind]) for kind in right)
        table.add(change, *(f"{share:.1f}" for share in shares))
    table.show()
    costs = Sheet("What it costs", ("what", "value", "bar"))
    costs.add("wrong numbers read", wrong, "0")
    costs.add(f"marks seen in {plain} pictures without one", alarms, "0")
    costs.add("PSNR to the unmarked picture, dB, worst", worst, "≥ 42")
    costs.add("milliseconds for a picture of 512 × 512", 1000 * float(np.median(seconds)) * 512**2, "≤ 15")
    costs.show()
    if keep_page:
        others = Sheet("Libraries", ("library", "needs", "size and crop", "in flat colours"), BESIDE)
        others.rows.extend(LIBRARIES)
        keep(PAGE, "Marks in the pixels", OPENING, [table, costs, others])


def _through(picture: Image.Image, kind: str, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, kind, quality=quality)
    return Image.open(file).convert("RGB")


if __name__ == "__main__":
    typer.run(main)
