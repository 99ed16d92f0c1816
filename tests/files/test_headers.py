"""Headers of broken, hostile and foreign files: a sentence each, quickly, and in little memory."""

import io
import json
import os
import pickle
import random
import struct
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import BadFile
from engine.files import recognise, recognised_in
from tests.files import original

SECONDS, MEGABYTES = 1.0, 200


def safetensors(header: object, data: bytes = b"") -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


def row(*shape: int, at: int = 0) -> dict[str, object]:
    size = 4
    for side in shape:
        size *= side
    return {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + size]}


def sentence(path: Path) -> str:
    """Why the file is not taken. Holds the bounds of time and of Python's memory."""
    tracemalloc.start()
    began = time.perf_counter()
    try:
        said = recognise(path).refused
    except BadFile as error:
        said = str(error)
    taken, (_, peak) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken <= SECONDS * 5, taken  # tracing makes it several times slower
    assert peak <= MEGABYTES * 2**20, peak
    assert said.endswith(".")
    assert "\n" not in said
    assert len(said) < 300
    return said


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name in names:
            made.writestr(name, "x")
    return buffer.getvalue()


class Runs:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.system, ("echo ran > ran",)


TENSOR = torch.zeros(4, 4).numpy().tobytes()
CUT = "cut off|missing|broken|0 bytes|neither"
"""What is said of a file that ends too early, wherever that is."""

LORA = safetensors(
    {"__metadata__": {"a": "b"}, "lora_unet_x.lora_down.weight": row(4, 4), "b": row(4, 4, at=64)}, TENSOR * 2
)
CHECKPOINT = safetensors(
    {f"model.diffusion_model.input_blocks.{n}.0.weight": row(4, 4, at=64 * n) for n in range(9)}, TENSOR * 9
)


def cut(whole: bytes, r: random.Random) -> bytes:
    """The file as far as any byte of it."""
    return whole[: r.randrange(len(whole))]


