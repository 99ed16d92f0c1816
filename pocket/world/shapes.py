"""What every kind of thing looks like, in a unit box (x, y from −1 to 1, y downwards). Knows no pixels.

A drawing is a tuple of parts, painted in order; a part is a tone (a role such as "main" or "dark") and a
polygon (n, 2).
"""

import math
from collections.abc import Callable, Sequence

import numpy as np

from pocket.world.outlines import Points, arc, box, ellipse, polygon, smooth

Part = tuple[str, np.ndarray]
Drawing = tuple[Part, ...]

DRAWINGS: dict[str, Drawing] = {}


def _kind(draw: Callable[[], Sequence[Part]]) -> Callable[[], Sequence[Part]]:
    DRAWINGS[draw.__name__.strip("_")] = tuple(draw())
    return draw


def _eye(x: float, y: float, r: float) -> list[Part]:
    return [
        ("ink", ellipse(x, y, r, r * 1.15)),
        ("white", ellipse(x + r * 0.3, y - r * 0.4, r * 0.32, r * 0.32)),
    ]


@_kind
def _circle() -> list[Part]:
    return [("main", ellipse(0, 0, 0.95, 0.95, n=72))]


@_kind
def _square() -> list[Part]:
    return [("main", box(-0.85, -0.85, 0.85, 0.85))]


@_kind
def _triangle() -> list[Part]:
    return [("main", polygon([(0, -0.95), (1.0, 0.8), (-1.0, 0.8)]))]


@_kind
def _star() -> list[Part]:
    r = [1.0, 0.44] * 5
    a = [math.radians(36 * i - 90) for i in range(10)]
    return [("main", polygon([(r[i] * math.cos(a[i]), 0.06 + r[i] * math.sin(a[i])) for i in range(10)]))]


