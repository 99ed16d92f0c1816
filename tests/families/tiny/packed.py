"""Tiny pipelines of the families whose latents are packed into a row of tokens."""

from typing import Any

from diffusers import (
    BriaPipeline,
    BriaTransformer2DModel,
    ChromaPipeline,
    ChromaTransformer2DModel,
    Flux2KleinPipeline,
    Flux2Pipeline,
    Flux2Transformer2DModel,
    FluxFillPipeline,
    FluxKontextPipeline,
    FluxPipeline,
    FluxTransformer2DModel,
    Krea2Pipeline,
    Krea2Transformer2DModel,
    LongCatImagePipeline,
    LongCatImageTransformer2DModel,
    OvisImagePipeline,
    OvisImageTransformer2DModel,
    QwenImagePipeline,
    QwenImageTransformer2DModel,
)
from transformers import (
    CLIPTextModel,
    Mistral3Config,
    Mistral3ForConditionalGeneration,
    Qwen3ForCausalLM,
    Qwen3Model,
    Qwen3VLModel,
)

from tests.families.tiny import parts


def flux(kind: type[Any] = FluxPipeline, inputs: int = 16) -> Any:
    """FLUX.1; Kontext and Fill are the same parts in another pipeline, Fill with more input channels."""
    tokenizer = parts.clip_tokenizer()
    return kind(
        scheduler=parts.flow(),
        vae=parts.vae(4, shift=0.1),
        text_encoder=parts.clip(tokenizer, CLIPTextModel),
        tokenizer=tokenizer,
        text_encoder_2=parts.t5(),
        tokenizer_2=parts.word_tokenizer(end="</s>"),
        transformer=parts.settled(
            FluxTransformer2DModel(
                in_channels=inputs,
                out_channels=16,
                num_layers=1,
                num_single_layers=1,
                attention_head_dim=16,
                num_attention_heads=2,
                joint_attention_dim=32,
                pooled_projection_dim=32,
                guidance_embeds=True,
                axes_dims_rope=(4, 4, 8),
            )
        ),
    )


def flux_kontext() -> FluxKontextPipeline:
    """FLUX.1 Kontext."""
    return flux(FluxKontextPipeline)


def flux_fill() -> FluxFillPipeline:
    """FLUX.1 Fill: latents, the picture's latents and the mask's pixels in one input."""
    return flux(FluxFillPipeline, 16 + 16 + 256)


def flux2() -> Flux2Pipeline:
    """FLUX.2: states of the layers 10, 20 and 30 of a language model."""
    config = Mistral3Config(
        text_config={
            "model_type": "mistral",
            "vocab_size": 96,
            "hidden_size": 16,
            "intermediate_size": 16,
            "max_position_embeddings": 1024,
            "num_attention_heads": 2,
            "num_hidden_layers": 31,
            "num_key_value_heads": 2,
            "head_dim": 8,
        },
        vision_config={
            "model_type": "pixtral",
            "hidden_size": 16,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 16,
            "image_size": 32,
            "patch_size": 16,
        },
    )
    return Flux2Pipeline(
        scheduler=parts.flow(),
        vae=parts.vae_flux2(),
        text_encoder=parts.settled(Mistral3ForConditionalGeneration(config)),
        tokenizer=parts.word_tokenizer(),
        transformer=_flux2_transformer(48, guided=True),
    )


def flux2_klein() -> Flux2KleinPipeline:
    """FLUX.2 klein: states of the layers 9, 18 and 27, and guidance by contrast."""
    return Flux2KleinPipeline(
        scheduler=parts.flow(),
        vae=parts.vae_flux2(),
        text_encoder=parts.qwen3(Qwen3ForCausalLM, 28, 16),
        tokenizer=parts.word_tokenizer(),
        transformer=_flux2_transformer(48, guided=False),
    )


def _flux2_transformer(text: int, *, guided: bool) -> Flux2Transformer2DModel:
    return parts.settled(
        Flux2Transformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=text,
            axes_dims_rope=(4, 4, 4, 4),
            guidance_embeds=guided,
        )
    )


