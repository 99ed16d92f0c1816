"""Deadlines, tokens, limits and misfortune, as a discord.py client meets them."""

import time

import aiohttp
import discord
import pytest

from playground import Person, Playground, Remote
from tests.playground.conftest import TOKEN, Bot
from tests.playground.test_channels import general


def row(buttons: int, custom_id: str = "a") -> dict[str, object]:
    return {
        "type": 1,
        "components": [{"type": 2, "style": 1, "custom_id": custom_id, "label": "b"}] * buttons,
    }


AUTHORIZED = {"Authorization": f"Bot {TOKEN}"}


async def test_a_second_acknowledgement_is_refused(playground: Playground, bot: Bot, ada: Person) -> None:
    seen: list[discord.Interaction] = []
    bot.event(_collect(seen))
    await ada.slash("general", "hello")
    assert await _answer_again(playground, seen[0]) == (400, 40060)


async def test_an_answer_after_three_seconds_is_to_an_unknown_interaction(
    bot: Bot, ada: Person, remote: Remote
) -> None:
    await remote.change(ack_seconds=0.05)
    seen: list[discord.Interaction] = []
    bot.event(_collect(seen))
    used = await ada.slash("general", "never")
    assert used.failed
    with pytest.raises(discord.NotFound) as refusal:
        await seen[0].response.send_message("too late")
    assert refusal.value.code == 10062
    assert await ada.messages("general") == []


async def test_a_token_dies_and_the_channel_still_works(bot: Bot, ada: Person, remote: Remote) -> None:
    seen: list[discord.Interaction] = []
    bot.event(_collect(seen))
    message = await (await ada.slash("general", "hello")).message()
    assert await remote.expire_tokens() == 1
    with pytest.raises(discord.HTTPException) as refusal:
        await seen[0].edit_original_response(content="changed")
    assert (refusal.value.status, refusal.value.code) == (401, 50027)
    with pytest.raises(discord.HTTPException) as refusal:
        await seen[0].followup.send("more")
    assert refusal.value.code == 50027
    await general(bot).get_partial_message(message.id).edit(content="changed")
    await ada.wait_changed(message, lambda m: m.content == "changed")


async def test_a_tokens_life_can_be_made_short(bot: Bot, ada: Person, remote: Remote) -> None:
    await remote.change(token_seconds=0.0)
    seen: list[discord.Interaction] = []
    bot.event(_collect(seen))
    await ada.slash("general", "hello")
    with pytest.raises(discord.HTTPException) as refusal:
        await seen[0].delete_original_response()
    assert refusal.value.code == 50027


async def test_five_followups_at_most_where_the_bot_is_no_member(
    bot: Bot, ada: Person, remote: Remote
) -> None:
    await remote.change(rate_limits=False)
    seen: list[discord.Interaction] = []
    bot.event(_collect(seen))
    await ada.slash("Elsewhere/lounge", "hello")
    for n in range(5):
        await seen[0].followup.send(f"more {n}")
    with pytest.raises(discord.HTTPException) as refusal:
        await seen[0].followup.send("too much")
    assert refusal.value.code == 40094


async def test_the_first_followup_after_a_deferral_fills_it_in(bot: Bot, ada: Person) -> None:
    seen: list[discord.Interaction] = []
    bot.event(_collect(seen))
    used = await ada.slash("general", "slow")
    await seen[0].followup.send("filled in")
    assert (await used.message()).content == "filled in"
    assert len(await ada.messages("general")) == 1


async def test_edits_of_a_channel_are_limited_and_the_library_waits(
    bot: Bot, ada: Person, remote: Remote
) -> None:
    await remote.change(window_seconds=0.2, edits_per_window=2)
    sent = await general(bot).send("0")
    began = time.monotonic()
    for n in range(1, 6):
        await sent.edit(content=str(n))
    assert time.monotonic() - began >= 0.4
    assert (await ada.messages("general"))[-1].content == "5"


async def test_too_many_requests_are_answered_with_429_and_all_its_headers(
    playground: Playground, remote: Remote, bot: Bot
) -> None:
    await remote.change(edits_per_window=1)
    url = f"{playground.api_url}/channels/{general(bot).id}/messages"
    async with aiohttp.ClientSession(headers=AUTHORIZED) as http:
        first = await http.post(url, json={"content": "1"})
        second = await http.post(url, json={"content": "2"})
        body = await second.json()
    assert (first.status, first.headers["X-RateLimit-Remaining"]) == (200, "0")
    assert second.status == 429
    assert second.headers["Via"]
    assert second.headers["Content-Type"] == "application/json"
    assert 0 < body["retry_after"] <= 5
    assert body["global"] is False
    assert float(second.headers["X-RateLimit-Reset-After"]) == pytest.approx(body["retry_after"], abs=0.01)


async def test_fifty_requests_a_second_over_all_routes(
    playground: Playground, bot: Bot, remote: Remote
) -> None:
    await remote.change(requests_per_second=3)
    playground.hub.limits.forget()
    async with aiohttp.ClientSession(headers=AUTHORIZED) as http:
        statuses = [(await http.get(f"{playground.api_url}/users/@me")).status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]


