"""Jobs on one device, turn by turn: what happens to each is said exactly once, and to the right one."""

import random
import statistics
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from engine import (
    Action,
    Cancelled,
    Canvas,
    Event,
    Failed,
    Finished,
    Job,
    Lane,
    NotFound,
    Progress,
    Queued,
    WorkerSettings,
    is_final,
)
from engine.planning.canvas import Box
from engine.planning.memory import Fit
from engine.process.program import Program
from engine.process.renderer import Renderer
from engine.process.wire import Described, Happened, Report, Residents
from tests.engine import stub

PROBES = 13
"""Forwards of all sizes, first and last rows, by which the engine finds out which of them agree."""


class Bench:
    """A renderer with everything it reported."""

    def __init__(self, program: Program = stub.PROGRAM, **settings: Any) -> None:
        self.reports: list[Report] = []
        self.models: list[Any] = []
        self.now = 0.0

        def load(entry: Any, device: str, /, *, fit: Fit) -> Any:
            self.models.append(program.load(entry, device, fit=fit))
            self.models[-1].denoisers[0].spend = self.spend
            return self.models[-1]

        watched = replace(program, load=load)
        self.renderer = Renderer(
            watched,
            stub.REGISTRY,
            "cpu",
            self.reports.append,
            settings=WorkerSettings(**settings),
            clock=lambda: self.now,
        )

    def submit(
        self, job: str, owner: str = "", lane: Lane = Lane.FAST, alone: bool = False, **plan: Any
    ) -> None:
        self.renderer.submit(Job(job, stub.plan(**plan), owner or job, lane), alone=alone)

    def events(self, job: str) -> list[Event]:
        return [r.event for r in self.reports if isinstance(r, Happened) and r.event.job_id == job]

    def finals(self) -> dict[str, Event]:
        events = [r.event for r in self.reports if isinstance(r, Happened) and is_final(r.event)]
        assert len({event.job_id for event in events}) == len(events)
        return {event.job_id: event for event in events}

    def spend(self, rows: int) -> None:
        self.now += 0.05 + 0.01 * rows

    def until(self, happened: Callable[[], object]) -> None:
        while not happened():
            self.renderer.turn(wait=True)

    def finish(self, *jobs: str) -> dict[str, Event]:
        self.until(lambda: set(jobs) <= self.finals().keys())
        return self.finals()

    def steps(self, job: str) -> list[int]:
        return [
            event.step for event in self.events(job) if isinstance(event, Progress) and event.preview is None
        ]

    @property
    def denoiser(self) -> stub.Denoiser:
        denoiser: stub.Denoiser = self.models[0].denoisers[0]
        return denoiser


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.renderer.close()


def pixels(event: Event) -> list[bytes]:
    assert isinstance(event, Finished)
    return [picture.png for picture in event.pictures]


def test_a_job_is_queued_progresses_and_finishes_with_its_pictures(bench: Bench) -> None:
    bench.submit("a", seed=7, steps=3)
    event = bench.finish("a")["a"]
    assert isinstance(event, Finished)
    assert [(p.position, p.seed, p.width, p.height) for p in event.pictures] == [
        (n, 6 + n, stub.SIDE, stub.SIDE) for n in (1, 2, 3, 4)
    ]
    assert event.notes == ("said so",)
    assert bench.steps("a") == [0, 1, 2, 3]
    kinds = [type(event) for event in bench.events("a")]
    assert kinds == sorted(kinds, key=[Queued, Progress, Finished].index)


def test_pictures_do_not_depend_on_the_company(bench: Bench) -> None:
    for job in ("x", "y", "z"):
        bench.submit(job, seed=ord(job), pictures=1 + ord(job) % 4, steps=3)
    bench.submit("a", seed=7)
    crowd = bench.finish("a", "x", "y", "z")["a"]
    bench.submit("b", seed=7)
    assert pixels(bench.finish("b")["b"]) == pixels(crowd)


def test_single_pictures_share_forwards(bench: Bench) -> None:
    for number in range(8):
        bench.submit(str(number), pictures=1, steps=5)
    bench.finish(*map(str, range(8)))
    assert bench.denoiser.sizes[PROBES:] == [8] * 5


def test_a_turbo_job_overtakes_at_the_next_step(bench: Bench) -> None:
    bench.submit("slow", lane=Lane.RELAX, steps=30)
    bench.until(lambda: len(bench.steps("slow")) > 4)
    bench.submit("quick", lane=Lane.TURBO, steps=2)
    bench.finish("quick", "slow")
    order = "".join(
        report.event.job_id[0]
        for report in bench.reports
        if isinstance(report, Happened) and isinstance(report.event, Progress) and not report.event.preview
    )
    assert "qqq" in order.strip("s")
    assert bench.steps("slow") == list(range(31))


