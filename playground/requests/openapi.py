"""Holds recorded requests against Discord's published description of its REST API, where one is given.

The description is a file of its own, found by the environment variable DISCORD_OPENAPI or in `../shared`
beside the repository; without it there is nothing to check. Needs the package jsonschema (a development
dependency).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from playground.requests.journal import Request

PLACES = (Path(__file__).resolve().parents[3] / "shared" / "discord-openapi.json",)


def find() -> Path | None:
    """Where the description is on this machine, or None."""
    named = os.environ.get("DISCORD_OPENAPI")
    candidates = (Path(named),) if named else PLACES
    return next((path for path in candidates if path.is_file()), None)


class Description:
    """The request bodies that Discord's API description allows."""

    def __init__(self, path: Path) -> None:
        self._document: dict[str, Any] = json.loads(path.read_text("utf-8"))
        # The description says string; the API has always taken numbers for ids too, and libraries send them.
        self._document["components"]["schemas"]["SnowflakeType"]["type"] = ["string", "integer"]
        self._validators: dict[tuple[str, str], Any] = {}

    @cached_property
    def _templates(self) -> list[tuple[re.Pattern[str], str]]:
        paths = sorted(self._document["paths"], key=lambda path: path.count("{"))
        return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), path) for path in paths]

    def _template(self, path: str) -> str | None:
        return next((template for pattern, template in self._templates if pattern.fullmatch(path)), None)

    def _validator(self, method: str, template: str) -> Any:
        # Here, as it is a development dependency that a server alone does without.
        from jsonschema import Draft202012Validator

        key = (method, template)
        if key not in self._validators:
            operation = self._document["paths"][template].get(method.lower())
            content = ((operation or {}).get("requestBody") or {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            whole = schema and {**schema, "components": self._document["components"]}
            self._validators[key] = whole and Draft202012Validator(whole)
        return self._validators[key]

    def faults(self, request: Request) -> list[str]:
        """What is wrong with one recorded request; empty when nothing is."""
        from jsonschema.exceptions import best_match  # as above

        template = self._template(request.path)
        if template is None or request.method.lower() not in self._document["paths"][template]:
            return [f"{request.method} {request.path}: no such endpoint"]
        validator = self._validator(request.method, template)
        if validator is None or request.body is None:
            return []
        error = best_match(validator.iter_errors(request.body))
        if error is None:
            return []
        return [f"{request.method} {template} at {error.json_path}: {error.message[:300]}"]

    def violations(self, requests: Iterable[Request]) -> list[str]:
        """What is wrong with these requests, each fault once."""
        return list(dict.fromkeys(fault for request in requests for fault in self.faults(request)))
