"""The header of a file of weights: the names, shapes and types of its tensors, and what it says of itself.

No tensor is read. Every length that a file claims is held against the file's size before anything of that
length is read, so that a broken or hostile file costs neither time nor memory. Knows nothing of models.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from engine.errors import BadFile
from engine.files import gguf
from engine.files.tensors import MOST_DIMENSIONS, Tensor

__all__ = ["Header", "Tensor", "header_in", "read_header"]

_LONGEST = 8 * 2**20
"""Bytes of a safetensors header at most: the largest are 1 MB, those of LoRAs with all their tags 5 MB."""

_MOST_PIECES = 600_000
"""Brackets, braces and colons of a header at most, a tensor has 7: they bound the memory that it takes."""

_BITS = {
    "BOOL": 8,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "F8_E5M2FNUZ": 8,
    "F8_E4M3FNUZ": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "C64": 64,
    "F64": 64,
    "I64": 64,
    "U64": 64,
}
"""How many bits a number of each type of the safetensors format takes."""

_PICKLE = (
    "This is a pickle (.ckpt, .pt, .pth, .bin), and opening one can run any code that it holds: Easel takes "
    ".safetensors and .gguf. docs/models.md says how to convert it."
)


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the weights. ``metadata`` are the texts by which the file describes itself."""

    format: str
    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str]
    size: int


def read_header(path: Path) -> Header:
    """The header of a safetensors or GGUF file.

    Raises BadFile with one sentence where the file is of another format, broken, cut off, or cannot be read.
    """
    try:
        # the kind is looked at first: opening a pipe or a device would wait
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise BadFile("This is a folder." if path.is_dir() else "This is no regular file.")
        with open(path, "rb") as file:
            return header_in(file, os.fstat(file.fileno()).st_size)
    except (OSError, ValueError) as error:
        raise BadFile("This file cannot be opened.") from error


def header_in(file: BinaryIO, size: int) -> Header:
    """The header of a file of ``size`` bytes, of which at least the header can be read. Raises BadFile."""
    try:
        return _read(file, size)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadFile("The header of this safetensors file cannot be read: it is broken.") from error


def _read(file: BinaryIO, size: int) -> Header:
    start = file.read(512)
    if not start:
        raise BadFile("This file is empty: 0 bytes.")
    if start.startswith(gguf.MAGIC):
        tensors, metadata = gguf.read(file, size)
        return Header("gguf", MappingProxyType(tensors), MappingProxyType(metadata), size)
    if start[8:9] != b"{":
        raise BadFile(_other_format(start))
    tensors, metadata = _safetensors(file, int.from_bytes(start[:8], "little"), size)
    return Header("safetensors", MappingProxyType(tensors), MappingProxyType(metadata), size)


def _other_format(start: bytes) -> str:
    """What to say of a file that begins with neither format's mark."""
    if start.startswith(b"PK\x03\x04"):
        return (
            _PICKLE if b".pkl" in start or b"archive/" in start else "This is a zip archive: unpack it first."
        )
    if start[:1] == b"\x80" and start[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return _PICKLE
    if start.lstrip()[:5].lower() in (b"<!doc", b"<html"):
        return "This is a web page, saved in place of the file: download it again, signed in if need be."
    if start.startswith(b"version https://git-lfs"):
        return "This is a pointer of Git LFS, not the file itself: `git lfs pull` fetches it."
    if len(start) < 16:
        return f"This file is cut off: it holds {len(start)} byte{'' if len(start) == 1 else 's'}."
    return "This is neither a safetensors nor a GGUF file."


def _safetensors(file: BinaryIO, length: int, size: int) -> tuple[dict[str, Tensor], dict[str, str]]:
    if length > size - 8:
        raise BadFile(
            f"This safetensors file is cut off: its header claims {length} bytes, the file has {size}."
        )
    if length > _LONGEST:
        raise BadFile(f"The header of this safetensors file is too long: {length} bytes, {_LONGEST} at most.")
    file.seek(8)
    raw = file.read(length)
    if sum(raw.count(piece) for piece in (b"[", b"{", b":")) > _MOST_PIECES:
        raise BadFile("The header of this safetensors file names too many things.")
    try:
        told = json.loads(raw)
    except RecursionError as error:
        raise BadFile("The header of this safetensors file cannot be read: it is broken.") from error
    if not isinstance(told, dict):
        raise BadFile("The header of this safetensors file names no tensors.")
    said = told.pop("__metadata__", {})
    metadata = (
        {key: text for key, text in said.items() if isinstance(text, str)} if isinstance(said, dict) else {}
    )
    tensors, spans = {}, []
    for name, row in told.items():
        tensors[name], span = _tensor(name, row)
        spans.append(span)
    _whole(spans, size - 8 - length)
    return tensors, metadata


def _tensor(name: str, row: Any) -> tuple[Tensor, tuple[int, int]]:
    """A tensor, and where its bytes begin and end. Raises BadFile where its row contradicts itself."""
    said = row if isinstance(row, dict) else {}
    dtype = str(said.get("dtype"))
    shape, span = _numbers(said.get("shape")), _numbers(said.get("data_offsets"))
    if dtype not in _BITS or shape is None or span is None or len(span) != 2:
        raise BadFile(f"The header of this safetensors file describes {_short(name)} in no known way.")
    if math.prod(shape) * _BITS[dtype] != 8 * (span[1] - span[0]):
        raise BadFile(f"The header of this safetensors file contradicts itself about {_short(name)}.")
    return Tensor(shape, dtype), (span[0], span[1])


def _numbers(value: Any) -> tuple[int, ...] | None:
    """A short list of whole numbers, None of anything else."""
    if not isinstance(value, list) or len(value) > MOST_DIMENSIONS:
        return None
    whole = all(type(number) is int and 0 <= number < 2**48 for number in value)
    return tuple(value) if whole else None


def _whole(spans: list[tuple[int, int]], size: int) -> None:
    """Raises BadFile where the tensors do not fill the file exactly, one behind the other."""
    end = 0
    for start, stop in sorted(spans):
        if start != end:
            raise BadFile("The header of this safetensors file has tensors with gaps, or one over the other.")
        end = stop
    if end > size:
        raise BadFile(f"This safetensors file is cut off: {end - size} bytes of its weights are missing.")
    if end < size:
        raise BadFile(f"This safetensors file is broken: {size - end} bytes too many follow its weights.")


def _short(name: str) -> str:
    return repr(name if len(name) <= 60 else name[:57] + "…")
