"""One picture for each LoRA, drawn once and kept, that shows what it brings. Knows nothing of Discord."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bot.jobs.rendering import RenderEngine
from engine import EngineError, Finished, Job, Lane, LoraEntry, Plan, Registry, plan_imagine
from grammar import parse
from grammar.loras import lora_words

__all__ = ["Samples"]

SUBJECT = "a red house on grass"
SEED = 1  # the same for all, so that samples differ by what they show and nothing else
OWNER = "samples of LoRAs"

log = logging.getLogger(__name__)


class Samples:
    """The pictures, as files named by what they were drawn from: another LoRA is another picture.

    ``registry()`` is the list as it is now.
    """

    def __init__(self, folder: Path, engine: RenderEngine, registry: Callable[[], Registry]) -> None:
        self._folder, self._engine, self._registry = folder, engine, registry
        self._drawing: dict[Path, asyncio.Lock] = {}

    async def kept(self, lora: LoraEntry, model: str) -> bytes | None:
        """The picture's PNG where it was drawn before."""
        plan = self._plan(lora, model)
        return await asyncio.to_thread(lambda: _read(self._path(lora, plan)))

    async def drawn(self, lora: LoraEntry, model: str) -> bytes | None:
        """The picture's PNG, drawn now where it has not been; None where that fails."""
        plan = self._plan(lora, model)
        path = await asyncio.to_thread(self._path, lora, plan)
        async with self._drawing.setdefault(path, asyncio.Lock()):
            known = await asyncio.to_thread(_read, path)
            if known is not None:
                return known
            job = Job(str(uuid.uuid4()), plan, OWNER, Lane.RELAX)
            try:
                async for event in self._engine.submit(job):
                    if isinstance(event, Finished):
                        png = event.pictures[0].png
                        await asyncio.to_thread(_write, path, png)
                        return png
            except (EngineError, OSError) as error:
                log.warning("no picture of the LoRA %s: %s", lora.name, error)
            return None

    def _plan(self, lora: LoraEntry, model: str) -> Plan:
        (spec,) = parse(f"{SUBJECT} {lora_words(lora.name, lora.weight, lora.words)}")
        plan = plan_imagine(spec, self._registry(), model=model, seed=SEED)
        return replace(plan, seeds=plan.seeds[:1])

    def _path(self, lora: LoraEntry, plan: Plan) -> Path:
        file = lora.path()
        stand = file.stat() if file is not None else None
        told = [plan.to_dict(), str(file), stand and (stand.st_size, stand.st_mtime_ns)]
        digest = hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()
        return self._folder / f"{digest[:32]}.png"


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(path: Path, png: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(png)
    unfinished.replace(path)
