"""`easel models`: which there are, and their life on this machine. Loads neither discord.py nor torch."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table

from bot.config import BadSetting, Settings
from bot.errors import Refusal
from bot.program.wiring import models_of
from engine import AdapterEntry, LoraEntry, ModelEntry, Registry, UnknownModel
from engine.planning.abilities import can, cannot
from engine.planning.embeddings import EmbeddingEntry
from engine.planning.licences import terms
from engine.planning.measuring import needs
from engine.planning.memory import Placement, amount, bytes_of
from engine.planning.registry import Beside, Fetchable, is_here
from grammar.loras import lora_words

__all__ = ["add", "check", "fetch", "listed", "pull", "remove"]

_PIPED = 1000
"""Columns where the table goes into a file or a pipe: nothing of it is to be cut off."""


def listed(settings: Settings, as_json: bool) -> None:
    """Prints all models; what is wrong with the list of this machine goes to stderr."""
    registry = models_of(settings)
    for problem in registry.problems:
        print(problem, file=sys.stderr)
    if as_json:
        rows = [_row(entry, registry) for entry in registry.entries]
        print(json.dumps(rows, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False)
    headings = ("name", "--v", "--niji", "family", "size", "memory", "here", "title", "licence", "cannot")
    for heading in headings:
        table.add_column(heading, no_wrap=True)
    for entry in registry.entries:
        table.add_row(
            entry.name,
            " ".join(entry.versions),
            " ".join(entry.niji),
            entry.family,
            f"{entry.gigabytes:g} GB",
            _memory(entry, settings),
            "yes" if entry.on_this_machine() else "no",
            escape(entry.title),
            escape(terms(entry)),
            ", ".join(cannot(entry)),
        )
    console = Console(width=None if sys.stdout.isatty() else _PIPED)
    console.print(table)
    if registry.loras:
        console.print("", _loras_of(registry.loras))
    if registry.embeddings:
        console.print("", _embeddings_of(registry.embeddings))
    if registry.adapters:
        console.print("", _adapters_of(registry.adapters))
    console.print("", _others_of(registry))


def _adapters_of(known: Sequence[AdapterEntry]) -> Table:
    """Which of image prompts, `--sref`, `--cref` and `--oref` each brings to which models."""
    table = Table(box=None, pad_edge=False)
    for heading in ("reference adapter", "family", "for", "does", "licence", "here", "title"):
        table.add_column(heading, no_wrap=True)
    for each in known:
        here = "yes" if each.on_this_machine() else "no"
        models, does = " ".join(each.models), " ".join(each.does)
        table.add_row(*map(escape, (each.name, each.family, models, does, terms(each), here, each.title)))
    return table


def _others_of(registry: Registry) -> Table:
    """What else `pull` takes by its name: what reads a structure, finds things, describes, or enlarges."""
    table = Table(box=None, pad_edge=False)
    for heading in ("beside models", "what it is", "size", "here", "title"):
        table.add_column(heading, no_wrap=True)
    kinds: dict[str, Sequence[Beside]] = {
        "control": registry.controls,
        "depth": registry.depths,
        "segmenter": registry.segmenters,
        "describer": registry.describers,
        "upscaler": registry.upscalers,
    }
    for kind, known in kinds.items():
        for each in known:
            here = "yes" if each.on_this_machine() else "no"
            size = f"{each.gigabytes:g} GB" if each.gigabytes else ""
            table.add_row(*map(escape, (each.name, kind, size, here, each.title)))
    return table


def _loras_of(known: Sequence[LoraEntry]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("LoRA", "family", "for", "words", "licence", "here", "title"):
        table.add_column(heading, no_wrap=True)
    for lora in known:
        here = "yes" if lora.path() is not None else "no"
        models, words = " ".join(lora.models), lora.words
        # What it is called must not be read as the console's own marks.
        table.add_row(*map(escape, (lora.name, lora.family, models, words, lora.licence, here, lora.title)))
    return table


def _embeddings_of(known: Sequence[EmbeddingEntry]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("embedding", "family", "said", "licence", "here", "title"):
        table.add_column(heading, no_wrap=True)
    for each in known:
        here = "yes" if each.path() is not None else "no"
        said = " ".join((f"<{each.name}>", *([each.word] if each.word else [])))
        table.add_row(*map(escape, (each.name, each.family, said, each.licence, here, each.title)))
    return table


def add(settings: Settings, source: str, name: str | None, model: str | None) -> None:
    """Writes an entry for what lies at ``source``, says what was recognised. Raises EngineError, Refusal."""
    from engine import models  # for speed: only for who needs it

    registry = models_of(settings)
    if models.is_collection(source):
        _add_all(settings, source, registry, name, model)
        return
    added = models.add(source, settings.easel_data, registry, name, model)
    for sentence in added.sentences:
        print(sentence)
    if added.kind == "vae":
        return
    entry = models_of(settings).find(added.name)
    if isinstance(entry, LoraEntry):
        print(f"Added as {entry.name}: `{lora_words(entry.name, entry.weight, entry.words)}` in a prompt.")
        if entry.path() is None:
            print(f"`easel models pull {shlex.quote(entry.name)}` fetches it.")
    elif isinstance(entry, EmbeddingEntry):
        print(f"Added as {entry.name}: `<{entry.name}>`, or the name alone, in a prompt.")
    elif entry.on_this_machine():
        print(f"Added as {added.name}: `easel imagine PROMPT --model {added.name}` draws with it.")
    else:
        print(
            f"Added as {added.name}: `easel models pull {added.name}` fetches about {entry.gigabytes:g} GB."
        )


def _add_all(
    settings: Settings, folder: str, registry: Registry, name: str | None, model: str | None
) -> None:
    """Every file of a folder, as a table. Raises EngineError, Refusal."""
    from engine import models  # for speed: only for who needs it

    if name or model:
        raise Refusal("`--name` and `--for` are for one file, and this is a folder of files.")
    rows = models.add_files(folder, settings.easel_data, registry)
    table = Table(box=None, pad_edge=False)
    for heading in ("file", "what it is", "family", "added as", "why not"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        added = row.added.name if row.added else ""
        table.add_row(*map(escape, (str(row.file), row.what, row.family, added, row.why)))
    Console(width=None if sys.stdout.isatty() else _PIPED).print(table)
    if not any(row.added for row in rows):
        raise Refusal("Nothing was added.")


def pull(settings: Settings, name: str) -> None:
    """Fetches a model, a LoRA or what stands beside models, with a bar; says how much and the licence first.

    What is `owner/repo` of the hub is added first. Raises EngineError, Refusal.
    """
    registry = models_of(settings)
    if "/" in name and not any(each.name == name for each in registry.fetchable):
        from engine import models  # for speed: only for who needs it

        known = (each.name for each in registry.fetchable if each.source == name)
        name = next(known, "") or models.add(name, settings.easel_data, registry).name
        print(f"It is {name} in the list of this machine.")
        registry = models_of(settings)
    entry = _entry(registry, name)
    fetch(settings, entry)
    print(f"{entry.title} is on this machine.")


def fetch(settings: Settings, entry: Fetchable) -> None:
    """The work of `pull`; all that it says goes to stderr."""
    from engine import models  # for speed: only for who needs it

    wanted = models.order(entry)
    notes = Console(stderr=True, highlight=False, soft_wrap=True)
    notes.print(wanted.sentence(), markup=False)
    if is_here(entry) and not wanted.missing:
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    try:
        with Progress(*columns, TimeRemainingColumn(), console=notes) as bar:
            row = bar.add_task(entry.name, total=wanted.total)
            models.fetch(wanted, settings.easel_data, lambda done, total: bar.update(row, completed=done))
    except KeyboardInterrupt:
        raise Refusal(f"Stopped; `easel models pull {entry.name}` goes on from here.") from None


def remove(settings: Settings, name: str, yes: bool) -> None:
    """Removes what was fetched or added of a model; asks first. Raises EngineError, Refusal."""
    from engine import models  # for speed: only for who needs it

    registry = models_of(settings)
    entry = _entry(registry, name)
    sentence = models.what_removing_does(entry, settings.easel_data, registry)
    if not yes and not sys.stdin.isatty():
        raise Refusal(f"{sentence} Say `--yes` to have it done.")
    if not yes and not typer.confirm(f"{sentence} Go on?"):
        raise Refusal("Nothing was removed.")
    models.remove(entry, settings.easel_data, registry)
    print(f"{name} is removed.")


async def check(settings: Settings, name: str | None) -> bool:
    """Draws a picture with a model, or with each that is here, and says what it took; whether all could."""
    from engine.process.check import check as try_out  # for speed: only for who needs it

    registry = models_of(settings)
    here = (entry for entry in registry.entries if entry.on_this_machine())
    entries = [registry.get(_entry(registry, name).name)] if name else list(here)
    fine = True
    for entry in entries:
        memory = bytes_of(settings.easel_memory)
        found = await try_out(entry, registry, settings.easel_device, settings.easel_precision, memory)
        fine = fine and found.problem is None
        print(f"{'ok  ' if found.problem is None else 'FAIL'}  {entry.name}: {found.sentence()}", flush=True)
    return fine


def _entry(registry: Registry, name: str) -> Fetchable:
    """The entry. Raises BadSetting, with what is wrong with the list where that is why it is missing."""
    try:
        return registry.find(name)
    except UnknownModel as error:
        wrong = next((problem for problem in registry.problems if f"{name!r}" in problem), None)
        raise BadSetting(wrong or str(error)) from None


def _memory(entry: ModelEntry, settings: Settings) -> str:
    """What it takes as a whole, at the precision that is set."""
    taken = needs(entry, settings.easel_precision).at(Placement.WHOLE)
    return amount(taken) if taken else "–"


def _row(entry: ModelEntry, registry: Registry) -> dict[str, object]:
    return {
        "name": entry.name,
        "title": entry.title,
        "family": entry.family,
        "versions": list(entry.versions),
        "niji": list(entry.niji),
        "here": entry.on_this_machine(),
        "gigabytes": entry.gigabytes,
        "licence": entry.licence,
        "commercial": entry.commercial,
        "gated": entry.gated,
        "source": str(entry.folder or entry.source),
        "commit": entry.revision,
        "commit_chosen_here": entry.chosen_here,
        "memory": {
            kind: round(needs(entry, kind).at(Placement.WHOLE) / 1e9, 1) for kind in ("fp16", "fp8", "nf4")
        },
        "can": can(entry, registry.adapters, registry.controls),
        "cannot": list(cannot(entry)),
    }
