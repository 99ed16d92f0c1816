"""LoRAs: read in every naming, drawn as if merged into the model, and many beside each other as if alone."""

import io
import queue
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import nn

from engine import (
    Cancelled,
    Event,
    Failed,
    Finished,
    Job,
    Lora,
    LoraEntry,
    ModelUnavailable,
    Plan,
    Registry,
    drawing,
    is_final,
)
from engine.drawing import LoadedModel, preview
from engine.drawing.loras import load_adapter
from engine.files.recognise import recognise
from engine.planning.entries import Precision
from engine.process.background import Background, Inbox
from engine.process.program import Program
from engine.process.renderer import Renderer
from engine.process.resident_adapters import ResidentAdapters
from engine.process.wire import Happened, Report
from engine.sharing.adapters import LowRank
from tests.engine import tiny, tiny_loras
from tests.engine.tiny import planned
from tests.files import original

PROGRAM = Program(
    drawing.load,
    drawing.run,
    drawing.forward_mode,
    preview.render,
    lambda png: [],
    load_lora=drawing.load_adapter,
    adapters=drawing.of_plan,
)


def with_loras(plan: Plan, **weights: float) -> Plan:
    return replace(plan, loras=tuple(Lora(name, weights[name]) for name in sorted(weights)))


def alone(model: LoadedModel, plan: Plan, *entries: LoraEntry) -> list[bytes]:
    """The plan's pictures from a renderer in which nobody else draws."""
    renders = Rendering(Registry((model.entry,), loras=entries))
    return renders.drawn(Job("alone", plan, "somebody"))["alone"]


class Rendering:
    """A renderer of the real pipelines, and what it said at the end of each job."""

    def __init__(self, registry: Registry, program: Program = PROGRAM) -> None:
        self.models: list[LoadedModel] = []

        def load(entry: Any, device: str, *, fit: Any) -> LoadedModel:
            self.models.append(program.load(entry, device, fit=fit))
            return self.models[-1]

        self.reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self.renderer = Renderer(replace(program, load=load), registry, "cpu", self.reports.put)
        self.finals: dict[str, Event] = {}

    def until(self, *ids: str) -> None:
        while not set(ids) <= self.finals.keys():
            self.turn(wait=True)

    def turn(self, wait: bool = False) -> None:
        self.renderer.turn(wait=wait)
        while not self.reports.empty():
            report = self.reports.get()
            if isinstance(report, Happened) and is_final(report.event):
                assert report.event.job_id not in self.finals
                self.finals[report.event.job_id] = report.event

    def drawn(self, *jobs: Job) -> dict[str, list[bytes]]:
        for job in jobs:
            self.renderer.submit(job)
        self.until(*(job.id for job in jobs))
        found = {}
        for job in jobs:
            event = self.finals.pop(job.id)
            assert isinstance(event, Finished), event
            found[job.id] = [picture.png for picture in event.pictures]
        return found


def pixels(png: bytes) -> torch.Tensor:
    return torch.from_numpy(np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=np.float32))


def apart(one: Sequence[bytes], other: Sequence[bytes]) -> float:
    """The mean difference of some pictures' pixels, in levels."""
    return max(float((pixels(a) - pixels(b)).abs().mean()) for a, b in zip(one, other, strict=True))


def short(model: LoadedModel) -> Plan:
    """Two pictures in three steps, of which no level is a single cell."""
    plan, side = planned(model), 128 if model.entry.family == "sd" else tiny.SIDE
    return replace(plan, seeds=plan.seeds[:2], steps=3, stop_step=3, width=side, height=side)


