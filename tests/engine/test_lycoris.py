"""LoHa, LoKr and cores: each layer is given what their products would add to it, in any company."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from safetensors.torch import save_file
from torch import Tensor, nn

from engine import Job, LoraEntry, ModelUnavailable, Registry, drawing
from engine.drawing import LoadedModel
from engine.sharing.adapters import Adapter
from tests.engine import tiny_loras
from tests.engine.test_loras import Rendering, short, with_loras

RANK, ALPHA = 3, 1.5
STRENGTH = 0.5

Parts = dict[str, Tensor]


def drawn_numbers(*shape: int, seed: list[int]) -> Tensor:
    seed[0] += 1
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed[0]))


def loha(out: int, inside: tuple[int, ...], seed: list[int], rank: int = RANK) -> tuple[Parts, Tensor]:
    """The parts of a file, and what they come to by the paper's formula."""
    wide = math.prod(inside)
    sides = [drawn_numbers(out, rank, seed=seed), drawn_numbers(rank, wide, seed=seed) / wide**0.5]
    sides += [STRENGTH * drawn_numbers(out, rank, seed=seed), drawn_numbers(rank, wide, seed=seed)]
    a1, b1, a2, b2 = sides
    parts = dict(zip(("hada_w1_a", "hada_w1_b", "hada_w2_a", "hada_w2_b"), sides, strict=True))
    return parts, ALPHA / rank * ((a1 @ b1) * (a2 @ b2)).view(out, *inside)


def loha_of_high_rank(out: int, inside: tuple[int, ...], seed: list[int]) -> tuple[Parts, Tensor]:
    return loha(out, inside, seed, rank=12)


