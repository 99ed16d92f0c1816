"""The bots of a running playground: waited for, their requests read, misfortune sent."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from playground.client.http import PATIENCE, HttpClient


class Bots(HttpClient):
    """What a test sees of bots, and does to them."""

    async def bot_ready(self, within: float = PATIENCE, commands: int = 1) -> None:
        """Wait until a bot is connected that has registered at least so many commands."""

        def ready() -> bool | None:
            apps = self.state.get("applications", [])
            return any(app["online"] and app["commands"] >= commands for app in apps) or None

        await self.wait_until(ready, within, "a bot with commands")

    async def bot_returned(self, *, identified: int = 0, resumed: int = 0, within: float = PATIENCE) -> None:
        """Wait until bots have identified and resumed at least so often since the server started."""

        def returned() -> bool | None:
            counts = self.state["gateway"]
            return (counts["identified"] >= identified and counts["resumed"] >= resumed) or None

        await self.wait_until(returned, within, "the bot to come back")

    async def bot_gone(self, within: float = PATIENCE) -> None:
        """Wait until no bot is connected."""
        await self.wait_until(
            lambda: not any(app["online"] for app in self.state["applications"]) or None,
            within,
            "the bot to go",
        )

    async def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The bot's requests after number `since`, finished ones only."""
        found: list[dict[str, Any]] = await self.get("requests", since=since)
        return found

    async def wait_for_request(
        self, matches: Callable[[dict[str, Any]], bool], *, since: int = 0, within: float = PATIENCE
    ) -> dict[str, Any]:
        """The first finished request after number `since` for which `matches` holds."""
        while True:
            newest = self.last_request
            for request in await self.requests(since):
                if matches(request):
                    return request
            await self.wait_until(partial(self._passed, newest), within, "a request")

    def _passed(self, number: int) -> bool | None:
        return self.last_request > number or None

    async def refusals(self) -> list[dict[str, Any]]:
        """The requests that were answered with 400: a bot that is in order has none."""
        return [request for request in await self.requests() if request["status"] == 400]

    async def violations(self) -> list[str] | None:
        """What Discord's API description finds wrong with the requests; None where it is not here."""
        told = await self.get("violations")
        return list(told["violations"]) if told["checked"] else None

    async def inject(self, route: str, status: int = 500, **fields: Any) -> None:
        """Let a fault befall the next requests matching `METHOD /path`; the fields are those of `Fault`."""
        await self.call("POST", "faults", {"route": route, "status": status} | fields)

    async def clear_faults(self) -> None:
        """Let nothing more happen."""
        await self.call("DELETE", "faults")

    async def gateway(self) -> dict[str, int]:
        """Counts: sessions, connected, identified, resumed."""
        counts: dict[str, int] = await self.get("gateway")
        return counts

    async def trouble(self, action: str) -> int:
        """`drop` the gateway connections, `silence` them, ask to `reconnect`, `invalidate` the sessions."""
        return int((await self.call("POST", f"gateway/{action}"))["connections"])

    async def expire_tokens(self) -> int:
        """End the life of every interaction token now."""
        return int((await self.call("POST", "tokens/expire"))["tokens"])

    async def change(self, **settings: float | bool) -> None:
        """Change the server's settings."""
        await self.call("PATCH", "settings", settings)

    async def deny(self, channel: str, *permissions: str) -> None:
        """Take permissions from bots in a channel: any of `view send attach embed react history`, or none."""
        id = next(c["id"] for c in self.state["channels"] if channel in (c["id"], c["name"]))
        await self.call("PATCH", f"channels/{id}", {"denied": list(permissions)})
