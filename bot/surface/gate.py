"""The gate that every command and every press passes, and the one way to say no.

Knows nothing of what is asked for behind it.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import discord

from bot.errors import Gone, Refusal, explained
from bot.memory.people import People
from bot.memory.promises import Promises
from bot.memory.rules import Rules
from bot.messages.message import Rows
from bot.messages.sending import view_of
from bot.messages.wording import refusal
from bot.metrics import Metrics

__all__ = ["Gate"]

log = logging.getLogger(__name__)

NAMED = 10  # channels that a refusal names, where there are more

FINAL = (Gone, sqlite3.OperationalError)
"""What another try does not help against, or what has no time for keeping anything."""


class Gate:
    """Lets interactions in. ``operators`` are user ids; with none named, ``owners`` tells them once."""

    def __init__(
        self,
        people: People,
        rules: Rules,
        promises: Promises,
        operators: Iterable[int],
        owners: Callable[[], Awaitable[Iterable[int]]],
        metrics: Metrics,
    ) -> None:
        self._people = people
        self._rules = rules
        self._promises = promises
        self._operators = frozenset(operators)
        self._owners = owners
        self._metrics = metrics

    async def admit(self, interaction: discord.Interaction[Any]) -> None:
        """Raises Refusal for who is banned, and where Easel does not answer."""
        parent = getattr(interaction.channel, "parent_id", None)
        await self.admit_person(interaction.user, interaction.guild_id, interaction.channel_id, parent)

    async def admit_person(
        self, user: discord.abc.User, guild_id: int | None, channel_id: int | None, parent_id: int | None
    ) -> None:
        """The same for whoever speaks in a channel, or in a thread of the channel ``parent_id``."""
        if (await self._people.get(user.id, user.name)).banned:
            raise Refusal("You may not use this bot. Its operator can change that.")
        if not self._rules.allows(guild_id, channel_id, parent_id) and not await self.is_operator(user.id):
            named = self._rules.channels(guild_id)
            where = ", ".join(f"<#{channel}>" for channel in named[:NAMED])
            raise Refusal(f"Easel does not answer in this channel. It does in {where}.")

    async def is_operator(self, user_id: int) -> bool:
        """Whether a user runs this bot: named in EASEL_ADMINS, else the application's owner or their team."""
        await self.learn_operators()
        return user_id in self._operators

    async def learn_operators(self) -> None:
        """Ask Discord who runs this bot, where no setting says so and it was not asked before."""
        if not self._operators:
            self._operators = frozenset(await self._owners())

    async def operators(self) -> frozenset[int]:
        """Who runs this bot, as user ids."""
        await self.learn_operators()
        return self._operators

    def known_operator(self, user_id: int) -> bool:
        """Whether a user runs this bot, as far as that is known already: nobody is asked."""
        return user_id in self._operators

    async def guarded(
        self,
        interaction: discord.Interaction[Any],
        act: Callable[[], Awaitable[None]],
        typed: str = "",
        again: Callable[[], Awaitable[Rows]] | None = None,
    ) -> None:
        """Let the interaction in and do what it asks for, or say why not.

        A refusal repeats what was ``typed``, and has the buttons of ``again`` where another try may help.
        """
        try:
            await self.admit(interaction)
            await act()
        except Exception as error:
            rows = () if again is None or isinstance(error, FINAL) else await again()
            await self.refuse(interaction, error, typed, rows)

    async def refuse(
        self, interaction: discord.Interaction[Any], error: BaseException, typed: str = "", rows: Rows = ()
    ) -> None:
        """Tell the user, and nobody else, why nothing was done.

        What is asked while one types takes no sentence: Discord wants a list, and gets an empty one.
        """
        title, sentence = explained(error)
        self._metrics.count("easel_refusals_total", title=title)
        embed = refusal(title, sentence, getattr(interaction.namespace, "prompt", None), typed)
        view = view_of(rows) or discord.utils.MISSING
        try:
            if interaction.type is discord.InteractionType.autocomplete:
                if not interaction.response.is_done():
                    await interaction.response.autocomplete([])
                return
            if not interaction.response.is_done():
                await interaction.response.send_message(embed=embed, view=view, ephemeral=True)
                return
            if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
                # The waiting answer is public; it goes, and the reason comes to the user alone.
                await interaction.delete_original_response()
            await interaction.followup.send(embed=embed, view=view, ephemeral=True)
            await self._promises.answered(interaction.id)
        except (discord.HTTPException, sqlite3.OperationalError) as failure:
            log.warning("a refusal (%s) did not reach its user: %s", title, failure)
