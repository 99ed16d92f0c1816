"""The judge's second eye: which setting and which style a picture shows, by classical vision, no learning.

Each is found by drawing: the setting (or style) whose drawings are most alike in a few plain measures.
"""

from functools import cache
from random import Random

import numpy as np
from PIL import Image, ImageFilter

from pocket.judging.judge import lab_of, mask_of_things
from pocket.world.draw import draw, draw_placed
from pocket.world.looks import LOOKS
from pocket.world.palettes import palettes
from pocket.world.scenes import COLOURS, SETTINGS, STYLES, Scene, Thing, visible

_ROWS, _COLUMNS = 8, 6  # parts of a picture whose mean colours are compared
_UNNAMED = 2.0  # ΔE
_DRAWN = 3  # drawings to a palette of a setting
_PAINTED = 12  # drawings to a style or look, in one layout after another
_SOFT = 1.5  # pixels: edges are compared as if both had been decoded, for a decoder's are never quite sharp
_EDGE, _FAINT, _MOST = 8.0, 3.0, 40.0  # ΔE between neighbours: an edge, what is none, and what counts no more
_SIZE = {"tall": (96, 144), "wide": (144, 96), "square": (128, 128)}


def setting_of(picture: Image.Image) -> tuple[str, str | None]:
    """The setting; of a plain one also the backdrop's colour name (None: a tone without a name)."""
    mine, weight = _ground(picture)

    def apart(other: np.ndarray) -> float:
        return float((np.linalg.norm(mine - other, axis=-1) * weight).sum() / weight.sum())

    distances = {name: min(map(apart, them)) for name, them in _grounds(_shape(picture)).items()}
    distances["plain"] += _UNNAMED  # a tone that has a name is called by it
    best = min(distances, key=lambda name: distances[name])
    setting, _, backdrop = best.partition("/")
    return setting, backdrop or None


def style_of(picture: Image.Image, scene: Scene) -> str:
    """The style in which the scene's drawings are most like the picture."""
    mine = _texture(picture)
    drawn = _textures(scene.things, scene.setting, scene.backdrop, scene.relation, _shape(picture))
    spread = np.maximum(np.std([t for them in drawn.values() for t in them], axis=0), 1e-3)
    return min(drawn, key=lambda style: min(float(np.abs((mine - t) / spread).mean()) for t in drawn[style]))


def texture_apart(one: Image.Image, other: Image.Image) -> float:
    """How differently two pictures are painted, in the measures that tell styles."""
    return float(np.abs(_texture(one) - _texture(other)).mean())


def look_of(picture: Image.Image, scene: Scene) -> str:
    """The same among the looks that the model does not know, and the plain style."""
    mine = _filled(picture)
    drawn = _lights(scene.things, scene.setting, scene.backdrop, scene.relation, _shape(picture))
    return min(drawn, key=lambda look: min(float(np.abs(mine - light).mean()) for light in drawn[look]))


def look_apart(one: Image.Image, other: Image.Image) -> float:
    """How unlike two pictures of the same scene are in their light, in ΔE."""
    return float(np.linalg.norm(_filled(one) - _filled(other), axis=-1).mean())


@cache
def _lights(
    things: tuple[Thing, ...], setting: str, backdrop: str | None, relation: str | None, shape: str
) -> dict[str, list[np.ndarray]]:
    rng = Random(17)
    return {
        look: [
            _filled(draw(Scene(things, setting, backdrop, relation, look), *_SIZE[shape], rng, layout=k))
            for k in range(_PAINTED)
        ]
        for look in ("flat", *LOOKS)
    }


def _shape(picture: Image.Image) -> str:
    ratio = picture.width / picture.height
    return "wide" if ratio > 1.15 else "tall" if ratio < 0.87 else "square"


