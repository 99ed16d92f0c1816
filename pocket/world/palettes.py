"""The tones that a scene's surroundings may have, and which of them let its things stand out. Paints nothing.

Every setting and every plain background has a few palettes, so that the four pictures of a prompt differ at a
glance.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from pocket.world.scenes import COLOURS, Scene
from pocket.world.styles import Colour, mix, shade_of

NEAR = 30.0
"""ΔE (CIE 1976) between a thing and its ground below which a small model often loses the thing's outline."""
LOST = 10.0
"""ΔE between a thing's dark parts and its ground below which they are lost: a white house's roof in lilac."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Tones from above to below; `horizon` is where the ground begins, as a share of the height from above.

    The upper part goes from `top` to `bottom` at the horizon. `ground` lies below it, `near` before that.
    """

    top: Colour
    bottom: Colour
    horizon: float = 1.0
    ground: Colour | None = None
    near: Colour | None = None

    def tones(self) -> list[Colour]:
        """What a thing may stand before."""
        found = [self.top, self.bottom, mix(self.top, self.bottom, 0.5), self.ground, self.near]
        return [tone for tone in found if tone is not None]


SETTINGS: dict[str, tuple[Palette, ...]] = {
    "grass": (
        Palette((128, 192, 240), (172, 216, 246), 0.64, (168, 216, 106), (152, 206, 94)),
        Palette((246, 220, 170), (252, 236, 206), 0.54, (142, 200, 92), (120, 184, 80)),
        Palette((84, 146, 222), (140, 186, 238), 0.70, (126, 190, 84), (104, 172, 72)),
        Palette((198, 200, 224), (224, 226, 240), 0.58, (188, 226, 136), (168, 212, 112)),
        Palette((252, 196, 156), (255, 226, 196), 0.66, (172, 192, 92), (150, 170, 78)),
        Palette((146, 212, 214), (204, 236, 230), 0.50, (110, 176, 104), (92, 156, 88)),
    ),
    "snow": (
        Palette((126, 162, 206), (162, 190, 222), 0.64, (192, 209, 236)),
        Palette((222, 172, 188), (240, 206, 206), 0.54, (206, 204, 232)),
        Palette((72, 102, 164), (112, 142, 196), 0.70, (160, 182, 222)),
        Palette((142, 192, 200), (180, 214, 216), 0.58, (196, 222, 230)),
        Palette((170, 176, 188), (202, 206, 216), 0.66, (214, 220, 234)),
        Palette((126, 114, 182), (170, 158, 212), 0.50, (184, 182, 224)),
    ),
    "night": (
        Palette((34, 66, 122), (58, 100, 154), 0.74, (56, 74, 136)),
        Palette((62, 50, 122), (92, 74, 154), 0.64, (74, 62, 116)),
        Palette((24, 82, 104), (44, 116, 132), 0.70, (36, 84, 108)),
        Palette((70, 96, 150), (112, 136, 184), 0.58, (66, 80, 116)),
        Palette((18, 28, 64), (34, 52, 98), 0.66, (26, 34, 64)),
        Palette((104, 74, 130), (138, 104, 152), 0.70, (70, 54, 98)),
    ),
    "sunset": (
        Palette((250, 150, 112), (255, 214, 140), 0.72, (120, 80, 140)),
        Palette((230, 112, 140), (252, 186, 160), 0.62, (98, 72, 132)),
        Palette((252, 180, 88), (255, 226, 150), 0.68, (150, 96, 96)),
        Palette((150, 98, 168), (246, 162, 140), 0.56, (88, 62, 116)),
        Palette((206, 72, 72), (250, 150, 96), 0.66, (84, 52, 82)),
        Palette((146, 158, 206), (252, 196, 160), 0.60, (112, 92, 142)),
    ),
    "underwater": (
        Palette((112, 180, 244), (40, 96, 188), 0.88, (214, 196, 146)),
        Palette((112, 206, 214), (24, 120, 152), 0.82, (204, 200, 150)),
        Palette((66, 124, 208), (22, 58, 146), 0.90, (176, 168, 150)),
        Palette((152, 224, 200), (64, 164, 150), 0.80, (230, 208, 160)),
        Palette((120, 130, 226), (60, 62, 164), 0.86, (190, 176, 170)),
        Palette((44, 124, 114), (16, 66, 78), 0.84, (150, 160, 130)),
    ),
    "desert": (
        Palette((120, 184, 226), (218, 202, 162), 0.66, (232, 194, 124), (220, 178, 106)),
        Palette((246, 214, 170), (250, 230, 200), 0.54, (222, 150, 98), (206, 132, 82)),
        Palette((74, 142, 210), (166, 194, 214), 0.70, (240, 208, 144), (228, 192, 122)),
        Palette((200, 190, 218), (234, 216, 210), 0.58, (212, 176, 120), (196, 156, 100)),
        Palette((222, 230, 232), (244, 238, 222), 0.62, (238, 212, 150), (224, 194, 130)),
        Palette((146, 204, 194), (212, 222, 198), 0.50, (202, 156, 102), (186, 138, 88)),
    ),
    "sea": (
        Palette((150, 206, 240), (200, 230, 248), 0.62, (84, 156, 208), (66, 138, 194)),
        Palette((250, 224, 180), (252, 236, 210), 0.52, (70, 150, 176), (52, 128, 158)),
        Palette((88, 146, 218), (146, 190, 236), 0.68, (48, 116, 186), (36, 96, 164)),
        Palette((204, 208, 222), (226, 230, 238), 0.56, (110, 170, 188), (88, 148, 170)),
        Palette((130, 148, 166), (170, 184, 194), 0.60, (52, 96, 118), (40, 80, 102)),
        Palette((240, 188, 190), (250, 220, 206), 0.50, (86, 120, 182), (68, 102, 164)),
    ),
    "sky": (
        Palette((116, 184, 240), (166, 212, 246)),
        Palette((70, 130, 216), (124, 176, 238)),
        Palette((170, 172, 230), (236, 204, 218)),
        Palette((244, 206, 160), (160, 206, 238)),
        Palette((92, 188, 198), (170, 222, 222)),
        Palette((58, 90, 170), (130, 150, 206)),
    ),
    "space": (
        Palette((26, 18, 52), (52, 30, 88)),
        Palette((8, 10, 34), (20, 28, 70)),
        Palette((54, 18, 66), (100, 34, 96)),
        Palette((8, 34, 46), (16, 58, 68)),
        Palette((24, 38, 108), (48, 68, 148)),
        Palette((70, 14, 40), (112, 30, 62)),
    ),
    "forest": (
        Palette((178, 204, 166), (196, 212, 178), 0.70, (152, 164, 98), (132, 168, 118)),
        Palette((238, 220, 176), (246, 232, 200), 0.64, (182, 152, 98), (204, 168, 104)),
        Palette((110, 154, 128), (142, 178, 146), 0.74, (106, 128, 74), (76, 122, 92)),
        Palette((200, 214, 216), (220, 228, 224), 0.60, (172, 186, 142), (150, 182, 174)),
        Palette((118, 168, 176), (160, 196, 196), 0.68, (96, 130, 112), (72, 122, 122)),
        Palette((68, 104, 92), (98, 132, 114), 0.66, (70, 92, 62), (42, 78, 66)),
    ),
}
"""Palettes of each setting. In the forest `near` is the tone of the trees."""

