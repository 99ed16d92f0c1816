"""A device that is too small, simulated by a bound: what fits, how, and what is said of what does not."""

import functools
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from engine import (
    Event,
    Failed,
    Finished,
    Job,
    ModelEntry,
    ModelUnavailable,
    Registry,
    TooLarge,
    WorkerSettings,
    drawing,
    is_final,
    plan_imagine,
)
from engine.drawing import LoadedModel, preview, sparing
from engine.planning.measuring import listed, needs
from engine.planning.memory import Fit, Needs, Part, Placement, bytes_of, fitted
from engine.process.program import Program
from engine.process.renderer import Renderer
from engine.process.wire import Happened, Report
from grammar.spec import GenerationSpec
from grammar.values import Part as Words
from tests.engine import tiny

FAMILIES = ("sdxl", "flux")
NEEDS = functools.partial(needs, width=4)


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModelEntry]:
    """An entry of each family, in two steps."""
    made = {}
    for family in FAMILIES:
        folder = tiny.folder(family, tmp_path_factory.mktemp(family))
        made[family] = tiny.entry(family, folder, steps=2, style="", muses=(), oddities=())
    return made


class Device:
    """A renderer with ``memory`` bytes for the entries' models; each that was loaded is in ``loaded``.

    ``strike`` is called with a model and the rows of each of its forwards, and may raise.
    """

    def __init__(
        self,
        entries: dict[str, ModelEntry],
        memory: int | None = None,
        strike: Callable[[LoadedModel, int], None] = lambda model, rows: None,
        loading: Callable[[ModelEntry, Fit], None] = lambda entry, fit: None,
    ) -> None:
        self.reports: list[Report] = []
        self.loaded: list[LoadedModel] = []
        self.sizes: list[int] = []
        self.registry = Registry(tuple(entries.values()))

        def load(entry: ModelEntry, device: str, /, *, fit: Fit) -> LoadedModel:
            loading(entry, fit)
            model = drawing.load(entry, device, fit=fit)
            self.loaded.append(model)

            def before(module: nn.Module, args: Any, kwargs: Any) -> None:
                rows = len(kwargs["hidden_states"] if "hidden_states" in kwargs else args[0])
                self.sizes.append(rows)
                strike(model, rows)

            model.denoisers[0].register_forward_pre_hook(before, with_kwargs=True)
            return model

        def takes(entry: ModelEntry, precision: Any) -> Needs:
            return NEEDS(entry, precision or "fp32")

        program = Program(
            load, drawing.run, drawing.forward_mode, preview.render, lambda *_: None, needs=takes
        )  # type: ignore[arg-type]
        settings = WorkerSettings(memory=memory)
        self.renderer = Renderer(program, self.registry, "cpu", self.reports.append, settings=settings)

    def submit(self, job: str, family: str, words: str = "a red house", pictures: int = 1) -> None:
        spec = GenerationSpec(parts=(Words(words),), stylize=0)
        plan = plan_imagine(spec, self.registry, model=f"tiny-{family}", seed=3)
        self.renderer.submit(Job(job, replace(plan, seeds=plan.seeds[:pictures]), owner=job))

    def finish(self, *jobs: str) -> dict[str, Event]:
        while not set(jobs) <= self.finals().keys():
            self.renderer.turn(wait=True)
        return self.finals()

    def finals(self) -> dict[str, Event]:
        events = [report.event for report in self.reports if isinstance(report, Happened)]
        ended = [event for event in events if is_final(event)]
        assert len({event.job_id for event in ended}) == len(ended)
        return {event.job_id: event for event in ended}

    def draw(self, family: str, pictures: int = 1) -> list[np.ndarray]:
        self.submit("one", family, pictures=pictures)
        return pixels(self.finish("one")["one"])


@pytest.fixture
def device(entries: dict[str, ModelEntry]) -> Iterator[Callable[..., Device]]:
    """Makes a device with the entries; all are closed at the end."""
    made: list[Device] = []

    def make(**said: Any) -> Device:
        made.append(Device(entries, **said))
        return made[-1]

    yield make
    for each in made:
        each.renderer.close()


def pixels(event: Event) -> list[np.ndarray]:
    assert isinstance(event, Finished), event
    return [np.asarray(Image.open(io.BytesIO(picture.png)).convert("RGB")) for picture in event.pictures]


def same(some: list[np.ndarray], others: list[np.ndarray]) -> bool:
    return len(some) == len(others) and all(map(np.array_equal, some, others))


