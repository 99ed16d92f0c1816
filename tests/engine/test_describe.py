"""Prompts from pictures."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from PIL import Image, ImageDraw
from transformers import (
    BertConfig,
    PreTrainedTokenizerFast,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
    ViTImageProcessor,
)

from engine import BadPicture, ModelUnavailable
from engine.pictures.decoding import to_png
from engine.planning.registry import DescriberEntry, Registry
from engine.seeing.describe import NO_DESCRIBER, UNLIKE, describe, friendly_ratio
from grammar import parse
from pocket.world.draw import draw
from pocket.world.scenes import SIZES_OF_PICTURES, random_scene
from tests.engine.tiny import word_tokenizer

DOCS = Path(__file__).parents[2] / "docs"


def a_red_circle_on_yellow(size: tuple[int, int] = (300, 200)) -> bytes:
    picture = Image.new("RGB", size, (250, 208, 46))
    ImageDraw.Draw(picture).ellipse((100, 50, 200, 150), fill=(224, 52, 50))
    return to_png(picture)


@pytest.fixture(scope="module")
def talker(tmp_path_factory: pytest.TempPathFactory) -> DescriberEntry:
    """A tiny random image-to-text model: what it says means nothing, and it stops only for want of places."""
    folder: Path = tmp_path_factory.mktemp("describer")
    tokenizer: PreTrainedTokenizerFast = word_tokenizer()
    small = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(
        ViTConfig(image_size=32, patch_size=16, **small),
        BertConfig(vocab_size=len(tokenizer), max_position_embeddings=12, **small),
    )
    config.decoder_start_token_id = config.pad_token_id = tokenizer.pad_token_id
    config.eos_token_id = tokenizer.eos_token_id
    VisionEncoderDecoderModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
    return DescriberEntry("tiny", "Tiny", str(folder), folder=folder)


def test_without_a_model_the_plain_facts_are_said_and_that_they_are_no_more() -> None:
    described = describe(a_red_circle_on_yellow(), ())
    assert described.prompts[0] == "a red circle on a yellow background --ar 3:2"
    assert len(set(described.prompts)) == 4
    assert described.notes == (NO_DESCRIBER,)


def test_the_four_are_of_subject_style_colours_and_composition() -> None:
    _, style, colours, layout = describe(a_red_circle_on_yellow(), ()).prompts
    assert "flat design" in style
    assert "in yellow, red" in colours
    assert "centred" in layout
    assert "with space around" in layout


@pytest.mark.parametrize("described_by", ["a model", "nobody"])
def test_each_turn_gives_four_others(talker: DescriberEntry, described_by: str) -> None:
    describers = (talker,) if described_by == "a model" else ()
    turns = [describe(a_red_circle_on_yellow(), describers, turn=turn).prompts for turn in range(4)]
    assert len({prompt for prompts in turns for prompt in prompts}) == 16
    assert describe(a_red_circle_on_yellow(), describers, turn=3).prompts == turns[3]


def test_a_model_speaks_first(talker: DescriberEntry) -> None:
    said = describe(a_red_circle_on_yellow(), (talker,)).prompts
    assert len(set(said)) == 4
    assert said[0] not in describe(a_red_circle_on_yellow(), ()).prompts
    assert said == describe(a_red_circle_on_yellow(), (talker,)).prompts


def test_what_a_describer_says_of_itself_goes_along(talker: DescriberEntry) -> None:
    modest = replace(talker, name="modest", about="It is small.")
    assert describe(a_red_circle_on_yellow(), (modest,)).notes == ("It is small.",)
    assert describe(a_red_circle_on_yellow(), (talker,)).notes == ()


def test_a_describer_that_is_not_here_is_passed_over(talker: DescriberEntry) -> None:
    absent = DescriberEntry("absent", "Absent", "./absent", folder=Path("/nowhere"))
    assert describe(a_red_circle_on_yellow(), (absent,)).prompts[0].startswith("a red circle")


def drawn(rng: Random) -> bytes:
    width, height = rng.choice(list(SIZES_OF_PICTURES.values()))
    return to_png(draw(random_scene(rng, train=False), width, height, rng))


def screenshot(name: str) -> bytes:
    return (DOCS / "images" / name).read_bytes()


def rocks() -> bytes:
    """Many small shades, as photographs have them."""
    rough = [Image.effect_noise((48, 48), 90).resize((384, 384), Image.Resampling.BICUBIC) for _ in range(3)]
    fine = [Image.effect_noise((384, 384), 40) for _ in range(3)]
    return to_png(Image.blend(Image.merge("RGB", rough), Image.merge("RGB", fine), 0.4))


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(lambda: screenshot("playground.png"), id="a screen"),
        pytest.param(lambda: screenshot("playground-settings.png"), id="a form"),
        pytest.param(rocks, id="rocks"),
        pytest.param(lambda: to_png(Image.effect_mandelbrot((256, 256), (-2, -1, 1, 1), 99)), id="a fractal"),
    ],
)
def test_of_pictures_of_another_world_the_small_describer_only_guesses(picture: Callable[[], bytes]) -> None:
    described = describe(picture())
    about = Registry.load().describers[0].about
    assert described.notes == (about, UNLIKE)
    assert described.prompts[0].startswith("something like ")
    assert describe(picture(), turn=1).prompts != described.prompts


def test_of_nearly_all_drawn_scenes_it_is_sure() -> None:
    rng = Random(5)
    said = [describe(drawn(rng)) for _ in range(16)]
    sure = [described for described in said if UNLIKE not in described.notes]
    assert len(sure) >= 14
    assert not any("something like" in described.prompts[0] for described in sure)


def test_a_broken_describer_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelUnavailable):
        describe(a_red_circle_on_yellow(), (DescriberEntry("broken", "Broken", "x", folder=tmp_path),))


@pytest.mark.parametrize("size", [(256, 256), (300, 200), (1000, 37), (20, 900)])
def test_every_prompt_parses_and_ends_in_its_proportion(size: tuple[int, int]) -> None:
    turns = [describe(a_red_circle_on_yellow(size), (), turn=turn).prompts for turn in range(4)]
    for prompt in (prompt for prompts in turns for prompt in prompts):
        (spec,) = parse(prompt)
        assert prompt.endswith(f" --ar {friendly_ratio(*size)}")
        assert spec.aspect is not None
        assert len(spec.parts) == 1


@pytest.mark.parametrize(
    ("size", "ratio"),
    [
        ((512, 512), "1:1"),
        ((1344, 896), "3:2"),
        ((816, 1456), "9:16"),
        ((1920, 1080), "16:9"),
        ((9000, 1), "14:1"),
    ],
)
def test_proportions_are_said_as_people_write_them(size: tuple[int, int], ratio: str) -> None:
    assert friendly_ratio(*size) == ratio


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(BadPicture):
        describe(b"plain text", ())
