"""Language models: what they are sent, what becomes of their answers, that a failing one loses nothing."""

import base64
import struct
from dataclasses import replace

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.jobs.words import Words, words_of
from bot.text.expanding import fit, lost
from tests.bot.chat_server import chat_server
from tests.bot.sketch import SketchEngine, png
from tests.bot.world import settings_in

PLAN = "Subject: two red foxes\nCounts: two\nRelations: side by side\nSetting: snow\nStyle: soft light"
LONG = "Two red foxes in deep snow, side by side under a pale winter sky, soft light"


class Writer:
    """Says the plan first, then the text."""

    def __init__(self, *said: str) -> None:
        self.said, self.asked = list(said), []

    async def say(self, task: str, text: str, picture: bytes | None = None) -> str:
        self.asked.append((task, text, picture))
        return self.said[(len(self.asked) - 1) % len(self.said)]

    async def close(self) -> None:
        """Holds nothing."""


async def over_the_wire(tmp_path, url: str, **more: object) -> Words:
    said = {"easel_writer": url, "easel_viewer": url, "easel_writer_key": SecretStr("secret")}
    return words_of(settings_in(tmp_path, **(said | more)), SketchEngine())


async def test_two_questions_are_asked_and_the_text_that_comes_is_drawn(tmp_path):
    seen: list[web.Request] = []
    bodies = []

    def say(body):
        bodies.append(body)
        return PLAN if len(bodies) == 1 else LONG

    async with chat_server(say, seen) as url:
        words = await over_the_wire(tmp_path, url, easel_writer_model="small")
        found = await words.expanded("two red foxes in the snow")
        await words.close()
    assert found.text == LONG
    assert found.notes[0] == "Expanded from: two red foxes in the snow"
    assert found.notes[1].startswith("Plan: Subject: two red foxes · Counts: two")
    assert [request.headers["Authorization"] for request in seen] == ["Bearer secret"] * 2
    assert {body["model"] for body in bodies} == {"small"}
    assert "two red foxes in the snow" in bodies[0]["messages"][1]["content"]
    assert PLAN in bodies[1]["messages"][1]["content"]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (web.Response(status=500, text="secret trace"), "an error (500)"),
        (web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}), "an error (302)"),
        (web.Response(text="no json"), "cannot be read"),
        (web.json_response({"choices": []}), "cannot be read"),
        (web.Response(text="[" * 200_000), "cannot be read"),
        (web.json_response({"choices": [{"message": {"content": None}}]}), "said nothing"),
        (web.Response(body=b"x" * (2 << 20)), "more than can be read"),
    ],
)
async def test_a_broken_server_leaves_the_prompt_as_it_was_and_is_told(tmp_path, answer, told):
    async with chat_server(lambda body: answer) as url:
        words = await over_the_wire(tmp_path, url)
        found = await words.expanded("a red house")
        await words.close()
    assert found.text == "a red house"
    [note] = found.notes
    assert told in note
    assert "trace" not in note


THOUGHT = "<think>A fox, or two?\n{draft}</think>\n\n"


@pytest.mark.parametrize("thought", [THOUGHT, THOUGHT.removeprefix("<think>"), "\x00\ud800", ""])
async def test_what_a_model_thinks_is_not_taken_for_what_it_says(tmp_path, thought):
    async with chat_server(lambda body: thought + "Two red foxes in the snow") as url:
        words = await over_the_wire(tmp_path, url)
        assert (await words.expanded("two red foxes")).text == "Two red foxes in the snow"
        assert (await words.answer(png(30, 20), "How many?"))[0] == "Two red foxes in the snow"
        await words.close()


async def test_a_model_that_only_thinks_says_nothing(tmp_path):
    async with chat_server(lambda body: "<think>A fox, or two, or") as url:
        words = await over_the_wire(tmp_path, url)
        assert "said nothing" in (await words.expanded("a red house")).notes[0]
        await words.close()


async def test_a_slow_server_is_given_up_after_the_time_limit(tmp_path, monkeypatch):
    from bot import chat

    async with chat_server(lambda body: "") as url:
        slow = chat.Chat(url, seconds=0.2)
        found = await Words(slow, None, SketchEngine()).expanded("a red house")
        await slow.close()
    assert found.text == "a red house"
    assert "no answer within 0.2 seconds" in found.notes[0]


