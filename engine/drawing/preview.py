"""What the pictures will be, while they are drawn: a small JPEG from latents, for any VAE, without decoding.

Latents are nearly linear in colour, so a matrix (channels + 1) × 3 suffices; it is fitted once a model, by
least squares, on coloured shapes sent through the model's own encoder. Knows nothing of steps or schedulers.
"""

from __future__ import annotations

import io
import random
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter

from engine.drawing.latents import from_pixels, vae_of
from engine.pictures.grid import COLUMNS, laid_out

__all__ = ["fit", "render"]

_EDGE = 512
"""The longer side of the preview, in pixels, about."""

_MOST_BYTES = 30_000
"""How large a preview may be: one is sent every second for every job."""

_SAMPLES = 8
"""Pictures of shapes to which the colours are fitted: with more they stay the same."""


_TRIAL = 128
"""The side of the square that tells how many pixels a cell of latents stands for."""


class _Model(Protocol):
    pipe: Any
    device: str
    colours: torch.Tensor | None


def render(model: _Model, latents: torch.Tensor) -> bytes:
    """The grid that ``latents`` (n, channels, height, width) stand for, as a JPEG of at most 30,000 bytes."""
    if model.colours is None:
        model.colours = fit(vae_of(model.pipe), model.device)
    flat = latents.detach().float().cpu().movedim(1, -1)
    values = torch.cat([flat, torch.ones_like(flat[..., :1])], dim=-1) @ model.colours
    pixels = (values.clamp(0, 1) * 255).round().byte().numpy()
    return _jpeg(_grid(pixels))


def fit(vae: Any, device: str) -> torch.Tensor:
    """The matrix (channels + 1, 3) that turns the VAE's scaled latents into RGB from 0 to 1; None: pixels.

    ``device`` is where the VAE computes.
    """
    if vae is None:
        return torch.cat([torch.eye(3), torch.ones(1, 3)]) / 2
    with torch.no_grad():
        grey = torch.zeros(1, 3, _TRIAL, _TRIAL, device=device, dtype=vae.dtype)
        factor = _TRIAL // from_pixels(vae, grey).shape[-1]
    side = 16 * factor
    pictures = [_shapes(seed, side) for seed in range(_SAMPLES)]
    pixels = torch.from_numpy(np.stack([np.asarray(picture, dtype=np.float32) for picture in pictures])) / 255
    seen = torch.nn.functional.avg_pool2d(pixels.movedim(-1, 1), factor).movedim(1, -1).reshape(-1, 3)
    rows = []
    with torch.no_grad():
        for picture in pixels.movedim(-1, 1).to(device, vae.dtype):
            rows.append(from_pixels(vae, 2 * picture[None] - 1).float().cpu())
    held = torch.cat(rows).movedim(1, -1).reshape(-1, rows[0].shape[1])
    held = torch.cat([held, torch.ones_like(held[:, :1])], dim=-1)
    solved: torch.Tensor = torch.linalg.lstsq(held, seen).solution
    return solved


def _shapes(seed: int, side: int) -> Image.Image:
    """Blobs and blocks of random colours: what an encoder sees of a picture's palette."""
    drawn = random.Random(seed)
    picture = Image.new("RGB", (side, side), _colour(drawn))
    brush = ImageDraw.Draw(picture)
    for _ in range(24):
        x, y, size = (drawn.randrange(side) for _ in range(3))
        box = (x - size // 4, y - size // 4, x + size // 4 + 1, y + size // 4 + 1)
        (brush.ellipse if drawn.random() < 0.5 else brush.rectangle)(box, fill=_colour(drawn))
    return picture.filter(ImageFilter.GaussianBlur(side / 128 * drawn.random()))


def _colour(drawn: random.Random) -> tuple[int, int, int]:
    return drawn.randrange(256), drawn.randrange(256), drawn.randrange(256)


def _grid(pixels: np.ndarray[Any, np.dtype[np.uint8]]) -> Image.Image:
    """The pictures (n, height, width, 3) as they will stand in the grid, each enlarged smoothly."""
    count, height, width, _ = pixels.shape
    columns = min(count, COLUMNS)
    scale = max(1, round(_EDGE / max(columns * width, -(-count // columns) * height)))
    size = (width * scale, height * scale)
    return laid_out([Image.fromarray(tile).resize(size, Image.Resampling.BICUBIC) for tile in pixels])


def _jpeg(picture: Image.Image) -> bytes:
    """At the best quality that fits; noise, which no quality makes small, at a smaller size."""
    while True:
        for quality in (80, 60, 40):
            written = io.BytesIO()
            picture.save(written, "JPEG", quality=quality)
            if written.tell() <= _MOST_BYTES:
                return written.getvalue()
        picture = picture.reduce(2)
