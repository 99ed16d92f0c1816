"""What captions say."""

from random import Random

import pytest

from pocket.architecture import TEXT_LENGTH, make_tokenizer
from pocket.captions import caption, noise_words, plain_caption, vocabulary
from pocket.scenes import Scene, Thing, random_scene

FOXES = Scene((Thing("fox", "red", 2),), "snow")
HOUSE = Scene((Thing("house", "red"),), "grass")
PAIR = Scene((Thing("star", "yellow"), Thing("boat", "blue")), "sea", relation="above")


def test_plain_captions_are_what_a_person_types_first() -> None:
    assert plain_caption(FOXES, Random(0)) == "two red foxes in the snow"
    assert plain_caption(HOUSE, Random(0)) == "a red house on grass"
    assert plain_caption(PAIR, Random(0)) == "a yellow star above a blue boat on the sea"
    orange = Scene((Thing("umbrella", "orange"),), "plain", "orange")
    assert plain_caption(orange, Random(0)) == "an orange umbrella on an orange background"


def test_the_same_scene_is_said_in_many_ways() -> None:
    rng = Random(1)
    said = {caption(HOUSE, rng) for _ in range(200)}
    assert len(said) > 60
    assert "a red house on grass" in said
    assert any(s.startswith(("on grass", "on the grass", "in a meadow")) for s in said)


def test_a_relation_said_backwards_swaps_the_things() -> None:
    rng = Random(2)
    for _ in range(200):
        text = caption(PAIR, rng)
        star = text.index("star")
        boat = min(text.find(w) % 999 for w in ("boat", "sailboat", "ship"))
        upward = any(f" {w} " in text for w in ("above", "over", "higher", "on top of"))
        assert (star < boat) == upward


def test_every_word_of_a_caption_is_in_the_vocabulary() -> None:
    rng, words = Random(3), vocabulary()
    for _ in range(2000):
        text = caption(random_scene(rng, train=False), rng)
        assert set(text.replace(",", " ").split()) <= words


def test_every_known_word_is_one_token_and_captions_fit() -> None:
    tokenizer = make_tokenizer(vocabulary())
    assert all(len(tokenizer.tokenize(word)) == 1 for word in vocabulary())
    rng = Random(4)
    assert max(len(tokenizer(caption(random_scene(rng), rng)).input_ids) for _ in range(1000)) <= TEXT_LENGTH


def test_token_ids_do_not_depend_on_chance() -> None:
    shuffled = sorted(vocabulary(), key=lambda word: word[::-1])
    one, other = make_tokenizer(vocabulary()), make_tokenizer(shuffled)
    assert one.get_vocab() == other.get_vocab()
    own = make_tokenizer(["red", "reed", "tree", "a"])
    assert own.tokenize("a red tree reed") == ["a</w>", "red</w>", "tree</w>", "reed</w>"]


@pytest.mark.parametrize("text", ["", "zebra", "два 狐狸 😀 ﷽", "\x00\t\n", "a" * 6000])
def test_any_text_has_tokens(text: str) -> None:
    tokenizer = make_tokenizer(vocabulary())
    ids = tokenizer(text, padding="max_length", truncation=True, max_length=TEXT_LENGTH).input_ids
    assert len(ids) == TEXT_LENGTH
    assert ids[0] == tokenizer.bos_token_id
    assert ids[-1] == tokenizer.eos_token_id
    assert max(ids) < len(tokenizer)


def test_noise_words_differ() -> None:
    words = noise_words(Random(5))
    assert len({next(words) for _ in range(50)}) > 40
