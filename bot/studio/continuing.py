"""Going on from a picture: what its buttons do in Discord."""

from __future__ import annotations

from aiohttp import web

from bot.memory.records import JobRecord
from bot.studio.actions import ACTIONS, offered
from bot.studio.answers import answer, body_of, not_found
from bot.studio.asking import prompt_of, take
from bot.studio.services import SERVICES
from bot.studio.visitor import VISITOR

__all__ = ["routes", "source_of"]

routes = web.RouteTableDef()


@routes.get("/api/pictures/{picture}/actions")
async def actions(request: web.Request) -> web.StreamResponse:
    """What can be done with a picture, by name and label, and the prompt that it begins with."""
    job, _ = await source_of(request)
    return answer(
        {
            "prompt": job.shown,
            "tile": job.plan.tile,
            "actions": [each.told() for each in offered(job)],
        }
    )


@routes.post("/api/pictures/{picture}/actions/{action}")
async def act(request: web.Request) -> web.StreamResponse:
    """Do one of them: ``{"prompt": text, "channel": id}``; without a prompt with the picture's own."""
    services, body = request.app[SERVICES], await body_of(request)
    job, index = await source_of(request)
    action = ACTIONS.get(request.match_info["action"])
    if action is None or action not in offered(job):
        raise not_found()
    prompt = prompt_of(body) if action.prompted else ""
    specs = action.read(services.drafting, services.continuations, job, prompt)
    return await take(
        request,
        body,
        specs,
        lambda user: action.make(services.continuations, user, job, index, prompt, specs),
        job,
    )


async def source_of(request: web.Request) -> tuple[JobRecord, int]:
    """The job of the picture that an address names, and its position, if the visitor may see it.

    Raises NotDone.
    """
    services = request.app[SERVICES]
    tile = await services.sight.picture(request[VISITOR], request.match_info["picture"])
    job = await services.jobs.get(tile.job_id)
    if job is None:
        raise not_found()
    return job, tile.position
