"""Banned words are found in every disguise, and ordinary words are left alone."""

import re
import unicodedata
from pathlib import Path

import pytest

from bot.text.moderation import BannedWords
from pocket.words import english

ROOT = Path(__file__).parents[2]
LISTED = (
    "grue, bad thing, ass, tit, sex, nude, naked, porn, shit, slut, penis, kill, rape, gore, boobs, hentai,"
    " nazi, god, nipple, anal, shell, were, therapist"
)
BANNED = BannedWords("grue, bad thing, ass, sex, boobs, kill, god, nipple")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a grue", "grue"),
        ("a GRUE!", "grue"),
        ("а gruе", "grue"),  # Cyrillic е
        ("gгυе", "grue"),  # three letters of two other scripts
        ("𝓰𝓻𝓾𝓮", "grue"),
        ("ｇｒｕｅ", "grue"),
        ("ɢʀᴜᴇ", "grue"),
        ("🅖🅡🅤🅔", "grue"),
        ("🅶🆁🆄🅴", "grue"),
        ("ⓖⓡⓤⓔ", "grue"),
        ("g̸r̷ü̶e̵", "grue"),
        ("g\u200br\u2060u\ufeffe", "grue"),
        ("g\u3164rue", "grue"),
        ("gru3", "grue"),
        ("9ru3", "grue"),
        ("gr*e", "grue"),
        ("g r u e", "grue"),
        ("G.R.U.E.", "grue"),
        ("g - r - u - e", "grue"),
        ("g_r_u_e", "grue"),
        ("gr.ue", "grue"),
        ("gruuuuue", "grue"),
        ("a b@d th1ng", "bad thing"),
        ("bad\nthing", "bad thing"),
        ("5ex", "sex"),
        ("s3x", "sex"),
        ("a$$", "ass"),
        ("@ss", "ass"),
        ("b00bs", "boobs"),
        ("k!ll", "kill"),
        ("n1pp1e", "nipple"),
        ("s e x", "sex"),
        ("🇬 🇷 🇺 🇪", "grue"),
    ],
)
def test_a_disguise_is_seen_through(text: str, word: str) -> None:
    assert BANNED.first_in(text) == word
    assert BANNED.first_in(f"a photo of {text}, at night --ar 3:2") == word


@pytest.mark.parametrize(
    "text",
    [
        "gruesome congrue",
        "a class on grass, an assassin, a glass, a bass",
        "a s s a s s i n",
        "skill, a good dog",
        "a sextant in Essex",
        "80s, 455, 5 5 5, a 1950s car, 35mm, 4k, 8k, r2d2, mp3, 50mm f/1.8, 1080p, iso 100",
        "letters a, s, s and x",
        "b a d, t h i n g s",
        "(ex, 5-ex, [a-s-s-o-c]",
        "the-rapist's co-op",
        "кот и собака, ένα σπίτι, 猫 :: 犬",
        "$$$ money *** stars !!! ???",
        "",
    ],
)
def test_ordinary_words_are_left_alone(text: str) -> None:
    assert BANNED.first_in(text) is None


def test_a_hyphen_or_an_apostrophe_makes_no_banned_word() -> None:
    banned = BannedWords("shell, were, therapist, coop")
    assert banned.first_in("she'll say we're at the co-op with the-rapist") is None


def test_nothing_in_this_repositorys_own_words_is_banned_in_disguise() -> None:
    banned = BannedWords(LISTED)
    found = []
    for page in [*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md"]:
        for line in page.read_text(encoding="utf-8").splitlines():
            word = banned.first_in(line)
            # As a word it may stand there; in disguise it must not be seen where nobody has written it.
            if word is not None and not re.search(rf"\b{word}\b", line, re.IGNORECASE):
                found.append((page.name, word, line))
    assert found == []


def test_the_embedded_models_whole_language_is_free_of_them() -> None:
    words = " ".join(str(value) for value in vars(english).values() if isinstance(value, dict | tuple | list))
    banned = BannedWords(LISTED.replace(", shell", ""))
    assert banned.first_in(words) is None


@pytest.mark.parametrize(
    "text",
    [
        "naked_woman",
        "a nude_girl",
        "bad_thing",
        "bad-thing",
        "<lora:naked_v2:1>",
        "naked1",
        "1naked",
        "n4ked2",
    ],
)
def test_an_underscore_or_a_digit_beside_a_word_does_not_hide_it(text: str) -> None:
    assert BannedWords("naked, nude, bad thing").first_in(text) in ("naked", "nude", "bad thing")


@pytest.mark.parametrize(
    "text", ["a_s_s_a_s_s_i_n", "class_room", "denuded_hill", "1080i, 90d, 1455", "nudel_1"]
)
def test_underscores_and_digits_make_no_word_of_another(text: str) -> None:
    assert BannedWords("ass, nude, boi, god, oil").first_in(text) is None


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("一个裸体女人", "裸体"),
        ("一个nude的女人", "nude"),
        ("ヌードの女性", "ヌード"),
        ("ﾇｰﾄﾞの女性", "ヌード"),
        ("누드를 그리다", "누드"),
        ("그녀의 nude를", "nude"),
        ("ㄴㅜㄷㅡ", "누드"),
    ],
)
def test_a_word_is_found_where_no_spaces_are_set(text: str, word: str) -> None:
    assert BannedWords("裸体, nude, ヌード, 누드").first_in(text) == word


