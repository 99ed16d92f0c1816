"""Settings: their defaults, what is refused and how, and the file that lists them."""

import errno
import logging
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.config import BadSetting, Settings, env_example, load, unread
from bot.program.cli import app

ROOT = Path(__file__).parent.parent.parent


def test_the_example_file_lists_every_setting_with_its_default():
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example()


def test_the_example_file_is_itself_a_valid_env_file():
    assert load(ROOT / ".env.example").easel_model == Settings(_env_file=None).easel_model


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EASEL_DEVICE", "gpu"),
        ("EASEL_WORKERS", "two words"),
        ("EASEL_WORKERS", "10.0.0.1"),
        ("EASEL_WORKERS", "ray://10.0.0.1:10001"),
        ("EASEL_WORKERS_MIN", "0"),
        ("EASEL_QUEUED_PER_USER", "0"),
        ("EASEL_RUNNING_PER_USER", "many"),
        ("EASEL_LOG_LEVEL", "loud"),
        ("EASEL_MEMORY", "8"),
        ("EASEL_MEMORY", "0 GB"),
        ("EASEL_MEMORY", "eight GB"),
        ("EASEL_PRECISION", "fp4"),
        ("DISCORD_API_URL", "discord.com"),
        ("DISCORD_GATEWAY_URL", "http://gateway"),
        ("EASEL_METRICS", "127.0.0.1:65536"),
        ("EASEL_METRICS", "127.0.0.1:0"),
        ("EASEL_STUDIO", "[::1]:99999"),
        ("EASEL_WORKERS", "10.0.0.1:70000"),
        ("EASEL_PROXY", "http://proxy:99999"),
        ("EASEL_WRITER", "http://127.0.0.1:99999/v1"),
        ("DISCORD_API_URL", "http://discord:99999/api"),
        ("DISCORD_GATEWAY_URL", "ws://gateway:99999/?v=10"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_in_one_line(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=f"^{name}: ") as refused:
        load(None)
    assert "\n" not in str(refused.value)


def test_a_proxys_password_is_not_told(monkeypatch):
    monkeypatch.setenv("EASEL_PROXY", "socks5://easel:secret@10.0.0.1:1080")
    with pytest.raises(BadSetting, match=r"^EASEL_PROXY: the value cannot be used; ") as refused:
        load(None)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "value", ["https://studio.example.org/easel", "https://x:99999", "https://x:y", "x.org"]
)
def test_an_address_of_the_studio_that_no_browser_could_open_is_refused(monkeypatch, value):
    monkeypatch.setenv("EASEL_STUDIO_URL", value)
    with pytest.raises(BadSetting, match=r"^EASEL_STUDIO_URL: "):
        load(None)


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:1", "mps", "cuda:0,cuda:1"])
def test_devices_are_named_as_torch_names_them(monkeypatch, device):
    monkeypatch.setenv("EASEL_DEVICE", device)
    assert load(None).easel_device == device


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("EASEL_LOG_LEVEL", "loud", "DEBUG, INFO, WARNING, ERROR"),
        ("EASEL_LOG", "xml", "text, json"),
        ("EASEL_MARK", "maybe", "on, off"),
    ],
)
def test_who_names_none_of_a_few_words_is_told_them(monkeypatch, name, value, allowed):
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=f"{allowed}\\.$"):
        load(None)


def test_a_level_of_the_log_is_known_however_it_is_written(monkeypatch):
    monkeypatch.setenv("EASEL_LOG_LEVEL", "debug")
    assert load(None).easel_log_level == "DEBUG"


def test_an_empty_value_means_the_default(monkeypatch):
    monkeypatch.setenv("EASEL_MODEL", "")
    assert load(None).easel_model == "pocket"


@pytest.mark.parametrize(("said", "compiler"), [("none", ""), ("", "auto"), ("inductor", "inductor")])
def test_a_word_turns_the_compiler_off(tmp_path, said, compiler):
    file = tmp_path / ".env"
    file.write_text(f"EASEL_COMPILER={said}\n")
    assert load(file).easel_compiler == compiler


def test_what_is_said_of_an_empty_value_is_true():
    for name, field in Settings.model_fields.items():
        if "empty:" in field.description:
            default = field.default.get_secret_value() if name.endswith("secret") else field.default
            assert default in ("", None), name


def test_the_environment_goes_before_the_file(monkeypatch, tmp_path):
    file = tmp_path / ".env"
    file.write_text("EASEL_DEVICE=cpu\nEASEL_MODEL=sdxl\n")
    monkeypatch.setenv("EASEL_MODEL", "flux")
    settings = load(file)
    assert (settings.easel_device, settings.easel_model) == ("cpu", "flux")


