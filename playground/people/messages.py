"""Messages written, edited and deleted by people, and their reactions."""

from __future__ import annotations

from collections.abc import Sequence

from playground.errors import Refused
from playground.hub import Hub
from playground.messaging.posting import Posting
from playground.requests.body import Body, Upload
from playground.world import LOADING, Channel, Message, User
from playground.world.permissions import MANAGE_MESSAGES, permissions


async def say(
    hub: Hub,
    person: User,
    channel: Channel,
    content: str,
    uploads: Sequence[Upload] = (),
    reply_to: Message | None = None,
) -> Message:
    """Write a message."""
    return await Posting(hub).create(
        channel,
        person.id,
        Body({"content": content}, list(uploads)),
        kind=19 if reply_to else 0,
        reference=reply_to.id if reply_to else None,
    )


async def rewrite(hub: Hub, person: User, message: Message, content: str) -> Message:
    """Edit one's own message."""
    if message.author_id != person.id:
        raise Refused("Only its author edits a message.")
    return await Posting(hub).edit(message, Body({"content": content}, []))


def delete(hub: Hub, person: User, message: Message) -> None:
    """Delete one's own message, any message where one may, or dismiss an ephemeral one."""
    channel = hub.world.channels[message.channel_id]
    bits = permissions(hub.world, channel, person.id)
    mine = message.author_id == person.id or message.visible_to == person.id
    if not mine and not bits & MANAGE_MESSAGES:
        raise Refused("Only its author deletes a message.")
    Posting(hub).delete(message)


def react(hub: Hub, person: User, message: Message, emoji: str, *, away: bool = False) -> None:
    """Add a reaction or take it away."""
    if message.visible_to is not None or message.flags & LOADING:
        raise Refused("Nobody reacts to this message.")
    if away:
        hub.world.unreact(message, person.id, emoji)
    else:
        hub.world.react(message, person.id, emoji)
