"""Language models of this machine: a tiny random one in a worker, and the describer that comes along."""

from pathlib import Path
from random import Random

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from engine import BadPicture, Engine, ModelUnavailable, Registry, Request, WorkerSettings
from engine.pictures.decoding import to_png
from engine.seeing.answers import answer
from engine.seeing.language import say
from pocket.world.draw import draw
from pocket.world.scenes import Scene, Thing

WORDS = ("plan", "a", "red", "house", "snow", "two", "foxes", "[UNK]", "[EOS]")


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random causal model."""
    folder = tmp_path_factory.mktemp("writer")
    made = Tokenizer(models.WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    PreTrainedTokenizerFast(tokenizer_object=made, unk_token="[UNK]", eos_token="[EOS]").save_pretrained(
        folder
    )
    config = LlamaConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=64,
        eos_token_id=None,
        bos_token_id=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def test_it_says_what_it_says_and_the_same_again(writer: Path) -> None:
    asked = Request("plan", "a red house")
    said = say(asked, writer).prompts[0]
    assert set(said.split()) <= set(WORDS)
    assert said
    assert say(asked, writer).prompts[0] == said


def test_a_text_that_is_too_long_and_a_folder_without_a_model_are_told(writer: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="too long"):
        say(Request("plan", "house " * 100), writer)
    with pytest.raises(ModelUnavailable, match="could not be loaded"):
        say(Request("plan", "a house"), tmp_path)
    with pytest.raises(ModelUnavailable, match="set up"):
        say(Request("plan", "a house"), None)


async def test_a_worker_answers_for_the_process_that_loads_no_torch(writer: Path) -> None:
    async with Engine(
        registry=Registry.load(), device="cpu", settings=WorkerSettings(writer=writer)
    ) as engine:
        said = await engine.say(Request("plan", "a red house"))
        assert set(said.prompts[0].split()) <= set(WORDS)
        with pytest.raises(BadPicture):
            await engine.say(Request("", "How many?", b"no picture"))


@pytest.mark.parametrize(
    ("scene", "question", "told"),
    [
        (Scene((Thing("star", "yellow", 3),), "plain", "blue"), "How many stars are there?", "Three."),
        (Scene((Thing("house", "red"),), "snow"), "What colour is the house?", "Red."),
        (Scene((Thing("house", "red"),), "snow"), "Where is it?", "In the snow."),
        (Scene((Thing("house", "red"),), "snow"), "How many houses?", "One."),
        (Scene((Thing("house", "red"),), "snow"), "How many foxes?", "None that it sees."),
    ],
)
def test_the_small_describer_answers_about_its_own_world(scene: Scene, question: str, told: str) -> None:
    png = to_png(draw(scene, 256, 256, Random(4)))
    said = answer(Request("", question, png), Registry.load().describers)
    assert said.prompts[0].startswith(told)
    assert sum("small describer" in note for note in said.notes) == 1
