"""A1111, Forge and what writes as they do: three kinds of line, in PNG's `parameters` or EXIF's comment.

a red fox in the snow
Negative prompt: blurry
Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 123, Size: 512x768, Model: sd15
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from engine.pictures.programs.found import FoundPrompt, number, size_of, text

__all__ = ["read"]

_NAMES = ("parameters", "UserComment", "comment")
_NEGATIVE = "Negative prompt:"
_SETTING = re.compile(r'([\w ()/+-]{1,40}):\s*("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)')
_KNOWN = {"Steps", "Sampler", "CFG scale", "Seed", "Size", "Model", "Model hash"}
_MOST_BEHIND = 20  # lines from the end among which the settings are looked for
_LONGEST = 10_000  # characters of the line of settings


def read(texts: Mapping[str, str]) -> FoundPrompt | None:
    """The prompt in a file's texts, where one of them is written so."""
    return next((found for name in _NAMES if (found := _block(texts.get(name, "")))), None)


def _block(written: str) -> FoundPrompt | None:
    lines = written.strip().splitlines()
    settings: dict[str, str] = {}
    # Extensions write lines of their own behind the settings, such as the template of the words.
    for place in range(len(lines) - 1, max(-1, len(lines) - 1 - _MOST_BEHIND), -1):
        if settings := _settings(lines[place]):
            lines = lines[:place]
            break
    at = next((n for n, line in enumerate(lines) if line.startswith(_NEGATIVE)), len(lines))
    if not settings and at == len(lines):
        return None
    words, unwanted = "\n".join(lines[:at]), "\n".join(lines[at:]).removeprefix(_NEGATIVE)
    if not words.strip():
        return None
    wide, _, high = settings.get("Size", "").partition("x")
    return FoundPrompt(
        "A1111",
        text(words),
        text(unwanted),
        number(settings.get("Seed")),
        size_of(wide, high),
        text(settings.get("Model")),
    )


def _settings(line: str) -> dict[str, str]:
    """The settings of a line, {} where it is none: two of the known ones make it one."""
    if len(line) > _LONGEST:
        return {}
    found = {match[1].strip(): match[2].strip(' "') for match in _SETTING.finditer(line)}
    return found if len(_KNOWN & found.keys()) >= 2 else {}