_UNSAID: tuple[Palette, ...] = (
    Palette((244, 226, 190), (244, 226, 190)),
    Palette((150, 186, 224), (196, 216, 238)),
    Palette((212, 206, 196), (212, 206, 196), 0.72, (178, 168, 156)),
    Palette((222, 206, 232), (196, 172, 214)),
    Palette((200, 228, 204), (200, 228, 204), 0.70, (160, 200, 172)),
    Palette((236, 176, 158), (248, 210, 196)),
)
"""Plain backgrounds where a scene says none."""

_PLAIN: dict[str, Colour] = {"black": (48, 46, 56), "white": (246, 245, 241), "grey": (182, 186, 194)}
_WHITE = (255, 255, 255)


def backdrop_colour(name: str) -> Colour:
    """The softened tone that a plain background of this name has."""
    return _PLAIN.get(name) or mix(COLOURS[name], _WHITE, 0.52)


@cache
def _named(name: str) -> tuple[Palette, ...]:
    """The palettes of a named plain background: even, fading, and paler or deeper over a floor."""
    tone = backdrop_colour(name)
    if name == "white":
        dim = (214, 215, 222)
        return (
            Palette(tone, tone),
            Palette((224, 224, 226), (252, 252, 250)),
            Palette(tone, tone, 0.66, dim),
            Palette((252, 252, 250), dim),
            Palette((230, 234, 242), (230, 234, 242), 0.72, (252, 250, 244)),
        )
    if name == "black":
        return (
            Palette(tone, tone),
            Palette((26, 24, 34), (70, 68, 82)),
            Palette((24, 22, 30), (24, 22, 30), 0.70, (60, 58, 70)),
            Palette((68, 66, 80), (68, 66, 80), 0.66, (38, 36, 44)),
            Palette((74, 70, 86), (30, 28, 38)),
        )
    if name == "grey":
        deep, pale = (146, 150, 160), (206, 209, 216)
    else:
        deep, pale = mix(COLOURS[name], _WHITE, 0.24), mix(COLOURS[name], _WHITE, 0.72)
    return (
        Palette(tone, tone),
        Palette(pale, deep),
        Palette(deep, deep, 0.70, tone),
        Palette(pale, pale, 0.66, mix(tone, deep, 0.5)),
        Palette(deep, mix(tone, pale, 0.5)),
    )