def test_a_turbo_job_passes_those_that_are_only_to_be_decoded(bench: Bench) -> None:
    slow = ("a", "b", "c")
    for job in slow:
        bench.submit(job, lane=Lane.RELAX, pictures=1, steps=3)
    bench.until(lambda: all(bench.steps(job)[-1:] == [3] for job in slow))
    bench.submit("quick", lane=Lane.TURBO, pictures=1, steps=2)
    assert list(bench.finish("quick", *slow)) == ["quick", *slow]


def test_tiles_do_not_share_a_forward_with_plain_pictures(bench: Bench) -> None:
    bench.submit("plain", pictures=2, steps=3)
    bench.submit("tile", pictures=2, steps=3, tile=True)
    bench.finish("plain", "tile")
    assert sorted(bench.denoiser.modes) == [False] * (PROBES + 3) + [True] * (PROBES + 3)


def test_the_guilty_job_fails_alone_with_a_sentence_that_tells_nothing_inner(bench: Bench) -> None:
    bench.submit("good", pictures=1)
    bench.submit("bad", text="guilty", pictures=1)
    finals = bench.finish("good", "bad")
    assert isinstance(finals["good"], Finished)
    assert finals["bad"] == Failed("bad", "The model could not draw this.", retryable=False)
    assert bench.models[0].pipe.freed == 1


def test_running_out_of_memory_may_be_tried_again(bench: Bench) -> None:
    bench.submit("bad", text="hungry")
    event = bench.finish("bad")["bad"]
    assert isinstance(event, Failed)
    assert event.retryable


def test_a_cancelled_job_ends_at_its_next_step_and_the_others_go_on(bench: Bench) -> None:
    bench.submit("a", steps=50, pictures=1)
    bench.submit("b", steps=5, pictures=1)
    bench.until(lambda: len(bench.steps("a")) > 2)
    bench.renderer.cancel("a")
    assert bench.finals() == {"a": Cancelled("a")}
    assert isinstance(bench.finish("b")["b"], Finished)
    assert bench.models[0].pipe.freed == 1
    assert len(bench.steps("a")) < 10


def test_a_job_cancelled_while_its_pictures_are_encoded_is_cancelled_only(bench: Bench) -> None:
    bench.submit("a", steps=1)
    bench.until(lambda: bench.steps("a") == [0, 1])
    bench.renderer.cancel("a")
    bench.submit("b")
    bench.finish("b")
    assert bench.finals()["a"] == Cancelled("a")


def test_a_waiting_job_can_be_cancelled_and_so_can_an_unknown_one(bench: Bench) -> None:
    bench.submit("a")
    bench.renderer.cancel("a")
    bench.renderer.cancel("nobody")
    assert bench.finals() == {"a": Cancelled("a")}
    bench.submit("b")
    bench.finish("b")
    assert bench.steps("a") == []


@pytest.mark.parametrize(("forward", "row"), [(0.02, 0.004), (0.0, 0.01), (0.05, 0.002)])
def test_promised_times_hold_for_jobs_of_all_kinds_at_once(forward: float, row: float) -> None:
    bench, dice = Bench(), random.Random(1)
    heard: list[tuple[float, Event]] = []

    def spend(rows: int) -> None:
        heard.extend((bench.now, event) for event in unheard(bench, len(heard)))
        bench.now += forward + row * rows

    bench.spend = spend  # type: ignore[method-assign]
    for number in range(4):
        bench.submit(f"before{number}", side=256)
    bench.finish(*(f"before{number}" for number in range(4)))
    names = [str(number) for number in range(36)]
    for name in names:
        bench.submit(
            name,
            lane=dice.choice((Lane.FAST, Lane.FAST, Lane.RELAX)),
            pictures=dice.choice((1, 4)),
            steps=dice.choice((6, 12, 20, 24)),
            tile=dice.random() < 0.3,
            side=256,
        )
    bench.finish(*names)
    heard.extend((bench.now, event) for event in unheard(bench, len(heard)))

    ends = {event.job_id: when for when, event in heard if isinstance(event, Progress)}
    promised: dict[str, tuple[float, float]] = {}
    for when, event in heard:
        if isinstance(event, Queued) and event.eta:
            promised.setdefault(event.job_id, (when, event.eta))
    errors = [abs(eta / (ends[job] - when) - 1) for job, (when, eta) in promised.items()]
    assert len(errors) >= 20
    assert statistics.median(errors) <= 0.25
    bench.renderer.close()


