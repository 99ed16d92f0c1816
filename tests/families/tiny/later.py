"""Tiny pipelines of families that came later than the table of their kind."""

from diffusers import ErnieImagePipeline, ErnieImageTransformer2DModel
from transformers import MistralConfig, MistralModel

from tests.families.tiny import parts


def ernie_image() -> ErnieImagePipeline:
    """ERNIE-Image, without what would rewrite the prompt."""
    return ErnieImagePipeline(
        transformer=parts.settled(
            ErnieImageTransformer2DModel(
                hidden_size=32,
                num_attention_heads=2,
                num_layers=1,
                ffn_hidden_size=32,
                in_channels=16,
                out_channels=16,
                text_in_dim=32,
                rope_axes_dim=(4, 6, 6),
            )
        ),
        vae=parts.vae_flux2(),
        text_encoder=parts.settled(MistralModel(parts.language_config(MistralConfig))),
        tokenizer=parts.word_tokenizer(start="<s>"),
        scheduler=parts.flow(),
    )
