"""What messages look like, to the letter."""

from dataclasses import replace

import pytest

from bot.memory.records import JobKind, Status
from bot.messages import job_messages as messages
from bot.messages.wording import alt, file_name, quoted, refusal, titled
from bot.surface import catalogue
from engine import Lane
from grammar import parse
from tests.bot.test_history import record

JOB = replace(record("a red fox"), id="1f0c2b7e-0000-4000-8000-000000000001")


def test_the_stages_of_a_grid():
    assert messages.waiting(JOB).content == "**a red fox** - <@1> (Waiting to start)"
    assert messages.running(JOB, 31, None).content == "**a red fox** - <@1> (31%) (fast)"
    assert messages.final(JOB, b"", "png").content == "**a red fox** - <@1> (fast)"
    assert messages.cancelled(JOB).content == "**a red fox** - <@1> (Cancelled)"


@pytest.mark.parametrize(
    ("kind", "position", "content"),
    [
        (JobKind.UPSCALE, 2, "**a red fox** - Image #2 <@1>"),
        (JobKind.VARY_STRONG, 3, "**a red fox** - Variations (Strong) by <@1> (fast)"),
        (JobKind.VARY_SUBTLE, 3, "**a red fox** - Variations (Subtle) by <@1> (fast)"),
    ],
)
def test_the_forms_of_what_buttons_make(kind, position, content):
    job = replace(JOB, kind=kind, position=position)
    assert messages.final(job, b"", "png").content == content


def test_relaxed_jobs_say_so():
    assert messages.final(replace(JOB, lane=Lane.RELAX), b"", "png").content.endswith("(relaxed)")


def test_a_place_in_the_queue_is_told_below_the_line():
    first, second = messages.waiting(JOB, position=3, eta=40.4).content.splitlines()
    assert first == "**a red fox** - <@1> (Waiting to start)"
    assert second == "-# Number 3 in the queue, about 40 s"


def test_a_preview_travels_with_progress():
    [file] = messages.running(JOB, 50, b"jpeg").files
    assert (file.name, file.data) == (f"{JOB.id}_preview.jpg", b"jpeg")


def test_what_is_read_out_of_a_picture_is_its_prompt_in_plain_text():
    link = "https://a.com/house.png"
    job = replace(JOB, shown=f"<{link}> a *red* fox_\u202e @bob\n\nin snow --ar 3:2")
    said = "house.png a *red* fox_ @bob in snow --ar 3:2"
    [grid] = messages.final(job, b"", "png", count=4).files
    [single] = messages.final(job, b"", "png").files
    [preview] = messages.running(job, 50, b"jpeg").files
    told = [file.alt for file in messages.results(job, 7, (("1.png", b""), ("2.png", b""))).files]
    assert [grid.alt, single.alt, preview.alt, *told] == [
        f"Grid of 4 pictures: {said}",
        f"Picture: {said}",
        f"Preview: {said}",
        f"Picture 1: {said}",
        f"Picture 2: {said}",
    ]


@pytest.mark.parametrize(
    ("prompt", "end"), [("foxes " * 999, "foxes foxes …"), ("狐" * 6000, "狐狐…"), ("a " + "f" * 6000, "ff…")]
)
def test_what_is_read_out_of_a_picture_is_cut_at_a_words_end(prompt, end):
    text = alt("Picture", prompt)
    assert 950 < len(text) <= 1024
    assert text.endswith(end)


def test_buttons_carry_ids_only():
    rows = catalogue.actions().under(replace(JOB, status=Status.DELIVERED), 4)
    ids = [str(button.custom_id) for row in rows for button in row]
    assert ids == [
        *(f"easel:upscale:{JOB.id}:{n}" for n in (1, 2, 3, 4)),
        f"easel:reroll:{JOB.id}:0",
        *(f"easel:vary:{JOB.id}:{n}" for n in (1, 2, 3, 4)),
    ]
    assert len(set(ids)) == len(ids)
    assert all(len(custom_id) <= 100 for custom_id in ids)


