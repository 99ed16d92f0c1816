"""The invisible mark: a number in a picture's pixels that outlives re-encoding, scaling and cropping.

A tile of faint blue and yellow waves repeats over the whole picture; their phases spell the number. Luminance
stays as it is, since the eye sees fine changes of brightness and hardly any of blue against yellow. The waves
are so long that half the size and JPEG's halved colours leave them; the number is found at any scale and
offset. Knows nothing of jobs and files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageChops

from engine.pictures.convolutional_code import BITS, CODED_BITS, decoded, encoded

__all__ = ["BITS", "Mark", "cleaned", "found", "marked"]

_Plane: TypeAlias = npt.NDArray[np.float32]
_Spectrum: TypeAlias = npt.NDArray[np.complex128]
_Numbers: TypeAlias = npt.NDArray[np.intp]
_Levels: TypeAlias = npt.NDArray[np.uint8]

_PERIOD = 256  # pixels after which the waves repeat
_CELL = 8  # pixels of the marked picture that are looked at as one; the shortest wave has three of them
_CELLS = _PERIOD // _CELL
_GRID = 4 * _CELLS  # places a period at which the tile may begin, each way
_LONGEST, _SHORTEST = 2.5, 9.0  # waves a period: 102 pixels long, to 28, of which half size and JPEG leave 7
_RISING = 0.75  # power of its frequency that a wave is strong by: JPEG's steps are larger for short ones
_STRENGTH = 1.75  # levels of Cb, root mean square: 42.7 dB from the unmarked picture
_HIGHEST = 1.75  # times as much is a wave at most: peaks are what an eye would see first
# RGB that a level of Cb is worth, and RGB as brightness, Cb and Cr (ITU-T T.871).
_BLUE = np.array([0.0, -0.344136, 1.772])
_YCC = np.array([[0.299, -0.168736, 0.5], [0.587, -0.331264, -0.418688], [0.114, 0.5, -0.081312]], np.float32)
_SYNC_SHARE = 4  # every fourth wave says where the tile begins, the others spell the number

_SIZES = (1.0, 0.5, 0.7, 2.0, 0.75, 1.5, 0.25, 0.8, 0.6, 2 / 3, 0.9, 1.25, 1 / 3)
"""Scales that pictures are often shown at: tried first, and even where no beginning stands out."""
_SMALLEST, _LARGEST = 0.22, 2.6  # further scales lie between
_APART = 0.03  # and so many periods apart at the picture's far end
_LOOKED_AT = 1024  # pixels of the marked picture's sides that are searched: more would need more scales
_SURE = 4.2  # deviations that the beginning must stand out by at a scale that is not a usual one
_STEEP = 1.2  # levels a pixel: what changes faster is an edge of the picture, and counts less
_ROUGH = 2.0  # or so many times what half of the pixels change by: in a photograph everything changes
_FULL = 254  # levels of blue: from here on, and as near to none, the waves are cut off
_DOUBT = 1.5  # of what a wave weighs in the mean: one that the picture hardly shows is drawn towards none
_ORIGIN = (-0.5, -0.5)  # cells: where the tile of a whole picture begins, as a cell is seen at its middle
_TRIES = 8  # numbers tried of pictures looked at whole, at usual scales; one elsewhere, for few alarms
_NEARLY = 0.05  # cells: how much may lack of the last one


@dataclass(frozen=True, slots=True)
class Mark:
    """A number that was found: at what scale of the marked picture, and how clearly (deviations)."""

    number: int
    scale: float
    clearness: float


class _Slopes(NamedTuple):
    """How Cb rises to the right and down, pixel by pixel, times the weight of what was seen there."""

    right: Image.Image
    down: Image.Image
    weight: Image.Image


_Parts: TypeAlias = tuple[_Slopes, ...]
"""Equally large pictures of one tile, looked at together."""


def marked(picture: Image.Image, number: int) -> Image.Image:
    """The RGB picture with ``number`` (0 to 2**24 - 1) in it: equal numbers give equal changes."""
    more, less = _changes(number, picture.size)
    return _changed(picture, more, less)


def cleaned(picture: Image.Image) -> Image.Image:
    """The RGB picture without the mark that it was given as it is, whole and at its size; else the picture.

    What is drawn from a marked picture gets a mark of its own: two on top of each other could not be read.
    Every pixel is again what it was, but for those that the mark drove beyond black or white, and stay there.
    """
    whole = (_slopes(picture),)
    number = None if _too_small(whole, 1.0) else _read(_waves_in(whole, 1.0), _ORIGIN)
    if number is None:
        return picture
    more, less = _changes(number, picture.size)
    levels, off = np.asarray(picture.convert("RGB")), np.asarray(_changed(picture, less, more))
    cut = ((levels == 255) & (more > 0)) | ((levels == 0) & (less > 0))
    return Image.fromarray(np.where(cut, levels, off))


def found(picture: Image.Image) -> Mark | None:
    """The mark in a picture, or None. One in about 30,000 pictures without a mark is taken for marked."""
    for parts, scales, tries in _looks(picture):
        if (mark := _searched(parts, scales, tries)) is not None:
            return mark
    return None


def _looks(picture: Image.Image) -> Iterator[tuple[_Parts, Iterable[float], int]]:
    """What is looked at, at which scales, and how many numbers are tried: what is likely, and quick, first.

    A sheet of four begins its tile anew in each: they are looked at together, and alone.
    """
    whole = (_slopes(picture),)
    yield whole, _SIZES, _TRIES
    quarters = tuple(_slopes(quarter) for quarter in _quarters(picture))
    yield quarters, _SIZES, _TRIES
    for each in quarters:
        yield (each,), _SIZES, 1
    for parts in (whole, quarters):
        yield parts, _further(parts), 1


def _changed(picture: Image.Image, more: _Levels, less: _Levels) -> Image.Image:
    brighter = ImageChops.add(picture.convert("RGB"), Image.fromarray(more))
    return ImageChops.subtract(brighter, Image.fromarray(less))


def _changes(number: int, size: tuple[int, int]) -> list[_Levels]:
    """What is added to the pixels (height, width, 3) of a picture of this size, and what is taken away."""
    wide, high = size
    times = (-(-high // _PERIOD), -(-wide // _PERIOD), 1)
    return [np.tile(tile, times)[:high, :wide] for tile in _tile(number)]


def _quarters(picture: Image.Image) -> Iterator[Image.Image]:
    """The four pictures of a sheet, if it is one."""
    wide, high = picture.size
    for left in (0, wide // 2):
        for top in (0, high // 2):
            yield picture.crop((left, top, left + wide // 2, top + high // 2))


def _searched(parts: _Parts, scales: Iterable[float], tries: int) -> Mark | None:
    """The mark at one of the scales; ``tries`` numbers are tried at each."""
    for scale in scales:
        if _too_small(parts, scale):
            continue
        if scale not in _SIZES:
            if _clearness(parts, scale) < _SURE:
                continue
            scale = max(_near(parts, scale), key=lambda each: _clearness(parts, each))
        waves = _waves_in(parts, scale)
        clear, place = _beginning(waves)
        for begun in (_ORIGIN, place):
            if (number := _read(waves, begun, tries)) is not None:
                return Mark(number, scale, clear)
    return None


def _near(parts: _Parts, scale: float) -> list[float]:
    near = (scale * (1 + _step(parts, scale) * part / 6) for part in range(-3, 4))
    return [each for each in near if not _too_small(parts, each)]


def _clearness(parts: _Parts, scale: float) -> float:
    return _beginning(_at_waves(_spectrum(parts, scale)))[0]


def _further(parts: _Parts) -> Iterator[float]:
    scale = _SMALLEST
    while scale < _LARGEST:
        yield scale
        scale *= 1 + _step(parts, scale)


def _step(parts: _Parts, scale: float) -> float:
    """The share by which the next scale is larger: finer, the more periods are in the picture."""
    return _APART * _PERIOD / min(_LOOKED_AT, max(parts[0].weight.size) / scale)


def _too_small(parts: _Parts, scale: float) -> bool:
    """Whether too little of a period is in the picture."""
    return min(parts[0].weight.size) < _PERIOD * scale * 5 / 8


def _slopes(picture: Image.Image) -> _Slopes:
    """The slopes of Cb without what the picture itself explains, and what is cut off at black or white.

    That is what goes along with brightness and red, in which there is no mark, and then what is left of
    edges, which are far steeper than the waves.
    """
    pixels = np.asarray(picture.convert("RGB"))
    levels = pixels.astype(np.float32) @ _YCC
    right = np.diff(levels, axis=1, append=levels[:, -1:])
    down = np.diff(levels, axis=0, append=levels[-1:])
    both = np.concatenate([right.reshape(-1, 3), down.reshape(-1, 3)])
    others, blue = both[:, (0, 2)], both[:, 1]
    along = np.linalg.lstsq(others.T @ others + 1e-3 * np.eye(2), others.T @ blue, rcond=None)[0]
    right, down = (slope[..., 1] - slope[..., (0, 2)] @ along for slope in (right, down))
    squared = right**2 + down**2
    steep = max(_STEEP, _ROUGH * float(np.sqrt(np.median(squared))))
    seen = (pixels[..., 2] <= _FULL) & (pixels[..., 2] >= 255 - _FULL)
    weight = seen / (1 + squared / steep**2) ** 2
    planes = (right * weight, down * weight, weight)
    return _Slopes(*(Image.fromarray(plane.astype(np.float32)) for plane in planes))


def _spectrum(parts: _Parts, scale: float) -> _Spectrum:
    """The spectrum (cells, cells) of one period, all periods of a picture of this scale taken together.

    A wave's slope is the wave turned by a quarter and weighed by its frequency, so the two slopes' spectra
    are turned back and added.
    """
    right = np.fft.fft2(_folded([part.right for part in parts], scale))
    down = np.fft.fft2(_folded([part.down for part in parts], scale))
    waves = np.fft.fftfreq(_CELLS)
    return np.asarray(-1j * (waves[None, :] * right + waves[:, None] * down))


def _folded(planes: Sequence[Image.Image], scale: float) -> _Plane:
    """All periods (cells, cells) of planes on top of each other; from the upper left, where tiles begin."""
    cell = _CELL * scale
    folded = np.zeros((_CELLS, _CELLS), np.float32)
    for plane in planes:
        wide, high = (min(int(side / cell + _NEARLY), _LOOKED_AT // _CELL) for side in plane.size)
        box = (0, 0, min(plane.width, wide * cell), min(plane.height, high * cell))
        cells = np.asarray(plane.resize((wide, high), Image.Resampling.HAMMING, box=box))
        rows, columns = -(-high // _CELLS), -(-wide // _CELLS)
        padded = np.zeros((rows * _CELLS, columns * _CELLS), np.float32)
        padded[:high, :wide] = cells
        folded += padded.reshape(rows, _CELLS, columns, _CELLS).sum((0, 2))
    return folded


def _at_waves(spectrum: _Spectrum) -> _Spectrum:
    rows, columns = _waves()
    return np.asarray(spectrum[rows, columns])


def _waves_in(parts: _Parts, scale: float) -> _Spectrum:
    """The waves (waves,) of a picture of this scale, each by how surely it is seen: as in `_waves`.

    Where slopes count less, waves that lie apart in a whole picture look alike. So they are not read off the
    spectrum, but those are taken that come nearest to all slopes together, by weighted least squares.
    """
    seen = np.fft.fft2(_folded([part.weight for part in parts], scale))
    likeness, apart, together = _pairs()
    same, mirrored = likeness * seen[apart], likeness * seen[together]
    both, against = same - mirrored, same + mirrored
    normal = np.block([[both.real, -against.imag], [both.imag, against.real]])
    given = _at_waves(_spectrum(parts, scale))
    count = len(given)
    doubt = _DOUBT * float(np.trace(normal)) / (2 * count) + 1e-9
    spread = np.linalg.inv(normal + doubt * np.eye(2 * count))
    halves = spread @ np.concatenate([given.real, given.imag])
    sure = np.diag(spread)[:count] + np.diag(spread)[count:]
    return np.asarray((halves[:count] + 1j * halves[count:]) / sure)


@cache
def _pairs() -> tuple[npt.NDArray[np.float64], tuple[_Numbers, _Numbers], tuple[_Numbers, _Numbers]]:
    """For each two waves: how far their slopes go the same way, and where in a spectrum lie their difference
    and their sum."""
    rows, columns = _waves()
    likeness = (rows[:, None] * rows + columns[:, None] * columns) / _CELLS**2
    apart = (rows[:, None] - rows) % _CELLS, (columns[:, None] - columns) % _CELLS
    together = (rows[:, None] + rows) % _CELLS, (columns[:, None] + columns) % _CELLS
    return likeness, apart, together


def _beginning(waves: _Spectrum) -> tuple[float, tuple[float, float]]:
    """How clearly the tile begins somewhere, and where: (row, column) in cells."""
    rows, columns = (each[: _sync_count()] for each in _waves())
    agreeing = np.zeros((_GRID, _GRID), np.complex64)
    agreeing[rows % _GRID, columns % _GRID] = _levelled(waves[: len(rows)]) * _sync().conj()
    peaks = np.fft.ifft2(agreeing).real
    at = int(peaks.argmax())
    place = (at // _GRID * _CELLS / _GRID, at % _GRID * _CELLS / _GRID)
    return float(peaks.flat[at] / (peaks.std() + 1e-12)), place


def _levelled(given: _Spectrum) -> _Spectrum:
    """Phases, and little of the strengths: a strong wave of the picture's own must not outvote the others."""
    size = np.abs(given)
    return np.asarray(given / (size + np.median(size) + 1e-9))


