"""Retexture: a control holds the structure as diffusers' own pipelines do, and its forwards are shared."""

import io
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from engine import ModelEntry, NoControl, Plan, Registry, drawing, plan_retexture
from engine.drawing import LoadedModel
from engine.errors import ModelUnavailable
from engine.pictures.decoding import to_png
from engine.pictures.edges import edges
from engine.planning.controls import Control, ControlEntry, Structure
from engine.process.program import Program
from engine.process.residents import control_shared, load_shared
from engine.process.settings import WorkerSettings
from engine.sharing.batching import Batcher, Task
from grammar.spec import GenerationSpec
from grammar.values import Part
from tests.engine import tiny
from tests.engine.tiny_controls import control
from tests.families.tiny import unets

FAMILIES = ("sd", "sdxl", "flux")
RED_HOUSE = GenerationSpec(parts=(Part("a red house"),), stylize=0)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[LoadedModel, Registry]]:
    """A family's tiny model with a tiny control, ready to share forwards."""

    @cache
    def made(family: str) -> tuple[LoadedModel, Registry]:
        folder = tmp_path_factory.mktemp(family)
        if family == "sd":
            unets.sd().save_pretrained(folder / "model")
        else:
            tiny.folder(family, folder / "model")
        entry = tiny.entry(family, folder / "model", steps=2)
        bare = drawing.load(entry, "cpu")
        controls = (control(family, bare.pipe, folder / "control"),)
        registry = Registry((entry,), controls=controls)
        program = Program(
            drawing.load,
            drawing.run,
            drawing.forward_mode,
            lambda model, latents: b"",
            lambda png, turn: None,  # type: ignore[arg-type, return-value]
            load_control=lambda plan, model: drawing.load_control(controls[0], None, model),
        )
        settings = WorkerSettings()
        model = load_shared(program, entry, "cpu", settings)
        plan = plan_retexture(RED_HOUSE, registry, (64, 64), model=entry.name, seed=1)
        model.controls[controls[0].name] = control_shared(program, plan, entry, model, "cpu", settings)
        return model, registry

    return made


