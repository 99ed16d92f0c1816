"""Connections that break, sessions that go on, and what the gateway demands."""

import json
import zlib

import aiohttp
import pytest

from playground import Person, Playground, Remote
from playground.gateway.encoding import ZstdStream
from tests.playground.conftest import TOKEN, Bot

GUILDS, MESSAGE_CONTENT = 1, 1 << 15


async def identify(socket: aiohttp.ClientWebSocketResponse, **fields: object) -> dict[str, object]:
    hello = await socket.receive_json()
    assert hello["op"] == 10
    await socket.send_json({"op": 2, "d": {"token": TOKEN, "intents": GUILDS, "properties": {}} | fields})
    return await socket.receive_json()


async def log_in(http: aiohttp.ClientSession, playground: Playground) -> None:
    await http.get(f"{playground.api_url}/users/@me", headers={"Authorization": f"Bot {TOKEN}"})


async def test_a_dropped_connection_is_resumed_and_nothing_is_missed(
    bot: Bot, ada: Person, remote: Remote
) -> None:
    assert await remote.trouble("drop") == 1
    used = await ada.slash("general", "hello", name="again")
    assert (await used.message()).content == "hello again"
    assert await bot.hear() == "resumed"
    counts = await remote.gateway()
    assert (counts["resumed"], counts["identified"]) == (1, 1)


async def test_the_server_asks_for_a_reconnect(bot: Bot, ada: Person, remote: Remote) -> None:
    await remote.trouble("reconnect")
    assert await bot.hear() == "resumed"
    assert (await (await ada.slash("general", "hello")).message()).content == "hello you"


async def test_an_invalid_session_makes_the_client_identify_anew(
    bot: Bot, ada: Person, remote: Remote
) -> None:
    await remote.trouble("invalidate")
    await remote.bot_returned(identified=2)
    assert (await (await ada.slash("general", "hello")).message()).content == "hello you"


async def test_events_after_the_sequence_are_replayed_in_order(
    playground: Playground, ada: Person, remote: Remote
) -> None:
    async with aiohttp.ClientSession() as http:
        await log_in(http, playground)
        intents = GUILDS | 1 << 9
        async with http.ws_connect(playground.gateway_url) as socket:
            ready = await identify(socket, intents=intents)
            guild = await socket.receive_json()
            assert (ready["t"], guild["t"]) == ("READY", "GUILD_CREATE")
            await socket.close(code=4000)
        for word in ("one", "two"):
            await ada.say("general", word)
        async with http.ws_connect(playground.gateway_url) as socket:
            await socket.receive_json()
            session = ready["d"]["session_id"]
            await socket.send_json({"op": 6, "d": {"token": TOKEN, "session_id": session, "seq": guild["s"]}})
            events = [await socket.receive_json() for _ in range(3)]
    assert [e["t"] for e in events] == ["MESSAGE_CREATE", "MESSAGE_CREATE", "RESUMED"]
    assert [e["s"] for e in events] == [3, 4, 5]


async def test_an_unknown_session_is_invalid(playground: Playground) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(playground.gateway_url) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 6, "d": {"token": TOKEN, "session_id": "x", "seq": 1}})
        assert await socket.receive_json() == {"op": 9, "d": False, "s": None, "t": None}


