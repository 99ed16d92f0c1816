"""An interaction as the person who used it follows it."""

from __future__ import annotations

from typing import Any, Self, cast

from playground.client.http import PATIENCE, HttpClient, NothingHappened
from playground.client.messages import Message


class Interaction:
    """One use of a command, component or dialog; its fields follow what happens."""

    def __init__(self, client: HttpClient, id: int) -> None:
        self._client = client
        self.id = id

    @property
    def raw(self) -> dict[str, Any]:
        """The newest JSON."""
        return self._client.interactions[self.id]

    @property
    def status(self) -> str:
        """`pending`, `answered` or `failed` (the application did not respond)."""
        return str(self.raw["status"])

    @property
    def failed(self) -> bool:
        """Whether the application did not respond in time."""
        return self.status == "failed"

    @property
    def acked_after(self) -> float | None:
        """Seconds from the press to the accepted answer, by the server's clock."""
        return cast("float | None", self.raw["acked_after"])

    @property
    def answer_kind(self) -> int | None:
        """Discord's number of the answer: 4 message, 5 and 6 deferred, 7 update, 8 choices, 9 dialog."""
        return cast("int | None", self.raw["answer_kind"])

    @property
    def modal(self) -> dict[str, Any] | None:
        """The dialog it opened."""
        return cast("dict[str, Any] | None", self.raw["modal"])

    @property
    def choices(self) -> list[dict[str, Any]] | None:
        """The suggestions it got."""
        return cast("list[dict[str, Any]] | None", self.raw["choices"])

    async def settled(self, within: float = PATIENCE) -> Self:
        """Wait until it is answered or has failed."""
        await self._client.wait_until(
            lambda: self.status != "pending" or None, within, f"an answer to {self.id}"
        )
        return self

    async def message(self, within: float = PATIENCE) -> Message:
        """Wait for its answer's message, and for that to be filled in where it was deferred."""

        def ready() -> Message | None:
            if self.failed:
                raise NothingHappened("The application did not respond.")
            found = self._client.messages.get(int(self.raw["original_id"] or 0))
            return found if found and not found.loading else None

        return await self._client.wait_until(ready, within, f"the message of interaction {self.id}")

    @property
    def messages(self) -> list[Message]:
        """Every message made with it so far, follow-ups too."""
        return [m for m in self._client.messages.values() if m.interaction_id == self.id]
