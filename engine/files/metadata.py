"""What a file says of itself: its title, the words it listens to, the model it was made from.

The texts come from strangers: they are bounded, and never more than shown. Knows nothing of tensors.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

__all__ = ["base_of", "predicts", "title_of", "words_of"]

_LONGEST_TITLE = 100
"""Characters of a title that are kept."""

_LONGEST_TAGS = 4 * 2**20
"""Characters of the tags of a LoRA's pictures that are read: reading takes 10 times as much memory."""

_MOST_WORDS = 8
"""Words that are kept."""

_LONGEST_WORD = 60
"""Characters of a word; longer ones are sentences that describe a picture."""

_NAMELESS = ("none", "lora", "last", "model", "pytorch_lora_weights", "untitled")
"""Titles that say nothing."""


def title_of(metadata: Mapping[str, str]) -> str:
    """What the file calls itself; empty where it does not."""
    for key in ("modelspec.title", "ss_output_name", "general.name", "name"):
        title = _line(metadata.get(key, ""), _LONGEST_TITLE)
        if title and title.casefold() not in _NAMELESS:
            return title
    return ""


def base_of(metadata: Mapping[str, str]) -> str:
    """The model that it was made from, in the words of the script that made it."""
    for key in (
        "ss_base_model_version",
        "ss_sd_model_name",
        "modelspec.architecture",
        "general.architecture",
    ):
        base = _line(metadata.get(key, ""), _LONGEST_TITLE)
        if base and base.casefold() != "none":
            return base
    return ""


def predicts(metadata: Mapping[str, str]) -> str:
    """What the denoiser predicts, in diffusers' words; empty where that is not said."""
    said = metadata.get("modelspec.prediction_type", "").strip().casefold()
    return {"v": "v_prediction", "v_prediction": "v_prediction", "epsilon": "epsilon"}.get(said, "")


def words_of(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The words that it listens to: those it names itself, or else those of most of its pictures."""
    said = metadata.get("modelspec.trigger_phrase", "")[: _LONGEST_WORD * _MOST_WORDS]
    words = [_line(word, _LONGEST_WORD) for word in said.split(",")]
    return tuple(dict.fromkeys(word for word in words if word))[:_MOST_WORDS] or _most_tagged(metadata)


def _most_tagged(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """The tags of its pictures (`ss_tag_frequency`), the most frequent first.

    Those of fewer than half as many pictures as the first describe single pictures and are left out.
    """
    told = metadata.get("ss_tag_frequency", "")
    if len(told) > _LONGEST_TAGS:
        return ()
    try:
        folders = json.loads(told or "{}")
    except (ValueError, RecursionError):
        return ()
    counts: dict[str, int] = {}
    for tags in folders.values() if isinstance(folders, dict) else ():
        for tag, count in tags.items() if isinstance(tags, dict) else ():
            word = " ".join(str(tag).split())
            if type(count) is int and count > 0 and word and len(word) <= _LONGEST_WORD:
                counts[word] = counts.get(word, 0) + count
    most = max(counts.values(), default=0)
    often = sorted((word for word in counts if 2 * counts[word] >= most), key=lambda word: -counts[word])
    return tuple(often[:_MOST_WORDS])


def _line(text: str, longest: int) -> str:
    """The text on one line, without what cannot be seen."""
    return " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * longest]).split())[:longest]
