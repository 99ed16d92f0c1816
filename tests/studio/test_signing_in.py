"""The way in: a link works once, for ten minutes and for its user; what it starts ends when it should."""

import pytest

from bot.config import BadSetting
from bot.memory.sign_ins import LINK_SECONDS, SESSION_SECONDS, SignIns
from bot.program.studio import studio_of
from tests.bot.sketch import buttons
from tests.bot.test_my_data import delete_all
from tests.studio.visiting import LINK


async def test_a_link_of_the_command_lets_its_user_in(world, stranger):
    await stranger.sign_in(world.alice)
    status, said = await stranger.get("session")
    assert (status, said["name"]) == (200, "alice")
    status, page, answer = await stranger.ask("GET", "/")
    assert status == 200
    assert b"main.js" in page
    assert answer.headers["Content-Type"].startswith("text/html")


async def test_a_link_works_once(world, stranger, bob):
    link = await stranger.link(world.alice)
    assert (await stranger.post("enter", {"link": link}))[0] == 200
    await bob.ask("DELETE", "/api/session")
    status, said = await bob.post("enter", {"link": link})
    assert status == 410
    assert "/studio" in said["error"]
    assert (await bob.get("session"))[0] == 401


async def test_opening_a_link_is_enough(world, stranger, bob):
    link = await stranger.link(world.alice)
    status, _, answer = await stranger.ask("GET", f"/enter?link={link}&open=picture/1b-2")
    assert (status, answer.headers["Location"]) == (303, "/#picture/1b-2")
    assert (await stranger.get("session"))[1]["name"] == "alice"
    await bob.ask("DELETE", "/api/session")
    status, page, _ = await bob.ask("GET", f"/enter?link={link}")
    assert (status, bob.cookies) == (410, {})
    assert b"sign-in.js" in page


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"Sec-Purpose": "prefetch;prerender"}),
        ("GET", {"User-Agent": "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)"}),
        ("GET", {"User-Agent": "WhatsApp/2.23"}),
    ],
)
async def test_who_only_looks_ahead_uses_no_link_up(world, stranger, method, headers):
    link = await stranger.link(world.alice)
    status, _, _ = await stranger.ask(method, f"/enter?link={link}", headers=headers)
    assert (status, stranger.cookies) == (200, {})
    assert (await stranger.post("enter", {"link": link}))[0] == 200


@pytest.mark.parametrize("view", ["//evil.example", "javascript:x", "a%0d%0aX:%20y", "gallery/../x"])
async def test_a_link_opens_nothing_but_a_view_of_the_page(world, stranger, view):
    link = await stranger.link(world.alice)
    _, _, answer = await stranger.ask("GET", f"/enter?link={link}&open={view}")
    assert answer.headers["Location"] == "/#gallery"


async def test_opening_anothers_link_asks_first(world, alice):
    link = await alice.link(world.bob)
    status, page, _ = await alice.ask("GET", f"/enter?link={link}")
    assert status == 200
    assert b"sign-in.js" in page
    assert (await alice.get("session"))[1]["name"] == "alice"


@pytest.mark.parametrize("link", ["", "x", "a" * 43, "é" * 43, "\ud800", "a" * 5000, "' OR 1=1 --"])
async def test_a_forged_link_lets_nobody_in(world, stranger, link):
    await stranger.link(world.alice)
    assert (await stranger.post("enter", {"link": link}))[0] == 410
    assert stranger.cookies == {}


@pytest.mark.parametrize("body", [[], "link", 5, {}, {"link": None}, {"link": ["x"]}])
async def test_a_request_without_a_link_is_refused(stranger, body):
    assert (await stranger.post("enter", body))[0] == 400


async def test_a_link_waits_ten_minutes_and_no_longer(world, database):
    now = [1000.0]
    sign_ins = SignIns(database, lambda: now[0])
    user = await world.bot.hub.people.get(world.alice.id, "alice")
    in_time, too_late = await sign_ins.link(user), await sign_ins.link(user)
    now[0] += LINK_SECONDS - 1
    session = await sign_ins.enter(in_time)
    assert session is not None
    now[0] += 2
    assert await sign_ins.whose(too_late) is None
    assert await sign_ins.enter(too_late) is None
    now[0] += SESSION_SECONDS - 5
    assert (await sign_ins.session(session)).user_id == world.alice.id
    now[0] += 10
    assert await sign_ins.session(session) is None


