"""`easel models …`: what is printed, and one sentence for each thing that goes wrong."""

import json
import os
import shutil
from pathlib import Path

import pytest
from safetensors.torch import save_file
from torch import zeros
from typer.testing import CliRunner

from bot.program.cli import app
from engine.models import fetching, ordering
from engine.planning.registry import ADDED, Registry
from tests.engine.test_fetching import FILES, OWN, SIZE, at_hub
from tests.engine.test_recognising import LAYER, lora_bytes
from tests.hub import COMMIT, hub_in

POCKET = Path(__file__).parents[2] / "pocket" / "weights"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("EASEL_", "HF_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("EASEL_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fetching, "WAITS", (0.0, 0.0))


@pytest.fixture
def hub(tmp_path, monkeypatch):
    with hub_in(tmp_path / "hub") as hub:
        at_hub(hub.url, monkeypatch)
        hub.add("somebody/far", FILES)
        yield hub


def easel(*arguments):
    return CliRunner().invoke(app, list(arguments))


def own(tmp_path, text=OWN):
    (tmp_path / "data").mkdir(exist_ok=True)
    (tmp_path / "data" / ADDED).write_text(text)


def one_sentence(done, code):
    assert done.exit_code == code, done.output
    assert "Traceback" not in done.output
    return done.stderr.splitlines()[-1]


def test_the_list_as_json():
    rows = {row["name"]: row for row in json.loads(easel("models", "--json").stdout)}
    assert rows.keys() == {entry.name for entry in Registry.load().entries}
    assert rows["pocket"]["here"]
    assert not rows["flux-dev"]["here"]
    assert rows["flux-dev"]["versions"] == ["8.1", "8.2"]
    assert rows["animagine-4.0"]["niji"] == ["6", "7"]
    assert rows["flux-dev"]["licence"] == "FLUX.1 [dev] Non-Commercial"
    assert rows["flux-dev"]["gigabytes"] == 34.0
    wanted = [
        "text",
        "vary",
        "region",
        "pan",
        "tile",
        "no",
        "image",
        "sref",
        "cref",
        "oref",
        "edit",
        "control",
        "lora",
    ]
    assert all(row["can"].keys() == set(wanted) for row in rows.values())
    assert rows["pocket"]["can"]["lora"] is True
    assert rows["sana-sprint"]["can"]["lora"] is False
    assert rows["ideogram-4"]["can"]["no"] is False
    assert rows["deepfloyd-if"]["can"]["vary"] is False
    assert all(
        rows["pocket"]["can"][name] for name in ("text", "vary", "region", "pan", "tile", "no", "image")
    )


def test_the_list_says_licence_and_what_a_model_cannot():
    lines = {line.split()[0]: line for line in easel("models").stdout.splitlines() if line.strip()}
    assert "FLUX.1 [dev] Non-Commercial, no commercial use, to be accepted" in lines["flux-dev"]
    assert "--no" in lines["ideogram-4"]


def test_the_list_names_all_that_can_be_pulled():
    named = {line.split()[0] for line in easel("models").stdout.splitlines() if line.strip()}
    assert {entry.name for entry in Registry.load().fetchable} <= named


def test_a_wrong_entry_is_one_line_and_the_rest_works(tmp_path):
    own(tmp_path, OWN + "colour = 1" + OWN.replace('"far"', '"near"'))
    done = easel("models")
    assert done.exit_code == 0
    assert len(done.stderr.splitlines()) == 1
    assert "colour" in done.stderr
    assert "near" in done.stdout
    assert "colour" in one_sentence(easel("models", "pull", "far"), 2)
    assert "colour" in easel("doctor").stdout


def test_pulling_says_first_what_it_will_be_and_then_the_model_is_here(hub, tmp_path):
    own(tmp_path)
    hub.licences["somebody/far"] = "openrail"
    done = easel("models", "pull", "far")
    assert done.exit_code == 0
    assert done.stdout == "Far is on this machine.\n"
    assert ordering.gigabytes(SIZE) in done.stderr.splitlines()[0]
    assert "openrail" in done.stderr.splitlines()[0]
    assert {row["name"]: row for row in json.loads(easel("models", "--json").stdout)}["far"][
        "commit"
    ] == COMMIT
    asked = len(hub.asked)
    assert easel("models", "pull", "far").exit_code == 0
    assert not any("/resolve/" in path and "model_index" not in path for path in hub.asked[asked:])


def test_an_interrupted_pull_goes_on(hub, tmp_path, monkeypatch):
    own(tmp_path)
    write = fetching._Part.write

    def interrupted(part, chunk):
        write(part, chunk[:3000])
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(fetching._Part, "write", interrupted)
        assert "goes on from here" in one_sentence(easel("models", "pull", "far"), 1)
    assert "are here" in easel("models", "pull", "far").stderr


@pytest.mark.parametrize(
    ("goes_wrong", "says"),
    [
        (lambda hub: hub.denied.update({"somebody/far": 403}), "Accept its licence"),
        (lambda hub: setattr(hub, "down", True), "503"),
        (lambda hub: setattr(hub, "cut", 0), "could not be reached"),
        (lambda hub: setattr(hub, "spoiled", True), "damaged"),
        (lambda hub: shutil.rmtree(hub.folder / "somebody"), "no repository"),
        (lambda hub: (hub.folder / "somebody/far/model_index.json").unlink(), "no diffusers pipeline"),
    ],
)
def test_whatever_goes_wrong_is_one_sentence(hub, tmp_path, goes_wrong, says):
    own(tmp_path)
    goes_wrong(hub)
    assert says in one_sentence(easel("models", "pull", "far"), 1)
    assert easel("models").exit_code == 0


