"""References: drawn as diffusers draws them, many beside each other as if alone, and no trace afterwards."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline
from PIL import Image
from transformers import CLIPVisionModelWithProjection, SiglipVisionModel

from engine import Failed, Finished, Job, Lora, ModelUnavailable, Plan, Registry, drawing
from engine.drawing import LoadedModel, preview
from engine.pictures.decoding import load_input, to_png
from engine.planning.entries import Precision
from engine.planning.references import AdapterEntry, Reference
from engine.process.program import Program
from tests.engine import tiny, tiny_loras, tiny_references
from tests.engine.test_loras import Rendering, apart, short

PROGRAM = Program(
    drawing.load,
    drawing.run,
    drawing.forward_mode,
    preview.render,
    lambda png, turn: pytest.fail("nobody asks"),
    load_lora=drawing.load_adapter,
    adapters=drawing.of_plan,
    load_reference_adapter=drawing.load_reference_adapter,
)
FAMILIES = ("sd", "sdxl", "sd3", "flux")
RED, BLUE = tiny_references.picture(1), tiny_references.picture(2)


def after(plan: Plan, *references: Reference) -> Plan:
    return replace(plan, references=references)


def ref(adapter: str, weight: float = 1.0, role: str = "image", **said: Any) -> Reference:
    return Reference(role, adapter, weight, **said)


def bare(model: LoadedModel) -> Plan:
    """Two pictures of the words alone."""
    return replace(short(model), style="", style_weight=0.0)


@pytest.fixture(scope="module")
def adapters(
    model: Callable[[str], LoadedModel], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[AdapterEntry, ...]]:
    """Two adapters of a family: "plain", and "plus" with a resampler (FLUX has a second plain one)."""

    @cache
    def made(family: str) -> tuple[AdapterEntry, ...]:
        folder = tmp_path_factory.mktemp(f"{family}-adapters")
        encoder = tiny_references.siglip if family == "sd3" else tiny_references.encoder
        encoder(folder / "image_encoder")
        entries = []
        for seed, name in enumerate(("plain", "plus"), start=1):
            layout = "plain" if family == "flux" else name
            halves = tiny_references.halves(model(family), seed, layout)
            tiny_references.write(folder / f"{name}.safetensors", halves)
            entries.append(tiny_references.entry(model(family), name, folder))
        return tuple(entries)

    return made


def rendering(model: LoadedModel, adapters: tuple[AdapterEntry, ...], **said: Any) -> Rendering:
    return Rendering(Registry((model.entry,), adapters=adapters, **said), PROGRAM)


def alone(model: LoadedModel, adapters: tuple[AdapterEntry, ...], plan: Plan, *inputs: bytes) -> list[bytes]:
    return rendering(model, adapters).drawn(Job("alone", plan, "somebody", inputs=inputs))["alone"]


def by_diffusers(
    model: LoadedModel, entry: AdapterEntry, halves: dict[str, Any], plan: Plan, picture: bytes
) -> list[bytes]:
    """The same by the stock pipeline with its own loader, given what the encoder makes of the picture."""
    assert entry.folder is not None
    pipe = DiffusionPipeline.from_pretrained(str(model.entry.folder), dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    timed = model.entry.family == "sd3"
    kind = SiglipVisionModel if timed else CLIPVisionModelWithProjection
    encoder = kind.from_pretrained(entry.folder / "image_encoder")
    pipe.to(torch.float32)
    takes = inspect.signature(pipe.load_ip_adapter).parameters
    without = [name for name in takes if name.startswith("image_encoder") and "subfolder" not in name]
    without = [name for name in without if "dtype" not in name]
    said = {"subfolder": ""} if "subfolder" in takes else {}
    pipe.load_ip_adapter(halves, weight_name="", **said, **dict.fromkeys(without))
    pipe.set_ip_adapter_scale(plan.references[0].weight)
    side = tiny_references.SIDE
    small = np.array(load_input(picture).resize((side, side), Image.Resampling.BICUBIC), dtype=np.float32)
    mean, std = np.array([0.48145466, 0.4578275, 0.40821073]), np.array([0.26862954, 0.26130258, 0.27577711])
    pixels = torch.from_numpy((small / 255 - mean) / std).float().movedim(-1, 0)[None]
    with torch.no_grad():
        if entry.name == "plus" or timed:
            shown, hidden = (
                encoder(each, output_hidden_states=True).hidden_states[-2]
                for each in (pixels, torch.zeros_like(pixels))
            )
        else:
            shown = encoder(pixels).image_embeds
            hidden = torch.zeros_like(shown)
        hidden = torch.zeros_like(shown) if timed else hidden
    given = shown[None] if model.entry.family == "flux" else torch.stack([hidden, shown])
    takes = inspect.signature(pipe.__call__).parameters
    said = {name: [given] for name in ("negative_ip_adapter_image_embeds",) if name in takes}
    made = pipe(
        **said,
        prompt=[plan.conditionings[0].text] * len(plan.seeds),
        ip_adapter_image_embeds=torch.cat([hidden, shown]) if timed else [given],
        num_inference_steps=plan.steps,
        guidance_scale=plan.guidance,
        width=plan.width,
        height=plan.height,
        generator=[torch.Generator("cpu").manual_seed(seed) for seed in plan.seeds],
    )
    return [to_png(picture) for picture in made.images]


class TestOne:
    @pytest.mark.parametrize(
        ("family", "name"),
        [
            ("sd", "plain"),
            ("sd", "plus"),
            ("sdxl", "plain"),
            ("sdxl", "plus"),
            ("sd3", "plain"),
            ("flux", "plain"),
        ],
    )
    def test_it_is_drawn_as_diffusers_draws_it(
        self,
        family: str,
        name: str,
        model: Callable[[str], LoadedModel],
        adapters: Callable[[str], tuple[AdapterEntry, ...]],
    ) -> None:
        entries, drawn_by = adapters(family), model(family)
        plan = after(bare(drawn_by), ref(name, 0.8))
        here = alone(drawn_by, entries, plan, RED)
        halves = tiny_references.halves(drawn_by, 1 + (name == "plus"), name)
        entry = next(each for each in entries if each.name == name)
        assert apart(here, by_diffusers(drawn_by, entry, halves, plan, RED)) < 0.3
        assert apart(here, alone(drawn_by, entries, bare(drawn_by))) > 2

    def test_it_shows_more_the_more_it_weighs(
        self, model: Callable[[str], LoadedModel], adapters: Callable[[str], tuple[AdapterEntry, ...]]
    ) -> None:
        sd, entries = model("sd"), adapters("sd")
        without = alone(sd, entries, bare(sd))
        moved = [
            apart(without, alone(sd, entries, after(bare(sd), ref("plain", weight)), RED))
            for weight in (0.05, 0.2, 0.6)
        ]
        assert 0 < moved[0] < moved[1] < moved[2]

    def test_another_picture_draws_another(
        self, model: Callable[[str], LoadedModel], adapters: Callable[[str], tuple[AdapterEntry, ...]]
    ) -> None:
        sd, entries = model("sd"), adapters("sd")
        plan = after(bare(sd), ref("plus"))
        assert apart(alone(sd, entries, plan, RED), alone(sd, entries, plan, BLUE)) > 1

    def test_a_role_acts_in_its_layers_alone(
        self, model: Callable[[str], LoadedModel], adapters: Callable[[str], tuple[AdapterEntry, ...]]
    ) -> None:
        sd, (plain, _) = model("sd"), adapters("sd")
        part = replace(plain, layers={"sref": ("up_blocks.1",)})
        nowhere = replace(plain, layers={"sref": ("no_such_block",)})
        style = after(bare(sd), ref("plain", role="sref"))
        found = {
            "all": alone(sd, (plain,), style, RED),
            "part": alone(sd, (part,), style, RED),
            "whole": alone(sd, (part,), after(bare(sd), ref("plain", role="sref", whole=True)), RED),
            "nowhere": alone(sd, (nowhere,), style, RED),
        }
        without = alone(sd, (plain,), bare(sd))
        assert found["nowhere"] == without
        assert found["whole"] == found["all"]
        assert apart(found["part"], without) > 0
        assert apart(found["part"], found["all"]) > 0

    def test_without_words_there_is_still_something_to_be_guided_to(
        self, model: Callable[[str], LoadedModel], adapters: Callable[[str], tuple[AdapterEntry, ...]]
    ) -> None:
        sd, entries = model("sd"), adapters("sd")
        silent = replace(bare(sd), conditionings=(replace(bare(sd).conditionings[0], text=""),))
        plan = after(silent, ref("plain"))
        firm = alone(sd, entries, replace(plan, guidance=6.0), RED)
        assert apart(firm, alone(sd, entries, replace(plan, guidance=1.0), RED)) > 1

    def test_a_file_of_pytorch_is_read_too(
        self, model: Callable[[str], LoadedModel], adapters: Callable[[str], tuple[AdapterEntry, ...]]
    ) -> None:
        sd, (plain, _) = model("sd"), adapters("sd")
        assert plain.folder is not None
        tiny_references.write(plain.folder / "plain.bin", tiny_references.halves(sd, 1))
        plan = after(bare(sd), ref("plain"))
        other = replace(plain, file="plain.bin")
        assert alone(sd, (plain,), plan, RED) == alone(sd, (other,), plan, RED)


class TestNumbers:
    def test_a_number_is_a_point_among_the_anchors_and_always_the_same(
        self, model: Callable[[str], LoadedModel], adapters: Callable[[str], tuple[AdapterEntry, ...]]
    ) -> None:
        from safetensors.torch import save_file

        sd, (plain, _) = model("sd"), adapters("sd")
        assert plain.folder is not None
        generator = torch.Generator().manual_seed(9)
        anchors = torch.randn(12, tiny_references.PROJECTED, generator=generator)
        save_file({"anchors": anchors}, plain.folder / "anchors.safetensors")
        entry = replace(plain, anchors="anchors.safetensors")
        one, again, other = (
            alone(sd, (entry,), after(bare(sd), ref("plain", role="sref", code=code)))
            for code in (762351716, 762351716, 8)
        )
        assert one == again
        assert apart(one, other) > 0.5
        assert apart(one, alone(sd, (entry,), bare(sd))) > 0.5


def six(model: LoadedModel) -> list[Job]:
    """Six users: other pictures, other adapters, several at once, other guidance, and one without any."""
    plan = short(model)
    return [
        Job("ada", after(plan, ref("plain")), "ada", inputs=(RED,)),
        Job("bob", after(replace(plan, steps=4, stop_step=4), ref("plain", 0.3)), "bob", inputs=(BLUE,)),
        Job("cid", after(replace(plan, seeds=(8, 9, 10)), ref("plus", 0.7)), "cid", inputs=(RED,)),
        Job(
            "dot",
            after(replace(plan, steps=2, stop_step=2), ref("plain", 0.4), ref("plus", 0.5, "sref")),
            "dot",
            inputs=(BLUE, RED),
        ),
        Job("eva", replace(plan, steps=5, stop_step=5), "eva"),
        Job("fay", after(replace(plan, guidance=1.0, seeds=(5,)), ref("plus")), "fay", inputs=(BLUE,)),
    ]


class TestMany:
    @pytest.mark.parametrize(
        ("family", "precision"), [*((family, "auto") for family in FAMILIES), ("sd", "bf16")]
    )
    def test_each_is_drawn_as_if_alone_and_forwards_are_shared(
        self,
        family: str,
        precision: Precision,
        model: Callable[[str], LoadedModel],
        adapters: Callable[[str], tuple[AdapterEntry, ...]],
    ) -> None:
        jobs = six(model(family))
        computing = replace(model(family), entry=replace(model(family).entry, precision=precision))
        renders = rendering(computing, adapters(family))
        renders.drawn(*(replace(job, id=f"before {job.id}") for job in jobs))  # all adapters are in memory
        batcher = renders.renderer.batcher
        forwards, calls = batcher.forwards, batcher.calls
        together = renders.drawn(*jobs)
        assert batcher.forwards - forwards < 0.75 * (batcher.calls - calls)
        assert together == {name: pngs for job in jobs for name, pngs in renders.drawn(job).items()}
        assert len({pngs[0] for pngs in together.values()}) == len(jobs)

    def test_families_that_draw_one_picture_a_call(
        self, model: Callable[[str], LoadedModel], adapters: Callable[[str], tuple[AdapterEntry, ...]]
    ) -> None:
        """As Kolors does: a job's pictures are tasks inside its own."""

        def load(entry: Any, device: str, *, fit: Any) -> LoadedModel:
            loaded = drawing.load(entry, device, fit=fit)
            loaded.family = replace(loaded.family, together=False)
            return loaded

        registry = Registry((model("sdxl").entry,), adapters=adapters("sdxl"))
        renders = Rendering(registry, replace(PROGRAM, load=load))
        jobs = [job for job in six(model("sdxl")) if job.id in ("ada", "cid", "eva")]
        together = renders.drawn(*jobs)
        assert together == {name: pngs for job in jobs for name, pngs in renders.drawn(job).items()}
        at_once = rendering(model("sdxl"), adapters("sdxl")).drawn(*jobs)
        assert all(apart(together[name], pngs) < 0.5 for name, pngs in at_once.items())

    def test_beside_loras_and_several_texts(
        self,
        model: Callable[[str], LoadedModel],
        adapters: Callable[[str], tuple[AdapterEntry, ...]],
        tmp_path: Path,
    ) -> None:
        sd = model("sd")
        ink = tiny_loras.entry(
            sd, "ink", tiny_loras.write(tmp_path / "ink.safetensors", tiny_loras.matrices(sd, 1))
        )
        texts = tiny.planned(sd, no=("snow",))
        several = replace(short(sd), conditionings=texts.conditionings)
        jobs = [
            Job("a", after(replace(short(sd), loras=(Lora("ink", 0.8),)), ref("plain")), "a", inputs=(RED,)),
            Job("b", after(several, ref("plus", 0.6)), "b", inputs=(BLUE,)),
            Job("c", replace(short(sd), loras=(Lora("ink", 0.5),)), "c"),
            Job("d", several, "d"),
        ]
        renders = rendering(sd, adapters("sd"), loras=(ink,))
        together = renders.drawn(*jobs)
        assert together == {name: pngs for job in jobs for name, pngs in renders.drawn(job).items()}
        plain = renders.drawn(Job("e", replace(jobs[0].plan, references=()), "e"))["e"]
        assert apart(plain, together["a"]) > 1

    def test_the_model_is_as_it_was(
        self, model: Callable[[str], LoadedModel], adapters: Callable[[str], tuple[AdapterEntry, ...]]
    ) -> None:
        sd = model("sd")
        renders = rendering(sd, adapters("sd"))
        before = renders.drawn(Job("first", short(sd), "x"))["first"]
        (loaded,) = renders.models
        kept = {name: each.clone() for name, each in loaded.pipe.unet.state_dict().items()}
        jobs = six(sd)
        for job in jobs:
            renders.renderer.submit(job)
        for _ in range(4):
            renders.turn()
        for job in jobs[::2]:
            renders.renderer.cancel(job.id)
        renders.until(*(job.id for job in jobs))
        now = loaded.pipe.unet.state_dict()
        assert now.keys() == kept.keys()
        assert all(torch.equal(each, kept[name]) for name, each in now.items())
        assert renders.drawn(Job("last", short(sd), "x"))["last"] == before


