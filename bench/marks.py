"""What the invisible mark outlives, and whether anything unmarked is taken for marked: `make bench-marks`.

Pictures are those that the embedded model draws, in every style, alone and in sheets of four, each with its
own number; and textures like those of photographs (noise with the spectrum of natural pictures, in colour). A
number that is not the one put in counts as wrong and not as found. What was drawn and what was measured is
kept, so that a run that broke off goes on, and several may share the work (`--part 1/2`): after a change of
the mark, `runs/marks.jsonl` is to be removed, after one of the model the folder `runs/marks` as well.
"""

import io
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from random import Random
from typing import Annotated

import numpy as np
import torch
import typer
from diffusers import StableDiffusionPipeline
from PIL import Image, ImageEnhance
from rich.progress import track

from bench.sheet import Sheet, keep
from engine.pictures.grid import COLUMNS, laid_out
from engine.pictures.mark import found, marked
from engine.pictures.psnr import psnr
from engine.pictures.upscale import double
from pocket.model.samples import render
from pocket.train import shipped
from pocket.words.captions import plain_caption
from pocket.world.scenes import STYLES, random_scene

PAGE, RESULTS = Path("docs/marks.md"), Path("runs/marks.jsonl")
DRAWN = Path("runs/marks")
"""Where sheets are kept that were drawn, by their number."""
SIDE = 512  # pixels of a texture, as of a sheet
STEPS = 6  # rough pictures have the same flat colours, in half the time
SHEET = 4  # pictures of a sheet

OPENING = (
    "What a picture's invisible mark outlives, and how often one is seen where there is none. A number of 24"
    " bits is spelled by faint waves of blue against yellow (`engine/pictures/mark.py`); brightness stays as"
    " it is. `easel verify`, `/verify` and *Check picture* read it."
)

FETCHED = "torch, and weights that are fetched"
LIBRARIES = (
    ("trustmark", FETCHED, "made for it", "learned on photographs"),
    ("videoseal", FETCHED, "made for it", "learned on photographs"),
    (
        "invisible-watermark",
        "OpenCV, PyWavelets, torch",
        "loses the number when scaled",
        "a wavelet's blocks",
    ),
    ("blind-watermark", "OpenCV, PyWavelets", "reads it at the original's size only", "in brightness too"),
)
BESIDE = (
    "By their own pages; those whose wheels bring all they need are measured below. The first two would bring"
    " a second network, into a process that is kept free of torch, and weights that have to be there before"
    " the first picture; the others lose the number at half the size, which is what Discord shows. The mark"
    " here needs numpy and Pillow alone, which are there."
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


OF_SHEETS = "one tile cut out"
CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "nothing": lambda picture: picture,
    "JPEG 95": lambda picture: jpeg(picture, 95),
    "JPEG 80": lambda picture: jpeg(picture, 80),
    "JPEG 60": lambda picture: jpeg(picture, 60),
    "WebP 80": lambda picture: webp(picture, 80),
    "half the size": lambda picture: scaled(picture, 0.5),
    "half the size, then JPEG 80": lambda picture: jpeg(scaled(picture, 0.5), 80),
    OF_SHEETS: quarter,
    "10 % brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.1),
    "10 % darker": lambda picture: ImageEnhance.Brightness(picture).enhance(0.9),
    "a screenshot (0.7 of the size, then JPEG 90)": lambda picture: jpeg(scaled(picture, 0.7), 90),
    "enlarged twice": double,
}


@dataclass
class Measured:
    """What was found in one sheet of pictures, or one texture.

    ``right`` counts by kind and change; ``asked`` how often each kind was looked at. ``seconds`` are those
    of a processor for a pixel.
    """

    key: str
    asked: dict[str, int] = field(default_factory=dict)
    right: dict[str, dict[str, int]] = field(default_factory=dict)
    wrong: int = 0
    plain: int = 0
    alarms: int = 0
    psnr: float = 100.0
    seconds: float = 0.0


@cache
def _pipeline() -> StableDiffusionPipeline:
    return shipped()[0]


