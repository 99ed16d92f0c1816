"""The GPU benchmark on a CPU with tiny shapes: its tables come out; what they say means nothing here."""

import re

import pytest
import torch

from bench import gpu


@pytest.mark.parametrize("shape", sorted(gpu.SHAPES))
def test_the_table_of_a_shape_comes_out(shape: str, capsys: pytest.CaptureFixture[str]) -> None:
    gpu.main([shape, "--device", "cpu", "--tiny"])
    out = capsys.readouterr().out
    assert "TFLOP/s" in out
    assert f"{shape}, 64², 2 steps" in out
    rows = re.findall(r"^│ (\d+)\s+│ ([\d.]+)\s+│ ([\d.]+)\s+│ (\d+)%", out, re.MULTILINE)
    assert [int(users) for users, *_ in rows] == [1, 2]
    assert all(float(grids) > 0 and float(singles) > 0 for _, grids, singles, _ in rows)
    assert torch.get_default_dtype() is torch.float32


def test_an_unknown_shape_is_said_to_be_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        gpu.main(["sd-9"])
    assert "no shape is called sd-9" in capsys.readouterr().err
