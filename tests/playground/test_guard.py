"""The server stays on this machine and obeys no other page."""

import subprocess
import sys

import aiohttp
import pytest

from playground import Playground, Remote
from playground.requests.guard import NotLoopback, loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "8.8.8.8", ""])
def test_other_addresses_than_loopback_are_refused(host: str) -> None:
    with pytest.raises(NotLoopback):
        Playground(host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1"])
def test_loopback_addresses_are_taken(host: str) -> None:
    assert loopback(host) == host


def test_the_program_says_why_it_does_not_start() -> None:
    command = [sys.executable, "-m", "playground", "--host", "0.0.0.0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "not a loopback address" in done.stderr


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example:80"},
        {"Host": "127.0.0.1.evil.example:80"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_foreign_page_cannot_drive_the_server(
    playground: Playground, headers: dict[str, str]
) -> None:
    async with aiohttp.ClientSession(headers=headers) as http:
        for path in ("/playground/state", "/gateway", "/api/v10/gateway", "/attachments/1/1/a"):
            assert (await http.get(playground.url + path)).status == 403
        body = {"person": "ada", "channel": "general", "content": "spam"}
        assert (await http.post(playground.url + "/playground/messages", json=body)).status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(playground.gateway_url)


async def test_the_own_page_and_a_link_to_it_work(playground: Playground, remote: Remote) -> None:
    async with aiohttp.ClientSession() as http:
        own = {"Origin": playground.url, "Sec-Fetch-Site": "same-origin"}
        assert (await http.get(playground.url + "/playground/state", headers=own)).status == 200
        link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
        page = await http.get(playground.url + "/", headers=link)
        assert page.status == 200
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


async def test_an_uploaded_page_is_not_shown_as_one(playground: Playground, remote: Remote) -> None:
    said = await remote.person("ada").say("general", "", ("evil.html", b"<script>alert(1)</script>"))
    async with aiohttp.ClientSession() as http:
        file = await http.get(said.attachments[0].url)
    assert file.headers["Content-Type"] == "application/octet-stream"
    assert file.headers["Content-Disposition"] == "attachment"
