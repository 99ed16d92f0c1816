"""The page in a real browser: Chromium driven by Playwright, beside a scripted bot."""

import asyncio
import re
import time

import pytest

from playground import Person, Playground, Remote
from playground.world import Message
from tests.browser import drop, expect, last, needs_chromium, serious
from tests.playground.painter import TOKEN, Painter, scene

pytestmark = needs_chromium


async def imagine(page, prompt: str):
    """Type the command as a person does; gives the finished message."""
    await page.keyboard.type(f"/imagine {prompt}")
    await page.keyboard.press("Enter")
    done = page.locator(".message", has_text=prompt).filter(has=page.get_by_role("button", name="U1"))
    await expect(done).to_be_visible()
    return done


async def test_imagine_typed_with_the_keyboard_gives_a_grid_with_its_buttons(page) -> None:
    grid = await imagine(page, "a red house --ar 3:2")
    await expect(grid.locator(".content")).to_contain_text("a red house --ar 3:2 - @Ada (fast)")
    await expect(grid.locator(".content strong")).to_have_text("a red house --ar 3:2")
    await expect(grid.locator(".origin")).to_have_text("AAda used /imagine")
    picture = grid.get_by_role("img", name="Picture grid.png")
    await expect(picture).to_be_visible()
    assert await picture.evaluate(
        "image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])"
    ) == [384, 256]
    for row, names in enumerate((["U1", "U2", "U3", "U4", "🔄"], ["V1", "V2", "V3", "V4"])):
        await expect(grid.locator(".row").nth(row).get_by_role("button")).to_have_text(names)


async def test_u_and_v_reply_to_the_grid(page) -> None:
    grid = await imagine(page, "two houses")
    await grid.get_by_role("button", name="U2").click()
    await expect(last(page)).to_contain_text("Image #2 @Ada")
    await expect(last(page).locator(".origin")).to_contain_text("two houses")
    await expect(last(page).get_by_role("link", name="Web")).to_have_attribute("href", "https://example.com")
    await grid.get_by_role("button", name="V3").click()
    await expect(last(page)).to_contain_text("Variations (Strong) by @Ada (fast)")


async def test_the_remix_dialog_is_edited_and_sent(page) -> None:
    grid = await imagine(page, "a house")
    await grid.get_by_role("button", name="🔄").click()
    dialog = page.get_by_role("dialog", name="Remix prompt")
    field = dialog.get_by_label("Prompt")
    await expect(field).to_have_value("a house")
    await field.fill("")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Prompt: ")
    await field.fill("a blue house")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog).to_be_hidden()
    await expect(last(page)).to_contain_text("a blue house")


async def test_settings_toggle_and_choose(page) -> None:
    await page.keyboard.type("/settings ")
    await page.keyboard.press("Enter")
    private = last(page)
    await expect(private).to_contain_text("Only you can see this")
    await expect(private.get_by_role("button", name="Locked")).to_be_disabled()
    high = private.get_by_role("button", name="Stylize high")
    await expect(high).to_have_class(re.compile("secondary"))
    await high.click()
    await expect(high).to_have_class(re.compile("success"))
    await private.get_by_role("combobox", name="Model").press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(private).to_contain_text("Model studio")
    await private.get_by_role("button", name="Dismiss").click()
    await expect(page.locator(".messages > .message")).to_have_count(0)


async def test_a_menu_of_several_keeps_what_was_chosen(page) -> None:
    await page.keyboard.type("/regions ")
    await page.keyboard.press("Enter")
    asked = page.locator(".message", has_text="Where?").first
    for row, names in enumerate((["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"])):
        await expect(asked.locator(".row").nth(row).get_by_role("button")).to_have_text(names)
    await asked.get_by_role("combobox", name="Places").click()
    for place in ("Place 2", "Place 4"):
        await page.get_by_role("option", name=place).click()
    await page.keyboard.press("Escape")
    await expect(last(page)).to_contain_text("chose 2 4")
    await expect(asked.get_by_role("combobox", name="Places")).to_have_text("Place 2, Place 4")


