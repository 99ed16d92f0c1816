"""Edits of drawn pictures: a picture before and after, alike in all that was not named. Knows no words."""

from dataclasses import dataclass, replace
from random import Random

from PIL import Image

from pocket.world.cells import Cells
from pocket.world.draw import draw_placed
from pocket.world.layouts import Placed, arrange, layouts
from pocket.world.palettes import palette_of
from pocket.world.scenes import (
    COLOURS,
    KINDS,
    NATURAL,
    SETTINGS,
    STYLES,
    Scene,
    held_out,
    random_scene,
    visible,
)
from pocket.world.styles import tinted

LOCAL = ("recolour", "add", "remove", "replace", "grow", "shrink")  # what is done to things
ACTS = (*LOCAL, "setting", "backdrop", "style")
_SHARES = (18, 45, 12, 11, 40, 9, 12, 10, 12)  # many additions and growths find no room
PLACES = ("above", "below", "left", "right", "beside", "anywhere")  # of an added thing, seen from another
_GAP = 0.5  # cells between an added or grown thing and what stands near it, and the picture's edge
_ADDED = (3.0, 2.5, 2.0)  # radii in cells, the largest that finds room
_GROWN, _SHRUNK = 1.35, 0.6  # times the radius
_LEAST = 1.5  # cells; what is smaller cannot be told


@dataclass(frozen=True, slots=True)
class Stand:
    """A thing where it stands: centre and radius in cells."""

    kind: str
    colour: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True, slots=True)