def unheard(bench: Bench, heard: int) -> list[Event]:
    return [report.event for report in bench.reports if isinstance(report, Happened)][heard:]


def test_those_who_wait_are_told_their_place_and_when_they_will_be_done() -> None:
    bench = Bench(active=3)
    bench.renderer.load("stub")
    bench.until(lambda: bench.renderer.residents)
    for number in range(9):
        bench.submit(str(number), steps=10 + number)
    bench.until(lambda: bench.events("8"))
    asked, first = bench.now, bench.events("8")[0]
    bench.finish(*map(str, range(9)))
    places = [event.position for event in bench.events("8") if isinstance(event, Queued)]
    assert places[0] == 7
    assert places == sorted(places, reverse=True)
    assert isinstance(first, Queued)
    assert first.eta == pytest.approx(bench.now - asked, rel=0.25)
    bench.renderer.close()


def test_previews_come_once_a_second_and_never_after_the_end(bench: Bench) -> None:
    bench.submit("a", steps=40)
    bench.finish("a")
    bench.submit("quick", steps=5)
    bench.finish("quick")
    previews = {
        job: [e for e in bench.events(job) if isinstance(e, Progress) and e.preview] for job in ("a", "quick")
    }
    assert 1 <= len(previews["a"]) <= 5
    assert not previews["quick"]
    assert is_final(bench.events("a")[-1])


def test_a_model_that_cannot_be_loaded_fails_its_jobs_and_no_others(bench: Bench) -> None:
    bench.submit("a", model="missing")
    bench.submit("b")
    finals = bench.finish("a", "b")
    assert finals["a"] == Failed("a", "Those weights are not here.", retryable=True)
    assert isinstance(finals["b"], Finished)


def test_an_unknown_model_fails_its_job(bench: Bench) -> None:
    bench.submit("a", model="nonesuch")
    event = bench.finish("a")["a"]
    assert isinstance(event, Failed)
    assert "nonesuch" in event.reason


def test_only_so_many_models_stay_and_the_one_unused_longest_goes() -> None:
    bench = Bench(models=2)
    for job, model in (("a", "stub"), ("b", "second"), ("c", "stub"), ("d", "third")):
        bench.submit(job, model=model)
        bench.finish(job)
    assert bench.renderer.residents == ("stub", "third")
    bench.renderer.close()


def test_a_job_whose_model_has_no_room_gets_it_though_others_keep_coming() -> None:
    bench = Bench(models=1)
    bench.submit("a", steps=10)
    bench.until(lambda: bench.steps("a"))
    bench.submit("b", model="second", steps=2)
    for number in range(20):
        bench.submit(f"more{number}", lane=Lane.RELAX, steps=2)
    bench.finish("b")
    assert not any(job.startswith("more") for job in bench.finals())
    bench.finish("more19")
    bench.renderer.close()


def test_a_model_can_be_loaded_ahead_and_unloaded(bench: Bench) -> None:
    bench.renderer.load("second")
    bench.until(lambda: Residents(("second",)) in bench.reports)
    bench.renderer.unload("second")
    assert bench.reports[-1] == Residents(())


def test_a_model_loaded_ahead_is_warm_and_nobody_hears_of_it(bench: Bench) -> None:
    bench.renderer.load("stub")
    bench.until(lambda: Residents(("stub",)) in bench.reports)
    bench.until(lambda: bench.renderer.batcher.forwards >= 10)
    bench.submit("a", pictures=2, steps=2)
    bench.finish("a")
    assert set(bench.denoiser.sizes) > {8}
    heard = {report.event.job_id for report in bench.reports if isinstance(report, Happened)}
    assert heard == {"a"}
    bench.renderer.unload("stub")
    assert bench.reports[-1] == Residents(())


