"""The parts of one running server, held together for the handlers that need them."""

from __future__ import annotations

from dataclasses import dataclass

from playground.faults import Faults
from playground.files import Files
from playground.gateway import Gateway
from playground.journal import Journal
from playground.limits import Limits
from playground.settings import Settings
from playground.world import World


@dataclass(slots=True)
class Hub:
    """What the server is made of. `origin` is its own address, `http://127.0.0.1:port`."""

    world: World
    settings: Settings
    files: Files
    journal: Journal
    limits: Limits
    faults: Faults
    gateway: Gateway
    origin: str
    token: str | None = None
    """The only bot token that is taken; None takes any."""
    suggestions: tuple[str, ...] = ()
    """Whole commands that the page offers to try."""

    @property
    def api_url(self) -> str:
        """The base of the REST API."""
        return f"{self.origin}/api/v10"

    @property
    def gateway_url(self) -> str:
        """The gateway's address."""
        return f"{self.origin.replace('http', 'ws', 1)}/gateway"