def picture(size: int, shift: int = 0) -> bytes:
    made = Image.new("RGB", (size, size), "white")
    ImageDraw.Draw(made).ellipse((8 + shift, 8, size // 2 + shift, size // 2), fill="blue")
    return to_png(made)


def planned(registry: Registry, text: str, seed: int, **said: object) -> Plan:
    entry = registry.entries[0]
    spec = GenerationSpec(parts=(Part(text),), stylize=0)
    plan = plan_retexture(spec, registry, (entry.side, entry.side), model=entry.name, seed=seed, **said)  # type: ignore[arg-type]
    return replace(plan, seeds=plan.seeds[:1])


def pixels(pictures: list[Image.Image]) -> np.ndarray:
    return np.stack([np.asarray(each) for each in pictures]).astype(int)


def alone(model: LoadedModel, plan: Plan, data: bytes) -> np.ndarray:
    (made,), _ = together(model, [(plan, data)])
    return made


def together(model: LoadedModel, jobs: list[tuple[Plan, bytes]]) -> tuple[list[np.ndarray], Batcher]:
    batcher = Batcher()
    tasks = [
        Task(
            partial(drawing.run, model, plan, (data,), lambda *_: None),
            drawing.forward_mode(plan),
            partial(drawing.forward_mode(plan).applied, model),
        )
        for plan, data in jobs
    ]
    for task in tasks:
        task.resume()
    while open_ := [task for task in tasks if not task.dead and task.call is not None]:
        first = open_[0].call
        assert first is not None
        batcher.run([task.call for task in open_ if task.call is not None and task.call.key == first.key])
    errors = [task.error for task in tasks if task.error is not None]
    assert not errors, errors
    return [pixels(task.value) for task in tasks], batcher


@pytest.mark.parametrize("family", FAMILIES)
def test_pictures_are_equal_alone_and_in_company_and_forwards_are_shared(
    family: str, studio: Callable[[str], tuple[LoadedModel, Registry]]
) -> None:
    model, registry = studio(family)
    side = registry.entries[0].side
    plans = [
        planned(registry, "a red house", 1),
        planned(registry, "two foxes in snow", 2, strength=0.5),
        planned(registry, "grass", 3, strength=1.5),
    ]
    jobs = [(plan, picture(side, shift)) for plan, shift in zip(plans, (0, 10, 20), strict=True)]
    each = [alone(model, *job) for job in jobs]
    all_, batcher = together(model, jobs)
    for one, other in zip(each, all_, strict=True):
        assert np.array_equal(one, other)
    # Three jobs of two steps ask the control and the denoiser: in company as often as one job alone does.
    assert batcher.calls == 3 * batcher.forwards > 0


@pytest.mark.parametrize("family", FAMILIES)
def test_the_structure_and_its_strength_change_the_picture(
    family: str, studio: Callable[[str], tuple[LoadedModel, Registry]]
) -> None:
    model, registry = studio(family)
    side = registry.entries[0].side
    plan = planned(registry, "a red house", 1)
    here = alone(model, plan, picture(side))
    there = alone(model, plan, picture(side, 20))
    assert np.abs(here - there).max() > 0
    plain = alone(model, replace(plan, control=None), picture(side))
    apart = []
    for strength in (0.05, 1.0):
        assert plan.control is not None
        held = replace(plan, control=replace(plan.control, strength=strength))
        apart.append(np.abs(alone(model, held, picture(side)) - plain).mean())
    assert apart[0] < apart[1]


@pytest.mark.parametrize(
    ("family", "stock"),
    [("sd", "StableDiffusionControlNetPipeline"), ("sdxl", "StableDiffusionXLControlNetPipeline")],
)
def test_the_picture_is_that_of_the_stock_pipeline(
    family: str, stock: str, studio: Callable[[str], tuple[LoadedModel, Registry]], tmp_path: Path
) -> None:
    model, registry = studio(family)
    entry, side = registry.entries[0], registry.entries[0].side
    plan = planned(registry, "a red house", 5, strength=0.7)
    mine = alone(model, plan, picture(side))
    assert entry.folder is not None
    assert registry.controls[0].folder is not None
    beside = diffusers.ControlNetModel.from_pretrained(registry.controls[0].folder)
    pipe = getattr(diffusers, stock).from_pretrained(entry.folder, controlnet=beside)
    pipe.set_progress_bar_config(disable=True)
    pipe.vae.to(torch.float32)
    shown = edges(
        Image.open(io.BytesIO(picture(side))).resize((plan.width, plan.height), Image.Resampling.LANCZOS)
    )
    theirs = pipe(
        "a red house",
        image=shown,
        width=plan.width,
        height=plan.height,
        num_inference_steps=plan.steps,
        guidance_scale=plan.guidance,
        controlnet_conditioning_scale=0.7,
        generator=[torch.Generator().manual_seed(plan.seeds[0])],
    ).images
    assert np.abs(mine - pixels(theirs)).max() <= 1


def entry_of(**said: object) -> ModelEntry:
    return replace(Registry.load().get("pocket"), **said)  # type: ignore[arg-type]


def with_control(**said: object) -> Registry:
    one = replace(next(c for c in Registry.load().controls if c.name == "sd-1.5-canny"), **said)  # type: ignore[arg-type]
    return Registry((entry_of(),), controls=(one,))


def test_a_model_without_a_control_says_so_before_rendering() -> None:
    with pytest.raises(NoControl, match="Pocket has no control"):
        plan_retexture(RED_HOUSE, Registry((entry_of(),)), (256, 256))
    with pytest.raises(NoControl, match=r"cannot hold depth of a picture\. It can hold: edges"):
        plan_retexture(RED_HOUSE, with_control(models=()), (256, 256), structure=Structure.DEPTH)
    with pytest.raises(NoControl, match=r"ControlNet 1\.1 Canny is not on this machine"):
        plan_retexture(RED_HOUSE, with_control(models=()), (256, 256))


def test_a_control_of_depth_needs_a_model_that_sees_it(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "diffusion_pytorch_model.safetensors").write_bytes(b"")
    registry = with_control(models=(), folder=tmp_path, map="depth")
    with pytest.raises(NoControl, match="sees how far away things are"):
        plan_retexture(RED_HOUSE, registry, (256, 256))


def held_by(tmp_path: Path) -> Registry:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "diffusion_pytorch_model.safetensors").write_bytes(b"")
    return with_control(models=(), folder=tmp_path)


def test_the_plan_keeps_the_picture_s_proportion_and_tells_what_it_leaves_out(tmp_path: Path) -> None:
    spec = GenerationSpec(
        parts=(Part("a red house"),), aspect=(1, 1), tile=True, images=("https://a.b/c.png",)
    )
    plan = plan_retexture(spec, held_by(tmp_path), (3000, 2000), strength=0.6)
    assert (plan.width, plan.height) == (320, 208)
    assert plan.control == Control("sd-1.5-canny", 0.6)
    assert plan.strength is None
    assert not plan.tile
    assert {note.partition(":")[0] for note in plan.notes} >= {
        "Retexture starts from one picture",
        "Retexture keeps the picture's proportion",
        "What is retextured does not repeat",
    }
    assert Plan.from_dict(plan.to_dict()) == plan


def test_a_folder_that_holds_no_control_is_refused(
    tmp_path: Path, studio: Callable[[str], tuple[LoadedModel, Registry]]
) -> None:
    model, _ = studio("sd")
    (tmp_path / "config.json").write_text('{"_class_name": "UNet2DModel"}')
    (tmp_path / "diffusion_pytorch_model.safetensors").write_bytes(b"")
    entry = ControlEntry("no", "No control", "sd", str(tmp_path), "edges", folder=tmp_path)
    with pytest.raises(ModelUnavailable, match="is no control of a known kind"):
        drawing.load_control(entry, None, model)


def test_depth_maps_are_made_by_a_transformers_model(
    tmp_path: Path, studio: Callable[[str], tuple[LoadedModel, Registry]]
) -> None:
    model, registry = studio("sd")
    depth = tiny.depth(tmp_path)
    loaded = drawing.load_control(replace(registry.controls[0], map="depth"), depth, model)
    condition = loaded.condition(model, Image.linear_gradient("L").resize((128, 128)).convert("RGB"))
    assert condition.shape == (1, 3, 128, 128)
    assert 0.0 <= float(condition.min()) < 0.1 < 0.9 < float(condition.max()) <= 1.0


def test_scribbles_are_thick_edges_and_poses_are_taken_as_they_are(
    studio: Callable[[str], tuple[LoadedModel, Registry]],
) -> None:
    model, registry = studio("sd")
    square = Image.new("RGB", (128, 128), "white")
    ImageDraw.Draw(square).rectangle((40, 40, 90, 90), fill="black")

    def shown(kind: str) -> torch.Tensor:
        loaded = drawing.load_control(replace(registry.controls[0], map=kind), None, model)
        return loaded.condition(model, square)

    assert float(shown("scribble").sum()) > 3 * float(shown("edges").sum()) > 0
    assert torch.equal(shown("pose")[0, 0] > 0.5, torch.from_numpy(np.asarray(square)[..., 0] > 127))


def test_edges_are_thin_lines_where_colours_meet() -> None:
    square = Image.new("RGB", (64, 64), (250, 250, 250))
    ImageDraw.Draw(square).rectangle((16, 16, 47, 47), fill=(40, 90, 200))
    found = np.asarray(edges(square))[..., 0] > 0
    assert 110 <= found.sum() <= 140  # four sides of 32, one pixel wide
    assert not found[:14].any()
    assert not found[20:44, 20:44].any()
    assert not np.asarray(edges(Image.new("RGB", (64, 64), "red"))).any()


def test_a_faint_edge_counts_where_it_goes_on_from_a_steep_one() -> None:
    grey = np.full((40, 80, 3), 100, dtype=np.uint8)
    grey[20:, :40] = 160  # |dy| = 240: above the upper threshold
    grey[20:, 40:] = 130  # 120: between the two, at its corner too
    joined = np.asarray(edges(Image.fromarray(grey)))[..., 0]
    assert joined[:, 60].any()
    grey[:, :41] = 100
    apart = np.asarray(edges(Image.fromarray(grey)))[..., 0]
    assert not apart[:, 60].any()


def test_unknown_maps_are_refused_by_the_list(tmp_path: Path) -> None:
    file = tmp_path / "list.toml"
    file.write_text(
        '[[control]]\nname = "x"\ntitle = "X"\nfamily = "sd"\nsource = "./x"\nmap = "smell"\n',
        encoding="utf-8",
    )
    with pytest.raises(Exception, match="`map` must be one of edges, scribble, depth, pose"):
        Registry.load(extra=file)