def around(core: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """A core between two matrices, each of its sides summed over one of its first two dimensions."""
    return torch.tensordot(left, torch.tensordot(core, right, dims=([1], [0])).movedim(-1, 1), ([0], [0]))


def loha_with_cores(out: int, inside: tuple[int, ...], seed: list[int]) -> tuple[Parts, Tensor]:
    if len(inside) == 1 or inside[-1] == 1:
        return loha(out, inside, seed)
    parts: Parts = {}
    total = torch.tensor(ALPHA / RANK)
    for number in (1, 2):
        core = drawn_numbers(RANK, RANK, *inside[1:], seed=seed) / math.prod(inside[1:]) ** 0.25
        left, right = drawn_numbers(RANK, out, seed=seed), drawn_numbers(RANK, inside[0], seed=seed)
        left, right = STRENGTH**0.5 * left, right / (RANK * inside[0]) ** 0.25
        parts |= {f"hada_t{number}": core, f"hada_w{number}_a": left, f"hada_w{number}_b": right}
        total = total * around(core, left, right)
    return parts, total


def lokr(out: int, inside: tuple[int, ...], seed: list[int]) -> tuple[Parts, Tensor]:
    """Both sides whole: there is no rank, and no scale."""
    a, b = (4 if side % 4 == 0 else 1 for side in (out, inside[0]))
    w1 = STRENGTH * drawn_numbers(a, b, seed=seed)
    w2 = drawn_numbers(out // a, inside[0] // b, *inside[1:], seed=seed) / math.prod(inside) ** 0.5
    return {"lokr_w1": w1, "lokr_w2": w2}, kron(w1, w2)


def kron(w1: Tensor, w2: Tensor) -> Tensor:
    return torch.kron(w1.view(*w1.shape, *[1] * (w2.dim() - 2)), w2)


def lokr_of_factors(out: int, inside: tuple[int, ...], seed: list[int]) -> tuple[Parts, Tensor]:
    a, b = (4 if side % 4 == 0 else 1 for side in (out, inside[0]))
    w1 = drawn_numbers(a, 2, seed=seed), drawn_numbers(2, b, seed=seed)
    wide = inside[0] // b
    left = STRENGTH * drawn_numbers(out // a, 2, seed=seed)
    right = drawn_numbers(2, wide * math.prod(inside[1:]), seed=seed) / math.prod(inside) ** 0.5
    parts = {"lokr_w1_a": w1[0], "lokr_w1_b": w1[1], "lokr_w2_a": left, "lokr_w2_b": right}
    return parts, ALPHA / 2 * kron(w1[0] @ w1[1], (left @ right).view(out // a, wide, *inside[1:]))


def lokr_with_core(out: int, inside: tuple[int, ...], seed: list[int]) -> tuple[Parts, Tensor]:
    if len(inside) == 1 or inside[-1] == 1:
        return lokr_of_factors(out, inside, seed)
    a, b = (4 if side % 4 == 0 else 1 for side in (out, inside[0]))
    w1, core = drawn_numbers(a, b, seed=seed), drawn_numbers(RANK, RANK, *inside[1:], seed=seed)
    left = STRENGTH * drawn_numbers(RANK, out // a, seed=seed)
    right = drawn_numbers(RANK, inside[0] // b, seed=seed) / math.prod(inside) ** 0.5
    parts = {"lokr_w1": w1, "lokr_t2": core, "lokr_w2_a": left, "lokr_w2_b": right}
    return parts, ALPHA / RANK * kron(w1, around(core, left, right))


def lora_with_core(out: int, inside: tuple[int, ...], seed: list[int]) -> tuple[Parts, Tensor]:
    kernel = inside[1:]
    planes = [1] * len(kernel)
    up = STRENGTH * drawn_numbers(out, RANK, *planes, seed=seed)
    if not kernel or kernel[-1] == 1:
        down = drawn_numbers(RANK, *inside, seed=seed) / inside[0] ** 0.5
        return {"lora_down.weight": down, "lora_up.weight": up}, (
            ALPHA / RANK * (up.flatten(1) @ down.flatten(1)).view(out, *inside)
        )
    down = drawn_numbers(RANK, inside[0], *planes, seed=seed) / math.prod(inside) ** 0.5
    core = drawn_numbers(RANK, RANK, *kernel, seed=seed)
    whole = torch.tensordot(
        up.flatten(1), torch.tensordot(core, down.flatten(1), ([1], [0])).movedim(-1, 1), ([1], [0])
    )
    return {"lora_down.weight": down, "lora_mid.weight": core, "lora_up.weight": up}, ALPHA / RANK * whole


KINDS = {
    each.__name__: each
    for each in (
        *(loha, loha_of_high_rank, loha_with_cores, lokr, lokr_of_factors, lokr_with_core, lora_with_core),
    )
}


def weight_of(layer: nn.Module) -> Tensor:
    assert isinstance(layer.weight, Tensor)
    return layer.weight


def written(
    model: LoadedModel, kind: str, path: Path, naming: str = "kohya", seed: int = 1
) -> tuple[LoraEntry, dict[tuple[str, str], Tensor]]:
    """A file of that kind for a model, and what each layer is to be given."""
    tensors: Parts = {}
    whole = {}
    counter = [1000 * seed]
    for component, name, layer in tiny_loras.layers(model):
        weight = weight_of(layer)
        parts, whole[component, name] = KINDS[kind](len(weight), tuple(weight.shape[1:]), counter)
        base = tiny_loras.NAMINGS[naming](component, name)[2].removesuffix(".alpha")
        tensors |= {f"{base}.{part}": value.contiguous() for part, value in parts.items()}
        tensors[f"{base}.alpha"] = torch.tensor(ALPHA)
    file = path / f"{kind}.safetensors"
    save_file(tensors, file)
    return tiny_loras.entry(model, kind, file), whole


def given_to(layer: nn.Module) -> Tensor:
    """What a layer may be given: two rows of it."""
    inside = weight_of(layer).shape[1]
    return drawn_numbers(2, inside, *((5, 5) if isinstance(layer, nn.Conv2d) else ()), seed=[9])


def added(layer: nn.Module, whole: Tensor, given: Tensor) -> Tensor:
    """What a layer with other weights, and no bias, makes of what it is given."""
    return layer._conv_forward(given, whole, None) if isinstance(layer, nn.Conv2d) else F.linear(given, whole)


def checked(adapter: Adapter, whole: Mapping[nn.Module, Tensor]) -> None:
    """That an adapter adds to each layer what these weights would."""
    assert adapter.layers.keys() == whole.keys()
    weights = torch.tensor([0.7, -1.3])
    for layer, low in adapter.layers.items():
        given = given_to(layer)
        wanted = added(layer, whole[layer], given) * weights.view(2, *[1] * (given.dim() - 1))
        assert torch.allclose(low.of(layer, given, weights), wanted, rtol=1e-3, atol=1e-4)
        output = torch.ones_like(wanted)
        low.add(layer, given, weights, output)
        assert torch.allclose(output, 1 + wanted, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("family", "naming"), [("sd", "kohya"), ("sdxl", "kohya"), ("sd3", "peft"), ("flux", "peft")]
)
def test_a_layer_is_given_what_the_product_would_add_to_its_weights(
    model: Callable[[str], LoadedModel], family: str, naming: str, tmp_path: Path
) -> None:
    each = model(family)
    layers = {(component, name): layer for component, name, layer in tiny_loras.layers(each)}
    for kind in KINDS:
        entry, whole = written(each, kind, tmp_path, naming)
        checked(drawing.load_adapter(entry, each), {layers[place]: delta for place, delta in whole.items()})


@pytest.mark.parametrize("kind", ["loha", "loha_of_high_rank", "lokr", "lokr of three rows"])
def test_flux_in_the_names_of_its_first_program(
    model: Callable[[str], LoadedModel], kind: str, tmp_path: Path
) -> None:
    """Queries, keys and values are one layer there, whose thirds need not end where a block ends."""
    flux = model("flux")
    if kind.startswith("lokr"):
        high = 3 if kind.endswith("rows") else 16
        w1, w2 = drawn_numbers(high, 4, seed=[5]), drawn_numbers(96 // high, 8, seed=[6])
        parts, delta = {"lokr_w1": w1, "lokr_w2": w2}, torch.kron(w1, w2)
    else:
        parts, delta = KINDS[kind](96, (32,), [5])
        parts["alpha"] = torch.tensor(ALPHA)
    base, file = "lora_unet_double_blocks_0_img_attn_qkv", tmp_path / "x.safetensors"
    save_file({f"{base}.{part}": value for part, value in parts.items()}, file)
    attention = flux.pipe.transformer.transformer_blocks[0].attn
    whole = dict(zip((attention.to_q, attention.to_k, attention.to_v), delta.split(32), strict=True))
    checked(drawing.load_adapter(tiny_loras.entry(flux, "x", file), flux), whole)


def test_sdxl_in_the_names_of_its_first_program(model: Callable[[str], LoadedModel], tmp_path: Path) -> None:
    sdxl = model("sdxl")
    name = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
    weight = weight_of(sdxl.pipe.unet.get_submodule(name))
    parts, whole = lokr_of_factors(len(weight), tuple(weight.shape[1:]), [3])
    base = "lora_unet_input_blocks_3_1_transformer_blocks_0_attn1_to_q"
    tensors = {f"{base}.{part}": value for part, value in parts.items()}
    save_file(tensors | {f"{base}.alpha": torch.tensor(ALPHA)}, tmp_path / "x.safetensors")
    adapter = drawing.load_adapter(tiny_loras.entry(sdxl, "x", tmp_path / "x.safetensors"), sdxl)
    checked(adapter, {sdxl.pipe.unet.get_submodule(name): whole})


def test_each_is_drawn_as_if_alone(model: Callable[[str], LoadedModel], tmp_path: Path) -> None:
    sd = model("sd")
    kinds = ("loha", "loha_of_high_rank", "lokr_with_core")
    entries = [written(sd, kind, tmp_path, seed=seed)[0] for seed, kind in enumerate(kinds, start=1)]
    plan = short(sd)
    jobs = [Job(kind, with_loras(plan, **{kind: 0.5 + 0.1 * n}), kind) for n, kind in enumerate(kinds)]
    jobs += [Job("two", with_loras(plan, loha=0.4, lokr_with_core=0.3), "two"), Job("none", plan, "none")]
    renders = Rendering(Registry((sd.entry,), loras=tuple(entries)))
    renders.drawn(*(replace(job, id=f"before {job.id}") for job in jobs))
    together = renders.drawn(*jobs)
    assert together == {name: pngs for job in jobs for name, pngs in renders.drawn(job).items()}
    assert len({pngs[0] for pngs in together.values()}) == len(jobs)


def test_what_is_no_product_of_the_models_size_is_refused(
    model: Callable[[str], LoadedModel], tmp_path: Path
) -> None:
    sd = model("sd")
    base = "lora_unet_mid_block_attentions_0_proj_in"
    good = {f"{base}.lokr_w1": torch.ones(4, 4), f"{base}.lokr_w2": torch.ones(40, 40, 1, 1)}
    hada = {f"{base}.hada_w{n}_{s}": torch.ones(*((160, 2), (2, 160))[s == "b"]) for n in "12" for s in "ab"}

    def told(tensors: Parts) -> str:
        save_file(tensors, tmp_path / "x.safetensors")
        with pytest.raises(ModelUnavailable) as caught:
            drawing.load_adapter(tiny_loras.entry(sd, "x", tmp_path / "x.safetensors"), sd)
        return str(caught.value)

    for tensors in (good, hada):
        save_file(tensors, tmp_path / "good.safetensors")
        drawing.load_adapter(tiny_loras.entry(sd, "x", tmp_path / "good.safetensors"), sd)
    for wrong in (
        {f"{base}.lokr_w1": torch.ones(4, 4)},
        good | {f"{base}.lokr_w1_a": torch.ones(4, 2)},
        good | {f"{base}.lokr_w2": torch.ones(0, 40, 1, 1)},
        hada | {f"{base}.hada_w1_a": torch.ones(160)},
        {f"{base}.hada_t1": torch.ones(2, 2, 1, 1)} | hada,
    ):
        assert "was not made for" in told(wrong)
    for unfit in (
        good | {f"{base}.lokr_w2": torch.ones(40, 41, 1, 1)},
        good | {f"{base}.lokr_w2": torch.ones(41, 40, 1, 1)},
        good | {f"{base}.lokr_w1": torch.full((4, 4), float("nan"))},
        hada | {f"{base}.hada_w1_b": torch.ones(2, 161)},
        hada | {f"{base}.hada_w2_a": torch.ones(161, 2)},
    ):
        assert "does not fit" in told(unfit)