class View:
    """A picture of the world, thing by thing. `seed` decides small chance, `palette` its tones."""

    stands: tuple[Stand, ...]
    setting: str
    backdrop: str | None
    style: str
    width: int
    height: int
    seed: int
    palette: int = 0

    @property
    def kinds(self) -> tuple[str, ...]:
        """Which kinds of things there are, each once."""
        return tuple(dict.fromkeys(s.kind for s in self.stands))

    def draw(self, fine: int = 3, part: int = 1) -> Image.Image:
        """The picture; in a `part` of its size each way, 4 where latents are read."""
        ground = Scene((), self.setting, self.backdrop, None, self.style)
        cells = Cells.of(self.width, self.height)
        placed = [
            Placed(
                s.kind,
                tinted(COLOURS[s.colour], Random(f"{self.seed}/{s.kind}/{s.colour}"), 5),
                s.x / cells.across,
                s.y / cells.down,
                s.radius / cells.short,
            )
            for s in self.stands
        ]
        size = (self.width // part, self.height // part)
        return draw_placed(ground, placed, *size, Random(self.seed), fine, self.palette)


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to change. `of` is the kind of the thing meant, None where it is the picture as a whole.

    `kind`, `colour`, `place`, `setting`, `backdrop`, `style` are what it becomes, where the act has them.
    """

    act: str
    of: str | None = None
    kind: str | None = None
    colour: str | None = None
    place: str | None = None
    setting: str | None = None
    backdrop: str | None = None
    style: str | None = None


def view_of(scene: Scene, width: int, height: int, rng: Random) -> View:
    """The scene in one of its layouts, thing by thing."""
    layout, cells = rng.randrange(layouts(scene, width, height)), Cells.of(width, height)
    placed = arrange(scene, width, height, rng, layout)
    names = [(t.kind, t.colour) for t in scene.things for _ in range(t.count)]
    stands = tuple(
        Stand(kind, colour, p.x * cells.across, p.y * cells.down, p.radius * cells.short)
        for (kind, colour), p in zip(names, placed, strict=True)
    )
    where = (scene.setting, scene.backdrop, scene.style)
    return View(stands, *where, width, height, rng.getrandbits(30), palette_of(scene, layout))


def random_view(rng: Random, width: int, height: int, train: bool = True) -> View:
    """A picture of the training mix; one in three has been edited before."""
    view = view_of(random_scene(rng, train), width, height, rng)
    while rng.random() < 0.33:
        view = edited(view, random_edit(view, rng, train))
    return view


def random_edit(view: View, rng: Random, train: bool = True) -> Edit:
    """An edit that the picture has room for and that can be seen."""
    while True:
        act = rng.choices(ACTS, _SHARES)[0]
        edit = _any(view, act, rng, train)
        if edit is None:
            continue
        after = _after(view, edit)
        if after is not None and _seen(after) and after != view:
            return edit


def edited(view: View, edit: Edit) -> View:
    """The picture afterwards; ValueError where the edit finds no room or no such thing."""
    after = _after(view, edit)
    if after is None:
        raise ValueError(f"no room for {edit}")
    return after


def _seen(view: View) -> bool:
    return all(visible(s.colour, view.setting, view.backdrop, view.style) for s in view.stands)


def _any(view: View, act: str, rng: Random, train: bool) -> Edit | None:
    of = rng.choice(view.kinds) if view.kinds else None
    colour = rng.choice(list(COLOURS))
    kind = rng.choice([k for k in KINDS if k not in view.kinds])
    if act == "setting":
        return Edit(act, setting=rng.choice(SETTINGS[1:]))
    if act == "backdrop":
        return Edit(act, backdrop=colour)
    if act == "style":
        return Edit(act, style=rng.choice(STYLES))
    if act == "add":
        if rng.random() < 0.2:
            colour = rng.choice(NATURAL[kind])
        known = train and held_out(kind, colour)
        place = rng.choices(PLACES, (3, 3, 3, 3, 2, 4))[0] if of else "anywhere"
        one = place == "anywhere"
        return None if known else Edit(act, None if one else of, kind, colour, place)
    if of is None:
        return None
    if act == "recolour":
        return None if train and held_out(of, colour) else Edit(act, of, colour=colour)
    if act == "replace":
        said = colour if rng.random() < 0.5 else None
        mine = next(s.colour for s in view.stands if s.kind == of)
        return None if train and held_out(kind, said or mine) else Edit(act, of, kind, said)
    return Edit(act, of)


def _after(view: View, edit: Edit) -> View | None:
    if edit.act == "setting":
        return replace(view, setting=edit.setting, backdrop=None)
    if edit.act == "backdrop":
        return replace(view, setting="plain", backdrop=edit.backdrop)
    if edit.act == "style":
        return replace(view, style=edit.style)
    if edit.act == "add":
        added = _room(view, edit)
        return None if added is None else replace(view, stands=(*view.stands, added))
    meant = [s for s in view.stands if s.kind == edit.of]
    others = [s for s in view.stands if s.kind != edit.of]
    if not meant:
        return None
    if edit.act == "remove":
        return replace(view, stands=tuple(others))
    if edit.act in ("grow", "shrink"):
        return _resized(view, edit, meant, others)
    changed = tuple(
        s if s.kind != edit.of else replace(s, kind=edit.kind or s.kind, colour=edit.colour or s.colour)
        for s in view.stands
    )
    return replace(view, stands=changed)


def _resized(view: View, edit: Edit, meant: list[Stand], others: list[Stand]) -> View | None:
    if len(meant) > 1:
        return None
    (one,) = meant
    times = _GROWN if edit.act == "grow" else _SHRUNK
    new = replace(one, radius=round(2 * times * one.radius) / 2)
    if new.radius < _LEAST or not _fits(view, new, others):
        return None
    return replace(view, stands=tuple(new if s is one else s for s in view.stands))


def _fits(view: View, new: Stand, others: list[Stand], edge: float = 0.2) -> bool:
    cells = Cells.of(view.width, view.height)
    reach = new.radius + edge
    inside = reach <= new.x <= cells.across - reach and reach <= new.y <= cells.down - reach
    return inside and all(
        max(abs(new.x - s.x), abs(new.y - s.y)) >= new.radius + s.radius + _GAP for s in others
    )


def _room(view: View, edit: Edit) -> Stand | None:
    """Where the added thing goes: the largest that fits, as near as may be to the place that was said."""
    assert edit.kind is not None
    assert edit.colour is not None
    meant = [s for s in view.stands if edit.of in (None, s.kind)]
    places = [edit.place] if edit.place in PLACES[:4] else ["right", "left"]
    if edit.place == "anywhere":
        places += ["above", "below"]
    if not meant:  # nothing is there yet: in the middle
        cells = Cells.of(view.width, view.height)
        return Stand(edit.kind, edit.colour, round(cells.across / 2), round(cells.down / 2), 4.0)
    left, right = min(s.x - s.radius for s in meant), max(s.x + s.radius for s in meant)
    top, bottom = min(s.y - s.radius for s in meant), max(s.y + s.radius for s in meant)
    middle = (round((left + right) / 2), round((top + bottom) / 2))
    for radius in _ADDED:
        for place in places:
            away = radius + _GAP
            for more in (1.0, 0.5, 0.0, 1.5):
                x, y = {
                    "above": (middle[0], int(top - away - more)),
                    "below": (middle[0], -int(-(bottom + away + more))),
                    "left": (int(left - away - more), middle[1]),
                    "right": (-int(-(right + away + more)), middle[1]),
                }[place or "right"]
                new = Stand(edit.kind, edit.colour, x, y, radius)
                if _fits(view, new, list(view.stands)):
                    return new
    return None
