"""Outlines as polygons (n, 2) in a unit box: edges, ellipses, boxes, smooth curves. Knows no things."""

import math
from collections.abc import Sequence

import numpy as np

Points = Sequence[tuple[float, float]]


def polygon(points: Points) -> np.ndarray:
    """Straight edges through the points."""
    return np.asarray(points, dtype=np.float32)


def ellipse(x: float, y: float, rx: float, ry: float, turn: float = 0.0, n: int = 48) -> np.ndarray:
    """An ellipse, turned by `turn` degrees."""
    a = np.linspace(0, 2 * math.pi, n, endpoint=False)
    px, py = rx * np.cos(a), ry * np.sin(a)
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    return np.stack([x + c * px - s * py, y + s * px + c * py], 1).astype(np.float32)


def arc(
    x: float, y: float, rx: float, ry: float, start: float, stop: float, n: int = 32
) -> list[tuple[float, float]]:
    """Points of an ellipse from `start` to `stop` degrees (0 = right, 90 = down)."""
    angles = np.radians(np.linspace(start, stop, n))
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


def box(left: float, top: float, right: float, bottom: float, corner: float = 0.0) -> np.ndarray:
    """A rectangle with rounded corners."""
    if not corner:
        return polygon([(left, top), (right, top), (right, bottom), (left, bottom)])
    c = corner
    return polygon(
        arc(right - c, top + c, c, c, -90, 0, 8)
        + arc(right - c, bottom - c, c, c, 0, 90, 8)
        + arc(left + c, bottom - c, c, c, 90, 180, 8)
        + arc(left + c, top + c, c, c, 180, 270, 8)
    )


def smooth(points: Points, n: int = 10) -> np.ndarray:
    """A closed Catmull-Rom curve through the points."""
    p = np.asarray(points, dtype=np.float64)
    a, b, c, d = np.roll(p, 1, 0), p, np.roll(p, -1, 0), np.roll(p, -2, 0)
    t = np.linspace(0, 1, n, endpoint=False)[None, :, None]
    a, b, c, d = (v[:, None, :] for v in (a, b, c, d))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return curve.reshape(-1, 2).astype(np.float32)
