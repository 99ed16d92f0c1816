"""What every request passes: only our own page changes anything, and every answer locks the page in."""

from dataclasses import replace

import pytest
from aiohttp.test_utils import make_mocked_request

from bot.program.studio import services_of
from bot.studio.guard import address_of
from bot.studio.limits import Limit, Limits
from bot.studio.server import application, served
from tests.studio.visiting import Visitor


async def test_a_change_needs_the_proof_of_our_page(alice):
    for proof in (None, "", "0" * 64, alice.proof[:-1], alice.proof + "0"):
        status, said, _ = await alice.ask("DELETE", "/api/session", headers={"X-Easel-Proof": proof})
        assert status == 403
        assert said["error"]
    assert (await alice.get("session"))[0] == 200


async def test_the_proof_of_another_session_is_none(alice, bob):
    status, _, _ = await alice.ask("DELETE", "/api/session", headers={"X-Easel-Proof": bob.proof})
    assert status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": None},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_change_comes_from_our_own_origin(alice, headers):
    assert (await alice.ask("DELETE", "/api/session", headers=headers))[0] == 403
    assert (await alice.post("enter", {"link": "x"}, headers=headers))[0] == 403
    assert (await alice.get("session"))[0] == 200


async def test_every_answer_locks_the_page_in(alice, stranger):
    for visitor, path in (
        (alice, "/"),
        (alice, "/api/session"),
        (alice, "/nothing"),
        (stranger, "/"),
        (stranger, "/x"),
    ):
        _, _, answer = await visitor.ask("GET", path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_the_page_holds_no_script_of_its_own(alice):
    for path in ("/", "/sign-in"):
        _, page, _ = await alice.ask("GET", path)
        text = page.decode()
        assert text.count("<script") == text.count("<script src=") + text.count('<script type="module" src=')
        assert "<style" not in text
        assert " style=" not in text
        assert " on" not in "".join(part.split(">")[0] for part in text.split("<")[1:])


@pytest.mark.parametrize(
    "path",
    [
        "/page/../server.py",
        "/page/..%2fserver.py",
        "/page/%2e%2e/server.py",
        "/page/..%5c..%5cconfig.py",
        "/page//etc/passwd",
        "/page/%00",
        "/page/style",
        "/page/style/../../server.py",
    ],
)
async def test_no_path_leads_out_of_the_page(alice, path):
    status, said, _ = await alice.ask("GET", path)
    assert status == 404
    assert said == {"error": "There is nothing here for you."}


async def test_a_body_has_a_bound(alice):
    status, _, _ = await alice.ask(
        "POST",
        "/api/enter",
        data=b'{"link": "' + b"a" * 2**20 + b'"}',
        headers={"Content-Type": "application/json"},
    )
    assert status == 413


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"1e999999", b"NaN"])
async def test_what_is_no_json_object_is_refused(alice, body):
    assert (await alice.ask("POST", "/api/enter", data=body, headers={"Content-Type": "application/json"}))[
        0
    ] == 400
    assert (await alice.ask("POST", "/api/enter", data=body, headers={"Content-Type": "text/plain"}))[
        0
    ] == 415


async def test_guessing_links_is_slowed_down(stranger):
    said = [await stranger.ask("POST", "/api/enter", json={"link": "x"}) for _ in range(40)]
    assert [status for status, _, _ in said].count(429) >= 5
    last = said[-1][2]
    assert int(last.headers["Retry-After"]) >= 1


async def test_behind_a_proxy_a_stranger_slows_nobody_else_down(world, stranger):
    link = await stranger.link(world.alice)
    for number in range(40):  # what somebody claims before their own address is worth nothing
        seen_by_proxy = {"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.7"}
        status, _, _ = await stranger.ask("GET", "/enter?link=x", headers=seen_by_proxy)
    assert status == 429
    elsewhere = {"X-Forwarded-For": "203.0.113.8"}
    assert (await stranger.post("enter", {"link": link}, headers=elsewhere))[0] == 200


@pytest.mark.parametrize("said", ["", "unknown", "203.0.113.7, ", "1.2.3.4:80"])
async def test_a_proxy_that_says_no_address_is_one_itself(stranger, said):
    headers = {"X-Forwarded-For": said}
    asked = [await stranger.ask("GET", "/enter?link=x", headers=headers) for _ in range(40)]
    assert asked[-1][0] == 429
    assert (await stranger.ask("GET", "/enter?link=x"))[0] == 429


@pytest.mark.parametrize("settings", [{"easel_studio_url": "https://studio.example"}, {}], indirect=True)
async def test_a_proxy_before_a_container_says_who_asks(world):
    """There the host has the address of a bridge; elsewhere a neighbour's word is worth nothing."""
    app = application(services_of(world.bot, world.database))
    request = make_mocked_request("GET", "/enter", {"X-Forwarded-For": "203.0.113.7"}, app=app)
    seen = {peer: address_of(request.clone(remote=peer)) for peer in ("127.0.0.1", "172.17.0.1", "8.8.8.8")}
    behind = world.settings.easel_studio_url != ""
    assert seen == {
        "127.0.0.1": "203.0.113.7",
        "172.17.0.1": "203.0.113.7" if behind else "172.17.0.1",
        "8.8.8.8": "8.8.8.8",
    }


@pytest.mark.parametrize("settings", [{"easel_studio_url": "https://studio.example"}, {}], indirect=True)
async def test_links_that_would_lead_nowhere_are_told_in_the_log(world, unused_tcp_port, caplog):
    services = services_of(world.bot, world.database)
    everywhere = services.settings.model_copy(update={"easel_studio": f"0.0.0.0:{unused_tcp_port}"})
    async with served(replace(services, settings=everywhere)):
        told = [each.getMessage() for each in caplog.records if "EASEL_STUDIO_URL" in each.getMessage()]
    assert len(told) == (0 if everywhere.easel_studio_url else 1)


def test_a_bucket_empties_and_fills_again():
    now = [0.0]
    limits, limit = Limits(lambda: now[0]), Limit("x", rate=2.0, burst=3.0)
    assert [limits.wait(limit, "a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert limits.wait(limit, "b") == 0
    now[0] = 0.5
    assert limits.wait(limit, "a") == 0
    assert limits.wait(limit, "a") == 0.5
    now[0] = 100.0
    assert [limits.wait(limit, "a") for _ in range(4)] == [0, 0, 0, 0.5]


async def test_further_sessions_bring_nobody_more_room(world, studio, alice, bob):
    async with Visitor(world, studio) as again:
        await again.sign_in(world.alice)
        asked = [(await alice.post("uploads", {"picture": "x"}))[0] for _ in range(25)]
        assert 429 in asked
        assert (await again.post("uploads", {"picture": "x"}))[0] == 429
    assert (await bob.post("uploads", {"picture": "x"}))[0] == 404
