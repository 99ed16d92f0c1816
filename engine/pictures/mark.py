"""The invisible mark: a number in a picture's pixels that outlives re-encoding, scaling and cropping.

A tile of faint blue and yellow waves repeats over the whole picture; their phases spell the number. Luminance
stays as it is, since the eye sees fine changes of brightness and hardly any of blue against yellow. The waves
are long enough for half the size and JPEG's halved colours: the number is found at any scale and offset.
Knows nothing of jobs and files.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image

__all__ = ["BITS", "Mark", "cleaned", "found", "marked"]

BITS = 24
"""Of the number that a mark holds."""

_Plane: TypeAlias = npt.NDArray[np.float32]
_Spectrum: TypeAlias = npt.NDArray[np.complex64]

_PERIOD = 256  # pixels after which the waves repeat
_CELL = 8  # pixels of the marked picture that are looked at as one; the shortest wave has three of them
_CELLS = _PERIOD // _CELL
_GRID = 4 * _CELLS  # places a period at which the tile may begin, each way
_LONGEST, _SHORTEST = (
    3.0,
    10.0,
)  # waves a period: 85 pixels long, to 26, of which half size and JPEG leave 6
_STRENGTH = 1.2  # levels of Cb, root mean square: 46 dB from the unmarked picture, hardly to be seen
# RGB that a level of Cb is worth, and RGB as brightness, Cb and Cr (ITU-T T.871).
_BLUE = np.array([0.0, -0.344136, 1.772], np.float32)
_YCC = np.array([[0.299, -0.168736, 0.5], [0.587, -0.331264, -0.418688], [0.114, 0.5, -0.081312]], np.float32)
_SYNC_SHARE = 4  # every fourth wave says where the tile begins, the others spell the number

_CHECK_BITS = 24  # a wrong number is believed once in 2**24 times that one is read
_TAIL = 6  # bits that bring the code back to its first state
_TAPS = (0o133, 0o171)  # of the usual convolutional code of rate 1/2 and length 7 (CCSDS 131.0-B)

_SIZES = (1.0, 0.5, 0.7, 2.0, 0.75, 1.5, 0.25, 0.8, 0.6, 2 / 3, 0.9, 1.25, 1 / 3)
"""Scales that pictures are often shown at, tried first."""
_SMALLEST, _LARGEST, _STEP = 0.22, 2.6, 0.006  # further scales: their bounds, and how far apart they lie
_LOOKED_AT = 1024  # pixels of the marked picture's sides that are searched: more would need finer steps
_SURE = 4.7  # deviations that the beginning must stand out by before the number is read
_STEEP = 1.2  # levels a pixel: what changes faster is an edge of the picture, and counts less
_ROUGH = 4.0  # or so many times what half of the pixels change by: in a photograph everything changes


@dataclass(frozen=True, slots=True)
class Mark:
    """A number that was found: at what scale of the marked picture, and how clearly (deviations)."""

    number: int
    scale: float
    clearness: float


def marked(picture: Image.Image, number: int) -> Image.Image:
    """The RGB picture with ``number`` (0 to 2**24 - 1) in it: equal numbers give equal changes."""
    return _with(picture, _tile(number))


def cleaned(picture: Image.Image) -> Image.Image:
    """The RGB picture without the mark that it was given as it is, whole and at its size; else the picture.

    What is drawn from a marked picture gets a mark of its own: two on top of each other could not be read.
    Every pixel is again what it was, but for those that the mark drove beyond black or white.
    """
    spectrum = _spectrum(_slopes(picture), 1.0)
    if spectrum is None:
        return picture
    clear, place = _beginning(spectrum)
    if clear < _SURE or any(_CELLS / 32 < at < _CELLS - _CELLS / 32 for at in place):
        return picture
    number = _read(spectrum, place)
    return picture if number is None else _with(picture, -_tile(number))


def _with(picture: Image.Image, tile: _Plane) -> Image.Image:
    wide, high = picture.size
    waves = np.tile(tile, (-(-high // _PERIOD), -(-wide // _PERIOD)))[:high, :wide, None]
    levels = np.asarray(picture.convert("RGB"), np.float32) + waves * _BLUE
    return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def found(picture: Image.Image) -> Mark | None:
    """The mark in a picture, or None. One in about 100,000 pictures without a mark is taken for marked."""
    for part in _parts(picture):
        if (mark := _searched(_slopes(part))) is not None:
            return mark
    return None


def _parts(picture: Image.Image) -> Iterator[Image.Image]:
    """The picture, then its quarters: a sheet of four begins its tile anew in each."""
    yield picture
    wide, high = picture.size
    for left in (0, wide // 2):
        for top in (0, high // 2):
            yield picture.crop((left, top, left + wide // 2, top + high // 2))


def _searched(slopes: tuple[Image.Image, Image.Image]) -> Mark | None:
    for scale in _scales():
        spectrum = _spectrum(slopes, scale)
        if spectrum is None or _beginning(spectrum)[0] < _SURE:
            continue
        near = [float(scale * (1 + _STEP * part / 6)) for part in range(-3, 4)]
        looks = [(each, spectrum) for each in near if (spectrum := _spectrum(slopes, each)) is not None]
        for each, spectrum in sorted(looks, key=lambda look: -_beginning(look[1])[0]):
            clear, place = _beginning(spectrum)
            if clear >= _SURE and (number := _read(spectrum, place)) is not None:
                return Mark(number, each, clear)
    return None


@cache
def _scales() -> tuple[float, ...]:
    count = int(np.log(_LARGEST / _SMALLEST) / _STEP)
    return (*_SIZES, *(float(_SMALLEST * np.exp(_STEP * at)) for at in range(count)))


def _slopes(picture: Image.Image) -> tuple[Image.Image, Image.Image]:
    """The slopes of Cb to the right and down, without what the picture itself explains.

    That is what goes along with brightness and red, in which there is no mark, and then what is left of
    edges, which are far steeper than the waves.
    """
    levels = np.asarray(picture.convert("RGB"), np.float32) @ _YCC
    right = np.diff(levels, axis=1, append=levels[:, -1:])
    down = np.diff(levels, axis=0, append=levels[-1:])
    both = np.concatenate([right.reshape(-1, 3), down.reshape(-1, 3)])
    others, blue = both[:, (0, 2)], both[:, 1]
    along = np.linalg.lstsq(others.T @ others + 1e-3 * np.eye(2), others.T @ blue, rcond=None)[0]
    right, down = (slope[..., 1] - slope[..., (0, 2)] @ along for slope in (right, down))
    squared = right**2 + down**2
    steep = max(_STEEP, _ROUGH * float(np.sqrt(np.median(squared))))
    calm = 1 / (1 + squared / steep**2) ** 2
    return Image.fromarray((right * calm).astype(np.float32)), Image.fromarray(
        (down * calm).astype(np.float32)
    )


def _spectrum(slopes: tuple[Image.Image, Image.Image], scale: float) -> _Spectrum | None:
    """The spectrum (cells, cells) of one period, all periods of a picture of this scale taken together.

    None where the picture holds too little of one. A wave's slope is the wave turned by a quarter and weighed
    by its frequency, so the two slopes' spectra are turned back and added.
    """
    cell = _CELL * scale
    size = slopes[0].size
    wide, high = (min(int(side / cell), _LOOKED_AT // _CELL) for side in size)
    if min(wide, high) < _CELLS * 5 // 8:
        return None
    left, top = ((side - count * cell) / 2 for side, count in zip(size, (wide, high), strict=True))
    box = (left, top, left + wide * cell, top + high * cell)
    right, down = (
        np.fft.fft2(_folded(np.asarray(slope.resize((wide, high), Image.Resampling.HAMMING, box=box))))
        for slope in slopes
    )
    waves = np.fft.fftfreq(_CELLS)
    return np.asarray(-1j * (waves[None, :] * right + waves[:, None] * down), np.complex64)


def _folded(cells: _Plane) -> _Plane:
    """All periods (cells, cells) of a plane on top of each other."""
    high, wide = cells.shape
    rows, columns = -(-high // _CELLS), -(-wide // _CELLS)
    padded = np.zeros((rows * _CELLS, columns * _CELLS), np.float32)
    padded[:high, :wide] = cells
    return np.asarray(padded.reshape(rows, _CELLS, columns, _CELLS).sum((0, 2)), np.float32)


def _beginning(spectrum: _Spectrum) -> tuple[float, tuple[float, float]]:
    """How clearly the tile begins somewhere, and where: (row, column) in cells."""
    rows, columns, signs = _sync()
    given = spectrum[rows, columns]
    agreeing = np.zeros((_GRID, _GRID), np.complex64)
    agreeing[rows % _GRID, columns % _GRID] = _levelled(given) * signs.conj()
    peaks = np.fft.ifft2(agreeing).real
    at = int(peaks.argmax())
    place = (at // _GRID * _CELLS / _GRID, at % _GRID * _CELLS / _GRID)
    return float(peaks.flat[at] / (peaks.std() + 1e-12)), place


def _levelled(given: _Spectrum) -> _Spectrum:
    """Phases, and little of the strengths: a strong wave of the picture's own must not outvote the others."""
    size = np.abs(given)
    return np.asarray(given / (size + np.median(size) + 1e-9), np.complex64)


