"""`easel setup`: asks for token, model and device, writes `.env`, and prints the link that invites the bot.

What stands in an `.env` already stays, but for what was asked. Knows nothing of how the settings are used.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from bot.config import BadSetting, env_example, load
from bot.program.discord_check import NEEDED, PATIENCE

__all__ = ["PERMISSIONS", "application_of", "invitation", "written"]

PERMISSIONS = sum(NEEDED.values()) | 1 << 38
"""What the invitation asks for: the permissions that `easel doctor` checks, and Send Messages in Threads."""


async def application_of(token: str, base: str, proxy: str) -> dict[str, Any] | None:
    """The application that a token belongs to; None when Discord does not know it. Raises BadSetting."""
    headers = {"Authorization": f"Bot {token}"}
    try:
        async with (
            aiohttp.ClientSession(headers=headers, timeout=PATIENCE, trust_env=True) as session,
            session.get(f"{base}/applications/@me", proxy=proxy or None) as answer,
        ):
            if answer.status in (401, 403):
                return None
            answer.raise_for_status()
            found: dict[str, Any] = await answer.json()
            return found
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise BadSetting(f"Discord cannot be reached ({error or 'no answer'}); nothing was written") from None


def invitation(application_id: str) -> str:
    """The link by which whoever runs a server invites the bot, with all that it needs and no more."""
    return (
        f"https://discord.com/oauth2/authorize?client_id={application_id}"
        f"&scope=bot+applications.commands&permissions={PERMISSIONS}"
    )


def written(file: Path, values: Mapping[str, str], check: Callable[[Path], object] = load) -> None:
    """Put values into an `.env`, made of the example where there is none. Raises BadSetting, writing nothing.

    Only its owner can read the file: the token is in it.
    """
    text = file.read_text(encoding="utf-8") if file.exists() else env_example()
    for name, value in values.items():
        line = f"{name}={value}"
        text, found = re.subn(rf"(?m)^{name}=.*$", lambda _, line=line: line, text)  # type: ignore[misc]
        if not found:
            text = f"{text.rstrip()}\n\n{line}\n"
    new = file.with_name(f".{file.name}.new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    try:
        check(new)
    except BadSetting:
        new.unlink()
        raise
    new.replace(file)
