"""Signing in with Discord: only for who set out from here, and only as whom Discord says."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from yarl import URL

SECRET = "the-applications-secret"


class Discord:
    """What of Discord's OAuth2 a sign-in needs: it gives a token for its one code, and says who that is."""

    def __init__(self) -> None:
        self.person = {"id": "4711", "username": "carol"}
        self.seen: list[dict] = []

    async def token(self, request: web.Request) -> web.Response:
        form = dict(await request.post())
        self.seen.append(form)
        if form.get("code") != "the-code" or form.get("client_secret") != SECRET:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"access_token": "t0ken", "token_type": "Bearer"})

    async def me(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer t0ken":
            return web.json_response({}, status=401)
        return web.json_response(self.person)


@pytest.fixture
def discord_port(unused_tcp_port_factory):
    return unused_tcp_port_factory()


@pytest_asyncio.fixture
async def discord(discord_port) -> AsyncIterator[Discord]:
    said = Discord()
    app = web.Application()
    app.router.add_post("/api/v10/oauth2/token", said.token)
    app.router.add_get("/api/v10/users/@me", said.me)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", discord_port).start()
    yield said
    await runner.cleanup()


@pytest.fixture
def settings(settings, discord_port):
    changes = {"easel_studio_secret": SECRET, "discord_api_url": f"http://127.0.0.1:{discord_port}/api/v10"}
    return type(settings)(_env_file=None, **{**settings.model_dump(), **changes})


async def set_out(visitor):
    """The state with which a browser is sent to Discord."""
    status, _, answer = await visitor.ask("GET", "/sign-in/discord")
    assert status == 303
    return URL(answer.headers["Location"])


async def test_whoever_discord_names_is_signed_in(world, stranger, discord, discord_port):
    way = await set_out(stranger)
    assert (way.host, way.port, way.path) == ("127.0.0.1", discord_port, "/oauth2/authorize")
    assert way.query["scope"] == "identify"
    assert way.query["redirect_uri"] == f"{stranger.address}/sign-in/done"
    assert SECRET not in str(way)
    status, _, answer = await stranger.ask("GET", f"/sign-in/done?code=the-code&state={way.query['state']}")
    assert (status, answer.headers["Location"]) == (303, "/")
    assert (await stranger.get("session"))[1]["name"] == "carol"
    assert discord.seen[0]["redirect_uri"] == way.query["redirect_uri"]
    assert list(stranger.cookies) == ["easel"]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?code=the-code",
        "?code=the-code&state=guessed",
        "?state={state}",
        "?code=wrong&state={state}",
        "?error=access_denied&state={state}",
        "?code=the-code&state={state}x",
    ],
)
async def test_whoever_did_not_set_out_from_here_is_not(stranger, discord, query):
    state = (await set_out(stranger)).query["state"]
    _, _, answer = await stranger.ask("GET", "/sign-in/done" + query.format(state=state))
    assert answer.headers["Location"] == "/sign-in#refused"
    assert (await stranger.get("session"))[0] == 401


async def test_a_state_is_worth_nothing_in_another_browser(world, stranger, alice, discord):
    state = (await set_out(stranger)).query["state"]
    _, _, answer = await alice.ask("GET", f"/sign-in/done?code=the-code&state={state}")
    assert answer.headers["Location"] == "/sign-in#refused"
    assert (await alice.get("session"))[1]["name"] == "alice"


@pytest.mark.parametrize("person", [{}, {"id": "x", "username": "carol"}, {"username": "carol"}, []])
async def test_an_answer_that_is_none_lets_nobody_in(stranger, discord, person):
    discord.person = person
    state = (await set_out(stranger)).query["state"]
    _, _, answer = await stranger.ask("GET", f"/sign-in/done?code=the-code&state={state}")
    assert answer.headers["Location"] == "/sign-in#refused"
    assert (await stranger.get("session"))[0] == 401


async def test_who_is_banned_is_told_so(world, stranger, discord):
    people = world.bot.hub.people
    await people.change(await people.get(4711, "carol"), banned=True)
    state = (await set_out(stranger)).query["state"]
    _, _, answer = await stranger.ask("GET", f"/sign-in/done?code=the-code&state={state}")
    assert answer.headers["Location"] == "/sign-in#banned"
    assert (await stranger.get("session"))[0] == 401


async def test_the_page_offers_it_only_where_it_is_set_up(stranger, discord):
    assert (await stranger.get("sign-in"))[1] == {"discord": True}


async def test_behind_a_proxy_a_stranger_keeps_nobody_from_setting_out(stranger, discord):
    for path in ("/sign-in/discord", "/sign-in/done?code=x&state=y"):
        for _ in range(40):
            status, _, _ = await stranger.ask("GET", path, headers={"X-Forwarded-For": "203.0.113.7"})
        assert status == 429
        status, _, _ = await stranger.ask("GET", path, headers={"X-Forwarded-For": "203.0.113.8"})
        assert status == 303
