"""Kills the worker at random moments under six jobs: all delivered, none twice, pictures as if undisturbed.

`python -m bench.kills`. The embedded model; takes a few seconds a kill, most of them the next worker's start.
"""

import asyncio
import os
import random
import signal

from rich.console import Console

from bench.engine import grid, single
from engine import Engine, Event, Finished, Job, Plan, Progress, Registry, is_final

KILLS, JOBS = 20, 6


def main() -> None:
    """Prints one line a kill, and the sum."""
    asyncio.run(_kill())


async def _kill() -> None:
    console, dice = Console(), random.Random(3)
    plans = {f"job{n}": (grid if n % 2 else single)(n) for n in range(JOBS)}
    wrong = 0
    async with Engine(registry=Registry.load(), device="cpu") as engine:
        calm = {name: pngs(await final(engine, name, plan)) for name, plan in plans.items()}
        for kill in range(KILLS):
            steps = dice.randint(1, 60)
            seen = asyncio.Semaphore(0)
            jobs = {
                name: asyncio.ensure_future(final(engine, name, plan, seen)) for name, plan in plans.items()
            }
            for _ in range(steps):
                await seen.acquire()
            for pid in engine.workers():
                os.kill(pid, signal.SIGKILL)
            pictures = {name: pngs(await job) for name, job in jobs.items()}
            equal = sum(pictures[name] == calm[name] for name in plans)
            wrong += JOBS - equal
            console.print(f"kill {kill + 1:2} after {steps:2} steps: {equal} of {JOBS} delivered and equal")
    console.print(
        f"{KILLS} kills, {KILLS * JOBS} jobs: {KILLS * JOBS - wrong} delivered once, with equal pictures"
    )


async def final(engine: Engine, name: str, plan: Plan, seen: asyncio.Semaphore | None = None) -> Event:
    """The job's final event; ``seen`` is released once a step."""
    finals = []
    async for event in engine.submit(Job(name, plan, name)):
        if isinstance(event, Progress) and seen is not None:
            seen.release()
        if is_final(event):
            finals.append(event)
    assert len(finals) == 1
    return finals[0]


def pngs(event: Event) -> list[bytes]:
    """The pictures; none of a job that was not finished."""
    return [picture.png for picture in event.pictures] if isinstance(event, Finished) else []


if __name__ == "__main__":
    main()