def _read(spectrum: _Spectrum, place: tuple[float, float]) -> int | None:
    """The number, if its check agrees."""
    rows, columns, bits = _payload()
    turned = np.exp(2j * np.pi * (rows * place[0] + columns * place[1]) / _CELLS)
    given = _levelled(spectrum[rows, columns]) * turned
    soft = np.stack([given.real, given.imag], 1).ravel()
    votes = np.zeros(_coded_bits(), np.float64)
    np.add.at(votes, bits, soft)
    word = _decoded(votes)
    number, check = word >> _CHECK_BITS, word & (1 << _CHECK_BITS) - 1
    return number if check == _check(number) else None


@cache
def _waves() -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The waves of a period, one of each pair of opposite ones, in an order that looks like chance."""
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


def _phases(count: int, what: str) -> _Spectrum:
    """``count`` fixed corners of a square on the unit circle."""
    digest = b"".join(hashlib.sha256(f"{what} {at}".encode()).digest()[:1] for at in range(count))
    corners = np.frombuffer(digest, np.uint8) & 3
    return np.asarray(np.exp(1j * np.pi * (corners / 2 + 0.25)), np.complex64)


@cache
def _sync() -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], _Spectrum]:
    rows, columns = _waves()
    chosen = slice(0, len(rows) // _SYNC_SHARE)
    return rows[chosen], columns[chosen], _phases(len(rows[chosen]), "sync")


@cache
def _payload() -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The waves that spell the number, and which coded bit each of their two halves holds."""
    rows, columns = _waves()
    chosen = slice(len(rows) // _SYNC_SHARE, None)
    count = 2 * len(rows[chosen])
    return rows[chosen], columns[chosen], np.arange(count) * 37 % _coded_bits()


def _coded_bits() -> int:
    return len(_TAPS) * (BITS + _CHECK_BITS + _TAIL)


@cache
def _tile(number: int) -> _Plane:
    """One period (pixels, pixels) in levels of Cb."""
    spectrum = np.zeros((_PERIOD, _PERIOD), np.complex128)
    rows, columns, signs = _sync()
    spectrum[rows, columns] = signs
    rows, columns, bits = _payload()
    signed = _encoded(number)[bits].reshape(-1, 2)
    spectrum[rows, columns] = (signed[:, 0] + 1j * signed[:, 1]) / np.sqrt(2)
    waves = np.fft.ifft2(spectrum).real
    return np.asarray(waves * _STRENGTH / waves.std(), np.float32)


def _check(number: int) -> int:
    return zlib.crc32(number.to_bytes(BITS // 8, "big")) & (1 << _CHECK_BITS) - 1


def _encoded(number: int) -> npt.NDArray[np.int64]:
    """The number and its check as a code's bits (1 for a 0, -1 for a 1): those of both taps in turn."""
    word = number << _CHECK_BITS | _check(number)
    state = 0
    coded: list[int] = []
    for at in reversed(range(-_TAIL, BITS + _CHECK_BITS)):
        bit = word >> at & 1 if at >= 0 else 0
        state = (state << 1 | bit) & 0x7F
        coded.extend(_sign(state, tap) for tap in _TAPS)
    return np.array(coded)


def _sign(state: int, tap: int) -> int:
    return 1 - 2 * ((state & tap).bit_count() & 1)


def _decoded(votes: npt.NDArray[np.float64]) -> int:
    """The word whose code agrees best with ``votes`` (positive for a 0): Viterbi's way through 64 states."""
    states = np.arange(64)
    before = np.stack([states >> 1, states >> 1 | 32])  # the states that lead to each
    full = np.stack([before[0] << 1 | states & 1, before[1] << 1 | states & 1])
    signs = [np.array([[_sign(int(value), tap) for value in way] for way in full]) for tap in _TAPS]
    best = np.full(64, -np.inf)
    best[0] = 0
    came: list[npt.NDArray[np.intp]] = []
    for first, second in votes.reshape(-1, 2):
        ways = best[before] + first * signs[0] + second * signs[1]
        chosen = ways.argmax(0)
        best = ways[chosen, states]
        came.append(before[chosen, states])
    state = 0
    bits: list[int] = []
    for back in reversed(came):
        bits.append(state & 1)
        state = int(back[state])
    word = 0
    for bit in reversed(bits[_TAIL:]):
        word = word << 1 | bit
    return word
