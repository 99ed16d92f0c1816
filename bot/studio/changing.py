"""Change on the page: words say what is to be different in a picture, as those of Discord's button ✏️ do."""

from __future__ import annotations

from aiohttp import web

from bot.errors import Refusal
from bot.jobs.uploads import KeptPicture
from bot.studio.answers import body_of
from bot.studio.asking import prompt_of, take
from bot.studio.continuing import source_of
from bot.studio.services import SERVICES

__all__ = ["routes"]

routes = web.RouteTableDef()


@routes.post("/api/pictures/{picture}/changes")
async def change(request: web.Request) -> web.StreamResponse:
    """Change it: ``{"prompt": "make the house blue", "channel": id}``."""
    services, body = request.app[SERVICES], await body_of(request)
    job, index = await source_of(request)
    prompt = prompt_of(body)
    if not prompt.strip():
        raise Refusal("Say what is to change, such as `make the house blue`.")
    specs = services.drafting.read(prompt)
    first = KeptPicture(await services.continuations.picture_of(job, index))
    return await take(
        request,
        body,
        specs,
        lambda user: services.drafting.edits(user, prompt, specs, first, job, index),
        job,
    )