class TestOne:
    def test_it_draws_as_if_it_were_part_of_the_model(self, each: LoadedModel, tmp_path: Path) -> None:
        pairs = tiny_loras.matrices(each, seed=1)
        assert {component for component, _ in pairs} >= {"text_encoder"}
        entry = tiny_loras.entry(each, "one", tiny_loras.write(tmp_path / "one.safetensors", pairs))
        plan = short(each)
        beside = alone(each, with_loras(plan, one=0.7), entry)
        changed = drawing.load(each.entry, "cpu")
        tiny_loras.merged(changed, pairs, 0.7)
        whole = Rendering(Registry((each.entry,)), replace(PROGRAM, load=lambda *_, **said: changed))
        (merged,) = whole.drawn(Job("m", plan, "m")).values()
        assert apart(beside, merged) < 0.5
        assert apart(beside, alone(each, plan)) > 2

    def test_it_meets_a_tiles_edges_as_the_model_does(
        self, model: Callable[[str], LoadedModel], tmp_path: Path
    ) -> None:
        sd = model("sd")
        pairs = tiny_loras.matrices(sd, seed=1)
        entry = tiny_loras.entry(sd, "one", tiny_loras.write(tmp_path / "one.safetensors", pairs))
        plan = replace(short(sd), tile=True)
        changed = drawing.load(sd.entry, "cpu")
        tiny_loras.merged(changed, pairs, 1.0)
        whole = Rendering(Registry((sd.entry,)), replace(PROGRAM, load=lambda *_, **said: changed))
        (merged,) = whole.drawn(Job("m", plan, "m")).values()
        assert apart(alone(sd, with_loras(plan, one=1.0), entry), merged) < 0.5

    def test_it_is_the_same_in_every_naming(self, each: LoadedModel, tmp_path: Path) -> None:
        pairs = tiny_loras.matrices(each, seed=1)
        found = []
        for naming in tiny_loras.NAMINGS:
            file = tiny_loras.write(tmp_path / f"{naming}.safetensors", pairs, naming)
            found.append(alone(each, with_loras(short(each), x=1.0), tiny_loras.entry(each, "x", file)))
        assert found[0] == found[1] == found[2]

    def test_sdxl_in_the_names_of_its_first_program(
        self, model: Callable[[str], LoadedModel], tmp_path: Path
    ) -> None:
        sdxl = model("sdxl")
        name = "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q"
        pairs = {k: v for k, v in tiny_loras.matrices(sdxl, seed=2).items() if k == ("unet", name)}
        own = tiny_loras.write(tmp_path / "own.safetensors", pairs)
        ((down, up),) = pairs.values()
        base = "lora_unet_input_blocks_3_1_transformer_blocks_0_attn1_to_q"
        first = tmp_path / "first.safetensors"
        alpha = torch.tensor(tiny_loras.ALPHA)
        save_file(
            {f"{base}.lora_down.weight": down, f"{base}.lora_up.weight": up, f"{base}.alpha": alpha}, first
        )
        plan = with_loras(short(sdxl), x=1.0)
        assert alone(sdxl, plan, tiny_loras.entry(sdxl, "x", own)) == alone(
            sdxl, plan, tiny_loras.entry(sdxl, "x", first)
        )

    def test_flux_in_the_names_of_its_first_program(
        self, model: Callable[[str], LoadedModel], tmp_path: Path
    ) -> None:
        flux = model("flux")
        generator = torch.Generator().manual_seed(4)
        base, file = "lora_unet_double_blocks_0_img_attn_qkv", tmp_path / "x.safetensors"
        down, up = torch.randn(4, 32, generator=generator), torch.randn(96, 4, generator=generator)
        save_file(
            {
                f"{base}.lora_down.weight": down,
                f"{base}.lora_up.weight": up,
                f"{base}.alpha": torch.tensor(4.0),
            },
            file,
        )
        pairs = {}
        for number, name in enumerate(("to_q", "to_k", "to_v")):
            part = up[32 * number : 32 * number + 32] * tiny_loras.RANK / tiny_loras.ALPHA
            pairs["transformer", f"transformer_blocks.0.attn.{name}"] = down.clone(), part
        own = tiny_loras.write(tmp_path / "own.safetensors", pairs)
        plan = with_loras(short(flux), x=1.0)
        first = alone(flux, plan, tiny_loras.entry(flux, "x", file))
        assert apart(first, alone(flux, plan, tiny_loras.entry(flux, "x", own))) < 0.1
        assert apart(first, alone(flux, short(flux))) > 1

    def test_flux_in_the_names_of_xlabs(self, model: Callable[[str], LoadedModel], tmp_path: Path) -> None:
        flux = model("flux")
        generator = torch.Generator().manual_seed(4)
        base, file = "double_blocks.0.processor.qkv_lora1", tmp_path / "x.safetensors"
        down, up = torch.randn(4, 32, generator=generator), torch.randn(96, 4, generator=generator)
        save_file({f"{base}.down.weight": down, f"{base}.up.weight": up}, file)
        layers = load_adapter(tiny_loras.entry(flux, "x", file), flux).layers
        attention = flux.pipe.transformer.transformer_blocks[0].attn
        for layer, rows in zip((attention.to_q, attention.to_k, attention.to_v), up.chunk(3), strict=True):
            low = layers.pop(layer)
            assert isinstance(low, LowRank)
            torch.testing.assert_close(low.up @ low.down, rows @ down)
        assert not layers

    @pytest.mark.parametrize("naming", ["lora_unet_{}.lora_{}.weight", "diffusion_model.{}.lora_{}.weight"])
    def test_sd3_in_the_names_of_its_first_program(
        self, model: Callable[[str], LoadedModel], tmp_path: Path, naming: str
    ) -> None:
        """One that is the model's own weights once more finds every layer with that layer's."""
        sd3, file, tensors = model("sd3"), tmp_path / "x.safetensors", {}
        sides = ("down", "up") if naming.startswith("lora") else ("A", "B")
        for name, weight in original.sd3(sd3.pipe.transformer).items():
            if name.endswith(".weight") and weight.dim() == 2:
                layer = name.removesuffix(".weight")
                layer = layer.replace(".", "_") if naming.startswith("lora") else layer
                tensors[naming.format(layer, sides[0])] = torch.eye(weight.shape[1])
                tensors[naming.format(layer, sides[1])] = weight.clone()
        save_file(tensors, file)
        assert recognise(file).families == ("sd3",)
        layers = load_adapter(tiny_loras.entry(sd3, "x", file), sd3).layers
        assert set(layers) == {each for each in sd3.pipe.transformer.modules() if isinstance(each, nn.Linear)}
        for linear, low in layers.items():
            assert isinstance(low, LowRank)
            torch.testing.assert_close(low.up @ low.down, linear.weight)

    def test_lycoris_names_layers_of_whatever_denoises(self, each: LoadedModel, tmp_path: Path) -> None:
        pairs, file = tiny_loras.matrices(each, seed=1, encoders=False), tmp_path / "x.safetensors"
        tensors = load_file(tiny_loras.write(file, pairs, "kohya"))
        save_file(
            {re.sub("^lora_(unet|transformer)_", "lycoris_", name): t for name, t in tensors.items()}, file
        )
        layers = load_adapter(tiny_loras.entry(each, "x", file), each).layers
        own = tiny_loras.entry(each, "x", tiny_loras.write(tmp_path / "own.safetensors", pairs))
        assert set(layers) == set(load_adapter(own, each).layers)

    def test_a_negative_weight_takes_away(self, model: Callable[[str], LoadedModel], tmp_path: Path) -> None:
        sd = model("sd")
        pairs = tiny_loras.matrices(sd, seed=1, strength=0.2)
        entry = tiny_loras.entry(sd, "x", tiny_loras.write(tmp_path / "x.safetensors", pairs))
        more, less = (alone(sd, with_loras(short(sd), x=weight), entry) for weight in (1.0, -1.0))
        assert apart(more, less) > apart(more, alone(sd, short(sd)))