def test_names_that_mean_nothing(hub):
    assert "no model" in one_sentence(easel("models", "pull", "nothing"), 2)
    assert "neither a file or folder" in one_sentence(easel("models", "add", "what is this"), 1)
    assert "no repository" in one_sentence(easel("models", "add", "who/what"), 1)
    assert "nothing to fetch" in one_sentence(easel("models", "pull", "pocket"), 1)
    assert "nothing to remove" in one_sentence(easel("models", "remove", "pocket", "--yes"), 1)


def test_a_folder_is_added_checked_and_removed_and_stays(tmp_path):
    folder = shutil.copytree(POCKET, tmp_path / "House Model")
    done = easel("models", "add", str(folder), "--name", "house")
    assert done.exit_code == 0, done.output
    assert "family sd, 256×256" in done.stdout
    checked = easel("models", "check", "house")
    assert checked.exit_code == 0, checked.output
    assert checked.stdout.startswith("ok    house: drew a picture on ")
    assert "GB of memory" in checked.stdout
    assert "--yes" in one_sentence(easel("models", "remove", "house"), 1)
    assert easel("models", "remove", "house", "--yes").exit_code == 0
    assert "house" not in [entry.name for entry in Registry.load(data=tmp_path / "data").entries]
    assert (folder / "model_index.json").exists()


def test_checking_a_model_with_a_missing_shard_or_damaged_weights_says_why(tmp_path):
    folder = shutil.copytree(POCKET, tmp_path / "house")
    easel("models", "add", str(folder))
    (weights,) = (folder / "unet").glob("*.safetensors")
    weights.write_bytes(weights.read_bytes()[:1000])
    checked = easel("models", "check", "house")
    assert checked.exit_code == 1
    assert checked.stdout.startswith("FAIL  house: The weights of house could not be read")
    weights.unlink()
    checked = easel("models", "check", "house")
    assert checked.stdout == "FAIL  house: The weights of house are not whole: `unet` holds no weights.\n"
    done = easel("imagine", "a house", "--model", "house")
    assert "not whole" in one_sentence(done, 1)


def test_drawing_with_a_model_that_is_not_here_offline_is_no_question_of_licences(tmp_path, monkeypatch):
    at_hub("http://127.0.0.1:9", monkeypatch)
    said = one_sentence(easel("imagine", "a house", "--model", "flux-dev"), 1)
    assert "the hub could not be reached" in said
    assert "licence" not in said


def test_files_of_a_folder_are_added_as_a_table_and_listed(tmp_path):
    home = tmp_path / "downloads"
    home.mkdir()
    (home / "Ink_Look.safetensors").write_bytes(lora_bytes(LAYER))
    (home / "old.ckpt").write_bytes(b"\x80\x02}")
    save_file({"emb_params": zeros(2, 768)}, home / "EasyNegative.safetensors")
    done = easel("models", "add", str(home))
    assert done.exit_code == 0, done.output
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if line.strip()}
    assert "a LoRA for Stable Diffusion XL" in rows["Ink_Look.safetensors"]
    assert "pickle" in rows["old.ckpt"]
    listed = easel("models").stdout
    assert "Ink_Look" in listed
    assert "ghibli style" in listed
    assert "<EasyNegative>" in listed
    assert "Nothing was added" in one_sentence(easel("models", "add", str(home)), 1)
    assert "one file" in one_sentence(easel("models", "add", str(home), "--name", "x"), 1)
    assert "nothing to fetch" in one_sentence(easel("models", "pull", "ink_look"), 1)
    assert easel("models", "remove", "easynegative", "--yes").exit_code == 0
    assert easel("models", "remove", "Ink_Look", "--yes").exit_code == 0
    assert "Ink_Look" not in easel("models").stdout
    assert (home / "Ink_Look.safetensors").exists()


def test_one_file_is_added_and_says_how_it_is_used(tmp_path):
    (tmp_path / "Ink.safetensors").write_bytes(lora_bytes(LAYER))
    done = easel("models", "add", str(tmp_path / "Ink.safetensors"), "--for", "sdxl")
    assert done.exit_code == 0, done.output
    assert "`<lora:Ink:1> ghibli style` in a prompt" in done.stdout
    (tmp_path / "x.safetensors").write_bytes(b"")
    assert "0 bytes" in one_sentence(easel("models", "add", str(tmp_path / "x.safetensors")), 1)
    assert "no model" in one_sentence(
        easel("models", "add", str(tmp_path / "Ink.safetensors"), "--for", "nothing"), 1
    )


def test_a_lora_of_the_hub_is_pulled_by_its_repository_with_size_and_licence(hub):
    hub.add("somebody/Ghibli-XL", {"pytorch_lora_weights.safetensors": lora_bytes(LAYER)})
    hub.licences["somebody/Ghibli-XL"] = "cc-by-4.0"
    done = easel("models", "pull", "somebody/Ghibli-XL")
    assert done.exit_code == 0, done.output
    assert "cc-by-4.0" in done.stderr.splitlines()[0]
    assert ordering.gigabytes(len(lora_bytes(LAYER))) in done.stderr.splitlines()[0]
    assert "Ghibli-XL is on this machine" in done.stdout
    assert easel("models", "pull", "Ghibli-XL").exit_code == 0