@_kind
def _heart() -> list[Part]:
    t = np.linspace(0, 2 * math.pi, 72, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return [("main", np.stack([x / 17, (y - 2.5) / 16], 1).astype(np.float32))]


@_kind
def _diamond() -> list[Part]:
    return [("main", polygon([(0, -1), (0.72, 0), (0, 1), (-0.72, 0)]))]


@_kind
def _moon() -> list[Part]:
    outer = arc(0, 0, 0.95, 0.95, 42, 318, 60)
    inner = arc(0.44, 0, 0.70, 0.70, 293, 67, 48)
    return [("main", polygon(outer + inner))]


@_kind
def _sun() -> list[Part]:
    rays = []
    for i in range(8):
        a = math.radians(45 * i)
        ends = [(0.55 * math.cos(a - 0.3), 0.55 * math.sin(a - 0.3)), (math.cos(a), math.sin(a))]
        rays.append(("main", polygon([*ends, (0.55 * math.cos(a + 0.3), 0.55 * math.sin(a + 0.3))])))
    return [*rays, ("main", ellipse(0, 0, 0.58, 0.58)), ("light", ellipse(0, 0, 0.38, 0.38))]


@_kind
def _cloud() -> list[Part]:
    return [
        ("main", ellipse(-0.5, 0.12, 0.48, 0.42)),
        ("main", ellipse(0.52, 0.14, 0.46, 0.40)),
        ("main", ellipse(0.05, -0.14, 0.56, 0.52)),
        ("main", box(-0.7, 0.05, 0.7, 0.54, 0.2)),
    ]


@_kind
def _tree() -> list[Part]:
    return [
        ("wood", polygon([(-0.12, 0.2), (0.12, 0.2), (0.17, 0.98), (-0.17, 0.98)])),
        ("main", ellipse(-0.38, -0.08, 0.44, 0.42)),
        ("main", ellipse(0.38, -0.08, 0.44, 0.42)),
        ("main", ellipse(0, -0.48, 0.50, 0.48)),
        ("main", ellipse(0, 0.02, 0.5, 0.4)),
        ("light", ellipse(-0.16, -0.58, 0.16, 0.13)),
    ]


@_kind
def _flower() -> list[Part]:
    petals = []
    for i in range(6):
        a = math.radians(60 * i + 30)
        petals.append(
            ("main", ellipse(0.38 * math.cos(a), -0.38 + 0.38 * math.sin(a), 0.31, 0.23, 60 * i + 30))
        )
    return [
        ("leaf", box(-0.08, 0.0, 0.08, 0.98)),
        ("leaf", ellipse(0.27, 0.62, 0.26, 0.11, -28)),
        ("leaf", ellipse(-0.27, 0.72, 0.26, 0.11, 28)),
        *petals,
        ("yolk", ellipse(0, -0.38, 0.21, 0.21)),
    ]


@_kind
def _mushroom() -> list[Part]:
    return [
        (
            "tan",
            smooth([(-0.24, 0.0), (0.24, 0.0), (0.22, 0.5), (0.34, 0.92), (-0.34, 0.92), (-0.22, 0.5)]),
        ),
        ("main", polygon([*arc(0, 0.1, 0.95, 0.98, 180, 360), *arc(0, 0.1, 0.95, 0.16, 0, 180)])),
        ("white", ellipse(-0.1, -0.48, 0.19, 0.17)),
        ("white", ellipse(-0.52, -0.12, 0.14, 0.15)),
        ("white", ellipse(0.42, -0.2, 0.16, 0.16)),
    ]


@_kind
def _apple() -> list[Part]:
    body = [(0, -0.42), (0.42, -0.56), (0.86, -0.26), (0.84, 0.32), (0.45, 0.9), (0.0, 0.82)]
    return [
        ("wood", polygon([(-0.05, -0.4), (0.06, -0.4), (0.12, -0.86), (0.0, -0.86)])),
        ("leaf", ellipse(0.34, -0.76, 0.27, 0.13, -22)),
        ("main", smooth(body + [(-x, y) for x, y in body[-2:0:-1]])),
        ("light", ellipse(-0.46, -0.12, 0.12, 0.2, 20)),
    ]


@_kind
def _house() -> list[Part]:
    return [
        ("dark", box(0.38, -0.85, 0.58, -0.3)),
        ("main", box(-0.72, -0.15, 0.72, 0.92)),
        ("dark", polygon([(-0.98, -0.16), (0, -0.95), (0.98, -0.16)])),
        ("wood", box(-0.48, 0.38, -0.14, 0.92)),
        ("glass", box(0.14, 0.18, 0.52, 0.56)),
    ]


@_kind
def _mountain() -> list[Part]:
    cap = [(-0.15, -0.9), (0.145, -0.4), (0.0, -0.48), (-0.13, -0.32), (-0.27, -0.47), (-0.4, -0.4)]
    return [
        ("dark", polygon([(0.5, -0.35), (1.0, 0.75), (-0.1, 0.75)])),
        ("main", polygon([(-0.15, -0.9), (0.8, 0.75), (-1.0, 0.75)])),
        ("light", polygon(cap)),
    ]


@_kind
def _boat() -> list[Part]:
    return [
        ("wood", box(-0.1, -0.95, 0.02, 0.4)),
        ("main", polygon([(0.06, -0.9), (0.8, 0.3), (0.06, 0.3)])),
        ("light", polygon([(-0.14, -0.72), (-0.14, 0.3), (-0.68, 0.3)])),
        ("main", smooth([(-1.0, 0.34), (0, 0.36), (1.0, 0.34), (0.72, 0.86), (0, 0.94), (-0.72, 0.86)])),
    ]


@_kind
def _car() -> list[Part]:
    return [
        ("main", polygon([(-0.62, -0.02), (-0.38, -0.5), (0.3, -0.5), (0.62, -0.02)])),
        ("main", box(-0.98, -0.08, 0.98, 0.42, 0.16)),
        ("glass", polygon([(-0.46, -0.06), (-0.3, -0.38), (-0.06, -0.38), (-0.06, -0.06)])),
        ("glass", polygon([(0.05, -0.06), (0.05, -0.38), (0.24, -0.38), (0.45, -0.06)])),
        ("ink", ellipse(-0.52, 0.42, 0.24, 0.24)),
        ("ink", ellipse(0.52, 0.42, 0.24, 0.24)),
        ("glass", ellipse(-0.52, 0.42, 0.1, 0.1)),
        ("glass", ellipse(0.52, 0.42, 0.1, 0.1)),
    ]


@_kind
def _balloon() -> list[Part]:
    return [
        ("ink", polygon([(-0.04, 0.4), (0.04, 0.4), (0.08, 0.7), (0.04, 0.98), (-0.05, 0.98), (-0.01, 0.7)])),
        ("main", polygon([(0, 0.36), (0.12, 0.54), (-0.12, 0.54)])),
        (
            "main",
            smooth(
                [
                    (0, -0.98),
                    (0.52, -0.75),
                    (0.64, -0.3),
                    (0.38, 0.2),
                    (0, 0.44),
                    (-0.38, 0.2),
                    (-0.64, -0.3),
                    (-0.52, -0.75),
                ]
            ),
        ),
        ("light", ellipse(-0.28, -0.52, 0.1, 0.18, 25)),
    ]


@_kind
def _umbrella() -> list[Part]:
    scallops = [*arc(0.63, 0.05, 0.32, 0.14, 0, -180, 12), *arc(0, 0.05, 0.32, 0.14, 0, -180, 12)]
    scallops += arc(-0.63, 0.05, 0.32, 0.14, 0, -180, 12)
    hook = [*arc(0.17, 0.72, 0.245, 0.25, 180, 0, 12), *arc(0.17, 0.72, 0.095, 0.1, 0, 180, 12)]
    return [
        ("wood", box(-0.075, -0.95, 0.075, 0.72)),
        ("wood", polygon(hook)),
        ("main", polygon([*arc(0, 0.05, 0.95, 0.88, 180, 360), *scallops])),
        ("dark", polygon([*arc(0, 0.05, 0.32, 0.88, 180, 360), *arc(0, 0.05, 0.32, 0.14, 0, -180, 12)])),
    ]


@_kind
def _fish() -> list[Part]:
    return [
        ("dark", smooth([(-0.45, 0.0), (-0.98, -0.5), (-0.84, 0.0), (-0.98, 0.5)])),
        ("dark", smooth([(-0.3, -0.3), (0.05, -0.72), (0.4, -0.35)])),
        ("main", ellipse(0.2, 0, 0.76, 0.5)),
        ("dark", smooth([(0.0, 0.12), (0.22, 0.08), (-0.1, 0.36), (-0.22, 0.3)])),
        ("white", ellipse(0.6, -0.12, 0.13, 0.13)),
        ("ink", ellipse(0.63, -0.12, 0.075, 0.08)),
    ]


@_kind
def _bird() -> list[Part]:
    return [
        ("beak", box(-0.14, 0.6, -0.07, 0.98)),
        ("beak", box(0.12, 0.6, 0.19, 0.98)),
        ("dark", polygon([(-0.5, 0.05), (-1.0, -0.22), (-0.94, 0.12), (-0.55, 0.4)])),
        ("beak", polygon([(0.74, -0.52), (1.0, -0.36), (0.72, -0.24)])),
        ("main", ellipse(-0.02, 0.2, 0.66, 0.52)),
        ("main", ellipse(0.44, -0.4, 0.38, 0.38)),
        ("dark", smooth([(0.18, 0.0), (0.1, 0.36), (-0.42, 0.42), (-0.7, 0.2), (-0.3, 0.04)])),
        *_eye(0.54, -0.46, 0.09),
    ]


@_kind
def _cat() -> list[Part]:
    tail = [(0.4, 0.74), (0.78, 0.6), (0.76, 0.16), (0.96, 0.08), (1.0, 0.6), (0.74, 0.92), (0.36, 0.96)]
    return [
        ("main", smooth(tail)),
        (
            "main",
            smooth(
                [(0, -0.05), (0.4, 0.2), (0.52, 0.8), (0.4, 0.97), (-0.4, 0.97), (-0.52, 0.8), (-0.4, 0.2)]
            ),
        ),
        ("light", ellipse(0, 0.62, 0.2, 0.26)),
        ("main", polygon([(-0.54, -0.4), (-0.5, -1.0), (-0.05, -0.72)])),
        ("main", polygon([(0.54, -0.4), (0.5, -1.0), (0.05, -0.72)])),
        ("blush", polygon([(-0.44, -0.55), (-0.42, -0.83), (-0.2, -0.7)])),
        ("blush", polygon([(0.44, -0.55), (0.42, -0.83), (0.2, -0.7)])),
        ("main", ellipse(0, -0.34, 0.58, 0.46)),
        *_eye(-0.22, -0.4, 0.085),
        *_eye(0.22, -0.4, 0.085),
        ("blush", polygon([(-0.08, -0.24), (0.08, -0.24), (0, -0.15)])),
    ]


@_kind
def _fox() -> list[Part]:
    tail = [(0.3, 0.9), (0.6, 0.86), (0.66, 0.3), (0.92, -0.06), (1.02, 0.4), (0.92, 0.84), (0.6, 1.0)]
    return [
        ("main", smooth(tail)),
        ("white", smooth([(0.72, 0.16), (0.92, -0.06), (1.0, 0.24), (0.86, 0.3)])),
        (
            "main",
            smooth(
                [
                    (0, -0.1),
                    (0.34, 0.2),
                    (0.46, 0.82),
                    (0.34, 0.97),
                    (-0.34, 0.97),
                    (-0.46, 0.82),
                    (-0.34, 0.2),
                ]
            ),
        ),
        ("white", smooth([(0, 0.16), (0.2, 0.3), (0.1, 0.62), (0, 0.72), (-0.1, 0.62), (-0.2, 0.3)])),
        ("main", polygon([(-0.62, -0.36), (-0.64, -1.0), (-0.08, -0.66)])),
        ("main", polygon([(0.62, -0.36), (0.64, -1.0), (0.08, -0.66)])),
        ("ink", polygon([(-0.5, -0.6), (-0.56, -0.88), (-0.28, -0.68)])),
        ("ink", polygon([(0.5, -0.6), (0.56, -0.88), (0.28, -0.68)])),
        ("main", polygon([(-0.55, -0.66), (0.55, -0.66), (0.74, -0.28), (0, 0.24), (-0.74, -0.28)])),
        ("white", polygon([(-0.74, -0.28), (-0.28, -0.2), (0, 0.24)])),
        ("white", polygon([(0.74, -0.28), (0.28, -0.2), (0, 0.24)])),
        *_eye(-0.24, -0.36, 0.075),
        *_eye(0.24, -0.36, 0.075),
        ("ink", ellipse(0, 0.16, 0.1, 0.08)),
    ]


@_kind
def _rabbit() -> list[Part]:
    return [
        ("main", ellipse(-0.22, -0.64, 0.15, 0.36, -8)),
        ("main", ellipse(0.22, -0.64, 0.15, 0.36, 8)),
        ("blush", ellipse(-0.22, -0.64, 0.07, 0.25, -8)),
        ("blush", ellipse(0.22, -0.64, 0.07, 0.25, 8)),
        ("white", ellipse(0.5, 0.74, 0.16, 0.16)),
        ("main", ellipse(0, 0.56, 0.5, 0.42)),
        ("light", ellipse(0, 0.64, 0.25, 0.26)),
        ("main", ellipse(0, -0.1, 0.44, 0.38)),
        *_eye(-0.17, -0.15, 0.075),
        *_eye(0.17, -0.15, 0.075),
        ("blush", ellipse(0, 0.02, 0.07, 0.05)),
    ]


@_kind
def _butterfly() -> list[Part]:
    upper = [(0.06, -0.1), (0.3, -0.66), (0.78, -0.84), (0.98, -0.46), (0.7, 0.02), (0.3, 0.08)]
    lower = [(0.06, 0.06), (0.4, 0.04), (0.74, 0.26), (0.62, 0.72), (0.3, 0.66)]

    def mirror(points: Points) -> Points:
        return [(-x, y) for x, y in points]

    return [
        ("dark", smooth(lower)),
        ("dark", smooth(mirror(lower))),
        ("main", smooth(upper)),
        ("main", smooth(mirror(upper))),
        ("light", ellipse(0.62, -0.46, 0.16, 0.16)),
        ("light", ellipse(-0.62, -0.46, 0.16, 0.16)),
        ("ink", polygon([(0.0, -0.4), (0.2, -0.86), (0.25, -0.83), (0.05, -0.4)])),
        ("ink", polygon([(0.0, -0.4), (-0.2, -0.86), (-0.25, -0.83), (-0.05, -0.4)])),
        ("dark", ellipse(0, 0.02, 0.09, 0.52)),
    ]


@_kind
def _cactus() -> list[Part]:
    return [
        ("main", box(-0.9, -0.4, -0.54, 0.3, 0.18)),
        ("main", box(-0.9, -0.04, -0.1, 0.3, 0.17)),
        ("main", box(0.54, -0.62, 0.9, 0.1, 0.18)),
        ("main", box(0.1, -0.24, 0.9, 0.1, 0.17)),
        ("main", box(-0.28, -0.95, 0.28, 0.97, 0.27)),
        ("light", box(-0.08, -0.7, 0.08, 0.78, 0.08)),
    ]


@_kind
def _rocket() -> list[Part]:
    return [
        ("beak", smooth([(-0.2, 0.6), (0.2, 0.6), (0.12, 0.84), (0, 1.0), (-0.12, 0.84)])),
        ("dark", polygon([(-0.3, 0.1), (-0.68, 0.66), (-0.26, 0.6)])),
        ("dark", polygon([(0.3, 0.1), (0.68, 0.66), (0.26, 0.6)])),
        (
            "main",
            smooth(
                [
                    (0, -1.0),
                    (0.28, -0.6),
                    (0.38, 0.0),
                    (0.28, 0.62),
                    (-0.28, 0.62),
                    (-0.38, 0.0),
                    (-0.28, -0.6),
                ]
            ),
        ),
        ("white", ellipse(0, -0.2, 0.2, 0.2)),
        ("glass", ellipse(0, -0.2, 0.14, 0.14)),
    ]
