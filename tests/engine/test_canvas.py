"""Where a picture lies on its canvas: sizes that the model can draw, and nothing of the picture lost."""

import pytest

from engine import PARTS, Canvas, Direction, Margins, ModelEntry, NoRoom, Registry
from engine.planning.canvas import Box, extended, panned, parted, squared, zoomed

REGISTRY = Registry.load()
POCKET, LARGE = REGISTRY.get("pocket"), REGISTRY.get("sdxl")


def covered(parts: tuple[Box, ...]) -> list[tuple[int, int]]:
    return [
        (x, y)
        for box in parts
        for x in range(box.left, box.left + box.width)
        for y in range(box.top, box.top + box.height)
    ]


@pytest.mark.parametrize(("zoom", "side"), [(2.0, 512), (1.5, 683), (1.1, 931)])
def test_a_zoom_keeps_the_size_and_puts_the_picture_in_the_middle(zoom: float, side: int) -> None:
    width, height, canvas = zoomed(1024, 1024, zoom, (1024, 1024))
    assert (width, height) == (1024, 1024)
    assert canvas == Canvas(Box((1024 - side) // 2, (1024 - side) // 2, side, side))


def test_another_proportion_frames_the_whole_picture() -> None:
    assert zoomed(1024, 1024, 1.0, (1456, 816)) == (1456, 816, Canvas(Box(320, 0, 816, 816)))
    assert zoomed(1344, 896, 2.0, (1024, 1024)) == (1024, 1024, Canvas(Box(256, 341, 512, 341)))


def test_a_zoom_that_shows_nothing_new_is_refused() -> None:
    with pytest.raises(NoRoom, match="--zoom"):
        zoomed(1024, 1024, 1.0, (1024, 1024))


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        (Direction.LEFT, (384, 256, Canvas(Box(128, 0, 256, 256)))),
        (Direction.RIGHT, (384, 256, Canvas(Box(0, 0, 256, 256)))),
        (Direction.UP, (256, 384, Canvas(Box(0, 128, 256, 256)))),
        (Direction.DOWN, (256, 384, Canvas(Box(0, 0, 256, 256)))),
    ],
)
def test_a_pan_is_half_as_long_again_and_keeps_the_scale(direction: Direction, expected: object) -> None:
    assert panned(256, 256, direction, POCKET) == expected


@pytest.mark.parametrize("size", [(1344, 896), (896, 1344), (1472, 816), (1024, 1024)])
@pytest.mark.parametrize("direction", Direction)
def test_every_pan_is_a_size_that_the_model_takes(size: tuple[int, int], direction: Direction) -> None:
    width, height, canvas = panned(*size, direction, LARGE)
    assert width % LARGE.multiple == 0 == height % LARGE.multiple
    assert max(width / size[0], height / size[1]) == pytest.approx(1.5, rel=0.02)
    assert (canvas.picture.width, canvas.picture.height) == size


def test_midjourneys_own_pan() -> None:
    assert panned(1472, 816, Direction.LEFT, LARGE)[:2] == (2208, 816)


def test_a_pan_ends_where_the_model_does() -> None:
    with pytest.raises(NoRoom, match="3:1"):
        panned(576, 256, Direction.LEFT, POCKET)
    with pytest.raises(NoRoom, match="larger than 512 × 512"):
        panned(576, 384, Direction.UP, POCKET)


def test_a_square_is_as_wide_as_the_longer_side() -> None:
    assert squared(320, 208, POCKET) == (320, 320, Canvas(Box(0, 56, 320, 208)))
    assert squared(208, 320, POCKET) == (320, 320, Canvas(Box(56, 0, 208, 320)))
    with pytest.raises(NoRoom, match="square already"):
        squared(256, 256, POCKET)


@pytest.mark.parametrize("size", [(256, 256), (320, 208), (100, 101)])
def test_the_nine_parts_cover_the_picture_once(size: tuple[int, int]) -> None:
    _, _, canvas = parted(*size, frozenset(range(PARTS)))
    pixels = covered(canvas.parts)
    assert len(pixels) == len(set(pixels)) == size[0] * size[1]


def test_parts_are_in_reading_order() -> None:
    _, _, canvas = parted(300, 300, frozenset({2, 6}))
    assert canvas.parts == (Box(200, 0, 100, 100), Box(0, 200, 100, 100))


@pytest.mark.parametrize("parts", [set(), {9}, {-1, 3}])
def test_no_part_and_unknown_parts_are_no_region(parts: set[int]) -> None:
    with pytest.raises(ValueError, match="parts"):
        parted(256, 256, frozenset(parts))


