"""From a request of the page to jobs: the same way in that commands and buttons take, and the same refusals.

Knows nothing of what is drafted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from bot.jobs.admission import left_out
from bot.jobs.continuations import Specs
from bot.jobs.draft import Draft
from bot.jobs.drafting import secret
from bot.memory.people import User
from bot.memory.records import JobRecord
from bot.studio.answers import answer, text_of
from bot.studio.guard import LIMITS, slowed
from bot.studio.jobs_told import told
from bot.studio.limits import MAKING
from bot.studio.services import SERVICES
from bot.studio.visitor import VISITOR

__all__ = ["LONGEST_PROMPT", "prompt_of", "take", "user_of"]

LONGEST_PROMPT = 6000  # characters, as many as Discord takes for an option of a command
LONGEST_ID = 64  # characters of a channel's id


def prompt_of(body: Mapping[str, Any]) -> str:
    """The prompt of a request, empty where there is none. Raises NotDone."""
    return text_of(body, "prompt", LONGEST_PROMPT, "")


async def user_of(request: web.Request) -> User:
    """The settings of whoever asks."""
    visitor = request[VISITOR]
    return await request.app[SERVICES].people.get(visitor.user_id, visitor.name)


async def take(
    request: web.Request,
    body: Mapping[str, Any],
    specs: Specs,
    make: Callable[[User], Awaitable[Sequence[Draft]]],
    parent: JobRecord | None = None,
) -> web.Response:
    """Keep the jobs that ``make`` drafts and set them going.

    Their messages stand where ``channel`` of the request says, or nowhere but on the page. Answers with the
    jobs, and with a sentence where there was no room for all of them.
    """
    services, visitor = request.app[SERVICES], request[VISITOR]
    slowed(request.app[LIMITS].wait(MAKING, visitor.person))
    where = text_of(body, "channel", LONGEST_ID, "")
    user = await user_of(request)
    place, roles = await services.posting.place(visitor, where, private=secret(user, specs, parent))
    with services.taking.admitted(visitor.user_id, roles) as way:
        jobs, asked = await way.keep(user, place, make)
        for job in jobs:
            way.start(job)
    services.snapshots.changed(visitor.user_id)
    said = left_out(len(jobs), asked)
    return answer({"jobs": [await told(services, job.id, visitor.user_id) for job in jobs], "notice": said})
