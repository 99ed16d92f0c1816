"""Nothing typed, said or answered is lost on the page: each test is a loss that somebody met in the demo."""

import time

import pytest

from playground import Person, Playground, Remote
from playground.world import Message
from tests.browser import drop, expect, last, needs_chromium
from tests.playground.painter import scene
from tests.playground.test_page import imagine

pytestmark = needs_chromium


def fill(playground: Playground, channel: str, author: int, texts: list[str], visible_to: int | None = None):
    """Messages without a bot; gives the channel and the messages."""
    world = playground.world
    place = next(c for c in world.channels.values() if c.name == channel)
    return place, [
        world.add_message(
            Message(world.ids.next(), place.id, author, text, created=time.time(), visible_to=visible_to)
        )
        for text in texts
    ]


def box(page, name: str):
    return page.get_by_role("textbox", name=name, exact=True)


async def test_old_messages_are_there_though_others_had_private_ones(
    page, playground: Playground, ada: Person, remote: Remote
) -> None:
    lin = remote.person("lin")
    fill(playground, "sketches", ada.id, [f"early {n}" for n in range(60)])
    fill(playground, "sketches", ada.id, [f"for Lin {n}" for n in range(70)], visible_to=lin.id)
    fill(playground, "sketches", ada.id, [f"late {n}" for n in range(10)])
    await page.get_by_role("link", name="sketches").click()
    await expect(page.locator(".messages > .message")).to_have_count(50)
    await page.get_by_role("log").evaluate("node => node.scrollTo(0, 0)")
    await expect(page.locator(".messages > .message")).to_have_count(70)
    await expect(page.locator(".messages > .message").first).to_contain_text("early 0")
    await expect(page.get_by_text("for Lin")).to_have_count(0)


async def test_words_after_a_command_with_optional_fields_are_its_first_field(page) -> None:
    await page.keyboard.type("/find a red fox")
    await expect(box(page, "words")).to_have_value("a red fox")
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("found a red fox")
    await page.keyboard.type("/find ")
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("found everything")


async def test_enter_in_an_untouched_optional_field_takes_no_suggestion(page) -> None:
    await page.keyboard.type("/styles ")
    offered = page.get_by_role("listbox", name="Suggestions for style").get_by_role("option")
    await expect(offered).to_have_count(4)
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("styles: all")
    await page.keyboard.type("/styles ")
    await expect(offered).to_have_count(4)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("styles: woodcut")


async def test_typing_goes_into_a_field_that_was_closed(page) -> None:
    await page.keyboard.type("/find ")
    await page.keyboard.press("Backspace")
    await expect(page.get_by_role("group", name="Command find")).to_be_focused()
    await page.keyboard.type("fox")
    await expect(box(page, "words")).to_have_value("fox")


async def test_words_for_a_command_that_takes_none_are_told(page) -> None:
    await page.keyboard.type("/sample now")
    await expect(page.get_by_role("alert")).to_have_text("/sample takes no words.")
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("Heading")
    await page.get_by_role("combobox", name="Message #general").fill("/sample now please")
    await expect(page.get_by_role("alert")).to_have_text("/sample takes no words; left out: now please")


async def test_escape_asks_before_it_throws_words_away(page) -> None:
    await page.keyboard.type("/imagine a red house")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("alert")).to_contain_text("Press Esc again")
    await expect(box(page, "prompt")).to_have_value("a red house")
    await page.keyboard.type(" on grass")
    await expect(page.get_by_role("alert")).to_be_hidden()
    await page.keyboard.press("Escape")
    await expect(box(page, "prompt")).to_have_value("a red house on grass")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("combobox", name="Message #general")).to_be_focused()
    await page.keyboard.type("/imagine ")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("combobox", name="Message #general")).to_be_focused()