async def test_describe_takes_a_dropped_file(page) -> None:
    await page.keyboard.type("/describe ")
    await drop(page, "cat.png", scene(1))
    await expect(page.get_by_text("cat.png ·")).to_be_visible()
    await page.get_by_role("button", name="Send").click()
    await expect(last(page).locator(".embed")).to_contain_text("version 4 --ar 3:2")
    await expect(last(page).locator(".embed-image img")).to_be_visible()
    await expect(last(page).get_by_role("button", name=re.compile("️⃣$"))).to_have_count(4)


async def test_a_file_is_attached_to_a_message_and_opens_large(page) -> None:
    await drop(page, "mine.png", scene(2))
    await page.keyboard.type("look **here**")
    await page.keyboard.press("Enter")
    await expect(last(page).locator(".content strong")).to_have_text("here")
    await last(page).get_by_role("button", name="Open mine.png").click()
    large = page.get_by_role("dialog", name="Picture")
    await expect(large).to_contain_text("mine.png · 192 × 128")
    await page.keyboard.press("Escape")
    await expect(large).to_be_hidden()


async def test_the_cross_cancels_a_message(page) -> None:
    grid = await imagine(page, "never mind")
    await grid.hover()
    await grid.get_by_role("button", name="React with ❌").click()
    await expect(grid).to_have_count(0)


async def test_reactions_are_counted_and_taken_back(page, remote: Remote) -> None:
    grid = await imagine(page, "lovely")
    shown = await remote.person("lin").wait_for(lambda m: "U1" in m.buttons)
    await remote.person("lin").react(shown, "❤️")
    heart = grid.get_by_role("button", name=re.compile("❤️, 1"))
    await expect(heart).to_have_attribute("aria-pressed", "false")
    await heart.click()
    await expect(grid.locator(".reaction")).to_have_text("❤️2")
    await grid.locator(".reaction").click()
    await expect(grid.locator(".reaction")).to_have_text("❤️1")


async def test_a_message_that_changes_under_a_press_is_pressed_all_the_same(page, remote: Remote) -> None:
    lin, grid = remote.person("lin"), await imagine(page, "in a hurry")
    shown = await lin.wait_for(lambda m: "U2" in m.buttons)
    await grid.get_by_role("button", name="U2").hover()
    await page.mouse.down()
    await lin.react(shown, "❤️")
    await lin.say("gallery", "after the heart")
    await expect(page.get_by_role("link", name="gallery")).to_have_class(re.compile("unread"))
    await page.mouse.up()
    await expect(last(page)).to_contain_text("Image #2 @Ada")
    await expect(grid.locator(".reaction")).to_have_text("❤️1")


async def test_an_error_is_a_private_card(page, remote: Remote) -> None:
    await page.keyboard.type("/imagine a cat --s 5000")
    await page.keyboard.press("Enter")
    await expect(last(page).locator(".embed-title")).to_have_text("Invalid parameter")
    await expect(last(page)).to_contain_text("Only you can see this · Dismiss")
    await expect(last(page).locator(".embed-footer")).to_have_text("/imagine a cat --s 5000")
    assert await remote.person("lin").messages("general") == []


async def test_a_click_on_a_channel_counts_before_the_next_key(page) -> None:
    link = page.get_by_role("link", name="gallery")
    shown = "link => { link.click(); return document.querySelector('#bar h2').textContent }"
    assert await link.evaluate(shown) == "gallery"
    await page.keyboard.type("for you")
    await expect(page.get_by_label("Message #gallery")).to_have_value("for you")


async def test_reload_keeps_the_channel_and_its_messages(page) -> None:
    await page.get_by_role("link", name="gallery").click()
    await page.keyboard.type("the best of the week")
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("the best of the week")
    await page.reload()
    await page.wait_for_selector("html[data-ready]")
    await expect(page.get_by_role("heading", name="gallery", exact=True)).to_be_visible()
    await expect(last(page)).to_contain_text("the best of the week")