async def test_a_server_that_is_not_there_loses_nothing(tmp_path):
    async with chat_server(lambda body: PLAN) as url:
        pass
    words = await over_the_wire(tmp_path, url)
    assert (await words.expanded("a red house")).text == "a red house"
    await words.close()


@pytest.mark.parametrize(
    ("prompt", "expanded", "missing"),
    [
        ("two red foxes", "Two red foxes asleep", None),
        ("2 red foxes", "two red foxes asleep", None),
        ("a fox", "foxes in the snow", None),
        ("two red foxes", "red foxes asleep", "two"),
        ("a fox and an owl", "a fox on a hill", "owl"),
        ('a sign "OPEN late"', 'an old sign that reads "OPEN late"', None),
        ('a sign "OPEN late"', "an old sign that reads open late", "“OPEN late”"),
        ("três gatos", "três gatos dormindo", None),
        ("the fox's tail", "the bushy tail of the fox", None),
        ("the fox’s tail", "the bushy tail of a wolf", "fox"),
        ("雪地里的两只红狐狸", "两只红色的狐狸并肩站在白茫茫的雪地里，冬日柔光", None),
        ("雪地里的两只红狐狸", "雪地里有2只红狐狸", None),
        ("雪地里的两只红狐狸", "两只红色的狐狸，柔光", "雪"),
        ("雪の中の赤いきつね", "深い雪の中に座る一匹の赤いきつね、柔らかな光", None),
        ("雪の中の赤いきつね", "深い雪の中に座る赤い狼", "き"),
        ("赤いロボット", "夕暮れの街に立つ赤い巨大ロボット", None),
        ("赤いロボット", "夕暮れの街に立つ赤いロケット", "ロホット"),
        ("一只红狐狸 in the snow", "雪中的红狐狸 in deep snow", None),
    ],
)
def test_what_was_said_must_still_be_there(prompt, expanded, missing):
    assert lost(prompt, expanded) == missing


@pytest.mark.parametrize(
    ("written", "drawn"),
    [
        ('"a red\n house"', "a red house"),
        ("a house --ar 3:2", ""),
        ("a house :: 2", ""),
        ("a {red, blue} house", ""),
        ("see https://a.b/c.png", ""),
        ("<lora:x>", ""),
        ('Sure! Here is the prompt: "a red fox"', "a red fox"),
        ("Certainly, here’s a detailed prompt:\n\n**a red fox**\n\nLet me know if it fits!", "a red fox"),
        ("Prompt: a red fox", "a red fox"),
        ("**Detailed prompt:** a red fox", "a red fox"),
        ("/imagine prompt: a red fox", "a red fox"),
        ("**a red fox**", "a red fox"),
        ("*a red fox*", "a red fox"),
        ("```\na red fox\n```", "a red fox"),
        ("Here is it:\n```text\na red fox\n```\nEnjoy!", "a red fox"),
        ('{"prompt": "a red fox"}', "a red fox"),
        ('```json\n{"prompt": "a red fox"}\n```', "a red fox"),
        ('{"prompt": 3}', ""),
        ("\n" * 500_000 + "'" * 500_000, ""),
        ('{"a":' * 100_000, ""),
        ("I'm sorry, I can't help with that.", ""),
        ("I’m sorry, but I can’t draw a red fox.", ""),
        ("I cannot write about a red fox", ""),
        ("a red fox — bright and alert", "a red fox — bright and alert"),
        ('"OPEN" above a door, and "SHUT"', '"OPEN" above a door, and "SHUT"'),
        ("Okay-looking fox", "Okay-looking fox"),
        ("'the fox's tail'", "the fox's tail"),
        ("x" * 2000, ""),
    ],
)
def test_what_would_be_read_as_parameters_is_not_drawn(written, drawn):
    assert fit(written) == drawn


async def test_a_text_that_drops_a_word_is_not_taken(tmp_path):
    found = await Words(Writer(PLAN, "a fox"), None, SketchEngine()).expanded("two red foxes")
    assert found.text == "two red foxes"
    assert "left out two" in found.notes[0]


async def with_writer(world, *said):
    writer, hub = Writer(*said), world.bot.hub
    words = Words(writer, None, world.engine)
    world.bot.hub = replace(hub, words=words, drafting=replace(hub.drafting, words=words))
    return writer


