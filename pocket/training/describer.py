"""A stage of its own: a small image-to-text model that says what is in a drawn scene, for `/describe`."""

from pathlib import Path
from random import Random

import numpy as np
import torch
from torch import Tensor
from transformers import (
    CLIPTokenizer,
    GPT2Config,
    GPT2LMHeadModel,
    VisionEncoderDecoderConfig,
    VisionEncoderDecoderModel,
    ViTConfig,
    ViTModel,
)
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from pocket.training.precision import mixed
from pocket.training.run import Schedule, train
from pocket.words.captions import bare_caption
from pocket.world.draw import draw
from pocket.world.scenes import SIZES_OF_PICTURES, Scene, random_scene

SIDE = 64  # every picture is looked at as a square of this side
LENGTH = 28  # tokens of a caption, end marks included
_WIDTH = 128  # channels of both halves, so that nothing has to be projected


def make_describer(tokenizer: CLIPTokenizer) -> VisionEncoderDecoderModel:
    """A vision transformer that reads 8×8 patches and a two-layer writer that looks at them."""
    reader = ViTConfig(
        image_size=SIDE,
        patch_size=8,
        hidden_size=_WIDTH,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=3 * _WIDTH,
    )
    writer = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=LENGTH,
        n_embd=_WIDTH,
        n_layer=2,
        n_head=4,
        add_cross_attention=True,
        is_decoder=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    config = VisionEncoderDecoderConfig.from_encoder_decoder_configs(reader, writer)
    config.decoder_start_token_id = tokenizer.bos_token_id
    config.pad_token_id = tokenizer.pad_token_id
    config.eos_token_id = tokenizer.eos_token_id
    encoder = ViTModel(config.encoder, add_pooling_layer=False)
    return VisionEncoderDecoderModel(config, encoder, GPT2LMHeadModel(config.decoder))


def make_processor() -> ViTImageProcessorPil:
    """Any picture → a square of 64 pixels in −1…1."""
    return ViTImageProcessorPil(
        size={"height": SIDE, "width": SIDE}, image_mean=[0.5] * 3, image_std=[0.5] * 3
    )


def picture_of(scene: Scene, rng: Random) -> np.ndarray:
    """The scene in a random proportion, pressed into the square (64, 64, 3)."""
    width, height = SIZES_OF_PICTURES[rng.choice(("1:1", "1:1", *SIZES_OF_PICTURES))]
    return np.array(draw(scene, width, height, rng, fine=1).resize((SIDE, SIDE), reducing_gap=None))


def train_describer(
    model: VisionEncoderDecoderModel,
    tokenizer: CLIPTokenizer,
    folder: Path,
    seed: int,
    steps: int,
    pictures: int,
    device: str,
) -> None:
    """Train on drawn scenes with a little blur of light and noise; the averaged weights end in `model`."""
    rng = Random(f"{seed}/describer")
    scenes = [random_scene(rng) for _ in range(pictures)]
    library = torch.from_numpy(np.stack([picture_of(s, rng) for s in scenes])).permute(0, 3, 1, 2)
    model.to(device)

    def loss_at(step: int) -> Tensor:
        rng = Random(f"{seed}/{step}")
        chosen = [rng.randrange(pictures) for _ in range(64)]
        generator = torch.Generator().manual_seed(seed * 1_000_003 + step)
        seen = library[chosen].float() / 127.5 - 1
        seen = seen + rng.choice((0.0, 0.03, 0.06)) * torch.randn(seen.shape, generator=generator)
        said = tokenizer(
            [bare_caption(scenes[i], rng) for i in chosen],
            padding="max_length",
            max_length=LENGTH,
            truncation=True,
            return_tensors="pt",
        )
        # The end mark is also the padding; only the first one is to be learnt.
        wanted = said.input_ids.masked_fill(said.attention_mask == 0, -100)[:, 1:].to(device)
        with mixed(device):
            logits = model(
                pixel_values=seen.to(device), decoder_input_ids=said.input_ids[:, :-1].to(device)
            ).logits
        return torch.nn.functional.cross_entropy(
            logits.float().flatten(0, 1), wanted.flatten(), ignore_index=-100
        )

    weights = train("describer", folder, model, Schedule(steps, 1e-3), loss_at, keep=0.995, muon=True)
    model.load_state_dict(weights)


def save_describer(model: VisionEncoderDecoderModel, tokenizer: CLIPTokenizer, folder: Path) -> None:
    """The standard transformers folder in half precision, with the unused pooler that loading expects."""
    trained, model = model.cpu().state_dict(), VisionEncoderDecoderModel(model.config)
    model.load_state_dict(trained, strict=False)
    model.half()
    model.generation_config.update(
        decoder_start_token_id=tokenizer.bos_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    make_processor().save_pretrained(folder)
