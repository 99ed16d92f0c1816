"""Pipelines whose parts come from two repositories are put together from what lies on this machine."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine import drawing
from engine.planning.entries import ModelEntry
from tests.families.tiny import TINY

COMMIT = "c" * 40


def test_kandinskys_decoder_and_prior_are_one_pipeline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    pipe = TINY["kandinsky22"]()
    for source, half in (("k--decoder", pipe.decoder_pipe), ("k--prior", pipe.prior_pipe)):
        half.save_pretrained(tmp_path / f"models--{source}" / "snapshots" / COMMIT)
    parts = {"prior": f"k/prior@{COMMIT}"}
    entry = ModelEntry("k", "K", "kandinsky22", "k/decoder", 64, 64, 4, 4.0, revision=COMMIT, parts=parts)
    assert entry.on_this_machine()
    assert not replace(entry, parts={"prior": "k/prior"}).on_this_machine()
    made = drawing.load(entry, "cpu").pipe
    for name, module in pipe.components.items():
        if isinstance(module, torch.nn.Module):
            loaded = getattr(made, name).state_dict()
            assert all(torch.equal(loaded[key], value) for key, value in module.state_dict().items()), name
