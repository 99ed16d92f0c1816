"""What came along with a prompt that was pasted, or that a keyboard has changed, in the order it goes.

Afterwards it is a prompt as docs/language.md describes it. Each kind has its own file: typography
(characters), wrapping (quotes and commands around it), dialects and json_prompts (other programs), spacing
(dashes), near_parameters (what stays words). Knows scripts, not lark.
"""

import re
from collections.abc import Mapping

from grammar import dialects, links, typography, wrapping
from grammar.json_prompts import from_json
from grammar.near_parameters import NearParameters
from grammar.parameters import Parameter
from grammar.script import Script
from grammar.spacing import Spacing


class Pasted:
    """The rules for one table of parameters."""

    def __init__(self, rows: Mapping[str, Parameter], start: str, known: str, word: str) -> None:
        """As regular expressions: where a parameter begins, its dashes and name, and a word of a value."""
        self._names = frozenset(rows)
        self._start = re.compile(start)
        self._spacing = Spacing(rows, start, known, word)
        self._near = NearParameters(rows, start, word)

    def with_braces(self, script: Script) -> Script:
        """What has to go before `{a, b}` is read, since it may hold braces that are no permutation."""
        script = script.edited(*from_json(script.text, script.typed))
        script = self._without_block(script)
        edits, notes = dialects.chances(script.text[: script.typed])
        return script.edited(edits, [*notes, *dialects.braced(script.text[: script.typed])])

    def prompt(self, script: Script) -> Script:
        """The script of one job as the parser reads it."""
        script = script.edited(typography.unmarked(script.text, self._names))
        script = script.edited(typography.plain(script.text, self._names))
        script = script.edited(links.unlabelled(script.text, script.typed))
        while True:
            text, typed = script.text, script.typed
            start, end = wrapping.body(text, typed)
            around = self._around(text, start, end, typed)
            script = script.edited(around) if around else script
            taken = self._without_block(script)
            if taken is script:
                break
            script = taken
        while True:
            text, typed = script.text, script.typed
            edits, notes = self._spacing.mended(text, typed)
            mended = script.edited(edits or self._owners(text, typed))
            if mended is script:
                return script.edited([], (*notes, *self._near.remarks(text, typed)))
            script = mended

    def _around(self, text: str, start: int, end: int, typed: int) -> list[typography.Edit]:
        """The edits that leave the links in front and the prompt itself."""
        front = wrapping.front(text, typed)
        edits = [(front, start, " ")] if text[front:start].strip() else []
        return [*edits, (end, typed, "")] if text[end:typed].strip() else edits

    def _owners(self, text: str, typed: int) -> list[typography.Edit]:
        """What the message of a job says behind the prompt, where parameters were added to it."""
        if "@" not in text:
            return []
        found = wrapping.OWNER.finditer(text, 0, typed)
        return [(*owner.span(), " ") for owner in found if self._start.match(text, owner.end(), typed)]

    def _without_block(self, script: Script) -> Script:
        if not dialects.may_have_block(script.text):
            return script
        first = self._start.search(script.text, 0, script.typed)
        return script.edited(*dialects.block(script.text, 0, first.start() if first else script.typed))
