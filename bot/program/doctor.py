"""What is wrong with this installation, and how to mend it: one finding a part.

Looks without changing anything; needs no torch, and asks Discord only where there is a token.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.config import BadSetting, Settings, load, unread
from bot.memory.database import pending_migrations
from bot.program.discord_check import checked
from bot.program.wiring import registry_of
from engine.process.absent import absent

__all__ = ["Finding", "findings"]

LEAST_FREE = 10**9  # bytes
TOKEN = re.compile(r"^[\w-]{20,}\.[\w-]{4,}\.[\w-]{20,}$")


@dataclass(frozen=True, slots=True)
class Finding:
    """One part of the installation: whether it is as it should be, and a sentence."""

    about: str
    ok: bool
    sentence: str


def findings(env_file: Path) -> Iterator[Finding]:
    """Configuration, database, models, device, disk, token and Discord, in this order.

    Without settings only the first.
    """
    try:
        settings = load(env_file)
    except BadSetting as error:
        yield Finding("configuration", False, str(error))
        return
    source = str(env_file) if env_file.exists() else "the environment (there is no .env)"
    without_effect = unread(env_file)
    said = f"; {' '.join(without_effect)}" if without_effect else ""
    yield Finding("configuration", not without_effect, f"read from {source}{said}")
    checks: tuple[tuple[str, Callable[[Settings], str]], ...] = (
        ("database", _database),
        ("models", _models),
        ("device", _device),
        ("disk", _disk),
        ("token", _token),
        ("discord", _discord),
    )
    for about, check in checks:
        try:
            yield Finding(about, True, check(settings))
        except BadSetting as error:
            yield Finding(about, False, str(error))


def _database(settings: Settings) -> str:
    path = settings.easel_data / "easel.db"
    if not path.exists():
        parent = next(folder for folder in (path.parent, *path.parent.absolute().parents) if folder.exists())
        if not parent.is_dir() or not os.access(parent, os.W_OK):
            raise BadSetting(f"EASEL_DATA: {settings.easel_data} cannot be written; choose another folder")
        return f"{path} will be made at the first start"
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            (verdict,) = connection.execute("PRAGMA quick_check").fetchone()
            (jobs,) = connection.execute("SELECT count(*) FROM jobs").fetchone()
        connection.close()
    except sqlite3.Error as error:
        raise BadSetting(
            f"{path} cannot be read ({error}); restore it from a backup or move it away"
        ) from None
    if verdict != "ok":
        raise BadSetting(f"{path} is damaged ({verdict}); restore it from a backup")
    pending = pending_migrations(path)
    later = f"; {len(pending)} migrations will be applied at the next start" if pending else ""
    return f"{path} is sound and holds {jobs} jobs{later}"


def _models(settings: Settings) -> str:
    registry = registry_of(settings)
    if registry.problems:
        raise BadSetting(" ".join(registry.problems))
    entry = registry.get(settings.easel_model)
    here = sum(other.on_this_machine() for other in registry.entries)
    if not entry.on_this_machine() and entry.folder is not None:
        raise BadSetting(f"EASEL_MODEL: {entry.name} should lie in {entry.folder}, but does not")
    fetch = f" (about {entry.gigabytes:g} GB, fetched by `easel models pull {entry.name}`)"
    download = "" if entry.on_this_machine() else fetch
    return f"default {entry.name}{download}; {here} of {len(registry.entries)} on this machine"


def _device(settings: Settings) -> str:
    if importlib.util.find_spec("torch") is None:
        raise BadSetting("torch is not installed; run `make imagine` once")
    wanted = settings.easel_device
    if settings.easel_workers == "local" and (why := absent(wanted)):
        raise BadSetting(f"EASEL_DEVICE: {why}")
    if wanted.startswith("cuda") and not Path("/proc/driver/nvidia").exists():
        raise BadSetting(f"EASEL_DEVICE: {wanted}, but no NVIDIA driver is loaded; use cpu or auto")
    driver = Path("/sys/module/nvidia/version")
    found = f"; NVIDIA driver {driver.read_text().strip()}" if driver.exists() else ""
    return f"{wanted}{found}"


def _disk(settings: Settings) -> str:
    folder = next(f for f in (settings.easel_data, *settings.easel_data.absolute().parents) if f.is_dir())
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        raise BadSetting(
            f"only {free / 1e9:.1f} GB are free for {settings.easel_data}; make room, or bound EASEL_KEEP"
        )
    return f"{free / 1e9:.0f} GB are free for {settings.easel_data}"


def _discord(settings: Settings) -> str:
    if not settings.discord_token.get_secret_value():
        return "not asked: there is no token"
    if not TOKEN.match(settings.discord_token.get_secret_value()):
        return "not asked: this is no token"
    return "; ".join(asyncio.run(checked(settings)))


def _token(settings: Settings) -> str:
    token = settings.discord_token.get_secret_value()
    if not token:
        return "DISCORD_TOKEN is not set: `easel imagine` works without, `easel bot` needs one"
    if not TOKEN.match(token):
        raise BadSetting("DISCORD_TOKEN: does not look like a bot token (three parts with dots between)")
    return "set"
