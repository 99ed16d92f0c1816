"""An independent eye: reads things, colours, kinds and counts off a picture by classical vision, no learning.

What smooth steps lead to from the border is background; each other island is a thing. Its colour is the named
colour most of it has; its kind is that of the drawing whose outline and painted parts cover it best.
"""

from collections import deque
from dataclasses import dataclass
from functools import cache
from random import Random

import numpy as np
from PIL import Image

from pocket.world.draw import draw
from pocket.world.scenes import COLOURS, KINDS, SIZES, Scene, Thing

SIDE = 128  # the shorter side of the picture while it is looked at, in pixels
SMOOTH = 3.5  # ΔE between neighbours that still counts as background going on
EDGE = 2  # pixels of a soft edge that count as background
NEAR = 30.0  # ΔE within which a pixel has a named colour
CELL = 32  # side of the square in which outlines are compared


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing: centre as fractions of the sides, area as a share of the picture, kind and its fit."""

    kind: str
    colour: str
    x: float
    y: float
    area: float
    fit: float


def look(picture: Image.Image, kinds: bool = True) -> list[Seen]:
    """The things in a picture, the largest first; without `kinds` that field stays empty, sooner."""
    lab = lab_of(picture)
    return [seen_as(lab, island, kinds) for island in islands_of(lab)]


def matches(picture: Image.Image, scene: Scene) -> dict[str, bool]:
    """Whether a picture shows the scene: `colour`, `kind`, `count` and, of two things, `relation`."""
    seen = look(picture)
    wanted = sum(t.count for t in scene.things)
    result = {"count": len(seen) == wanted, "colour": False, "kind": False}
    if len(scene.things) == 1:
        thing = scene.things[0]
        result["colour"] = bool(seen) and all(s.colour == thing.colour for s in seen[:wanted])
        result["kind"] = bool(seen) and all(s.kind == thing.kind for s in seen[:wanted])
        return result
    pair = sorted(
        seen[:2], key=lambda s: (s.kind, s.colour) != (scene.things[0].kind, scene.things[0].colour)
    )
    both = list(zip(pair, scene.things, strict=False))
    result["colour"] = len(both) == 2 and all(s.colour == t.colour for s, t in both)
    result["kind"] = len(both) == 2 and all(s.kind == t.kind for s, t in both)
    result["relation"] = len(both) == 2 and _stands(pair[0], pair[1], scene.relation)
    return result


def lab_of(picture: Image.Image, scaled: bool = True) -> np.ndarray:
    """CIE L*a*b* (h, w, 3) of the picture at the judge's own size, or at its own."""
    return _lab(_scaled(picture) if scaled else np.asarray(picture.convert("RGB"), dtype=np.float32))


def mask_of_things(lab: np.ndarray) -> np.ndarray:
    """Where things stand (h, w) in what `lab_of` gave: all that is not background."""
    return ~_background(lab)


def _stands(first: Seen, second: Seen, relation: str | None) -> bool:
    if relation == "above":
        return first.y < second.y - 0.1
    if relation == "left":
        return first.x < second.x - 0.1
    return abs(first.x - second.x) > 0.1


def _scaled(picture: Image.Image) -> np.ndarray:
    scale = SIDE / min(picture.size)
    size = (round(picture.width * scale), round(picture.height * scale))
    return np.asarray(picture.convert("RGB").resize(size, Image.Resampling.BOX), dtype=np.float32)


def _lab(rgb: np.ndarray) -> np.ndarray:
    """sRGB bytes (..., 3) → CIE L*a*b* (D65)."""
    c = np.asarray(rgb, dtype=np.float32) / 255
    c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    m = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], dtype=np.float32
    )
    xyz = c @ m.T / np.array([0.9505, 1.0, 1.089], dtype=np.float32)
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)


@cache
def _named() -> tuple[tuple[str, ...], np.ndarray]:
    return tuple(COLOURS), _lab(np.array(list(COLOURS.values())))


def islands_of(lab: np.ndarray) -> list[np.ndarray]:
    """The masks (h, w) of the things in what `lab_of` gave, the largest first."""
    height, width = lab.shape[:2]
    things = []
    for island in _islands(~_background(lab)):
        if island.sum() >= 0.004 * height * width:
            things.append(island)
    things.sort(key=lambda i: -int(i.sum()))
    return [t for t in things if t.sum() >= 0.2 * things[0].sum()]


