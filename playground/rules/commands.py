"""What Discord accepts as commands, and as suggestions for their options."""

from __future__ import annotations

import re
from typing import Any

from playground.errors import ApiError, FormErrors
from playground.rules.components import Path

COMMANDS, OPTIONS, CHOICES = 100, 25, 25
COMMAND_NAME = re.compile(r"[-_'\w]{1,32}")


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
