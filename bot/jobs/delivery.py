"""Getting one job's one message to Discord, whatever happens: token or channel, edit or post.

A message is reached in four ways, tried in this order: through its interaction's token, by editing it in its
channel, by posting it anew there, by a direct message to its owner. What Discord answers decides which ways
are left; a clock never does. Whatever it refuses for good in one way, such as an edit in an archived thread,
is tried in the next. Knows nothing of how a job is rendered or what a message says.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar, cast

import aiohttp
import discord

from bot.memory.promises import Promise
from bot.memory.records import JobRecord, Place
from bot.messages.message import Message
from bot.messages.sending import edited, posted

__all__ = ["Delivery", "Undeliverable"]

log = logging.getLogger(__name__)
T = TypeVar("T")

NO_FURTHER = {50027, 40094}  # the token is invalid; a user-installed application has no follow-ups left
UNKNOWN_WEBHOOK = 10015
LONGEST_WAIT = 60.0  # seconds between two tries
LOOK = 100  # messages searched from where it was asked for, and from the newest, for one not noted down
REMEMBERED = 1000  # interactions whose first answer is known to stand


class Undeliverable(Exception):
    """Discord says that there is no place left where this message can stand."""


class _Absent(Exception):
    """This way leads to no message; the next one may."""


class _Unsure(Exception):
    """A follow-up was sent and its answer lost: whether it stands is known to nobody yet."""


class Delivery:
    """Puts messages where their jobs' places are."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._unsure: set[str] = set()
        self._begun: deque[int | None] = deque(maxlen=REMEMBERED)
        self._once_only: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close what is connected."""
        if self._once_only is not None:
            await self._once_only.close()

    async def attempt(self, job: JobRecord, message: Message) -> Place | None:
        """Update the message once, where it stands.

        None when that did not work; the caller has better to come.
        """
        if job.place.nowhere:
            return job.place
        try:
            return await self._once(job, message, post=job.place.unasked)
        except (
            _Absent,
            _Unsure,
            Undeliverable,
            discord.DiscordException,
            aiohttp.ClientError,
            OSError,
        ) as error:
            log.debug("a passing edit of %s was lost: %r", job.id, error)
            return None

    async def insist(self, job: JobRecord, message: Message) -> Place:
        """Put the message up for good; where it stands then. Raises Undeliverable when Discord says never."""
        if job.place.nowhere:
            return job.place
        return await self._persist(f"job {job.id}", lambda: self._once(job, message, post=True))

    async def found(self, job: JobRecord) -> Place:
        """The job's place, with the message that an earlier life posted but did not live to note down."""
        if job.place.nowhere:
            return job.place
        return await self._persist(f"job {job.id}", lambda: self._find(job))

    async def excuse(self, promise: Promise, message: Message) -> None:
        """Put the message where somebody still waits for a first answer, if it can be reached."""
        try:
            await self._persist(
                f"interaction {promise.interaction_id}", lambda: self._excuse(promise, message)
            )
        except Undeliverable as error:
            log.warning("interaction %d stays without an answer: %s", promise.interaction_id, error)

    async def _excuse(self, promise: Promise, message: Message) -> None:
        webhook, original = self._webhook(promise.token), cast(int, "@original")
        try:
            if (await webhook.fetch_message(original)).flags.loading:
                await webhook.edit_message(original, content=None, embeds=list(message.embeds))
        except discord.HTTPException as error:
            if error.status not in (401, 403, 404) and error.code not in NO_FURTHER:
                raise
            log.debug("interaction %d waits no more: %s", promise.interaction_id, error)

    async def _persist(self, what: str, act: Callable[[], Awaitable[T]]) -> T:
        wait = 1.0
        while True:
            try:
                return await act()
            except (
                _Unsure,
                discord.HTTPException,
                discord.RateLimited,
                aiohttp.ClientError,
                OSError,
            ) as error:
                if isinstance(error, discord.HTTPException) and not _passing(error):
                    log.exception("Discord refused the message of %s", what)
                    raise Undeliverable(str(error)) from error
                log.warning("delivering %s failed (%s); again in %.0f s", what, error, wait)
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))
            wait = min(LONGEST_WAIT, wait * 2)

    async def _find(self, job: JobRecord, but: frozenset[int] = frozenset()) -> Place:
        """The job's place with a message that shows it, if there is one other than those in ``but``."""
        channel = self._client.get_partial_messageable(job.place.channel_id)
        asked = job.place.interaction_id
        try:
            seen = LOOK
            if asked is not None:
                seen = 0
                async for message in channel.history(limit=LOOK, after=discord.Object(asked)):
                    seen += 1
                    if message.id not in but and _shows(message, job):
                        return replace(job.place, message_id=message.id)
            async for message in channel.history(limit=LOOK if seen == LOOK else 0):
                if message.id not in but and _shows(message, job):
                    return replace(job.place, message_id=message.id)
        except discord.HTTPException as error:
            if _passing(error):
                raise
            log.debug("cannot look for the message of job %s: %s", job.id, error)
        return job.place

    async def stands(self, job: JobRecord) -> bool:
        """Whether the job's finished picture is up already: an earlier life got that far and no further."""
        place = job.place
        if place.message_id is None:
            return False
        try:
            shown: discord.Message
            if place.token is not None:
                shown = await self._webhook(place.token).fetch_message(place.message_id)
            else:
                shown = await self._message(place.channel_id, place.message_id).fetch()
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            log.debug("cannot look at the message of job %s: %s", job.id, error)
            return False
        return any(file.filename.rpartition(".")[0].endswith(job.id) for file in shown.attachments)

    async def withdraw(self, place: Place) -> None:
        """Delete the message, if it is still there and can be reached."""
        try:
            if place.message_id is not None:
                await self._message(place.channel_id, place.message_id).delete()
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            log.debug("message %s stays: %s", place.message_id, error)

    async def _once(
        self, job: JobRecord, message: Message, *, post: bool, tried: frozenset[int] = frozenset()
    ) -> Place:
        place = job.place
        if job.id in self._unsure:
            place = await self._find(job)
            self._unsure.discard(job.id)
        if place.token is not None:
            try:
                return await self._by_token(place, place.token, job, message)
            except _Absent:
                place = replace(place, token=None)
        if place.message_id is not None:
            try:
                await self._message(place.channel_id, place.message_id).edit(**edited(message, job.user_id))
            except discord.HTTPException as error:
                if _passing(error):
                    raise
                log.info("the message of job %s cannot be edited: %s", job.id, error)
            else:
                return place
        if not post:
            raise _Absent
        if place.message_id is not None:
            tried |= {place.message_id}
        # An earlier life may have posted one, and not lived to note it down.
        found = await self._find(job.at(place), tried)
        if found.message_id is not None and found.message_id not in tried:
            stands = await self._once(job.at(found), message, post=True, tried=tried)
        else:
            stands = await self._post(job, place, message)
        if place.message_id is not None:
            await self.withdraw(place)
        return stands

    async def _by_token(self, place: Place, token: str, job: JobRecord, message: Message) -> Place:
        try:
            if place.message_id is None and not place.original:
                await self._begin(token, place)
                return replace(place, message_id=await self._follow_up(token, job, message))
            # The route takes this word as well as an id; it serves where the id was never learnt.
            which = cast(int, place.message_id or "@original")
            sent = await self._webhook(token).edit_message(which, **edited(message, job.user_id))
            self._begun.append(place.interaction_id)
            return replace(place, message_id=sent.id)
        except discord.HTTPException as error:
            if _passing(error):
                raise
            raise _Absent from error

    async def _begin(self, token: str, place: Place) -> None:
        """While the first answer still says that the bot is thinking, Discord takes a follow-up for it.

        The sibling whose answer that is would write over it later; so there is no such way yet.
        """
        if place.interaction_id in self._begun:
            return
        try:
            first = await self._webhook(token).fetch_message(cast(int, "@original"))
        except discord.NotFound as error:
            if error.code == UNKNOWN_WEBHOOK:
                raise
        else:
            if first.flags.loading:
                raise _Absent
        self._begun.append(place.interaction_id)

    async def _follow_up(self, token: str, job: JobRecord, message: Message) -> int:
        """Post one more answer to an interaction. It takes no nonce, so it is never sent twice unseen."""
        if self._once_only is None:
            self._once_only = aiohttp.ClientSession(middlewares=(_never_again,))
        application = cast(int, self._client.application_id)
        webhook = discord.Webhook.partial(application, token, session=self._once_only, client=self._client)
        webhook.type = discord.WebhookType.application  # which alone sends to one user's eyes
        try:
            sent = await webhook.send(wait=True, ephemeral=job.place.private, **posted(message, job.user_id))
        except _Unsure:
            self._unsure.add(job.id)
            raise
        return sent.id

    async def _post(self, job: JobRecord, place: Place, message: Message) -> Place:
        for channel in (None,) if place.private else (place.channel_id, None):
            try:
                where = await self._channel(channel, job.user_id)
                sent = await where.send(nonce=_nonce(job), **posted(message, job.user_id))
            except discord.HTTPException as error:
                if _passing(error):
                    raise
                log.info("job %s cannot be posted to %s: %s", job.id, channel or "its owner", error)
            else:
                return replace(
                    place, channel_id=sent.channel.id, message_id=sent.id, original=False, token=None
                )
        raise Undeliverable("neither the channel nor the user can be written to")

    async def _channel(self, channel_id: int | None, user_id: int) -> discord.abc.Messageable:
        if channel_id is not None:
            return self._client.get_partial_messageable(channel_id)
        return await self._client.create_dm(discord.Object(user_id))

    def _webhook(self, token: str) -> discord.Webhook:
        return discord.Webhook.partial(cast(int, self._client.application_id), token, client=self._client)

    def _message(self, channel_id: int, message_id: int) -> discord.PartialMessage:
        return self._client.get_partial_messageable(channel_id).get_partial_message(message_id)


async def _never_again(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keeps discord.py from sending a request anew when its answer was lost on the way."""
    try:
        answer = await handler(request)
    except (aiohttp.ClientError, OSError) as error:
        raise _Unsure(str(error)) from error
    if answer.status >= 500:
        raise _Unsure(f"Discord answered {answer.status}")
    return answer


def _nonce(job: JobRecord) -> str:
    """What tells Discord that two posts are the same one; it takes 25 characters."""
    return job.id.replace("-", "")[:25]


def _passing(error: discord.HTTPException) -> bool:
    """Whether the same may succeed later; else this place is lost for good, while another may do."""
    return error.status == 429 or error.status >= 500


def _shows(message: discord.Message, job: JobRecord) -> bool:
    """Whether a message is this job's: by the id in its files and buttons, or by what it answers."""
    answered = message.interaction_metadata
    if job.place.original and answered is not None and answered.id == job.place.interaction_id:
        return answered.original_response_message_id is None  # else it is a follow-up, of a sibling
    names = [attachment.filename for attachment in message.attachments]
    names += [
        child.custom_id or ""
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for child in row.children
        if isinstance(child, discord.Button)
    ]
    return any(job.id in name for name in names)
