"""Keeps the server to this machine: loopback addresses only, and no page of another origin may use it."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NAMES = ("localhost", "127.0.0.1", "[::1]")


class NotLoopback(ValueError):
    """An address that other machines could reach."""


def loopback(host: str) -> str:
    """The loopback address that `host` means; anything else, or not only that, is refused."""
    try:
        addresses = {str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except OSError as error:
        raise NotLoopback(f"{host!r} is no address: {error}") from None
    if not host or not all(ipaddress.ip_address(each).is_loopback for each in addresses):
        raise NotLoopback(f"{host!r} is not a loopback address, and the playground answers nothing else")
    return sorted(addresses)[0]


@web.middleware
async def same_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse requests under a foreign name, and those that a page of another origin makes."""
    if not _ours(request):
        raise web.HTTPForbidden(
            text="The playground answers only its own page and programs on this machine.\n"
        )
    return await handler(request)


def _ours(request: web.Request) -> bool:
    name, _, port = request.host.rpartition(":")
    if name not in NAMES or request.remote is None or not ipaddress.ip_address(request.remote).is_loopback:
        return False
    origin = request.headers.get("Origin")
    if origin is not None and origin not in {f"http://{each}:{port}" for each in NAMES}:
        return False
    site = request.headers.get("Sec-Fetch-Site", "none")
    if site in ("same-origin", "none"):
        return True
    opens_page = request.headers.get("Sec-Fetch-Mode") == "navigate" and request.path == "/"
    return opens_page and request.method == "GET"
