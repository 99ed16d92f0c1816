"""The route that answers an interaction."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from playground import payloads
from playground.api.context import body_of, number
from playground.hub import Hub, hub_of
from playground.messaging.lifecycle import Lifecycle
from playground.requests.body import answer, no_content
from playground.world import EPHEMERAL, LOADING, Interaction, Message

routes = web.RouteTableDef()


@routes.post("/interactions/{interaction}/{token}/callback")
async def callback(request: web.Request) -> web.Response:
    """Answer an interaction, once, in time."""
    hub = hub_of(request)
    lifecycle = Lifecycle(hub)
    id, token = number(request, "interaction", "Interaction"), request.match_info["token"]
    body = await body_of(request)
    interaction = lifecycle.pending(id, token)
    message = await lifecycle.respond(interaction, body)
    if request.query.get("with_response") not in ("1", "true"):
        return no_content()
    return answer(_told(hub, interaction, message))


def _told(hub: Hub, interaction: Interaction, message: Message | None) -> dict[str, Any]:
    about: dict[str, Any] = {"id": str(interaction.id), "type": interaction.kind}
    resource: dict[str, Any] = {"type": interaction.answer_kind}
    if message is not None:
        about |= {
            "response_message_id": str(message.id),
            "response_message_loading": bool(message.flags & LOADING),
            "response_message_ephemeral": bool(message.flags & EPHEMERAL),
        }
        if interaction.answer_kind in (4, 7):
            resource["message"] = payloads.message(hub.world, message, hub.files.link)
    return {"interaction": about, "resource": resource}