@pytest.mark.parametrize(
    ("margins", "size", "picture"),
    [
        (Margins(left=0.5), (384, 256), Box(128, 0, 256, 256)),
        (Margins(right=0.5), (384, 256), Box(0, 0, 256, 256)),
        (Margins(0.25, 0.25, 0.25, 0.25), (384, 384), Box(64, 64, 256, 256)),
        (Margins(left=0.4), (368, 256), Box(112, 0, 256, 256)),
        (Margins(bottom=0.001), (256, 272), Box(0, 0, 256, 256)),
    ],
)
def test_a_canvas_goes_on_on_any_side_and_keeps_the_scale(
    margins: Margins, size: tuple[int, int], picture: Box
) -> None:
    assert extended(256, 256, margins, POCKET) == (*size, Canvas(picture))


@pytest.mark.parametrize("margins", [Margins(1, 1, 1, 1), Margins(2, 0.5, 1, 2), Margins(left=1.4, top=1.2)])
@pytest.mark.parametrize("size", [(256, 256), (320, 208), (192, 336)])
def test_a_canvas_too_large_for_the_model_holds_a_smaller_picture(
    margins: Margins, size: tuple[int, int]
) -> None:
    width, height, canvas = extended(*size, margins, POCKET)
    box = canvas.picture
    assert width * height <= 4 * POCKET.side**2
    assert width % POCKET.multiple == 0 == height % POCKET.multiple
    assert 0 <= box.left <= width - box.width
    assert 0 <= box.top <= height - box.height
    assert box.width / box.height == pytest.approx(size[0] / size[1], rel=0.02)
    assert box.width / width == pytest.approx(1 / (1 + margins.left + margins.right), rel=0.12)


def test_a_canvas_ends_where_the_model_does() -> None:
    with pytest.raises(NoRoom, match="longer than 3:1"):
        extended(256, 256, Margins(left=2.5), POCKET)


@pytest.mark.parametrize(
    ("margins", "size", "picture"),
    [
        (Margins(left=-0.25), (192, 256), Box(-64, 0, 256, 256)),
        (Margins(right=-0.25), (192, 256), Box(0, 0, 256, 256)),
        (Margins(left=-0.2), (208, 256), Box(-48, 0, 256, 256)),  # the next multiple is given back
        (Margins(left=-0.25, right=0.25), (256, 256), Box(-64, 0, 256, 256)),
        (Margins(top=-0.25, left=0.5), (384, 192), Box(128, -64, 256, 256)),
    ],
)
def test_a_side_that_lies_within_the_picture_cuts_it_and_keeps_the_scale(
    margins: Margins, size: tuple[int, int], picture: Box
) -> None:
    assert extended(256, 256, margins, POCKET) == (*size, Canvas(picture))


@pytest.mark.parametrize(
    ("margins", "size", "picture"),
    [
        (Margins(-0.25, -0.25, -0.25, -0.25), (176, 176), Box(-88, -88, 352, 352)),
        (Margins(left=-0.6), (112, 288), Box(-176, 0, 288, 288)),
    ],
)
def test_what_is_cut_small_is_enlarged(margins: Margins, size: tuple[int, int], picture: Box) -> None:
    assert extended(256, 256, margins, POCKET) == (*size, Canvas(picture))


@pytest.mark.parametrize("entry", [POCKET, LARGE], ids=lambda entry: entry.name)
@pytest.mark.parametrize("proportion", [(1.0, 1.0), (1.25, 0.8125), (0.75, 1.3125)])
@pytest.mark.parametrize(
    "margins",
    [
        Margins(-0.33, -0.21, -0.17, -0.4),
        Margins(-0.15, 0, -0.15, 0),
        Margins(-0.31, 0, 0.07, 0),
        Margins(-0.5, -0.5, 0.1, 0.2),
        Margins(-0.3, 0.4, 0.9, -0.1),
        Margins(0, -0.01, 0, -0.02),
        Margins(-0.4, -0.3, 3, 2),
    ],
)
def test_a_cut_canvas_has_bare_places_only_where_it_grows(
    margins: Margins, proportion: tuple[float, float], entry: ModelEntry
) -> None:
    wide, high = (round(each * entry.side / entry.multiple) * entry.multiple for each in proportion)
    width, height, canvas = extended(wide, high, margins, entry)
    box, step = canvas.picture, entry.multiple
    assert width % step == 0 == height % step
    assert width * height <= 4.3 * entry.side**2
    assert box.width / box.height == pytest.approx(wide / high, rel=0.02)
    for before, behind, left, length, size in (
        (margins.left, margins.right, box.left, box.width, width),
        (margins.top, margins.bottom, box.top, box.height, height),
    ):
        shown = min(left + length, size) - max(left, 0)
        assert shown > 0
        assert -left / length == pytest.approx(-before, abs=1.5 * step / size)
        if max(before, behind) <= 0 and width * height < 3 * entry.side**2:
            assert shown == size
        if before < 0:
            assert left <= 0
        if behind < 0:
            assert left + length >= size


@pytest.mark.parametrize(
    "margins", [Margins(left=-0.5, right=-0.4), Margins(top=-0.9), Margins(-1, 0, 20, 0)]
)
def test_something_of_the_picture_stays(margins: Margins) -> None:
    with pytest.raises(NoRoom, match="a fifth"):
        extended(256, 256, margins, POCKET)
