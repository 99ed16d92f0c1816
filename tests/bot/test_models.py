"""Models in Discord: members choose among those that are here; operators fetch, add and remove them."""

import shutil

import pytest

from bot.jobs.models import Models
from engine import Registry
from engine.models import fetching, ordering
from engine.planning.registry import ADDED
from tests.bot.test_operators import refused
from tests.bot.test_settings import HOUSE
from tests.engine.test_fetching import FILES, OWN, SIZE, at_hub
from tests.engine.test_recognising import LAYER, lora_bytes
from tests.hub import hub_in


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(fetching, "WAITS", (0.0, 0.0))
    monkeypatch.setattr("bot.jobs.models.EDIT_EVERY", 0.0)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    with hub_in(tmp_path / "hub") as hub:
        at_hub(hub.url, monkeypatch)
        hub.add("somebody/far", FILES)
        yield hub


async def later(world, command, **options):
    """What a refusal says that comes after the answer was put off."""
    await world.slash(command, **options)
    sent = [what for kind, name, what in world.env.backend.transcript if isinstance(what, dict)]
    return next(what for what in reversed(sent) if what.get("embeds"))["embeds"][0]["description"]


async def listing(world, text):
    """A list of this machine, known to the bot."""
    (world.settings.easel_data / ADDED).write_text(text)
    await world.bot.hub.models.refresh()


async def test_members_may_not_fetch_or_change_anything(world, operator, hub):
    await listing(world, OWN)
    for command, options in (
        ("pull", {"model": "far"}),
        ("add", {"source": "somebody/far"}),
        ("remove", {"model": "far"}),
        ("check", {"model": "pocket"}),
    ):
        assert "operators" in await refused(
            await world.bob.slash(world.channel, f"easel models {command}", **options)
        )
    assert hub.asked == []


async def test_a_pull_says_its_size_first_and_waits_for_the_button(world, operator, hub):
    await listing(world, OWN)
    hub.licences["somebody/far"] = "openrail"
    asked = await world.slash("easel models pull", model="far")
    message = asked.response.message
    assert asked.ephemeral
    assert ordering.gigabytes(SIZE) in message.content
    assert "openrail" in message.content
    assert hub.served.get("vocab.json") is None
    assert "far" not in world.bot.hub.models.here
    await world.press(message, f"Fetch {ordering.gigabytes(SIZE)}")
    assert "far" in world.bot.hub.models.here
    assert world.engine.registry.get("far").on_this_machine()
    listed = (await world.slash("easel models list")).response.content
    assert "⚪ `far` Far" in listed
    assert "already" in await later(world, "easel models pull", model="far")


async def test_no_fetches_nothing_and_a_question_is_answered_once(world, operator, hub):
    await listing(world, OWN)
    message = (await world.slash("easel models pull", model="far")).response.message
    await world.press(message, "No")
    assert "far" not in world.bot.hub.models.here
    assert not (world.settings.easel_data.parent / "cache").exists()


async def test_what_the_hub_says_reaches_the_operator(world, operator, hub):
    await listing(world, OWN)
    message = (await world.slash("easel models pull", model="far")).response.message
    hub.denied["somebody/far"] = 403
    await world.press(message, f"Fetch {ordering.gigabytes(SIZE)}")
    edits = [
        what for kind, name, what in world.env.backend.transcript if name.endswith("/messages/@original")
    ]
    assert "Accept its licence" in edits[-1]["content"]
    hub.down = True
    assert "503" in await later(world, "easel models pull", model="far")
    assert (await world.imagine("a fox")).attachments


async def test_a_model_is_added_offered_to_members_and_removed(world, operator, tmp_path):
    house = shutil.copytree(HOUSE.split('source = "')[1].split('"')[0], tmp_path / "house")
    said = (await world.slash("easel models add", source=str(house))).response.content
    assert "family sd" in said
    assert "house" in world.bot.hub.models.here
    assert world.engine.registry.get("house").folder == house
    message = (await world.slash("easel models remove", model="house")).response.message
    assert "stays" in message.content
    await world.press(message, "Remove")
    assert "house" not in world.bot.hub.models.here
    assert (house / "model_index.json").exists()


