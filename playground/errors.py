"""Refusals: what a bot is told by the API, and what a person is told by their client.

ApiError   a bot's request, as the wire words it: status, code, sentence, for forms a tree of places
Refused    a person's deed, as Discord's client would not let it happen
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """One refusal, as the wire words it: status, code, sentence, for forms a tree of places."""

    def __init__(self, status: int, code: int, message: str, errors: dict[str, Any] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        body: dict[str, Any] = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return body


class Refused(Exception):
    """Discord's client would not let a person do this; the message says why."""


class FormErrors:
    """Collects what is wrong with a form, place by place, and raises it as one error 50035."""

    def __init__(self) -> None:
        self._tree: dict[str, Any] = {}

    def add(self, path: tuple[str | int, ...], code: str, message: str) -> None:
        """Note one fault at `path`, e.g. `("embeds", 0, "title")`."""
        node = self._tree
        for step in path:
            node = node.setdefault(str(step), {})
        node.setdefault("_errors", []).append({"code": code, "message": message})

    def length(self, path: tuple[str | int, ...], value: object, low: int, high: int) -> None:
        """Demand a string of `low` to `high` characters."""
        if not isinstance(value, str):
            self.add(path, "STRING_TYPE_CONVERT", "Could not interpret value as string.")
        elif not low <= len(value) <= high:
            self.add(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")

    def raise_if_any(self) -> None:
        """Raise the collected faults, if there are any."""
        if self._tree:
            raise ApiError(400, 50035, "Invalid Form Body", self._tree)


def unauthorized() -> ApiError:
    """The token is missing or not one this server takes."""
    return ApiError(401, 0, "401: Unauthorized")


def unknown(what: str) -> ApiError:
    """A thing that is not there, or not for the asker to see."""
    codes = {"Channel": 10003, "Guild": 10004, "Member": 10007, "Message": 10008, "User": 10013}
    codes |= {"Emoji": 10014, "Webhook": 10015, "Interaction": 10062, "Application": 10002}
    codes |= {"Application command": 10063}
    return ApiError(404, codes[what], f"Unknown {what}")


def forbidden(code: int = 50013, message: str = "Missing Permissions") -> ApiError:
    """The asker may not do this here."""
    return ApiError(403, code, message)
