"""What Discord says of this bot, for `easel doctor`: its token, its rights in the named channels, the time.

Asks over plain HTTP and changes nothing. Knows nothing of gateways, and loads no discord.py.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import aiohttp

from bot.config import BadSetting, Settings

__all__ = ["checked"]

NEEDED = {
    "View Channel": 1 << 10,
    "Send Messages": 1 << 11,
    "Embed Links": 1 << 14,
    "Attach Files": 1 << 15,
    "Read Message History": 1 << 16,
}
"""What the bot does in a channel, and the bit of each permission."""

ADMINISTRATOR = 1 << 3
CLOCK_OFF = 30.0  # seconds after which Discord's tokens and ours no longer agree on what is in time
PATIENCE = aiohttp.ClientTimeout(total=15)


async def checked(settings: Settings) -> list[str]:
    """What is as it should be, in sentences. Raises BadSetting with one that says how to mend what is not."""
    headers = {"Authorization": f"Bot {settings.discord_token.get_secret_value()}"}
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=PATIENCE, trust_env=True) as session:
            ask = _Asking(session, settings.discord_api_url, settings.easel_proxy or None)
            me = await ask("/users/@me")
            if me is None:
                raise BadSetting("DISCORD_TOKEN: Discord does not know this token; reset it and copy it anew")
            said = [f"Discord knows the token as {me['username']}; no privileged intent is needed"]
            if ask.clock_off is not None and abs(ask.clock_off) > CLOCK_OFF:
                off = f"{ask.clock_off:+.0f} s"
                raise BadSetting(
                    f"the clock is {off} from Discord's; set it by NTP (`timedatectl set-ntp true`)"
                )
            named = _named_channels(settings.easel_data / "easel.db")
            lacking = [
                line for guild, channel in named if (line := await _lacking(ask, me["id"], guild, channel))
            ]
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise BadSetting(f"Discord cannot be reached ({error or 'no answer'}); is there a proxy?") from None
    if lacking:
        raise BadSetting("; ".join(lacking))
    if named:
        said.append(f"the {len(named)} named channels give all that is needed")
    return said


class _Asking:
    """Questions to Discord's REST; an answer of 401, 403 or 404 is None. Notes how far our clock is off."""

    def __init__(self, session: aiohttp.ClientSession, base: str, proxy: str | None) -> None:
        self._session = session
        self._base = base
        self._proxy = proxy
        self.clock_off: float | None = None

    async def __call__(self, path: str) -> Any:
        async with self._session.get(self._base + path, proxy=self._proxy) as answer:
            if date := answer.headers.get("Date"):
                self.clock_off = time.time() - parsedate_to_datetime(date).timestamp()
            if answer.status in (401, 403, 404):
                return None
            answer.raise_for_status()
            return await answer.json()


def _named_channels(database: Path) -> list[tuple[int, int]]:
    """The servers and channels that operators named; none where there is no database yet."""
    if not database.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT guild_id, channel_id FROM channels").fetchall()
    except sqlite3.Error:
        return []  # the check of the database says so


async def _lacking(ask: _Asking, me: str, guild_id: int, channel_id: int) -> str:
    """What the bot may not do in a channel, as a sentence; empty where it may do all."""
    channel = await ask(f"/channels/{channel_id}")
    guild = await ask(f"/guilds/{guild_id}")
    member = await ask(f"/guilds/{guild_id}/members/{me}")
    if channel is None or guild is None or member is None:
        return f"channel {channel_id} cannot be seen; invite the bot anew, or unname the channel"
    granted = permissions(guild, channel, member)
    missing = [name for name, bit in NEEDED.items() if not granted & bit]
    where = channel.get("name", channel_id)
    return f"#{where}: give the bot {', '.join(missing)}" if missing else ""


def permissions(guild: dict[str, Any], channel: dict[str, Any], member: dict[str, Any]) -> int:
    """A member's permissions in a channel: everyone's and their roles', then what the channel changes."""
    everyone, roles = guild["id"], set(member["roles"])
    granted = 0
    for role in guild["roles"]:
        if role["id"] == everyone or role["id"] in roles:
            granted |= int(role["permissions"])
    if granted & ADMINISTRATOR or guild.get("owner_id") == member["user"]["id"]:
        return ~0
    layers = {each["id"]: each for each in channel.get("permission_overwrites", [])}
    for names in ({everyone}, roles - {everyone}, {member["user"]["id"]}):
        found = [layers[name] for name in names if name in layers]
        for each in found:
            granted &= ~int(each["deny"])
        for each in found:
            granted |= int(each["allow"])
    return granted