def palettes(scene: Scene) -> tuple[Palette, ...]:
    """All palettes of a scene's surroundings, whatever stands before them."""
    if scene.setting != "plain":
        return SETTINGS[scene.setting]
    return _named(scene.backdrop) if scene.backdrop else _UNSAID


@cache
def _fitting(setting: str, backdrop: str | None, colours: tuple[str, ...]) -> tuple[int, ...]:
    them = palettes(Scene((), setting, backdrop))
    apart = [min((_apart(COLOURS[c], t) for c in colours for t in p.tones()), default=NEAR) for p in them]
    told = [all(_apart(shade_of(COLOURS[c]), t) >= LOST for c in colours for t in p.tones()) for p in them]
    fit = tuple(i for i, distance in enumerate(apart) if distance >= NEAR and told[i])
    best = max(range(len(them)), key=lambda i: (told[i], apart[i]))
    # Where hardly any stands out as it should, those that are as good as the first one are taken too.
    if len(fit) <= 1:
        fit = tuple(i for i in range(len(them)) if i == best or (told[i] and apart[i] >= apart[0]))
    return fit


def fitting(scene: Scene) -> tuple[int, ...]:
    """Which of the palettes let the scene's things stand out: their numbers, at least one."""
    return _fitting(scene.setting, scene.backdrop, tuple(t.colour for t in scene.things))


def palette_of(scene: Scene, layout: int) -> int:
    """The number of the palette that a layout of the scene has."""
    them = fitting(scene)
    return them[layout % len(them)]


@cache
def _apart(one: Colour, other: Colour) -> float:
    """ΔE (CIE 1976) of two sRGB colours."""
    return float(np.linalg.norm(_lab(one) - _lab(other)))


def _lab(colour: Colour) -> np.ndarray:
    """L*a*b* (3,) of an sRGB colour, D65."""
    c = np.array(colour, dtype=np.float64) / 255
    c = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    m = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = m @ c / np.array([0.9505, 1.0, 1.089])
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])