async def test_files_are_added_told_and_removed(world, operator, tmp_path):
    home = tmp_path / "downloads"
    home.mkdir()
    (home / "Ink.safetensors").write_bytes(lora_bytes(LAYER))
    (home / "old.ckpt").write_bytes(b"\x80\x02}")
    said = (await world.slash("easel models add", source=str(home / "Ink.safetensors"))).response.content
    assert "A LoRA for Stable Diffusion XL" in said
    assert "`<lora:Ink:1> ghibli style` in a prompt" in said
    assert world.engine.registry.lora("Ink").folder == home / "Ink.safetensors"
    (home / "Mist.safetensors").write_bytes(lora_bytes(LAYER))
    said = (await world.slash("easel models add", source=str(home))).response.content.splitlines()
    assert len(said) == 3
    assert "It is in the list already, as Ink." in said[0]
    assert "added as `Mist`" in said[1]
    assert "pickle" in said[2]
    message = (await world.slash("easel models remove", model="Ink")).response.message
    await world.press(message, "Remove")
    assert [lora.name for lora in world.engine.registry.loras if lora.family == "sdxl"] == ["Mist"]
    assert (home / "Ink.safetensors").exists()


async def test_a_lora_of_the_hub_is_pulled_with_its_size_first(world, operator, hub):
    hub.add("somebody/Ink-XL", {"pytorch_lora_weights.safetensors": lora_bytes(LAYER)})
    said = (await world.slash("easel models add", source="somebody/Ink-XL")).response.content
    assert "`/easel models pull model:Ink-XL` fetches it" in said
    message = (await world.slash("easel models pull", model="Ink-XL")).response.message
    size = ordering.gigabytes(len(lora_bytes(LAYER)))
    assert size in message.content
    await world.press(message, f"Fetch {size}")
    assert world.engine.registry.lora("Ink-XL").path() is not None
    assert "already" in await later(world, "easel models pull", model="Ink-XL")


async def test_the_default_model_stays(world, operator):
    assert "default model" in await refused(await world.slash("easel models remove", model="pocket"))


async def test_a_wrong_entry_is_told_and_the_rest_goes_on(world, operator):
    await listing(world, OWN + "colour = 1" + HOUSE)
    listed = (await world.slash("easel models list")).response.content
    assert "colour" in listed
    assert "`house`" in listed
    assert (await world.imagine("a fox")).attachments


async def test_a_version_of_a_model_of_ones_own_is_offered(world, operator):
    await listing(world, HOUSE)
    found = await world.bob.autocomplete(world.channel, "imagine", "prompt", "a fox --v 7")
    assert any("--v 77" in str(getattr(choice, "value", choice)) for choice in found)


async def test_what_is_not_here_cannot_be_loaded(world, operator):
    assert "pull" in await refused(await world.slash("easel models load", model="sdxl"))


@pytest.mark.parametrize("settings", [{"easel_model": "far"}], indirect=True)
async def test_a_default_model_that_is_not_here_is_fetched_and_made_known(settings, engine, hub):
    settings.easel_data.mkdir(parents=True)
    (settings.easel_data / ADDED).write_text(OWN)
    models = Models(Registry.load(data=settings.easel_data), engine, settings)
    await models.look()
    assert "far" not in models.here
    await models.have("far")
    assert "far" in models.here
    assert engine.registry.get("far").chosen_here


@pytest.mark.parametrize("settings", [{"easel_model": "far"}], indirect=True)
async def test_a_default_model_that_cannot_be_had_stops_nothing_and_is_had_later(settings, engine, hub):
    settings.easel_data.mkdir(parents=True)
    (settings.easel_data / ADDED).write_text(OWN)
    hub.denied["somebody/far"] = 403
    models = Models(Registry.load(data=settings.easel_data), engine, settings)
    await models.look()
    await models.have("far")
    assert "far" not in models.here
    hub.denied.clear()
    await models.have("far")
    assert "far" in models.here
