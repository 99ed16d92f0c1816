"""Triton kernels over pictures whose pixels lie side by side (channels last). Imported only where Triton is.

A group norm, with what is added before it and the SiLU behind it, reads its picture twice and writes it once;
torch's own takes pixels in planes, so that its picture is turned around before it and again after it. Sums
are of float32, over parts of a picture whose number depends on its size alone: a row's bits do not depend on
how many rows there are. Knows nothing of modules.
"""

from __future__ import annotations

import os

import torch
import triton
import triton.language as tl
from torch import Tensor

__all__ = ["gated", "layer_norm", "normalised", "reads", "summed"]

_PART = 128
"""Pixels that one program sums up, if it can: few enough for a lone row to fill a GPU."""
_PARTS = 256
"""The most parts of a picture: what is found in each is read again by every group."""
_TILE = 4096
"""Numbers that a program holds at once: 32 for each of its 128 threads."""


@triton.jit
def _sums(x, sums, squares, pixels, channels, PART: tl.constexpr, BP: tl.constexpr, BC: tl.constexpr):
    """Of one part of one row: each channel's sum and sum of squares, less its first pixel."""
    split, row = tl.program_id(0), tl.program_id(2).to(tl.int64)
    columns = tl.program_id(1) * BC + tl.arange(0, BC)
    x += row * pixels * channels
    first = tl.load(x + columns).to(tl.float32)
    total = tl.zeros([BC], tl.float32)
    square = tl.zeros([BC], tl.float32)
    for start in range(0, PART, BP):
        rows = start + tl.arange(0, BP)
        inside = ((rows < PART) & (split * PART + rows < pixels))[:, None]
        rows += split * PART
        value = tl.load(x + rows.to(tl.int64)[:, None] * channels + columns[None, :], mask=inside, other=0.0)
        value = tl.where(inside, value.to(tl.float32) - first[None, :], 0.0)
        total += tl.sum(value, 0)
        square += tl.sum(value * value, 0)
    out = (row * tl.num_programs(0) + split) * channels + columns
    tl.store(sums + out, total)
    tl.store(squares + out, square)


@triton.jit
def _lines(
    x, sums, squares, weight, bias, shift, shift_row, scales, offsets, pixels, channels, wide, eps,
    PARTS: tl.constexpr, SHIFTED: tl.constexpr, BC: tl.constexpr,
):  # fmt: skip
    """Of one group of one row: the factor and the summand that normalise each of its channels."""
    row, group = tl.program_id(0).to(tl.int64), tl.program_id(1)
    within = tl.arange(0, BC) < wide
    columns = group * wide + tl.arange(0, BC)
    total = tl.zeros([BC], tl.float32)
    square = tl.zeros([BC], tl.float32)
    for start in range(0, PARTS, 16):
        part = start + tl.arange(0, 16)
        at = (row * PARTS + part)[:, None] * channels + columns[None, :]
        inside = (part < PARTS)[:, None] & within[None, :]
        total += tl.sum(tl.load(sums + at, mask=inside, other=0.0), 0)
        square += tl.sum(tl.load(squares + at, mask=inside, other=0.0), 0)
    first = tl.load(x + row * pixels * channels + columns, mask=within, other=0.0).to(tl.float32)
    if SHIFTED:
        added = tl.load(shift + row * shift_row + columns, mask=within, other=0.0).to(tl.float32)
    else:
        added = tl.zeros([BC], tl.float32)
    means = first + total / pixels + added
    mean = tl.sum(tl.where(within, means, 0.0), 0) / wide
    apart = tl.where(within, means - mean, 0.0)
    spread = square - total * total / pixels + pixels * apart * apart
    variance = tl.sum(tl.where(within, spread, 0.0), 0) / (pixels * wide)
    scale = tl.load(weight + columns, mask=within, other=0.0).to(tl.float32) / tl.sqrt(variance + eps)
    offset = tl.load(bias + columns, mask=within, other=0.0).to(tl.float32) + (added - mean) * scale
    tl.store(scales + row * channels + columns, scale, mask=within)
    tl.store(offsets + row * channels + columns, offset, mask=within)


@triton.jit
def _scaled(
    x, out, scales, offsets, pixels, channels, SILU: tl.constexpr, BP: tl.constexpr, BC: tl.constexpr
):
    """Each pixel times its channel's factor, plus its summand."""
    row = tl.program_id(2).to(tl.int64)
    columns = tl.program_id(1) * BC + tl.arange(0, BC)
    rows = tl.program_id(0) * BP + tl.arange(0, BP)
    inside = (rows < pixels)[:, None]
    at = row * pixels * channels + rows.to(tl.int64)[:, None] * channels + columns[None, :]
    scale = tl.load(scales + row * channels + columns)
    offset = tl.load(offsets + row * channels + columns)
    value = tl.load(x + at, mask=inside, other=0.0).to(tl.float32) * scale[None, :] + offset[None, :]
    if SILU:
        value = value / (1 + tl.exp(-value))
    tl.store(out + at, value.to(out.dtype.element_ty), mask=inside)


@triton.jit
def _summed(
    x, y, bias, out, pixels, channels, factor, BIASED: tl.constexpr, BP: tl.constexpr, BC: tl.constexpr
):
    """(x + y + each channel's bias) · factor."""
    columns = tl.program_id(1) * BC + tl.arange(0, BC)
    rows = tl.program_id(0).to(tl.int64) * BP + tl.arange(0, BP)
    inside = (rows < pixels)[:, None]
    at = rows[:, None] * channels + columns[None, :]
    value = tl.load(x + at, mask=inside, other=0.0).to(tl.float32)
    value += tl.load(y + at, mask=inside, other=0.0).to(tl.float32)
    if BIASED:
        value += tl.load(bias + columns).to(tl.float32)[None, :]
    tl.store(out + at, (value * factor).to(out.dtype.element_ty), mask=inside)


