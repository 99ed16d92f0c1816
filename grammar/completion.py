"""How an unfinished prompt may go on: names of parameters, their values, and what each of them means.

Knows the table of parameters; what only the running program knows (its models, a user's options) is given.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from grammar.help import help_line
from grammar.loras import BEGUN
from grammar.parameters import PARAMETERS, Parameter
from grammar.typography import DASHES, LONG_DASHES

MOST = 25
"""How many suggestions there are at most; Discord shows no more."""

_DASH = rf"(?:[{DASHES}]{{2,}}|[{LONG_DASHES}])"
_NAME = re.compile(rf"(?<!\w){_DASH}([A-Za-z]*)\Z")
_VALUE = re.compile(rf"(?<!\w){_DASH}([A-Za-z]+)[ =:]+([^{DASHES}\s]*)\Z")
_SAID = re.compile(rf"(?<!\w){_DASH}([A-Za-z]+)(?=\W|\d)")

_ROWS = {name: row for row in PARAMETERS for name in row.names}


def complete(
    text: str,
    *,
    values: Mapping[str, Iterable[tuple[str, str]]] | None = None,
    options: Mapping[str, str] | None = None,
    loras: Iterable[tuple[str, str]] = (),
) -> list[tuple[str, str]]:
    """What an unfinished prompt may go on as: (the whole text, what its new end means), at most 25.

    Behind two dashes these are names, behind a name its values, behind `<lora:` LoRAs; elsewhere nothing.
    What the prompt says already is not offered again, unless saying it twice adds up. `values`: by long name,
    values that the program knows, in place of the table's; `options`: the user's own, name to text; `loras`:
    what may go on behind `<lora:`, as it is typed, with what it brings.
    """
    if match := BEGUN.search(text):
        before, begun = text[: match.start()], match[0].lower()
        return [(f"{before}{tag}", brings) for tag, brings in loras if tag.lower().startswith(begun)][:MOST]
    if match := _NAME.search(text):
        before, begun = text[: match.start()], match[1].lower()
        found = _names(before, begun, options or {})
        return [(f"{before}--{name} ", meaning) for name, meaning in found][:MOST]
    if (match := _VALUE.search(text)) and (row := _ROWS.get(match[1].lower())):
        before, begun = text[: match.start(2)], match[2].lower()
        offered = (values or {}).get(row.name, row.offers)
        found = ((value, meaning) for value, meaning in offered if value.lower().startswith(begun))
        return [(f"{before}{value}", meaning) for value, meaning in found if value.lower() != begun][:MOST]
    return []


def _names(before: str, begun: str, options: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Names that go on as begun: long ones, then short ones, then the user's own."""
    said = {row.target for name in _SAID.findall(before) if (row := _ROWS.get(name.lower()))}
    rows = [row for row in PARAMETERS if not row.legacy and _may_come(row, said)]
    rows.sort(key=lambda row: row.idle)
    for names in ([(row.names[:1], row) for row in rows], [(row.names[1:], row) for row in rows]):
        for several, row in names:
            yield from ((name, help_line(row)) for name in several if name.startswith(begun))
    for name, value in options.items():
        if name.startswith(begun):
            yield name, f"your own: {value}"


def _may_come(row: Parameter, said: set[str]) -> bool:
    if row.needs and row.needs not in said:
        return False
    return row.kind.adds_up or row.target not in said
