"""The life of an interaction: pressed, answered within three seconds or failed, its token alive for a while.

What a bot may answer with, and what each answer does to messages, is decided here; how requests reach it is
not.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from playground import payloads, rules
from playground.errors import ApiError, unknown
from playground.hub import Hub
from playground.messaging.posting import Posting
from playground.requests.body import Body
from playground.world import EPHEMERAL, LOADING, Interaction, Message
from playground.world.interactions import new_token
from playground.world.permissions import integration_owners

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
PONG, MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 1, 4, 5, 6, 7, 8, 9
ALLOWED = {
    COMMAND: {MESSAGE, DEFERRED, MODAL},
    COMPONENT: {MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL},
    AUTOCOMPLETE: {CHOICES},
    MODAL_SUBMIT: {MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE},
}
FOLLOWUPS_WITHOUT_BOT = 5  # a user-installed app may send so many where it is no member
SLASH_MESSAGE, MENU_MESSAGE, REPLY = 20, 23, 19


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """Starts and answers the interactions of one hub."""

    hub: Hub

    def start(self, **fields: Any) -> Interaction:
        """Send a new interaction to its bot and start its clock; `fields` are those of `Interaction`."""
        settings, now = self.hub.settings, time.monotonic()
        interaction = Interaction(
            id=self.hub.world.ids.next(),
            token=new_token(),
            started=now,
            expires=now + settings.token_seconds,
            **fields,
        )
        asyncio.get_running_loop().call_later(settings.ack_seconds, self._give_up, interaction)
        return self.hub.world.add_interaction(interaction)

    def _give_up(self, interaction: Interaction) -> None:
        if interaction.status == "pending":
            interaction.status = "failed"
            interaction.expires = 0.0
            self.hub.world.publish("interaction_update", interaction)

    def pending(self, interaction_id: int, token: str) -> Interaction:
        """The interaction a callback is for: known, in time, not answered before."""
        interaction = self.hub.world.interactions.get(interaction_id)
        if interaction is None or interaction.token != token or interaction.failed:
            raise unknown("Interaction")
        if interaction.status == "answered":
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        return interaction

    def by_token(self, application_id: int, token: str) -> Interaction:
        """The answered interaction that a webhook token means, while it lives."""
        interaction = self.hub.world.interactions.with_token(token)
        if interaction is None or interaction.application_id != application_id:
            raise unknown("Webhook")
        if time.monotonic() > interaction.expires:
            raise ApiError(401, 50027, "Invalid Webhook Token")
        return interaction

    # The first answer

    async def respond(self, interaction: Interaction, body: Body) -> Message | None:
        """Take a callback; gives the message it made or changed."""
        sent = body.object()
        kind, data = sent.get("type"), sent.get("data") or {}
        if kind not in ALLOWED[interaction.kind]:
            tree = {"type": {"_errors": [{"code": "BASE_TYPE_CHOICES", "message": "Not an answer to this."}]}}
            raise ApiError(400, 50035, "Invalid Form Body", tree)
        if kind in (DEFERRED_UPDATE, UPDATE) and interaction.message_id is None:
            raise ApiError(400, 50035, "Invalid Form Body")
        if kind == MODAL:
            rules.check_modal(data)
            interaction.modal = data
        if kind == CHOICES:
            rules.check_choices(data.get("choices") or [])
            interaction.choices = data.get("choices") or []
        message = await self._answer_message(interaction, kind, Body(data, body.files))
        self._accept(interaction, kind)
        return message

    async def _answer_message(self, interaction: Interaction, kind: int, body: Body) -> Message | None:
        if kind == MESSAGE:
            message = await self._post(interaction, body, ephemeral=_ephemeral(body))
            interaction.original_id = message.id
            return message
        if kind == DEFERRED:
            message = self._loading(interaction, ephemeral=_ephemeral(body))
            interaction.original_id = message.id
            return message
        if kind in (DEFERRED_UPDATE, UPDATE):
            source = self._source(interaction)
            interaction.original_id = source.id
            return await Posting(self.hub).edit(source, body) if kind == UPDATE else source
        return None

    def _accept(self, interaction: Interaction, kind: int) -> None:
        if interaction.failed:
            raise unknown("Interaction")
        interaction.status = "answered"
        interaction.answer_kind = kind
        interaction.acked_after = time.monotonic() - interaction.started
        self.hub.world.publish("interaction_update", interaction)

    def _source(self, interaction: Interaction) -> Message:
        message = self.hub.world.message(interaction.channel_id, interaction.message_id or 0)
        if message is None:
            raise unknown("Message")
        return message

    # Messages an interaction makes

    def _fields(self, interaction: Interaction, *, ephemeral: bool, followup: bool = False) -> dict[str, Any]:
        kind, reference = self._kind(interaction)
        if followup and interaction.original_id is not None:
            kind, reference = REPLY, interaction.original_id
        return {
            "kind": kind,
            "reference": reference,
            "visible_to": interaction.user_id if ephemeral else None,
            "application_id": interaction.application_id,
            "webhook_id": interaction.application_id,
            "interaction_id": interaction.id,
            "interaction": self.metadata(interaction, followup=followup),
        }

    def _kind(self, interaction: Interaction) -> tuple[int, int | None]:
        if interaction.message_id is not None:
            return REPLY, interaction.message_id
        menu = interaction.data.get("type", 1) != 1
        return (MENU_MESSAGE if menu else SLASH_MESSAGE), None

    def metadata(self, interaction: Interaction, *, followup: bool = False) -> dict[str, Any]:
        """What a message tells of the interaction it came from."""
        world = self.hub.world
        person, where = world.users[interaction.user_id], world.channels[interaction.channel_id]
        body: dict[str, Any] = {
            "id": str(interaction.id),
            "type": interaction.kind,
            "user": payloads.user(person),
            "authorizing_integration_owners": integration_owners(
                world, interaction.application_id, where, person
            ),
        }
        if interaction.kind == COMMAND:
            body |= {
                "name": interaction.label.removeprefix("/"),
                "command_type": interaction.data.get("type", 1),
            }
        if followup and interaction.original_id is not None:
            body["original_response_message_id"] = str(interaction.original_id)
        if interaction.kind == COMPONENT:
            body["interacted_message_id"] = str(interaction.message_id)
        parent = world.interactions.get(interaction.parent_id or 0)
        if interaction.kind == MODAL_SUBMIT and parent is not None:
            body["triggering_interaction_metadata"] = self.metadata(parent)
        return body

    async def _post(
        self, interaction: Interaction, body: Body, *, ephemeral: bool, followup: bool = False
    ) -> Message:
        channel = self.hub.world.channels[interaction.channel_id]
        fields = self._fields(interaction, ephemeral=ephemeral, followup=followup)
        return await Posting(self.hub).create(
            channel, interaction.application_id, body, ephemeral=ephemeral, **fields
        )

    def _loading(self, interaction: Interaction, *, ephemeral: bool) -> Message:
        flags = LOADING | (EPHEMERAL if ephemeral else 0)
        fields = self._fields(interaction, ephemeral=ephemeral)
        return self.hub.world.add_message(
            Message(
                self.hub.world.ids.next(),
                interaction.channel_id,
                interaction.application_id,
                flags=flags,
                **fields,
            )
        )

    # What comes later, by token

    async def followup(self, interaction: Interaction, body: Body) -> Message:
        """Post another message; the first one after a deferral fills the deferred answer in."""
        if interaction.status != "answered":
            raise unknown("Webhook")
        original = self.hub.world.message(interaction.channel_id, interaction.original_id or 0)
        if original is not None and original.flags & LOADING:
            return await Posting(self.hub).edit(original, body, first=True)
        where = self.hub.world.channels[interaction.channel_id]
        person = self.hub.world.users[interaction.user_id]
        owners = integration_owners(self.hub.world, interaction.application_id, where, person)
        if "0" not in owners and interaction.followups >= FOLLOWUPS_WITHOUT_BOT:
            raise ApiError(400, 40094, "Maximum number of follow up messages reached")
        interaction.followups += 1
        return await self._post(interaction, body, ephemeral=_ephemeral(body), followup=True)

    def message(self, interaction: Interaction, name: str) -> Message:
        """One of the interaction's messages: `@original` or an id."""
        world = self.hub.world
        if name == "@original":
            if interaction.original_id is None:
                raise unknown("Webhook" if interaction.status == "pending" else "Message")
            found = world.message(interaction.channel_id, interaction.original_id)
        else:
            found = world.message(interaction.channel_id, int(name) if name.isdigit() else 0)
            if found and interaction.id != found.interaction_id and found.id != interaction.original_id:
                found = None
        if found is None:
            raise unknown("Message")
        return found

    async def edit(self, message: Message, body: Body) -> Message:
        """Change one of the interaction's messages."""
        return await Posting(self.hub).edit(message, body, first=bool(message.flags & LOADING))

    def expire_tokens(self) -> int:
        """End every living token now; gives how many there were."""
        now = time.monotonic()
        living = [each for each in self.hub.world.interactions.values() if each.expires > now]
        for interaction in living:
            interaction.expires = 0.0
        return len(living)


def _ephemeral(body: Body) -> bool:
    return bool((body.object().get("flags") or 0) & EPHEMERAL)