async def test_a_half_typed_command_waits_in_its_channel(page) -> None:
    await page.keyboard.type("/imagine a red house")
    await page.get_by_role("link", name="gallery").click()
    await page.keyboard.type("a draft")
    await page.get_by_role("link", name="general").click()
    await expect(box(page, "prompt")).to_have_value("a red house")
    await page.keyboard.type(" on grass")
    await expect(box(page, "prompt")).to_have_value("a red house on grass")
    await page.get_by_role("link", name="gallery").click()
    await expect(page.get_by_role("combobox", name="Message #gallery")).to_have_value("a draft")


async def test_a_file_that_a_half_typed_command_does_not_take_leaves_it_alone(page) -> None:
    await page.keyboard.type("/find a red fox")
    await drop(page, "cat.png", scene(1))
    await expect(page.get_by_role("alert")).to_have_text("/find takes no file.")
    await expect(box(page, "words")).to_have_value("a red fox")


async def test_the_result_of_a_press_comes_into_view(page, playground: Playground, ada: Person) -> None:
    grid = await imagine(page, "a house")
    fill(playground, "general", ada.id, [f"talk {n}" for n in range(60)])
    await expect(last(page)).to_contain_text("talk 59")
    await grid.scroll_into_view_if_needed()
    await expect(last(page)).not_to_be_in_viewport()
    await grid.get_by_role("button", name="U1").click()
    await expect(last(page)).to_contain_text("Image #1 @Ada")
    await expect(last(page).get_by_role("link", name="Web")).to_be_in_viewport()


async def test_a_message_that_changes_at_the_end_stays_in_view(
    page, playground: Playground, ada: Person
) -> None:
    _, [*_, last_one] = fill(playground, "general", ada.id, [*(f"talk {n}" for n in range(30)), "waiting"])
    await expect(last(page)).to_contain_text("waiting")
    for percent in range(10, 60, 10):
        last_one.content = "\n".join([*["a line of the job"] * 12, f"{percent}% done"])
        playground.world.changed(last_one)
        await expect(last(page)).to_contain_text(f"{percent}% done")
        await expect(last(page).locator(".edited")).to_be_in_viewport()


async def test_a_failed_press_is_told_in_view(
    page, playground: Playground, ada: Person, remote: Remote
) -> None:
    grid = await imagine(page, "late")
    fill(playground, "general", ada.id, [f"talk {n}" for n in range(60)])
    await expect(last(page)).to_contain_text("talk 59")
    button = grid.get_by_role("button", name="V1")
    await button.evaluate("node => node.scrollIntoView({ block: 'end' })")
    await remote.trouble("silence")
    await remote.change(ack_seconds=0.1)
    await button.click()
    await expect(grid.get_by_text("This interaction failed")).to_be_in_viewport()


@pytest.mark.parametrize("form", ["[message]({})", "{}", "<{}>"])
async def test_a_link_to_a_message_goes_there(
    page, playground: Playground, ada: Person, remote: Remote, form: str
) -> None:
    place, messages = fill(playground, "sketches", ada.id, [f"sketch {n}" for n in range(200)])
    url = f"https://discord.com/channels/{place.guild_id}/{place.id}/{messages[20].id}"
    await remote.person("lin").say("general", "look: " + form.format(url))
    await last(page).locator(".content a").click()
    await expect(page.get_by_role("heading", name="sketches", exact=True)).to_be_visible()
    wanted = page.locator(f"#m-{messages[20].id}")
    await expect(wanted).to_be_in_viewport()
    await expect(wanted).to_contain_text("sketch 20")
    assert len(page.context.pages) == 1
    await page.get_by_role("link", name="general").click()
    await expect(last(page)).to_contain_text("look:")
    await last(page).locator(".content a").click()
    await expect(wanted).to_be_in_viewport()