def chroma() -> ChromaPipeline:
    """Chroma: FLUX.1 without distillation, its text masked."""
    return ChromaPipeline(
        scheduler=parts.flow(),
        vae=parts.vae(4, shift=0.1),
        text_encoder=parts.t5(),
        tokenizer=parts.word_tokenizer(end="</s>"),
        transformer=parts.settled(
            ChromaTransformer2DModel(
                in_channels=16,
                num_layers=1,
                num_single_layers=1,
                attention_head_dim=16,
                num_attention_heads=2,
                joint_attention_dim=32,
                axes_dims_rope=(4, 4, 8),
                approximator_num_channels=16,
                approximator_hidden_dim=32,
                approximator_layers=1,
            )
        ),
    )


def qwen_image() -> QwenImagePipeline:
    """Qwen-Image: a text of its own length, a mask, and a picture that is a video of one frame."""
    return QwenImagePipeline(
        scheduler=parts.flow(use_dynamic_shifting=True),
        vae=parts.vae_qwen(),
        text_encoder=parts.qwen25_vl(),
        tokenizer=parts.word_tokenizer(length=2048),
        transformer=parts.settled(
            QwenImageTransformer2DModel(
                in_channels=16,
                out_channels=4,
                num_layers=1,
                attention_head_dim=16,
                num_attention_heads=2,
                joint_attention_dim=32,
                axes_dims_rope=(4, 6, 6),
            )
        ),
    )


def ovis() -> OvisImagePipeline:
    """Ovis-Image: 28 tokens of its chat template are dropped."""
    return OvisImagePipeline(
        scheduler=parts.flow(),
        vae=parts.vae(4, shift=0.1),
        text_encoder=parts.qwen3(Qwen3Model),
        tokenizer=parts.word_tokenizer(),
        transformer=parts.settled(
            OvisImageTransformer2DModel(
                in_channels=16,
                out_channels=16,
                num_layers=1,
                num_single_layers=1,
                attention_head_dim=16,
                num_attention_heads=2,
                joint_attention_dim=32,
                axes_dims_rope=(4, 4, 8),
            )
        ),
    )


def longcat() -> LongCatImagePipeline:
    """LongCat-Image; a plain tokenizer stands where prompts are rewritten: the real one needs torchvision."""
    return LongCatImagePipeline(
        scheduler=parts.flow(use_dynamic_shifting=True),
        vae=parts.vae(16, shift=0.1),
        text_encoder=parts.qwen25_vl(),
        tokenizer=parts.word_tokenizer(),
        text_processor=parts.word_tokenizer(),
        transformer=parts.settled(
            LongCatImageTransformer2DModel(
                in_channels=64,
                num_layers=1,
                num_single_layers=1,
                attention_head_dim=16,
                num_attention_heads=2,
                joint_attention_dim=32,
                pooled_projection_dim=32,
                axes_dims_rope=[4, 4, 8],
            )
        ),
    )


def bria() -> BriaPipeline:
    """Bria 3.2."""
    return BriaPipeline(
        scheduler=parts.flow(),
        vae=parts.vae(4),
        text_encoder=parts.t5(),
        tokenizer=parts.word_tokenizer(end="</s>"),
        transformer=parts.settled(
            BriaTransformer2DModel(
                in_channels=16,
                num_layers=1,
                num_single_layers=1,
                attention_head_dim=8,
                num_attention_heads=2,
                joint_attention_dim=32,
                pooled_projection_dim=None,
                axes_dims_rope=[0, 4, 4],
            )
        ),
    )


def krea2() -> Krea2Pipeline:
    """Krea 2: the states of several layers of a Qwen 3 VL, which the transformer mixes itself."""
    return Krea2Pipeline(
        scheduler=parts.flow(use_dynamic_shifting=True),
        vae=parts.vae_qwen(),
        text_encoder=parts.settled(Qwen3VLModel(parts.qwen3_vl_config(2))),
        tokenizer=parts.word_tokenizer(length=2048),
        transformer=parts.settled(
            Krea2Transformer2DModel(
                in_channels=16,
                num_layers=1,
                attention_head_dim=8,
                num_attention_heads=2,
                num_key_value_heads=2,
                intermediate_size=32,
                timestep_embed_dim=8,
                text_hidden_dim=16,
                num_text_layers=3,
                text_num_attention_heads=2,
                text_num_key_value_heads=1,
                text_intermediate_size=16,
                num_layerwise_text_blocks=1,
                num_refiner_text_blocks=1,
                axes_dims_rope=(4, 2, 2),
            )
        ),
        text_encoder_select_layers=(0, 1, 2),
    )
