"""Links that users give: fetched from the open internet only, whatever they say they are."""

import socket

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver

from bot.errors import BadLink
from bot.links import REDIRECTS, Links, is_public
from tests.bot.sketch import png


class Names(AbstractResolver):
    """A resolver that knows what it is told, and may answer differently each time."""

    def __init__(self, *answers):
        self.answers = list(answers)

    async def resolve(self, host, port=0, family=socket.AF_INET):
        address = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [{"hostname": host, "host": address, "port": port, "family": family, "proto": 0, "flags": 0}]

    async def close(self):
        pass


class Site:
    """A web server on loopback that counts who came."""

    def __init__(self):
        self.visits = 0
        self.answer = lambda request: web.Response(body=png(), content_type="image/png")

    async def handle(self, request):
        self.visits += 1
        return self.answer(request)


@pytest.fixture
async def site():
    site = Site()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    server = web.TCPSite(runner, "127.0.0.1", 0)
    await server.start()
    site.port = runner.addresses[0][1]
    yield site
    await runner.cleanup()


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1"),
        *(
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "ff02::1",
            "fe80::1%eth0",
        ),
        *("not an address", ""),
    ],
)
def test_private_and_reserved_addresses_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111"])
def test_the_open_internet_is_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "link",
    [
        *("http://127.0.0.1/a.png", "http://localhost/a.png", "http://[::1]/a.png", "http://127.1/a.png"),
        *("http://2130706433/a.png", "http://0x7f000001/a.png", "http://0177.0.0.1/a.png", "http://0/a.png"),
        *("http://[::ffff:127.0.0.1]/a.png", "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/"),
        *(
            "file:///etc/passwd",
            "ftp://8.8.8.8/a.png",
            "gopher://8.8.8.8/",
            "http:///a.png",
            "//a.png",
            "a.png",
        ),
        *(
            "http://user:pw@8.8.8.8/a.png",
            "http://8.8.8.8:22/a.png",
            "http://[::1",
            "data:image/png;base64,AA",
        ),
    ],
)
async def test_what_is_not_a_public_web_address_is_refused(link):
    async with Links(Names("127.0.0.1")) as links:
        with pytest.raises(BadLink):
            await links.fetch(link)


async def test_a_name_for_a_private_address_causes_no_connection(site):
    async with Links(Names("127.0.0.1"), ports=(site.port,)) as links:
        with pytest.raises(BadLink, match="not a public address"):
            await links.fetch(f"http://pictures.example:{site.port}/a.png")
    assert site.visits == 0


async def test_a_name_with_one_private_address_among_public_ones_is_refused(site):
    class Both(Names):
        async def resolve(self, host, port=0, family=socket.AF_INET):
            return [
                *await Names("8.8.8.8").resolve(host, port),
                *await Names("127.0.0.1").resolve(host, port),
            ]

    async with Links(Both("x"), ports=(site.port,)) as links:
        with pytest.raises(BadLink):
            await links.fetch(f"http://pictures.example:{site.port}/a.png")
    assert site.visits == 0


async def test_the_address_is_judged_again_at_the_socket(site):
    verdicts = iter([True])

    def public(address):
        return next(verdicts, False)

    async with Links(Names("127.0.0.1"), ports=(site.port,), public=public) as links:
        with pytest.raises(BadLink):
            await links.fetch(f"http://pictures.example:{site.port}/a.png")
    assert site.visits == 0


def trusting(site, names=None, **options):
    """Loopback passes for a public address, so that answers can be served; `10.9.9.9` stays private."""
    ports = options.pop("ports", (80, 443, site.port))
    return Links(names or Names("127.0.0.1"), ports=ports, public=lambda ip: ip == "127.0.0.1", **options)


async def fetch(site, path="a.png", names=None, **options):
    async with trusting(site, names, **options) as links:
        return await links.fetch(f"http://pictures.example:{site.port}/{path}")


async def test_a_picture_is_fetched(site):
    assert await fetch(site) == png()


