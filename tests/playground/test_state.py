"""What a state file keeps, and several people."""

from pathlib import Path

import pytest

from playground import Playground, Refused, Remote
from tests.playground.conftest import png


async def test_messages_people_and_files_outlive_the_server(tmp_path: Path) -> None:
    file = tmp_path / "world.json"
    async with Playground(state=file) as first, Remote(first.url) as remote:
        bo = await remote.add_person("bo")
        await bo.say("general", "I was here", ("cat.png", png()))
    async with Playground(state=file) as second, Remote(second.url) as remote:
        [message] = await remote.person("bo").messages("general")
        assert message.content == "I was here"
        assert await remote.download(message.attachments[0]) == png()
        later = await remote.person("ada").say("general", "and now?")
        assert later.id > message.id


async def test_without_a_file_nothing_is_kept(remote: Remote, playground: Playground) -> None:
    said = await remote.person("ada").say("general", "", ("cat.png", png()))
    path = playground.hub.files.path(said.attachments[0].id)
    assert path.is_file()
    await playground.stop()
    assert not path.exists()


async def test_a_person_edits_and_deletes_only_what_they_wrote(remote: Remote) -> None:
    ada, lin = remote.person("ada"), remote.person("lin")
    said = await lin.say("@ada", "hm")
    with pytest.raises(Refused, match="author"):
        await ada.delete(said)
    await lin.delete(said)
    await ada.wait_gone(said)


async def test_people_see_only_their_own_direct_messages(remote: Remote) -> None:
    bo = await remote.add_person("bo")
    said = await remote.person("ada").say("@lin", "between us")
    assert [m.content for m in await remote.person("lin").messages(said.channel_id)] == ["between us"]
    with pytest.raises(Refused, match="sees no channel"):
        await bo.messages(said.channel_id)


async def test_a_setting_that_does_not_exist_is_refused(remote: Remote) -> None:
    with pytest.raises(Refused, match="no setting"):
        await remote.change(speed=3)
    with pytest.raises(Refused, match="wants bool"):
        await remote.change(rate_limits=3)
