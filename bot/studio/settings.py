"""One's settings, the same that Discord's `/settings` shows."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from bot.errors import Refusal
from bot.memory.people import Setting
from bot.studio.answers import NotDone, answer, body_of
from bot.studio.asking import user_of
from bot.studio.services import SERVICES
from engine import Lane

__all__ = ["routes", "settings_of"]

routes = web.RouteTableDef()

SWITCHES = ("strong", "remix", "stealth", "expand")
MOST_STYLIZE = 1000


@routes.patch("/api/settings")
async def change(request: web.Request) -> web.StreamResponse:
    """Change some of ``model lane stylize strong remix stealth expand``; all of them as they are then."""
    services, body = request.app[SERVICES], await body_of(request)
    changes: dict[str, Setting] = {}
    for name, value in body.items():
        if name in SWITCHES and isinstance(value, bool):
            changes[name] = value
        elif name == "lane" and value in list(Lane):
            changes[name] = Lane(value)
        elif name == "stylize" and (value is None or _stylize(value)):
            changes[name] = value
        elif name == "model" and isinstance(value, str):
            if value not in services.drafting.models.here:
                raise Refusal("That model is not on this machine.")
            changes[name] = None if value == services.settings.easel_model else value
        else:
            raise NotDone(HTTPStatus.BAD_REQUEST, f"`{name[:40]}` is no setting, or cannot be set to that.")
    if not changes:
        raise NotDone(HTTPStatus.BAD_REQUEST, "The request changes nothing.")
    await services.people.change(await user_of(request), **changes)
    return answer(await settings_of(request))


async def settings_of(request: web.Request) -> dict[str, object]:
    """The visitor's settings, and the model that their prompts run on."""
    user = await user_of(request)
    settings = {name: getattr(user, name) for name in (*SWITCHES, "stylize", "lane", "suffix")}
    return {"model": request.app[SERVICES].drafting.model_of(user), "settings": settings}


def _stylize(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_STYLIZE
