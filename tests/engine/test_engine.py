"""The front, with real worker processes: one final event a job, whatever happens to the workers."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from engine import (
    Action,
    BadPicture,
    Cancelled,
    Canvas,
    Description,
    Engine,
    EngineClosed,
    EngineError,
    Event,
    EventStream,
    Failed,
    Finished,
    Job,
    Lane,
    Progress,
    Queued,
    Registry,
    UnknownModel,
    is_final,
)
from engine.planning.canvas import Box
from engine.process.pool import Hearing, MakePool
from engine.process.settings import WorkerSettings
from engine.process.wire import Describe, Described, Happened, Order, Report, Setup, Submit, pack
from tests.engine import stub, two_devices

COMMAND = (sys.executable, stub.__file__)


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with Engine(registry=stub.REGISTRY, device="cpu", command=COMMAND) as engine:
        yield engine


def job(id: str, lane: Lane = Lane.FAST, **plan: Any) -> Job:
    return Job(id, stub.plan(**plan), owner=id, lane=lane)


async def events(stream: EventStream) -> list[Event]:
    return [event async for event in stream]


async def final(stream: EventStream) -> Event:
    """The final event, after which there is none."""
    found = await events(stream)
    assert [is_final(event) for event in found] == [False] * (len(found) - 1) + [True]
    return found[-1]


async def first(stream: EventStream, kind: type, count: int = 1) -> None:
    """Reads until the ``count``-th event of a kind."""
    async for event in stream:
        count -= isinstance(event, kind)
        if not count:
            return


def pngs(event: Event) -> list[bytes]:
    assert isinstance(event, Finished), event
    return [picture.png for picture in event.pictures]


def worker(engine: Engine) -> int:
    (pid,) = engine.workers()
    return pid


async def test_a_job_goes_through_a_process_of_its_own(engine: Engine) -> None:
    assert engine.status().workers == 0
    seen = await events(engine.submit(job("a", seed=5)))
    assert isinstance(seen[0], Queued)
    assert [e.step for e in seen if isinstance(e, Progress) and not e.preview] == [0, 1, 2, 3, 4]
    assert isinstance(seen[-1], Finished)
    assert [picture.seed for picture in seen[-1].pictures] == [5, 6, 7, 8]
    assert worker(engine) != os.getpid()
    status = engine.status()
    assert (status.queued, status.running, status.workers, status.models) == (0, 0, 1, ("stub",))

    bad, good = engine.submit(job("bad", text="guilty")), engine.submit(job("good"))
    assert await final(bad) == Failed("bad", "The model could not draw this.")
    assert isinstance(await final(good), Finished)

    long = engine.submit(job("long", steps=10**6))
    await first(long, Progress, 3)
    assert engine.status().running == 1
    with pytest.raises(ValueError, match="already open"):
        engine.submit(job("long"))
    assert await engine.cancel("long")
    assert (await events(long))[-1] == Cancelled("long")
    assert not await engine.cancel("long")
    assert isinstance(await final(engine.submit(job("long"))), Finished)

    said, others = await engine.describe(b"png"), await engine.describe(b"png", 1)
    assert said.prompts == tuple(f"3 bytes, number {number}" for number in (1, 2, 3, 4))
    assert others.prompts == tuple(f"3 bytes, number {number}" for number in (5, 6, 7, 8))
    assert said.notes == ("Stubbed.",)
    with pytest.raises(BadPicture):
        await engine.describe(b"")
    with pytest.raises(UnknownModel):
        engine.load("nonesuch")


async def test_a_killed_worker_costs_no_job_and_changes_no_picture(engine: Engine) -> None:
    plans = {f"job{number}": {"seed": 10 * number, "steps": 40 + 10 * number} for number in range(6)}
    calm = {name: pngs(await final(engine.submit(job(name, **plan)))) for name, plan in plans.items()}
    moments = random.Random(7)
    for _ in range(3):
        streams = {name: engine.submit(job(name, **plan)) for name, plan in plans.items()}
        await first(streams[moments.choice(list(streams))], Progress, moments.randint(1, 40))
        os.kill(worker(engine), signal.SIGKILL)
        finished = await asyncio.gather(*(final(stream) for stream in streams.values()))
        assert dict(zip(streams, map(pngs, finished), strict=True)) == calm


async def test_a_job_that_kills_workers_fails_and_takes_no_other_with_it(engine: Engine) -> None:
    bad, good = engine.submit(job("bad", text="crash")), engine.submit(job("good", steps=30))
    failed, finished = await asyncio.gather(final(bad), final(good))
    assert isinstance(failed, Failed)
    assert failed.retryable
    assert isinstance(finished, Finished)


async def test_a_model_whose_loading_kills_workers_fails_its_jobs_and_takes_no_other_with_it(
    engine: Engine,
) -> None:
    before = [engine.submit(job(f"before {n}", steps=30, seed=n)) for n in range(2)]
    await first(before[0], Progress)
    bad = [engine.submit(job(f"bad {n}", model="fatal")) for n in range(3)]
    after = [engine.submit(job(f"after {n}", steps=30, seed=n)) for n in range(2)]
    for event in await asyncio.gather(*map(final, bad)):
        assert isinstance(event, Failed)
        assert event.retryable
    for event in await asyncio.gather(*map(final, (*before, *after))):
        assert isinstance(event, Finished)


async def test_looking_for_a_region_that_kills_workers_fails_its_job_and_takes_no_other_with_it(
    engine: Engine,
) -> None:
    good = [engine.submit(job(f"good {n}", steps=30, seed=n)) for n in range(2)]
    await first(good[0], Progress)
    canvas = Canvas(Box(0, 0, stub.SIDE, stub.SIDE), words="crash", segmenter="tiny")
    plan = replace(stub.plan(), action=Action.REPAINT, canvas=canvas)
    failed = await final(engine.submit(Job("bad", plan, "bad", Lane.FAST, (b"a picture",))))
    assert isinstance(failed, Failed)
    assert failed.retryable
    for event in await asyncio.gather(*map(final, good)):
        assert isinstance(event, Finished)


async def test_a_question_that_kills_workers_is_refused_and_takes_no_job_with_it(engine: Engine) -> None:
    good = [engine.submit(job(f"good {n}", steps=30, seed=n)) for n in range(2)]
    await first(good[0], Progress)
    with pytest.raises(EngineError):
        await engine.describe(b"crash")
    for event in await asyncio.gather(*map(final, good)):
        assert isinstance(event, Finished)


async def test_a_model_that_kills_workers_ahead_of_jobs_is_loaded_for_jobs_alone_then(engine: Engine) -> None:
    engine.load("fatal")
    good = [engine.submit(job(f"good {n}", steps=30, seed=n)) for n in range(2)]
    for event in await asyncio.gather(*map(final, good)):
        assert isinstance(event, Finished)


async def test_a_stalled_step_ends_its_worker_and_the_others_are_drawn() -> None:
    async with Engine(registry=stub.REGISTRY, device="cpu", command=COMMAND, stall=1.0) as engine:
        bad, good = engine.submit(job("bad", text="stall")), engine.submit(job("good"))
        failed, finished = await asyncio.gather(final(bad), final(good))
    assert isinstance(failed, Failed)
    assert isinstance(finished, Finished)


async def test_closing_leaves_jobs_without_a_final_event(engine: Engine) -> None:
    stream = engine.submit(job("a", steps=10**6))
    await first(stream, Progress)
    asked = asyncio.ensure_future(engine.describe(b"png"))
    pid = worker(engine)
    await engine.close()
    with pytest.raises(EngineClosed):
        await events(stream)
    with pytest.raises(EngineClosed):
        await final(engine.submit(job("b")))
    assert isinstance((await asyncio.gather(asked, return_exceptions=True))[0], EngineError | Description)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_a_worker_that_cannot_start_fails_the_jobs_in_the_end() -> None:
    command = (sys.executable, "-c", "raise SystemExit(1)")
    async with Engine(registry=stub.REGISTRY, device="cpu", command=command) as engine:
        event = await final(engine.submit(job("a")))
        assert isinstance(event, Failed)
        assert event.retryable
        with pytest.raises(EngineError):
            await engine.describe(b"png")


async def test_workers_that_are_killed_before_they_are_ready_cost_no_job(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    script = (
        "import os, pathlib, signal, sys\n"
        "starts = pathlib.Path(sys.argv[1])\n"
        "with starts.open('a') as file: file.write('x')\n"
        "if starts.stat().st_size <= 3: os.kill(os.getpid(), signal.SIGKILL)\n"
        "os.execv(sys.executable, [sys.executable, sys.argv[2]])"
    )
    command = (sys.executable, "-c", script, str(starts), stub.__file__)
    async with Engine(registry=stub.REGISTRY, device="cpu", command=command) as engine:
        assert isinstance(await final(engine.submit(job("a"))), Finished)
    assert starts.read_text() == "xxxx"


async def test_a_model_that_is_added_later_is_drawn_with_before_and_after_a_workers_end(
    engine: Engine,
) -> None:
    pngs(await final(engine.submit(job("1"))))
    added = replace(stub.REGISTRY.entries[0], name="added later")
    engine.know(Registry((*stub.REGISTRY.entries, added)))
    before = pngs(await final(engine.submit(job("2", model="added later"))))
    os.kill(worker(engine), signal.SIGKILL)
    assert pngs(await final(engine.submit(job("3", model="added later")))) == before
    engine.load("added later")


async def test_several_devices_share_the_jobs() -> None:
    async with Engine(registry=stub.REGISTRY, device="cpu,cpu", command=COMMAND) as engine:
        streams = [engine.submit(job(str(number))) for number in range(4)]
        assert all([isinstance(await final(stream), Finished) for stream in streams])
        assert engine.status().workers == 2


@pytest.mark.parametrize("device", ["auto", "one,two"])
async def test_what_was_asked_for_before_the_devices_were_known_is_shared_by_them(device: str) -> None:
    command = (sys.executable, two_devices.__file__)
    async with Engine(registry=stub.REGISTRY, device=device, command=command) as engine:
        engine.load("second")
        streams = [engine.submit(job(str(number), pictures=6)) for number in range(6)]
        for stream in streams:
            await first(stream, Progress)
        engine.load("third")
        ends = [await final(stream) for stream in streams]
        where = [end.notes for end in ends if isinstance(end, Finished)]
        assert sorted(where) == [("one",)] * 3 + [("two",)] * 3
        assert set(engine.status().models) == {"second on one", "second on two"}
        assert engine.status().workers == 2


class Silent:
    """A pool of two workers that begin each job, answer questions by their number, and have no other news."""

    def __init__(self, setup: Setup, hearing: Hearing) -> None:
        self.hearing = hearing
        self.began = dict[str, "Silent.Worker"]()
        self.workers = [Silent.Worker(self), Silent.Worker(self)]

    @dataclass(eq=False)
    class Worker:
        pool: "Silent"

        def send(self, order: Order) -> None:
            if isinstance(order, Submit):
                self.pool.began[order.job.id] = self
                self.say(Happened(Progress(order.job.id, 0, order.job.plan.steps)))
            elif isinstance(order, Describe):
                self.say(Described(order.number, (str(self.pool.workers.index(self)),)))

        def say(self, report: Report) -> None:
            asyncio.get_running_loop().call_soon(self.pool.hearing.reported, self, report)

    def want(self, more: int) -> None: ...

    def know(self, registry: Registry) -> None: ...

    def alive(self) -> int:
        return 2

    def pids(self) -> tuple[int, ...]:
        return ()

    async def close(self) -> None: ...


@pytest.fixture
def silent() -> tuple[list[Silent], MakePool]:
    """Where the pool will be, and what makes it."""
    pools: list[Silent] = []

    def pool(setup: Setup, hearing: Hearing) -> Silent:
        pools.append(Silent(setup, hearing))
        return pools[0]

    return pools, pool


async def test_a_job_that_waited_for_its_models_worker_goes_elsewhere_though_nobody_has_news(
    silent: tuple[list[Silent], MakePool],
) -> None:
    pools, make, now = *silent, 0.0
    async with Engine(registry=stub.REGISTRY, pool=make, clock=lambda: now) as engine:
        streams = [engine.submit(job(str(number), pictures=8)) for number in range(3)]
        for each in pools[0].workers:
            pools[0].hearing.came(each, False)
        for stream in streams[:2]:
            await first(stream, Progress)
        assert set(pools[0].began) == {"0", "1"}
        now = 60.0  # far longer than a model takes to load
        await first(streams[2], Progress)
        assert pools[0].began["0"] is pools[0].began["1"] is not pools[0].began["2"]


async def test_a_worker_that_leaves_is_asked_nothing_more(silent: tuple[list[Silent], MakePool]) -> None:
    pools, make = silent
    async with Engine(registry=stub.REGISTRY, pool=make) as engine:
        for each in pools[0].workers:
            pools[0].hearing.came(each, False)
        assert (await engine.describe(b"a picture")).prompts == ("0",)
        pools[0].hearing.leaving(pools[0].workers[0])
        assert (await engine.describe(b"a picture")).prompts == ("1",)


async def test_a_worker_that_never_gets_ready_and_ends_slowly_is_given_up_soon() -> None:
    slow = (sys.executable, "-c", "import os, time; os.close(1); time.sleep(600)")
    async with Engine(registry=stub.REGISTRY, device="cpu", command=slow) as engine, asyncio.timeout(60):
        failed = await final(engine.submit(job("a")))
    assert isinstance(failed, Failed)
    assert "No renderer can be started" in failed.reason


async def test_a_job_whose_worker_speaks_another_version_ends() -> None:
    strange = (
        "import sys\nfrom engine.process.wire import Ready, Submit, pack, read\n"
        "read(sys.stdin.buffer)\n"
        "sys.stdout.buffer.write(pack(Ready('cpu'))); sys.stdout.flush()\n"
        "while not isinstance(read(sys.stdin.buffer), Submit): pass\n"
        "sys.stdout.buffer.write(bytes(3) + b'\\x09no pickle'); sys.stdout.flush()\n"
        "read(sys.stdin.buffer)\n"
    )
    command = (sys.executable, "-c", strange)
    async with Engine(registry=stub.REGISTRY, device="cpu", command=command) as engine, asyncio.timeout(60):
        failed = await final(engine.submit(job("a")))
    assert isinstance(failed, Failed)
    assert failed.retryable


async def test_a_worker_of_which_no_process_can_be_made_fails_the_jobs_in_the_end(tmp_path: Path) -> None:
    command = (str(tmp_path / "python that an update removed"),)
    async with Engine(registry=stub.REGISTRY, device="cpu", command=command) as engine, asyncio.timeout(60):
        failed = await final(engine.submit(job("a")))
    assert isinstance(failed, Failed)
    assert failed.retryable


def test_a_worker_whose_device_is_not_there_says_so_in_one_sentence() -> None:
    setup = pack(Setup(stub.REGISTRY, "cuda:99", WorkerSettings()))
    done = subprocess.run(COMMAND, input=setup, capture_output=True)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr.decode()
    assert done.stderr.decode().splitlines()[-1].startswith("EASEL_DEVICE: torch")


async def test_a_worker_ends_with_its_engine() -> None:
    script = (
        "import asyncio, os\n"
        "from engine import Engine, Progress\n"
        "from tests.engine import stub, test_engine\n"
        "async def main():\n"
        "    engine = Engine(registry=stub.REGISTRY, device='cpu', command=test_engine.COMMAND)\n"
        "    stream = engine.submit(test_engine.job('a', steps=10**6))\n"
        "    await test_engine.first(stream, Progress)\n"
        "    print(*engine.workers(), flush=True)\n"
        "    os._exit(0)\n"
        "asyncio.run(main())\n"
    )
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], capture_output=True, text=True, cwd=os.getcwd()
    )
    assert done.returncode == 0, done.stderr
    pid = int(done.stdout)
    ended = await asyncio.to_thread(_gone, pid)
    assert ended


def _gone(pid: int) -> bool:
    """Waits for a process that is not ours to end."""
    fd = None
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    import select

    try:
        return bool(select.select([fd], [], [], 30)[0])
    finally:
        os.close(fd)


async def test_a_reader_who_lags_misses_old_news_but_not_the_end() -> None:
    stream = EventStream()
    for step in range(1000):
        stream.put(Progress("a", step, 1000))
    stream.put(Cancelled("a"))
    seen = await events(stream)
    assert len(seen) <= 64
    assert seen[-1] == Cancelled("a")


def test_the_front_stays_small() -> None:
    script = (
        "import engine, sys\n"
        "names = ('torch', 'diffusers', 'transformers', 'greenlet', 'numpy')\n"
        "heavy = [name for name in names if name in sys.modules]\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