async def test_an_injected_429_is_retried_by_the_library(bot: Bot, ada: Person, remote: Remote) -> None:
    await remote.inject("POST /channels/*/messages", 429, times=2, retry_after=0.01)
    await general(bot).send("through at last")
    assert [m.content for m in await ada.messages("general")] == ["through at last"]
    statuses = [r["status"] for r in await remote.requests() if r["path"].endswith("/messages")]
    assert statuses == [429, 429, 200]


async def test_a_429_without_via_is_raised_at_once(bot: Bot, remote: Remote) -> None:
    await remote.inject("POST /channels/*/messages", 429, via=False)
    with pytest.raises(discord.HTTPException) as refusal:
        await general(bot).send("blocked")
    assert refusal.value.status == 429


async def test_a_connection_reset_before_has_no_effect_and_after_it_has(
    bot: Bot, ada: Person, remote: Remote
) -> None:
    channel = general(bot)
    await remote.inject("POST /channels/*/messages", 0)
    with pytest.raises(aiohttp.ClientError):
        await channel.send("lost")
    assert await ada.messages("general") == []
    await remote.inject("POST /channels/*/messages", 0, when="after")
    with pytest.raises(aiohttp.ClientError):
        await channel.send("kept", nonce="n1")
    again = await channel.send("kept", nonce="n1")
    assert [m.id for m in await ada.messages("general")] == [again.id]


async def test_a_server_error_is_raised_after_the_librarys_attempts(
    bot: Bot, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord.http.asyncio, "sleep", _no_pause)
    await remote.inject("POST /channels/*/messages", 502, times=5)
    with pytest.raises(discord.DiscordServerError):
        await general(bot).send("no luck")
    await general(bot).send("luck")


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"content": "x" * 2001}, ["content"]),
        ({"embeds": [{"title": "x" * 257}]}, ["embeds", "0", "title"]),
        ({"embeds": [{"description": "x" * 3001}] * 2}, ["embeds"]),
        ({"content": "x", "components": [row(1)] * 6}, ["components"]),
        (
            {"content": "x", "components": [row(1, "a" * 101)]},
            ["components", "0", "components", "0", "custom_id"],
        ),
        ({"content": "x", "components": [row(6)]}, ["components", "0", "components"]),
        ({"embeds": [{"image": {"url": "attachment://missing.png"}}]}, ["embeds", "0", "image", "url"]),
    ],
)
async def test_an_invalid_body_is_answered_with_its_places_and_recorded(
    playground: Playground, remote: Remote, bot: Bot, body: dict[str, object], place: list[str]
) -> None:
    url = f"{playground.api_url}/channels/{general(bot).id}/messages"
    async with aiohttp.ClientSession(headers=AUTHORIZED) as http:
        answer = await http.post(url, json=body)
        told = await answer.json()
    assert (answer.status, told["code"]) == (400, 50035)
    node = told["errors"]
    for step in place:
        node = node[step]
    assert node["_errors"]
    [refusal] = await remote.refusals()
    assert refusal["body"] == body


async def test_requests_without_a_token_and_to_nowhere_are_refused(playground: Playground) -> None:
    async with aiohttp.ClientSession() as http:
        assert (await http.get(f"{playground.api_url}/users/@me")).status == 401
        answer = await http.get(f"{playground.api_url}/no/such/thing", headers=AUTHORIZED)
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/json")


async def test_only_the_token_that_was_set_is_taken(point_discord_py: None) -> None:
    async with Playground(token="the.right.one") as strict, aiohttp.ClientSession() as http:
        for token, status in (("the.right.one", 200), ("another", 401)):
            url = f"{strict.api_url}/users/@me"
            assert (await http.get(url, headers={"Authorization": f"Bot {token}"})).status == status


async def test_nothing_that_discord_py_sends_violates_the_api_description(
    bot: Bot, ada: Person, remote: Remote
) -> None:
    message = await (await ada.slash("general", "count")).message()
    await ada.click(message, "Count")
    opened = await ada.slash("general", "rename")
    await ada.submit_modal(opened, {"Colour": "red"})
    await ada.slash("general", "menu")
    await ada.autocomplete("general", "fruit", "kind", "a")
    bot.held.set()
    await (await ada.slash("general", "slow")).message()
    found = await remote.violations()
    if found is None:
        pytest.skip("Discord's API description is not on this machine")
    assert found == []


def _collect(seen: list[discord.Interaction]):
    async def on_interaction(interaction: discord.Interaction) -> None:
        seen.append(interaction)

    return on_interaction


async def _answer_again(playground: Playground, interaction: discord.Interaction) -> tuple[int, int | None]:
    """Status and error code of one more answer to an interaction."""
    url = f"{playground.api_url}/interactions/{interaction.id}/{interaction.token}/callback"
    async with aiohttp.ClientSession() as http:
        response = await http.post(url, json={"type": 4, "data": {"content": "again"}})
        return response.status, (await response.json()).get("code")


async def _no_pause(seconds: float) -> None:
    return None
