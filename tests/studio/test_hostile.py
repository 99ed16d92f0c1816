"""Ten thousand requests that no page would make: none breaks anything, none changes what is another's."""

import asyncio
import json
import random
import string

from bot.studio.limits import Limits
from tests.bot.test_deleting import files

REQUESTS = 10_000
AT_ONCE = 20
METHODS = ("GET", "POST", "DELETE", "PATCH", "PUT", "HEAD", "OPTIONS", "TRACE", "BREW")
PATHS = (
    *("/", "/sign-in", "/enter", "/page/main.js", "/pictures/{id}", "/thumbnails/{id}", "/downloads/{word}"),
    *(
        "/api/session",
        "/api/enter",
        "/api/wall",
        "/api/newest",
        "/api/wall/{word}",
        "/api/filters",
        "/api/pictures/{id}",
    ),
    *("/api/making", "/api/prompts", "/api/jobs", "/api/jobs/{word}", "/api/jobs/{word}/cancel"),
    *("/api/pictures/{id}/actions", "/api/pictures/{id}/actions/vary", "/api/pictures/{id}/edits"),
    *(
        "/api/pictures/{id}/selections",
        "/api/pictures/{id}/retextures",
        "/api/pictures/{id}/changes",
        "/api/uploads",
        "/uploads/{word}",
        "/api/settings",
    ),
    *(
        "/previews/{word}",
        "/api/favourites",
        "/api/folders",
        "/api/folders/{number}",
        "/api/deletions",
        "/api/downloads",
        "/{word}",
    ),
)
KEYS = (
    "pictures",
    "favourite",
    "into",
    "name",
    "link",
    "switch",
    "words",
    "kind",
    "shape",
    "since",
    "folder",
    "offset",
    "limit",
    "of",
    *(
        "prompt",
        "at",
        "channel",
        "many",
        "anyway",
        "margins",
        "mask",
        "x",
        "y",
        "picture",
        "lane",
        "stylize",
        "strength",
        "left",
    ),
)


def text(dice):
    kinds = (
        lambda: "".join(dice.choices(string.printable, k=dice.randint(0, 40))),
        lambda: "".join(
            chr(
                dice.choice(
                    (dice.randint(0, 0x2FF), dice.randint(0xD800, 0xDFFF), dice.randint(0x1F300, 0x1F6FF))
                )
            )
            for _ in range(dice.randint(0, 12))
        ),
        lambda: dice.choice(
            (
                "../" * 8 + "etc/passwd",
                "%00",
                "\0",
                "' OR 1=1 --",
                "${7*7}",
                "<script>",
                "-1",
                "1e309",
                "NaN",
                "9" * 30,
                "{}",
                "null",
            )
        ),
    )
    return dice.choice(kinds)()


def value(dice, ids, depth=0):
    kinds = [
        lambda: text(dice),
        lambda: dice.choice(ids),
        lambda: dice.choice((None, True, False, 0, -1, 2**70, 1.5, float("inf"))),
        lambda: [value(dice, ids, depth + 1) for _ in range(dice.randint(0, 4))],
        lambda: {text(dice): value(dice, ids, depth + 1) for _ in range(dice.randint(0, 3))},
    ]
    return dice.choice(kinds if depth < 3 else kinds[:3])()


def quoted(dice, words):
    """Percent-encoded, now and then wrongly."""
    out = []
    for byte in words.encode("utf-8", "surrogatepass"):
        plain = chr(byte) if byte < 128 and chr(byte).isalnum() else f"%{byte:02x}"
        out.append(plain if dice.random() > 0.02 else dice.choice(("%", "%zz", plain + "%2")))
    return "".join(out)


def request(dice, ids):
    """A method, a path, headers and a body."""
    filled = {
        "{id}": dice.choice((*ids, text(dice))),
        "{word}": text(dice),
        "{number}": str(dice.randint(-5, 10 ** dice.randint(1, 25))),
    }
    path = dice.choice(PATHS)
    for slot, words in filled.items():
        path = path.replace(slot, quoted(dice, words))
    if dice.random() < 0.5:
        path += "?" + "&".join(
            f"{dice.choice(KEYS)}={quoted(dice, text(dice))}" for _ in range(dice.randint(1, 4))
        )
    headers = {
        "Content-Type": dice.choice(
            ("application/json", "application/json", "text/plain", "multipart/form-data", "x/" + "y" * 200)
        )
    }
    if dice.random() < 0.1:
        headers["X-Easel-Proof"] = dice.choice(("", "0" * 64, "é" * 30))
    if dice.random() < 0.1:
        headers["Range"] = dice.choice(("bytes=0-", "bytes=9-1", "bytes=-1", "lines=1", f"bytes={'9' * 40}-"))
    if dice.random() < 0.05:
        headers["Cookie"] = dice.choice(
            ("easel=", "easel=;;;=", "easel=" + "a" * 3000, 'easel="\\x00"', "=;=;=")
        )
    body = json.dumps({dice.choice(KEYS): value(dice, ids) for _ in range(dice.randint(0, 5))}).encode()
    if dice.random() < 0.2 and body:
        at = dice.randrange(len(body))
        body = body[:at] + dice.randbytes(dice.randint(0, 8)) + body[at + 1 :]
    method = dice.choice(METHODS)
    if path.startswith("/api/session") and method == "DELETE":
        method = "GET"  # signing out would end the test, not the server
    return method, path, headers, body


async def files_of(world, user_id):
    """The files that a user's jobs and uploads have."""
    rows = await world.database.rows(
        "SELECT file FROM pictures JOIN jobs ON job_id = jobs.id WHERE user_id = :user"
        " UNION SELECT file FROM inputs JOIN jobs ON job_id = jobs.id WHERE user_id = :user"
        " UNION SELECT json_extract(data, '$.picture') FROM panels WHERE user_id = :user",
        {"user": user_id},
    )
    return {row[0] for row in rows if row[0] is not None}


async def test_ten_thousand_mutated_requests_break_nothing(world, alice, bob, monkeypatch):
    monkeypatch.setattr(
        Limits, "wait", lambda *_: 0.0
    )  # the bound on how many there may be would hide the rest
    await world.imagine("a fox --seed 3")
    await world.bob.slash(world.channel, "imagine", prompt="a cat --stealth")
    ids = [each["id"] for each in await alice.wall()]
    before = files(world)
    dice = random.Random(26)
    wanted = [request(dice, ids) for _ in range(REQUESTS)]
    statuses: list[int] = []

    async def ask(part):
        for method, path, headers, body in part:
            status, _, _ = await bob.ask(
                method, path, headers=headers, data=body if method != "HEAD" else None
            )
            statuses.append(status)

    await asyncio.gather(*(ask(wanted[start::AT_ONCE]) for start in range(AT_ONCE)))
    assert len(statuses) == REQUESTS
    assert [status for status in statuses if status >= 500] == []
    assert {200, 400, 403, 404, 405} <= set(statuses)
    assert [each["id"] for each in await alice.wall()] == ids
    assert files(world) == before | await files_of(world, world.bob.id)  # he may make pictures of his own
