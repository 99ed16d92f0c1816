"""The header of a GGUF file: key–value pairs, then the names, dimensions, types and places of its tensors.

Knows the format alone, as the GGUF specification describes versions 2 and 3.
"""

from __future__ import annotations

import math
import struct
from typing import BinaryIO

from engine.errors import BadFile
from engine.files.tensors import MOST_DIMENSIONS, Tensor

__all__ = ["MAGIC", "read"]

MAGIC = b"GGUF"

_VERSIONS = (2, 3)  # of the format; version 1 counted with 32 bits and is no longer written
_MOST_ROWS = 65_536
"""Tensors, and key–value pairs, at most: the largest models have some thousands."""

_LONGEST = 32 * 2**20
"""Bytes of a header at most: vocabularies of language models take 10 MB."""

_LONGEST_TEXT = 65_536
"""Bytes of a name or value that are kept; longer texts are passed over."""

_STRING, _ARRAY = 8, 9  # numbers of types of values, from the format's description
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""The types of values → how `struct` writes them."""

_MOST_TEXTS = 400_000
"""Texts of an array at most: vocabularies have 260 000."""

_SHAPE = "comfy.gguf.orig_shape."
"""What a key begins with that tells a tensor's own dimensions, where it was stored with others."""

_TYPES = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1),
    25: ("I16", 1, 2),
    26: ("I32", 1, 4),
    27: ("I64", 1, 8),
    28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
}
"""The types of tensors: name, numbers in a block, bytes of a block."""


class _Cursor:
    """Reads on through a file, and no further than it goes."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._end = min(size, _LONGEST)
        self._cut = size <= _LONGEST
        file.seek(0)

    def take(self, count: int) -> bytes:
        self._check(count)
        return self._file.read(count)

    def skip(self, count: int) -> None:
        self._check(count)
        self._file.seek(count, 1)

    def number(self, form: str) -> int:
        value: int = struct.unpack("<" + form, self.take(struct.calcsize(form)))[0]
        return value

    def text(self) -> str:
        length = self.number("Q")
        if length > _LONGEST_TEXT:
            self.skip(length)
            return ""
        return self.take(length).decode("utf-8", "replace")

    def place(self) -> int:
        return self._file.tell()

    def _check(self, count: int) -> None:
        if self._file.tell() + count > self._end:
            raise BadFile(
                "This GGUF file is cut off in its header."
                if self._cut
                else f"The header of this GGUF file is too long: more than {_LONGEST} bytes."
            )


def read(file: BinaryIO, size: int) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Its tensors and the texts that describe it. Raises BadFile; ``size`` is the file's, in bytes."""
    cursor = _Cursor(file, size)
    cursor.take(len(MAGIC))
    version, tensors, pairs = cursor.number("I"), cursor.number("Q"), cursor.number("Q")
    if version not in _VERSIONS:
        raise BadFile(f"This GGUF file is of version {version}; Easel reads 2 and 3.")
    if max(tensors, pairs) > _MOST_ROWS:
        raise BadFile(
            f"The header of this GGUF file claims {max(tensors, pairs)} rows, {_MOST_ROWS} at most."
        )
    values: dict[str, str | tuple[int, ...]] = {}
    for _ in range(pairs):
        key = cursor.text()
        values[key] = _value(cursor, cursor.number("I"))
    rows = [_row(cursor) for _ in range(tensors)]
    _whole(rows, cursor.place(), values.get("general.alignment"), size)
    found = {}
    for name, dimensions, kind, _ in rows:
        shape = values.get(_SHAPE + name)
        found[name] = Tensor(shape if isinstance(shape, tuple) else dimensions, _TYPES[kind][0])
    return found, {key: value for key, value in values.items() if isinstance(value, str)}


def _value(cursor: _Cursor, kind: int) -> str | tuple[int, ...]:
    """A text, or whole numbers; what is neither is passed over and comes out empty."""
    if kind == _STRING:
        return cursor.text()
    if kind == _ARRAY:
        return _array(cursor)
    if kind not in _SCALARS:
        raise BadFile("The header of this GGUF file holds a value of an unknown type.")
    number = cursor.number(_SCALARS[kind])
    return (number,) if type(number) is int else ()


def _array(cursor: _Cursor) -> tuple[int, ...]:
    kind, count = cursor.number("I"), cursor.number("Q")
    if kind == _STRING and count <= _MOST_TEXTS:
        for _ in range(count):
            cursor.skip(cursor.number("Q"))
        return ()
    if kind not in _SCALARS:
        raise BadFile("The header of this GGUF file holds a list of an unknown type.")
    if count > MOST_DIMENSIONS:
        cursor.skip(count * struct.calcsize(_SCALARS[kind]))
        return ()
    numbers = [cursor.number(_SCALARS[kind]) for _ in range(count)]
    return tuple(numbers) if all(type(number) is int for number in numbers) else ()


def _row(cursor: _Cursor) -> tuple[str, tuple[int, ...], int, int]:
    """A tensor's name, dimensions, type and place in the weights."""
    name, count = cursor.text(), cursor.number("I")
    if count > MOST_DIMENSIONS:
        raise BadFile(f"The header of this GGUF file claims a tensor of {count} dimensions.")
    dimensions = tuple(cursor.number("Q") for _ in range(count))[::-1]
    kind, place = cursor.number("I"), cursor.number("Q")
    if kind not in _TYPES:
        raise BadFile("This GGUF file is quantised in a way that Easel does not know.")
    return name, dimensions, kind, place


def _whole(
    rows: list[tuple[str, tuple[int, ...], int, int]], header: int, alignment: object, size: int
) -> None:
    """Raises BadFile where the file ends before its last tensor does."""
    step = alignment[0] if isinstance(alignment, tuple) and alignment and alignment[0] > 0 else 32
    start = -(-header // step) * step
    for _, dimensions, kind, place in rows:
        _, numbers, taken = _TYPES[kind]
        count = math.prod(dimensions)
        if count % numbers:
            raise BadFile("The header of this GGUF file contradicts itself about a tensor's size.")
        missing = start + place + count // numbers * taken - size
        if missing > 0:
            raise BadFile(f"This GGUF file is cut off: {missing} bytes of its weights are missing.")
