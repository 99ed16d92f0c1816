"""The GPU benchmark on a CPU with tiny shapes: its tables come out; what they say means nothing here."""

import json
import re
from pathlib import Path

import pytest
import torch

from bench import gpu


@pytest.mark.parametrize("shape", sorted(gpu.SHAPES))
def test_the_table_of_a_shape_comes_out(
    shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "results.jsonl"
    asked = ["throughput", "--shapes", shape, "--ways", "0", "--device", "cpu", "--tiny"]
    gpu.main([*asked, "--out", str(kept)])
    out = capsys.readouterr().out
    assert "TFLOP/s" in out
    assert f"{shape}, 64², 2 steps" in out
    rows = re.findall(r"^│ plain\s+│ (\d+)\s+│ ([\d.]+)\s+│ ([\d.]+)\s+│ (\d+)%", out, re.MULTILINE)
    assert [int(users) for users, *_ in rows] == [1, 2]
    assert all(float(grids) > 0 and float(singles) > 0 for _, grids, singles, _ in rows)
    parts = [json.loads(line)["part"] for line in kept.read_text().splitlines()]
    assert parts == ["rate", "stock", "throughput", "throughput", "took"]
    assert torch.get_default_dtype() is torch.float32


@pytest.mark.parametrize(
    ("part", "title"),
    [("profile", "where two grids' time goes"), ("urgent", "turbo among relax"), ("memory", "memory")],
)
def test_the_other_parts_say_something(part: str, title: str, capsys: pytest.CaptureFixture[str]) -> None:
    gpu.main([part, "--shapes", "sd-1.5", "--device", "cpu", "--tiny"])
    assert title in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("asked", "about"), [(["sd-9"], "part"), (["throughput", "--shapes", "sd-9"], "shape")]
)
def test_an_unknown_name_is_said_to_be_none(
    asked: list[str], about: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        gpu.main(asked)
    assert f"no {about} is called sd-9" in capsys.readouterr().err
