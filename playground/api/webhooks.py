"""Routes by an interaction's token: follow-ups, and the messages it made."""

from __future__ import annotations

from aiohttp import web

from playground import payloads
from playground.api.context import body_of, number
from playground.hub import hub_of
from playground.messaging.lifecycle import Lifecycle
from playground.messaging.posting import Posting
from playground.requests.body import answer, no_content
from playground.world import Interaction, Message

routes = web.RouteTableDef()

WEBHOOK = "/webhooks/{application}/{token}"
MESSAGE = WEBHOOK + "/messages/{message}"


def _interaction(request: web.Request) -> Interaction:
    lifecycle = Lifecycle(hub_of(request))
    return lifecycle.by_token(number(request, "application", "Webhook"), request.match_info["token"])


def _message(request: web.Request) -> Message:
    return Lifecycle(hub_of(request)).message(_interaction(request), request.match_info["message"])


def _shown(request: web.Request, message: Message) -> web.Response:
    hub = hub_of(request)
    return answer(payloads.message(hub.world, message, hub.files.link))


@routes.post(WEBHOOK)
async def followup(request: web.Request) -> web.Response:
    """Post a follow-up."""
    interaction = _interaction(request)
    body = await body_of(request)
    return _shown(request, await Lifecycle(hub_of(request)).followup(interaction, body))


@routes.get(MESSAGE)
async def one(request: web.Request) -> web.Response:
    """One of the interaction's messages."""
    return _shown(request, _message(request))


@routes.patch(MESSAGE)
async def edit(request: web.Request) -> web.Response:
    """Change one of the interaction's messages."""
    body = await body_of(request)
    message = _message(request)
    return _shown(request, await Lifecycle(hub_of(request)).edit(message, body))


@routes.delete(MESSAGE)
async def delete(request: web.Request) -> web.Response:
    """Delete one of the interaction's messages."""
    Posting(hub_of(request)).delete(_message(request))
    return no_content()