class TestWhatCannotBeHad:
    def told(self, model: LoadedModel, entry: AdapterEntry) -> str:
        with pytest.raises(ModelUnavailable) as caught:
            drawing.load_reference_adapter(entry, model)
        return str(caught.value)

    def test_each_is_told_apart(
        self,
        model: Callable[[str], LoadedModel],
        adapters: Callable[[str], tuple[AdapterEntry, ...]],
        tmp_path: Path,
    ) -> None:
        sd = model("sd")
        entry = tiny_references.entry(sd, "x", tmp_path)
        assert "not on this machine" in self.told(sd, entry)
        tiny_references.encoder(tmp_path / "image_encoder")
        (tmp_path / "x.safetensors").write_bytes(b"no")
        assert "could not be read" in self.told(sd, entry)
        halves = tiny_references.halves(sd, 1)
        halves["ip_adapter"].popitem()
        tiny_references.write(tmp_path / "x.safetensors", halves)
        assert "was not made for" in self.told(sd, entry)
        for other in ("sdxl", "flux"):
            tiny_references.write(tmp_path / "x.safetensors", tiny_references.halves(model(other), 1))
            assert "was not made for" in self.told(sd, entry)

    def test_its_jobs_fail_and_others_go_on(
        self, model: Callable[[str], LoadedModel], adapters: Callable[[str], tuple[AdapterEntry, ...]]
    ) -> None:
        sd, (plain, _) = model("sd"), adapters("sd")
        renders = rendering(sd, (plain, replace(plain, name="bad", title="Bad", file="none.safetensors")))
        for name, adapter in (("a", "plain"), ("b", "bad")):
            renders.renderer.submit(Job(name, after(short(sd), ref(adapter)), name, inputs=(RED,)))
        renders.renderer.submit(Job("c", after(short(sd), ref("plain")), "c"))
        renders.until("a", "b", "c")
        assert {name: type(event) for name, event in renders.finals.items()} == {
            "a": Finished,
            "b": Failed,
            "c": Failed,
        }
        assert "Bad is not on this machine" in str(renders.finals["b"])
        assert "is missing" in str(renders.finals["c"])