def test_a_file_that_cannot_be_read_is_one_sentence(monkeypatch, tmp_path):
    file = tmp_path / ".env"
    file.write_bytes("EASEL_MODEL=café\n".encode("latin-1"))
    with pytest.raises(BadSetting, match=r"\.env: this is no text in UTF-8"):
        load(file)
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["models"]).exit_code == 2

    def refused(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)  # root, as whom tests may run, is refused nothing
    monkeypatch.setattr("builtins.open", refused)
    with pytest.raises(BadSetting, match=r"\.env: Permission denied; be the user"):
        load(file)


def test_names_that_are_no_settings_are_told(monkeypatch, tmp_path):
    file = tmp_path / ".env"
    file.write_text("EASEL_MODLE=sdxl\nEASEL_COLOUR=red\nHF_TOKEN=x\nEASEL_KEEP=30d\nOMP_NUM_THREADS=2\n")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("EASEL_STUDIO_ULR", "https://studio.example.org")
    monkeypatch.setenv("EASEL_HEAD_SVC_SERVICE_HOST", "10.0.0.7")  # as Kubernetes sets them
    assert unread(file) == [
        "EASEL_COLOUR is no setting; .env.example lists them all.",
        "EASEL_MODLE is no setting; did you mean EASEL_MODEL?",
        "EASEL_STUDIO_ULR is no setting; did you mean EASEL_STUDIO_URL?",
        f"HF_TOKEN has no effect in {file}: what is the hub's is read from the environment.",
    ]
    monkeypatch.setenv("HF_TOKEN", "x")
    monkeypatch.delenv("EASEL_STUDIO_ULR")
    assert unread(ROOT / ".env.example") == []


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({}, "DISCORD_TOKEN"),
        ({"DISCORD_TOKEN": "x", "EASEL_MODEL": "nothing-of-that-name"}, "EASEL_MODEL"),
        ({"DISCORD_TOKEN": "x", "EASEL_DATA": "file"}, "EASEL_DATA"),
        ({"DISCORD_TOKEN": "x", "EASEL_DEVICE": "gpu"}, "EASEL_DEVICE"),
        ({"DISCORD_TOKEN": "x", "EASEL_DEVICE": "cuda:99"}, "EASEL_DEVICE"),
        ({"DISCORD_TOKEN": "x", "EASEL_WORKERS": "ray://10.0.0.1:10001"}, "EASEL_WORKERS"),
        ({"DISCORD_TOKEN": "x", "EASEL_MODELS_FILE": "missing.toml"}, "EASEL_MODELS_FILE"),
        ({"DISCORD_TOKEN": "x", "EASEL_DATA": "damaged"}, "EASEL_DATA"),
        ({"DISCORD_TOKEN": "x", "EASEL_DATA": "file/below"}, "EASEL_DATA"),
        ({"DISCORD_TOKEN": "x", "EASEL_DATA": "unlockable"}, "EASEL_DATA"),
        ({"DISCORD_TOKEN": "x", "EASEL_DATA": "long" * 100}, "EASEL_DATA"),
        (
            {
                "DISCORD_TOKEN": "x",
                "EASEL_WORKERS": "ray",
                "EASEL_WORKERS_MIN": "4",
                "EASEL_WORKERS_MAX": "2",
            },
            "EASEL_WORKERS_MIN",
        ),
    ],
)
def test_the_bot_does_not_start_on_a_bad_setting(tmp_path, monkeypatch, changes, named):
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "easel.db").write_bytes(b"no database " * 200)
    (tmp_path / "unlockable" / "easel.lock").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    monkeypatch.setattr(logging.root, "handlers", list(logging.root.handlers))
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(app, ["bot"])
    assert done.exit_code == 2
    [line] = done.stderr.splitlines()
    assert line.startswith(f"{named}: ")


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EROFS, errno.ENOSPC, errno.EACCES])
def test_a_data_folder_that_cannot_be_made_is_told_with_its_setting(tmp_path, monkeypatch, number):
    def mkdir(path, *args, **options):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setenv("DISCORD_TOKEN", "x")
    monkeypatch.setenv("EASEL_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(logging.root, "handlers", list(logging.root.handlers))
    monkeypatch.setattr(Path, "mkdir", mkdir)
    done = CliRunner().invoke(app, ["bot"])
    assert done.exit_code == 2
    [line] = done.stderr.splitlines()
    assert line == f"EASEL_DATA: {tmp_path / 'data'} cannot be used: {os.strerror(number)}"


def test_what_is_forbidden_to_the_running_bot_is_not_put_down_to_its_folder(tmp_path, monkeypatch):
    async def forbidden(*_):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "elsewhere")

    monkeypatch.setenv("DISCORD_TOKEN", "x")
    monkeypatch.setenv("EASEL_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(logging.root, "handlers", list(logging.root.handlers))
    monkeypatch.setattr("bot.program.serve._until", forbidden)
    done = CliRunner().invoke(app, ["bot"])
    assert (done.exit_code, done.stderr.splitlines()[-1]) == (1, "elsewhere: Permission denied")