class TestWhatIsNoLora:
    def of(self, model: LoadedModel, tmp_path: Path, tensors: dict[str, torch.Tensor] | bytes) -> str:
        """What a job is told whose LoRA is such a file."""
        file = tmp_path / "x.safetensors"
        if isinstance(tensors, bytes):
            file.write_bytes(tensors)
        else:
            save_file(tensors, file)
        with pytest.raises(ModelUnavailable) as caught:
            drawing.load_adapter(tiny_loras.entry(model, "x", file), model)
        return str(caught.value)

    def test_each_is_told_apart(self, model: Callable[[str], LoadedModel], tmp_path: Path) -> None:
        sd = model("sd")
        key = "unet.mid_block.attentions.0.proj_in"
        good = {f"{key}.lora_A.weight": torch.ones(2, 160, 1, 1), f"{key}.lora_B.weight": torch.ones(160, 2)}
        assert "could not be read" in self.of(sd, tmp_path, b"PK\x03\x04")
        assert "could not be read" in self.of(sd, tmp_path, b"")
        for wrong in (
            {"a": torch.ones(3)},
            {f"{key}.lora_A.weight": torch.ones(2, 160, 1, 1)},
            good | {"unet.nowhere.lora_A.weight": torch.ones(2, 3)},
            {f"{key}.hada_w1_a": torch.ones(2, 3)},
        ):
            assert "was not made for" in self.of(sd, tmp_path, wrong)
        for unfit in (
            good | {f"{key}.lora_B.weight": torch.ones(161, 2)},
            good | {f"{key}.lora_A.weight": torch.full((2, 160, 1, 1), float("nan"))},
        ):
            assert "does not fit" in self.of(sd, tmp_path, unfit)

    @pytest.mark.parametrize("family", ["sd", "flux"])
    @pytest.mark.parametrize("naming", ["kohya", "peft"])
    def test_a_dora_is_refused_by_its_name(
        self, model: Callable[[str], LoadedModel], tmp_path: Path, family: str, naming: str
    ) -> None:
        each = model(family)
        (place, pair), *_ = tiny_loras.matrices(each, seed=1).items()
        tensors = load_file(tiny_loras.write(tmp_path / "plain.safetensors", {place: pair}, naming))
        base = next(key for key in tensors if key.endswith(".alpha")).removesuffix(".alpha")
        for ending in ("dora_scale", "lora_magnitude_vector", "lora_magnitude_vector.default.weight"):
            dora = tensors | {f"{base}.{ending}": torch.ones(len(pair[1]))}
            assert "This is a DoRA" in self.of(each, tmp_path, dora)

    def test_its_jobs_fail_and_others_go_on(
        self, model: Callable[[str], LoadedModel], tmp_path: Path
    ) -> None:
        sd = model("sd")
        good = tiny_loras.write(tmp_path / "good.safetensors", tiny_loras.matrices(sd, seed=1))
        (tmp_path / "bad.safetensors").write_bytes(b"no")
        entries = [tiny_loras.entry(sd, name, tmp_path / f"{name}.safetensors") for name in ("good", "bad")]
        renders = Rendering(Registry((sd.entry,), loras=tuple(entries)))
        for name, loras in {"a": {"good": 1.0}, "b": {"bad": 1.0}, "c": {"gone": 1.0}, "d": {}}.items():
            renders.renderer.submit(Job(name, with_loras(short(sd), **loras), name))
        renders.until("a", "b", "c", "d")
        assert {name: type(event) for name, event in renders.finals.items()} == {
            "a": Finished,
            "b": Failed,
            "c": Failed,
            "d": Finished,
        }
        assert "bad" in str(renders.finals["b"])
        assert "gone" in str(renders.finals["c"])
        assert good.is_file()


