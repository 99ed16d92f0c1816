"""A short prompt made longer by somebody else: what they are told, whether the prompt is still in it. Pure.

Two steps, as ImageGen-CoT (Liao et al. 2025, arXiv:2503.19312) and DALL·E 3 go: first a plan of the picture,
then its words. Nothing that was said may be lost: that is checked here, and trusted to nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from bot.text.words import KATAKANA, UNSPACED, plain, words

__all__ = ["PLANNING", "WRITING", "fit", "lost", "sentences", "written_from"]

PLANNING = (
    "You plan pictures. Read the short prompt and answer with five short lines and nothing else: "
    "Subject: … / Counts: … / Relations: … / Setting: … / Style: …. "
    "Keep every thing, number, colour and quoted text of the prompt as it is; add only what it leaves open."
)
WRITING = (
    "You write prompts for a model that draws pictures. From the short prompt and the plan write one "
    "detailed prompt of at most sixty words, in the prompt's language: plain description, no list, no "
    "parameters, no explanation. Use every noun, number and quoted text of the short prompt word for word."
)

LONGEST = 1500
"""Characters that an expanded prompt may have: Discord takes a command's text up to 6000, and shows 2000."""

_QUOTED = re.compile(r"\"([^\"]+)\"|“([^”]+)”|«([^»]+)»")
_LANGUAGE = re.compile(r"--|::|[{}\[\]<>]|https?:", re.IGNORECASE)
"""What the prompt language would read as its own."""

_FENCE = re.compile(r"```[^\n`]*\n(.*?)(?:```|\Z)", re.DOTALL)
_SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？]")
_BOLD = re.compile(r"\*{2,}|^#+ +", re.MULTILINE)
_LEAD = re.compile(
    r"\A(?:"
    r"(?:sure|certainly|of course|okay|ok|absolutely|great|got it)(?: thing)?\s*[!.,:—-]+\s+"
    r"|here(?:['’]s| is| you go)\b[^:\n]{0,100}:\s*"
    r"|/imagine\s+"
    r"|(?:[a-z]+ ){0,2}prompt\s*:\s*"
    r")",
    re.IGNORECASE,
)
"""What an assistant says before the prompt that it was asked for."""

_CLOSING = re.compile(
    r"\n[ \t]*(?:let me know|i hope|hope this|feel free|would you like|note:|this prompt)\b.*\Z",
    re.IGNORECASE | re.DOTALL,
)
_REFUSAL = re.compile(
    r"\A(?:i(?:['’]m| am) (?:very |so )?(?:sorry|afraid|unable|not able)"
    r"|sorry\b|i apologi[sz]e|unfortunately\b"
    r"|(?:i|we) (?:can(?:['’]t|not| not)|won['’]t|will not|am not able|must decline)|as an ai\b)",
    re.IGNORECASE,
)
_LAYERS = 6  # of quotes and words around a prompt that are taken off: more are no answer
_AROUND = ('""', "“”", "''", "‘’", "``", "**", "__")

_POSSESSIVE = re.compile(r"(?<=\w)['’]s\b", re.IGNORECASE)
_SMALLEST = re.compile(f"[{KATAKANA}]+|[{UNSPACED}]")
"""The smallest part of a text without spaces that is compared."""

_PIECE = re.compile(f"{_SMALLEST.pattern}|[^{KATAKANA}{UNSPACED}]+")
_EMPTY = frozenset(
    "的了着在和与與及是有这這那一个個只隻のはがをにでとへもやかたてなるいうくすしれらっまさんあおよりえけ"
) | frozenset(
    {
        "a",
        "an",
        "the",
        "of",
        "and",
        "or",
        "with",
        "in",
        "on",
        "at",
        "to",
        "by",
        "for",
        "from",
        "as",
        "is",
        "are",
        "was",
        "be",
        "it",
        "its",
        "this",
        "that",
        "these",
        "those",
        "there",
        "here",
        "which",
        "who",
        "some",
        "any",
        "very",
        "my",
        "your",
        "his",
        "her",
        "our",
        "their",
        "please",
        "while",
    }
)
_NUMBERS = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
_DIGITS = {word: str(number) for number, word in enumerate(_NUMBERS)}
_DIGITS |= {word: str(number) for number, word in enumerate("零一二三四五六七八九十")} | {
    "两": "2",
    "兩": "2",
}


def written_from(prompt: str, plan: str) -> str:
    """What whoever writes is given."""
    return f"Short prompt: {prompt}\n\nPlan:\n{plan}"


def sentences(text: str) -> str:
    """The whole sentences of a text that stops in the middle of one; "" where it has none."""
    ends = [found.end() for found in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]] if ends else ""


def fit(text: str) -> str:
    """A written prompt as it may be drawn: one line, nothing said around it; empty where it is none."""
    if fence := _FENCE.search(text):
        text = fence[1]
    text = _CLOSING.sub("", _BOLD.sub("", _of_json(text.strip())).strip())
    for _ in range(_LAYERS):
        text = _bare(_LEAD.sub("", text).strip())
    line = " ".join(text.split())
    return "" if len(line) > LONGEST or _LANGUAGE.search(line) or _REFUSAL.match(line) else line


def _bare(text: str) -> str:
    """Without quotes around it, unless they are those of two quoted texts."""
    inside = text[1:-1]
    if len(text) < 2 or text[0] + text[-1] not in _AROUND:
        return text
    return text if {text[0], text[-1]} & (set(inside) - {"'", "’"}) else inside.strip()


def _of_json(text: str) -> str:
    """The prompt of an answer that is a JSON object; any other answer as it is."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return text
    prompt = said.get("prompt") if isinstance(said, dict) else said
    return prompt if isinstance(prompt, str) else text


def lost(prompt: str, expanded: str) -> str | None:
    """The first word, number or quoted text of ``prompt`` that ``expanded`` lacks; None: all is there.

    Words of grammar may go. A number may be written in digits or in letters, a thing in its plural.
    Chinese and Japanese, which set no spaces, are compared letter by letter, Katakana by its runs.
    """
    for found in _QUOTED.finditer(prompt):
        said = next(group for group in found.groups() if group)
        if said not in expanded:
            return f"“{said}”"
    there = {form for word in _pieces(expanded) for form in _forms(word)}
    text = plain(expanded)
    for word in _pieces(prompt):
        # Where nothing tells where a word ends, it may stand in a longer one.
        among = word in text and _SMALLEST.fullmatch(word)
        if word not in _EMPTY and not among and there.isdisjoint(_forms(word)):
            return word
    return None


def _pieces(text: str) -> list[str]:
    """Its words without the endings of possessives; scripts without spaces in their smallest parts."""
    return [piece for word in words(_POSSESSIVE.sub("", text)) for piece in _PIECE.findall(word)]


def _forms(word: str) -> Iterator[str]:
    """A word as it may be written otherwise."""
    yield _DIGITS.get(word, word)
    if len(word) > 3 and word.endswith("s"):
        yield word[:-1]
    if len(word) > 4 and word.endswith("es"):
        yield word[:-2]
