"""Dialogs (modals) filled in and sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from playground import payloads
from playground.errors import Refused
from playground.hub import Hub
from playground.messaging.lifecycle import MODAL_SUBMIT
from playground.messaging.posting import Posting
from playground.people.options import text_within
from playground.people.starting import start
from playground.requests.body import Upload
from playground.rules.components import (
    ACTION_ROW,
    CHECKBOX,
    CHECKBOXES,
    FILE_UPLOAD,
    LABEL,
    RADIO,
    STRING_SELECT,
    TEXT_INPUT,
)
from playground.world import Channel, Interaction, User


async def submit(
    hub: Hub, person: User, opener: Interaction, values: dict[str, Any], uploads: Sequence[Upload] = ()
) -> Interaction:
    """Send a dialog; `values` are by custom id, what is left out keeps its preset."""
    if opener.modal is None or opener.user_id != person.id:
        raise Refused("No dialog is open.")
    channel = hub.world.channels[opener.channel_id]
    filled = _Filled(hub, channel, values, list(uploads))
    data = {
        "custom_id": opener.modal["custom_id"],
        "components": [await filled.part(part) for part in opener.modal["components"]],
        "resolved": filled.resolved,
    }
    unknown = set(values) - filled.used
    if unknown:
        raise Refused(f"The dialog has no field {unknown.pop()!r}.")
    return start(
        hub,
        MODAL_SUBMIT,
        opener.application_id,
        person,
        channel,
        data,
        opener.modal["title"],
        message_id=opener.message_id,
        parent_id=opener.id,
    )


class _Filled:
    """A dialog being filled in."""

    def __init__(self, hub: Hub, channel: Channel, values: dict[str, Any], uploads: list[Upload]) -> None:
        self.hub = hub
        self.channel = channel
        self.values = values
        self.uploads = uploads
        self.used: set[str] = set()
        self.resolved: dict[str, Any] = {}

    async def part(self, part: dict[str, Any]) -> dict[str, Any]:
        """One row of the submission."""
        body = {"type": part["type"], "id": part.get("id", 0)}
        if part["type"] == ACTION_ROW:
            return body | {"components": [await self._field(each, "") for each in part["components"]]}
        if part["type"] == LABEL:
            return body | {"component": await self._field(part["component"], part["label"])}
        return body

    async def _field(self, field: dict[str, Any], label: str) -> dict[str, Any]:
        custom_id, kind = field["custom_id"], field["type"]
        name = field.get("label") or label or custom_id
        given = self.values.get(custom_id)
        if custom_id in self.values:
            self.used.add(custom_id)
        body = {"type": kind, "custom_id": custom_id, "id": field.get("id", 0)}
        required = field.get("required", True)
        if kind == TEXT_INPUT:
            text = str(field.get("value") or "") if given is None else str(given)
            if required and not text:
                raise Refused(f"{name} is required.")
            if text:
                text_within(name, text, field.get("min_length") or 0, field.get("max_length") or 4000)
            return body | {"value": text}
        if kind == CHECKBOX:
            return body | {"value": bool(field.get("default") if given is None else given)}
        if kind == FILE_UPLOAD:
            return body | {"values": await self._files(name, given or [], required)}
        chosen = _preset(field) if given is None else [given] if isinstance(given, str) else list(given)
        if required and not chosen:
            raise Refused(f"{name} is required.")
        self._check_choice(name, field, chosen)
        if kind == RADIO:
            return body | {"value": chosen[0] if chosen else None}
        return body | {"values": chosen}

    def _check_choice(self, name: str, field: dict[str, Any], chosen: list[str]) -> None:
        low, high = field.get("min_values") or 0, field.get("max_values") or 1
        if field["type"] == CHECKBOXES:
            high = field.get("max_values") or len(field["options"])
        if chosen and not low <= len(chosen) <= high:
            raise Refused(f"{name} wants {low} to {high} choices, not {len(chosen)}.")
        strange = set(chosen) - {option["value"] for option in field.get("options") or []}
        if strange and field["type"] in (STRING_SELECT, RADIO, CHECKBOXES):
            raise Refused(f"{name} has no choice {strange.pop()!r}.")

    async def _files(self, name: str, given: list[dict[str, int]], required: bool) -> list[str]:
        if required and not given:
            raise Refused(f"{name} is required.")
        ids = []
        for each in given:
            upload = next((u for u in self.uploads if u.index == each.get("file")), None)
            if upload is None:
                raise Refused(f"{name} wants a file.")
            kept = await Posting(self.hub).store(self.channel.id, upload, ephemeral=True)
            link = payloads.attachment(kept, self.hub.files.link)
            self.resolved.setdefault("attachments", {})[str(kept.id)] = link
            ids.append(str(kept.id))
        return ids


def _preset(field: dict[str, Any]) -> list[str]:
    return [option["value"] for option in field.get("options") or [] if option.get("default")]