async def test_the_prompt_as_run_is_the_expanded_one_with_every_parameter(world):
    await with_writer(world, PLAN, LONG)
    result = await world.slash("imagine", prompt="two red foxes in the snow --ar 3:2 --seed 7 --expand")
    message = result.response.message
    assert message.content.startswith(f"**{LONG} --ar 3:2 --seed 7** - ")
    told = message.embeds[0].description
    assert "Expanded from: two red foxes in the snow" in told
    assert "Plan: Subject: two red foxes" in told
    [job] = world.engine.seen
    assert job.plan.conditionings[0].text.startswith("Two red foxes in deep snow")
    assert (job.plan.width, job.plan.seeds[0]) == (320, 7)


@pytest.mark.parametrize("end", [" —ar 1:1", " —tile", " —no snow", " \\n snow --v 6", " ―seed 3", " ––tile"])
async def test_what_the_language_would_read_as_more_than_words_is_not_drawn(world, end):
    await with_writer(world, PLAN, LONG + end)
    result = await world.slash("imagine", prompt="two red foxes in the snow --ar 3:2 --seed 7 --expand")
    message = result.response.message
    assert message.content.startswith("**two red foxes in the snow --ar 3:2 --seed 7** - ")
    assert "what the language model wrote is no prompt" in message.embeds[0].description


async def test_a_dash_between_words_is_drawn(world):
    await with_writer(world, PLAN, f"{LONG} — bright—and alert")
    result = await world.slash("imagine", prompt="two red foxes in the snow --ar 3:2 --seed 7 --expand")
    assert result.response.message.content.startswith(f"**{LONG} — bright—and alert --ar 3:2 --seed 7** - ")


@pytest.mark.parametrize("settings", [{"easel_banned_words": "winter"}], indirect=True)
async def test_a_banned_word_of_the_writer_is_not_drawn(world):
    await with_writer(world, PLAN, LONG)
    result = await world.slash("imagine", prompt="two red foxes in the snow --seed 7 --expand")
    assert result.response.message.content.startswith("**two red foxes in the snow --seed 7** - ")
    assert "may not be used here" in result.response.message.embeds[0].description


async def test_without_a_writer_it_is_drawn_as_typed_and_said_so(world):
    result = await world.slash("imagine", prompt="a red house --seed 7 --expand")
    assert result.response.message.content.startswith("**a red house --seed 7** - ")
    assert "no language model is set up" in result.response.message.embeds[0].description


async def test_each_text_of_a_prompt_is_expanded_once_and_weights_are_left_alone(world):
    writer = await with_writer(world, PLAN, LONG)
    await world.slash("imagine", prompt="two red foxes in the snow --r 2 --seed 7 --expand")
    assert len(writer.asked) == 2
    await world.slash("imagine", prompt="a fox:: snow::2 --seed 7 --expand")
    assert len(writer.asked) == 2
    assert any("leaves prompts with weights" in note for note in world.engine.seen[-1].plan.notes)


def cut(said: str) -> web.Response:
    """An answer that the limit of tokens ended."""
    return web.json_response({"choices": [{"finish_reason": "length", "message": {"content": said}}]})


@pytest.mark.parametrize("at", [1, 2])
async def test_an_answer_that_is_cut_off_is_not_drawn(tmp_path, at):
    asked = []

    def say(body):
        asked.append(body)
        return cut(LONG) if len(asked) == at else PLAN if len(asked) == 1 else LONG

    async with chat_server(say) as url:
        words = await over_the_wire(tmp_path, url)
        found = await words.expanded("two red foxes in the snow")
        await words.close()
    assert found.text == "two red foxes in the snow"
    assert "cut off" in found.notes[0]


async def test_an_answer_about_a_picture_that_is_cut_off_ends_with_its_last_whole_sentence(tmp_path):
    said = ["Two foxes. They sit in 3.5 m of", "Two foxes that sit", "<think>Two foxes. They"]
    async with chat_server(lambda body: cut(said.pop(0))) as url:
        words = await over_the_wire(tmp_path, url)
        answer, [note] = await words.answer(png(30, 20), "How many?")
        assert (answer, "whole sentences" in note) == ("Two foxes.", True)
        for _ in range(2):
            answer, notes = await words.answer(png(30, 20), "How many?")
            assert (answer, "cut off" in notes[0]) == ("How many? One.", True)
        await words.close()


