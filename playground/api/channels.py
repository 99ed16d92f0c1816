"""Routes of channels: their messages, reactions, typing."""

from __future__ import annotations

import time
from urllib.parse import unquote

from aiohttp import web

from playground import payloads
from playground.api.context import asker, body_of, channel_of, message_of, number, queried
from playground.errors import forbidden
from playground.hub import Hub, hub_of
from playground.messaging.posting import Posting
from playground.requests.body import Body, answer, no_content
from playground.world import Message
from playground.world.permissions import (
    ADD_REACTIONS,
    ATTACH_FILES,
    MANAGE_MESSAGES,
    READ_HISTORY,
    SEND_MESSAGES,
    permissions,
)

routes = web.RouteTableDef()

MESSAGES = "/channels/{channel}/messages"
MESSAGE = MESSAGES + "/{message}"
REACTIONS = MESSAGE + "/reactions"


def _shown(request: web.Request, message: Message) -> dict[str, object]:
    hub = hub_of(request)
    return payloads.message(hub.world, message, hub.files.link, viewer=asker(request).id)


@routes.get("/channels/{channel}")
async def channel(request: web.Request) -> web.Response:
    """A channel."""
    return answer(payloads.channel(hub_of(request).world, channel_of(request), seen_by=asker(request).id))


@routes.post("/channels/{channel}/typing")
async def typing(request: web.Request) -> web.Response:
    """Show that the bot is about to write."""
    where = channel_of(request, SEND_MESSAGES)
    hub_of(request).world.publish("typing", where, user_id=asker(request).id)
    return no_content()


@routes.get(MESSAGES)
async def history(request: web.Request) -> web.Response:
    """Messages, newest first."""
    where = channel_of(request, READ_HISTORY)
    limit = max(queried(request, "limit", 50, most=100), 1)
    before, after = queried(request, "before", 0), queried(request, "after", 0)
    if around := queried(request, "around", 0):
        before = around + limit // 2
    found = hub_of(request).world.history(
        where.id, seen_by=asker(request).id, limit=limit, before=before, after=after
    )
    return answer([_shown(request, message) for message in found])


@routes.post(MESSAGES)
async def create(request: web.Request) -> web.Response:
    """Post a message; a nonce that is enforced gives the message it made before."""
    hub, bot = hub_of(request), asker(request)
    where = channel_of(request, SEND_MESSAGES)
    body = await body_of(request)
    data = body.object()
    _check_permissions(request, body)
    nonce = None if data.get("nonce") is None else str(data["nonce"])
    if nonce is not None and data.get("enforce_nonce"):
        earlier = _by_nonce(hub, bot.id, where.id, nonce)
        if earlier is not None:
            return answer(_shown(request, earlier) | {"nonce": nonce})
    reference = (data.get("message_reference") or {}).get("message_id")
    message = await Posting(hub).create(
        where,
        bot.id,
        body,
        nonce=nonce,
        kind=19 if reference else 0,
        reference=int(reference) if reference else None,
        application_id=bot.id,
    )
    return answer(_shown(request, message) | ({} if nonce is None else {"nonce": nonce}))


def _by_nonce(hub: Hub, author_id: int, channel_id: int, nonce: str) -> Message | None:
    since = time.time() - hub.settings.nonce_seconds
    for message in reversed(hub.world.messages[channel_id].values()):
        if message.created < since:
            return None
        if (message.author_id, message.nonce) == (author_id, nonce):
            return message
    return None


def _check_permissions(request: web.Request, body: Body) -> None:
    if body.files:
        channel_of(request, ATTACH_FILES)


@routes.get(MESSAGE)
async def one(request: web.Request) -> web.Response:
    """One message."""
    return answer(_shown(request, message_of(request, channel_of(request, READ_HISTORY))))


@routes.patch(MESSAGE)
async def edit(request: web.Request) -> web.Response:
    """Change one of the bot's own messages."""
    message = message_of(request, channel_of(request))
    body = await body_of(request)
    if message.author_id != asker(request).id:
        raise forbidden(50005, "Cannot edit a message authored by another user")
    _check_permissions(request, body)
    return answer(_shown(request, await Posting(hub_of(request)).edit(message, body)))


@routes.delete(MESSAGE)
async def delete(request: web.Request) -> web.Response:
    """Delete the bot's own message, or another's where the bot may."""
    where = channel_of(request)
    message = message_of(request, where)
    bits = permissions(hub_of(request).world, where, asker(request).id)
    if message.author_id != asker(request).id and not bits & MANAGE_MESSAGES:
        raise forbidden()
    Posting(hub_of(request)).delete(message)
    return no_content()


@routes.put(REACTIONS + "/{emoji}/@me")
async def react(request: web.Request) -> web.Response:
    """Add the bot's reaction."""
    message = message_of(request, channel_of(request, ADD_REACTIONS))
    hub_of(request).world.react(message, asker(request).id, unquote(request.match_info["emoji"]))
    return no_content()


@routes.delete(REACTIONS + "/{emoji}/{user}")
async def unreact(request: web.Request) -> web.Response:
    """Take a reaction away: the bot's own, or another's where the bot may."""
    where = channel_of(request)
    message = message_of(request, where)
    me = asker(request).id
    whose = me if request.match_info["user"] == "@me" else number(request, "user", "User")
    bits = permissions(hub_of(request).world, where, me)
    if whose != me and not bits & MANAGE_MESSAGES:
        raise forbidden()
    hub_of(request).world.unreact(message, whose, unquote(request.match_info["emoji"]))
    return no_content()


@routes.get(REACTIONS + "/{emoji}")
async def reacted(request: web.Request) -> web.Response:
    """Who reacted with an emoji."""
    message = message_of(request, channel_of(request))
    users = message.reactions.get(unquote(request.match_info["emoji"]), [])
    return answer([payloads.user(hub_of(request).world.users[id]) for id in users])
