"""What every API handler reaches for: the asker, the body, and things by the ids in the path."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from playground.errors import FormErrors, forbidden, unauthorized, unknown
from playground.hub import hub_of
from playground.requests.body import Body, read_body
from playground.requests.journal import Request
from playground.world import Application, Channel, Guild, Message
from playground.world.permissions import VIEW_CHANNEL, permissions

RECORD: Final = web.RequestKey("record", Request)
ASKER: Final = web.RequestKey("asker", int)
"""Id of the application whose token came along."""


async def body_of(request: web.Request) -> Body:
    """The request's body, noted in the journal."""
    body = await read_body(request, hub_of(request).settings)
    record = request[RECORD]
    record.body = body.json
    record.files = [{"name": each.filename, "size": len(each.data)} for each in body.files]
    return body


def number(request: web.Request, name: str, what: str) -> int:
    """An id from the path; what is no number is unknown."""
    text = request.match_info[name]
    if not text.isdigit():
        raise unknown(what)
    return int(text)


def queried(request: web.Request, name: str, default: int, *, most: int = 2**64 - 1) -> int:
    """A number from the query, at most so large; anything else in its place is a fault of the form."""
    text = request.query.get(name, str(default))
    errors = FormErrors()
    if not (text.isascii() and text.isdigit()):
        errors.add((name,), "NUMBER_TYPE_COERCE", f'Value "{text}" is not int.')
    elif len(text) > 20 or int(text) > most:
        errors.add((name,), "NUMBER_TYPE_MAX", f"int value should be less than or equal to {most}.")
    errors.raise_if_any()
    return int(text)


def asker(request: web.Request) -> Application:
    """The application whose token came along."""
    id = request.get(ASKER)
    if id is None:
        raise unauthorized()
    return hub_of(request).world.applications[id]


def own_application(request: web.Request) -> Application:
    """The application in the path, which must be the asker's own."""
    application = asker(request)
    if number(request, "application", "Application") != application.id:
        raise forbidden(20012, "You are not authorized to perform this action on this application")
    return application


def channel_of(request: web.Request, needs: int = 0) -> Channel:
    """The channel in the path, which the asker must see; `needs` are permission bits."""
    hub = hub_of(request)
    channel = hub.world.channels.get(number(request, "channel", "Channel"))
    if channel is None:
        raise unknown("Channel")
    bits = permissions(hub.world, channel, asker(request).id)
    if not bits & VIEW_CHANNEL:
        raise forbidden(50001, "Missing Access")
    if bits & needs != needs:
        raise forbidden()
    return channel


def message_of(request: web.Request, channel: Channel) -> Message:
    """The message in the path; ephemeral ones are not there for channel routes."""
    message = hub_of(request).world.message(channel.id, number(request, "message", "Message"))
    if message is None or message.visible_to is not None:
        raise unknown("Message")
    return message


def guild_of(request: web.Request) -> Guild:
    """The guild in the path, which the asker must be a member of."""
    guild = hub_of(request).world.guilds.get(number(request, "guild", "Guild"))
    if guild is None:
        raise unknown("Guild")
    if asker(request).id not in guild.members:
        raise forbidden(50001, "Missing Access")
    return guild
