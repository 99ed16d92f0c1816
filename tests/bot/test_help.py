"""`/help`, a mention of the bot, and `/ask`: one screen, and passages that answer."""

import pytest

from bot.messages.overview import screen
from bot.messages.small_model import EXAMPLES
from bot.surface.commands import described
from bot.text.guide import Guide, Passage
from bot.text.passages import of_commands, of_page, of_pages, of_parameters
from grammar import PARAMETERS
from tests.bot.sketch import buttons


def text_of(embed):
    return "\n".join(
        [embed.title or "", embed.description or "", *(f"{f.name}\n{f.value}" for f in embed.fields)]
    )


def guide(*, pages=True):
    read = [*of_pages()] if pages else []
    return Guide([*of_parameters(), *read, *of_commands(described(), read)])


@pytest.fixture(scope="module")
def whole():
    return guide()


async def test_help_is_one_screen_with_examples_that_draw(world):
    result = await world.slash("help")
    assert result.ephemeral
    [embed] = result.response.embeds
    text = text_of(embed)
    assert len(text) < 2000
    for piece in ("`U1`", "`V1`", "🔄", "/settings", "/history", "`--ar`", "`--chaos`", "`--no`"):
        assert piece in text
    message = result.response.message
    assert [button.label for button in buttons(message)] == list(EXAMPLES)
    await world.restart()
    drawn = await world.press(message, EXAMPLES[0])
    assert drawn.response.content.startswith(f"**{EXAMPLES[0]}** - ")


def test_the_screen_has_every_parameter_and_sets_the_idle_ones_apart():
    *_, working, idle = screen().fields
    assert "without effect" in idle.name
    for row in PARAMETERS:
        if not row.legacy:
            name = f"`--{row.name}`" if len(row.short) == 1 else f"`--{row.short}`"
            assert (name in idle.value) == row.idle, name
            assert (name in working.value) != row.idle, name


async def test_a_mention_gives_the_same_screen(world):
    await world.alice.send(world.channel, f"<@{world.bot.user.id}> how does this work?")
    await world.env.settle()
    answer = world.messages()[-1]
    assert answer.author.id == world.bot.user.id
    assert text_of(answer.embeds[0]) == text_of((await world.slash("help")).response.embeds[0])
    drawn = await world.press(answer, EXAMPLES[0], world.bob)
    assert drawn.response.content == f"**{EXAMPLES[0]}** - <@{world.bob.id}> (fast)"


async def test_other_messages_get_no_answer(world):
    grid = await world.imagine("a fox")
    for text in ("how does this work?", f"<@{world.bob.id}> look", "@everyone"):
        await world.alice.send(world.channel, text)
    await world.alice.send(world.channel, "nice", reply_to=grid)
    await world.env.settle()
    mine = [message for message in world.messages() if message.author.id == world.bot.user.id]
    assert mine == [grid]


async def test_a_mention_is_answered_where_and_to_whom_easel_answers(world, operator):
    await world.slash("easel ban", user=world.bob)
    await world.bob.send(world.channel, f"<@{world.bot.user.id}>")
    await world.slash("easel unban", user=world.bob)
    other = world.guild.create_text_channel("elsewhere")
    await world.slash("easel channel")
    await world.bob.send(other, f"<@{world.bot.user.id}>")
    await world.env.settle()
    for place in (world.channel, other):
        assert [m for m in place.history() if m.author.id == world.bot.user.id] == []
    await world.bob.send(world.channel, f"<@{world.bot.user.id}>")
    await world.env.settle()
    assert len([m for m in world.messages() if m.author.id == world.bot.user.id]) == 1


async def test_a_question_is_answered_by_the_best_passages_first(world):
    result = await world.slash("ask", question="how do I make it wide?")
    assert result.ephemeral
    [embed] = result.response.embeds
    assert embed.description.startswith("**`--aspect, --ar W:H`**\n")
    assert "`--ar 16:9`: as wide as a screen" in embed.description


async def test_a_parameter_that_is_spelled_is_told_alone(world):
    [embed] = (await world.slash("ask", question="what is --chaos?")).response.embeds
    assert "--chaos" in embed.description
    assert "--weird" not in embed.description


async def test_a_parameter_without_effect_is_told_as_that(world):
    [embed] = (await world.slash("ask", question="what does --exp do?")).response.embeds
    assert "no effect here yet" in embed.description


