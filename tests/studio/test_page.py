"""The studio's page in a real browser: what somebody sees who follows a link from Discord."""

import re
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.bot.test_edits import saved_editor, with_editor
from tests.bot.test_retexture import with_control, without_control
from tests.browser import chromium, expect, needs_chromium, playwright, serious, window
from tests.studio.visiting import LINK

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def devtools(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with chromium(tmp_path_factory.mktemp("chromium")) as address:
        yield address


@pytest_asyncio.fixture
async def browser(devtools: str) -> AsyncIterator:
    async with playwright.async_playwright() as driver:
        yield await driver.chromium.connect_over_cdp(devtools)


@pytest_asyncio.fixture
async def drawn(world) -> None:
    """Alice has drawn something: five grids, one of them secret, and an upscaled picture."""
    for prompt in (
        "a red fox --ar 3:2 --s 250 --seed 7",
        "a blue fish --ar 2:3",
        "a green tree",
        "a secret moon --stealth",
    ):
        await world.imagine(prompt)
    grid = await world.imagine("a yellow house on grass --ar 3:2")
    await world.press(grid, "U2")
    await world.bob.slash(world.channel, "imagine", prompt="a black cat of bob's")


async def link_of(world, member=None) -> str:
    answer = await (member or world.alice).slash(world.channel, "studio")
    return LINK.search(answer.response.content)[1]


@pytest_asyncio.fixture
async def page(request: pytest.FixtureRequest, world, studio, drawn, browser) -> AsyncIterator:
    """Alice's gallery, reached by her link."""
    async with window(browser, await link_of(world), request.node.name) as page:
        await page.wait_for_selector("html[data-wall]")
        yield page


def tiles(page):
    return page.get_by_role("listbox").get_by_role("option")


async def test_the_link_opens_the_gallery_with_all_pictures(page) -> None:
    await expect(page).to_have_title("Gallery · Studio")
    await expect(page.get_by_text("21 pictures", exact=True)).to_be_visible()
    await expect(tiles(page)).to_have_count(21)
    await expect(tiles(page).first).to_have_accessible_name(re.compile("a yellow house"))
    await expect(page.locator(".tile.loaded")).to_have_count(21)
    await expect(page.get_by_text("alice")).to_be_visible()


async def test_a_link_that_was_used_says_so(world, studio, browser) -> None:
    link = await link_of(world)
    async with window(browser, link, "first") as first:
        await first.wait_for_selector("html[data-wall]")
    context = await browser.new_context()
    again = await context.new_page()
    await again.goto(link)
    await expect(again.get_by_text("This link does not work (any more)")).to_be_visible()
    await again.goto(f"{studio}/")
    await expect(again.get_by_text("Use /studio in Discord")).to_be_visible()
    await context.close()


@pytest.mark.parametrize("what", ["expired", "forged"])
async def test_a_link_that_never_works_says_so(world, studio, browser, what) -> None:
    link = await link_of(world)
    token = LINK.search(link)[2]
    if what == "expired":
        async with world.database.transaction() as tx:
            await tx.execute("UPDATE sign_in_links SET expires = ?", (time.time() - 1,))
    else:
        link = link.replace(token, token[:-1] + ("A" if token[-1] != "A" else "B"))
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(link)
    await expect(page.get_by_text("This link does not work (any more)")).to_be_visible()
    assert await context.cookies() == []
    await context.close()


async def test_the_token_of_a_link_is_used_up_and_left_behind(world, studio, browser) -> None:
    link = await link_of(world)
    token = LINK.search(link)[2]
    context = await browser.new_context()
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(link)
    await page.wait_for_selector("html[data-wall]")
    assert [url for url in asked if token in url] == [link]
    assert token not in page.url
    assert await world.bot.hub.sign_ins.whose(token) is None
    await context.close()


async def test_search_finds_as_one_types(page) -> None:
    await page.keyboard.press("/")
    await page.keyboard.type("fo")
    await expect(tiles(page)).to_have_count(4)
    await page.keyboard.type("x re")
    await expect(page.get_by_text("4 pictures", exact=True)).to_be_visible()
    await page.get_by_label("Search prompts").fill("elephant")
    await expect(page.get_by_text("No picture is like that.")).to_be_visible()
    await page.get_by_label("Search prompts").fill("")
    await expect(tiles(page)).to_have_count(21)


async def test_a_search_that_finds_much_gets_its_whole_length(page, world) -> None:
    for number in range(14):
        await world.imagine(f"a red fox --seed {number}")
    search = page.get_by_label("Search prompts")
    await search.press_sequentially("red")
    await expect(page.get_by_text("60 pictures", exact=True)).to_be_visible()
    await search.fill("")
    await expect(page.get_by_text("77 pictures", exact=True)).to_be_visible()
    await world.imagine("another red fox")
    await search.fill("fox")
    await expect(page.get_by_text("64 pictures", exact=True)).to_be_visible()
    await page.get_by_role("listbox", name="Gallery").focus()
    await page.keyboard.press("End")
    last = page.locator("#tile-63")
    await expect(last).to_have_accessible_name(re.compile("a red fox --ar 3:2"))
    await expect(last).to_have_attribute("aria-setsize", "64")
    await expect(last).to_have_class(re.compile("loaded"))


async def test_filters_narrow_the_wall(page) -> None:
    await page.get_by_label("Shape").select_option("Portrait")
    await expect(tiles(page)).to_have_count(4)
    await page.get_by_label("Shape").select_option("Any shape")
    await page.get_by_label("Kind").select_option("Upscales")
    await expect(tiles(page)).to_have_count(1)
    await page.get_by_role("button", name="Favourites").click()
    await expect(tiles(page)).to_have_count(0)
    await page.get_by_role("button", name="Favourites").click()
    await page.get_by_label("Kind").select_option("Any kind")
    await page.get_by_label("To", exact=True).fill("2020-01-01")
    await expect(page.get_by_text("0 pictures")).to_be_visible()


async def test_everything_works_from_the_keyboard(page) -> None:
    wall = page.get_by_role("listbox", name="Gallery")
    await wall.focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Space")
    await page.keyboard.press("Shift+ArrowRight")
    await expect(page.get_by_text("2 selected")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_text("2 selected")).to_be_hidden()
    await page.keyboard.press("f")
    await expect(tiles(page).nth(2)).to_have_accessible_name(re.compile("favourite$"))
    await page.keyboard.press("Home")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("About this picture")).to_contain_text("Upscale")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_label("About this picture")).to_contain_text("Its grid")
    await page.keyboard.press("Escape")
    await expect(wall).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("About this picture")).to_contain_text("Its grid")


