"""`easel doctor` asks Discord: the token, the named channels, the clock; and looks at the disk."""

import sqlite3
from collections import namedtuple
from contextlib import closing

import pytest

from bot.config import BadSetting
from bot.memory.database import Database
from bot.program import discord_check
from bot.program.discord_check import NEEDED, checked, permissions
from bot.program.doctor import findings
from playground import Playground
from tests.bot.world import settings_in

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.abcdef.abcdefghijklmnopqrstuvwxyz"
ALL = sum(NEEDED.values())


@pytest.fixture
async def discord():
    async with Playground(token=TOKEN) as server:
        yield server


def settings(discord, folder, token=TOKEN):
    return settings_in(folder, discord_token=token, discord_api_url=discord.api_url)


async def test_a_token_that_discord_knows_is_told_by_its_name(discord, tmp_path):
    [said] = await checked(settings(discord, tmp_path))
    assert "no privileged intent" in said


async def test_another_token_is_refused(discord, tmp_path):
    with pytest.raises(BadSetting, match=r"^DISCORD_TOKEN: Discord does not know"):
        await checked(settings(discord, tmp_path, token=TOKEN.replace("abcdef", "zzzzzz")))


async def test_a_discord_that_cannot_be_reached_is_one_sentence(tmp_path, unused_tcp_port):
    with pytest.raises(BadSetting, match="cannot be reached"):
        await checked(
            settings_in(
                tmp_path, discord_token=TOKEN, discord_api_url=f"http://127.0.0.1:{unused_tcp_port}/v10"
            )
        )


async def test_a_clock_that_is_off_is_named_with_its_mend(discord, tmp_path, monkeypatch):
    then = discord_check.time.time() + 3600
    clock = namedtuple("Clock", "time")
    monkeypatch.setattr(discord_check, "time", clock(lambda: then))
    with pytest.raises(BadSetting, match=r"the clock is \+3[56]\d\d s .* NTP"):
        await checked(settings(discord, tmp_path))


async def test_a_named_channel_that_is_gone_is_told(discord, tmp_path):
    async with Database.opened(tmp_path / "easel.db"):
        pass
    with closing(sqlite3.connect(tmp_path / "easel.db")) as made:
        made.execute("INSERT INTO channels VALUES (12, 34)")
        made.commit()
    with pytest.raises(BadSetting, match="channel 12 cannot be seen"):
        await checked(settings(discord, tmp_path))


def guild(everyone=0, **roles):
    named = [{"id": name, "permissions": str(bits)} for name, bits in roles.items()]
    return {"id": "1", "owner_id": "9", "roles": [{"id": "1", "permissions": str(everyone)}, *named]}


def overwrite(id_, allow=0, deny=0):
    return {"id": id_, "allow": str(allow), "deny": str(deny)}


@pytest.mark.parametrize(
    ("server", "changes", "granted"),
    [
        (guild(ALL), [], ALL),
        (guild(0, easel=ALL), [], ALL),
        (guild(0, other=ALL), [], 0),
        (guild(ALL), [overwrite("1", deny=ALL)], 0),
        (guild(ALL), [overwrite("1", deny=ALL), overwrite("easel", allow=1 << 10)], 1 << 10),
        (guild(ALL), [overwrite("easel", deny=ALL), overwrite("7", allow=ALL)], ALL),
        (guild(ALL), [overwrite("other", deny=ALL)], ALL),
        (guild(0, easel=1 << 3), [overwrite("1", deny=ALL)], ~0),
    ],
)
def test_permissions_are_counted_as_discord_counts_them(server, changes, granted):
    member = {"user": {"id": "7"}, "roles": ["easel"]}
    assert permissions(server, {"permission_overwrites": changes}, member) == granted


def test_a_full_disk_is_named(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    usage = namedtuple("Usage", "free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**8))
    [disk] = [each for each in findings(tmp_path / ".env") if each.about == "disk"]
    assert not disk.ok
    assert "0.1 GB are free" in disk.sentence


def test_a_name_that_is_no_setting_is_to_be_mended(tmp_path):
    file = tmp_path / ".env"
    file.write_text(f"EASEL_DATA={tmp_path}\nEASEL_MODLE=sdxl\n")
    about = {each.about: each for each in findings(file)}
    assert not about["configuration"].ok
    assert "did you mean EASEL_MODEL?" in about["configuration"].sentence
    assert about["disk"].ok