async def test_nothing_that_lets_anybody_in_is_kept(world, stranger):
    link = await stranger.link(world.alice)
    await stranger.sign_in(world.alice)
    raw = b"".join(path.read_bytes() for path in world.settings.easel_data.glob("easel.db*"))
    for token in (link, *stranger.cookies.values()):
        assert token.encode() not in raw


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(world, stranger):
    link = await stranger.link(world.alice)
    _, _, answer = await stranger.ask("POST", "/api/enter", json={"link": link})
    [cookie] = answer.headers.getall("Set-Cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie  # on loopback there is no https


@pytest.mark.parametrize("settings", [{"easel_studio_url": "https://studio.example"}], indirect=True)
async def test_behind_https_the_cookie_goes_nowhere_else(world, stranger):
    pressed = await world.slash("studio")
    [button] = buttons(pressed.response.message)
    assert button.url.startswith("https://studio.example/enter?link=")
    link = LINK.search(button.url)[2]
    headers = {"Origin": "https://studio.example"}
    _, _, answer = await stranger.ask("POST", "/api/enter", json={"link": link}, headers=headers)
    [cookie] = answer.headers.getall("Set-Cookie")
    assert cookie.startswith("__Host-easel=")
    assert "Secure" in cookie
    assert "Domain" not in cookie
    _, _, answer = await stranger.ask("POST", "/api/enter", json={"link": link})
    assert answer.status == 403  # of the loopback origin, which is not the one that people use


@pytest.mark.parametrize(
    ("settings", "origin"),
    [
        ({"easel_studio_url": written}, origin)
        for written, origin in (
            ("https://Studio.Example.org", "https://studio.example.org"),
            ("https://studio.example.org:443/", "https://studio.example.org"),
            ("https://studio.example.org:8443", "https://studio.example.org:8443"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        )
    ],
    indirect=["settings"],
)
async def test_the_address_may_be_written_in_any_way_that_is_right(world, stranger, origin):
    """A browser names its page's origin in one spelling, however the operator wrote it."""
    pressed = await world.slash("studio")
    [button] = buttons(pressed.response.message)
    assert button.url.startswith(f"{origin}/enter?link=")
    said = {"json": {"link": LINK.search(button.url)[2]}, "headers": {"Origin": origin}}
    assert (await stranger.ask("POST", "/api/enter", **said))[0] == 200


async def test_a_session_that_was_planted_becomes_nobodys(world, stranger):
    planted = "a" * 43
    stranger.http.cookie_jar.update_cookies({"easel": planted})
    await stranger.sign_in(world.alice)
    assert planted not in stranger.cookies.values()
    async with type(stranger)(world, stranger.address) as attacker:
        attacker.http.cookie_jar.update_cookies({"easel": planted})
        assert (await attacker.get("session"))[0] == 401


async def test_signing_in_again_ends_the_session_before(world, alice):
    before = alice.cookies["easel"]
    await alice.sign_in(world.alice)
    assert alice.cookies["easel"] != before
    async with type(alice)(world, alice.address) as copy:
        copy.http.cookie_jar.update_cookies({"easel": before})
        assert (await copy.get("session"))[0] == 401


async def test_whoever_is_signed_in_is_not_moved_to_another_account_unasked(world, alice):
    link = await alice.link(world.bob)
    status, said = await alice.post("enter", {"link": link})
    assert status == 409
    assert "alice" in said["error"]
    assert (await alice.get("session"))[1]["name"] == "alice"
    assert (await alice.post("enter", {"link": link, "switch": True}))[0] == 200
    assert (await alice.get("session"))[1]["name"] == "bob"


async def test_signing_out_ends_the_session(world, alice):
    cookie = alice.cookies["easel"]
    assert (await alice.ask("DELETE", "/api/session"))[0] == 200
    assert alice.cookies == {}
    alice.http.cookie_jar.update_cookies({"easel": cookie})
    assert (await alice.get("session"))[0] == 401


@pytest.mark.parametrize("settings", [{"easel_admins": "1"}], indirect=True)
async def test_a_ban_ends_every_session_and_every_link(world, alice, stranger):
    link = await stranger.link(world.alice)
    people = world.bot.hub.people
    await people.change(await people.get(world.alice.id, "alice"), banned=True)
    assert (await alice.get("session"))[0] == 401
    assert (await stranger.post("enter", {"link": link}))[0] == 410
    await people.change(await people.get(world.alice.id, "alice"), banned=False)
    assert (await alice.get("session"))[0] == 401


async def test_delete_my_data_ends_every_session(world, alice):
    await delete_all(world)
    assert (await alice.get("session"))[0] == 401


async def test_without_a_session_there_is_only_the_sign_in(stranger):
    status, _, answer = await stranger.ask("GET", "/")
    assert (status, answer.headers["Location"]) == (303, "/sign-in")
    for path in ("/sign-in", "/enter", "/page/sign-in.js", "/page/style/tokens.css", "/page/theme.js"):
        assert (await stranger.ask("GET", path))[0] == 200
    for path in ("/api/session", "/api/wall", "/pictures/x", "/page/main.js", "/nothing", "/index.html"):
        assert (await stranger.ask("GET", path))[0] == 401


async def test_open_in_the_studio_leads_to_that_picture(world, stranger):
    single = (await world.press(await world.imagine(), "U2")).response.message
    pressed = await world.press(single, "Open in the studio")
    assert pressed.ephemeral
    found = LINK.search(pressed.response.content)
    [job] = await world.bot.hub.history.page(world.alice.id, limit=1)
    assert found[3] == f"picture/{job.id}-1"
    region = await world.press(single, "Vary (Region)")
    pressed = await world.press(region.response.message, "Open in the studio")
    assert LINK.search(pressed.response.content)[3] == f"edit/{job.id}-1"


@pytest.mark.parametrize("settings", [{"easel_studio": ""}], indirect=True)
async def test_where_there_is_no_studio_nothing_leads_to_it(world):
    assert "studio" not in {command.name for command in world.bot.tree.get_commands()}
    single = (await world.press(await world.imagine(), "U2")).response.message
    assert "Open in the studio" not in {button.label for button in buttons(single)}


async def test_without_a_secret_there_is_no_sign_in_with_discord(stranger):
    assert (await stranger.get("sign-in"))[1] == {"discord": False}
    for path in ("/sign-in/discord", "/sign-in/done?code=x&state=y"):
        assert (await stranger.ask("GET", path))[0] == 404


async def test_an_address_that_is_taken_is_told_with_its_setting(world, studio):
    with pytest.raises(BadSetting, match=r"^EASEL_STUDIO: 127\.0\.0\.1:\d+ cannot be listened on"):
        async with studio_of(world.bot, world.database):
            pass
