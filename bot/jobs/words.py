"""What language models are asked for: a short prompt made longer, and questions about pictures answered.

Each is a server of the owner's, or a folder of this machine, whose model speaks in a worker. Without one, or
where it fails, a prompt stays as it was and the reason is told; nothing is lost. Knows nothing of Discord.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from pydantic import SecretStr

from bot.chat import SECONDS, Chat, Cut, Silent, spoken
from bot.config import Settings
from bot.jobs.rendering import RenderEngine
from bot.messages.wording import quoted
from bot.text.expanding import PLANNING, WRITING, fit, lost, sentences, written_from
from engine import BadPicture, EngineError, Request
from engine.job import CUT_OFF

__all__ = ["Expanded", "Words", "words_of"]

log = logging.getLogger(__name__)

ANSWERING = (
    "Answer the question about the picture in one or two plain sentences. Say so where you cannot tell."
)
NO_WRITER = "`--expand` has no effect here: no language model is set up (`EASEL_WRITER`)."
NO_PROMPT = "The prompt was not expanded: what the language model wrote is no prompt."
LONGER = "The vision-language model was cut off in the middle: this is what it said in whole sentences."
SHOWN = 900  # characters of a plan or a prompt that a note shows

LOCAL = 6 * SECONDS
"""Seconds that a model of this machine may take: it may have to be loaded first, and shares the machine."""


@dataclass(frozen=True, slots=True)
class Expanded:
    """A prompt's text as it is to be drawn, and what its user is told of how it came to be."""

    text: str
    notes: tuple[str, ...]


class Words:
    """The writer and the viewer, each None where the owner set up none."""

    def __init__(
        self, writer: Chat | _Here | None, viewer: Chat | _Here | None, engine: RenderEngine
    ) -> None:
        self._writer, self._viewer, self._engine = writer, viewer, engine

    async def close(self) -> None:
        """Give connections back."""
        for each in (self._writer, self._viewer):
            if each is not None:
                await each.close()

    async def expanded(self, text: str) -> Expanded:
        """The text in more words, planned first; as it was where that fails, with a note that says so."""
        if self._writer is None:
            return Expanded(text, (NO_WRITER,))
        if not text.strip():
            return Expanded(text, ("`--expand` has no effect on a prompt without words.",))
        try:
            plan = await self._writer.say(PLANNING, text, None)
            longer = fit(await self._writer.say(WRITING, written_from(text, plan), None))
        except Silent as error:
            return Expanded(text, (f"The prompt was not expanded, for the language model failed: {error}.",))
        if not longer:
            return Expanded(text, (NO_PROMPT,))
        if (missing := lost(text, longer)) is not None:
            told = f"The prompt was not expanded: the language model left out {quoted(missing, 100)}."
            return Expanded(text, (told,))
        planned = quoted(" · ".join(filter(None, map(str.strip, plan.splitlines()))), SHOWN)
        return Expanded(longer, (f"Expanded from: {quoted(text, SHOWN)}", f"Plan: {planned}"))

    async def answer(self, png: bytes, question: str) -> tuple[str, tuple[str, ...]]:
        """The answer to a question about a picture, and notes on it. Raises BadPicture and EngineError.

        Where no viewer is set up, or it fails, the small describer answers and says who it is.
        """
        notes: tuple[str, ...] = ()
        if self._viewer is not None:
            try:
                return await self._viewer.say(ANSWERING, question, png), ()
            except Silent as error:
                if isinstance(error, Cut) and (whole := sentences(error.said)):
                    return whole, (LONGER,)
                notes = (f"The vision-language model failed: {error}.",)
        said = await self._engine.say(Request("", question, png))
        return said.prompts[0], (*notes, *said.notes)


def words_of(settings: Settings, engine: RenderEngine) -> Words:
    """The writer and the viewer that the settings name."""
    writer = _speaker(settings.easel_writer, settings.easel_writer_key, settings.easel_writer_model, engine)
    viewer = _speaker(settings.easel_viewer, settings.easel_viewer_key, settings.easel_viewer_model, engine)
    return Words(writer, viewer, engine)


def _speaker(where: str, key: SecretStr, model: str, engine: RenderEngine) -> Chat | _Here | None:
    if not where:
        return None
    if where.startswith(("http://", "https://")):
        return Chat(where, key.get_secret_value(), model)
    return _Here(engine)


@dataclass(frozen=True, slots=True)
class _Here:
    """The model of this machine, which speaks in a worker."""

    engine: RenderEngine

    async def say(self, task: str, text: str, png: bytes | None = None) -> str:
        """The answer to ``text`` (and a picture), given a ``task``. Raises Silent and BadPicture."""
        try:
            async with asyncio.timeout(LOCAL):
                said = await self.engine.say(Request(task, text, png))
            words = spoken(said.prompts[0])
        except TimeoutError:
            raise Silent(f"it gave no answer within {LOCAL:g} seconds") from None
        except BadPicture:
            raise
        except EngineError as error:
            log.warning("the language model of this machine is silent: %s", error)
            raise Silent("it could not be asked") from None
        if CUT_OFF in said.notes:
            raise Cut(words)
        return words

    async def close(self) -> None:
        """Nothing of it is this process's."""
