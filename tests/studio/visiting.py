"""Somebody with a browser, as far as HTTP sees one: cookies, an origin, the page's proof."""

import re
from typing import Any, Self
from urllib.parse import quote

import aiohttp
import simcord
from yarl import URL

from tests.bot.world import World

LINK = re.compile(r"<?(http\S+?/enter\?link=([\w-]+)&open=([\w/-]+))>?$")


class Visitor:
    """A browser of its own before the studio. ``proof`` is what its page sends along with each change."""

    def __init__(self, world: World, address: str) -> None:
        self.world = world
        self.address = address
        self.proof = ""
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()

    @property
    def cookies(self) -> dict[str, str]:
        return {
            name: each.value for name, each in self.http.cookie_jar.filter_cookies(URL(self.address)).items()
        }

    async def link(self, member: Any) -> str:
        """The token of a link that somebody was given; who is in no server asks by direct message."""
        where = () if isinstance(member, simcord.UserHandle) else (self.world.channel,)
        answer = await member.slash(*where, "studio")
        assert answer.ephemeral
        return LINK.search(answer.response.content)[2]

    async def sign_in(self, member: Any) -> None:
        status, _ = await self.post("enter", {"link": await self.link(member)})
        assert status == 200
        await self.learn_proof()

    async def learn_proof(self) -> None:
        """Load the page."""
        self.proof = (await self.get("session"))[1]["proof"]

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any, aiohttp.ClientResponse]:
        """Any request, as the page would send it; headers that are given win, None leaves one away."""
        headers = {"X-Easel-Proof": self.proof, "Origin": self.address} | options.pop("headers", {})
        headers = {name: value for name, value in headers.items() if value is not None}
        options = {"allow_redirects": False} | options
        async with self.http.request(
            method, URL(self.address + path, encoded=True), headers=headers, **options
        ) as got:
            body = await got.read()
            data = await got.json() if got.content_type == "application/json" else body
        return got.status, data, got

    async def get(self, path: str, **options: Any) -> tuple[int, Any]:
        return (await self.ask("GET", f"/api/{path}", **options))[:2]

    async def post(self, path: str, body: object = None, **options: Any) -> tuple[int, Any]:
        return (await self.ask("POST", f"/api/{path}", json={} if body is None else body, **options))[:2]

    async def wall(self, **filters: object) -> list[dict[str, Any]]:
        """The pictures of a wall that is short."""
        query = "&".join(f"{name}={quote(str(value))}" for name, value in filters.items())
        status, found = await self.get(f"wall?{query}")
        assert status == 200, found
        assert len(found["pictures"]) == min(60, found["total"])
        return found["pictures"]