KINDS: dict[str, Callable[[random.Random], tuple[bytes, str]]] = {
    "nothing": lambda r: (b"", "0 bytes"),
    "a few bytes": lambda r: (r.randbytes(r.randrange(1, 8)), "cut off"),
    "noise": lambda r: (b"\xff" + r.randbytes(r.randrange(100, 5000)), "neither"),
    "a zip": lambda r: (archive(f"{r.random()}.txt"), "zip archive"),
    "a checkpoint of torch": lambda r: (archive("archive/data.pkl", "archive/data/0"), "pickle"),
    "a pickle": lambda r: (pickle.dumps(Runs(), protocol=r.randrange(2, 6)), "run any code"),
    "a web page": lambda r: (b"<!DOCTYPE html><html>" + r.randbytes(99), "web page"),
    "a pointer": lambda r: (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "Git LFS"),
    "3 GB claimed": lambda r: (struct.pack("<Q", 3 * 2**30 + r.randrange(99)) + b"{" * 99, "cut off"),
    "all claimed": lambda r: (struct.pack("<Q", 2**64 - 1) + b"{" + r.randbytes(99), "cut off"),
    "no JSON": lambda r: (safetensors(b"{" + r.randbytes(300)), "broken"),
    "deep": lambda r: (safetensors(b'{"a":' + b"[" * 200_000), "broken|too many"),
    "many": lambda r: (safetensors(b"{" + b'"ab":0,' * 1_000_000 + b'"a":0}'), "too many"),
    "a text for a row": lambda r: (safetensors({"a": "b"}), "in no known way"),
    "an unknown type": lambda r: (safetensors({"a": row(2) | {"dtype": "Z9"}}, b"12345678"), "no known way"),
    "a shape below nothing": lambda r: (
        safetensors({"a": row(2) | {"shape": [-2]}}, b"12345678"),
        "known way",
    ),
    "a shape too large": lambda r: (safetensors({"a": row(2) | {"shape": [2**40] * 6}}), "contradicts"),
    "one over the other": lambda r: (safetensors({"a": row(4, 4), "b": row(4, 4)}, TENSOR), "over the other"),
    "too much behind": lambda r: (safetensors({"a": row(4, 4)}, TENSOR + b"more"), "too many"),
    "too little": lambda r: (safetensors({"a": row(4, 4)}, TENSOR[: r.randrange(64)]), "missing"),
    "no tensors": lambda r: (safetensors({}), "No tensors"),
    "random tensors": lambda r: (
        safetensors({f"t{r.random()}.{n}": row(4, 4, at=64 * n) for n in range(5)}, TENSOR * 5),
        "not known",
    ),
    "CLIP": lambda r: (
        safetensors({"text_model.encoder.layers.0.self_attn.q_proj.weight": row(4, 4)}, TENSOR),
        "text encoder",
    ),
    "T5": lambda r: (
        safetensors({"encoder.block.0.layer.0.SelfAttention.q.weight": row(4, 4)}, TENSOR),
        "text encoder",
    ),
    "a ControlNet": lambda r: (
        safetensors({"control_model.zero_convs.0.0.weight": row(4, 4)}, TENSOR),
        "Control",
    ),
    "an IP-Adapter": lambda r: (
        safetensors({"ip_adapter.1.to_k_ip.weight": row(4, 4)}, TENSOR),
        "IP-Adapter",
    ),
    "an upscaler": lambda r: (
        safetensors({"model.1.sub.0.RDB1.conv1.0.weight": row(4, 4)}, TENSOR),
        "upscaler",
    ),
    "GGUF of version 1": lambda r: (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version 1"),
    "GGUF of many rows": lambda r: (b"GGUF" + struct.pack("<IQQ", 3, 2**60, 1) + bytes(99), "rows"),
    "GGUF of a long text": lambda r: (b"GGUF" + struct.pack("<IQQQ", 3, 0, 1, 2**62) + bytes(99), "cut off"),
    "GGUF of a long list": lambda r: (
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<QcIIQ", 1, b"a", 9, 6, 2**61) + bytes(99),
        "cut off",
    ),
    "a language model": lambda r: (language_model(), "text encoder"),
    "a LoRA cut off": lambda r: (cut(LORA, r), CUT),
    "a checkpoint cut off": lambda r: (cut(CHECKPOINT, r), CUT),
    "a GGUF cut off": lambda r: (cut(language_model(), r), CUT),
}


def language_model() -> bytes:
    name = b"token_embd.weight"
    infos = struct.pack("<Q", len(name)) + name + struct.pack("<IQQIQ", 2, 4, 4, 0, 0)
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + infos
    return head + bytes(-len(head) % 32) + TENSOR


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(7))
def test_what_is_no_model_is_told_in_a_sentence(kind: str, seed: int, tmp_path: Path) -> None:
    body, says = KINDS[kind](random.Random(seed))
    file = tmp_path / "model.safetensors"
    file.write_bytes(body)
    said = sentence(file)
    assert any(each in said for each in says.split("|")), said
    assert not Path("ran").exists()


def test_the_bounds_hold_for_the_whole_process(tmp_path: Path) -> None:
    """The costliest headers that are still read: many tensors, and very long texts."""
    rows = {f"a{number}": row(1, at=4 * number) for number in range(60_000)}
    (tmp_path / "rows.safetensors").write_bytes(safetensors(rows, bytes(4 * 60_000)))
    tags = json.dumps({"folder": {f"tag {number}": number for number in range(150_000)}})
    told = {"__metadata__": {"ss_tag_frequency": tags}, "a": row(1)}
    (tmp_path / "tags.safetensors").write_bytes(safetensors(told, bytes(4)))
    script = (
        "import resource, sys, time\nfrom pathlib import Path\nfrom engine.files import recognise\n"
        "def taken(): return time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024\n"
        "began, before = taken()\n"
        "recognise(Path(sys.argv[1]))\n"
        "ended, after = taken()\n"
        "print(ended - began, after - before)"
    )
    for name in ("rows", "tags"):
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / f"{name}.safetensors")],
            capture_output=True,
            text=True,
            check=True,
        )
        seconds, megabytes = map(float, done.stdout.split())
        assert seconds <= SECONDS
        assert megabytes <= MEGABYTES


ADDING = """
import json, os, resource, sys, time
from pathlib import Path
from engine.errors import EngineError
from engine.models import add
from engine.planning.registry import Registry

registry, home = Registry.load(), Path(sys.argv[1])

def taken():
    return time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

for file in sorted(home.glob("*.safetensors")):
    read, write = os.pipe()
    if os.fork() == 0:
        began, before = taken()
        try:
            said = f"taken: {add(str(file), home / 'data', registry)}"
        except EngineError as error:
            said = str(error)
        ended, after = taken()
        os.write(write, json.dumps([said, ended - began, after - before]).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as told:
        print(told.read(), flush=True)
    os.wait()
"""