@triton.jit
def _layer_norm(x, out, weight, bias, rows, wide, eps, BR: tl.constexpr, BC: tl.constexpr):
    """The layer norm of a few rows."""
    row = tl.program_id(0).to(tl.int64) * BR + tl.arange(0, BR)
    columns = tl.arange(0, BC)
    within = columns < wide
    inside = (row < rows)[:, None] & within[None, :]
    at = row[:, None] * wide + columns[None, :]
    value = tl.load(x + at, mask=inside, other=0.0).to(tl.float32)
    mean = tl.sum(value, 1) / wide
    value = tl.where(within[None, :], value - mean[:, None], 0.0)
    value /= tl.sqrt(tl.sum(value * value, 1) / wide + eps)[:, None]
    scale = tl.load(weight + columns, mask=within, other=0.0).to(tl.float32)
    offset = tl.load(bias + columns, mask=within, other=0.0).to(tl.float32)
    tl.store(out + at, (value * scale[None, :] + offset[None, :]).to(out.dtype.element_ty), mask=inside)


@triton.jit
def _gated(x, out, wide, BP: tl.constexpr):
    """The first half of a row times the GELU of its second half."""
    row = tl.program_id(0).to(tl.int64)
    columns = tl.program_id(1) * BP + tl.arange(0, BP)
    inside = columns < wide
    value = tl.load(x + row * 2 * wide + columns, mask=inside, other=0.0).to(tl.float32)
    gate = tl.load(x + row * 2 * wide + wide + columns, mask=inside, other=0.0).to(tl.float32)
    value *= 0.5 * gate * (1 + tl.erf(gate * 0.7071067811865476))
    tl.store(out + row * wide + columns, value.to(out.dtype.element_ty), mask=inside)


_INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
"""Triton's interpreter runs kernels on a CPU, for tests."""


def reads(x: Tensor) -> bool:
    """Whether a tensor lies where kernels run, and nobody asks for its gradients."""
    return (x.is_cuda or _INTERPRETED) and not x.requires_grad


def _tiles(channels: int) -> tuple[int, int]:
    """Pixels and channels of a tile: so many channels that tiles cover them all exactly."""
    wide = min(channels & -channels, 512)
    return max(1, _TILE // wide), wide


def normalised(
    x: Tensor, groups: int, weight: Tensor, bias: Tensor, eps: float, shift: Tensor | None, silu: bool
) -> Tensor:
    """The group norm of ``x`` + ``shift``, and its SiLU where asked.

    ``x`` (n, c, h, w) lies channels last, as the result does; ``shift`` (n or 1, c) is added to every pixel.
    """
    n, channels, pixels = x.shape[0], x.shape[1], x.shape[2] * x.shape[3]
    parts = min(_PARTS, triton.cdiv(pixels, _PART))
    high, wide = _tiles(channels)
    sums = x.new_empty((2, n, parts, channels), dtype=torch.float32)
    lines = x.new_empty((2, n, channels), dtype=torch.float32)
    out = torch.empty_like(x)
    part = triton.cdiv(pixels, parts)
    _sums[(parts, channels // wide, n)](x, sums[0], sums[1], pixels, channels, part, high, wide)
    step = 0 if shift is None or len(shift) == 1 else shift.stride(0)
    _lines[(n, groups)](
        x, sums[0], sums[1], weight, bias, weight if shift is None else shift, step, lines[0], lines[1],
        pixels, channels, channels // groups, eps, parts, shift is not None,
        triton.next_power_of_2(channels // groups), num_warps=1,
    )  # fmt: skip
    grid = (triton.cdiv(pixels, high), channels // wide, n)
    _scaled[grid](x, out, lines[0], lines[1], pixels, channels, silu, high, wide)
    return out


def summed(x: Tensor, y: Tensor, bias: Tensor | None, factor: float) -> Tensor:
    """(``x`` + ``y`` + ``bias``) · ``factor`` of pictures (n, c, h, w), channels last; ``bias`` (c,)."""
    n, channels, height, width = x.shape
    high, wide = _tiles(channels)
    out = torch.empty_like(x)
    pixels = n * height * width
    grid = (triton.cdiv(pixels, high), channels // wide)
    _summed[grid](
        x, y, x if bias is None else bias, out, pixels, channels, factor, bias is not None, high, wide
    )
    return out


def gated(x: Tensor) -> Tensor:
    """The first half of ``x`` (..., 2·c) times the GELU (with erf) of its second half; contiguous."""
    wide = x.shape[-1] // 2
    out = x.new_empty((*x.shape[:-1], wide))
    rows = out.numel() // wide
    _gated[(rows, triton.cdiv(wide, 1024))](x, out, wide, 1024)
    return out


def layer_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """The layer norm of ``x`` (..., c), contiguous, over its last dimension."""
    wide = x.shape[-1]
    rows, across = x.numel() // wide, triton.next_power_of_2(wide)
    high = max(1, _TILE // across)
    out = torch.empty_like(x)
    _layer_norm[(triton.cdiv(rows, high),)](x, out, weight, bias, rows, wide, eps, high, across)
    return out