def test_jobs_share_the_forwards_of_a_compiled_model() -> None:
    bench = Bench(compiler="eager")
    for number in range(5):
        bench.submit(str(number), pictures=1, steps=2 + number // 3, model="half")
    bench.finish(*map(str, range(5)))
    assert (bench.renderer.batcher.forwards, bench.renderer.batcher.calls) == (3, 12)
    bench.renderer.close()


def test_a_job_alone_shares_no_forward(bench: Bench) -> None:
    bench.submit("a", pictures=1, steps=3)
    bench.submit("b", pictures=1, steps=3, alone=True)
    bench.submit("c", pictures=1, steps=3)
    bench.finish("a", "b", "c")
    order = [
        r.event.job_id for r in bench.reports if isinstance(r, Happened) and isinstance(r.event, Progress)
    ]
    assert order == sorted(order)


def test_a_picture_is_described_while_others_are_drawn(bench: Bench) -> None:
    bench.submit("a", steps=20)
    bench.renderer.describe(5, b"xyz")
    bench.until(lambda: any(isinstance(report, Described) for report in bench.reports))
    (answer,) = [report for report in bench.reports if isinstance(report, Described)]
    assert (answer.number, len(answer.prompts), answer.problem) == (5, 4, None)


def test_a_picture_that_cannot_be_read_is_said_to_be_so(bench: Bench) -> None:
    bench.renderer.describe(6, b"")
    bench.until(lambda: bench.reports)
    assert bench.reports == [Described(6, (), "That is no picture.", unreadable=True)]


def test_an_upscale_needs_neither_a_model_nor_a_turn(bench: Bench) -> None:
    large = replace(stub.plan(pictures=1, model="missing"), action=Action.UPSCALE)
    bench.renderer.submit(Job("large", large, "ada"))
    bench.finish("large")
    assert isinstance(bench.finals()["large"], Finished)
    assert bench.models == []


class TestRegionsNamedInWords:
    """The region is found by a helper thread, before the job takes its turn."""

    @pytest.fixture
    def drawn(self) -> list[tuple[bytes, ...]]:
        return []

    @pytest.fixture
    def go(self) -> threading.Event:
        event = threading.Event()
        event.set()
        return event

    @pytest.fixture
    def bench(self, drawn: list[tuple[bytes, ...]], go: threading.Event) -> Iterator[Bench]:
        def run(model: Any, plan: Any, inputs: Any, report: Any) -> Any:
            drawn.append(tuple(inputs))
            return stub.run(model, plan, inputs, report)

        def locate(plan: Any, inputs: Any) -> bytes:
            go.wait()
            if plan.canvas.words == "nothing":
                raise NotFound("“nothing” was not found in the picture.")
            return inputs[0] + plan.canvas.words.encode()

        bench = Bench(replace(stub.PROGRAM, run=run, locate=locate))
        yield bench
        go.set()
        bench.renderer.close()

    def submit(self, bench: Bench, words: str, model: str = "stub") -> None:
        canvas = Canvas(Box(0, 0, stub.SIDE, stub.SIDE), words=words, segmenter="tiny")
        plan = replace(stub.plan(steps=2, model=model), action=Action.REPAINT, canvas=canvas)
        bench.renderer.submit(Job(words, plan, "ada", inputs=(b"picture ",)))

    def test_the_mask_becomes_the_jobs_last_input(self, bench: Bench, drawn: list[tuple[bytes, ...]]) -> None:
        self.submit(bench, "the hat")
        assert isinstance(bench.finish("the hat")["the hat"], Finished)
        assert drawn == [(b"picture ", b"picture the hat")]

    def test_what_is_not_there_fails_with_a_sentence_and_draws_nothing(
        self, bench: Bench, drawn: list[tuple[bytes, ...]]
    ) -> None:
        self.submit(bench, "nothing")
        event = bench.finish("nothing")["nothing"]
        assert event == Failed("nothing", "“nothing” was not found in the picture.")
        assert drawn == []

    def test_others_are_drawn_meanwhile_and_it_can_be_cancelled(
        self, bench: Bench, drawn: list[tuple[bytes, ...]], go: threading.Event
    ) -> None:
        go.clear()
        self.submit(bench, "the hat")
        bench.submit("other", steps=2)
        assert isinstance(bench.finish("other")["other"], Finished)
        bench.renderer.cancel("the hat")
        go.set()
        bench.submit("third", steps=2)
        finals = bench.finish("third")
        assert finals["the hat"] == Cancelled("the hat")
        assert len(drawn) == 2

    def test_a_model_that_cannot_be_loaded_fails_it_once(self, bench: Bench, go: threading.Event) -> None:
        go.clear()
        self.submit(bench, "the hat", model="missing")
        bench.submit("b", model="missing")
        assert isinstance(bench.finish("b")["b"], Failed)
        go.set()
        assert isinstance(bench.finish("the hat")["the hat"], Failed)

    def test_without_a_segmenter_it_says_so(self) -> None:
        without = Program(stub.load, stub.run, stub.PROGRAM.forward_mode, stub.PROGRAM.preview, stub.describe)
        bench = Bench(without)
        self.submit(bench, "the hat")
        event = bench.finish("the hat")["the hat"]
        assert isinstance(event, Failed)
        assert "by their names" in event.reason
        bench.renderer.close()
