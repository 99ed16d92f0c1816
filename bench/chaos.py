"""Kills the bot, its worker or both at random moments, round after round: is a job lost, or delivered twice?

`python -m bench.chaos [--rounds N] [--seed N]`. People use commands and buttons of the real bot while
Discord stumbles (429, 500, 502, lost answers, cut connections, dead tokens); a process gets SIGKILL; the bot
is started again. At the end everything is waited for and counted: messages against what was acknowledged,
rows, files.

In one life of the bot a worker is killed twice at most: a job that has ended three of them is failed by
design, which the tests of the engine show.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import re
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.bot import Bot, at_work
from engine import Registry
from grammar import format_prompt, parse
from playground import Interaction, Message, NothingHappened, Person, Remote

__all__ = ["Outcome", "chaos", "main"]

PEOPLE = ("ada", "lin", "mei", "tom")
CHANNELS = ("general", "sketches", "gallery", "dm")
THINGS = ("house", "tree", "boat", "star", "fish", "moon")
COLOURS = ("red", "blue", "green", "yellow", "white", "black")
GRID = ("U1", "U2", "U3", "U4", "V1", "🔄")
PATIENCE = 400.0
"""Seconds for everything to come to its end: a bound against hanging."""
SWEEP = 15.0
MOST_WORKERS = 2

SMALL = """
[[model]]
name = "pocket"
title = "Pocket"
family = "sd"
source = "{folder}"
side = 128
multiple = 16
steps = 4
guidance = 6.0
gigabytes = 0.03
"""
"""The embedded model, drawing small pictures in few steps: what is killed here is not the drawing."""

FAULTS: tuple[tuple[str, int, str], ...] = (
    ("PATCH /webhooks/*", 429, "before"),
    ("PATCH /webhooks/*", 500, "after"),
    ("PATCH /webhooks/*", 502, "before"),
    ("PATCH /webhooks/*", 0, "before"),
    ("PATCH /webhooks/*", 0, "after"),
    ("POST /webhooks/*", 502, "before"),
    ("POST /webhooks/*", 502, "after"),
    ("POST /webhooks/*", 0, "after"),
    ("POST /channels/*", 429, "before"),
    ("POST /channels/*", 500, "before"),
    ("POST /channels/*", 502, "after"),
    ("POST /channels/*", 0, "after"),
    ("PATCH /channels/*", 500, "before"),
    ("PATCH /channels/*", 0, "after"),
    ("GET /channels/*", 502, "before"),
    ("POST /interactions/*", 500, "after"),
    ("POST /interactions/*", 0, "after"),
    ("POST /interactions/*", 429, "before"),
)
TROUBLES = ("drop", "invalidate", "reconnect")


@dataclass(frozen=True, slots=True)
class Use:
    """A command or press, and the headlines of the messages that it asks for."""

    interaction: Interaction
    headlines: tuple[str, ...]


@dataclass(slots=True)
class Outcome:
    """What came of it all. Jobs are counted one by one; ``stuck`` are messages that still say they wait."""

    rounds: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    faults: int = 0
    asked: int = 0
    accepted: int = 0
    refused: int = 0
    delivered: int = 0
    failed: int = 0
    lost: int = 0
    double: int = 0
    stuck: int = 0
    integrity: str = ""
    orphans: int = 0
    missing: int = 0
    leftovers: int = 0
    seconds: float = 0.0
    details: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing was lost, doubled or left behind."""
        wrong = self.lost + self.double + self.stuck + self.failed + self.orphans + self.missing
        return wrong + self.leftovers == 0 and self.integrity == "ok"


