"""The interactions so far, by id and by token."""

from __future__ import annotations

import secrets
from collections import OrderedDict

from playground.world.values import Interaction

KEPT = 20_000
"""How many are remembered: hours of a busy test, and some 40 MB."""


class Interactions(OrderedDict[int, Interaction]):
    """Interactions by id, oldest first; the oldest are forgotten beyond `KEPT`."""

    def __init__(self) -> None:
        super().__init__()
        self._by_token: dict[str, Interaction] = {}

    def add(self, interaction: Interaction) -> None:
        """Remember one."""
        self[interaction.id] = interaction
        self._by_token[interaction.token] = interaction
        while len(self) > KEPT:
            _, forgotten = self.popitem(last=False)
            del self._by_token[forgotten.token]

    def with_token(self, token: str) -> Interaction | None:
        """The interaction a token was given to."""
        return self._by_token.get(token)


def new_token() -> str:
    """A token nobody guesses, long like Discord's."""
    return secrets.token_urlsafe(96)