@pytest.fixture(scope="module")
def three(
    model: Callable[[str], LoadedModel], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[LoraEntry, ...]]:
    """Three LoRAs of a family, the second without text encoders."""

    @cache
    def made(family: str) -> tuple[LoraEntry, ...]:
        path = tmp_path_factory.mktemp(family)
        entries = []
        for seed, name in enumerate(("ink", "mist", "rust"), start=1):
            pairs = tiny_loras.matrices(model(family), seed, encoders=name != "mist")
            file = tiny_loras.write(path / f"{name}.safetensors", pairs)
            entries.append(tiny_loras.entry(model(family), name, file))
        return tuple(entries)

    return made


def six(model: LoadedModel) -> list[Job]:
    """Six users: three LoRAs at different weights, two of them together, and one without."""
    plan = short(model)
    return [
        Job("ada", with_loras(plan, ink=1.0), "ada"),
        Job("bob", with_loras(replace(plan, steps=4, stop_step=4), ink=0.4), "bob"),
        Job("cid", with_loras(replace(plan, seeds=(8, 9, 10, 11)), mist=-1.0), "cid"),
        Job("dot", with_loras(replace(plan, steps=2, stop_step=2), rust=0.8, ink=0.5), "dot"),
        Job("eva", replace(plan, steps=5, stop_step=5), "eva"),
        Job("fay", with_loras(replace(plan, guidance=1.0, seeds=(5,)), rust=2.0), "fay"),
    ]