def test_two_hundred_foreign_files_are_each_refused_in_little_time_and_memory(tmp_path: Path) -> None:
    """Each is added in a process of its own, whose time on a processor and whose memory are measured."""
    for number, body in enumerate(KINDS.values()):
        for seed in range(7):
            (tmp_path / f"{number} {seed}.safetensors").write_bytes(body(random.Random(seed))[0])
    ran = [sys.executable, "-c", ADDING, str(tmp_path)]
    done = subprocess.run(ran, capture_output=True, text=True, check=True, cwd=tmp_path)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) >= 200
    for said, seconds, megabytes in rows:
        assert not said.startswith("taken")
        assert said.endswith(".")
        assert "\n" not in said
        assert megabytes <= MEGABYTES, said
        assert seconds <= SECONDS, said
    assert not (tmp_path / "data").exists()
    assert not (tmp_path / "ran").exists()
    seconds, megabytes = (max(row[place] for row in rows) for place in (1, 2))
    print(f"{len(rows)} files, at most {seconds:.3f} s and {megabytes:.1f} MB")


@pytest.fixture(scope="module")
def whole_gguf(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    weights = {"double_blocks.0.a.weight": torch.ones(2, 64), "b.bias": torch.ones(8)}
    return original.gguf(weights, tmp_path_factory.mktemp("gguf") / "a.gguf").read_bytes()


@settings(max_examples=300)
@given(st.integers(0, len(LORA) - 1))
def test_a_safetensors_file_cut_off_anywhere_is_refused(
    tmp_path_factory: pytest.TempPathFactory, end: int
) -> None:
    file = tmp_path_factory.getbasetemp() / "cut.safetensors"
    file.write_bytes(LORA[:end])
    with pytest.raises(BadFile):
        recognise(file)


def test_a_gguf_file_cut_off_anywhere_is_refused(whole_gguf: bytes, tmp_path: Path) -> None:
    file = tmp_path / "cut.gguf"
    file.write_bytes(whole_gguf)
    recognise(file)
    for end in range(len(whole_gguf) - 24):  # what pads the last tensor may be missing
        file.write_bytes(whole_gguf[:end])
        with pytest.raises(BadFile):
            recognise(file)


@settings(max_examples=400)
@given(st.binary(max_size=300), st.integers(0, 400), st.booleans())
def test_nothing_but_bad_file_is_ever_raised(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int, packed: bool
) -> None:
    whole = safetensors({"a": row(4, 4)}, TENSOR) if not packed else language_model()
    file = tmp_path_factory.getbasetemp() / "noise.safetensors"
    file.write_bytes(whole[:at] + noise + whole[at + len(noise) :])
    with suppress(BadFile):
        recognise(file)


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(["__metadata__", "a", "x.lora_down.weight"]), JSONS | st.just(row(0))))
def test_whatever_the_header_says(tmp_path_factory: pytest.TempPathFactory, told: dict[str, object]) -> None:
    file = tmp_path_factory.getbasetemp() / "told.safetensors"
    file.write_bytes(safetensors(told))
    with suppress(BadFile):
        recognise(file)


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, says in (
        (tmp_path / "pipe", "no regular file"),
        (tmp_path, "a folder"),
        (tmp_path / "x", "cannot"),
        (Path("/dev/zero"), "no regular file"),
    ):
        with pytest.raises(BadFile, match=says):
            recognise(path)


def test_a_folder_is_told_as_a_table(tmp_path: Path) -> None:
    home = tmp_path / "downloads"
    (home / "deep").mkdir(parents=True)
    (tmp_path / "secret.safetensors").write_bytes(LORA)
    (home / "deep" / "a.safetensors").write_bytes(safetensors({"unet.x.lora_A.weight": row(4, 4)}, TENSOR))
    (home / "b.ckpt").write_bytes(archive("archive/data.pkl"))
    (home / "notes.txt").write_text("no weights")
    (home / "out.safetensors").symlink_to(tmp_path / "secret.safetensors")
    (home / "around").symlink_to(tmp_path)
    rows = {str(row.file): row for row in recognised_in(home)}
    assert set(rows) == {"b.ckpt", "deep/a.safetensors", "out.safetensors"}
    assert rows["deep/a.safetensors"].found is not None
    assert "pickle" in rows["b.ckpt"].refused
    assert "outside" in rows["out.safetensors"].refused
    with pytest.raises(BadFile):
        recognised_in(home / "nowhere")