@pytest.mark.parametrize("question", ["", "xyzzy", "?!\"'* (", "how do I do it"])
async def test_what_nothing_answers_gets_the_screen(world, question):
    result = await world.slash("ask", question=question)
    assert text_of(result.response.embeds[0]) == text_of(screen())
    assert (result.response.content == "") == (not question)


@pytest.mark.parametrize("question", ['chaos" OR title:a', "NEAR(chaos seed)", "chaos*", "-chaos", "chaos's"])
def test_a_question_is_never_a_query(whole, question):
    assert any("chaos" in passage.title for passage in whole.best(question))


QUESTIONS = [
    ("how do I make it wide?", "--ar"),
    ("How can I get a portrait format?", "--ar"),
    ("what does stylize do?", "--stylize"),
    ("what is chaos", "--chaos"),
    ("how can I make the four pictures more different?", "--chaos"),
    ("how do I get the same picture again?", "--seed"),
    ("how do I leave people out of the picture?", "--no"),
    ("can I make a seamless pattern?", "--tile"),
    ("how can I keep it private so nobody else sees it?", "--stealth"),
    ("how do I make a picture bigger?", "Upscale"),
    ("how do I zoom out?", "Zoom Out"),
    ("how do I change only a part of the picture?", "Vary (Region)"),
    ("what does the V button do", "`V1`"),
    ("where are my old pictures?", "/history"),
    ("how do I change the model?", "/settings"),
    ("how do I delete a picture?", "Delete"),
    ("how do I stop a job?", "/cancel"),
    ("can I combine two pictures?", "/blend"),
    ("my prompt is too long, can it be shorter?", "/shorten"),
    ("how do I set my own parameters?", "/prefer"),
    ("what files can I upload?", "Pictures that are given"),
    ("how do weights work?", "Weights"),
    ("how do I add my own model?", "/easel models add"),
    ("who are the operators?", "For the operators"),
    ("is there an anime style?", "--niji"),
    ("can it make a video?", "--video"),
]


@pytest.mark.parametrize(("question", "title"), QUESTIONS)
def test_questions_and_their_first_passage(whole, question, title):
    assert title in whole.best(question)[0].title


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("how do I draw several prompts at once?", "Permutations"),
        ("make it faster", "/fast"),
        ("how do I use a picture as input?", "/imagine"),
        ("which languages does it understand?", "languages"),
        ("how do I ban somebody?", "/easel ban"),
    ],
)
def test_questions_and_a_passage_among_the_three(whole, question, title):
    assert any(title in passage.title for passage in whole.best(question))


@pytest.mark.parametrize("question", [question for question, title in QUESTIONS[:8]])
def test_no_question_is_answered_by_more_than_three_passages_that_fit_a_message(whole, question):
    passages = whole.best(question)
    assert 1 <= len(passages) <= 3
    assert sum(len(passage.title) + len(passage.text) for passage in passages) < 3000


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("how do I make it wide?", "--ar"),
        ("where are my old pictures?", "/history"),
        ("can I combine two pictures?", "/blend"),
    ],
)
def test_without_the_pages_parameters_and_commands_answer(question, title):
    assert title in guide(pages=False).best(question)[0].title


def test_every_command_has_a_passage(whole):
    for name, _ in described():
        asked = f"/{name.split()[0]}"
        assert any(asked in passage.names for passage in whole.best(asked)), name


def test_paragraphs_points_and_rows_of_a_page_are_passages():
    page = """# Easel

What it *is*, over
two lines. See [more](other.md) and [this](https://x.y).

| under a grid | |
|---|---|
| `U1` | larger |

1. **Length.** Not too
   long.
2. Plain.

```python
code

| no | table |
```

| kind | share | count |
|---|---|---|
| all | 97 (96-98) | 100 |
"""
    assert [(passage.title, passage.text) for passage in of_page(page)] == [
        ("Easel", "What it *is*, over two lines. See more and [this](https://x.y)."),
        ("`U1` (under a grid)", "larger"),
        ("Length", "Not too long."),
        ("Easel", "Plain."),
    ]


def test_rare_words_of_a_question_weigh_more_than_common_ones():
    some = Guide(
        [Passage("a", "the fox draws"), Passage("b", "the house draws"), Passage("c", "a zebra draws")]
    )
    assert some.best("who draws a zebra?")[0].title == "c"
    assert some.best("a fox or a house")[0].title in "ab"
