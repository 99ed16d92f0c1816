"""A burst: 130 `/imagine` in one second from 30 users while renders keep every core busy. Who is answered?

`python -m bench.discord [--commands N] [--users N]`. The real bot beside the playground, whose clock says how
long each acknowledgement took: from the moment the interaction is sent to the moment its answer is accepted.
Afterwards every job must be delivered, or refused with a reason.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.bot import at_work
from playground import Interaction, Person, Remote

__all__ = ["burst", "main"]

DEADLINE = 3.0
"""Seconds that Discord waits for an acknowledgement."""
PATIENCE = 900.0
"""Seconds for all to be delivered: a bound against hanging."""


def main(arguments: list[str] | None = None) -> int:
    """Prints the table; 0 when every command was acknowledged in time and came to something."""
    options = argparse.ArgumentParser(prog="python -m bench.discord", description=__doc__.splitlines()[0])
    options.add_argument("--commands", type=int, default=130)
    options.add_argument("--users", type=int, default=30)
    given = options.parse_args([] if arguments is None else arguments)
    with tempfile.TemporaryDirectory(prefix="burst-") as folder:
        return asyncio.run(burst(given.commands, given.users, Path(folder), Console()))


async def burst(commands: int, users: int, folder: Path, console: Console) -> int:
    """The whole story, told on ``console``."""
    async with at_work(folder) as (_, discord):
        people = [await discord.add_person(f"user{number}") for number in range(users)]
        await _keep_busy(discord)
        began = time.monotonic()
        used = await asyncio.gather(*(_ask(people, number, commands) for number in range(commands)))
        sent = time.monotonic() - began
        await asyncio.gather(*(interaction.settled() for interaction in used))
        refused = [interaction for interaction in used if _refused(interaction)]
        with Progress(console=console) as progress:
            task = progress.add_task("delivered", total=commands - len(refused))
            async with asyncio.timeout(PATIENCE):
                while (done := _delivered(discord)) < commands - len(refused):
                    progress.update(task, completed=done)
                    await asyncio.sleep(1)
                progress.update(task, completed=done)
        waited = sorted(i.acked_after if i.acked_after is not None else float("inf") for i in used)
        late = sum(seconds > DEADLINE for seconds in waited)
        table = Table(title=f"{commands} commands from {users} users in {sent:.2f} s, under load")
        table.add_column("")
        table.add_column("", justify="right")
        rows = {
            "acknowledged within 3 s": f"{commands - late} of {commands}",
            "p50": f"{1000 * waited[len(waited) // 2]:.0f} ms",
            "p99": f"{1000 * waited[int(len(waited) * 0.99)]:.0f} ms",
            "slowest": f"{1000 * waited[-1]:.0f} ms",
            "delivered": str(done),
            "refused with a reason": str(len(refused)),
            "neither": str(commands - done - len(refused)),
            "all delivered after": f"{time.monotonic() - began:.0f} s",
            "requests that Discord refused": str(len(await discord.refusals())),
        }
        for name, value in rows.items():
            table.add_row(name, value)
        console.print(table)
    return 0 if late == 0 else 1


async def _keep_busy(discord: Remote) -> None:
    """Jobs that render for minutes; back when the first of them does."""
    for name in ("ada", "lin"):
        for number in range(3):
            prompt = f"a red house number {number} --q 2"
            await discord.person(name).slash("sketches", "imagine", prompt=prompt)
    await discord.person("ada").wait_for(lambda m: "%)" in m.content, PATIENCE)


async def _ask(people: list[Person], number: int, commands: int) -> Interaction:
    await asyncio.sleep(number / commands)
    prompt = f"a blue boat number {number} --q .25"
    return await people[number % len(people)].slash("general", "imagine", prompt=prompt, wait=False)


def _refused(interaction: Interaction) -> bool:
    return any(message.ephemeral and message.embeds for message in interaction.messages)


def _delivered(discord: Remote) -> int:
    """How many different jobs of the burst stand there as grids."""
    grids = [m for m in discord.messages.values() if m.attachments and "V4" in m.buttons]
    return len({m.content for m in grids if "a blue boat" in m.content})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
