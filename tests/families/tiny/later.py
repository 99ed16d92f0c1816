"""Tiny pipelines of families that came later than the table of their kind."""

from typing import Any

from diffusers import (
    ErnieImagePipeline,
    ErnieImageTransformer2DModel,
    Flux3AutoBlocks,
    Flux3Transformer2DModel,
    NucleusMoEImagePipeline,
    NucleusMoEImageTransformer2DModel,
    QwenImageEditPipeline,
    QwenImageEditPlusPipeline,
)
from transformers import (
    MistralConfig,
    MistralModel,
    PaddleOCRVLProcessor,
    Qwen3VLForConditionalGeneration,
)
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from tests.families.tiny import packed, parts


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


def _processor(**said: Any) -> PaddleOCRVLProcessor:
    """What reads words and pictures, with Qwen's marks; Qwen's own class wants films, and torchvision."""
    words = parts.word_tokenizer(length=2048, named={"image_token": "<|image_pad|>"})
    return PaddleOCRVLProcessor(
        image_processor=Qwen2VLImageProcessorPil(**said), tokenizer=words, chat_template=words.chat_template
    )


def _qwen3_vl(layers: int) -> Qwen3VLForConditionalGeneration:
    """A Qwen 3 VL that reads texts."""
    return parts.settled(Qwen3VLForConditionalGeneration(parts.qwen3_vl_config(layers)))


def _qwen_edit(kind: type[Any]) -> Any:
    base = packed.qwen_image()
    small = {"patch_size": 14, "min_pixels": 56 * 56, "max_pixels": 56 * 56}
    processor = _processor(**small)
    seeing = base.components | {"text_encoder": parts.qwen25_vl(image_token=processor.image_token_id)}
    return parts.smaller(kind(processor=processor, **seeing))


def qwen_image_edit() -> QwenImageEditPipeline:
    """Qwen-Image-Edit: the text encoder sees the picture as well."""
    return _qwen_edit(QwenImageEditPipeline)


def qwen_image_edit_plus() -> QwenImageEditPlusPipeline:
    """The same with several pictures."""
    return _qwen_edit(QwenImageEditPlusPipeline)


def flux3() -> Any:
    """FLUX.3: a modular pipeline, its prompts not rewritten."""
    blocks = Flux3AutoBlocks()
    blocks.sub_blocks.pop("prompt_upsampler")
    pipe = blocks.init_pipeline()
    pipe.update_components(
        transformer=parts.settled(
            Flux3Transformer2DModel(
                in_channels=16,
                cond_in_channels=16,
                num_layers=1,
                num_single_layers=1,
                attention_head_dim=16,
                num_attention_heads=2,
                joint_attention_dim=8 * 16,
                timestep_channels=16,
                axes_dims_rope=(4, 4, 4, 4),
            )
        ),
        vae=parts.vae_flux2(),
        text_encoder=_qwen3_vl(33),
        tokenizer=_processor(),
    )
    return pipe


def nucleus() -> NucleusMoEImagePipeline:
    """Nucleus-Image: four experts, each of which takes half of a picture's tokens."""
    return NucleusMoEImagePipeline(
        transformer=parts.settled(
            NucleusMoEImageTransformer2DModel(
                in_channels=16,
                out_channels=4,
                num_layers=2,
                attention_head_dim=16,
                num_attention_heads=2,
                joint_attention_dim=16,
                axes_dims_rope=(4, 6, 6),
                mlp_ratio=8.0,
                dense_moe_strategy="all_moe",
                num_experts=4,
                moe_intermediate_dim=16,
                capacity_factors=2.0,
            )
        ),
        scheduler=parts.flow(use_dynamic_shifting=True),
        vae=parts.vae_qwen(),
        text_encoder=_qwen3_vl(9),
        processor=_processor(),
    )
