"""What Discord accepts as a message: content, embeds, components, files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from playground.errors import ApiError, FormErrors
from playground.rules.components import Path, check_custom_ids, check_rows, check_v2
from playground.world import COMPONENTS_V2

CONTENT, EMBEDS, EMBED_TOTAL, ATTACHMENTS, ALT = 2000, 10, 6000, 10, 1024


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
    for n, each in enumerate(attachments):
        if each.get("description") is not None:
            errors.length(("attachments", n, "description"), each["description"], 0, ALT)
    if v2:
        check_v2(errors, components)
    else:
        check_rows(errors, components)
    check_custom_ids(errors, components)
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