@pytest.mark.parametrize(
    "text", ["ヌードルを食べる", "カヌード", "ヌートの女性", "누들 한 그릇", "하누드", "一个女人", "a猫ä"]
)
def test_other_words_of_these_scripts_are_left_alone(text: str) -> None:
    assert BannedWords("裸体, nude, ヌード, 누드").first_in(text) is None


MARKED = "เปลือย, นม, ກຳ, ໂປ໊, အာဝတ်မပါ, ကာမ, អាក្រាត, កាម, nude"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("ผู้หญิงเปลือยกายบนชายหาด", "เปลือย"),
        ("ผู้หญิง เปลือย", "เปลือย"),
        ("เปลือย", "เปลือย"),
        ("เปลืืือย", "เปลือย"),  # a mark that is drawn over itself
        ("เป\u200bลือย", "เปลือย"),
        ("ภาพnudeสวย", "nude"),
        ("nิude", "nude"),  # a Thai mark on a Latin letter
        ("ຜູ້ຍິງໂປ໊ຢູ່ຫາດຊາຍ", "ໂປ໊"),
        ("ပုံအာဝတ်မပါမိန်းကလေး", "အာဝတ်မပါ"),
        ("ស្ត្រីអាក្រាតនៅឆ្នេរ", "អាក្រាត"),
    ],
)
def test_a_word_is_found_where_vowels_are_marks_and_no_spaces_are_set(text: str, word: str) -> None:
    assert BannedWords(MARKED).first_in(text) == unicodedata.normalize("NFKC", word)


@pytest.mark.parametrize(
    "text",
    [
        "ปล่อย ปลอย ผู้หญิงบนชายหาด",
        "หนมะ แนม เนม",  # the letters of "นม" between vowels of other syllables
        "ນ້ຳກາ",
        "ကာမီး",
        "កាមូស ច្កាម",  # a vowel behind it, and its first letter set under another
        "nudes",
    ],
)
def test_the_same_letters_with_other_vowels_are_other_words(text: str) -> None:
    assert BannedWords(MARKED).first_in(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "裸" * 6000,
        "เปลื" * 1500,
        "ื" * 6000,
        "ក្" * 3000,
        "ヌ" * 6000,
        "ヌー" * 3000,
        "누" * 6000,
        "bad_" * 1500,
        "bad" + "_" * 6000,
    ],
)
def test_long_runs_without_spaces_are_looked_through_quickly(text: str) -> None:
    assert BannedWords("裸体, ヌード, 누드, bad thing, เปลือย, អាក្រាត").first_in(text) is None


def test_words_of_other_scripts_can_be_listed() -> None:
    banned = BannedWords("кот, 猫")
    assert banned.first_in("большой КОТ") == "кот"
    assert banned.first_in("котёнок") is None
    assert banned.first_in("к о т") == "кот"


def test_a_long_prompt_is_looked_through_quickly() -> None:
    banned = BannedWords(",".join(f"word{n}abc" for n in range(300)))
    text = "a r3d fox, " * 500
    assert banned.first_in(text) is None


@pytest.mark.parametrize("text", ["$" * 6000, "@" * 6000, "!i" * 3000, "s$" * 3000, "$5" * 3000])
def test_runs_of_signs_that_stand_for_letters_are_looked_through_quickly(text: str) -> None:
    assert BannedWords("sex, ass, ill").first_in(text) is None


@pytest.mark.parametrize("text", ["s" * 60 + "ex", "$" * 60 + "ex", "s" * 3000 + "e" * 2000 + "x"])
def test_a_word_is_found_however_far_it_is_stretched(text: str) -> None:
    assert BANNED.first_in(text) == "sex"