async def test_a_picture_tells_its_prompt_parameters_seed_and_family(page) -> None:
    await page.get_by_label("Search prompts").fill("red fox")
    await expect(tiles(page)).to_have_count(4)
    await tiles(page).nth(1).click()
    about = page.get_by_label("About this picture")
    await expect(about.get_by_role("heading", level=2)).to_contain_text("a red fox --ar 3:2")
    for text in ("--ar", "3:2", "--s", "250", "pocket", "Seed"):
        await expect(about.get_by_text(text, exact=True).first).to_be_visible()
    await expect(about.get_by_role("list").locator("a")).to_have_count(4)
    await expect(page.locator("img.large")).to_be_visible()
    await page.get_by_role("link", name="Back").click()
    await page.get_by_label("Search prompts").fill("house")
    await expect(tiles(page)).to_have_count(5)
    await tiles(page).first.click()
    await about.get_by_role("link", name=re.compile("^Grid: a yellow house")).first.click()
    await expect(about.get_by_text("What was made from it")).to_be_visible()


async def test_a_tile_stays_the_picture_that_it_is_when_the_wall_changes_its_size(page) -> None:
    aimed_at = await tiles(page).nth(2).element_handle()
    await tiles(page).first.locator(".pick").click()
    await expect(page.get_by_text("1 selected")).to_be_visible()
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert await aimed_at.get_attribute("id") == "tile-2"
    side = await aimed_at.evaluate("(tile) => tile.style.width")
    await page.set_viewport_size({"width": 700, "height": 700})
    await expect(page.locator("#tile-2")).not_to_have_css("width", side)
    assert await aimed_at.get_attribute("id") == "tile-2"
    await expect(page.locator(".tile.loaded")).to_have_count(await tiles(page).count())


async def test_pictures_go_into_a_folder_and_the_folder_filters(page) -> None:
    await page.get_by_label("Search prompts").fill("fish")
    await expect(tiles(page)).to_have_count(4)
    await tiles(page).nth(0).locator(".pick").click()
    await tiles(page).nth(2).click(modifiers=["Shift"])
    await expect(page.get_by_text("3 selected")).to_be_visible()
    await page.get_by_role("button", name="Folder").click()
    await page.get_by_role("dialog").get_by_label("Folder").select_option("New folder …")
    await page.get_by_role("button", name="Go on").click()
    await page.get_by_role("dialog", name="New folder").get_by_label("Name").fill("Sea")
    await page.get_by_role("button", name="Make the folder").click()
    await expect(page.get_by_text("Put into the folder.")).to_be_visible()
    await page.get_by_label("Search prompts").fill("")
    await page.get_by_label("Folder", exact=True).select_option("Sea (3)")
    await expect(tiles(page)).to_have_count(3)
    await page.get_by_role("button", name="Delete the folder Sea").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete the folder").click()
    await expect(tiles(page)).to_have_count(21)


async def test_selected_pictures_are_downloaded_and_deleted(page, world) -> None:
    await page.get_by_label("Search prompts").fill("green tree")
    await expect(tiles(page)).to_have_count(4)
    await tiles(page).first.click(modifiers=["Control"])
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Download").click()
    assert (await downloading.value).suggested_filename == "easel.zip"
    await page.get_by_role("button", name="Delete", exact=True).click()
    await page.get_by_role("dialog", name="Delete").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("No picture is like that.")).to_be_visible()
    assert not [message for message in world.messages() if "green tree" in message.content]


