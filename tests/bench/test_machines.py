"""The page of performance keeps what each kind of machine gave."""

from pathlib import Path

import pytest
import torch

from bench.compute import counting, matmul_rate
from bench.machines import keep_by_machine, kind_of_machine, with_section
from bench.sheet import Sheet


def test_a_section_replaces_its_own_kind_and_no_other() -> None:
    page = with_section("", "# Page\n\nOld words.", "## one\n\n### Table\n\n1\n")
    page = with_section(page, "# Page\n\nOld words.", "## two\n\n2\n")
    page = with_section(page, "# Page\n\nNew words.", "## one\n\n### Table\n\n3\n")
    assert page == "# Page\n\nNew words.\n\n## one\n\n### Table\n\n3\n\n## two\n\n2\n"


def test_a_processor_that_is_held_back_is_another_kind_of_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, sheet = tmp_path / "page.md", Sheet("Table", ("what", "value"))
    sheet.add("x", 1.0)
    keep_by_machine(page, "# Page", "Computed in float32.", [sheet])
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    keep_by_machine(page, "# Page", "Computed in float32.", [sheet])
    keep_by_machine(page, "# Page", "Computed in float32.", [sheet])
    text = page.read_text("utf-8")
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert len(headings) == 2
    assert headings[1] == f"## {kind_of_machine()}"
    assert headings[1].endswith("(by ONEDNN_MAX_CPU_ISA=AVX2)")
    assert text.count("### Table") == 2


def test_what_a_module_computes_is_counted_with_its_attention() -> None:
    class Attends(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.scaled_dot_product_attention(x, x, x)

    layer = torch.nn.Linear(8, 16, bias=False)
    with counting(layer) as counted:
        layer(torch.zeros(3, 8))
        layer(torch.zeros(1, 8))
    assert counted.flops == 2 * 8 * 16 * 4
    attends = Attends()
    with torch.no_grad(), counting(attends) as counted:
        attends(torch.zeros(1, 2, 10, 4))
    assert counted.flops == 2 * (2 * 10 * 10 * 4) * 2


def test_the_rate_of_products_is_a_rate() -> None:
    assert matmul_rate("cpu", torch.float32, 32) > 0
