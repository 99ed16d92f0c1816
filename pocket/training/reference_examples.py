"""What references teach: scenes to be drawn, the picture each refers to, and what the words leave to it.

For a *style* the words name things, and the reference shows how they are painted and where; for a *thing* the
words name surroundings, and the reference shows what is to be there. What both name, the words decide. Knows
nothing of networks.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import TypeAlias

import numpy as np

from pocket.model.references import seen
from pocket.training.latents import small_picture
from pocket.training.text import noisy_caption
from pocket.words.captions import kind_caption, place_caption
from pocket.world.draw import draw
from pocket.world.scenes import (
    COLOURS,
    RELATIONS,
    SIZES,
    SIZES_OF_PICTURES,
    STYLES,
    Scene,
    Thing,
    random_scene,
    visible,
)

_COLOURS = tuple(COLOURS)
_DIFFERS = 24  # levels of 255 from which on a pixel counts as another one: less is a trace of resampling


@dataclass(frozen=True, slots=True)
class Example:
    """A scene to be drawn, the scene whose picture is referred to, and what the words say of the first."""

    target: Scene
    reference: Scene
    said: Callable[[Random], str]
    whole: str


Maker: TypeAlias = Callable[[Random], Example]


def placed_like(scene: Scene, place: Scene) -> Scene:
    """The things of one scene in the surroundings and the style of another."""
    return replace(scene, setting=place.setting, backdrop=place.backdrop, style=place.style)


def shows(scene: Scene) -> bool:
    """Whether everything in the scene stands out."""
    return all(visible(t.colour, scene.setting, scene.backdrop, scene.style) for t in scene.things)


def any_place(rng: Random) -> Scene:
    """A scene of the mix, but more of them in a setting or a style that can be told."""
    scene = random_scene(rng)
    if scene.setting == "plain" and scene.backdrop is None:
        scene = replace(scene, backdrop=rng.choice(_COLOURS))
    if scene.style == "flat" and rng.random() < 0.5:
        scene = replace(scene, style=rng.choice(STYLES))
    return scene if shows(scene) else any_place(rng)


def style_example(rng: Random) -> Example:
    """The words name things; the reference shows others, painted and placed as these are to be."""
    target = any_place(rng)
    shown, words, share = target, replace(target, setting="plain", backdrop=None, style="flat"), rng.random()
    if share < 0.15:  # the words say where
        words, shown = replace(target, style="flat"), replace(any_place(rng), style=target.style)
    elif share < 0.25:  # or how it is painted
        words = replace(words, style=target.style)
        shown = replace(target, style=rng.choice(STYLES))
    reference = None
    while reference is None or not shows(reference):
        reference = placed_like(random_scene(rng), shown)
    return Example(target, reference, lambda chance: noisy_caption(words, chance, 0.08), "style")


def thing_example(rng: Random) -> Example:
    """The words name surroundings; the reference shows the thing that is to be there."""
    scene = any_place(rng)
    if rng.random() < 0.4:
        scene = replace(scene, style="flat")
    thing = replace(scene.things[0], count=1, size=rng.choices(SIZES, (1, 8, 1))[0])
    target = replace(scene, things=(thing,), relation=None)
    share, lines = rng.random(), replace(target, things=(replace(thing, size="medium"),))
    said: Callable[[Random], str]
    if share < 0.1 and len(scene.things) == 2:  # beside another thing, which the words name
        other = Thing(scene.things[1].kind, scene.things[1].colour)
        target = replace(
            target, things=(replace(thing, size="medium"), other), relation=rng.choice(RELATIONS)
        )
        words = replace(target, things=(other,), relation=None)
        said = lambda chance: noisy_caption(words, chance, 0.08)  # noqa: E731
    elif share < 0.3:
        said = lambda chance: kind_caption(lines, chance)  # noqa: E731
    elif share < 0.4:
        said = lambda chance: noisy_caption(lines, chance, 0.08)  # noqa: E731
    else:
        said = lambda chance: place_caption(lines, chance)  # noqa: E731
    reference = None
    while reference is None or not shows(reference):
        sized = replace(thing, size=rng.choices(SIZES, (1, 6, 2))[0])
        reference = replace(placed_like(target, any_place(rng)), things=(sized,), relation=None)
    return Example(target, reference, said, "thing")


def drawn(scene: Scene, width: int, height: int, layout: int, rng: Random) -> tuple[np.ndarray, np.ndarray]:
    """The small picture of a layout, and where in it (height, width) its things stand.

    That is where the same scene with its things in other colours differs.
    """
    recoloured = tuple(
        replace(thing, colour=rng.choice([c for c in _COLOURS if c != thing.colour]))
        for thing in scene.things
    )
    state = rng.getstate()
    picture = small_picture(scene, width, height, rng, layout)
    rng.setstate(state)
    other = small_picture(replace(scene, things=recoloured), width, height, rng, layout)
    return picture, np.abs(picture.astype(int) - other).max(-1) > _DIFFERS


def reference_picture(scene: Scene, rng: Random) -> np.ndarray:
    """The scene in a random proportion, as the encoder sees it (96, 96, 3)."""
    width, height = SIZES_OF_PICTURES[rng.choice(("1:1", "1:1", *SIZES_OF_PICTURES))]
    return seen(draw(scene, width, height, rng, fine=1 if rng.random() < 0.5 else 2))


MAKERS: dict[str, Maker] = {"style": style_example, "thing": thing_example}
