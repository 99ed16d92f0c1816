"""Tiny pipelines of the families that denoise with a U-Net."""

from inspect import signature
from typing import Any

from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    IFPipeline,
    Kandinsky3Pipeline,
    Kandinsky3UNet,
    KandinskyV22CombinedPipeline,
    LatentConsistencyModelPipeline,
    LCMScheduler,
    PriorTransformer,
    StableDiffusionInstructPix2PixPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLInstructPix2PixPipeline,
    StableDiffusionXLPipeline,
    UnCLIPScheduler,
    UNet2DConditionModel,
)
from transformers import (
    CLIPImageProcessor,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from tests.families.tiny import parts

_CROSS = {
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
}
_SIMPLE = {
    "down_block_types": ("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
    "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
    "up_block_types": ("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
    "resnet_time_scale_shift": "scale_shift",
}


def _unet(**said: Any) -> UNet2DConditionModel:
    values: dict[str, Any] = {
        "sample_size": 8,
        "block_out_channels": (16, 32),
        "layers_per_block": 1,
        "attention_head_dim": 8,
        "cross_attention_dim": 32,
        "norm_num_groups": 8,
    }
    return parts.settled(UNet2DConditionModel(**(values | said)))


def crossed_unet(**said: Any) -> UNet2DConditionModel:
    """A U-Net of Stable Diffusion's kind."""
    return _unet(**_CROSS, **said)


def sd() -> StableDiffusionPipeline:
    """Stable Diffusion 1.5, without a safety checker."""
    tokenizer = parts.clip_tokenizer()
    return StableDiffusionPipeline(
        vae=parts.vae(),
        text_encoder=parts.clip(tokenizer, CLIPTextModel),
        tokenizer=tokenizer,
        unet=_unet(**_CROSS),
        scheduler=parts.euler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def instruct_pix2pix() -> StableDiffusionInstructPix2PixPipeline:
    """InstructPix2Pix: the picture's latents stand beside the noisy ones."""
    drawing = sd().components | {"unet": _unet(in_channels=8, **_CROSS)}
    return StableDiffusionInstructPix2PixPipeline(**drawing, requires_safety_checker=False)


def instruct_pix2pix_xl() -> StableDiffusionXLInstructPix2PixPipeline:
    """The same on SDXL."""
    drawing = sdxl().components | {"unet": sizes_unet(32, 64, in_channels=8)}
    taken = signature(StableDiffusionXLInstructPix2PixPipeline).parameters
    drawing = {name: part for name, part in drawing.items() if name in taken}
    return StableDiffusionXLInstructPix2PixPipeline(**drawing, add_watermarker=False)


def lcm() -> LatentConsistencyModelPipeline:
    """A latent consistency model: guidance is an embedding beside the time."""
    tokenizer = parts.clip_tokenizer()
    return LatentConsistencyModelPipeline(
        vae=parts.vae(),
        text_encoder=parts.clip(tokenizer, CLIPTextModel),
        tokenizer=tokenizer,
        unet=_unet(time_cond_proj_dim=32, **_CROSS),
        scheduler=LCMScheduler(beta_schedule="scaled_linear"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def sdxl() -> StableDiffusionXLPipeline:
    """Stable Diffusion XL."""
    tokenizer = parts.clip_tokenizer()
    return StableDiffusionXLPipeline(
        vae=parts.vae(),
        text_encoder=parts.clip(tokenizer, CLIPTextModel),
        text_encoder_2=parts.clip(tokenizer, CLIPTextModelWithProjection),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=sizes_unet(32, 64),
        scheduler=parts.euler(),
        add_watermarker=False,
    )


def sizes_unet(pooled: int, states: int, **other: Any) -> UNet2DConditionModel:
    """A U-Net of SDXL's kind: pooled texts and picture sizes stand beside the time."""
    return _unet(
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        transformer_layers_per_block=(1, 1),
        projection_class_embeddings_input_dim=6 * 8 + pooled,
        cross_attention_dim=states,
        **_CROSS,
        **other,
    )


def kandinsky22() -> KandinskyV22CombinedPipeline:
    """Kandinsky 2.2: a prior draws what a picture's embedding would be, a decoder draws the picture."""
    tokenizer = parts.clip_tokenizer()
    prior = parts.settled(
        PriorTransformer(
            num_attention_heads=2,
            attention_head_dim=8,
            embedding_dim=32,
            num_layers=1,
            num_embeddings=32,
            additional_embeddings=4,
        )
    )
    vision = CLIPVisionConfig(
        hidden_size=32,
        image_size=32,
        projection_dim=32,
        intermediate_size=32,
        num_attention_heads=2,
        num_hidden_layers=1,
        patch_size=16,
    )
    return KandinskyV22CombinedPipeline(
        unet=_unet(
            **(_SIMPLE | {"addition_embed_type": "image", "encoder_hid_dim": 32, "out_channels": 8}),
            encoder_hid_dim_type="image_proj",
        ),
        scheduler=DDIMScheduler(clip_sample=False),
        movq=parts.movq(),
        prior_prior=prior,
        prior_image_encoder=parts.settled(CLIPVisionModelWithProjection(vision)),
        prior_text_encoder=parts.clip(tokenizer, CLIPTextModelWithProjection),
        prior_tokenizer=tokenizer,
        prior_scheduler=UnCLIPScheduler(
            variance_type="fixed_small_log", prediction_type="sample", clip_sample_range=10.0
        ),
        prior_image_processor=CLIPImageProcessor(size=32, crop_size=32),
    )


def kandinsky3() -> Kandinsky3Pipeline:
    """Kandinsky 3."""
    return Kandinsky3Pipeline(
        tokenizer=parts.word_tokenizer(end="</s>"),
        text_encoder=parts.t5(),
        unet=parts.settled(
            Kandinsky3UNet(
                time_embedding_dim=16,
                groups=4,
                attention_head_dim=8,
                layers_per_block=3,
                block_out_channels=(16, 32),
                cross_attention_dim=16,
                encoder_hid_dim=32,
            )
        ),
        scheduler=DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
        movq=parts.movq(),
    )


def deepfloyd_if() -> IFPipeline:
    """DeepFloyd IF, its first stage: it draws pixels."""
    return IFPipeline(
        tokenizer=parts.word_tokenizer(end="</s>"),
        text_encoder=parts.t5(),
        unet=if_unet(in_channels=3),
        scheduler=if_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        watermarker=None,
        requires_safety_checker=False,
    )


def if_unet(**said: Any) -> UNet2DConditionModel:
    """A U-Net of DeepFloyd IF's stages, which predicts pixels and how sure it is of them."""
    return _unet(
        **_SIMPLE,
        out_channels=6,
        encoder_hid_dim=32,
        addition_embed_type="text",
        addition_embed_type_num_heads=2,
        cross_attention_norm="group_norm",
        **said,
    )


def if_scheduler() -> DDPMScheduler:
    """DeepFloyd IF's scheduler."""
    return DDPMScheduler(beta_schedule="squaredcos_cap_v2", thresholding=True, variance_type="learned_range")
