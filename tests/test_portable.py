"""Linux, macOS and Windows: nothing POSIX-only is imported, and the locks work without it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
POSIX_ONLY = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}

BLOCKED = """
import asyncio, multiprocessing, pkgutil, importlib, pathlib, signal, subprocess, os, sys, tempfile, warnings
import aiohttp, discord, typer, rich.progress  # what they need of the system is theirs
from concurrent.futures import ProcessPoolExecutor
warnings.simplefilter("ignore")
for name in {names!r}:
    sys.modules[name] = None
for name in ("SIGUSR1", "SIGHUP"):
    delattr(signal, name)
del os.nice
os.environ["USERNAME"] = "easel"  # as Windows has it
import bot, engine, grammar, playground
for package in (bot, grammar, playground):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
for name in ("engine.process.engine", "engine.process.check", "engine.models.fetching"):
    importlib.import_module(name)

from bot.memory.database import Database, InUse

async def tried(folder):
    path = pathlib.Path(folder) / "easel.db"
    async with Database.opened(path):
        try:
            async with Database.opened(path):
                print("two at once")
        except InUse:
            print("refused")
    async with Database.opened(path) as again:
        print(len(await again.rows("SELECT * FROM jobs")))

with tempfile.TemporaryDirectory() as folder:
    asyncio.run(tried(folder))
"""

DIES = """
import os, pathlib, sys
from bot.memory.database import locked
with locked(pathlib.Path(sys.argv[1])):
    os._exit(1)
"""


def child(script, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True
    )
    return done.stdout.split(), done.stderr


def test_everything_is_imported_and_a_folder_takes_one_process_where_there_is_no_posix():
    said, errors = child(BLOCKED.format(names=sorted(POSIX_ONLY - {"posix"})))
    assert said[-2:] == ["refused", "0"], errors


def test_the_lock_of_a_process_that_dies_goes_with_it(tmp_path):
    child(DIES, str(tmp_path))
    child(DIES, str(tmp_path))
    from bot.memory.database import locked

    with locked(tmp_path):
        assert (tmp_path / "easel.lock").exists()


@pytest.mark.parametrize("package", ["bot", "engine", "grammar", "playground", "migrations"])
def test_no_module_imports_what_only_posix_has(package):
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for statement in ast.parse(path.read_text(encoding="utf-8")).body
        if not (isinstance(statement, ast.If) and "sys.platform" in ast.unparse(statement.test))
        for node in ast.walk(statement)
        for name in imported(node)
        if name.split(".")[0] in POSIX_ONLY
    ]
    assert found == []


def imported(node):
    """The modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