@pytest.mark.parametrize("status", [400, 500])
async def test_a_server_whose_model_takes_no_system_message_gets_the_task_from_the_user(tmp_path, status):
    bodies = []

    def say(body):
        bodies.append(body)
        if body["messages"][0]["role"] == "system":
            return web.json_response({"error": {"message": "System role not supported"}}, status=status)
        return PLAN if "You plan pictures." in body["messages"][0]["content"] else LONG

    async with chat_server(say) as url:
        words = await over_the_wire(tmp_path, url)
        assert (await words.expanded("two red foxes in the snow")).text == LONG
        await words.close()
    assert [body["messages"][0]["role"] for body in bodies] == ["system", "user", "user"]
    assert bodies[1]["messages"][0]["content"].endswith("\n\ntwo red foxes in the snow")


async def test_an_instruction_is_not_expanded_and_that_is_told(world):
    writer = await with_writer(world, PLAN, LONG)
    image = ("a.png", png(32, 48))
    await world.slash("imagine", prompt="make it night --edit --expand", image=image)
    await world.slash("edit", prompt="make it night --expand", image=image)
    assert all("no effect" in "".join(job.plan.notes) for job in world.engine.seen)
    panel = (await world.slash("settings")).response.message
    await world.press(panel, "Expand prompts")
    await world.slash("imagine", prompt="make it night --edit", image=image)
    assert not any("--expand" in note for note in world.engine.seen[-1].plan.notes)
    assert writer.asked == []
    assert all("expand" not in job.plan.conditionings[0].text for job in world.engine.seen)


async def test_the_setting_expands_every_prompt_until_it_is_taken_back(world):
    writer = await with_writer(world, PLAN, LONG)
    panel = (await world.slash("settings")).response.message
    await world.press(panel, "Expand prompts")
    await world.slash("imagine", prompt="two red foxes in the snow --seed 7")
    assert world.engine.seen[-1].plan.notes[-1].startswith("Plan: ")
    panel = (await world.slash("settings")).response.message
    await world.press(panel, "Expand prompts")
    await world.slash("imagine", prompt="two red foxes in the snow --seed 7")
    assert len(writer.asked) == 2


async def test_a_question_about_a_picture_is_answered_for_its_asker_alone(world):
    result = await world.slash("ask", question="How many?", image=("house.png", png(30, 20)))
    assert result.ephemeral
    [embed] = result.response.embeds
    assert embed.description == "**How many?**\n\nHow many? One."
    assert embed.footer.text == "Said by a sketch."


async def test_what_is_no_picture_cannot_be_asked_about(world):
    result = await world.slash("ask", question="How many?", image=("a.png", b"just some text"))
    assert result.ephemeral
    assert result.response.embeds[0].title == "Invalid picture"


async def test_the_viewer_gets_the_picture_and_the_question(tmp_path):
    bodies = []

    def say(body):
        bodies.append(body)
        return "Two foxes."

    async with chat_server(say) as url:
        words = await over_the_wire(tmp_path, url)
        assert await words.answer(png(30, 20), "How many?") == ("Two foxes.", ())
        await words.close()
    text, picture = bodies[0]["messages"][1]["content"]
    assert text == {"type": "text", "text": "How many?"}
    sent = base64.b64decode(picture["image_url"]["url"].partition(",")[2])
    assert struct.unpack(">II", sent[16:24]) == (30, 20)


async def test_a_viewer_that_fails_leaves_the_answer_to_the_small_one(tmp_path):
    async with chat_server(lambda body: web.Response(status=503)) as url:
        words = await over_the_wire(tmp_path, url)
        answer, notes = await words.answer(png(30, 20), "How many?")
        await words.close()
    assert answer == "How many? One."
    assert notes == (
        "The vision-language model failed: it answered with an error (503).",
        "Said by a sketch.",
    )


async def test_a_model_of_this_machine_is_asked_through_the_engine(tmp_path):
    words = words_of(settings_in(tmp_path, easel_writer=str(tmp_path)), SketchEngine())
    found = await words.expanded("a red house")
    assert found.text.startswith("a sketch says: Short prompt: a red house")