async def test_buttons_work_after_the_bot_was_started_again(page, remote: Remote, painter: Painter) -> None:
    grid = await imagine(page, "for ever")
    await painter.close()
    await expect(page.get_by_text("Easel is away")).to_be_visible()
    async with Painter() as successor:
        running = asyncio.create_task(successor.start(TOKEN))
        await expect(page.get_by_text("Easel is here")).to_be_visible()
        await grid.get_by_role("button", name="U1").click()
        await expect(last(page)).to_contain_text("Image #1")
        await successor.close()
        await running


async def test_a_bot_that_is_late_did_not_respond(page, remote: Remote) -> None:
    await remote.change(ack_seconds=0.1)
    await page.keyboard.type("/mute ")
    await page.keyboard.press("Enter")
    note = page.locator(".note")
    await expect(note).to_contain_text("The application did not respond")
    await note.get_by_role("button", name="Dismiss").click()
    await expect(note).to_have_count(0)


async def test_a_button_whose_bot_is_late_says_so(page, remote: Remote) -> None:
    grid = await imagine(page, "late")
    await remote.trouble("silence")
    await remote.change(ack_seconds=0.1)
    await grid.get_by_role("button", name="U1").click()
    await expect(grid).to_contain_text("This interaction failed")
    await expect(grid.get_by_role("button", name="U1")).to_be_enabled()


async def test_two_people_talk(page, remote: Remote) -> None:
    await page.keyboard.type("hello from Ada")
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("hello from Ada")
    await page.get_by_role("button", name="Switch to the other person").click()
    await expect(page.get_by_role("button", name="You are Lin. Be someone else")).to_be_visible()
    await expect(last(page)).to_contain_text("hello from Ada")
    await page.get_by_role("combobox", name="Message #general").fill("hello from Lin")
    await page.keyboard.press("Enter")
    await expect(last(page).locator(".name")).to_have_text("Lin")
    said = await remote.person("ada").wait_for(lambda m: m.author == "lin")
    assert said.content == "hello from Lin"


async def test_another_window_sees_it_live_and_unread_channels_are_marked(page, remote: Remote) -> None:
    lin = remote.person("lin")
    await lin.say("general", "psst")
    await expect(last(page)).to_contain_text("psst")
    await lin.say("gallery", "over here")
    await expect(page.get_by_role("link", name="gallery")).to_have_class(re.compile("unread"))
    await page.get_by_role("link", name="gallery").click()
    await expect(last(page)).to_contain_text("over here")
    await expect(page.get_by_role("link", name="gallery")).not_to_have_class(re.compile("unread"))


async def test_commands_are_suggested_with_their_options(page) -> None:
    await page.keyboard.type("/")
    offered = page.get_by_role("listbox", name="Commands").get_by_role("option")
    await expect(offered).to_have_count(9)
    await page.keyboard.type("de")
    await expect(offered).to_have_count(1)
    await expect(offered).to_contain_text("/describe")
    await page.keyboard.press("Escape")
    await page.get_by_role("combobox", name="Message #general").fill("/imagine x")
    await page.get_by_role("button", name="model").click()
    await page.get_by_role("option", name="Studio").click()
    await page.get_by_role("button", name="quick").click()
    await page.keyboard.type("tr")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("combobox", name="quick")).to_have_value("True")
    await page.get_by_role("button", name="Send").click()
    await expect(last(page)).to_contain_text("(fast)")


async def test_a_missing_option_is_asked_for(page) -> None:
    await page.keyboard.type("/imagine ")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("prompt is needed.")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("combobox", name="Message #general")).to_be_focused()


async def test_autocompletion_suggests_while_typing(page) -> None:
    await page.keyboard.type("/borrow wo")
    suggestions = page.get_by_role("listbox", name="Suggestions for style").get_by_role("option")
    await expect(suggestions).to_have_text(["Woodcut"])
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(last(page)).to_contain_text("borrowed woodcut")


