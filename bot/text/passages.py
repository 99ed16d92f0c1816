"""Passages about Easel: of the table of parameters, of the commands, and of the pages in `docs/`.

Pages lie beside the program, in a clone as in a wheel; where they do not, parameters and commands answer.
Knows nothing of questions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from bot.text.guide import Passage
from grammar import PARAMETERS
from grammar.help import explained, spelled

__all__ = ["DOCS", "of_commands", "of_pages", "of_parameters"]

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {"commands.md": 1.0, "language.md": 0.8, "models.md": 0.6, "pocket.md": 0.6}
"""Those that users and operators read, with what their passages are worth.

The page of parameters is made from the same table as the parameters' passages.
"""

IDLE, PAST, SPELLING = 0.7, 0.4, 0.6
"""What is worth less: a parameter without effect, one of the past, an example of how something is spelled."""

INSIDE = {
    *("Where things are", "How it is trained", "The describer"),
    *("Adding `--foo`", "Errors", "Canonical text"),
}
"""Sections for who changes the program."""

LONGEST = 700  # characters of a passage: three of them are a message
COMMAND = re.compile(r"(?<![\w/])/[a-z]+")


def of_parameters() -> Iterator[Passage]:
    """One passage a parameter."""
    for row in PARAMETERS:
        names = tuple(f"--{name}" for name in row.names)
        worth = PAST if row.legacy else IDLE if row.idle else 1.0
        yield Passage(f"`{spelled(row)}`", cut(explained(row)), names, worth)


def of_commands(described: Iterable[tuple[str, str]], known: Iterable[Passage] = ()) -> Iterator[Passage]:
    """One passage a command, by name (`prefer suffix`) and description, but for those ``known`` already."""
    told = {name for passage in known for name in passage.names}
    for name, description in described:
        if f"/{name.split()[0]}" not in told:
            yield Passage(f"`/{name}`", description, (f"/{name.split()[0]}",))


def of_pages(folder: Path = DOCS) -> Iterator[Passage]:
    """The paragraphs, points of lists and rows of tables of the pages; nothing where there are no pages."""
    for name, worth in PAGES.items():
        try:
            text = (folder / name).read_text(encoding="utf-8")
        except OSError:
            continue
        yield from (replace(passage, worth=passage.worth * worth) for passage in of_page(text))


def of_page(text: str) -> Iterator[Passage]:
    """The passages of one page."""
    heading = ""
    for block in _blocks(text):
        if block[0].startswith("#"):
            heading = block[0].lstrip("# ")
        elif heading in INSIDE or block[0].startswith(("```", "!", "<")):
            continue
        elif block[0].startswith("|"):
            yield from _rows(block, heading)
        else:
            for title, point in _points(block, heading):
                yield _passage(title, point)


def cut(text: str) -> str:
    """A text at most as long as a passage, cut between words."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rpartition(' ')[0]} …"


def _blocks(text: str) -> Iterator[list[str]]:
    """Lines that belong together: code as a whole, a heading alone, and what empty lines part."""
    block: list[str] = []
    code = False
    for line in [*text.splitlines(), ""]:
        if line.startswith("```"):
            code = not code
        alone = line.startswith("#") and not code
        if (alone or (not line.strip() and not code)) and block:
            yield block
            block = []
        if alone:
            yield [line]
        elif line.strip() or code:
            block.append(line)


def _rows(lines: Sequence[str], heading: str) -> Iterator[Passage]:
    """A row of a table is a passage; what its head says about all of them goes along."""
    head, *rows = [[_plain(cell) for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    for first, *rest in rows[1:]:
        about = head[0] if head[0].startswith("under ") else ""
        title = f"{first} ({about})" if about else first
        more = [
            f"{name}: {cell}" if name and len(rest) > 1 else cell
            for name, cell in zip(head[1:], rest, strict=False)
            if cell
        ]
        if any(re.search(r"[^\W\d_]{3}", cell) for cell in rest):  # else it is a row of figures
            spelling = not about and not first.startswith("`/") and first.startswith("`")
            yield replace(_passage(title or heading, "; ".join(more)), worth=SPELLING if spelling else 1.0)


def _points(lines: Sequence[str], heading: str) -> Iterator[tuple[str, str]]:
    """A point of a list is a passage of its own; its bold beginning is what it is called."""
    points: list[str] = []
    for line in lines:
        if re.match(r"(?:[-*]|\d+\.) ", line) or not points:
            points.append(re.sub(r"^(?:[-*]|\d+\.) ", "", line))
        else:
            points[-1] += f" {line.strip()}"
    for point in map(_plain, points):
        bold = re.match(r"\*\*(.+?)\*\*:?\s*(.+)", point)
        yield (bold[1].rstrip("."), bold[2].lstrip(" ,.:")) if bold else (heading, point)


def _passage(title: str, text: str) -> Passage:
    return Passage(title, cut(text), tuple(COMMAND.findall(title)))


def _plain(text: str) -> str:
    """Without links to other pages, which lead nowhere from Discord."""
    return re.sub(r"\[([^\]]+)\]\((?!https?:)[^)]*\)", r"\1", text).replace("\\|", "|").strip()