@pytest.mark.parametrize(
    ("host", "path", "status", "told"),
    [
        ("imgur.com", "a/x1", 200, "`https://i.imgur.com/`"),
        ("m.imgur.com", "x1", 403, "`https://i.imgur.com/`"),
        ("discord.com", "channels/1/2/3", 200, "Discord message"),
        ("ptb.discord.com", "channels/1/2/3", 200, "Discord message"),
        ("cdn.discordapp.com", "attachments/1/2/a.png", 404, "end after a day"),
        ("media.discordapp.net", "attachments/1/2/a.png", 403, "end after a day"),
        ("drive.google.com", "file/d/1/view", 200, "Google Drive"),
        ("photos.app.goo.gl", "x1", 200, "Google Photos"),
        ("www.pinterest.co.uk", "pin/1", 200, "Pinterest"),
        ("de.pinterest.com", "pin/1", 200, "Pinterest"),
        ("pin.it", "x1", 404, "Pinterest"),
        ("www.dropbox.com", "s/1/a.png", 200, "`raw=1`"),
        ("pages.example", "gallery", 200, "open the picture alone"),
        ("notimgur.com", "x1", 200, "open the picture alone"),
    ],
)
async def test_a_link_to_a_page_says_what_to_do_instead(site, host, path, status, told):
    site.answer = lambda _: web.Response(status=status, text="<html>", content_type="text/html")
    async with trusting(site) as links:
        with pytest.raises(BadLink) as refused:
            await links.fetch(f"http://{host}:{site.port}/{path}")
    assert told in refused.value.sentence


async def test_a_page_that_is_missing_says_no_more_than_that(site):
    site.answer = lambda _: web.Response(status=404)
    with pytest.raises(BadLink, match=r"no picture is there\.$"):
        await fetch(site)


async def test_a_redirect_is_judged_like_the_link_itself(site):
    site.answer = lambda _: web.Response(status=302, headers={"Location": "http://10.9.9.9/a.png"})
    with pytest.raises(BadLink, match="not a public address"):
        await fetch(site)
    assert site.visits == 1


async def test_a_redirect_to_a_name_that_turns_private_is_refused(site):
    site.answer = lambda request: web.Response(status=302, headers={"Location": "/b.png"})
    with pytest.raises(BadLink):
        await fetch(site, names=Names("127.0.0.1", "10.9.9.9"))


async def test_endless_redirects_end(site):
    site.answer = lambda _: web.Response(status=302, headers={"Location": "/again"})
    with pytest.raises(BadLink, match="without end"):
        await fetch(site)
    assert site.visits == REDIRECTS


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: web.Response(status=404, text="no"),
        lambda _: web.Response(text="<html>", content_type="text/html"),
        lambda _: web.Response(status=302, headers={"Location": "file:///etc/passwd"}),
    ],
)
async def test_what_gives_no_picture_is_refused(site, answer):
    site.answer = answer
    with pytest.raises(BadLink):
        await fetch(site)


async def test_too_much_is_not_read(site):
    site.answer = lambda _: web.Response(body=b"x" * 1001, content_type="image/png")
    with pytest.raises(BadLink, match="larger"):
        await fetch(site, most_bytes=1000)


async def test_a_server_that_says_nothing_of_the_size_is_stopped_too(site):
    async def pieces():
        while True:
            yield b"x" * 500

    site.answer = lambda _: web.Response(body=pieces(), content_type="image/png")
    with pytest.raises(BadLink, match="larger"):
        await fetch(site, most_bytes=1000)


async def test_a_server_that_is_not_there_is_a_bad_link(site):
    async with trusting(site, ports=(9,)) as links:
        with pytest.raises(BadLink, match="could not be fetched"):
            await links.fetch("http://pictures.example:9/a.png")


async def test_no_cookie_is_kept_and_no_proxy_used(site, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    cookies = []

    def answer(request):
        cookies.append(request.headers.get("Cookie"))
        return web.Response(body=png(), content_type="image/png", headers={"Set-Cookie": "a=b"})

    site.answer = answer
    async with trusting(site) as links:
        for _ in range(2):
            await links.fetch(f"http://pictures.example:{site.port}/a.png")
    assert cookies == [None, None]
