"""Decoding in less memory than a picture takes: near to the whole, under the bound, and without a seam."""

import copy
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFilter
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from engine import Registry, drawing
from engine.drawing import sparing
from engine.drawing.latents import draws_films, from_pixels
from engine.drawing.seamless import wrapping_vae
from engine.drawing.sparing import sparing_vae
from engine.planning.memory import Fit, Needs, Placement
from tests.families.tiny import parts

SEAM = 1.2
"""How many times as large a step at the border of a tile may be as the steps beside it."""


class Peak(TorchDispatchMode):
    """The most bytes that tensors made inside it take at any one time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(made):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage())
        return made

    def _count(self, storage: Any) -> None:
        where, size = storage._cdata, storage.nbytes()
        if where in self._known:
            return
        self._known.add(where)
        self.now += size
        self.most = max(self.most, self.now)
        weakref.finalize(storage, self._gone, where, size)

    def _gone(self, where: int, size: int) -> None:
        self._known.discard(where)
        self.now -= size


def scene(side: int) -> Image.Image:
    """Large plain things on a sky that shades off: where a seam would be seen."""
    sky = Image.linear_gradient("L").resize((side, side))
    picture = Image.merge("RGB", (sky, sky.point(lambda v: 60 + v // 2), sky.point(lambda v: 255 - v // 3)))
    brush, part = ImageDraw.Draw(picture), side // 8
    brush.ellipse((part, part, 3 * part, 3 * part), fill="yellow")
    brush.ellipse((5 * part, 5 * part, 7 * part, 7 * part), fill="red")
    return picture.filter(ImageFilter.GaussianBlur(2))


def pixels(picture: Image.Image) -> torch.Tensor:
    """(1, 3, height, width) from −1 to 1."""
    return torch.from_numpy(np.asarray(picture, dtype=np.float32) / 127.5 - 1).movedim(-1, 0)[None]


def tiled(vae: nn.Module, times: float = 4.0) -> Any:
    """The autoencoder, for pictures ``times`` as large as its model's own, where there is room for tiles."""
    needs = Needs(decoding=1000, tile=1000)
    return sparing_vae(vae, Fit(Placement.WHOLE, 1000, needs), times)


def decoded(vae: Any, latents: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        picture: torch.Tensor = vae.decode(latents, return_dict=False)[0]
    return picture.clamp(-1, 1)


def steps(picture: torch.Tensor, axis: int) -> torch.Tensor:
    """How far neighbouring rows (axis 2) or columns (3) of a picture differ, a mean for each place from 1."""
    return picture.diff(dim=axis).abs().mean(dim=(0, 1, 5 - axis))


def seam(picture: torch.Tensor, border: int) -> float:
    """The step at a border, over the mean of the eight before it and after it; the larger of both axes."""
    ratios = []
    for axis in (2, 3):
        step = steps(picture, axis)
        beside = torch.cat([step[border - 9 : border - 1], step[border : border + 8]])
        ratios.append(float(step[border - 1] / beside.mean()))
    return max(ratios)


@pytest.fixture(scope="module")
def pocket() -> nn.Module:
    """The embedded model's autoencoder: a trained one, whose tiles are 256 pixels long."""
    vae: nn.Module = drawing.load(Registry.load().get("pocket"), "cpu").pipe.vae
    return vae


def test_a_picture_in_tiles_is_as_near_to_the_whole_as_diffusers_own_tiling(pocket: Any) -> None:
    with torch.no_grad():
        latents = from_pixels(pocket, pixels(scene(768)))
    whole, mine = decoded(pocket, latents), decoded(tiled(pocket), latents)
    stock = copy.copy(pocket)
    stock.use_tiling = True
    theirs = decoded(stock, latents)
    assert mine.shape == whole.shape
    assert 0 < float((mine - whole).abs().mean()) <= float((theirs - whole).abs().mean()) + 1e-6
    assert float((mine - whole).abs().mean()) < 3 / 127.5


def test_no_seam_is_seen_where_tiles_meet(pocket: Any) -> None:
    """Where a tile begins to count, half-way, and where it counts alone; cells have steps of their own."""
    with torch.no_grad():
        latents = from_pixels(pocket, pixels(scene(768)))
    whole, picture = decoded(pocket, latents), decoded(tiled(pocket), latents)
    for place in range(256, 512, 16):  # tiles of 512 begin at 0 and at 256
        assert seam(picture, place) <= max(SEAM, 1.05 * seam(whole, place)), place


def test_a_large_picture_stays_under_the_bound() -> None:
    """A megapixel, by a model whose own tile is one: as a whole it takes twice the bound and more."""
    vae = parts.vae(sample_size=1024)
    latents = torch.randn(1, 4, 128, 128, generator=torch.Generator().manual_seed(0))
    with Peak() as whole:
        decoded(vae, latents)
    each = 8 * 4 * 6  # channels, bytes, activations: what the engine reckons with for a pixel
    needs = Needs(decoding=each * 1024**2, tile=each * 512**2)
    room = needs.decoding // 2
    light: Any = sparing_vae(vae, Fit(Placement.WHOLE, room, needs), 1.0)
    with Peak() as apart:
        picture = decoded(light, latents)
    assert picture.shape == (1, 3, 1024, 1024)
    assert apart.most <= room < whole.most


@pytest.mark.parametrize("build", [parts.vae, parts.vae_flux2, parts.vae_dc, parts.vae_qwen])
def test_every_kind_of_autoencoder_that_can_decodes_in_tiles(build: Callable[[], Any]) -> None:
    vae = build()
    films = draws_films(vae)
    channels = next(c for c in (getattr(vae.config, n, None) for n in ("latent_channels", "z_dim")) if c)
    latents = torch.randn(1, channels, 96, 32, generator=torch.Generator().manual_seed(0))
    seen: list[int] = []
    vae.decoder.register_forward_pre_hook(lambda _, args: seen.append(max(args[0].shape[-2:])))
    given = latents[:, :, None] if films else latents
    whole = decoded(vae, given)
    assert seen == [96]
    picture = decoded(tiled(vae), given)
    assert picture.shape == whole.shape
    assert max(seen[1:]) <= 64
    assert float((picture - whole).abs().mean()) < 0.5 * float(whole.std())


def test_a_picture_that_repeats_does_so_in_tiles_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparing, "_TILE", 128)
    vae = parts.vae()
    latents = torch.randn(1, 4, 24, 24, generator=torch.Generator().manual_seed(0))
    whole = decoded(wrapping_vae(vae), latents)
    around, bordered = (decoded(tiled(each), latents) for each in (wrapping_vae(vae), vae))
    assert around.shape == whole.shape
    wrong, otherwise = ((each - whole)[..., :16, :].abs().mean() for each in (around, bordered))
    assert float(wrong) < 0.5 * float(otherwise)
