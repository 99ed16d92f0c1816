"""Kolors, tiny: its tokenizer is a sentencepiece model, trained here on a few words; needs sentencepiece."""

import io
import tempfile
from pathlib import Path
from typing import Any

from tests.families.tiny import parts
from tests.families.tiny.unets import sizes_unet


def kolors() -> Any:
    """Kolors: an SDXL whose texts are a language model's."""
    import sentencepiece
    from diffusers import KolorsPipeline
    from diffusers.pipelines.kolors.text_encoder import ChatGLMConfig, ChatGLMModel
    from diffusers.pipelines.kolors.tokenizer import ChatGLMTokenizer

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([" ".join(parts.WORDS)] * 20),
        model_writer=model,
        model_type="word",
        vocab_size=len(parts.WORDS) + 3,
        minloglevel=2,
    )
    folder = Path(tempfile.mkdtemp())
    (folder / "tokenizer.model").write_bytes(model.getvalue())
    tokenizer = ChatGLMTokenizer(str(folder / "tokenizer.model"))
    config = ChatGLMConfig(
        num_layers=2,
        padded_vocab_size=128,
        hidden_size=32,
        ffn_hidden_size=32,
        kv_channels=8,
        num_attention_heads=4,
        seq_length=256,
        add_qkv_bias=True,
        original_rope=True,
    )
    return KolorsPipeline(
        vae=parts.vae(),
        text_encoder=parts.settled(ChatGLMModel(config)),
        tokenizer=tokenizer,
        unet=sizes_unet(32, 32),
        scheduler=parts.euler(),
    )
