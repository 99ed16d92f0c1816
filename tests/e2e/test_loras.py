"""LoRAs over the wire, with the real bot and the real model: named, varied, remixed, listed, mistyped."""

import pytest
from PIL import ImageStat

from engine.pictures import provenance
from playground import Message, Person, Remote
from tests.e2e.conftest import PATIENCE, Bot
from tests.e2e.pictures import picture

pytestmark = pytest.mark.asyncio(loop_scope="module")


def finished(message: Message) -> bool:
    return bool(message.attachments) and "V4" in message.buttons


async def imagine(person: Person, prompt: str) -> Message:
    used = await person.slash("general", "imagine", prompt=prompt)
    assert not used.failed
    return await person.remote.wait_until(
        lambda: next((m for m in used.messages if finished(m)), None), PATIENCE, f"the grid of {prompt!r}"
    )


async def lightness(discord: Remote, message: Message) -> float:
    """The mean of a message's picture, in levels."""
    grid = picture(await discord.download(message.attachments[0]))
    return ImageStat.Stat(grid.convert("L")).mean[0]


async def test_a_prompt_with_two_loras_goes_through_all_buttons(
    bot: Bot, discord: Remote, ada: Person
) -> None:
    prompt = "a red circle on a white background <lora:indigo:0.9> <lora:spotlight:0.4> --q 0.5 --seed 7"
    plain = await imagine(ada, "a red circle on a white background --seed 7 --q .5")
    grid = await imagine(ada, prompt)
    assert grid.content.replace("\\", "").startswith(f"**{prompt}** - ")
    assert await lightness(discord, grid) < 0.6 * await lightness(discord, plain)
    said = provenance.read(await discord.download(grid.attachments[0]))
    assert said["prompt"] == prompt
    assert said["spec"]["loras"] == [
        {"name": "indigo", "weight": 0.9},
        {"name": "spotlight", "weight": 0.4},
    ]

    used = await ada.click(grid, "U2")
    single = await discord.wait_until(
        lambda: next((m for m in used.messages if m.attachments), None), PATIENCE, "the single picture"
    )
    assert "Image #2" in single.content
    used = await ada.click(grid, "V3")
    varied = await discord.wait_until(
        lambda: next((m for m in used.messages if finished(m)), None), PATIENCE, "the variations"
    )
    assert "<lora:indigo:0.9>" in varied.content
    assert await lightness(discord, varied) < 0.6 * await lightness(discord, plain)


async def test_a_remix_with_another_lora(bot: Bot, discord: Remote, ada: Person) -> None:
    grid = await imagine(ada, "a green tree on a white background <lora:indigo:1> --seed 9 --q .5")
    await (await ada.slash("general", "prefer remix")).message(PATIENCE)
    pressed = await ada.click(grid, "V1")
    assert pressed.modal is not None
    prompt = "a green tree on a white background <lora:dawn:1>"
    sent = await ada.submit_modal(pressed, {"New prompt": prompt})
    remixed = await discord.wait_until(
        lambda: next((m for m in sent.messages if finished(m)), None), PATIENCE, "the remix"
    )
    await (await ada.slash("general", "prefer remix")).message(PATIENCE)
    assert "<lora:dawn:1>" in remixed.content
    assert "indigo" not in remixed.content
    assert await lightness(discord, remixed) > await lightness(discord, grid)


async def test_those_that_are_here_are_listed_with_pictures(bot: Bot, discord: Remote, lin: Person) -> None:
    used = await lin.slash("general", "loras")

    def pictured(message: Message) -> bool:
        return len(message.embeds) == 3 and all("thumbnail" in embed for embed in message.embeds)

    listed = await discord.wait_until(
        lambda: next((m for m in used.messages if pictured(m)), None), PATIENCE, "three pictures"
    )
    assert listed.ephemeral
    assert [embed["description"].split("`")[1] for embed in listed.embeds] == [
        "<lora:dawn:1>",
        "<lora:indigo:1>",
        "<lora:spotlight:1>",
    ]
    for embed in listed.embeds:
        assert picture(await discord.download(embed["thumbnail"]["url"])).size == (256, 256)


async def test_an_unknown_name_and_a_weight_that_cannot_be(bot: Bot, ada: Person, lin: Person) -> None:
    grid = await imagine(lin, "a blue car <lora:spotligth:1> --q .25")
    told = "\n".join([grid.content, *(embed.get("description", "") for embed in grid.embeds)])
    assert "There is no LoRA “spotligth” here: left out. Nearest: spotlight." in told
    used = await lin.slash("general", "imagine", prompt="a blue car <lora:dawn:3>")
    [embed] = (await used.message(PATIENCE)).embeds
    assert embed["title"] == "Invalid prompt"
    assert "<lora:dawn:3>" in embed["description"]
