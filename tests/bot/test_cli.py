"""The command line: what is printed, where, and the exit codes."""

import json
import logging
from random import Random

import pytest
from PIL import Image
from typer.testing import CliRunner

from bot import logs
from bot.program.cli import app
from engine import Registry
from engine.pictures.decoding import to_png
from engine.pictures.mark import marked
from engine.pictures.provenance import stamp
from pocket.world.draw import draw
from pocket.world.scenes import random_scene


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in-the-way").write_text("a file")
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)


def easel(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_parse_prints_one_json_array_of_jobs():
    done = easel("parse", "a {red, blue} fox::2 snow --ar 3:2 --no cat, dog --tile", "--json")
    assert done.exit_code == 0
    first, second = json.loads(done.stdout)
    assert [first["text"], second["text"]] == ["a red fox::2 snow", "a blue fox::2 snow"]
    assert first["parts"] == [{"text": "a red fox", "weight": 2}, {"text": "snow", "weight": 1}]
    assert first["images"] == []
    assert first["params"] == {"ar": "3:2", "no": ["cat", "dog"], "tile": True}


def test_parse_takes_a_prompt_that_begins_with_a_parameter():
    assert easel("parse", "—ar 3:2", "--json").exit_code == 2
    assert easel("parse", "--foo bar").exit_code == 2


def test_parse_shows_people_the_canonical_prompt():
    assert "a fox --ar 3:2" in easel("parse", "a fox   --aspect 6:4").stdout


@pytest.mark.parametrize("command", ["parse", "imagine"])
def test_a_bad_prompt_is_shown_with_a_caret_and_exits_2(command):
    done = easel(command, "a fox --s 5000")
    assert done.exit_code == 2
    prompt, caret, sentence = done.stderr.splitlines()
    assert prompt == "a fox --s 5000"
    assert caret.strip("^ ") == ""
    assert caret.index("^") == prompt.index("--s")
    assert "`--s 5000`" in sentence


def test_models_lists_the_whole_registry():
    tables = easel("models").stdout.split("\n\n")
    registry = Registry.load()
    beside = (
        *registry.controls,
        *registry.depths,
        *registry.segmenters,
        *registry.describers,
        *registry.upscalers,
    )
    kinds = (registry.entries, registry.loras, registry.adapters, beside)
    for listed, entries in zip(tables, kinds, strict=True):
        assert [line.split()[0] for line in listed.splitlines()[1:]] == [each.name for each in entries]


def test_an_unknown_model_is_one_line_and_exits_2():
    done = easel("imagine", "a fox", "--model", "nothing")
    assert done.exit_code == 2
    assert done.stderr.startswith("--model: ")


def test_doctor_has_one_line_for_each_part():
    done = easel("doctor")
    assert [line.split()[1] for line in done.stdout.splitlines()] == [
        *("configuration:", "database:", "models:", "device:", "disk:", "token:", "discord:")
    ]


@pytest.mark.parametrize(
    ("name", "value", "about"),
    [
        ("EASEL_DEVICE", "gpu", "configuration"),
        ("EASEL_MODEL", "nothing", "models"),
        ("DISCORD_TOKEN", "abc", "token"),
        ("EASEL_DATA", "in-the-way", "database"),
    ],
)
def test_doctor_names_what_must_be_mended(monkeypatch, name, value, about):
    monkeypatch.setenv(name, value)
    done = easel("doctor")
    assert done.exit_code == 1
    [line] = [line for line in done.stdout.splitlines() if line.startswith("MEND")]
    assert f"{about}: " in line
    assert name in line


def test_describing_a_missing_or_broken_file_is_one_line(tmp_path):
    (tmp_path / "notes.png").write_text("no picture")
    for name in ("nowhere.png", "notes.png"):
        done = easel("describe", name)
        assert done.exit_code == 1
        assert len(done.stderr.splitlines()) == 1


def scene(number: int) -> Image.Image:
    rng = Random(number)
    return draw(random_scene(rng), 256, 256, rng).convert("RGB")


def test_verify_says_what_a_file_says_of_itself(tmp_path):
    marked_scene = to_png(marked(scene(1), 0xABCDEF))
    job = "2f637b98-4757-4298-89ee-0ab5cb01f743"
    own = stamp(marked_scene, prompt="a fox", spec={}, seed=7, model="pocket", job_id=job, mark=0xABCDEF)
    (tmp_path / "own.png").write_bytes(own)
    done = easel("verify", "own.png", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout) == {
        "made_by_easel": True,
        "ai_mark": True,
        "prompt": "a fox",
        "seed": 7,
        "model": "pocket",
        "job": job,
        "watermark": {"found": True, "job": "abcdef"},
        "c2pa": "none",
        "redrawn": "not tried",
        "notes": [],
    }
    plain = easel("verify", "own.png").stdout
    assert "prompt: a fox" in plain
    assert "mark:   in the pixels, abcdef; the job is not known here" in plain
    unknown = easel("verify", "own.png", "--prove")
    assert unknown.exit_code == 0
    assert "cannot be drawn again" in unknown.stderr


def test_verify_tells_foreign_pictures_and_what_is_none_by_its_exit_status(tmp_path):
    (tmp_path / "foreign.png").write_bytes(to_png(scene(2)))
    (tmp_path / "notes.png").write_text("no picture")
    assert easel("verify", "foreign.png").exit_code == 1
    for name in ("nowhere.png", "notes.png"):
        done = easel("verify", name, "--json")
        assert done.exit_code == 2
        assert len(done.stderr.splitlines()) == 1


def test_a_folder_that_cannot_be_made_is_one_line():
    done = easel("imagine", "a fox", "--out", "in-the-way/pictures")
    assert done.exit_code == 1
    assert done.stderr.splitlines() == ["in-the-way/pictures: Not a directory"]


def test_help_lists_the_parameters():
    assert "--stylize, --s" in easel("help").stdout
    assert easel("help", "parameters").stdout == easel("help").stdout


def test_help_says_what_one_parameter_does():
    [line] = easel("help", "--chaos").stdout.splitlines()
    assert line.startswith("--chaos, --c")
    missing = easel("help", "nonsense")
    assert missing.exit_code == 2
    assert "nonsense" in missing.stderr


def test_no_secret_reaches_the_log():

    formatter = logs.Discreet("MTA.abc.secret")
    address = "https://discord.com/api/v10/webhooks/123/aW50ZXJhY3Rpb246MTIz.abc-def_ghi/messages/@original"
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s with MTA.abc.secret", (address,), None)
    text = formatter.format(record)
    assert "secret" not in text
    assert "aW50" not in text
    assert "/webhooks/123/<token>/messages/@original" in text
