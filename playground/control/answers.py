"""What the routes under `/playground/` share: who asks, what was sent, and refusals as sentences."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from playground.errors import ApiError, Refused
from playground.hub import hub_of
from playground.people import lookup
from playground.requests.body import Body, answer, read_body
from playground.world import User

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def plainly(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer refusals as sentences."""
    try:
        return await handler(request)
    except Refused as refusal:
        return answer({"error": str(refusal)}, 400)
    except ApiError as error:
        return answer({"error": _sentence(error)} | error.body(), error.status)
    except (KeyError, ValueError, TypeError) as error:
        return answer({"error": f"The request makes no sense: {error!r}"}, 400)


def _sentence(error: ApiError) -> str:
    node: Any = error.errors or {}
    while isinstance(node, dict):
        if "_errors" in node:
            return str(node["_errors"][0]["message"])
        node = next(iter(node.values()), None)
    return error.message


def viewer_of(request: web.Request) -> User | None:
    """The person named in the query, if one is."""
    who = request.query.get("person")
    return lookup.find_person(hub_of(request), who) if who else None


async def read(request: web.Request) -> tuple[dict[str, Any], Body]:
    """The JSON object that was sent, and the body with its files."""
    body = await read_body(request, hub_of(request).settings)
    return body.object(), body
