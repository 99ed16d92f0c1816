"""What a user's settings add to a prompt: in one place, and visibly, since it becomes part of the spec.

Knows specs and the table of parameters, nothing of where settings are kept.
"""

from collections.abc import Mapping
from typing import Any

from grammar.parameters import PARAMETERS
from grammar.spec import FIELDS, GenerationSpec
from grammar.values import Kind, Value

_BY_NAME = {name: row for row in PARAMETERS for name in row.names}
_GROUPS = {row.target: row.group for row in PARAMETERS if row.group}


def join(spec: GenerationSpec, defaults: Mapping[str, Any]) -> GenerationSpec:
    """The spec with what it does not say filled in from settings by long or short name: `{"s": 250}`.

    A setting gives way to every parameter of its group: a default `v` to `--niji`, a default `style` to
    `--raw`. Values are those of `GenerationSpec.to_dict()["params"]`; KeyError for a name that no parameter
    has, UnfitError (a ValueError) for a value that it cannot take.
    """
    said = said_groups(spec)
    changes: dict[str, Value] = {}
    for name, data in defaults.items():
        row = _BY_NAME[name]
        if data is None or data is False or row.target not in FIELDS or row.group in said:
            continue
        if _unsaid(getattr(spec, row.target)):
            changes[row.target] = _value(row.kind, data)
    return spec.replace(**changes) if changes else spec


def said_groups(spec: GenerationSpec) -> set[str]:
    """The groups of parameters (`model`, `style`) of which the spec says one."""
    said = {target for target in _GROUPS if target in FIELDS and not _unsaid(getattr(spec, target))}
    return {_GROUPS[name] for name in said.union(name for name, _ in spec.other) if name in _GROUPS}


def _unsaid(value: Value) -> bool:
    return value is None or value is False or value == ()


def _value(kind: Kind, data: Any) -> Value:
    if data is True:
        return kind.alone
    return kind.from_json(data) if kind.adds_up else kind.read(str(data))
