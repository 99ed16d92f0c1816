"""Prompts from pictures."""

from pathlib import Path

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
from engine.planning.registry import DescriberEntry
from engine.seeing.describe import describe, friendly_ratio
from grammar import parse
from tests.engine.tiny import word_tokenizer


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


def test_without_a_model_the_plain_facts_are_said() -> None:
    prompts = describe(a_red_circle_on_yellow(), ())
    assert prompts[0] == "a red circle on a yellow background --ar 3:2"
    assert len(set(prompts)) == 4


def test_a_model_speaks_first(talker: DescriberEntry) -> None:
    said = describe(a_red_circle_on_yellow(), (talker,))
    assert len(set(said)) == 4
    assert said[0] not in describe(a_red_circle_on_yellow(), ())
    assert said == describe(a_red_circle_on_yellow(), (talker,))


def test_a_describer_that_is_not_here_is_passed_over(talker: DescriberEntry) -> None:
    absent = DescriberEntry("absent", "Absent", "./absent", folder=Path("/nowhere"))
    assert describe(a_red_circle_on_yellow(), (absent,))[0].startswith("a red circle")


def test_a_broken_describer_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(ModelUnavailable):
        describe(a_red_circle_on_yellow(), (DescriberEntry("broken", "Broken", "x", folder=tmp_path),))


@pytest.mark.parametrize("size", [(256, 256), (300, 200), (1000, 37), (20, 900)])
def test_every_prompt_parses_and_ends_in_its_proportion(size: tuple[int, int]) -> None:
    for prompt in describe(a_red_circle_on_yellow(size), ()):
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