def _ground(picture: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """Mean L*a*b* of the ground in each field (8, 6, 3), and how much of the field is ground (8, 6)."""
    lab = lab_of(picture)
    things = mask_of_things(lab)
    rows = np.array_split(np.arange(lab.shape[0]), _ROWS)
    columns = np.array_split(np.arange(lab.shape[1]), _COLUMNS)
    mean, share = np.zeros((_ROWS, _COLUMNS, 3)), np.zeros((_ROWS, _COLUMNS))
    for i, ys in enumerate(rows):
        for j, xs in enumerate(columns):
            ground = ~things[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1]
            share[i, j] = ground.mean()
            if ground.any():
                mean[i, j] = lab[ys[0] : ys[-1] + 1, xs[0] : xs[-1] + 1][ground].mean(0)
    return mean, share**2 + 1e-6


@cache
def _grounds(shape: str) -> dict[str, list[np.ndarray]]:
    """How every setting looks in all of its palettes, with nothing in it."""
    rng = Random(11)
    named = [Scene((), setting) for setting in SETTINGS[1:]]
    plain = [Scene((), "plain", colour) for colour in (*COLOURS, None)]
    found: dict[str, list[np.ndarray]] = {}
    for scene in (*named, *plain):
        name = scene.setting if scene.backdrop is None else f"{scene.setting}/{scene.backdrop}"
        found[name] = [
            _filled(draw_placed(scene, (), *_SIZE[shape], rng, palette=k))
            for k in range(len(palettes(scene)))
            for _ in range(_DRAWN)
        ]
    return found


def _filled(picture: Image.Image) -> np.ndarray:
    """The ground's fields, those behind the thing taken from the same row."""
    mean, weight = _ground(picture)
    row = (mean * weight[..., None]).sum(1, keepdims=True) / weight.sum(1)[:, None, None]
    return np.where(weight[..., None] > 0.2, mean, row)


def _texture(picture: Image.Image) -> np.ndarray:
    """Plain measures of how a picture is painted (12,); of its edges as seen a little out of focus."""
    scale = 256 / np.sqrt(picture.width * picture.height)
    size = (round(picture.width * scale / 16) * 16, round(picture.height * scale / 16) * 16)
    sized = picture.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    lab = lab_of(sized, scaled=False)
    soft = lab_of(sized.filter(ImageFilter.GaussianBlur(_SOFT)), scaled=False)
    down = np.linalg.norm(soft[1:] - soft[:-1], axis=-1)
    across = np.linalg.norm(soft[:, 1:] - soft[:, :-1], axis=-1)
    strong = np.minimum(down[:, :-1], _MOST).mean() + np.minimum(across[:-1], _MOST).mean()
    steep = (across > 2 * _EDGE).mean() / ((across > _EDGE / 2).mean() + 1e-4)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    return np.array(
        [
            *(lab.reshape(-1, 3).mean(0) / 20),
            *(lab.reshape(-1, 3).std(0) / 20),
            strong / 4,
            4 * _on_blocks(down, across),
            2 * steep,
            2 * (lab[..., 0] > 96).mean(),
            2 * (lab[..., 0] < 22).mean(),
            np.percentile(chroma, 95) / 40,
        ]
    )


def _on_blocks(down: np.ndarray, across: np.ndarray) -> float:
    """The share of all steps between neighbours that lies within a pixel of where blocks of eight meet."""
    steps = [np.where(each > _FAINT, np.minimum(each, _MOST), 0) for each in (down.T, across)]
    met = [each[:, np.isin(np.arange(each.shape[1]) % 8, (6, 7, 0))].sum() for each in steps]
    return float(sum(met) / (sum(each.sum() for each in steps) + 1e-4))


@cache
def _textures(
    things: tuple[Thing, ...], setting: str, backdrop: str | None, relation: str | None, shape: str
) -> dict[str, list[np.ndarray]]:
    rng = Random(13)
    return {
        style: [
            _texture(draw(Scene(things, setting, backdrop, relation, style), *_large(shape), rng, layout=k))
            for k in range(_PAINTED)
        ]
        for style in STYLES
        if all(visible(t.colour, setting, backdrop, style) for t in things)
    }


def _large(shape: str) -> tuple[int, int]:
    return {"wide": (320, 208), "tall": (208, 320), "square": (256, 256)}[shape]
