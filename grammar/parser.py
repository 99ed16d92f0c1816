"""Prompt text → GenerationSpecs: prompt.lark, filled in from the table of parameters, read by lark.

`Language` is a table made into a parser. Knows nothing of pictures, users or Discord.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer

from grammar.errors import INVALID_PARAMETER, INVALID_PROMPT, Problem, PromptError, problem
from grammar.links import BESIDE, EDGE, LINK
from grammar.parameters import PARAMETERS, Parameter
from grammar.pasted import Pasted
from grammar.permutations import too_many
from grammar.reading import Reading
from grammar.script import write_out
from grammar.settings import join
from grammar.spec import GenerationSpec
from grammar.typography import COLONS, COMMAS, DASHES, LONG_DASHES, MARKS, NAME_END, UNSPACED, WEIGHT, any_of

LONGEST = 6000
"""Characters of a prompt as typed."""

_SHAPE = Path(__file__).with_name("prompt.lark")
_BEFORE = rf"\s=>{COLONS}{COMMAS}"
"""What may stand right before a parameter where its dashes alone are not clear enough."""


def parse(
    text: str,
    *,
    options: Mapping[str, str] | None = None,
    suffix: str = "",
    defaults: Mapping[str, Any] | None = None,
    limit: int = 40,
) -> list[GenerationSpec]:
    """The jobs that a prompt asks for, permutations and `--repeat` expanded, at most `limit`.

    `options` are the user's custom options (lower-case name → text), `suffix` the parameters appended to
    every prompt, `defaults` the user's settings by short name (`{"s": 250, "v": "6.1"}`); what the prompt
    says goes before suffix and settings. PromptError with every problem of the prompt if it cannot be run.
    """
    return language().parse(text, options=options, suffix=suffix, defaults=defaults, limit=limit)


def check_suffix(suffix: str) -> None:
    """PromptError unless the text is parameters and nothing else, as a suffix must be."""
    if any(spec.text != "a" for spec in _behind_a_word(suffix)):
        message = "A suffix holds parameters only, such as --ar 3:2"
        raise PromptError([problem(INVALID_PARAMETER, suffix, 0, message)])


def check_option(name: str, value: str) -> None:
    """PromptError unless `--name` may be a custom option that stands for this text."""
    if name in language().rows:
        raise PromptError([problem(INVALID_PARAMETER, name, 0, "There is a parameter of this name already")])
    if not re.fullmatch(r"[\w-]{1,30}", name):
        message = "The name of an option is made of letters, digits, - and _"
        raise PromptError([problem(INVALID_PARAMETER, name, 0, message)])
    _behind_a_word(value)


def _behind_a_word(text: str) -> list[GenerationSpec]:
    try:
        return parse(f"a {text}")
    except PromptError as error:
        raise PromptError(
            replace(each, start=max(each.start - 2, 0), end=max(each.end - 2, 0)) for each in error.problems
        ) from None


@cache
def language() -> "Language":
    """The language of the table, made into a parser once."""
    return Language(PARAMETERS)


class Language:
    """A table of parameters, made into a parser."""

    def __init__(self, table: tuple[Parameter, ...]) -> None:
        self.table = table
        self.rows = {name: row for row in table for name in row.names}

    def parse(
        self,
        text: str,
        *,
        options: Mapping[str, str] | None = None,
        suffix: str = "",
        defaults: Mapping[str, Any] | None = None,
        limit: int = 40,
    ) -> list[GenerationSpec]:
        """See `grammar.parse`."""
        if len(text) > LONGEST:
            message = f"Prompts must be {LONGEST} or fewer in length, this one is {len(text)}; it goes on"
            raise PromptError([problem(INVALID_PROMPT, text[LONGEST:], LONGEST, message)])
        written = write_out(text, options or {}, suffix)
        if len(written.text) > 2 * LONGEST:
            message = f"With its options written out this prompt is {len(written.text)} long, too much"
            raise PromptError([problem(INVALID_PROMPT, text, 0, message)])
        specs: list[GenerationSpec] = []
        problems: list[Problem] = []
        for job in self.pasted.with_braces(written).expand(limit):
            script = self.pasted.prompt(job)
            reading = Reading(self.rows, script)
            spec = reading.spec(self.lark.parse(script.text))
            problems += reading.problems
            specs += [spec] * (spec.repeat or 1)
        if problems:
            raise PromptError(problems)
        if len(specs) > limit:
            raise PromptError([too_many(text, len(specs), limit)])
        return [join(spec, defaults) for spec in specs] if defaults else specs

    @cached_property
    def pasted(self) -> Pasted:
        """What is read tolerantly before the parser sees it, with the names of the table."""
        blanks = self._blanks
        return Pasted(self.rows, blanks["start"], blanks["known"], blanks["word"])

    @cached_property
    def lark(self) -> Any:
        """The parser of prompt.lark with the names of the table filled in. Building it takes a moment."""
        shape = re.sub(r"<(\w+)>", lambda blank: self._blanks[blank[1]], _SHAPE.read_text(encoding="utf-8"))
        return Lark(shape, start="prompt", parser="lalr", lexer="contextual", transformer=_Children())

    @cached_property
    def _blanks(self) -> dict[str, str]:
        """What stands for each <blank> of prompt.lark, as regular expressions."""
        numeric = [row for row in self.table if row.kind.numeric]
        run = f"(?:[{DASHES}]{{2,}}+|[{LONG_DASHES}])"
        short = "".join(dash for dash in DASHES if dash not in LONG_DASHES)
        blanks = {
            shape: _names(row for row in self.table if row.kind.shape == kind)
            for shape, kind in {"flag": "flag", "name": "value", "list": "list", "things": "things"}.items()
        }
        blanks["end"] = NAME_END
        blanks["is"] = rf"[\s=＝{COLONS}{COMMAS}]*"
        blanks["dash"] = DASHES
        blanks["dashes"] = f"(?:{run}|(?<![^{_BEFORE}])[{short}](?=(?ai:{_names(numeric)})\\s+[\\d.]))"
        blanks["unknown"] = rf"-{{2,}}+(?:\w[^\s{COMMAS}]*+|(?<=---)(?!\S))"
        known = f"{blanks['dashes']}(?ai:{_names(self.table)}){blanks['end']}"
        blanks["known"] = known
        blanks["start"] = f"(?:(?<![^\\W{UNSPACED}]){known}|(?<![^{_BEFORE}]){blanks['unknown']})"
        blanks["word"] = f"(?:[^{DASHES}\\s]++|(?!{known})[{DASHES}]++)++"
        blanks |= {"link": LINK, "beside": BESIDE, "edge": EDGE, "weight": WEIGHT}
        blanks |= {"marks": MARKS, "commas": COMMAS}
        return blanks


def _names(rows: Iterable[Parameter]) -> str:
    return any_of(name for row in rows for name in row.names)


class _Children(Transformer[Token, list[Any]]):
    """The tree as plain lists: a prompt is tokens and parameters, a parameter is its tokens."""

    def prompt(self, children: list[Any]) -> list[Any]:
        """Tokens of links and words, then a list for each parameter."""
        return children

    def parameter(self, children: list[Any]) -> list[Any]:
        """The name token, then tokens of its value and of what is left over."""
        return children
