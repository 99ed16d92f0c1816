"""What Discord accepts of components: rows, buttons, menus, the newer layout (V2), custom ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from playground.errors import FormErrors

Path = tuple[str | int, ...]

ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = 5, 6, 7, 8
SELECTS = {STRING_SELECT, USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT}
SECTION, TEXT_DISPLAY, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
LABEL, FILE_UPLOAD, RADIO, CHECKBOXES, CHECKBOX = 18, 19, 21, 22, 23
INPUTS = {TEXT_INPUT, FILE_UPLOAD, RADIO, CHECKBOXES, CHECKBOX} | SELECTS
LINK, PREMIUM = 5, 6
ROWS, IN_ROW, V2_COMPONENTS, V2_TEXT = 5, 5, 40, 4000


def walk(components: Any) -> Iterator[dict[str, Any]]:
    """Every component in a tree, outermost first, in reading order."""
    for component in components if isinstance(components, list) else [components]:
        if isinstance(component, dict):
            yield component
            for key in ("components", "accessory", "component"):
                if key in component:
                    yield from walk(component[key])


def check_rows(errors: FormErrors, rows: list[dict[str, Any]]) -> None:
    """Check the rows of a message: at most five, of five buttons or one menu."""
    if len(rows) > ROWS:
        errors.add(("components",), "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {ROWS} in length.")
    for n, row in enumerate(rows):
        if row.get("type") != ACTION_ROW:
            errors.add(
                ("components", n, "type"), "UNION_TYPE_CHOICES", 'Value of field "type" must be one of (1,).'
            )
        else:
            _check_row(errors, ("components", n), row)


def _check_row(errors: FormErrors, path: Path, row: dict[str, Any]) -> None:
    children = row.get("components") or []
    width = sum(IN_ROW if child.get("type") in SELECTS else 1 for child in children)
    if not 1 <= width <= IN_ROW:
        errors.add(
            (*path, "components"), "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {IN_ROW} in length."
        )
    for n, child in enumerate(children):
        place = (*path, "components", n)
        if child.get("type") == BUTTON:
            _check_button(errors, place, child)
        elif child.get("type") in SELECTS:
            check_select(errors, place, child)
        else:
            errors.add((*place, "type"), "UNION_TYPE_CHOICES", "Not a component of an action row.")


def _check_button(errors: FormErrors, path: Path, button: dict[str, Any]) -> None:
    style = button.get("style")
    if style not in range(1, 7):
        errors.add((*path, "style"), "BASE_TYPE_CHOICES", "Value must be one of {1, 2, 3, 4, 5, 6}.")
    label, emoji = button.get("label"), button.get("emoji")
    if label is not None:
        errors.length((*path, "label"), label, 0, 80)
    if not label and not emoji and style != PREMIUM:
        errors.add(path, "BUTTON_COMPONENT_MISSING_LABEL", "A button must have a label or emoji.")
    if style == LINK:
        if not str(button.get("url", "")).startswith(("http://", "https://", "discord://")):
            errors.add((*path, "url"), "BASE_TYPE_REQUIRED", "A url is required")
        if button.get("custom_id"):
            errors.add(
                path, "BUTTON_COMPONENT_CUSTOM_ID_URL_MUTUALLY_EXCLUSIVE", "A url button has no custom id."
            )
    elif style != PREMIUM:
        errors.length((*path, "custom_id"), button.get("custom_id"), 1, 100)


def check_select(errors: FormErrors, path: Path, select: dict[str, Any]) -> None:
    """Check a menu: its id, its options, how many may be chosen."""
    errors.length((*path, "custom_id"), select.get("custom_id"), 1, 100)
    if select.get("placeholder") is not None:
        errors.length((*path, "placeholder"), select["placeholder"], 0, 150)
    low, high = select.get("min_values", 1), select.get("max_values", 1)
    if low is not None and high is not None and not (0 <= low <= 25 and 1 <= high <= 25 and low <= high):
        errors.add((*path, "max_values"), "BASE_TYPE_BAD_LENGTH", "min_values and max_values do not fit.")
    if select["type"] != STRING_SELECT:
        return
    options = select.get("options") or []
    if not 1 <= len(options) <= 25:
        errors.add((*path, "options"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 25 in length.")
    if high is not None and high > max(len(options), 1):
        errors.add((*path, "max_values"), "BASE_TYPE_MAX", f"Must be {len(options)} or fewer.")
    if len({option.get("value") for option in options}) < len(options):
        errors.add(
            (*path, "options"), "COMPONENT_OPTION_VALUE_DUPLICATED", "The option values must be different."
        )
    if sum(bool(option.get("default")) for option in options) > (high or 1):
        code = "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES"
        errors.add((*path, "options"), code, "More options are chosen beforehand than may be chosen.")
    for n, option in enumerate(options):
        errors.length((*path, "options", n, "label"), option.get("label"), 1, 100)
        errors.length((*path, "options", n, "value"), option.get("value"), 1, 100)
        if option.get("description") is not None:
            errors.length((*path, "options", n, "description"), option["description"], 0, 100)


def check_v2(errors: FormErrors, components: list[dict[str, Any]]) -> None:
    """Check a message of the newer layout: at most 40 components and 4,000 characters."""
    everything = list(walk(components))
    if len(everything) > V2_COMPONENTS:
        errors.add(("components",), "BASE_TYPE_MAX_LENGTH", f"At most {V2_COMPONENTS} components.")
    if sum(len(each.get("content", "")) for each in everything if each.get("type") == TEXT_DISPLAY) > V2_TEXT:
        errors.add(
            ("components",), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", f"At most {V2_TEXT} characters."
        )
    top = {ACTION_ROW, SECTION, TEXT_DISPLAY, GALLERY, FILE, SEPARATOR, CONTAINER}
    for n, component in enumerate(components):
        if component.get("type") not in top:
            errors.add(("components", n, "type"), "UNION_TYPE_CHOICES", "Not a component of the top level.")
    for n, component in enumerate(everything):
        if component.get("type") == ACTION_ROW:
            _check_row(errors, ("components", n), component)
        elif component.get("type") == GALLERY and not 1 <= len(component.get("items") or []) <= 10:
            errors.add(
                ("components", n, "items"), "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 10 in length."
            )


def check_custom_ids(errors: FormErrors, components: list[dict[str, Any]]) -> None:
    """Check that no two components have the same custom id."""
    ids = [each["custom_id"] for each in walk(components) if each.get("custom_id")]
    if len(set(ids)) < len(ids):
        errors.add(
            ("components",), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
        )
