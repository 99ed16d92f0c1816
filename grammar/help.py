"""What people are told about the parameters: help, the docs page, remarks. All from the table.

Knows the table and specs; nothing of terminals or Discord.
"""

from collections.abc import Callable, Iterable

from grammar.dialects import remarks_on
from grammar.links import remark_on_links
from grammar.parameters import PARAMETERS, Parameter
from grammar.spec import GenerationSpec

_NO_EFFECT = " (no effect yet)"


def help_line(row: Parameter) -> str:
    """One line about one parameter: ``--chaos, --c 0–100 (0): how different the four pictures are …``."""
    default = f" ({row.default})" if row.default else ""
    return f"{spelled(row)}{default}: {row.legacy or row.help}{_NO_EFFECT * row.idle}"


def overview(rows: Iterable[Parameter] = PARAMETERS) -> dict[str, list[Parameter]]:
    """The parameters that do something, by topic, in the order of the table; those without one come last."""
    topics: dict[str, list[Parameter]] = {}
    for row in sorted(rows, key=lambda row: not row.topic):
        if not (row.legacy or row.idle):
            topics.setdefault(row.topic or "More", []).append(row)
    return topics


def explained(row: Parameter) -> str:
    """Everything the table says about one parameter, as one paragraph."""
    meant = row.legacy or f"{row.help[0].upper()}{row.help[1:]}."
    facts = [f"If not said: {row.default}."] if row.default else []
    if row.needs:
        facts.append(f"With `--{row.needs}` only.")
    told = [(value, means) for value, means in row.offers if value not in means and not row.idle]
    if told:
        facts.append("; ".join(f"`--{row.short} {value}`: {means}" for value, means in told) + ".")
    if row.idle:
        facts.append("It is understood, but has no effect here yet.")
    return " ".join([meant, *facts])


def spelled(row: Parameter) -> str:
    """How it is written: `--aspect, --ar W:H`; a value that may be left out stands in brackets."""
    names = ", ".join(f"--{name}" for name in row.names)
    allowed = row.kind.allowed
    if not allowed or row.kind.shape == "flag":
        return names
    return f"{names} [{allowed}]" if row.kind.alone is not None else f"{names} {allowed}"


def find(name: str) -> Parameter | None:
    """The row of a name typed with or without dashes, in any case; None when there is none."""
    wanted = name.strip("-–— ").lower()
    return next((row for row in PARAMETERS if wanted in row.names), None)


def remarks(spec: GenerationSpec) -> tuple[str, ...]:
    """What to tell the user about how the prompt was read: a sentence for each thing.

    What the reader noted; links and ways of writing that mean nothing among the words; names of the past.
    """
    said = {name for name, _ in spec.other}
    past = (f"`--{row.short}`: {row.legacy}" for row in PARAMETERS if row.short in said and row.legacy)
    return (*spec.notes, *remark_on_links(spec.text), *remarks_on(spec.text), *past)


def page() -> str:
    """docs/parameters.md."""
    return "\n".join(
        [
            "# Parameters",
            "",
            "Made from the table in `grammar/parameters/`: `python -m grammar > docs/parameters.md`.",
            "How prompts are read, and how to add a parameter: [language.md](language.md).",
            "",
            "Parameters come last in a prompt, in any order: `a red fox --ar 3:2 --no text`. “Models” are",
            "the Midjourney models that took the parameter; Easel takes it with every model.",
            "",
            *_table((row for row in PARAMETERS if not row.legacy), "Default", lambda row: row.default),
            "",
            "## Names of the past",
            "",
            "Understood, so that old prompts still run.",
            "",
            *_table((row for row in PARAMETERS if row.legacy), "Now", lambda row: row.legacy),
            "",
        ]
    )


def _table(rows: Iterable[Parameter], title: str, column: Callable[[Parameter], str]) -> list[str]:
    lines = [f"| Parameter | Value | Meaning | {title} | Models |", "|---|---|---|---|---|"]
    for row in rows:
        names = " ".join(f"`--{name}`" for name in row.names)
        value = row.kind.allowed if row.kind.shape != "flag" else ""
        meaning = row.help + (f" (with `--{row.needs}` only)" if row.needs else "") + _NO_EFFECT * row.idle
        lines.append(f"| {names} | {value} | {meaning} | {column(row)} | {row.models} |")
    return lines
