"""Routes about the bot itself, users, guilds and what is looked up in them."""

from __future__ import annotations

from aiohttp import web

from playground import payloads
from playground.api.context import asker, body_of, guild_of, number, own_application, queried
from playground.errors import ApiError, unknown
from playground.hub import hub_of
from playground.requests.body import answer
from playground.world import User

routes = web.RouteTableDef()


@routes.get("/gateway")
async def gateway(request: web.Request) -> web.Response:
    """Where the gateway is."""
    return answer({"url": hub_of(request).gateway_url})


@routes.get("/gateway/bot")
async def gateway_bot(request: web.Request) -> web.Response:
    """Where the gateway is and how many shards to use."""
    hub = hub_of(request)
    asker(request)
    starts = {"total": 1000, "remaining": 1000, "reset_after": 86_400_000, "max_concurrency": 1}
    return answer({"url": hub.gateway_url, "shards": hub.settings.shards, "session_start_limit": starts})


@routes.get("/users/@me")
async def me(request: web.Request) -> web.Response:
    """The bot's own user."""
    bot = hub_of(request).world.users[asker(request).id]
    return answer(payloads.user(bot) | {"verified": True, "mfa_enabled": False, "flags": 0, "email": None})


@routes.get("/users/@me/guilds")
async def my_guilds(request: web.Request) -> web.Response:
    """The guilds the bot is a member of."""
    id = asker(request).id
    guilds = [guild for guild in hub_of(request).world.guilds.values() if id in guild.members]
    return answer([{"id": str(guild.id), "name": guild.name, "features": []} for guild in guilds])


@routes.post("/users/@me/channels")
async def open_direct_message(request: web.Request) -> web.Response:
    """The direct-message channel with a person."""
    hub, bot = hub_of(request), asker(request)
    recipient = str((await body_of(request)).object().get("recipient_id", ""))
    person = hub.world.users.get(int(recipient)) if recipient.isdigit() else None
    if person is None:
        raise unknown("User")
    if person.bot:
        raise ApiError(400, 50007, "Cannot send messages to this user")
    channel = hub.world.private_channel(person.id, bot.id)
    return answer(payloads.channel(hub.world, channel, seen_by=bot.id))


@routes.get("/users/{user}")
async def user(request: web.Request) -> web.Response:
    """Any user."""
    found = hub_of(request).world.users.get(number(request, "user", "User"))
    if found is None:
        raise unknown("User")
    return answer(payloads.user(found))


@routes.get("/applications/@me")
@routes.get("/oauth2/applications/@me")
async def application(request: web.Request) -> web.Response:
    """The asker's application."""
    hub = hub_of(request)
    owner = next(hub.world.people(), None) or User(1, "owner", "Owner")
    return answer(payloads.application(asker(request), owner))


@routes.get("/applications/{application}/emojis")
async def application_emojis(request: web.Request) -> web.Response:
    """The application's own emojis: none."""
    own_application(request)
    return answer({"items": []})


@routes.get("/applications/{application}/entitlements")
@routes.get("/applications/{application}/skus")
async def nothing_for_sale(request: web.Request) -> web.Response:
    """What people bought: nothing."""
    own_application(request)
    return answer([])


@routes.get("/guilds/{guild}")
async def guild(request: web.Request) -> web.Response:
    """A guild."""
    found = guild_of(request)
    counts = {
        "approximate_member_count": len(found.members),
        "approximate_presence_count": len(found.members),
    }
    return answer(payloads.guild(hub_of(request).world, found) | counts)


@routes.get("/guilds/{guild}/channels")
async def guild_channels(request: web.Request) -> web.Response:
    """A guild's channels."""
    world, found = hub_of(request).world, guild_of(request)
    return answer([payloads.channel(world, c) for c in world.channels.values() if c.guild_id == found.id])


@routes.get("/guilds/{guild}/roles")
async def guild_roles(request: web.Request) -> web.Response:
    """A guild's roles."""
    return answer([payloads.role(each) for each in guild_of(request).roles])


@routes.get("/guilds/{guild}/members")
async def guild_members(request: web.Request) -> web.Response:
    """A guild's members."""
    world, found = hub_of(request).world, guild_of(request)
    after, limit = queried(request, "after", 0), max(queried(request, "limit", 1, most=1000), 1)
    ids = sorted(id for id in found.members if id > after)[:limit]
    return answer([payloads.member(world, found, id) for id in ids])


@routes.get("/guilds/{guild}/members/{user}")
async def guild_member(request: web.Request) -> web.Response:
    """One member."""
    world, found = hub_of(request).world, guild_of(request)
    id = number(request, "user", "User")
    if id not in found.members:
        raise unknown("Member" if id in world.users else "User")
    return answer(payloads.member(world, found, id))