async def test_explore_has_what_others_drew_and_not_what_is_secret(page) -> None:
    await page.get_by_role("link", name="Explore").click()
    shared = page.get_by_role("listbox", name="Explore")
    await expect(shared.get_by_role("option").first).to_have_accessible_name("a black cat of bob's, by bob")
    await expect(shared.get_by_role("option").filter(has_text="secret")).to_have_count(0)
    await shared.get_by_role("option").first.click()
    about = page.get_by_label("About this picture")
    await expect(about.get_by_text("bob", exact=True)).to_be_visible()
    await expect(about.get_by_role("button", name="Delete")).to_have_count(0)


async def test_explore_is_searched_as_one_types(page) -> None:
    await page.get_by_role("link", name="Explore").click()
    shared = page.get_by_role("listbox", name="Explore").get_by_role("option")
    await expect(shared).to_have_count(21)
    await page.keyboard.press("/")
    await page.keyboard.type("bla")
    await expect(shared).to_have_count(4)
    await expect(shared.first).to_have_accessible_name("a black cat of bob's, by bob")
    await page.keyboard.type("xyz")
    await expect(page.locator(".view.explore").get_by_text("No picture is like that.")).to_be_visible()


async def test_retexture_asks_for_another_look(page, world, tmp_path) -> None:
    with_control(world, tmp_path)
    await tiles(page).first.click()
    await page.get_by_role("button", name="Retexture").click()
    dialog = page.get_by_role("dialog", name="Retexture")
    await dialog.get_by_label("Prompt").fill("a blue house at night")
    await dialog.get_by_role("slider", name="How closely").fill("0.7")
    assert await serious(page) == []
    await dialog.get_by_role("button", name="Draw four").click()
    card = page.get_by_role("article", name="Job: a blue house at night")
    await expect(card.locator("figure img")).to_have_count(4)
    assert world.engine.seen[-1].plan.control.strength == 0.7


async def test_where_retexture_cannot_be_done_the_reason_stands_there(page, world) -> None:
    without_control(world)
    await tiles(page).first.click()
    about = page.get_by_label("About this picture")
    await expect(about.get_by_role("button", name="Retexture")).to_be_disabled()
    await expect(about.get_by_text("has no control that would hold the structure")).to_be_visible()
    assert await serious(page) == []
    await page.get_by_role("link", name="Create").click()
    newest = page.get_by_role("article", name=re.compile("yellow house")).first
    await newest.get_by_label("Actions of picture 1").click()
    await newest.get_by_role("button", name="Retexture").first.click()
    await expect(page.locator(".notice.bad")).to_contain_text("has no control")


async def test_change_asks_in_words(page, world, tmp_path) -> None:
    with_editor(world, saved_editor(tmp_path))
    await tiles(page).first.click()
    await page.get_by_role("button", name="Change").click()
    dialog = page.get_by_role("dialog", name="Change")
    await dialog.get_by_label("What is to change").fill("make the house blue")
    assert await serious(page) == []
    await dialog.get_by_role("button", name="Draw four").click()
    card = page.get_by_role("article", name="Job: make the house blue")
    await expect(card.locator("figure img")).to_have_count(4)
    assert world.engine.seen[-1].plan.model == "instruct-pix2pix"


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_nothing_is_in_the_way_of_anybody(page, theme) -> None:
    wanted = page.get_by_role("button", name=f"Use {theme} colours")
    if await wanted.count():
        await wanted.click()
    assert await serious(page) == []
    await tiles(page).first.click(modifiers=["Control"])
    assert await serious(page) == []
    await page.get_by_role("button", name="Folder").click()
    assert await serious(page) == []
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await page.get_by_role("listbox", name="Gallery").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("About this picture")).to_be_visible()
    assert await serious(page) == []
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_text("Use /studio in Discord")).to_be_visible()
    assert await serious(page) == []


async def test_on_a_phone_nothing_is_cut_off(page) -> None:
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.get_by_role("button", name="Filters").click()
    await expect(page.get_by_label("Model")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert await serious(page) == []
    await page.get_by_role("button", name="Filters").click()
    await tiles(page).first.click()
    await expect(page.get_by_label("About this picture")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    assert await serious(page) == []


async def test_another_users_secret_picture_is_refused(page, world, alice, bob) -> None:
    [secret, *_] = await alice.wall(words="secret")
    context = await page.context.browser.new_context()
    other = await context.new_page()
    await other.goto(await link_of(world, world.bob))
    await other.wait_for_selector("html[data-wall]")
    await other.evaluate("id => { location.hash = `picture/${id}`; }", secret["id"])
    await expect(other.get_by_text("There is nothing here for you.")).to_be_visible()
    await context.close()
