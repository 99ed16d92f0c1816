"""Retexture on the page: another look on a picture's structure, or why its model cannot do that."""

from __future__ import annotations

from aiohttp import web

from bot.jobs.retexturing import LEAST, MOST, Retexturing
from bot.memory.records import JobRecord
from bot.studio.answers import answer, body_of, number_in
from bot.studio.asking import prompt_of, take
from bot.studio.continuing import source_of
from bot.studio.services import SERVICES, Services
from engine import STRENGTH

__all__ = ["routes", "why_not"]

routes = web.RouteTableDef()


@routes.get("/api/pictures/{picture}/retextures")
async def asked(request: web.Request) -> web.StreamResponse:
    """The prompt that it begins with, and why it cannot be done, empty where it can."""
    job, _ = await source_of(request)
    return answer({"prompt": job.shown, "why_not": await why_not(request.app[SERVICES], job)})


@routes.post("/api/pictures/{picture}/retextures")
async def retexture(request: web.Request) -> web.StreamResponse:
    """Draw it: ``{"prompt": text, "strength": 0.1 to 2, "channel": id}``."""
    services, body = request.app[SERVICES], await body_of(request)
    job, index = await source_of(request)
    prompt = prompt_of(body) or job.shown
    strength = number_in(body, "strength", LEAST, MOST, STRENGTH)
    specs = services.drafting.read(prompt)
    retexturing = _retexturing(services)
    return await take(
        request,
        body,
        specs,
        lambda user: retexturing.drafts(user, job, index, prompt, specs, strength=strength),
        job,
    )


async def why_not(services: Services, job: JobRecord) -> str:
    """Why the model of a job's pictures cannot do it here, as a sentence; empty where it can."""
    return await _retexturing(services).why_not(job)


def _retexturing(services: Services) -> Retexturing:
    return Retexturing(services.drafting, services.continuations)