def main(arguments: list[str] | None = None) -> int:
    """Prints progress and a table; 0 when nothing was lost, doubled or left behind."""
    options = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--keep", type=Path, help="a folder for the data and the log, kept afterwards")
    given = options.parse_args([] if arguments is None else arguments)
    console = Console()
    with contextlib.ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        folder.mkdir(parents=True, exist_ok=True)
        progress = stack.enter_context(Progress(console=console))
        outcome = asyncio.run(chaos(given.rounds, given.seed, folder, progress))
    console.print(table_of(outcome))
    for line in outcome.details:
        console.print(line, markup=False, highlight=False)
    return 0 if outcome.clean else 1


async def chaos(rounds: int, seed: int, folder: Path, progress: Progress | None = None) -> Outcome:
    """All rounds on the data in ``folder``, and the count at the end."""
    started = time.monotonic()
    models = folder / "models.toml"
    await asyncio.to_thread(models.write_text, SMALL.format(folder=Registry.load().get("pocket").folder))
    async with at_work(folder, EASEL_MODELS_FILE=str(models)) as (bot, discord):
        storm = Storm(bot, discord, random.Random(seed))
        await storm.begin()
        task = progress.add_task("rounds", total=rounds) if progress else None
        for _ in range(rounds):
            await storm.round()
            if progress is not None and task is not None:
                progress.update(task, advance=1, description=f"{storm.outcome.asked} jobs")
        outcome = await storm.end()
    outcome.seconds = time.monotonic() - started
    return outcome


