"""The smaller commands, the message menu and the reactions, as people use them."""

import pytest

from bot.surface.commands.preferences import MOST_OPTIONS
from bot.text.shortening import STRUCK, shortened, weighed
from tests.bot.sketch import buttons


async def said(world, name, **options):
    result = await world.slash(name, **options)
    assert result.ephemeral
    return result.response.content or result.response.embeds[0].description


async def test_speeds_are_remembered_and_shown(world):
    assert (await said(world, "relax")).startswith("Done!")
    assert (await world.imagine("a fox")).content.endswith("(relaxed)")
    assert (await said(world, "fast")).startswith("Done!")
    assert (await world.imagine("a fox")).content.endswith("(fast)")
    await world.slash("turbo")
    assert (await world.imagine("a fox")).content.endswith("(turbo)")


async def test_a_suffix_joins_every_prompt_visibly(world):
    await said(world, "prefer suffix", new_value="--ar 3:2 --c 20")
    assert (await world.imagine("a fox --c 5")).content.startswith("**a fox --ar 3:2 --c 5** - ")
    await said(world, "prefer suffix")
    assert (await world.imagine("a fox")).content.startswith("**a fox** - ")


async def test_a_suffix_is_parameters_only(world):
    result = await world.slash("prefer suffix", new_value="in the rain")
    assert result.ephemeral
    assert result.response.embeds[0].title == "Invalid parameter"


async def test_an_option_of_ones_own_stands_for_its_value(world):
    await said(world, "prefer option set", option="mine", value="in the rain --ar 3:2")
    assert "`--mine`" in await said(world, "prefer option list")
    assert (await world.imagine("a fox --mine")).content.startswith("**a fox in the rain --ar 3:2** - ")
    await said(world, "prefer option set", option="mine")
    result = await world.slash("imagine", prompt="a fox --mine")
    assert result.ephemeral


async def test_as_many_options_as_one_may_have_are_listed_in_one_answer(world):
    value = "in a dense fog, with many people and their shadows, all in frames, at night in the rain"
    names = [f"my-favourite-option-number-{number:02}" for number in range(MOST_OPTIONS)]
    for name in names:
        await said(world, "prefer option set", option=name, value=value)
    listed = (await said(world, "prefer option list")).splitlines()
    assert [line.split("`")[1] for line in listed] == [f"--{name}" for name in names]


@pytest.mark.parametrize(("name", "value"), [("ar", "3:2"), ("two words", "x"), ("mine", "--foo")])
async def test_a_bad_option_is_refused(world, name, value):
    assert (
        (await world.slash("prefer option set", option=name, value=value))
        .response.embeds[0]
        .title.startswith("Invalid")
    )


async def test_prefer_turns_settings_over(world):
    assert "turned on" in await said(world, "prefer remix")
    assert "turned off" in await said(world, "prefer remix")
    assert await said(world, "prefer variability") == "Low Variation Mode is on."


async def test_info_tells_usage_and_queue(world):
    await world.imagine("a fox")
    world.engine.held = True
    await world.slash("imagine", prompt="another fox")
    text = await said(world, "info")
    assert "**Lifetime Usage**: 4 images" in text
    assert "**Your Running Jobs**: 1" in text


async def test_cancel_stops_all_of_ones_own_jobs_and_nobody_elses(world, env):
    await world.imagine("a finished fox")
    world.engine.held = True
    await world.slash("imagine", prompt="a {red, green, blue, grey, black} fox")
    await world.bob.slash(world.channel, "imagine", prompt="a cat")
    assert await said(world, "cancel") == "5 jobs are being cancelled."
    world.engine.release()
    await env.settle()
    texts = [message.content for message in world.messages()]
    assert sum(text.endswith("(Cancelled)") for text in texts) == 5
    assert [text.split("**")[1] for text in texts if text.endswith("(fast)")] == ["a finished fox", "a cat"]
    assert len(world.engine.seen) == 5  # those that waited never began
    again = await world.slash("cancel")
    assert again.ephemeral
    assert "None of your jobs" in again.response.embeds[0].description