class TestWhatIsKnownBeforeLoading:
    @pytest.mark.parametrize("family", FAMILIES)
    @pytest.mark.parametrize(("precision", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
    def test_the_headers_tell_what_each_part_will_take(
        self, entries: dict[str, ModelEntry], family: str, precision: Any, dtype: torch.dtype
    ) -> None:
        told = {part.name: part.size for part in needs(entries[family], precision).parts}
        pipe = drawing.load(entries[family], "cpu", dtype).pipe
        for name, module in pipe.components.items():
            if isinstance(module, nn.Module):
                assert told.pop(name) == sum(weights.nbytes for weights in module.parameters())
        assert not told

    @pytest.mark.parametrize("family", FAMILIES)
    def test_fp8_takes_what_it_says_and_the_vae_stays(
        self, entries: dict[str, ModelEntry], family: str
    ) -> None:
        told = {part.name: part.size for part in needs(entries[family], "fp8").parts}
        pipe = drawing.load(entries[family], "cpu", torch.bfloat16, precision="fp8").pipe
        for name, size in told.items():
            taken = sum(weights.nbytes for weights in getattr(pipe, name).parameters())
            assert size == pytest.approx(taken, rel=0.05), name
        assert told["vae"] == {part.name: part.size for part in needs(entries[family], "bf16").parts}["vae"]

    def test_of_several_sets_of_weights_the_one_is_counted_that_is_loaded(
        self, entries: dict[str, ModelEntry], tmp_path: Path
    ) -> None:
        entry = entries["flux"]
        whole = needs(entry, "bf16").weights
        assert entry.folder is not None
        copied = tmp_path / "copied"
        for file in entry.folder.rglob("*"):
            place = copied / file.relative_to(entry.folder)
            if file.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(file.read_bytes())
        (other,) = (copied / "transformer").glob("*.safetensors")
        other.with_name("diffusion_pytorch_model.fp16.safetensors").write_bytes(other.read_bytes())
        assert needs(replace(entry, folder=copied), "bf16").weights == whole
        assert needs(replace(entry, folder=copied, variant="fp16"), "bf16").weights == whole

    def test_a_checkpoint_in_one_file_is_parted_by_its_names(
        self, entries: dict[str, ModelEntry], tmp_path: Path
    ) -> None:
        file = tmp_path / "one.safetensors"
        tensors = {
            "model.diffusion_model.input_blocks.0.0.weight": torch.zeros(8, 4, 3, 3),
            "first_stage_model.decoder.conv_in.weight": torch.zeros(16, 4, 3, 3),
            "conditioner.embedders.0.transformer.weight": torch.zeros(10, 10),
            "conditioner.embedders.1.model.weight": torch.zeros(20, 10),
        }
        save_file(tensors, file)
        entry = replace(entries["sdxl"], folder=file, configs="tiny", sibling=entries["sdxl"])
        told = {part.name: part.size for part in needs(entry, "fp32").parts if part.size}
        assert told["unet"] == 4 * 8 * 4 * 9
        assert told["vae"] == 4 * 16 * 4 * 9
        assert (told["text_encoder"], told["text_encoder_2"]) == (400, 800)

    def test_what_is_not_here_is_told_by_the_list(self) -> None:
        entry = Registry.load().get("flux-dev")
        assert needs(entry, "fp16") == listed(entry, "fp16")
        assert listed(entry, "nf4").weights < listed(entry, "fp8").weights < listed(entry, "fp16").weights
        assert listed(entry, "fp16").weights == pytest.approx(sum(entry.parameters) * 2e9)

    @pytest.mark.parametrize(
        ("text", "size"),
        [
            ("8GB", 8 * 10**9),
            ("7.5 gib", 7.5 * 2**30),
            ("900MB", 9 * 10**8),
            ("", None),
            ("0.5GB", 5 * 10**8),
        ],
    )
    def test_amounts_are_read_as_people_write_them(self, text: str, size: float | None) -> None:
        assert bytes_of(text) == size

    @pytest.mark.parametrize("text", ["8", "0GB", "GB", "eight GB", "-1GB"])
    def test_what_is_no_amount_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="amount"):
            bytes_of(text)


class TestHowItFits:
    PARTS = (Part("text_encoder", 40, 4), Part("unet", 100, 10), Part("vae", 5, 1, decodes=True))
    NEEDED = Needs(PARTS, drawing=20, decoding=60, tile=30)

    @pytest.mark.parametrize(
        ("room", "placement"),
        [
            (None, Placement.WHOLE),
            (205, Placement.WHOLE),
            (204, Placement.PARTS),
            (120, Placement.PARTS),
            (119, Placement.LAYERS),
            (35, Placement.LAYERS),
        ],
    )
    def test_it_lies_as_quickly_as_there_is_room(
        self, entries: dict[str, ModelEntry], room: int | None, placement: Placement
    ) -> None:
        assert fitted(entries["sdxl"], self.NEEDED, room).placement is placement

    def test_what_never_fits_is_told_with_the_next_thing_to_try(self, entries: dict[str, ModelEntry]) -> None:
        half = Needs((Part("unet", 10, 1),), drawing=10, decoding=10, tile=10)
        with pytest.raises(TooLarge, match=r"Tiny sdxl does not fit here: .*`EASEL_PRECISION` to `fp8`"):
            fitted(entries["sdxl"], self.NEEDED, 34, others=lambda: {"fp8": half, "nf4": self.NEEDED})
        with pytest.raises(TooLarge, match="Another model may: `easel models`"):
            fitted(entries["sdxl"], self.NEEDED, 34)

    def test_what_rests_must_find_room_in_main_memory(self, entries: dict[str, ModelEntry]) -> None:
        with pytest.raises(TooLarge, match="main memory"):
            fitted(entries["sdxl"], self.NEEDED, 150, main=100)
        assert fitted(entries["sdxl"], self.NEEDED, 205, main=100).placement is Placement.WHOLE


class TestASmallDevice:
    @pytest.mark.parametrize("family", FAMILIES)
    @pytest.mark.parametrize("placement", [Placement.PARTS, Placement.LAYERS])
    def test_a_model_that_fits_only_with_offload_draws_the_same_pictures(
        self,
        entries: dict[str, ModelEntry],
        device: Callable[..., Device],
        family: str,
        placement: Placement,
    ) -> None:
        large, needed = device(), NEEDS(entries[family], "fp32")
        bound = needed.at(placement)
        small = device(memory=bound)
        assert same(small.draw(family), large.draw(family))
        (model,) = small.loaded
        assert model.fit.placement is placement
        assert model.turns is not None
        assert 0 < model.turns.most <= bound < needed.at(Placement.WHOLE)

    def test_what_never_fits_says_so_and_nothing_is_loaded(
        self, entries: dict[str, ModelEntry], device: Callable[..., Device]
    ) -> None:
        large, small = (NEEDS(entries[family], "fp32").at(Placement.LAYERS) for family in FAMILIES)
        begun: list[str] = []
        here = device(
            memory=(large + small) // 2 if small < large else large - 1,
            loading=lambda entry, fit: begun.append(entry.name),
        )
        here.submit("mine", "sdxl")
        event = here.finish("mine")["mine"]
        assert isinstance(event, Failed)
        assert "Tiny sdxl does not fit here" in event.reason
        assert "may be used" in event.reason
        assert begun == []

    def test_two_models_that_fit_one_at_a_time_are_evicted_by_turns(
        self, entries: dict[str, ModelEntry], device: Callable[..., Device]
    ) -> None:
        most = max(NEEDS(entry, "fp32").at(Placement.WHOLE) for entry in entries.values())
        here = device(memory=most)
        for number, family in enumerate((*FAMILIES, *FAMILIES)):
            here.submit(f"{number}", family)
        finals = here.finish(*"0123")
        assert all(isinstance(event, Finished) for event in finals.values())
        assert same(pixels(finals["0"]), pixels(finals["2"]))
        assert same(pixels(finals["1"]), pixels(finals["3"]))
        assert len(here.renderer.residents) == 1
        roomy = device(memory=2 * most)
        for family in FAMILIES:
            roomy.submit(family, family)
        roomy.finish(*FAMILIES)
        assert len(roomy.renderer.residents) == 2


class TestRunningOut:
    def test_fewer_rows_are_tried_first(self, device: Callable[..., Device]) -> None:
        def strike(model: LoadedModel, rows: int) -> None:
            if rows > 2:
                raise torch.OutOfMemoryError("no room")

        here = device(memory=10**9, strike=strike)
        drawn = here.draw("flux", pictures=3)
        assert same(drawn, device().draw("flux", pictures=3))
        assert [model.fit.placement for model in here.loaded] == [Placement.WHOLE]

    def test_then_the_model_is_moved_apart_and_the_job_begins_anew(
        self, device: Callable[..., Device]
    ) -> None:
        def strike(model: LoadedModel, rows: int) -> None:
            if model.fit.placement is not Placement.LAYERS:
                raise torch.OutOfMemoryError("no room")

        here = device(memory=10**9, strike=strike)
        assert same(here.draw("flux"), device().draw("flux"))
        assert [model.fit.placement for model in here.loaded] == list(Placement)

    def test_then_it_fails_with_one_sentence_and_the_others_go_on(
        self, device: Callable[..., Device]
    ) -> None:
        def strike(model: LoadedModel, rows: int) -> None:
            if model.entry.family == "flux":
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

        here = device(memory=10**9, strike=strike)
        here.submit("mine", "flux")
        here.submit("yours", "sdxl")
        finals = here.finish("mine", "yours")
        event = finals["mine"]
        assert isinstance(event, Failed)
        assert "EASEL_PRECISION" in event.reason
        assert "CUDA" not in event.reason
        assert isinstance(finals["yours"], Finished)

    def test_while_loading_it_fails_the_jobs_of_that_model_only(self, device: Callable[..., Device]) -> None:
        tried: list[Placement] = []

        def loading(entry: ModelEntry, fit: Fit) -> None:
            if entry.family == "flux":
                tried.append(fit.placement)
                raise torch.OutOfMemoryError("no room")

        here = device(memory=10**9, loading=loading)
        here.submit("mine", "flux")
        here.submit("yours", "sdxl")
        finals = here.finish("mine", "yours")
        assert isinstance(finals["mine"], Failed)
        assert isinstance(finals["yours"], Finished)
        assert tried[-1] is Placement.LAYERS

    def test_decoding_goes_on_picture_by_picture_and_then_in_tiles(
        self, device: Callable[..., Device], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def most(rows: int, side: int) -> list[np.ndarray]:
            here = device(memory=10**9)
            here.submit("warm", "sdxl")
            here.finish("warm")

            def before(module: nn.Module, args: Any) -> None:
                if len(args[0]) > rows or args[0].shape[-1] > side:
                    raise torch.OutOfMemoryError("no room")

            vae = here.loaded[0].pipe.vae
            vae.decoder.register_forward_pre_hook(before)
            drawn = here.draw("sdxl", pictures=2)
            assert len(here.loaded) == 1
            return drawn

        monkeypatch.setattr(sparing, "_TILE", 32)
        whole = device().draw("sdxl", pictures=2)
        apart = [np.abs(a.astype(int) - b).max() for a, b in zip(most(1, 8), whole, strict=True)]
        assert max(apart) <= 1
        assert [tile.shape for tile in most(1, 4)] == [picture.shape for picture in whole]

    def test_a_bound_that_decoding_exceeds_has_it_done_in_slices(
        self, entries: dict[str, ModelEntry], device: Callable[..., Device]
    ) -> None:
        needed = NEEDS(entries["sdxl"], "fp32")
        decoded: list[int] = []
        tight = replace(needed, decoding=10**6, tile=10**5)
        room = needed.weights + 2 * tight.decoding - 1
        model = drawing.load(entries["sdxl"], "cpu", fit=Fit(Placement.WHOLE, room, tight))
        model.pipe.vae.decoder.register_forward_pre_hook(lambda _, args: decoded.append(len(args[0])))
        drawing.run(model, tiny.planned(model), (), lambda *_: None)
        assert decoded == [1, 1, 1, 1]


class TestStoredInLess:
    @pytest.mark.parametrize("family", FAMILIES)
    def test_fp8_draws_nearly_the_same_picture(self, entries: dict[str, ModelEntry], family: str) -> None:
        plain = drawing.load(entries[family], "cpu")
        small = drawing.load(replace(entries[family], precision="fp8"), "cpu")
        plan = tiny.planned(plain)
        some, others = (
            [np.asarray(picture, int) for picture in drawing.run(model, plan, (), lambda *_: None)]
            for model in (plain, small)
        )
        assert 0 < np.abs(np.asarray(some) - np.asarray(others)).mean() < 4
        stored = {weights.dtype for weights in small.denoisers[0].parameters()}
        assert torch.float8_e4m3fn in stored

    def test_fp8_weights_move_by_turns_too(self, entries: dict[str, ModelEntry]) -> None:
        entry = replace(entries["flux"], precision="fp8")
        needed = NEEDS(entry)
        fit = Fit(Placement.PARTS, needed.at(Placement.PARTS), needed)
        whole, apart = drawing.load(entry, "cpu"), drawing.load(entry, "cpu", fit=fit)
        plan = tiny.planned(whole)
        plan = replace(plan, seeds=plan.seeds[:1], muses=plan.muses[:1])
        some, others = (drawing.run(model, plan, (), lambda *_: None) for model in (whole, apart))
        assert same([np.asarray(p) for p in some], [np.asarray(p) for p in others])

    def test_nf4_on_a_processor_is_one_sentence(
        self, entries: dict[str, ModelEntry], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("engine.drawing.quantising.find_spec", lambda name: name)
        with pytest.raises(ModelUnavailable, match="NVIDIA GPU"):
            drawing.load(entries["flux"], "cpu", precision="nf4")

    @pytest.mark.parametrize(("precision", "package"), [("int8", "torchao"), ("nf4", "bitsandbytes")])
    def test_a_missing_package_is_one_sentence(
        self,
        entries: dict[str, ModelEntry],
        monkeypatch: pytest.MonkeyPatch,
        precision: Any,
        package: str,
    ) -> None:
        monkeypatch.setattr("engine.drawing.quantising.find_spec", lambda name: None)
        with pytest.raises(ModelUnavailable, match=rf"{precision}.*pip install 'easel\[{package}\]'"):
            drawing.load(entries["flux"], "cpu", precision=precision)