async def test_markdown_and_embeds_are_drawn(page) -> None:
    await page.keyboard.type("/sample ")
    await page.keyboard.press("Enter")
    message = last(page)
    for tag, text in (
        ("strong", "bold"),
        ("em", "italic"),
        ("u", "under"),
        ("s", "gone"),
        ("blockquote", "quoted"),
        ("pre", "print('hi')"),
    ):
        await expect(message.locator(f".content > {tag}").first).to_have_text(text)
    await expect(message.locator(".content li")).to_have_text(["one", "two"])
    await expect(message.get_by_role("link", name="named")).to_have_attribute("rel", "noreferrer noopener")
    spoiler = message.get_by_role("button", name="Spoiler")
    await spoiler.click()
    await expect(message.get_by_text("hidden")).to_be_visible()
    await expect(message.locator(".embed dt")).to_have_text(["Steps", "Seed", "Size"])


async def test_words_never_become_markup(page, remote: Remote) -> None:
    await remote.person("lin").say(
        "general", "<img src=x onerror=alert(1)> <b>bold</b> [x](javascript:alert(1))"
    )
    await expect(last(page)).to_contain_text("<img src=x onerror=alert(1)>")
    assert (
        await last(page).locator(".content").evaluate("node => node.querySelectorAll('img, b, a').length")
        == 0
    )


async def test_a_message_menu_offers_the_bots_commands(page) -> None:
    grid = await imagine(page, "a menu")
    await grid.hover()
    await grid.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("menuitem", name="Cancel job").click()
    await expect(last(page)).to_contain_text("Nothing to cancel")


async def test_light_colours_are_kept(page) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    dark = await page.evaluate(background)
    await page.get_by_role("button", name="Use light colours").click()
    light = await page.evaluate(background)
    assert light != dark
    await page.reload()
    assert await page.evaluate(background) == light


async def test_a_narrow_screen_has_a_drawer_and_nothing_sticks_out(page) -> None:
    await imagine(page, "a narrow house with a very long prompt that must wrap somewhere --ar 9:16")
    await page.set_viewport_size({"width": 360, "height": 700})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await expect(page.get_by_role("link", name="gallery")).to_be_hidden()
    await page.get_by_role("button", name="Channels").click()
    await page.get_by_role("link", name="gallery").click()
    await expect(page.get_by_role("heading", name="gallery", exact=True)).to_be_visible()
    await expect(page.get_by_role("link", name="gallery")).to_be_hidden()


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_axe_finds_nothing_serious(page, theme: str) -> None:
    await imagine(page, "a house for everyone")
    for command in ("sample", "settings"):
        await page.keyboard.type(f"/{command} ")
        await page.keyboard.press("Enter")
        await expect(page.locator(".origin", has_text=f"/{command}")).to_be_visible()
    if theme == "light":
        await page.get_by_role("button", name="Use light colours").click()
    await page.keyboard.press("Escape")
    assert await serious(page) == []
    await page.get_by_role("combobox", name="Message #general").fill("/")
    assert await serious(page) == []
    await page.get_by_role("combobox", name="Message #general").fill("/imagine x")
    assert await serious(page) == []
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="🔄").first.click()
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await serious(page) == []
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Open grid.png").click()
    await expect(page.get_by_role("dialog", name="Picture")).to_be_visible()
    assert await serious(page) == []
    await page.keyboard.press("Escape")
    await page.set_viewport_size({"width": 360, "height": 700})
    assert await serious(page) == []
    await page.get_by_role("button", name="Channels").click()
    await expect(page.get_by_role("link", name="gallery")).to_be_visible()
    assert await serious(page) == []


async def test_a_thousand_messages_load_as_one_scrolls_up(page, playground: Playground, ada: Person) -> None:
    sketches = next(c for c in playground.world.channels.values() if c.name == "sketches")
    for n in range(1000):
        id = playground.world.ids.next()
        playground.world.add_message(Message(id, sketches.id, ada.id, f"message {n}", created=time.time()))
    await page.get_by_role("link", name="sketches").click()
    await expect(page.locator(".messages > .message")).to_have_count(50)
    await expect(last(page)).to_be_in_viewport()
    timeline = page.get_by_role("log")
    for shown in range(100, 1050, 50):
        await timeline.evaluate("node => node.scrollTo(0, 0)")
        await expect(page.locator(".messages > .message")).to_have_count(shown)
    await timeline.evaluate("node => node.scrollTo(0, 0)")
    await expect(page.get_by_text("This is #sketches")).to_be_in_viewport()
