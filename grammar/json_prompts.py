"""A prompt kept as JSON by another program: its words, what is unwanted, its seed and its size.

    {"prompt": "a fox", "negative_prompt": "blurry", "seed": 5}  →  a fox --no blurry --seed 5

JSON's braces are no permutation. Knows how such objects are written; nothing of how prompts are parsed.
"""

import json
import re
from typing import Any

from grammar.dialects import MOST_SEED
from grammar.errors import INVALID_PROMPT, PromptError, cut, problem
from grammar.permutations import escaped
from grammar.typography import Edit

__all__ = ["from_json"]

_OBJECT = re.compile(r'\s*(?:\{\s*"|\[\s*\{\s*")')
_WORDS = ("prompt", "positive_prompt", "positive", "text")
_UNWANTED = ("negative_prompt", "negative", "negativeprompt", "uc")
_AROUND = ("input", "inputs", "parameters", "params")
"""Keys under which services keep what was asked for."""

_MOST_SIDE = 99_999  # pixels; a longer side is no picture's
_SHOWN = 12  # idle keys named in one note, so that it stays a few lines
_MEND = "Paste the words of its prompt alone."


def from_json(text: str, end: int) -> tuple[list[Edit], list[str]]:
    """What makes a prompt of the object that stands at the beginning of the text; [] where none does.

    Sentences tell which of its keys do nothing. Raises PromptError where there are no words in it.
    """
    begun = _OBJECT.match(text, 0, end)
    if not begun:
        return [], []
    start = len(text) - len(text.lstrip())
    try:
        found, until = json.JSONDecoder().raw_decode(text[:end], start)
    except (ValueError, RecursionError):
        return [], []
    keys = _inside(found)
    named = next((key for key in _WORDS if isinstance(keys.get(key), str) and keys[key].strip()), None)
    if named is None:
        message = "This is a file of another program, and no prompt can be made of it"
        raise PromptError([problem(INVALID_PROMPT, text[start:until], start, message, _MEND)])
    said, taken = _said(keys)
    told = (key for key, value in keys.items() if value not in (None, "", [], {}))
    idle = [f"`{cut(key)}`" for key in told if key not in taken | {named}]
    more = f" and {len(idle) - _SHOWN} more" if len(idle) > _SHOWN else ""
    notes = (
        [f"Of the JSON that was pasted, these have no effect here: {', '.join(idle[:_SHOWN])}{more}."]
        if idle
        else []
    )
    return [(start, until, " ".join((_words(keys[named]), *said)) + " ")], notes


def _inside(found: Any) -> dict[str, Any]:
    """The object with the words: this one, the first of a list, or what it keeps them under."""
    if isinstance(found, list):
        found = found[0] if found else {}
    if not isinstance(found, dict):
        return {}
    keys = {str(key).lower(): value for key, value in found.items()}
    for around in _AROUND:
        inner = keys.get(around)
        if isinstance(inner, dict) and not any(isinstance(keys.get(key), str) for key in _WORDS):
            return {str(key).lower(): value for key, value in inner.items()}
    return keys


def _said(keys: dict[str, Any]) -> tuple[list[str], set[str]]:
    """The object's keys as parameters, and which of them were taken."""
    said: list[str] = []
    taken: set[str] = set()
    for key in _UNWANTED:
        value = keys.get(key)
        if isinstance(value, str) and value.strip(" ,."):
            said.append(f"--no {_words(value)}")
            taken.add(key)
            break
    seed = keys.get("seed")
    if _whole(seed, 0, MOST_SEED):
        said.append(f"--seed {seed}")
        taken.add("seed")
    width, height = keys.get("width"), keys.get("height")
    if _whole(width, 1, _MOST_SIDE) and _whole(height, 1, _MOST_SIDE):
        said.append(f"--ar {width}:{height}")
        taken |= {"width", "height"}
    elif isinstance(ratio := keys.get("aspect_ratio"), str) and re.fullmatch(r"\d{1,5}:\d{1,5}", ratio):
        said.append(f"--ar {ratio}")
        taken.add("aspect_ratio")
    return said, taken


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _words(words: str) -> str:
    return escaped(" ".join(words.split()))
