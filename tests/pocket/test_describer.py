"""The shipped describer says what is in a drawn scene."""

from pathlib import Path
from random import Random

import pytest
import torch
from transformers import AutoImageProcessor, AutoModelForImageTextToText, AutoTokenizer

import pocket
from pocket.words.captions import COLOUR_WORDS
from pocket.words.english import KIND_WORDS
from pocket.world.draw import draw
from pocket.world.scenes import COLOURS, KINDS, Scene, Thing

FOLDER = Path(pocket.__file__).parent / "describer"


@pytest.fixture(scope="module")
def said() -> list[tuple[Thing, str]]:
    model = AutoModelForImageTextToText.from_pretrained(FOLDER).float().eval()
    tokenizer = AutoTokenizer.from_pretrained(FOLDER)
    prepare = AutoImageProcessor.from_pretrained(FOLDER)
    rng, found = Random(5), []
    for i, colour in enumerate(COLOURS):
        thing = Thing(KINDS[2 * i], colour)
        picture = draw(Scene((thing,), "plain", "white" if colour != "white" else "teal"), 256, 256, rng)
        with torch.no_grad():
            ids = model.generate(
                **prepare(images=picture, return_tensors="pt"), num_beams=4, max_new_tokens=26
            )
        found.append((thing, tokenizer.batch_decode(ids, skip_special_tokens=True)[0]))
    return found


def test_it_names_the_colour_of_a_single_thing(said: list[tuple[Thing, str]]) -> None:
    right = [bool(set(COLOUR_WORDS[thing.colour]) & set(text.split())) for thing, text in said]
    assert sum(right) >= 0.75 * len(right), said


def test_it_names_most_kinds(said: list[tuple[Thing, str]]) -> None:
    right = [any(f" {word} " in f" {text} " for word in KIND_WORDS[thing.kind]) for thing, text in said]
    assert sum(right) >= 0.75 * len(right), said


def test_it_speaks_in_words_of_the_prompt_language(said: list[tuple[Thing, str]]) -> None:
    assert all(text.isascii() and 2 <= len(text.split()) <= 20 for _, text in said)


def test_it_is_small() -> None:
    assert sum(f.stat().st_size for f in FOLDER.rglob("*")) <= 6 * 1024**2
