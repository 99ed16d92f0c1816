"""What an owner installs: the wheel by itself, `easel setup`, and the files for Docker and systemd."""

import asyncio
import configparser
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
import setuptools
from PIL import Image
from typer.testing import CliRunner

from bot.config import BadSetting, Settings, load
from bot.memory.backup import BadBackup, restore
from bot.program.cli import app
from bot.program.discord_check import NEEDED
from bot.program.setup import PERMISSIONS, invitation, written
from bot.text.passages import of_pages
from playground import Playground

ROOT = Path(__file__).parent.parent
TOOLS = os.pathsep.join((sysconfig.get_path("scripts"), os.environ["PATH"]))
TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.abcdef.abcdefghijklmnopqrstuvwxyz"


@pytest.mark.skipif(
    int(setuptools.__version__.split(".")[0]) < 77, reason="the wheel is built with setuptools 77 or newer"
)
def test_a_built_wheel_in_a_fresh_environment_draws_a_grid_from_an_empty_folder(tmp_path):
    source = tmp_path / "source"
    left_out = shutil.ignore_patterns(".git", ".venv", "__pycache__", "data", "out", "runs", "*.egg-info")
    for name in ("bot", "docs", "engine", "grammar", "migrations", "playground", "pocket"):
        shutil.copytree(ROOT / name, source / name, ignore=left_out)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    bare = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "EASEL_"))}
    bare |= {"OMP_NUM_THREADS": "1"}
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", tmp_path, source],
        check=True,
        env=bare,
    )
    [wheel] = tmp_path.glob("easel-*.whl")
    fresh = tmp_path / "fresh"
    venv.create(fresh, with_pip=False)
    python = fresh / "bin" / "python"
    subprocess.run(
        [*pip, "--python", python, "install", "--no-deps", "--no-index", wheel], check=True, env=bare
    )
    # What Easel stands on is there already; Easel itself comes from the wheel alone.
    [packages] = (fresh / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"])
    empty = tmp_path / "empty"
    empty.mkdir()
    done = subprocess.run(
        [fresh / "bin" / "easel", "imagine", "two red foxes in the snow --seed 7 --q .25", "--json"],
        cwd=empty,
        env=bare,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "[transformers]" not in done.stderr
    said = json.loads(done.stdout)
    with Image.open(empty / said["grid"]) as grid:
        assert grid.size == (512, 512)
        assert len(grid.convert("RGB").getcolors(2**18)) > 50
    where = subprocess.run(
        [
            python,
            "-c",
            "import bot.memory.database as d, bot.text.passages as p;"
            " print(d.__file__, len(list(d.MIGRATIONS.iterdir())), len(list(p.of_pages())))",
        ],
        cwd=empty,
        env=bare,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert Path(where[0]).is_relative_to(fresh)
    assert int(where[1]) >= 12
    assert int(where[2]) == len(list(of_pages())) > 100  # what `/ask` answers from


def test_the_environment_file_is_made_of_the_example_and_only_its_owner_reads_it(tmp_path):
    file = tmp_path / ".env"
    written(file, {"DISCORD_TOKEN": TOKEN, "EASEL_MODEL": "sdxl"})
    settings = load(file)
    assert (settings.discord_token.get_secret_value(), settings.easel_model) == (TOKEN, "sdxl")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert all(f"{name.upper()}=" in file.read_text() for name in Settings.model_fields)


def test_what_stood_in_it_stays(tmp_path):
    file = tmp_path / ".env"
    file.write_text("# mine\nEASEL_KEEP=30d\nEASEL_MODEL=sdxl\nOTHER=1\n")
    written(file, {"EASEL_MODEL": r"a\1b", "EASEL_DEVICE": "cpu"})
    assert file.read_text() == "# mine\nEASEL_KEEP=30d\nEASEL_MODEL=a\\1b\nOTHER=1\n\nEASEL_DEVICE=cpu\n"


def test_a_value_that_cannot_be_used_leaves_it_as_it_was(tmp_path):
    file = tmp_path / ".env"
    file.write_text("EASEL_DEVICE=cpu\n")
    with pytest.raises(BadSetting, match=r"^EASEL_DEVICE"):
        written(file, {"EASEL_DEVICE": "gpu"})
    assert file.read_text() == "EASEL_DEVICE=cpu\n"
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


@pytest.fixture
async def discord():
    async with Playground(token=TOKEN) as server:
        yield server


@pytest.mark.parametrize(("token", "code"), [(TOKEN, 0), (TOKEN.replace("abcdef", "zzzzzz"), 2)])
async def test_setup_asks_writes_invites_and_checks(discord, tmp_path, token, code):
    """The program itself, beside a Discord of its own, its answers typed."""

    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("EASEL_", "DISCORD"))
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from bot.program.cli import main; main()"),
        *("setup", "--model", "pocket", "--device", "cpu"),
        cwd=tmp_path,
        env={
            **environment,
            "DISCORD_API_URL": discord.api_url,
            "PYTHONPATH": str(ROOT),
            "DISCORD_TOKEN": token,
            "EASEL_DATA": str(tmp_path / "var"),
        },
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate(b"\n")
    text = out.decode()
    assert process.returncode == code, text
    assert token not in text
    if code == 0:
        settings = load(tmp_path / ".env")
        assert settings.discord_token.get_secret_value() == token
        assert settings.easel_data == tmp_path / "var"
        link = re.search(
            r"https://discord\.com/oauth2/authorize\?client_id=(\d+)&scope=bot\+applications\.commands", text
        )
        assert link
        assert "ok    discord: Discord knows the token" in text
    else:
        assert "does not know this token; nothing was written" in text
        assert not (tmp_path / ".env").exists()


def test_the_invitation_asks_for_what_doctor_checks():
    assert invitation("1").endswith(f"permissions={PERMISSIONS}")
    assert all(PERMISSIONS & bit for bit in NEEDED.values())


def test_setup_offers_what_the_program_takes():
    assert CliRunner().invoke(app, ["setup", "--help"]).exit_code == 0


def test_the_unit_starts_the_bot_restarts_it_and_stops_it_in_time():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(ROOT / "deploy" / "easel.service", encoding="utf-8")
    service = unit["Service"]
    assert service["ExecStart"].endswith("easel bot")
    assert service["Restart"] == "always"
    assert service["RestartPreventExitStatus"] == "2"
    assert int(service["TimeoutStopSec"]) > 10
    if shutil.which("systemd-analyze"):
        said = subprocess.run(
            ["systemd-analyze", "verify", ROOT / "deploy" / "easel.service"], capture_output=True, text=True
        ).stderr
        problems = [line for line in said.splitlines() if "easel" in line and "not executable" not in line]
        assert problems == []


def test_what_a_command_fetches_is_where_the_unit_looks_and_a_restore_leaves_it(tmp_path):
    """With the account, the commands and the unit that `docs/owner.md` and `deploy/` give."""
    owner = (ROOT / "docs" / "owner.md").read_text(encoding="utf-8")
    unit = (ROOT / "deploy" / "easel.service").read_text(encoding="utf-8")
    home = re.search(r"useradd .*--home-dir (\S+) easel", owner)[1]
    told = dict(each.split("=") for each in re.search(r"(?m)^Environment=(.*)$", unit)[1].split())
    [pull] = re.findall(r"(?m)^sudo -H -u easel (\S+) \S+/easel models pull", owner)
    name, data = pull.split("=")
    assert told[name] == data == f"/var/lib/{re.search(r'(?m)^StateDirectory=(.*)$', unit)[1]}"
    ask = "from huggingface_hub.constants import HF_HUB_CACHE; print(HF_HUB_CACHE)"
    caches = {
        subprocess.run(
            [sys.executable, "-c", ask],
            env={"HOME": home} | given,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for given in (told, {name: data})
    }
    [cache] = caches
    assert Path(cache).is_relative_to(data)  # the one folder that the unit may write to
    there = tmp_path / "data"
    (there / Path(cache).relative_to(data)).mkdir(parents=True)
    with pytest.raises(BadBackup, match="no whole backup"):  # and not that the folder is not empty
        restore(ROOT / "LICENSE", there)


def test_the_container_is_no_root_and_says_whether_it_is_well():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    said = [line.split()[0] for line in lines if line and line[0].isupper()]
    assert said.index("USER") < said.index("ENTRYPOINT")
    assert {"ARG", "HEALTHCHECK", "VOLUME", "STOPSIGNAL"} <= set(said)
    assert 'ENTRYPOINT ["easel"]' in lines
    assert ".env" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_a_card_s_container_has_the_compiler_that_triton_asks_for():
    """Without one the kernels are torch's own steps, and nothing is compiled (`engine/kernels/blocks.py`)."""
    stage = (ROOT / "Dockerfile").read_text(encoding="utf-8").split("\nFROM ")[-1]
    assert re.search(r'(?s)ARG DEVICE.*RUN if \[ "\$DEVICE" = cuda \].*apt-get install .*g\+\+', stage)


def test_the_dockerfile_pleases_its_linter():
    linter = shutil.which("hadolint", path=TOOLS)
    assert linter, "hadolint is not installed"
    done = subprocess.run([linter, "Dockerfile"], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("", 0)


def test_the_compose_file_keeps_the_compose_specification():
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*command, "deploy/compose.yaml"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_compose_file_names_settings_that_there_are():
    yaml = pytest.importorskip("yaml")
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    assert set(compose) == {"name", "services", "volumes"}
    service = compose["services"]["easel"]
    assert {name.lower() for name in service["environment"]} <= set(Settings.model_fields)
    named = {each.split(":")[0] for each in service["volumes"]}
    assert named == set(compose["volumes"])
    assert service["restart"] == "unless-stopped"
    [device] = service["deploy"]["resources"]["reservations"]["devices"]
    assert device["capabilities"] == ["gpu"]
    file = Path(service["env_file"])
    assert (ROOT / "deploy" / file).resolve() == ROOT / ".env"


def test_the_cluster_s_manifest_names_settings_volumes_and_the_ray_that_there_are():
    yaml = pytest.importorskip("yaml")
    documents = list(yaml.safe_load_all((ROOT / "deploy" / "kuberay.yaml").read_text(encoding="utf-8")))
    claims = {each["metadata"]["name"] for each in documents if each["kind"] == "PersistentVolumeClaim"}
    [cluster] = [each for each in documents if each["kind"] == "RayCluster"]
    assert cluster["apiVersion"] == "ray.io/v1"
    spec = cluster["spec"]
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    assert f"ray=={spec['rayVersion']}" in pins
    head, [workers] = spec["headGroupSpec"], spec["workerGroupSpecs"]
    assert {"groupName", "replicas", "minReplicas", "maxReplicas", "rayStartParams", "template"} == set(
        workers
    )
    for group in (head, workers):
        pod = group["template"]["spec"]
        named = {each["name"]: each["persistentVolumeClaim"]["claimName"] for each in pod["volumes"]}
        assert set(named.values()) <= claims
        [container] = pod["containers"]
        assert {each["name"] for each in container["volumeMounts"]} == set(named)
        assert "$KUBERAY_GEN_RAY_START_CMD" in container["args"][0]
    [container] = head["template"]["spec"]["containers"]
    told = {each["name"]: each["value"] for each in container["env"]}
    assert {name.lower() for name in told} <= set(Settings.model_fields)
    assert told["EASEL_WORKERS"] == "ray"
    assert int(told["EASEL_WORKERS_MAX"]) == workers["maxReplicas"]
    assert workers["template"]["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == "1"