class Storm:
    """The people, the misfortunes and the killer, all drawn from ``dice``."""

    def __init__(self, bot: Bot, discord: Remote, dice: random.Random) -> None:
        self._bot, self._discord, self._dice = bot, discord, dice
        self._people: list[Person] = []
        self._uses: list[Use] = []
        self._pressed: set[tuple[int, str]] = set()
        self._number = self._killed_workers = 0
        self.outcome = Outcome()

    async def begin(self) -> None:
        """Everybody arrives."""
        for name in PEOPLE:
            known = any(user["name"] == name for user in self._discord.state["users"])
            self._people.append(self._discord.person(name) if known else await self._discord.add_person(name))

    async def round(self) -> None:
        """Some use, some misfortune, one kill at a moment of its own, and a start."""
        dice = self._dice
        self.outcome.rounds += 1
        if dice.random() < 0.5:
            await self._discord.clear_faults()
        load = asyncio.gather(*(self._act(dice.uniform(0, 4)) for _ in range(dice.randint(2, 5))))
        for _ in range(dice.randint(0, 3)):
            await self._misfortune()
        await self._moment()
        victims = ("bot", "worker", "both") if self._killed_workers < MOST_WORKERS else ("bot", "both")
        await self._kill(dice.choice(victims))
        await load

    async def end(self) -> Outcome:
        """Wait until everything is delivered, start once more, and count."""
        await self._discord.clear_faults()
        with contextlib.suppress(NothingHappened):
            await self._discord.bot_ready()
        await _until(self._settled, PATIENCE)
        self._count_messages()
        await self._bot.stop()
        await self._bot.start()  # this start sweeps what the last life left behind
        await _until(self._swept, SWEEP)
        await self._bot.stop()
        await asyncio.to_thread(self._count_data)
        return self.outcome

    async def _act(self, wait: float) -> None:
        """Somebody asks for something; whether the bot is there to hear it or not."""
        dice = self._dice
        await asyncio.sleep(wait)
        person = dice.choice(self._people)
        grids = [m for m in self._discord.messages.values() if "U1" in m.buttons and self._in_public(m)]
        if grids and dice.random() < 0.4:
            grid = dice.choice(grids[-12:])
            button = dice.choice(GRID)
            if (grid.id, button) not in self._pressed:
                self._pressed.add((grid.id, button))
                self._note(
                    await person.click(grid, button, wait=False), (_pressed_headline(grid, button, person),)
                )
                return
        self._number += 1
        thing, colour = dice.choice(THINGS), dice.choice(COLOURS)
        what = f"{{{colour}, pink}}" if dice.random() < 0.2 else colour
        prompt = f"a {what} {thing} number {self._number} --q .25 --seed {self._number}"
        channel = dice.choice(CHANNELS)
        used = await person.slash(channel, "imagine", prompt=prompt, wait=False)
        shown = [format_prompt(spec) for spec in parse(prompt)]
        self._note(used, tuple(f"**{each}** - {person.mention} (fast)" for each in shown))

    def _in_public(self, message: Message) -> bool:
        named = {int(channel["id"]): channel["name"] for channel in self._discord.state["channels"]}
        return message.visible_to is None and named.get(message.channel_id) in CHANNELS

    def _note(self, interaction: Interaction, headlines: tuple[str, ...]) -> None:
        self._uses.append(Use(interaction, headlines))
        self.outcome.asked += len(headlines)

    async def _misfortune(self) -> None:
        dice = self._dice
        self.outcome.faults += 1
        kind = dice.random()
        if kind < 0.15:
            await self._discord.expire_tokens()
        elif kind < 0.35:
            await self._discord.trouble(dice.choice(TROUBLES))
        else:
            route, status, when = dice.choice(FAULTS)
            await self._discord.inject(route, status, when=when, times=dice.randint(1, 3), retry_after=0.3)

    async def _moment(self) -> None:
        """Some seconds, or until the bot has made so many more requests."""
        dice = self._dice
        if dice.random() < 0.5:
            await asyncio.sleep(dice.uniform(0, 8))
            return
        goal = self._discord.last_request + dice.randint(1, 40)
        with contextlib.suppress(NothingHappened):
            await self._discord.wait_until(
                lambda: self._discord.last_request >= goal or None, 20, "requests of the bot"
            )

    async def _kill(self, what: str) -> None:
        self.outcome.kills[what] += 1
        if what in ("worker", "both"):
            self._bot.kill_workers()
        self._killed_workers = self._killed_workers + 1 if what == "worker" else 0
        if what == "worker":
            return
        await self._bot.kill()
        while self._dice.random() < 0.2:  # it does not get far this time either
            self.outcome.kills["start"] += 1
            await self._bot.spawn()
            await asyncio.sleep(self._dice.uniform(0, 3))
            await self._bot.kill()
        await self._bot.start()

    # The count

    async def _settled(self) -> bool:
        return not await asyncio.to_thread(self._unfinished) and not self._missing()

    async def _swept(self) -> bool:
        return not await asyncio.to_thread(self._left_behind)

    def _database(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._bot.data / 'easel.db'}?mode=ro", uri=True)

    def _unfinished(self) -> int:
        with contextlib.closing(self._database()) as database:
            return int(database.execute("SELECT count(*) FROM jobs WHERE status < 3").fetchone()[0])

    def _refused(self, use: Use) -> bool:
        """Whether it was answered with a sentence for its user alone."""
        return any(message.ephemeral and message.embeds for message in use.interaction.messages)

    def _tally(self) -> tuple[Counter[str], Counter[str], Counter[str]]:
        """Headlines that must be there, that may be there, and that are there."""
        must: Counter[str] = Counter()
        may: Counter[str] = Counter()
        for use in self._uses:
            if self._refused(use):
                continue
            wanted = must if use.interaction.acked_after is not None else may
            wanted.update(use.headlines)
        public = [m for m in self._discord.messages.values() if not m.ephemeral]
        return must, may, Counter(m.content for m in public if m.attachments and _final(m))

    def _missing(self) -> bool:
        must, _, there = self._tally()
        return bool(must - there)

    def _count_messages(self) -> None:
        outcome = self.outcome
        must, may, there = self._tally()
        lost, double = must - there, there - (must + may)
        outcome.refused = sum(len(use.headlines) for use in self._uses if self._refused(use))
        outcome.accepted, outcome.delivered = must.total(), there.total()
        stopped = [m for m in self._discord.messages.values() if "(Stopped)" in m.content]
        lost -= Counter(headline for m in stopped for headline in _promised(m))
        outcome.failed = len(stopped)
        outcome.lost, outcome.double = lost.total(), double.total()
        waiting = [m for m in self._discord.messages.values() if not m.ephemeral and not _final(m)]
        waiting = [m for m in waiting if m not in stopped]
        outcome.stuck = len(waiting)
        outcome.details += [f"lost: {each} x{n}" for each, n in lost.items()]
        outcome.details += [f"double: {each} x{n}" for each, n in double.items()]
        outcome.details += [f"stuck: {message}" for message in waiting]
        outcome.details += [f"failed: {message} {message.text}" for message in stopped]

    def _needed(self) -> set[str]:
        """The names of the files that the rows name."""
        with contextlib.closing(self._database()) as database:
            rows = database.execute(
                "SELECT file FROM pictures UNION SELECT file FROM inputs"
                " UNION SELECT json_extract(data, '$.picture') FROM panels WHERE kind = 'describe'"
            )
            return {str(row[0]) for row in rows}

    def _files(self) -> set[str]:
        return {path.name for path in self._bot.data.glob("pictures/*/*")}

    def _left_behind(self) -> set[str]:
        return self._files() - self._needed()

    def _count_data(self) -> None:
        outcome = self.outcome
        with contextlib.closing(self._database()) as database:
            outcome.integrity = str(database.execute("PRAGMA integrity_check").fetchone()[0])
        left = self._left_behind()
        outcome.leftovers = sum(name.startswith(".") for name in left)
        outcome.orphans, outcome.missing = len(left) - outcome.leftovers, len(self._needed() - self._files())


