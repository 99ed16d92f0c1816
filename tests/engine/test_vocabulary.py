"""Which words of a prompt reach a model with a closed vocabulary, and which are told of."""

import unicodedata
from pathlib import Path
from random import Random

import pytest

from engine import ModelEntry, Registry
from engine.planning.vocabulary import known_text, names_nothing
from pocket.words.captions import LANGUAGES, caption, names, vocabulary
from pocket.world.scenes import random_scene

MODELS = """
[[model]]
name = "small"
title = "Small"
family = "sd"
source = "./small"
side = 256
multiple = 32
max_ratio = 3.0
steps = 12
guidance = 4.0

[[model]]
name = "worldly"
title = "Worldly"
family = "sd"
source = "./worldly"
side = 256
multiple = 32
max_ratio = 3.0
steps = 12
guidance = 4.0
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    folder = tmp_path_factory.mktemp("models")
    for name in ("small", "worldly"):
        (folder / name).mkdir()
    words = "\n".join(sorted(vocabulary())) + "\n"
    (folder / "small" / "words.txt").write_text(words, encoding="utf-8")
    (folder / "small" / "nouns.txt").write_text("\n".join(sorted(names())) + "\n", encoding="utf-8")
    (folder / "models.toml").write_text(MODELS)
    return Registry.load(extra=Path(folder / "models.toml"))


@pytest.fixture(scope="module")
def small(registry: Registry) -> ModelEntry:
    return registry.get("small")


def test_a_model_without_a_list_knows_every_word(registry: Registry) -> None:
    assert known_text("Cyberpunk 企鹅", registry.get("worldly")) == ("Cyberpunk 企鹅", ())


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_a_caption_says_is_known(small: ModelEntry, language: str) -> None:
    rng = Random(1)
    for _ in range(1500):
        text = caption(random_scene(rng, train=False), rng, language)
        assert known_text(text, small) == (text, ())


@pytest.mark.parametrize(
    ("text", "left", "unknown"),
    [
        ("a Cyberpunk red house, 8k", "a red house,", ("Cyberpunk", "8k")),
        ("A RED fox is in the snow", "A RED fox is in the snow", ()),
        ("the fox has a red house", "the fox a red house", ()),
        ("um pinguim vermelho na neve", "um vermelho na neve", ("pinguim",)),
        ("un zorro que está en la nieve", "un zorro en la nieve", ()),
        ("एक लाल पेंगुइन बर्फ़ में है", "एक लाल बर्फ़ में", ("पेंगुइन",)),
        ("一只企鹅在草地上", "一只 在草地上", ("企鹅",)),
        ("雪地里的两只红色狐狸和一只企鹅", "雪地里的两只红色狐狸和一只", ("企鹅",)),
        ("2只狐狸", "2只狐狸", ()),
        ("赤いペンギンが雪の中", "赤い が雪の中", ("ペンギン",)),
        ("赤いくま", "赤い", ("くま",)),
        ("にわとりと赤い家", "赤い家", ("にわとりと",)),
        ("특별한 빨간 펭귄이 눈 속에", "빨간 눈 속에", ("특별한", "펭귄이")),
        ("빨간 여우가 눈 속에", "빨간 여우 눈 속에", ()),
        ("два red", "red", ("два",)),
    ],
)
def test_only_what_is_not_known_is_left_out_and_told(
    small: ModelEntry, text: str, left: str, unknown: tuple[str, ...]
) -> None:
    assert known_text(text, small) == (left, unknown)


def test_the_same_letters_in_another_encoding_are_the_same_word(small: ModelEntry) -> None:
    for text in ("una montaña azul", "दो लोमड़ियाँ", "빨간 여우"):
        for form in ("NFC", "NFD"):
            assert known_text(unicodedata.normalize(form, text), small)[1] == ()


def test_a_word_is_told_once(small: ModelEntry) -> None:
    assert known_text("zebra, zebra 企鹅 企鹅", small)[1] == ("zebra", "企鹅")


def test_a_long_run_is_read_in_little_time(small: ModelEntry) -> None:
    left, unknown = known_text("狐狸企鹅" * 2000, small)
    assert left == " ".join(["狐狸"] * 2000)
    assert unknown == ("企鹅",)


@pytest.mark.parametrize(
    "text",
    [
        "a dragon",
        "portrait of a woman",
        "a red wizard",
        "ein roter Drache",
        "a cyberpunk city at night",
        "a wizard in the snow",
        "um pinguim na neve",
        "🐉",
        "企鹅",
        "赤いくま",
        "빨간 펭귄",
    ],
)
def test_nothing_is_named_where_surroundings_at_most_are_known(small: ModelEntry, text: str) -> None:
    assert names_nothing(text, small)


@pytest.mark.parametrize(
    "text",
    [
        "a red house",
        "a dragon and a House",
        "a House beside a dragon",
        "in the snow, a wizard with a fox",
        "雪地里的企鹅",
        "狐狸企鹅",
        "빨간 펭귄과 여우가",
        "red and blue",  # every word of it is known
        "",
    ],
)
def test_something_is_named_where_one_is_or_every_word_is_known(small: ModelEntry, text: str) -> None:
    assert not names_nothing(text, small)


def test_a_model_without_a_list_can_be_asked_for_anything(registry: Registry) -> None:
    assert not names_nothing("a dragon", registry.get("worldly"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_a_caption_says_names_something(small: ModelEntry, language: str) -> None:
    rng = Random(2)
    for _ in range(500):
        assert not names_nothing(f"zebra {caption(random_scene(rng, train=False), rng, language)}", small)


@pytest.mark.parametrize("emoji", ["🎠", "👩🏽‍🚀", "❤️", "→", "🦊🦊"])
def test_emoji_and_signs_are_words_that_it_does_not_know(emoji: str) -> None:
    pocket = Registry.load().get("pocket")
    assert known_text(f"a red circle {emoji} at night", pocket) == ("a red circle at night", (emoji,))
