"""The editor's requests: a painted mask and a larger canvas become jobs; things are found in a picture."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.errors import Refusal
from bot.studio.answers import NotDone, body_of, number_in, text_of
from bot.studio.asking import prompt_of, take
from bot.studio.continuing import source_of
from bot.studio.guard import LIMITS, NEVER, slowed
from bot.studio.limits import BRINGING
from bot.studio.services import SERVICES
from bot.studio.visitor import VISITOR
from engine import Margins

__all__ = ["routes"]

routes = web.RouteTableDef()

MOST_EDIT = (
    2 * 2**20
)  # bytes of a request: a mask of four million pixels that are black or white is below 1 MB
NEAREST, FARTHEST = (
    -1.0,
    20.0,
)  # of a picture's side that a canvas' may lie within or beyond; plans are stricter
SIDES = ("left", "top", "right", "bottom")
LONGEST_WORDS = 200  # characters


@routes.post("/api/pictures/{picture}/edits")
async def edit(request: web.Request) -> web.StreamResponse:
    """Draw a part anew, and more around: ``{"prompt", "channel", "margins": {"left": 0.4}, "mask": base64}``.

    The mask is a PNG of the picture's area, of any size, white where something is drawn anew; margins are
    shares of the picture's width and height, below 0 what is cut off.
    """
    services, body = request.app[SERVICES], await body_of(request, MOST_EDIT)
    job, index = await source_of(request)
    prompt, margins, mask = prompt_of(body), _margins(body), _mask(body)
    if margins and job.plan.tile:
        raise Refusal("A tile that repeats has no surroundings to be drawn.")
    specs = services.drafting.asked_for(job, prompt)
    return await take(
        request,
        body,
        specs,
        lambda user: services.continuations.painted(
            user, job, index, prompt, specs, margins=margins, mask=mask
        ),
        job,
    )


@routes.post("/api/pictures/{picture}/selections")
async def select(request: web.Request) -> web.StreamResponse:
    """Find a thing: ``{"words": text}``, or ``{"x": share, "y": share}`` of the sides. A PNG mask."""
    services, body = request.app[SERVICES], await body_of(request)
    slowed(request.app[LIMITS].wait(BRINGING, request[VISITOR].person))
    job, index = await source_of(request)
    words = " ".join(text_of(body, "words", LONGEST_WORDS, "").split())
    point = None if words else (_share(body, "x"), _share(body, "y"))
    picture = await services.pictures.read(await services.continuations.picture_of(job, index))
    mask = await services.select(picture, words=words, point=point)
    return web.Response(body=mask, content_type="image/png", headers={"Content-Security-Policy": NEVER})


def _margins(body: Mapping[str, Any]) -> Margins:
    said = body.get("margins")
    if said is None:
        return Margins()
    if not isinstance(said, dict):
        raise NotDone(HTTPStatus.BAD_REQUEST, "`margins` is an object.")
    return Margins(*(number_in(said, side, NEAREST, FARTHEST, 0.0) for side in SIDES))


def _share(body: Mapping[str, Any], name: str) -> float:
    return number_in(body, name, 0.0, 1.0)


def _mask(body: Mapping[str, Any]) -> bytes | None:
    said = body.get("mask")
    if said is None:
        return None
    try:
        return base64.b64decode(said, validate=True) if isinstance(said, str) else b""
    except (ValueError, binascii.Error):
        raise NotDone(HTTPStatus.BAD_REQUEST, "`mask` is a PNG in base64.") from None