async def test_show_puts_a_job_up_again_with_buttons_that_work_there(world):
    await world.imagine("a fox")
    [job] = await world.bot.hub.history.page(world.alice.id)
    other = world.guild.create_text_channel("elsewhere")
    shown = (await world.alice.slash(other, "show", job_id=job.id)).response.message
    assert shown.content == f"**a fox** - <@{world.alice.id}> (fast)"
    assert "Image #1" in (await world.press(shown, "U1")).response.content
    assert "Image #2" in (await world.press(world.messages()[0], "U2")).response.content


@pytest.mark.parametrize("job_id", ["nothing", "00000000-0000-4000-8000-000000000000"])
async def test_show_knows_only_jobs(world, job_id):
    assert (await world.slash("show", job_id=job_id)).ephemeral


async def test_a_job_shown_again_has_no_buttons_before_its_place_is_noted(world, monkeypatch):
    await world.imagine("a fox")
    [job] = await world.bot.hub.history.page(world.alice.id)
    other = world.guild.create_text_channel("elsewhere")
    showings, seen = world.bot.hub.showings, []
    note = showings.add

    async def add(job_id, channel_id, message_id):
        channel = await world.bot.fetch_channel(channel_id)
        seen.append((await channel.fetch_message(message_id)).components)
        await note(job_id, channel_id, message_id)

    monkeypatch.setattr(showings, "add", add)
    await world.alice.slash(other, "show", job_id=job.id)
    assert seen == [[]]


async def test_nobody_shows_anothers_job(world):
    await world.imagine("a fox")
    [job] = await world.bot.hub.history.page(world.alice.id)
    assert (await world.bob.slash(world.channel, "show", job_id=job.id)).ephemeral


async def test_a_heart_makes_a_favourite(world):
    single = (await world.press(await world.imagine("a fox"), "U1")).response.message
    [told] = (await world.press(single, "Favorite")).followups
    assert "Added" in told.content
    [job] = await world.bot.hub.history.page(world.alice.id, favourites=True)
    assert job.kind == "upscale"
    assert (await world.press(single, "Favorite", world.bob)).response.embeds


async def test_only_the_owner_deletes_and_the_file_goes_with_it(world, settings):
    grid = await world.imagine("a fox")
    single = (await world.press(grid, "U1")).response.message
    assert len(list(settings.easel_data.glob("pictures/*/*"))) == 5
    await world.press(single, "Delete", world.bob)
    assert len(world.messages()) == 2
    await world.press(single, "Delete")
    assert [message.id for message in world.messages()] == [grid.id]
    assert len(list(settings.easel_data.glob("pictures/*/*"))) == 4


async def inbox(world):
    return sorted(world.alice.user.dm_channel.history(), key=lambda message: message.id)


async def test_an_envelope_sends_the_single_pictures(world):
    message = await world.imagine("a fox --seed 7")
    await world.bob.react(message, "✉️")
    await world.alice.react(message, "✉️")
    [letter] = await inbox(world)
    [job] = await world.bot.hub.history.page(world.alice.id)
    assert letter.content == f"**a fox --seed 7**\n**Job ID**: {job.id}\n**seed** 7"
    assert len(letter.attachments) == 4


async def test_the_message_menu_does_the_same(world):
    message = await world.imagine("a fox")
    assert (await world.bob.context_menu(world.channel, "DM Results", message)).response.embeds
    assert (await world.alice.context_menu(world.channel, "DM Results", message)).response.content == "Sent."
    assert len(await inbox(world)) == 1
    await world.alice.context_menu(world.channel, "Cancel Job", message)
    assert world.messages() == []


async def test_auto_dm_sends_each_finished_job(world):
    await said(world, "prefer auto_dm")
    await world.imagine("a fox")
    assert len(await inbox(world)) == 1


