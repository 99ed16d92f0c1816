"""What Discord accepts: messages, components, embeds, dialogs, choices and commands. Pure checks on JSON.

Each check raises `ApiError` (400, 50035 with the places) as Discord would answer. Limits are those of its
documentation; fields that no limit concerns are let through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from playground.errors import ApiError, FormErrors
from playground.world import COMPONENTS_V2

Path = tuple[str | int, ...]

CONTENT, EMBEDS, EMBED_TOTAL, ATTACHMENTS = 2000, 10, 6000, 10
ROWS, IN_ROW, V2_COMPONENTS, V2_TEXT = 5, 5, 40, 4000
COMMANDS, OPTIONS, CHOICES = 100, 25, 25
ACTION_ROW, BUTTON, STRING_SELECT, TEXT_INPUT = 1, 2, 3, 4
SELECTS = {3, 5, 6, 7, 8}
SECTION, TEXT_DISPLAY, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
LABEL, FILE_UPLOAD, RADIO, CHECKBOXES, CHECKBOX = 18, 19, 21, 22, 23
INPUTS = {TEXT_INPUT, FILE_UPLOAD, RADIO, CHECKBOXES, CHECKBOX} | SELECTS
LINK, PREMIUM = 5, 6
COMMAND_NAME = re.compile(r"[-_'\w]{1,32}")


def check_message(
    body: dict[str, Any], *, filenames: Iterable[str] = (), kept: bool = False, flags: int = 0
) -> None:
    """Check a message to create or edit.

    `filenames` are those of the files sent along or already there, `kept` says that contents may be left out
    (an edit), `flags` are those the message has already.
    """
    errors = FormErrors()
    flags |= body.get("flags") or 0
    v2 = bool(flags & COMPONENTS_V2)
    content, embeds = body.get("content"), body.get("embeds") or []
    components, attachments = body.get("components") or [], body.get("attachments") or []
    if content is not None:
        errors.length(("content",), content, 0, CONTENT)
    if v2 and (content or embeds):
        errors.add(
            ("content",), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", "Not with components V2."
        )
    _check_embeds(errors, embeds)
    if len(attachments) > ATTACHMENTS:
        errors.add(("attachments",), "BASE_TYPE_MAX_LENGTH", f"Must be {ATTACHMENTS} or fewer in length.")
    if v2:
        _check_v2(errors, components)
    else:
        _check_rows(errors, components)
    _check_custom_ids(errors, components)
    _check_media(errors, ("embeds",), embeds, set(filenames))
    _check_media(errors, ("components",), components, set(filenames))
    if isinstance(body.get("nonce"), str):
        errors.length(("nonce",), body["nonce"], 0, 25)
    errors.raise_if_any()
    if not kept and not (content or embeds or components or attachments or list(filenames)):
        raise ApiError(400, 50006, "Cannot send an empty message")


def _check_embeds(errors: FormErrors, embeds: list[dict[str, Any]]) -> None:
    if len(embeds) > EMBEDS:
        errors.add(("embeds",), "BASE_TYPE_MAX_LENGTH", f"Must be {EMBEDS} or fewer in length.")
    total = 0
    for n, embed in enumerate(embeds):
        fields = embed.get("fields") or []
        if len(fields) > 25:
            errors.add(("embeds", n, "fields"), "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
        texts: list[tuple[Path, Any, int, int]] = [
            (("title",), embed.get("title"), 0, 256),
            (("description",), embed.get("description"), 0, 4096),
            (("footer", "text"), (embed.get("footer") or {}).get("text"), 0, 2048),
            (("author", "name"), (embed.get("author") or {}).get("name"), 0, 256),
        ]
        for m, field in enumerate(fields):
            texts.append((("fields", m, "name"), field.get("name"), 1, 256))
            texts.append((("fields", m, "value"), field.get("value"), 1, 1024))
        for path, text, low, high in texts:
            if text is not None:
                errors.length(("embeds", n, *path), text, low, high)
                total += len(str(text))
    if total > EMBED_TOTAL:
        errors.add(
            ("embeds",), "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {EMBED_TOTAL}"
        )


def walk(components: Any) -> Iterator[dict[str, Any]]:
    """Every component in a tree, outermost first, in reading order."""
    for component in components if isinstance(components, list) else [components]:
        if isinstance(component, dict):
            yield component
            for key in ("components", "accessory", "component"):
                if key in component:
                    yield from walk(component[key])


def _check_rows(errors: FormErrors, rows: list[dict[str, Any]]) -> None:
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
            _check_select(errors, place, child)
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


def _check_select(errors: FormErrors, path: Path, select: dict[str, Any]) -> None:
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


def _check_v2(errors: FormErrors, components: list[dict[str, Any]]) -> None:
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


def _check_custom_ids(errors: FormErrors, components: list[dict[str, Any]]) -> None:
    ids = [each["custom_id"] for each in walk(components) if each.get("custom_id")]
    if len(set(ids)) < len(ids):
        errors.add(
            ("components",), "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
        )


def _check_media(errors: FormErrors, path: Path, node: Any, filenames: set[str]) -> None:
    if isinstance(node, list):
        for n, each in enumerate(node):
            _check_media(errors, (*path, n), each, filenames)
    elif isinstance(node, dict):
        url = node.get("url")
        if not isinstance(url, str):
            url = ""
        if url.startswith("attachment://") and url.removeprefix("attachment://") not in filenames:
            code = "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND"
            errors.add((*path, "url"), code, f"The referenced attachment in '{url}' was not found.")
        for key, value in node.items():
            _check_media(errors, (*path, key), value, filenames)


def media_names(node: Any) -> set[str]:
    """The file names that `attachment://` links in a piece of JSON refer to."""
    if isinstance(node, list):
        return set().union(*map(media_names, node))
    if not isinstance(node, dict):
        return set()
    url = node.get("url")
    own = (
        {url.removeprefix("attachment://")}
        if isinstance(url, str) and url.startswith("attachment://")
        else set()
    )
    return own.union(*map(media_names, node.values()))


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
            _check_select(errors, ("data", "components"), component)
    _check_custom_ids(errors, rows)
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


def check_choices(choices: list[dict[str, Any]]) -> None:
    """Check an autocompletion: at most 25, each with a name and a value."""
    errors = FormErrors()
    if len(choices) > CHOICES:
        errors.add(("data", "choices"), "BASE_TYPE_MAX_LENGTH", f"Must be {CHOICES} or fewer in length.")
    for n, choice in enumerate(choices):
        errors.length(("data", "choices", n, "name"), choice.get("name"), 1, 100)
        if isinstance(choice.get("value"), str):
            errors.length(("data", "choices", n, "value"), choice["value"], 0, 100)
    errors.raise_if_any()


def check_commands(commands: list[dict[str, Any]]) -> None:
    """Check a scope's whole list of commands."""
    errors = FormErrors()
    chat = [command for command in commands if command.get("type", 1) == 1]
    if len(chat) > COMMANDS or len(commands) - len(chat) > 30:
        raise ApiError(400, 30032, "Maximum number of application commands reached (100).")
    keys = [(command.get("type", 1), command.get("name")) for command in commands]
    if len(set(keys)) < len(keys):
        errors.add((), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique")
    for n, command in enumerate(commands):
        errors.length((n, "name"), command.get("name"), 1, 32)
        if command.get("type", 1) == 1:
            _check_command(errors, (n,), command)
            if _command_size(command) > 8000:
                code = "APPLICATION_COMMAND_TOO_LARGE"
                errors.add((n,), code, "The combined length of names, descriptions and values exceeds 8000.")
    errors.raise_if_any()


def _check_command(errors: FormErrors, path: Path, command: dict[str, Any]) -> None:
    name = str(command.get("name"))
    if not COMMAND_NAME.fullmatch(name) or name != name.lower():
        errors.add((*path, "name"), "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    errors.length((*path, "description"), command.get("description"), 1, 100)
    options = command.get("options") or []
    if len(options) > OPTIONS:
        errors.add((*path, "options"), "BASE_TYPE_MAX_LENGTH", f"Must be {OPTIONS} or fewer in length.")
    needed = [bool(option.get("required")) for option in options]
    if needed != sorted(needed, reverse=True):
        code = "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"
        errors.add((*path, "options"), code, "Required options must be placed before non-required options")
    for n, option in enumerate(options):
        _check_command(errors, (*path, "options", n), option)
        choices = option.get("choices") or []
        if len(choices) > CHOICES:
            errors.add(
                (*path, "options", n, "choices"), "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length."
            )
        for m, choice in enumerate(choices):
            errors.length((*path, "options", n, "choices", m, "name"), choice.get("name"), 1, 100)


def _command_size(command: dict[str, Any]) -> int:
    texts = len(command.get("name") or "") + len(command.get("description") or "")
    texts += sum(len(c["name"]) + len(str(c["value"])) for c in command.get("choices") or [])
    return texts + sum(map(_command_size, command.get("options") or []))
