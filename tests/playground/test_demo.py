"""The demo as a program: it starts both, says where, and stops both."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from playground import Remote

ROOT = Path(__file__).parent.parent.parent
PAINTER = [sys.executable, "-m", "tests.playground.painter"]


def start(data: Path, *bot: str, port: int = 0, **where: Any) -> subprocess.Popen[str]:
    demo = [sys.executable, "-m", "playground.demo", "--port", str(port), "--no-browser"]
    command = [*demo, "--data", str(data), "--"]
    return subprocess.Popen(
        [*command, *bot], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **where
    )


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return line
    raise AssertionError(f"never said {words!r}: {process.stderr and process.stderr.read()}")


async def test_the_bot_is_used_and_interrupting_stops_everything(tmp_path: Path) -> None:
    with start(tmp_path, *PAINTER) as demo:
        url = read_until(demo, "Open").split()[-1]
        read_until(demo, "ready")
        async with Remote(url) as remote:
            await remote.bot_ready()
            used = await remote.person("ada").slash("general", "settings")
            assert (await used.message()).ephemeral
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0
    assert (tmp_path / "discord.json").is_file()
    with pytest.raises(OSError, match="Cannot connect"):
        await Remote(url).__aenter__()


def test_a_taken_port_is_answered_with_a_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start(tmp_path, *PAINTER, port=port) as demo:
            assert demo.wait(30) == 1
            assert demo.stderr is not None
            said = demo.stderr.read()
    assert f"Port {port} cannot be used" in said
    assert "Traceback" not in said


def test_a_second_demo_on_the_same_folder_says_where_the_first_is(tmp_path: Path) -> None:
    with start(tmp_path, *PAINTER) as first:
        url = read_until(first, "Open").split()[-1]
        with start(tmp_path, *PAINTER) as second:
            assert second.wait(30) == 1
            assert second.stderr is not None
            assert f"running already: {url}" in second.stderr.read()
        first.send_signal(signal.SIGINT)
        assert first.wait(30) == 0


def test_a_bot_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    with start(tmp_path, sys.executable, "-c", "raise SystemExit('no such model')") as demo:
        assert demo.wait(30) == 1
        assert demo.stderr is not None
        assert "no such model" in demo.stderr.read()


def test_the_bot_is_given_its_settings(tmp_path: Path) -> None:
    names = ("DISCORD_TOKEN", "DISCORD_API_URL", "DISCORD_GATEWAY_URL", "EASEL_DATA")
    script = f"import os; print([os.environ[n] for n in {names}])"
    with start(tmp_path, sys.executable, "-c", script) as demo:
        demo.wait(30)
    said = (tmp_path / "bot.log").read_text()
    assert "/api/v10" in said
    assert "ws://127.0.0.1" in said
    assert os.fspath(tmp_path / "easel") in said


async def test_a_real_bots_settings_stay_its_own(tmp_path: Path) -> None:
    """With those of `.env` the demo's bot would not start, with those of the environment reach no Discord."""
    real = "EASEL_MODEL=none-of-that-name\nEASEL_STUDIO_URL=https://studio.example.org\n"
    (tmp_path / ".env").write_text(real)
    surroundings = {
        "EASEL_PROXY": "http://127.0.0.1:9",
        "EASEL_STUDIO_URL": "https://studio.example.org",
        "PYTHONPATH": os.fspath(ROOT),
    }
    with start(Path("kept"), cwd=tmp_path, env=os.environ | surroundings) as demo:
        url = read_until(demo, "Open").split()[-1]
        read_until(demo, "ready")
        async with Remote(url) as remote:
            await remote.bot_ready()
            used = await remote.person("ada").slash("general", "studio")
            assert "http://127.0.0.1:" in (await used.message()).content
        demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0
    assert (tmp_path / "kept" / "easel" / "easel.db").is_file()
