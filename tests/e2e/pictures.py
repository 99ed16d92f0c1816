"""Reads grids as a person would: four tiles, and how far two pictures are apart."""

import io

import numpy as np
from PIL import Image

Pixels = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def picture(png: bytes) -> Image.Image:
    """The decoded picture."""
    return Image.open(io.BytesIO(png)).convert("RGB")


def tile(grid: Image.Image, position: int) -> Image.Image:
    """Tile 1–4 of a 2×2 grid in reading order."""
    width, height = grid.width // 2, grid.height // 2
    left, top = (position - 1) % 2 * width, (position - 1) // 2 * height
    return grid.crop((left, top, left + width, top + height))


def pixels(image: Image.Image) -> Pixels:
    """Height × width × 3 values, 0–255."""
    return np.asarray(image, dtype=np.float64)


def half(image: Image.Image) -> Image.Image:
    """The picture scaled down by two."""
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.BOX)
