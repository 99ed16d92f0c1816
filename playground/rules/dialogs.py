"""What Discord accepts as a dialog (a modal): its rows and their inputs."""

from __future__ import annotations

from typing import Any

from playground.errors import FormErrors
from playground.rules.components import (
    ACTION_ROW,
    INPUTS,
    LABEL,
    SELECTS,
    TEXT_DISPLAY,
    TEXT_INPUT,
    Path,
    check_custom_ids,
    check_select,
    walk,
)


def check_modal(data: dict[str, Any]) -> None:
    """Check a dialog: title, one to five rows, each with one input."""
    errors = FormErrors()
    errors.length(("data", "custom_id"), data.get("custom_id"), 1, 100)
    errors.length(("data", "title"), data.get("title"), 1, 45)
    rows = data.get("components") or []
    if not 1 <= len(rows) <= 5:
        errors.add(("data", "components"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    for n, row in enumerate(rows):
        if row.get("type") not in (ACTION_ROW, LABEL, TEXT_DISPLAY):
            errors.add(
                ("data", "components", n, "type"), "UNION_TYPE_CHOICES", "Not a component of a dialog."
            )
        place: Path = ("data", "components", n)
        if row.get("type") == LABEL:
            errors.length((*place, "label"), row.get("label"), 1, 45)
            if row.get("description") is not None:
                errors.length((*place, "description"), row["description"], 0, 100)
            if (row.get("component") or {}).get("type") not in INPUTS:
                errors.add((*place, "component", "type"), "UNION_TYPE_CHOICES", "Not an input of a dialog.")
        elif row.get("type") == ACTION_ROW:
            inside = [child.get("type") for child in row.get("components") or []]
            if inside != [TEXT_INPUT]:
                errors.add((*place, "components"), "UNION_TYPE_CHOICES", "A row holds one text input.")
    for component in walk(rows):
        if component.get("type") == TEXT_INPUT:
            _check_text_input(errors, component)
        elif component.get("type") in SELECTS:
            check_select(errors, ("data", "components"), component)
    check_custom_ids(errors, rows)
    errors.raise_if_any()


def _check_text_input(errors: FormErrors, field: dict[str, Any]) -> None:
    path = ("data", "components", str(field.get("custom_id")))
    errors.length((*path, "custom_id"), field.get("custom_id"), 1, 100)
    if field.get("label") is not None:
        errors.length((*path, "label"), field["label"], 1, 45)
    if field.get("style") not in (1, 2):
        errors.add((*path, "style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2}.")
    if field.get("placeholder") is not None:
        errors.length((*path, "placeholder"), field["placeholder"], 0, 100)
    low, high = field.get("min_length") or 0, field.get("max_length") or 4000
    if not (0 <= low <= high <= 4000):
        errors.add((*path, "max_length"), "BASE_TYPE_BAD_LENGTH", "min_length and max_length do not fit.")
    if field.get("value") is not None:
        errors.length((*path, "value"), field["value"], 0, min(4000, field.get("max_length") or 4000))
