"""A prompt of this language from the fields that other programs keep with a picture.

    words "a fox", unwanted "blurry", seed 123, size (512, 768)  →  a fox --no blurry --seed 123 --ar 2:3

Knows what a prompt may hold; nothing of those programs' files.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from grammar.dialects import MOST_SEED
from grammar.errors import PromptError
from grammar.help import remarks
from grammar.loras import within
from grammar.parser import parse
from grammar.permutations import escaped
from grammar.spec import GenerationSpec, format_prompt
from grammar.typography import DASHES

__all__ = ["Fields", "prompt_of"]

_A_WORD = re.compile(r"[^\W_]|[^\x00-\x7f]")
_TOO_LARGE = "Its seed {} is larger than a seed may be here (4294967295): it is left out."
_NO_PARAMETERS = "What looked like parameters of this language among its words is left out."


@dataclass(frozen=True, slots=True)
class Fields:
    """``words`` as another program had them, what is ``unwanted``, the ``seed``, the ``size`` in pixels.

    ``language``: the words are of this language already, parameters and all.
    """

    words: str
    unwanted: str = ""
    seed: int | None = None
    size: tuple[int, int] | None = None
    language: bool = False


def prompt_of(fields: Fields) -> tuple[str, tuple[str, ...]]:
    """The prompt as canonical text, and sentences on what of the fields it does not say.

    "" where nothing can be made of the words.
    """
    if not _A_WORD.search(fields.words):
        return "", ()
    words, told = within(fields.words)
    fields, notes = replace(fields, words=words), list(told)
    if fields.seed is not None and fields.seed > MOST_SEED:
        notes.append(_TOO_LARGE.format(fields.seed))
    for clean in (_as_it_is, escaped, _without_parameters, _letters):
        if clean is _as_it_is and not fields.language:
            continue
        spec = _read(fields, clean)
        if spec is None:
            continue
        if clean in (_without_parameters, _letters):
            notes.append(_NO_PARAMETERS)
        return format_prompt(spec), tuple(dict.fromkeys((*notes, *remarks(spec))))
    return "", tuple(notes)


def _read(fields: Fields, clean: Callable[[str], str]) -> GenerationSpec | None:
    """The fields as one job; None where they make none, or several."""
    unwanted = clean(fields.unwanted).strip(" ,.")
    text = f"{clean(fields.words)} Negative prompt: {unwanted}" if unwanted else clean(fields.words)
    if fields.size and not fields.language:
        text += f" --ar {fields.size[0]}:{fields.size[1]}"
    try:
        [spec] = parse(" ".join(text.split()), limit=1)
    except (PromptError, ValueError):
        return None
    if fields.seed is not None and fields.seed <= MOST_SEED:
        spec = spec.replace(seed=fields.seed, sameseed=None)
    return spec


def _as_it_is(words: str) -> str:
    return words


def _without_parameters(words: str) -> str:
    """No dashes that begin a parameter, no `::`, no braces."""
    bare = re.sub(rf"(?<!\w)[{DASHES}]+|[{DASHES}]{{2,}}", " ", words)
    return re.sub(r"[{}｛｝\\]", " ", re.sub(r":{2,}", ":", bare))


def _letters(words: str) -> str:
    """Words and commas."""
    return " ".join(re.findall(r"[\w',.]+", words.replace(",", " , "))).replace(" ,", ",").strip(" ,.")
