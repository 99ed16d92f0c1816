"""Pictures behind links that users give: fetched from public addresses only, and only so much of them.

An address is judged twice: the name before anything is sent, and each resolved address again at the moment of
connecting, for every redirect anew, so that a name that changes its mind (DNS rebinding) gains nothing. Knows
nothing of what the picture is for.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType
from yarl import URL

from bot.errors import BadLink
from bot.pages import instead_of

__all__ = ["MOST_BYTES", "Links", "is_public"]

MOST_BYTES = 25 * 2**20  # of a linked file, like an attachment without a boosted server
REDIRECTS = 4  # followed at most; each is checked like the first address
TIMEOUT = aiohttp.ClientTimeout(total=20, connect=8)
KINDS = ("image/", "application/octet-stream", "binary/octet-stream")
PORTS = (80, 443, 8080, 8443)


def is_public(address: str) -> bool:
    """Whether an IP address is of the open internet: not private, loopback, link-local or reserved."""
    try:
        ip = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or _nat64(ip)
        if inner is not None:
            return is_public(str(inner))
        if ip.teredo is not None:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


class PublicResolver(AbstractResolver):
    """Resolves names and gives back public addresses only; what it gives is what is connected to."""

    def __init__(self, inner: AbstractResolver, public: Callable[[str], bool] = is_public) -> None:
        self._inner = inner
        self._public = public

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The public addresses of ``host``. Raises BadLink when one of them is not public."""
        found = await self._inner.resolve(host, port, family)
        if not found or not all(self._public(result["host"]) for result in found):
            raise BadLink(f"`{host}` is not a public address.")
        return found

    async def close(self) -> None:
        """Let go of the inner resolver."""
        await self._inner.close()


class Links:
    """Fetches what is behind links. Connects at the first one; to be closed in the end.

    ``resolver`` looks up names, ``ports`` are those that are asked, ``public`` judges an address.
    """

    def __init__(
        self,
        resolver: AbstractResolver | None = None,
        *,
        ports: Sequence[int] = PORTS,
        most_bytes: int = MOST_BYTES,
        public: Callable[[str], bool] = is_public,
    ) -> None:
        self._resolver = resolver
        self._ports = ports
        self._most_bytes = most_bytes
        self._public = public
        self._client: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Links:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close what is connected."""
        if self._client is not None:
            await self._client.close()

    async def fetch(self, link: str) -> bytes:
        """The bytes behind ``link``, so many at most of something that calls itself a picture.

        Raises BadLink.
        """
        url = self._checked(link)
        self._client = self._client or self._session()
        try:
            for _ in range(REDIRECTS):
                async with self._client.get(url, allow_redirects=False) as answer:
                    if answer.status in (301, 302, 303, 307, 308) and "Location" in answer.headers:
                        url = self._checked(str(url.join(URL(answer.headers["Location"]))))
                        continue
                    return await self._body(answer, link)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            if isinstance(error.__cause__, BadLink):
                raise error.__cause__ from None
            raise BadLink(f"`{_short(link)}` could not be fetched.") from None
        raise BadLink(f"`{_short(link)}` leads from one address to the next without end.")

    def _session(self) -> aiohttp.ClientSession:
        """A client that can reach public addresses only. Needs a running loop."""
        guarded = PublicResolver(self._resolver or aiohttp.ThreadedResolver(), self._public)
        connector = aiohttp.TCPConnector(
            resolver=guarded, use_dns_cache=False, limit=8, socket_factory=self._public_socket
        )
        return aiohttp.ClientSession(
            connector=connector, timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()
        )

    def _public_socket(self, address: AddrInfoType) -> socket.socket:
        """The last word: whatever was resolved or written, a socket is only made for a public address."""
        family, kind, protocol, _, where = address
        if not self._public(str(where[0])):
            raise BadLink(f"`{where[0]}` is not a public address.")
        return socket.socket(family=family, type=kind, proto=protocol)

    async def _body(self, answer: aiohttp.ClientResponse, link: str) -> bytes:
        if answer.status != 200:
            what = f"`{_short(link)}` answered with {answer.status}; no picture is there."
            raise BadLink(f"{what} {instead_of(URL(link), page=False)}".strip())
        if not answer.content_type.startswith(KINDS):
            what = f"`{_short(link)}` is no picture but `{answer.content_type}`."
            raise BadLink(f"{what} {instead_of(URL(link), page='html' in answer.content_type)}".strip())
        if (answer.content_length or 0) > self._most_bytes:
            raise BadLink(f"`{_short(link)}` is larger than {self._most_bytes >> 20} MB.")
        body = bytearray()
        async for piece in answer.content.iter_chunked(2**16):
            body += piece
            if len(body) > self._most_bytes:
                raise BadLink(f"`{_short(link)}` is larger than {self._most_bytes >> 20} MB.")
        return bytes(body)

    def _checked(self, link: str) -> URL:
        try:
            url = URL(link)
            host, port = url.host, url.port
        except ValueError:
            raise BadLink(f"`{_short(link)}` is not an address.") from None
        if url.scheme not in ("http", "https") or not host:
            raise BadLink(f"`{_short(link)}` is not an `http` or `https` address.")
        if url.user is not None or port not in self._ports:
            raise BadLink(f"`{_short(link)}` names a user or a port, which is not fetched.")
        if _looks_numeric(host) and not is_public(host):
            raise BadLink(f"`{host}` is not a public address.")
        return url


def _looks_numeric(host: str) -> bool:
    """Literal addresses in any form that a C library would take: 127.1, 0x7f000001, 2130706433, ::1."""
    return ":" in host or host.rstrip(".").split(".")[-1].lower().startswith(tuple("0123456789"))


def _nat64(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF) if ip in ipaddress.ip_network("64:ff9b::/96") else None


def _short(link: str) -> str:
    link = link.replace("`", "")
    return link if len(link) <= 100 else link[:99] + "…"
