"""Language models of this machine: a tiny random one in a worker, and the describer that comes along."""

import json
import shutil
from pathlib import Path
from random import Random

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from engine import BadPicture, Engine, ModelUnavailable, Registry, Request, WorkerSettings
from engine.job import CUT_OFF
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


def copied(writer: Path, folder: Path, template: str) -> Path:
    """The same model with a chat template."""
    shutil.copytree(writer, folder)
    (folder / "chat_template.jinja").write_text(template)
    return folder


TURNS = "{% for one in messages %}{{ one['role'] }} {{ one['content'] }} {% endfor %}"
NO_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
)


def test_a_template_without_a_system_message_gets_the_task_from_the_user(
    writer: Path, tmp_path: Path
) -> None:
    request = Request("plan", "a red house")
    joined = say(request, copied(writer, tmp_path / "joined", NO_SYSTEM + TURNS))
    by_hand = say(request, copied(writer, tmp_path / "by hand", "user plan\n\na red house "))
    assert joined == by_hand
    assert say(request, copied(writer, tmp_path / "apart", TURNS)) != joined


def test_a_template_that_begins_as_a_text_does_begins_once(writer: Path, tmp_path: Path) -> None:
    begun = copied(writer, tmp_path / "begun", "two " + TURNS)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(begun, bos_token="two")
    plain = say(Request("plan", "a red house"), begun)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing("two $A", special_tokens=[("two", 5)])
    tokenizer.save_pretrained(tmp_path / "begins")
    for name in ("config.json", "generation_config.json", "model.safetensors", "chat_template.jinja"):
        shutil.copy(begun / name, tmp_path / "begins" / name)
    assert say(Request("plan", "a red house"), tmp_path / "begins") == plain


def test_an_answer_that_would_have_gone_on_says_so(writer: Path, tmp_path: Path) -> None:
    assert say(Request("plan", "a red house"), writer).notes == (CUT_OFF,)
    ending = copied(writer, tmp_path / "ending", TURNS)
    config = json.loads((ending / "generation_config.json").read_text())
    config["eos_token_id"] = list(range(len(WORDS)))  # whatever it says ends it
    (ending / "generation_config.json").write_text(json.dumps(config))
    said = say(Request("plan", "a red house"), ending)
    assert (len(said.prompts[0].split()), said.notes) == (1, ())


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
