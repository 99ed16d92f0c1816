"""Making pictures on the page: what there is to choose, a prompt as it is typed, and as it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from aiohttp import web

from bot.jobs.completing import completions
from bot.memory.people import User
from bot.messages.small_model import EXAMPLES
from bot.studio import finding
from bot.studio.answers import NotDone, answer, body_of
from bot.studio.asking import prompt_of, take, user_of
from bot.studio.services import SERVICES, Services
from bot.studio.settings import settings_of
from bot.studio.visitor import VISITOR
from engine import ModelEntry
from engine.planning.prompts import wholly_unknown
from grammar import GenerationSpec, PromptError

__all__ = ["routes"]

routes = web.RouteTableDef()


@routes.get("/api/making")
async def choices(request: web.Request) -> web.StreamResponse:
    """What the page offers: models, channels, the visitor's settings, and what finds things in pictures."""
    services, visitor = request.app[SERVICES], request[VISITOR]
    models = services.drafting.models
    channels = await services.posting.offered(visitor)
    return answer(
        {
            "models": [_model(entry) for entry in models.registry.choosable(models.here)],
            **await settings_of(request),
            "channels": [{"id": str(each.id), "name": each.name, "server": each.server} for each in channels],
            "examples": list(EXAMPLES),
            "confirm": services.settings.easel_confirm_above,
            "finding": await asyncio.to_thread(finding.said, models.registry),
        }
    )


@routes.post("/api/prompts")
async def check(request: web.Request) -> web.StreamResponse:
    """A prompt as it is typed: ``{"prompt": text, "at": where the cursor stands}``.

    Answers with how many jobs it makes, what is wrong with it and where, and how it may go on at the cursor.
    Places are counted as JavaScript does.
    """
    services, body = request.app[SERVICES], await body_of(request)
    user, prompt = await user_of(request), prompt_of(body)
    at = body.get("at")
    before = prompt if not isinstance(at, int) else _until(prompt, at)
    offered = completions(services.drafting, user, before)
    said: dict[str, Any] = {"jobs": 0, "problems": []}
    try:
        said["jobs"] = len(services.drafting.read(prompt, user)) if prompt.strip() else 0
    except PromptError as error:
        said["problems"] = _problems(prompt, error)
    return answer({**said, "completions": [{"text": text, "means": means} for text, means in offered]})


@routes.post("/api/jobs")
async def imagine(request: web.Request) -> web.StreamResponse:
    """Draw a prompt: ``{"prompt": text, "channel": id, "many": bool, "anyway": bool}``.

    ``many`` answers the question whether really so many jobs are to be started, ``anyway`` whether what a
    small model knows nothing of is to be drawn all the same; both are asked with 409 and ``ask``.
    """
    services, body = request.app[SERVICES], await body_of(request)
    user, prompt = await user_of(request), prompt_of(body)
    try:
        specs = services.drafting.read(prompt, user)
    except PromptError as error:
        problems = _problems(prompt, error)
        raise NotDone(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), problems=problems) from None
    if body.get("anyway") is not True:
        await _known(services, user, specs)
    if len(specs) > services.settings.easel_confirm_above and body.get("many") is not True:
        raise NotDone(
            HTTPStatus.CONFLICT, f"This prompt makes {len(specs)} jobs. Start them all?", ask="many"
        )
    return await take(request, body, specs, lambda user: services.drafting.drafts(user, prompt, specs))


async def _known(services: Services, user: User, specs: Sequence[GenerationSpec]) -> None:
    """Ask first where the model knows nothing that a prompt names. Raises NotDone."""
    model = services.drafting.model_of(user)
    # The words that a model knows are read from the disk.
    unknown = await asyncio.to_thread(wholly_unknown, specs, services.drafting.registry, model)
    if unknown is None:
        return
    entry, words = unknown
    sentence = f"{entry.title} does not know: {', '.join(words)}. {entry.draws}"
    raise NotDone(HTTPStatus.CONFLICT, sentence, ask="anyway")


def _model(entry: ModelEntry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "title": entry.title,
        "side": entry.side,
        "multiple": entry.multiple,
        "ratio": entry.max_ratio,
    }


def _problems(prompt: str, error: PromptError) -> list[dict[str, Any]]:
    return [
        {
            "start": _units(prompt[: each.start]),
            "end": _units(prompt[: each.end]),
            "piece": each.piece,
            "message": each.message,
            "mend": each.mend,
        }
        for each in error.problems
    ]


def _units(text: str) -> int:
    """The length of a text as JavaScript counts it."""
    return len(text.encode("utf-16-le")) // 2


def _until(text: str, units: int) -> str:
    return text.encode("utf-16-le")[: 2 * max(0, units)].decode("utf-16-le", "ignore")
