"""Who and where: people, channels and messages by name or id, as far as this person sees them."""

from __future__ import annotations

from collections.abc import Iterator

from playground.errors import Refused
from playground.hub import Hub
from playground.world import Channel, Message, User


def find_person(hub: Hub, who: str) -> User:
    """A person by name or id."""
    world = hub.world
    found = world.users.get(int(who)) if who.isdigit() else world.user_named(who)
    if found is None or found.bot:
        raise Refused(f"There is no person called {who!r}.")
    return found


def find_channel(hub: Hub, person: User, where: str) -> Channel:
    """A channel by id, `name`, `Guild/name`, `dm` (with the bot) or `@someone`."""
    world = hub.world
    if where.isdigit() and int(where) in world.channels:
        found: Channel | None = world.channels[int(where)]
    elif where == "dm":
        bots = list(world.applications)
        if not bots:
            raise Refused("There is no bot to write to.")
        found = world.private_channel(person.id, bots[-1])
    elif where.startswith("@"):
        found = world.private_channel(person.id, find_person(hub, where[1:]).id)
    else:
        home, _, name = where.rpartition("/")
        found = next(
            (c for c in seen_channels(hub, person) if _is_called(hub, c, home, name.lstrip("#"))), None
        )
    if found is None or person.id not in world.members(found):
        raise Refused(f"{person.name} sees no channel {where!r}.")
    return found


def _is_called(hub: Hub, channel: Channel, home: str, name: str) -> bool:
    guild = hub.world.guilds.get(channel.guild_id or 0)
    return channel.name == name and guild is not None and (not home or guild.name == home)


def seen_channels(hub: Hub, person: User) -> Iterator[Channel]:
    """The channels a person sees."""
    return (c for c in hub.world.channels.values() if person.id in hub.world.members(c))


def find_message(hub: Hub, person: User, id: str) -> Message:
    """A message this person sees."""
    found = hub.world.find_message(int(id)) if id.isdigit() else None
    if found is None or not found.seen_by(person.id):
        raise Refused("This message is gone.")
    find_channel(hub, person, str(found.channel_id))
    return found
