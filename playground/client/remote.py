"""A running playground seen as a whole."""

from __future__ import annotations

from playground.client.bots import Bots
from playground.client.person import Person


class Remote(Bots):
    """A running playground with its people, driven over HTTP from this process or another."""

    def person(self, name: str) -> Person:
        """Someone who is there: `ada` and `lin` always are."""
        return Person(self, name)

    async def add_person(self, name: str) -> Person:
        """Someone new, a member of every guild."""
        await self.call("POST", "people", {"name": name})
        return Person(self, name)