async def test_heartbeats_are_acknowledged(playground: Playground) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(playground.gateway_url) as socket:
        await socket.receive_json()
        await socket.send_json({"op": 1, "d": None})
        assert (await socket.receive_json())["op"] == 11


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", 4002),
        (json.dumps({"op": 2, "d": {"token": "x", "padding": "x" * 4096}}), 4002),
        ("[]", 4002),
        (json.dumps({"op": 2, "d": "token"}), 4002),
        (json.dumps({"op": 99, "d": {}}), 4001),
        (json.dumps({"op": "2", "d": {}}), 4001),
        (json.dumps({"op": [2], "d": {}}), 4001),
        (json.dumps({"op": 8, "d": {}}), 4003),
        (json.dumps({"op": 2, "d": {"token": "", "intents": 0}}), 4004),
        (json.dumps({"op": 2, "d": {"token": ["x"], "intents": 0}}), 4004),
        *(
            (json.dumps({"op": 2, "d": {"token": "x", "intents": 1, "shard": shard}}), 4010)
            for shard in ([2, 2], [-1, 1], [0], [0, 0], ["0", "1"], "01", 7)
        ),
        *(
            (json.dumps({"op": 2, "d": {"token": "x", "intents": intents}}), 4013)
            for intents in (1 << 17, -1, "many", None)
        ),
        (json.dumps({"op": 2, "d": {"token": "x", "intents": MESSAGE_CONTENT}}), 4014),
    ],
)
async def test_a_client_that_misbehaves_is_closed(playground: Playground, frame: str, code: int) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(playground.gateway_url) as socket:
        await socket.receive_json()
        await socket.send_str(frame)
        assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        assert socket.close_code == code


async def test_members_that_nobody_could_mean_are_none(playground: Playground) -> None:
    guild = next(g for g in playground.world.guilds.values() if g.name == "Studio")
    async with aiohttp.ClientSession() as http:
        await log_in(http, playground)
        async with http.ws_connect(playground.gateway_url) as socket:
            await identify(socket)
            await socket.receive_json()
            for asked in ({"guild_id": "nowhere"}, {"guild_id": str(guild.id), "user_ids": "nobody"}):
                await socket.send_json({"op": 8, "d": asked})
            chunk = await socket.receive_json()
            assert (chunk["t"], chunk["d"]["members"]) == ("GUILD_MEMBERS_CHUNK", [])


async def test_more_than_120_sends_a_minute_are_closed(playground: Playground) -> None:
    async with aiohttp.ClientSession() as http, http.ws_connect(playground.gateway_url) as socket:
        for _ in range(121):
            await socket.send_json({"op": 1, "d": None})
        async for _ in socket:
            continue
        assert socket.close_code == 4008


async def test_zlib_stream_is_one_stream_flushed_after_each_payload(playground: Playground) -> None:
    stream = zlib.decompressobj()
    url = playground.gateway_url + "?compress=zlib-stream"
    async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
        first = await socket.receive_bytes()
        await socket.send_json({"op": 1, "d": None})
        second = await socket.receive_bytes()
    assert first.endswith(b"\x00\x00\xff\xff")
    assert json.loads(stream.decompress(first))["op"] == 10
    assert json.loads(stream.decompress(second))["op"] == 11


async def test_shards_get_their_own_guilds(playground: Playground) -> None:
    guild = next(g for g in playground.world.guilds.values() if g.name == "Studio")
    async with aiohttp.ClientSession() as http:
        await log_in(http, playground)
        for shard in (0, 1):
            async with http.ws_connect(playground.gateway_url) as socket:
                ready = await identify(socket, shard=[shard, 2])
                guilds = [int(g["id"]) for g in ready["d"]["guilds"]]
                assert guilds == ([guild.id] if (guild.id >> 22) % 2 == shard else [])


def test_zstd_stream_is_read_by_a_zstd_library() -> None:
    zstandard = pytest.importorskip("zstandard", reason="no zstd library is installed")
    encode, reader = ZstdStream(), zstandard.ZstdDecompressor().decompressobj()
    for text in ("hello", "ü" * 200_000, "{}"):
        assert reader.decompress(encode(text)).decode() == text


async def test_a_silenced_connection_stands_and_says_nothing(bot: Bot, ada: Person, remote: Remote) -> None:
    await remote.change(ack_seconds=0.1)
    assert await remote.trouble("silence") == 1
    assert (await ada.slash("general", "hello")).failed
    assert (await remote.gateway())["connected"] == 1
    await remote.trouble("drop")
    assert await bot.hear() == "resumed"