def test_a_file_name_is_user_words_and_job():
    name = file_name("chacha1154", "Chinese classical-style poster of Mulan, female general", JOB.id)
    assert name == f"chacha1154_Chinese_classical_style_poster_of_Mulan_female_gener_{JOB.id}.png"
    assert file_name("Zoë", "狐 🦊", "id") == "Zo_id.png"
    assert file_name("狐", "🦊", "id") == "id.png"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a **b** c", r"a \*\*b\*\* c"),
        ("@everyone <@1> <#2> <:x:3>", r"\@everyone \<\@1> \<#2> \<:x:3>"),
        ("[a](https://x.y)", r"\[a](<https://x.y)>"),
        ("https://x.y/z_w.png a", "<https://x.y/z_w.png> a"),
        ("a\n\nb", "a b"),
        ("`a` ~~b~~ ||c|| _d_", r"\`a\` \~\~b\~\~ \|\|c\|\| \_d\_"),
        ("--ar 3:2 a::2 {x}", "--ar 3:2 a::2 {x}"),
    ],
)
def test_a_prompt_is_no_markdown(text, shown):
    assert quoted(text, 1000) == shown


@pytest.mark.parametrize("text", ["*" * 5000, "word " * 1200, "https://x.y/" + "z" * 3000, "狐" * 4000])
def test_what_is_too_long_is_cut_between_characters(text):
    shown = quoted(text, 1900)
    assert len(shown) <= 1900
    assert shown.endswith("…")
    assert not shown.removesuffix("…").endswith("\\")
    assert len(messages.waiting(replace(JOB, shown=text), 999, 9999).content) <= 2000


CDN = "https://cdn.discordapp.com/attachments/1/2"


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        (f"{CDN}/my_house.png a fox", rf"[my\_house.png](<{CDN}/my_house.png>) a fox"),
        (f"{CDN}/a.png {CDN}/b.png --ar 3:2", f"[a.png](<{CDN}/a.png>) [b.png](<{CDN}/b.png>) --ar 3:2"),
        # Names that say nothing, or that two links share, are numbers.
        (
            f"{CDN}/a.png {CDN}/3/image.png {CDN}/4/image.png a fox",
            f"[a.png](<{CDN}/a.png>) [image 2](<{CDN}/3/image.png>) [image 3](<{CDN}/4/image.png>) a fox",
        ),
        (f"{CDN}/{'0ab1' * 8}.png a fox", f"[image 1](<{CDN}/{'0ab1' * 8}.png>) a fox"),
        ("https://x.y/ a fox", "[image 1](<https://x.y/>) a fox"),
        (f"a **fox** --sref {CDN}/c.jpg", rf"a \*\*fox\*\* --sref [c.jpg](<{CDN}/c.jpg>)"),
        ("https://x.y/a_(b).png a fox", "<https://x.y/a_(b).png> a fox"),
        (r"[a](b) fox", r"\[a](b) fox"),
    ],
)
def test_of_a_titles_links_only_short_names_are_seen(prompt, title):
    assert titled(prompt, 1900) == title


def test_a_title_is_never_cut_inside_a_link():
    prompt = " ".join(f"{CDN}/{n}-{'z' * 300}.png" for n in range(9))
    shown = titled(prompt, 1900)
    assert len(shown) <= 1900
    assert shown.endswith(">)…")


@pytest.mark.parametrize(
    "prompt",
    [f"{CDN}/my_house.png a fox --iw 2", f"{CDN}/a.png {CDN}/3/image.png {CDN}/4/image.png --ar 3:2"],
)
def test_a_title_that_is_pasted_is_the_prompt_again(prompt):
    message = messages.final(replace(JOB, shown=prompt), b"", "png")
    assert [str(spec) for spec in parse(message.content)] == [prompt]


def test_links_are_no_words_of_a_file_name():
    assert file_name("ada", f"{CDN}/my_house.png <https://x.y/z.png> a fox", "id") == "ada_a_fox_id.png"


def test_a_refusal_is_red_and_can_be_copied():
    embed = refusal("Invalid parameter", "No.", "a fox --foo")
    assert (embed.title, embed.description, embed.colour.value) == ("Invalid parameter", "No.", 16711680)
    assert embed.footer.text == "/imagine a fox --foo"
    assert len(refusal("t", "s" * 9000, "p" * 9000)) <= 6000


def test_signs_that_turn_the_direction_of_a_text_do_not_reach_a_message():
    assert quoted("a fox \u202eeht ni\u2066 snow", 100) == "a fox eht ni snow"
    assert titled("a fox \u202d in snow\u2069", 100) == "a fox in snow"
    assert quoted("שועל אדום", 100) == "שועל אדום"


def test_a_link_in_capitals_shows_no_preview_either():
    assert quoted("HTTPS://Example.com/A.png a fox", 100) == "<HTTPS://Example.com/A.png> a fox"