def _background(lab: np.ndarray) -> np.ndarray:
    """Pixels that can be reached from the border over flat ground, and the soft edges beside them.

    Soft edges are no way through: along a slanting edge colour goes over into colour in small steps.
    """
    height, width = lab.shape[:2]
    down = np.linalg.norm(lab[1:] - lab[:-1], axis=-1) < SMOOTH
    right = np.linalg.norm(lab[:, 1:] - lab[:, :-1], axis=-1) < SMOOTH
    flat = np.ones((height, width), bool)
    flat[1:] &= down
    flat[:-1] &= down
    flat[:, 1:] &= right
    flat[:, :-1] &= right
    found = np.zeros((height, width), bool)
    found[0], found[-1], found[:, 0], found[:, -1] = True, True, True, True
    before = 0
    while int(found.sum()) != before:
        before = int(found.sum())
        for _ in range(16):
            _spread(found, flat)
    bins = (np.round(lab / 4).astype(np.int64) + 128) @ np.array([1, 512, 512 * 512])
    found |= flat & np.isin(bins, np.unique(bins[found & flat]))  # ground shut in between things
    for _ in range(EDGE):
        _spread(found, ~flat)
    return found


def _spread(found: np.ndarray, where: np.ndarray) -> None:
    """One step to the four neighbours, in place."""
    step = np.zeros_like(found)
    step[1:] |= found[:-1]
    step[:-1] |= found[1:]
    step[:, 1:] |= found[:, :-1]
    step[:, :-1] |= found[:, 1:]
    found |= step & where


def _islands(mask: np.ndarray) -> list[np.ndarray]:
    """Connected parts of a mask, after thin bridges (one pixel) are cut."""
    solid = mask.copy()
    solid[1:] &= mask[:-1]
    solid[:, 1:] &= mask[:, :-1]
    height, width = mask.shape
    left = {(int(y), int(x)) for y, x in zip(*np.nonzero(solid), strict=True)}
    islands = []
    while left:
        start = left.pop()
        part, todo = [start], deque([start])
        while todo:
            y, x = todo.popleft()
            for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if near in left:
                    left.remove(near)
                    part.append(near)
                    todo.append(near)
        island = np.zeros((height, width), bool)
        ys, xs = np.array(part).T
        island[ys, xs] = True
        islands.append(island)
    return islands


def seen_as(lab: np.ndarray, island: np.ndarray, kinds: bool) -> Seen:
    """What one island is, in flat tones; without `kinds` that field stays empty."""
    names, tones = _named()
    ys, xs = np.nonzero(island)
    distance = np.linalg.norm(lab[ys, xs][:, None] - tones, axis=-1)
    votes = np.bincount(distance.argmin(1)[distance.min(1) < NEAR], minlength=len(names))
    colour = names[int(votes.argmax())]
    kind, fit = _kind(lab, island, colour) if kinds else ("", 0.0)
    height, width = island.shape
    return Seen(kind, colour, float(xs.mean()) / width, float(ys.mean()) / height, float(island.mean()), fit)


def _outline(lab: np.ndarray, island: np.ndarray, colour: str) -> np.ndarray:
    """The island around its centre, scaled to equal area: (2, 32, 32) outline and main-coloured part, 0…1."""
    ys, xs = np.nonzero(island)
    names, tones = _named()
    near = np.zeros_like(island)
    near[ys, xs] = np.linalg.norm(lab[ys, xs][:, None] - tones, axis=-1).argmin(-1) == names.index(colour)
    x, y, reach = xs.mean() + 0.5, ys.mean() + 0.5, 0.95 * float(np.sqrt(len(xs)))
    window = (x - reach, y - reach, x + reach, y + reach)
    layers = [
        np.asarray(
            Image.fromarray(mask.astype(np.uint8) * 255).transform(
                (CELL, CELL), Image.Transform.EXTENT, window, Image.Resampling.BILINEAR
            )
        )
        for mask in (island, near)
    ]
    return np.stack(layers).astype(np.float32) / 255


@cache
def _templates(colour: str) -> list[tuple[str, np.ndarray]]:
    """Every kind in a colour as the judge would see it, in all sizes and both ways round."""
    rng = Random(7)
    found = []
    for kind in KINDS:
        for size in SIZES:
            backdrop = "teal" if colour in ("purple", "pink", "grey") else "purple"
            picture = draw(Scene((Thing(kind, colour, 1, size),), "plain", backdrop), SIDE, SIDE, rng)
            lab = _lab(_scaled(picture))
            islands = sorted(_islands(~_background(lab)), key=lambda m: -int(m.sum()))
            if islands:
                outline = _outline(lab, islands[0], colour)
                found += [(kind, outline), (kind, outline[:, :, ::-1])]
    return found


def _kind(lab: np.ndarray, island: np.ndarray, colour: str) -> tuple[str, float]:
    layers = _outline(lab, island, colour)
    best, least = "", 9.0
    for kind, other in _templates(colour):
        far = float(np.abs(layers - other).mean())
        if far < least:
            best, least = kind, far
    return best, 1.0 - least