async def test_a_link_to_a_message_that_is_gone_says_so(
    page, playground: Playground, ada: Person, remote: Remote
) -> None:
    place, messages = fill(playground, "sketches", ada.id, [f"sketch {n}" for n in range(3)])
    playground.world.delete_message(messages[1])
    url = f"https://discord.com/channels/{place.guild_id}/{place.id}/{messages[1].id}"
    await remote.person("lin").say(
        "general", f"[message]({url}) [nowhere](https://discord.com/channels/1/2/3)"
    )
    await expect(last(page).get_by_role("link")).to_have_text(["message"])
    await last(page).get_by_role("link", name="message").click()
    await expect(page.get_by_role("alert")).to_have_text("This message is gone.")


async def test_the_drawer_takes_the_clicks_beside_it_and_closes(page) -> None:
    grid = await imagine(page, "a house")
    await page.set_viewport_size({"width": 400, "height": 700})
    opener, gallery = page.get_by_role("button", name="Channels"), page.get_by_role("link", name="gallery")
    await opener.click()
    await expect(gallery).to_be_visible()
    # On the place of the button that sends, beside the drawer.
    await page.mouse.click(380, 660)
    await expect(gallery).to_be_hidden()
    await expect(opener).to_be_focused()
    shown = await grid.get_by_role("button", name="U4").bounding_box()
    await opener.click()
    await expect(gallery).to_be_visible()
    await page.mouse.click(max(shown["x"] + 5, 330), shown["y"] + 5)
    await expect(gallery).to_be_hidden()
    await expect(page.locator(".messages > .message")).to_have_count(1)
    await opener.click()
    await expect(gallery).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(gallery).to_be_hidden()
    await opener.click()
    await page.set_viewport_size({"width": 1280, "height": 800})
    await page.get_by_role("combobox", name="Message #general").fill("wide again")
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("wide again")


CUT = """
    window.answering = window.fetch;
    window.fetch = () => Promise.reject(new TypeError("Failed to fetch"));
    0
"""
MENDED = "window.fetch = window.answering; 0"


async def test_that_the_playground_does_not_answer_is_told_only_as_long_as_it_does_not(
    page, remote: Remote
) -> None:
    alert = page.get_by_role("alert")
    await page.evaluate(CUT)
    await page.keyboard.type("hello")
    await page.keyboard.press("Enter")
    await expect(alert).to_contain_text("does not answer")
    await page.evaluate(MENDED)
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("hello")
    await expect(alert).to_be_hidden()
    await page.evaluate(CUT)
    await page.keyboard.type("/imagine a house")
    await page.keyboard.press("Enter")
    await expect(alert).to_contain_text("does not answer")
    await page.evaluate(MENDED)
    await remote.add_person("mia")
    await expect(alert).to_be_hidden()
    await expect(box(page, "prompt")).to_have_value("a house")


async def test_a_dialog_keeps_its_words_while_nothing_answers(page, remote: Remote) -> None:
    grid = await imagine(page, "a house")
    await grid.get_by_role("button", name="🔄").click()
    dialog = page.get_by_role("dialog", name="Remix prompt")
    await dialog.get_by_label("Prompt").fill("a blue house")
    await page.evaluate(CUT)
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("does not answer")
    await page.evaluate(MENDED)
    await remote.add_person("mia")
    await expect(dialog.get_by_role("alert")).to_be_hidden()
    await dialog.get_by_role("button", name="Submit").click()
    await expect(last(page)).to_contain_text("a blue house")


async def test_a_channel_opened_while_nothing_answers_fills_when_it_does(
    page, playground: Playground, ada: Person
) -> None:
    fill(playground, "gallery", ada.id, ["the best of the week"])
    await page.evaluate(CUT)
    await page.get_by_role("link", name="gallery").click()
    await expect(page.get_by_role("alert")).to_contain_text("does not answer")
    await page.evaluate(MENDED)
    playground.world.publish("stopping", playground)  # ends the streams of events, which come back
    await expect(last(page)).to_contain_text("the best of the week")
    await expect(page.get_by_role("alert")).to_be_hidden()
