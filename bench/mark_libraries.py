"""What the kept watermark libraries outlive that can be had from the package index with all they need.

Measured on the pictures of `bench.marks`, with as many bits as the mark here has. A library that is not
installed is left out; none of them is a dependency of the program. Their own calls, with their defaults.
"""

import importlib.util
import json
import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Protocol

import numpy as np
import torch
import typer
from PIL import Image
from rich.progress import track

from bench.marks import CHANGES, OF_SHEETS, RESULTS, grid, texture
from bench.sheet import Sheet
from engine.pictures.mark import BITS, found, marked
from engine.pictures.psnr import psnr
from engine.pictures.upscale import double

NUMBER = 0x5A3C96
SPELLED = [NUMBER >> at & 1 for at in reversed(range(BITS))]


class Way(Protocol):
    """A way to hide the number, and to look for it."""

    def hide(self, picture: Image.Image) -> Image.Image:
        """The picture with the number in it."""

    def there(self, picture: Image.Image) -> bool:
        """Whether the number is found, every bit of it."""


class Here:
    """The mark of this repository."""

    def hide(self, picture: Image.Image) -> Image.Image:
        """Faint waves of blue against yellow."""
        return marked(picture, NUMBER)

    def there(self, picture: Image.Image) -> bool:
        """Searched at any scale and offset."""
        mark = found(picture)
        return mark is not None and mark.number == NUMBER


class Invisible:
    """invisible-watermark, by wavelets and cosines (`dwtDct`) or with singular values (`dwtDctSvd`)."""

    def __init__(self, method: str) -> None:
        self._package: Any = importlib.import_module("imwatermark")
        self._method = method

    def hide(self, picture: Image.Image) -> Image.Image:
        """BGR, as OpenCV has it."""
        encoder = self._package.WatermarkEncoder()
        encoder.set_watermark("bits", SPELLED)
        made = encoder.encode(np.asarray(picture)[..., ::-1].copy(), self._method)
        return Image.fromarray(np.ascontiguousarray(made[..., ::-1]))

    def there(self, picture: Image.Image) -> bool:
        """Read as if nothing had happened to it: the library does not search."""
        decoder = self._package.WatermarkDecoder("bits", BITS)
        read = decoder.decode(np.asarray(picture)[..., ::-1].copy(), self._method)
        return [int(bool(bit)) for bit in read] == SPELLED


class Blind:
    """blind-watermark, which reads at the original's size."""

    def __init__(self) -> None:
        multiprocessing.set_start_method(None, force=True)  # the library sets it when it is imported
        self._package: Any = importlib.import_module("blind_watermark")
        self._package.bw_notes.close()

    def hide(self, picture: Image.Image) -> Image.Image:
        """BGR, as OpenCV has it."""
        work = self._package.WaterMark(password_img=1, password_wm=1)
        work.read_img(img=np.asarray(picture)[..., ::-1].copy())
        work.read_wm(SPELLED, mode="bit")
        made = np.clip(np.rint(work.embed()), 0, 255).astype(np.uint8)
        return Image.fromarray(np.ascontiguousarray(made[..., ::-1]))

    def there(self, picture: Image.Image) -> bool:
        """More than one half is a one."""
        work = self._package.WaterMark(password_img=1, password_wm=1)
        read = work.extract(embed_img=np.asarray(picture)[..., ::-1].copy(), wm_shape=BITS, mode="bit")
        return [int(bit > 0.5) for bit in read] == SPELLED


WAYS: dict[str, tuple[str, Callable[[], Way]]] = {
    "here": ("engine", Here),
    "invisible-watermark, dwtDct": ("imwatermark", lambda: Invisible("dwtDct")),
    "invisible-watermark, dwtDctSvd": ("imwatermark", lambda: Invisible("dwtDctSvd")),
    "blind-watermark": ("blind_watermark", Blind),
}


def main(
    sheets: Annotated[int, typer.Option(help="Pictures of the embedded model, enlarged twice.")] = 40,
    textures: Annotated[int, typer.Option(help="Textures like photographs.")] = 40,
    results: Annotated[
        Path, typer.Option(help="Where the measurements of `bench.marks` are kept.")
    ] = RESULTS,
) -> None:
    """Print the table, and keep it for the page."""
    torch.set_num_threads(1)
    pictures = [double(grid(number)[0]) for number in range(sheets)] + [texture(n) for n in range(textures)]
    ways = {name: made() for name, (module, made) in WAYS.items() if importlib.util.find_spec(module)}
    columns = ("", *ways)
    says = (
        f"Per cent of {len(pictures)} pictures of 512 × 512 (half drawn, half textures) in which all {BITS}"
        " bits are read again; PSNR in dB, worst; milliseconds for hiding on one core."
    )
    rows: dict[str, list[str]] = {change: [] for change in CHANGES if change != OF_SHEETS}
    worst, spent = [], []
    for name, way in ways.items():
        right, apart, seconds = dict.fromkeys(rows, 0), [], []
        for picture in track(pictures, name):
            began = time.perf_counter()
            held = way.hide(picture)
            seconds.append(time.perf_counter() - began)
            apart.append(psnr(picture, held))
            for change in rows:
                right[change] += _there(way, CHANGES[change](held))
        for change, count in right.items():
            rows[change].append(f"{100 * count / len(pictures):.0f}")
        worst.append(f"{min(apart):.1f}")
        spent.append(f"{1000 * float(np.median(seconds)):.0f}")
    table = Sheet("Libraries, measured", columns, says)
    for change, cells in [*rows.items(), ("PSNR", worst), ("milliseconds", spent)]:
        table.add(change, *cells)
    table.show()
    path = results.with_name("mark_libraries.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    said = {"columns": columns, "says": says, "rows": table.rows}
    path.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")


def _there(way: Way, picture: Image.Image) -> bool:
    """Whether it is found; a library that breaks over a picture has not found it."""
    try:
        return way.there(picture)
    except (ValueError, IndexError, RuntimeError, AssertionError):
        return False


if __name__ == "__main__":
    typer.run(main)