def grid(number: int) -> list[Image.Image]:
    """Four pictures of a prompt by chance, drawn once; the styles take turns."""
    path = DRAWN / f"{number}.png"
    if not path.exists():
        DRAWN.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        laid_out(_drawn(number)).save(fresh, "PNG")
        fresh.replace(path)
    with Image.open(path) as sheet:
        side = sheet.width // COLUMNS
        corners = [(side * (at % COLUMNS), side * (at // COLUMNS)) for at in range(SHEET)]
        return [sheet.crop((left, top, left + side, top + side)) for left, top in corners]


def _drawn(number: int) -> list[Image.Image]:
    rng = Random(f"marks/{number}")
    scene = replace(random_scene(rng), style=STYLES[number % len(STYLES)])
    with torch.no_grad():
        seeds = [SHEET * number + at for at in range(SHEET)]
        return render(_pipeline(), plain_caption(scene, rng), seeds, steps=STEPS)


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


def measured(key: str, parts: list[Image.Image], kind: str) -> Measured:
    """Mark the pictures, change them in every way, and look."""
    hidden = Random(key).getrandbits(24)
    began = time.process_time()
    held = [marked(part, hidden) for part in parts]
    seconds = (time.process_time() - began) / sum(part.width * part.height for part in parts)
    result = Measured(key, seconds=seconds)
    result.psnr = min(psnr(one, other) for one, other in zip(parts, held, strict=True))
    _look(result, kind, held, hidden)
    if len(held) == SHEET:
        _look(result, "sheets of four", [laid_out(held)], hidden)
    result.plain = len(parts)
    result.alarms = sum(found(part) is not None for part in parts)
    return result


def _look(result: Measured, kind: str, pictures: list[Image.Image], hidden: int) -> None:
    right = result.right.setdefault(kind, {})
    result.asked[kind] = len(pictures)
    for change, made in CHANGES.items():
        if change == OF_SHEETS and kind != "sheets of four":
            continue
        marks = [found(made(picture)) for picture in pictures]
        right[change] = sum(mark is not None and mark.number == hidden for mark in marks)
        result.wrong += sum(mark is not None and mark.number != hidden for mark in marks)


def _kept(path: Path) -> dict[str, Measured]:
    """What an earlier run has measured, also of other parts; a line that was cut off is no line."""
    found: dict[str, Measured] = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            result = Measured(**json.loads(line))
        except (ValueError, TypeError):
            continue
        found[result.key] = result
    return found


def _wanted(pictures: int, textures: int) -> list[tuple[str, str, Callable[[], list[Image.Image]]]]:
    """Sheets and textures in turn, so that of a run that breaks off a fair share of both is there."""
    grids = [(f"grids/{at}", "pictures", partial(grid, at)) for at in range(pictures // SHEET)]
    others = [(f"textures/{at}", "textures", partial(_alone, at)) for at in range(textures)]
    share = [(at / len(each), one) for each in (grids, others) for at, one in enumerate(each)]
    return [one for _, one in sorted(share, key=lambda pair: pair[0])]


def _alone(number: int) -> list[Image.Image]:
    return [texture(number)]


def main(
    pictures: Annotated[int, typer.Option(help="Pictures of the embedded model, four of a prompt.")] = 1000,
    textures: Annotated[int, typer.Option(help="Textures like photographs.")] = 200,
    part: Annotated[str, typer.Option(help="Which share of the work is done here, as in 1/2.")] = "1/1",
    results: Annotated[Path, typer.Option(help="Where what was measured is kept.")] = RESULTS,
    keep_page: Annotated[bool, typer.Option("--keep", help=f"Write {PAGE} when all is there.")] = False,
) -> None:
    """Measure what is not measured yet, and print the tables."""
    torch.set_num_threads(1)
    share, _, shares = part.partition("/")
    done, wanted = _kept(results), _wanted(pictures, textures)
    mine = wanted[int(share) - 1 :: int(shares)]
    results.parent.mkdir(parents=True, exist_ok=True)
    with results.open("a", encoding="utf-8") as file:
        for key, kind, made in track([each for each in mine if each[0] not in done], "marks"):
            file.write(json.dumps(asdict(measured(key, made(), kind))) + "\n")
            file.flush()
    done = _kept(results)
    there = [done[key] for key, *_ in wanted if key in done]
    sheets = _tables(there)
    for sheet in sheets:
        sheet.show()
    if len(there) < len(wanted):
        print(f"{len(wanted) - len(there)} of {len(wanted)} are still to be measured; run this again.")
    elif keep_page:
        others = Sheet("Libraries", ("library", "needs", "size and crop", "in flat colours"), BESIDE)
        others.rows.extend(LIBRARIES)
        keep(PAGE, "Marks in the pixels", OPENING, [*sheets, others, *_libraries(results)])


def _tables(there: list[Measured]) -> list[Sheet]:
    asked: Counter[str] = Counter()
    right: Counter[tuple[str, str]] = Counter()
    for each in there:
        asked.update(each.asked)
        for kind, counts in each.right.items():
            right.update({(kind, change): count for change, count in counts.items()})
    kinds = tuple(asked)
    says = f"Per cent found with the right number, of {', '.join(f'{asked[kind]} {kind}' for kind in kinds)}."
    table = Sheet("What is found", ("", *kinds), says)
    for change in CHANGES:
        cells = [
            "–"
            if change == OF_SHEETS and kind != "sheets of four"
            else f"{100 * right[kind, change] / asked[kind]:.1f}"
            for kind in kinds
        ]
        table.add(change, *cells)
    costs = Sheet("What it costs", ("what", "value", "bar"))
    costs.add("wrong numbers read", sum(each.wrong for each in there), "0")
    plain = sum(each.plain for each in there)
    costs.add(f"marks seen in {plain} pictures without one", sum(each.alarms for each in there), "0")
    if there:
        costs.add("PSNR to the unmarked picture, dB, worst", min(each.psnr for each in there), "≥ 42")
        costs.add("PSNR, dB, median", float(np.median([each.psnr for each in there])), "")
        middle = float(np.median([each.seconds for each in there]))
        costs.add("milliseconds of a core for a picture of 512 × 512", 1000 * middle * SIDE**2, "≤ 15")
    return [table, costs]


def _libraries(results: Path) -> list[Sheet]:
    """What `python -m bench.mark_libraries` has measured beside it, if it was run."""
    path = results.with_name("mark_libraries.json")
    if not path.exists():
        return []
    said = json.loads(path.read_text(encoding="utf-8"))
    table = Sheet("Libraries, measured", said["columns"], said["says"])
    table.rows.extend(said["rows"])
    return [table]


def _through(picture: Image.Image, kind: str, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, kind, quality=quality)
    return Image.open(file).convert("RGB")


if __name__ == "__main__":
    typer.run(main)