def _read(waves: _Spectrum, place: tuple[float, float], tries: int = 1) -> int | None:
    """The number that the waves spell if the tile begins at ``place``, or None: the best of ``tries``."""
    rows, columns = (each[_sync_count() :] for each in _waves())
    turned = np.exp(2j * np.pi * (rows * place[0] + columns * place[1]) / _CELLS)
    given = _levelled(waves[_sync_count() :]) * turned
    votes = np.zeros(CODED_BITS, np.float64)
    np.add.at(votes, _spelled(), np.stack([given.real, given.imag], 1).ravel())
    return decoded(votes, tries)


@cache
def _waves() -> tuple[_Numbers, _Numbers]:
    """The waves of a period, one of each pair of opposite ones, in an order that looks like chance.

    The first ``_sync_count()`` say where the tile begins.
    """
    reach = int(_SHORTEST)
    pairs = [
        (row, column)
        for row in range(-reach, reach + 1)
        for column in range(reach + 1)
        if (column or row > 0) and _LONGEST <= np.hypot(row, column) <= _SHORTEST
    ]
    pairs.sort(key=lambda pair: hashlib.sha256(f"wave {pair[0]} {pair[1]}".encode()).digest())
    rows, columns = zip(*pairs, strict=True)
    return np.array(rows), np.array(columns)