async def test_shorten_strikes_what_the_users_model_does_not_know_and_leaves_it_out(world):
    message = (await world.slash("shorten", prompt="a red house, zeppelin, in the snow")).response.message
    [embed] = message.embeds
    assert "~~zeppelin,~~" in embed.description
    assert "zeppelin" not in embed.fields[0].value
    assert "**house,**" in embed.description


async def test_shorten_offers_shorter_prompts_that_can_be_drawn(world):
    result = await world.slash(
        "shorten",
        prompt="please create a very beautiful picture of a red fox sleeping under an old oak tree --ar 3:2",
    )
    message = result.response.message
    assert 1 <= len(buttons(message)) <= 5
    drawn = await world.press(message, "1️⃣")
    assert drawn.response.content.split("** - ")[0].endswith("--ar 3:2")


async def test_shorten_keeps_the_image_prompts_and_tells_whose_words_it_weighed(world):
    typed = "https://127.0.0.1/x.png a very beautiful red {fox, dog} in the snow --ar 3:2"
    message = (await world.slash("shorten", prompt=typed)).response.message
    [embed] = message.embeds
    offered = embed.fields[0].value.split("\n\n")
    assert offered[0] == "1️⃣ a red fox in the snow --ar 3:2"
    assert "image prompts" in embed.footer.text
    assert "makes 2 jobs" in embed.footer.text
    refused = (await world.press(message, "2️⃣")).response
    assert refused.embeds[0].title == "Invalid link"  # which shows that the link is asked for
    [embed] = (await world.slash("shorten", prompt="a very beautiful red fox")).response.message.embeds
    assert not embed.footer.text


def test_filler_goes_first_and_things_stay():
    tokens = {token.text: token.weight for token in weighed("a very beautiful picture of a red fox")}
    assert max(tokens, key=tokens.get) in ("red", "fox")
    assert tokens["very"] < tokens["of"] < tokens["fox"]
    prompts = shortened("a very beautiful picture of a red fox in the snow")
    assert [len(p) for p in prompts] == sorted((len(p) for p in prompts), reverse=True)
    assert all("fox" in prompt for prompt in prompts[:3])
    assert shortened("fox") == []


@pytest.mark.parametrize(
    "text", ["a very beautiful picture of a red fox in the snow", "masterpiece, best quality, a cat"]
)
def test_no_shorter_prompt_has_a_word_that_is_struck(text):
    kept = [token.text.strip(",") for token in weighed(text) if token.weight >= STRUCK]
    assert len(kept) < len(text.split())
    assert shortened(text)[0].replace(",", "").split() == kept
    assert all(set(prompt.replace(",", "").split()) <= set(kept) for prompt in shortened(text))


def test_no_shorter_prompt_ends_in_the_air():
    text = "a very beautiful majestic red house on a hill, highly detailed, trending on artstation"
    assert shortened(text)[0] == "a majestic red house on hill"
    for prompt in shortened(text):
        assert prompt.split()[-1] not in ("on", "a", "of")


def test_words_that_the_model_does_not_know_do_not_count():
    text, unknown = "a zeppelin over a Red house", ("Zeppelin", "over")
    weights = {token.text: token.weight for token in weighed(text, unknown)}
    assert weights["zeppelin"] < STRUCK < weights["house"]
    assert not any("zeppelin" in prompt for prompt in shortened(text, unknown))
    assert shortened(text, unknown)[0] == "a Red house"


async def test_every_command_is_offered_in_servers_direct_messages_and_user_installed(env):
    [synced] = [
        request for request in env.http_requests if request.method == "PUT" and "commands" in request.path
    ]
    assert len(synced.json) >= 15
    for command in synced.json:
        assert command["integration_types"] == [0, 1], command["name"]
        assert command["contexts"] == [0, 1, 2], command["name"]
