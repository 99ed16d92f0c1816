"""A small picture classifier, made here: red pictures are explicit to it, all others harmless."""

import json
from pathlib import Path

import torch
from transformers import ViTConfig, ViTForImageClassification

SIDE = 16
LABELS = {0: "normal", 1: "nsfw"}


def folder(path: Path, labels: dict[int, str] = LABELS) -> Path:
    """The classifier as a folder in the transformers format, trained for a second."""
    torch.manual_seed(0)
    model = ViTForImageClassification(
        ViTConfig(
            image_size=SIDE,
            patch_size=8,
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            hidden_dropout_prob=0.0,
            id2label=labels,
            label2id={label: at for at, label in labels.items()},
        )
    )
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(300):
        colours = torch.rand(64, 3, 1, 1)
        colours[:24] *= torch.tensor([0.3, 0.6, 0.6]).reshape(3, 1, 1)  # red ones, from pale to dark
        colours[:24] += torch.tensor([0.7, 0.0, 0.0]).reshape(3, 1, 1)
        red = colours[:, 0] - colours[:, 1:].amax(1) > 0.25
        pixels = (colours - 0.5) / 0.5 + torch.zeros(64, 3, SIDE, SIDE)
        loss = torch.nn.functional.cross_entropy(model(pixels).logits, red.flatten().long())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.save_pretrained(path)
    said = {"size": {"height": SIDE, "width": SIDE}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
    (path / "preprocessor_config.json").write_text(json.dumps(said), encoding="utf-8")
    return path