def _sync_count() -> int:
    return len(_waves()[0]) // _SYNC_SHARE


@cache
def _sync() -> _Spectrum:
    """What the first waves are: fixed corners of a square on the unit circle."""
    digest = b"".join(hashlib.sha256(f"sync {at}".encode()).digest()[:1] for at in range(_sync_count()))
    corners = np.frombuffer(digest, np.uint8) & 3
    return np.asarray(np.exp(1j * np.pi * (corners / 2 + 0.25)))


def _spelled() -> _Numbers:
    """Which bit of the code each half, real and imaginary, of the other waves holds."""
    return np.arange(2 * (len(_waves()[0]) - _sync_count())) * 37 % CODED_BITS


@lru_cache(maxsize=4)
def _tile(number: int) -> tuple[_Levels, _Levels]:
    """The same for one period's pixels."""
    signs = encoded(number)[_spelled()].reshape(-1, 2)
    waves = np.concatenate([_sync(), (signs[:, 0] + 1j * signs[:, 1]) / np.sqrt(2)])
    rows, columns = _waves()
    reach = int(_SHORTEST)
    spectrum = np.zeros((2 * reach + 1, reach + 1), np.complex128)
    spectrum[rows + reach, columns] = waves * np.hypot(rows, columns) ** _RISING
    across = np.arange(reach + 1)[:, None]
    turns = 2j * np.pi * np.arange(_PERIOD) / _PERIOD
    tile = (np.exp(turns[:, None] * np.arange(-reach, reach + 1)) @ spectrum @ np.exp(turns * across)).real
    held = np.clip(tile / tile.std(), -_HIGHEST, _HIGHEST)
    levels = np.rint(held[..., None] * (_STRENGTH / held.std()) * _BLUE)
    return np.maximum(levels, 0).astype(np.uint8), np.maximum(-levels, 0).astype(np.uint8)
