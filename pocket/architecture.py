"""The shapes of the model's parts, all standard classes; what they learn is decided elsewhere."""

import json
from collections.abc import Iterable
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from diffusers.models.attention_processor import AttnProcessor
from tokenizers import Tokenizer, models, trainers
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

LATENT_CHANNELS = 24
LATENT_FACTOR = 16  # pixels per latent cell, both ways
TEXT_WIDTH = 128
TEXT_LENGTH = 32  # tokens, the two end marks included
NOISE_SHIFT = 4.0  # sigma' = s·σ / (1 + (s − 1)·σ), in training and in sampling alike

START, END = "<|startoftext|>", "<|endoftext|>"


def make_tokenizer(words: Iterable[str]) -> CLIPTokenizer:
    """A byte-level CLIP tokenizer: each of `words` is one token, any other text still has tokens."""
    words = sorted(set(words))
    plain = CLIPTokenizer()
    alphabet = sorted(ByteLevel.alphabet())
    vocab = {token: i for i, token in enumerate([*alphabet, *(c + "</w>" for c in alphabet)])}
    trainer = trainers.BpeTrainer(
        vocab_size=20_000, min_frequency=1, end_of_word_suffix="</w>", show_progress=False
    )
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer = plain.backend_tokenizer.normalizer
    learner.pre_tokenizer = plain.backend_tokenizer.pre_tokenizer
    learner.train_from_iterator(words, trainer)
    merges = _merges(learner)
    for left, right in merges:
        vocab.setdefault(left + right, len(vocab))
    for mark in (START, END):
        vocab[mark] = len(vocab)
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=TEXT_LENGTH)


def _merges(tokenizer: Tokenizer) -> list[tuple[str, str]]:
    raw = json.loads(tokenizer.to_str())["model"]["merges"]
    return [tuple(m.split(" ")) if isinstance(m, str) else tuple(m) for m in raw]


def make_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Token ids (n, 32) → states (n, 32, 128)."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=TEXT_WIDTH,
            intermediate_size=4 * TEXT_WIDTH,
            num_hidden_layers=3,
            num_attention_heads=4,
            projection_dim=TEXT_WIDTH,
            max_position_embeddings=TEXT_LENGTH,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def make_vae() -> AutoencoderKL:
    """Pictures (n, 3, 16h, 16w) in −1…1 ↔ latents (n, 24, h, w)."""
    widths = (16, 16, 32, 64, 96)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 5,
        up_block_types=("UpDecoderBlock2D",) * 5,
        block_out_channels=widths,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=1,  # a norm over few channels erases flat colour and is slow on CPUs
        sample_size=256,
        scaling_factor=1.0,
        use_quant_conv=False,
        use_post_quant_conv=False,
        mid_block_add_attention=False,
    )


def make_unet() -> UNet2DConditionModel:
    """The denoiser: latents, time 0…1000 and text states → the flow (noise − picture)."""
    unet = UNet2DConditionModel(
        sample_size=16,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=(64, 128, 160),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=TEXT_WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
    )
    unet.set_attn_processor(AttnProcessor())  # SDPA's backward is slow on CPUs at these sizes
    return unet


def make_scheduler() -> DPMSolverMultistepScheduler:
    """Flow matching, noise levels shifted to high noise, solved as an ODE: equal noise, equal picture."""
    return DPMSolverMultistepScheduler(
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        flow_shift=NOISE_SHIFT,
        algorithm_type="dpmsolver++",
        solver_order=2,
        solver_type="midpoint",
        lower_order_final=True,
        final_sigmas_type="zero",
        steps_offset=1,
    )


def make_pipeline(
    vae: AutoencoderKL, text_encoder: CLIPTextModel, tokenizer: CLIPTokenizer, unet: UNet2DConditionModel
) -> StableDiffusionPipeline:
    """The parts as the stock text-to-image pipeline."""
    return StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=make_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def save_pipeline(pipeline: StableDiffusionPipeline, folder: Path, words: Iterable[str]) -> None:
    """Write the standard diffusers folder in fp16 safetensors, and `words.txt`: the words the model knows."""
    pipeline.to(dtype=torch.float16).save_pretrained(folder, safe_serialization=True)
    (folder / "words.txt").write_text("\n".join(sorted(set(words))) + "\n", encoding="utf-8")