async def _until(check: Callable[[], Awaitable[bool]], within: float) -> None:
    """Until it holds, or so many seconds have passed."""
    for _ in range(int(within)):
        if await check():
            return
        await asyncio.sleep(1)


def table_of(outcome: Outcome) -> Table:
    """The figures, a row each."""
    table = Table(title=f"{outcome.rounds} rounds of SIGKILL, {outcome.seconds / 60:.1f} min")
    table.add_column("")
    table.add_column("", justify="right")
    kills = ", ".join(f"{kind} {number}" for kind, number in sorted(outcome.kills.items()))
    rows = {
        "kills": kills,
        "misfortunes of Discord": outcome.faults,
        "jobs asked for": outcome.asked,
        "acknowledged": outcome.accepted,
        "refused with a reason": outcome.refused,
        "delivered": outcome.delivered,
        "failed with a reason": outcome.failed,
        "lost": outcome.lost,
        "delivered twice": outcome.double,
        "messages left waiting": outcome.stuck,
        "PRAGMA integrity_check": outcome.integrity,
        "orphan files / missing files": f"{outcome.orphans} / {outcome.missing}",
        "leftover temporary files": outcome.leftovers,
    }
    for name, value in rows.items():
        table.add_row(name, str(value))
    return table


def _final(message: Message) -> bool:
    return bool({"U1", "Favorite"} & message.buttons.keys()) and not re.search(r"\(\d+%\)", message.content)


def _promised(stopped: Message) -> tuple[str, str]:
    """What a message that tells of a failure would have said: a grid's headline, or a single picture's."""
    return stopped.content.replace(" (Stopped)", " (fast)"), stopped.content.replace(" (Stopped)", "")


def _pressed_headline(grid: Message, button: str, person: Person) -> str:
    """The content of the message that a press asks for."""
    bold = grid.content.rpartition("** - ")[0].removeprefix("**")
    if button.startswith("U"):
        return f"**{bold}** - Image #{button[1]} {person.mention}"
    if button.startswith("V"):
        return f"**{bold}** - Variations (Strong) by {person.mention} (fast)"
    again = re.sub(r" --seed \d+", "", bold)
    by = "Variations (Strong) by " if "Variations (Strong) by" in grid.content else ""
    return f"**{again}** - {by}{person.mention} (fast)"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
