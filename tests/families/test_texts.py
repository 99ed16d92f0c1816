"""A family's row of texts is what `encode_prompt` returns: a diffusers that reorders a return is seen."""

import ast
import inspect
import textwrap
from typing import Any

import pytest

from engine.families import FAMILIES
from tests.families.tiny import NEEDS, TINY

UNNAMED = {
    ("ernie-image", "text_hiddens"): "prompt_embeds",
    ("kandinsky5", "repeated_cu_seqlens"): "prompt_cu_seqlens",
}
"""Families whose `encode_prompt` returns something under a name unknown to the call: its name there."""


def returned(pipeline: type[Any]) -> list[str]:
    """The names in the last return of `encode_prompt`, as they are written there."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(pipeline.encode_prompt)))
    returns = [node for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value is not None]
    value = max(returns, key=lambda node: node.lineno).value
    return [_name(each) for each in (value.elts if isinstance(value, ast.Tuple) else [value])]


def _name(value: ast.expr | None) -> str:
    """The variable behind ``name``, ``name.to(device)`` or ``name if wanted else None``."""
    while not isinstance(value, ast.Name):
        if isinstance(value, ast.Call):
            value = value.func
        elif isinstance(value, ast.Attribute):
            value = value.value
        elif isinstance(value, ast.IfExp):
            value = value.body
        else:
            raise ValueError(ast.dump(value) if value else "nothing is returned")
    return value.id


@pytest.mark.parametrize(
    "family", [n for n, f in FAMILIES.items() if f.texts and not f.encode and not f.blocks and n in TINY]
)
def test_the_names_are_those_that_encode_prompt_returns(family: str) -> None:
    if family in NEEDS:
        pytest.importorskip(NEEDS[family], reason=f"{family} needs {NEEDS[family]}")
    pipeline = type(TINY[family]())
    takes = inspect.signature(pipeline.__call__).parameters
    names = [UNNAMED.get((family, name), name) for name in returned(pipeline)]
    for row, name in zip(FAMILIES[family].texts, names, strict=True):
        assert row == name or (row is None and name not in takes), name


@pytest.mark.parametrize("family", [name for name, each in FAMILIES.items() if each.blocks])
def test_the_names_are_those_that_a_modular_pipelines_block_hands_on(family: str) -> None:
    blocks = FAMILIES[family].blocks
    assert blocks is not None
    reader = TINY[family]().blocks.sub_blocks[blocks.reads]
    names = [name for name in reader.intermediate_output_names if not name.startswith("negative_")]
    assert list(FAMILIES[family].texts) == names
