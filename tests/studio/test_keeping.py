"""What people do with their own pictures: folders, deleting, taking them along."""

import io
import zipfile

import pytest

from tests.bot.test_deleting import files
from tests.bot.test_my_data import delete_all, rows_with


async def made(alice, name="Foxes"):
    status, said = await alice.post("folders", {"name": name})
    assert status == 200
    return said["id"]


async def ids(visitor, **filters):
    return [each["id"] for each in await visitor.wall(**filters)]


async def test_a_folder_holds_what_was_put_into_it(world, alice):
    await world.imagine("a fox")
    pictures, folder = await ids(alice), await made(alice)
    await alice.post(f"folders/{folder}", {"pictures": pictures[:3], "into": True})
    await alice.post(f"folders/{folder}", {"pictures": pictures[:1], "into": True})
    assert await ids(alice, folder=folder) == pictures[:3]
    _, told = await alice.get(f"pictures/{pictures[0]}")
    assert told["folders"] == [folder]
    await alice.post(f"folders/{folder}", {"pictures": pictures[1:2], "into": False})
    assert await ids(alice, folder=folder) == [pictures[0], pictures[2]]
    _, choices = await alice.get("filters")
    assert choices["folders"] == [{"id": folder, "name": "Foxes", "pictures": 2}]


async def test_a_folder_gets_another_name_and_goes_without_its_pictures(world, alice):
    await world.imagine("a fox")
    pictures, folder = await ids(alice), await made(alice)
    await alice.post(f"folders/{folder}", {"pictures": pictures, "into": True})
    assert (await alice.ask("PATCH", f"/api/folders/{folder}", json={"name": "  Red \n foxes "}))[0] == 200
    assert (await alice.get("filters"))[1]["folders"][0]["name"] == "Red foxes"
    assert (await alice.ask("DELETE", f"/api/folders/{folder}"))[0] == 200
    assert (await alice.get("filters"))[1]["folders"] == []
    assert await ids(alice) == pictures
    assert (await alice.ask("DELETE", f"/api/folders/{folder}"))[0] == 404


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "Foxes", " Foxes "])
async def test_a_name_that_does_not_do_is_refused_with_a_sentence(alice, name):
    await made(alice)
    status, said = await alice.post("folders", {"name": name})
    assert status == 409
    assert said["error"].endswith(".")


async def test_a_folder_is_its_owners_alone(world, alice, bob):
    await world.imagine("a fox")
    pictures, folder = await ids(alice), await made(alice)
    await alice.post(f"folders/{folder}", {"pictures": pictures, "into": True})
    assert await bob.wall(folder=folder) == []
    await world.bob.slash(world.channel, "imagine", prompt="a cat")
    bobs = await ids(bob)
    for method, path, body in (
        ("POST", f"/api/folders/{folder}", {"pictures": bobs, "into": True}),
        ("PATCH", f"/api/folders/{folder}", {"name": "Mine"}),
        ("DELETE", f"/api/folders/{folder}", None),
    ):
        assert (await bob.ask(method, path, json=body))[0] == 404
    assert await ids(alice, folder=folder) == pictures


async def test_deleting_takes_the_message_the_rows_and_the_files(world, alice):
    await world.imagine("a fox")
    await world.imagine("a fish")
    fox = (await ids(alice, words="fox"))[0]
    folder = await made(alice)
    await alice.post(f"folders/{folder}", {"pictures": [fox], "into": True})
    await alice.post("favourites", {"pictures": [fox], "favourite": True})
    before = files(world)
    status, said = await alice.post("deletions", {"pictures": [fox]})
    assert (status, said["jobs"]) == (200, [fox[:-2]])
    assert ["a fish" in message.content for message in world.messages()] == [True]
    assert len(files(world)) == len(before) - 4
    assert await ids(alice, words="fox") == []
    assert await ids(alice, folder=folder) == []
    assert (await alice.ask("GET", f"/pictures/{fox}"))[0] == 404
    assert (await alice.post("deletions", {"pictures": [fox]}))[0] == 404


@pytest.mark.parametrize("path", ["favourites", "deletions"])
async def test_what_is_somebody_elses_is_not_changed(world, alice, bob, path):
    await world.imagine("a fox")
    pictures = await ids(alice)
    status, said = await bob.post(path, {"pictures": pictures, "favourite": True})
    assert (status, said) == (404, {"error": "There is nothing here for you."})
    assert await ids(alice) == pictures
    assert await ids(alice, favourites=1) == []


@pytest.mark.parametrize("pictures", [None, [], "x", [1], [None], [[]], {"a": 1}, ["x"] * 1001])
async def test_what_names_no_pictures_is_refused(alice, pictures):
    for path in ("favourites", "deletions", "downloads"):
        assert (await alice.post(path, {"pictures": pictures}))[0] == 400


async def test_pictures_are_taken_along_as_one_archive(world, alice, bob):
    await world.imagine("a fox")
    pictures = await ids(alice)
    _, asked = await alice.post("downloads", {"pictures": pictures[:3]})
    assert (await bob.ask("GET", f"/downloads/{asked['download']}"))[0] == 404
    status, data, answer = await alice.ask("GET", f"/downloads/{asked['download']}")
    assert (status, answer.headers["Content-Type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 3
        for name, picture in zip(archive.namelist(), pictures, strict=False):
            assert picture[:-2] in name
            assert archive.read(name) == (await alice.ask("GET", f"/pictures/{picture}"))[1]


async def test_whoever_asks_for_many_archives_takes_away_nobody_elses(world, alice, bob):
    await world.imagine("a fox")
    picture = {"pictures": (await ids(alice))[:1]}
    _, waiting = await alice.post("downloads", picture)
    asked = [(await bob.post("downloads", picture))[1]["download"] for _ in range(210)]
    assert (await alice.ask("GET", f"/downloads/{waiting['download']}"))[0] == 200
    assert (await bob.ask("GET", f"/downloads/{asked[0]}"))[0] == 404
    assert [(await bob.ask("GET", f"/downloads/{each}"))[0] for each in asked[-5:]] == [200] * 5


async def test_delete_my_data_takes_folders_too(world, alice):
    await world.imagine("a fox")
    folder = await made(alice)
    await alice.post(f"folders/{folder}", {"pictures": await ids(alice), "into": True})
    await delete_all(world)
    assert await rows_with(world, world.alice.id) == set()
    assert await rows_with(world, "Foxes") == set()
