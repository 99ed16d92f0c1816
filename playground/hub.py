"""The parts of one running server, held together, and how a handler of a request finds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from playground.gateway.endpoint import Gateway
from playground.requests.faults import Faults
from playground.requests.journal import Journal
from playground.requests.limits import Limits
from playground.settings import Settings
from playground.world import World
from playground.world.files import Files


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


HUB: Final = web.AppKey("hub", Hub)


def hub_of(request: web.Request) -> Hub:
    """The parts of the server that was asked."""
    return request.config_dict[HUB]
