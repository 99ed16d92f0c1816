"""The world at first."""

from __future__ import annotations

from playground.world.permissions import EVERYONE
from playground.world.world import World


def furnish(world: World) -> None:
    """Fill an empty world: two people, a guild with channels that bots join, and one that they do not."""
    ada, lin = world.add_user("ada", "Ada"), world.add_user("lin", "Lin")
    studio = world.add_guild("Studio", ada, EVERYONE)
    elsewhere = world.add_guild("Elsewhere", lin, EVERYONE, open_to_bots=False)
    for guild in (studio, elsewhere):
        world.join(guild, ada.id)
        world.join(guild, lin.id)
    world.add_channel("general", studio, topic="Type / to see what the bot can do")
    world.add_channel("sketches", studio, topic="Half-baked ideas welcome")
    world.add_channel("gallery", studio, topic="The best of the week")
    world.add_channel(
        "lounge", elsewhere, topic="The bot is no member here: only commands that people installed"
    )
    world.private_channel(ada.id, lin.id)
