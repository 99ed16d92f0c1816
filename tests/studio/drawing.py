"""Drawing from the page over HTTP, and waiting for what comes of it."""

import asyncio

from tests.bot.world import World
from tests.studio.visiting import Visitor


async def draw(visitor: Visitor, path: str, **body: object) -> list[dict]:
    """The jobs that a request begins, at their end."""
    status, said = await visitor.post(path, body)
    assert status == 200, said
    await at_end(visitor.world, *said["jobs"])
    return [await told(visitor, job) for job in said["jobs"]]


async def at_end(world: World, *jobs: dict) -> None:
    """Wait until jobs need nothing more; the virtual Discord does not know of what the page began."""
    while any(job["id"] in world.bot.hub.flow.under_way for job in jobs):
        for job in jobs:
            await world.bot.hub.flow.settled(job["id"])
        await asyncio.sleep(0)


async def told(visitor: Visitor, job: dict) -> dict:
    """A job as the page is told of it."""
    status, said = await visitor.get(f"jobs/{job['id']}")
    assert status == 200
    return said
