"""The shapes of the model's parts, all standard classes; what they learn is decided elsewhere."""

import json
import re
import unicodedata
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from diffusers.models.attention_processor import AttnProcessor
from tokenizers import AddedToken
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

LATENT_CHANNELS = 24  # of a latent cell
LATENT_FACTOR = 16  # pixels per latent cell, both ways
TEXT_WIDTH = 128  # channels of a word
TEXT_LENGTH = 32  # tokens, the two end marks included
NOISE_SHIFT = 4.0  # sigma' = s·σ / (1 + (s − 1)·σ), in training and in sampling alike

START, END = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"


_SPACED = re.compile(r"[\u0000-\u024f]+")  # letters that the tokenizer's own splitting keeps together
_UNSPACED = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef]")
_PIECE = re.compile(r"[^\W\d_]+|\d|[^\w\s]+")


def make_tokenizer(words: Iterable[str], base: CLIPTokenizer | None = None) -> CLIPTokenizer:
    """A byte-level CLIP tokenizer: each of `words` is one token, any other text still has tokens.

    Words with digits or hyphens are one token a part. Latin words are merged from bytes; others are tokens
    that are found before the text is split, the longest first, Devanagari ones as whole words only, Chinese,
    Japanese and Korean ones anywhere in a run. With a `base` new ids come after all of its own, which stay.
    Equal words give equal ids; the stock BPE trainer does not promise that (it breaks ties by chance).
    """
    vocab, ranks, whole = _parts(base)
    known = {unicodedata.normalize("NFC", word) for word in words}
    split = {word for word in known if _SPACED.fullmatch(word)}
    as_letters = ByteLevel(add_prefix_space=False, use_regex=False)
    for word in sorted({piece for w in split for piece in _PIECE.findall(w)}):
        letters = as_letters.pre_tokenize_str(word)[0][0]
        pieces = _merged([*letters[:-1], letters[-1] + WORD_END], ranks)
        while len(pieces) > 1:
            ranks[pieces[0], pieces[1]] = len(ranks)
            vocab.setdefault(pieces[0] + pieces[1], len(vocab))
            pieces = _merged(pieces, ranks)
    for mark in (START, END):
        vocab.setdefault(mark, len(vocab))
    for word in sorted(known - split - set(whole)):
        vocab[word] = len(vocab)
        whole.append(word)
    tokenizer = CLIPTokenizer(vocab=vocab, merges=list(ranks), model_max_length=TEXT_LENGTH)
    tokenizer.add_tokens([AddedToken(w, single_word=not _UNSPACED.search(w)) for w in whole])
    return tokenizer


def _parts(base: CLIPTokenizer | None) -> tuple[dict[str, int], dict[tuple[str, str], int], list[str]]:
    """The ids, the ranks of the merges, and the words found before splitting, in the order of their ids."""
    if base is None:
        alphabet = sorted(ByteLevel.alphabet())
        return {token: i for i, token in enumerate([*alphabet, *(c + WORD_END for c in alphabet)])}, {}, []
    stored = json.loads(base.backend_tokenizer.to_str())
    ranks = {(first, second): i for i, (first, second) in enumerate(stored["model"]["merges"])}
    added = sorted(stored["added_tokens"], key=lambda token: token["id"])
    vocab = stored["model"]["vocab"] | {token["content"]: token["id"] for token in added}
    return vocab, ranks, [token["content"] for token in added if not token["special"]]


def _merged(pieces: list[str], ranks: dict[tuple[str, str], int]) -> list[str]:
    """The pieces after every known merge, the eldest first, as a BPE tokenizer does it."""
    while True:
        known = [(ranks[pair], i) for i, pair in enumerate(pairwise(pieces)) if pair in ranks]
        if not known:
            return pieces
        _, i = min(known)
        pieces = [*pieces[:i], pieces[i] + pieces[i + 1], *pieces[i + 2 :]]


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


def save_pipeline(
    pipeline: StableDiffusionPipeline, folder: Path, words: Iterable[str], nouns: Iterable[str] = ()
) -> None:
    """Write the standard diffusers folder in fp16 safetensors, `words.txt` and `nouns.txt`.

    These are the words the model knows, and those of them that are for a thing or a place.
    """
    pipeline.to(dtype=torch.float16).save_pretrained(folder, safe_serialization=True)
    for name, listed in (("words.txt", words), ("nouns.txt", nouns)):
        (folder / name).write_text("\n".join(sorted(set(listed))) + "\n", encoding="utf-8")
