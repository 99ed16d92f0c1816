"""What the page is told of a job: how far it is, what came of it, what can be done with it.

Knows nothing of who asks.
"""

from __future__ import annotations

import time
from typing import Any

from bot.jobs.updates import Run
from bot.memory.records import JobRecord, Status
from bot.studio.actions import offered
from bot.studio.services import Services

__all__ = ["told"]


async def told(services: Services, job_id: str, user_id: int) -> dict[str, Any]:
    """A job of the user's as it stands; one that is no more, or another's, is ``deleted``."""
    now = time.time()  # of two answers the later one is right, whichever arrives first
    run = services.flow.under_way.get(job_id)
    job = run.job if run is not None else await services.jobs.get(job_id)
    if job is None or job.user_id != user_id:
        return {"id": job_id, "status": Status.DELETED.name.lower(), "told": now}
    return {"told": now, **_job(job), **_way(run), **await _pictures(services, job)}


def _job(job: JobRecord) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "prompt": job.shown,
        "status": job.status.name.lower(),
        "lane": job.lane,
        "notes": list(job.notes),
        "reason": job.reason,
        "private": job.place.private,
        "posted": job.place.channel_id != 0,
        "from": f"{job.parent_id}-{max(1, job.position)}" if job.parent_id else None,
        "created": job.created,
        "width": job.plan.width,
        "height": job.plan.height,
        "count": len(job.plan.seeds),
        "single": job.kind.single,
    }


def _way(run: Run | None) -> dict[str, Any]:
    """How far a job is: percent, place among those that wait, seconds until it is done, preview's number."""
    if run is None:
        return {"percent": 0, "position": None, "eta": None, "preview": 0}
    return {"percent": run.percent, "position": run.position, "eta": run.eta, "preview": run.previews}


async def _pictures(services: Services, job: JobRecord) -> dict[str, Any]:
    if not job.status.has_pictures:
        return {"pictures": [], "actions": []}
    tiles = await services.walls.of_job(job.id)
    pictures = [
        {
            "id": tile.id,
            "width": tile.width,
            "height": tile.height,
            "favourite": tile.favourite,
        }
        for tile in tiles
    ]
    return {"pictures": pictures, "actions": [each.told() for each in offered(job)]}
