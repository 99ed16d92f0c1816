"""Two thousand interactions in a row: how much does the bot's memory grow?

`python -m bench.memory [--interactions N]`. Commands, errors, presses and jobs by turns, to the real bot. The
memory is the resident set after the first hundred, when everything has been used once, and at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.bot import at_work
from playground import Person

__all__ = ["main"]

WARM = 100
GOAL = 0.05
JOBS_EVERY = 50


def main(arguments: list[str] | None = None) -> int:
    """Prints the table; 0 when the memory grew by less than the goal."""
    options = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__.splitlines()[0])
    options.add_argument("--interactions", type=int, default=2000)
    given = options.parse_args([] if arguments is None else arguments)
    with tempfile.TemporaryDirectory(prefix="memory-") as folder:
        return asyncio.run(_measure(given.interactions, Path(folder), Console()))


async def _measure(count: int, folder: Path, console: Console) -> int:
    async with at_work(folder) as (bot, discord):
        ada = discord.person("ada")
        with Progress(console=console) as progress:
            task = progress.add_task("interactions", total=count)
            for number in range(WARM):
                await _interact(ada, number)
            before = resident(bot.pid)
            for number in range(count):
                await _interact(ada, number)
                progress.advance(task)
        after = resident(bot.pid)
    table = Table(title=f"{count} interactions in a row")
    for heading in (f"after the first {WARM}", "at the end", "growth"):
        table.add_column(heading, justify="right")
    growth = after / before - 1
    table.add_row(f"{before:.1f} MB", f"{after:.1f} MB", f"{100 * growth:.1f} %")
    console.print(table)
    return 0 if growth < GOAL else 1


def resident(pid: int) -> float:
    """The megabytes of memory that a process holds."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


async def _interact(person: Person, number: int) -> None:
    if number % JOBS_EVERY == 0:
        used = await person.slash("sketches", "imagine", prompt=f"a red house --q .25 --seed {number}")
        await person.remote.wait_until(
            lambda: any("V4" in message.buttons or message.ephemeral for message in used.messages) or None,
            120,
        )
    elif number % 4 == 0:
        await person.slash("general", "imagine", prompt=f"a house --nonesuch {number}")
    elif number % 4 == 1:
        await person.slash("general", "info")
    elif number % 4 == 2:
        panel = await (await person.slash("general", "settings")).message()
        await person.click(panel, "Remix mode")
        await person.click(panel, "Remix mode")
    elif number % 20 == 3:
        await person.slash("general", "history", search="house")
    else:
        await person.slash("general", "help")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