class TestMany:
    @pytest.mark.parametrize(
        ("family", "precision"),
        [("sd", "auto"), ("sdxl", "auto"), ("sd3", "auto"), ("flux", "auto"), ("sd", "bf16")],
    )
    def test_each_is_drawn_as_if_alone_and_forwards_are_shared(
        self,
        family: str,
        precision: Precision,
        model: Callable[[str], LoadedModel],
        three: Callable[[str], tuple[LoraEntry, ...]],
    ) -> None:
        jobs = six(model(family))
        entry = replace(model(family).entry, precision=precision)
        renders = Rendering(Registry((entry,), loras=three(family)))
        renders.drawn(*(replace(job, id=f"before {job.id}") for job in jobs))  # all LoRAs are in memory
        before = renders.renderer.batcher.forwards, renders.renderer.batcher.calls
        together = renders.drawn(*jobs)
        forwards, calls = (
            renders.renderer.batcher.forwards - before[0],
            renders.renderer.batcher.calls - before[1],
        )
        single = {name: pngs for job in jobs for name, pngs in renders.drawn(job).items()}
        assert together == single
        assert forwards < 0.75 * calls
        assert len({pngs[0] for pngs in together.values()}) == len(jobs)

    def test_the_model_is_as_it_was_after_all_that_can_happen(
        self, model: Callable[[str], LoadedModel], three: Callable[[str], tuple[LoraEntry, ...]]
    ) -> None:
        sd, chance = model("sd"), random.Random(5)
        unruly = {"raise": 0.0, "memory": 0.0}

        def run(model: Any, plan: Plan, inputs: Sequence[bytes], report: Any) -> list[Image.Image]:
            def told(step: int, steps: int, latents: Any) -> None:
                if chance.random() < unruly["raise"]:
                    raise RuntimeError("a bad step")
                report(step, steps, latents)

            return drawing.run(model, plan, inputs, told)

        renders = Rendering(Registry((sd.entry,), loras=three("sd")), replace(PROGRAM, run=run))
        plan = with_loras(short(sd), ink=1.0, rust=0.5)
        before = (
            renders.drawn(Job("first", short(sd), "x"), Job("second", plan, "y"))
            if not chance.seed(1)
            else {}
        )
        (loaded,) = renders.models
        kept = {k: v.clone() for k, v in loaded.pipe.unet.state_dict().items()}
        read = {k: v.clone() for k, v in loaded.pipe.text_encoder.state_dict().items()}
        hungry = loaded.pipe.unet.conv_in.register_forward_pre_hook(
            lambda *_: self.out_of_memory() if chance.random() < unruly["memory"] else None
        )
        unruly |= {"raise": 0.03, "memory": 0.03}
        names = [f"job {number}" for number in range(80)]
        for name in names:
            loras = {
                each: chance.uniform(-2, 2)
                for each in chance.sample(("ink", "mist", "rust"), chance.randint(0, 3))
            }
            steps, count = chance.randint(1, 3), chance.randint(1, 3)
            part = replace(short(sd), steps=steps, stop_step=steps, seeds=tuple(range(count)))
            renders.renderer.submit(Job(name, with_loras(part, **loras), name))
            going = [each for each in names[: names.index(name) + 1] if each not in renders.finals]
            if going and chance.random() < 0.15:
                renders.renderer.cancel(chance.choice(going))
            renders.turn()
        renders.until(*names)
        hungry.remove()
        unruly["raise"] = 0.0
        ended = [type(renders.finals[name]) for name in names]
        assert {Finished, Failed, Cancelled} <= set(ended)
        assert all(torch.equal(v, kept[k]) for k, v in loaded.pipe.unet.state_dict().items())
        assert all(torch.equal(v, read[k]) for k, v in loaded.pipe.text_encoder.state_dict().items())
        assert renders.drawn(Job("first", short(sd), "x"), Job("second", plan, "y")) == before

    @staticmethod
    def out_of_memory() -> None:
        raise torch.OutOfMemoryError("no room")

    def test_those_unused_longest_leave_memory(
        self, model: Callable[[str], LoadedModel], three: Callable[[str], tuple[LoraEntry, ...]]
    ) -> None:
        sd = drawing.load(model("sd").entry, "cpu")
        entries = {entry.name: entry for entry in three("sd")}
        inbox = Inbox()
        background = Background(inbox)
        size = drawing.load_adapter(entries["ink"], sd).size
        resident = ResidentAdapters(
            background,
            load=lambda name, model: drawing.load_adapter(entries[name], model),
            names=lambda plan: [lora.name for lora in plan.loras],
            place=lambda name: sd.loras,
            model=lambda name: sd,
            plans=lambda model: [with_loras(short(sd), ink=1.0)],
            failed=lambda *_: pytest.fail("all of them can be had"),
            room=2 * size,
        )
        for name in ("ink", "mist", "rust"):
            plan = with_loras(short(sd), **{name: 1.0})
            assert not resident.want(plan)
            inbox.hear(wait=True)
            assert resident.want(plan)
        background.close()
        assert list(sd.loras.adapters) == ["ink", "rust"]
