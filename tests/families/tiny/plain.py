"""Tiny pipelines of the families whose transformer reads one text and sees latents as rows and columns."""

from typing import Any

from diffusers import (
    AuraFlowPipeline,
    AuraFlowTransformer2DModel,
    CogVideoXDDIMScheduler,
    CogView3PlusPipeline,
    CogView3PlusTransformer2DModel,
    CogView4Pipeline,
    CogView4Transformer2DModel,
    DPMSolverMultistepScheduler,
    Lumina2Pipeline,
    Lumina2Transformer2DModel,
    LuminaNextDiT2DModel,
    LuminaPipeline,
    OmniGenPipeline,
    OmniGenTransformer2DModel,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    SanaPipeline,
    SanaSprintPipeline,
    SanaTransformer2DModel,
    SCMScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
)
from transformers import (
    CLIPTextModelWithProjection,
    Gemma2Config,
    Gemma2Model,
    GemmaConfig,
    GemmaModel,
    GlmConfig,
    GlmModel,
    UMT5Config,
    UMT5EncoderModel,
)

from tests.families.tiny import parts


def sd3() -> StableDiffusion3Pipeline:
    """Stable Diffusion 3."""
    tokenizer = parts.clip_tokenizer()
    return StableDiffusion3Pipeline(
        transformer=parts.settled(
            SD3Transformer2DModel(
                sample_size=8,
                in_channels=4,
                out_channels=4,
                num_layers=2,
                attention_head_dim=8,
                num_attention_heads=2,
                joint_attention_dim=64,
                caption_projection_dim=16,
                pooled_projection_dim=64,
                pos_embed_max_size=16,
            )
        ),
        scheduler=parts.flow(),
        vae=parts.vae(4, shift=0.1),
        text_encoder=parts.clip(tokenizer, CLIPTextModelWithProjection),
        tokenizer=tokenizer,
        text_encoder_2=parts.clip(tokenizer, CLIPTextModelWithProjection),
        tokenizer_2=tokenizer,
        text_encoder_3=parts.t5(64),
        tokenizer_3=parts.word_tokenizer(end="</s>"),
    )


def auraflow() -> AuraFlowPipeline:
    """AuraFlow."""
    return AuraFlowPipeline(
        tokenizer=parts.word_tokenizer(end="</s>"),
        text_encoder=parts.t5(kind=UMT5EncoderModel, config=UMT5Config),
        vae=parts.vae(),
        transformer=parts.settled(
            AuraFlowTransformer2DModel(
                sample_size=8,
                num_mmdit_layers=1,
                num_single_dit_layers=1,
                attention_head_dim=8,
                num_attention_heads=2,
                joint_attention_dim=32,
                caption_projection_dim=16,
                pos_embed_max_size=256,
            )
        ),
        scheduler=parts.flow(shift=1.73),
    )


def pixart() -> PixArtSigmaPipeline:
    """PixArt Sigma."""
    return PixArtSigmaPipeline(
        tokenizer=parts.word_tokenizer(end="</s>"),
        text_encoder=parts.t5(),
        vae=parts.vae(),
        transformer=parts.settled(
            PixArtTransformer2DModel(
                sample_size=8,
                num_layers=1,
                attention_head_dim=8,
                num_attention_heads=2,
                caption_channels=32,
                cross_attention_dim=16,
                norm_num_groups=1,
                use_additional_conditions=False,
            )
        ),
        scheduler=DPMSolverMultistepScheduler(),
    )


def _gemma2() -> Gemma2Model:
    return parts.settled(Gemma2Model(parts.language_config(Gemma2Config, sliding_window=512)))


def _sana(**said: Any) -> SanaTransformer2DModel:
    return parts.settled(
        SanaTransformer2DModel(
            in_channels=4,
            out_channels=4,
            num_layers=1,
            num_attention_heads=2,
            attention_head_dim=8,
            num_cross_attention_heads=2,
            cross_attention_head_dim=8,
            cross_attention_dim=16,
            caption_channels=32,
            sample_size=8,
            **said,
        )
    )


def sana() -> SanaPipeline:
    """Sana: an autoencoder without chance."""
    return SanaPipeline(
        tokenizer=parts.word_tokenizer(start="<bos>"),
        text_encoder=_gemma2(),
        vae=parts.vae_dc(),
        transformer=_sana(),
        scheduler=parts.flow(),
    )


def sana_sprint() -> SanaSprintPipeline:
    """Sana Sprint: the same in a few steps, guidance an input."""
    return SanaSprintPipeline(
        tokenizer=parts.word_tokenizer(start="<bos>"),
        text_encoder=_gemma2(),
        vae=parts.vae_dc(),
        transformer=_sana(guidance_embeds=True, qk_norm="rms_norm_across_heads"),
        scheduler=SCMScheduler(),
    )


def lumina() -> LuminaPipeline:
    """Lumina-Next."""
    return LuminaPipeline(
        transformer=parts.settled(
            LuminaNextDiT2DModel(
                sample_size=8,
                hidden_size=16,
                num_layers=1,
                num_attention_heads=2,
                num_kv_heads=2,
                multiple_of=16,
                cross_attention_dim=32,
            )
        ),
        scheduler=parts.flow(),
        vae=parts.vae(),
        text_encoder=parts.settled(GemmaModel(parts.language_config(GemmaConfig))),
        tokenizer=parts.word_tokenizer(start="<bos>"),
    )


def lumina2() -> Lumina2Pipeline:
    """Lumina 2: a system's words go before each text but the absent one."""
    return Lumina2Pipeline(
        transformer=parts.settled(
            Lumina2Transformer2DModel(
                sample_size=8,
                in_channels=4,
                hidden_size=16,
                num_layers=1,
                num_refiner_layers=1,
                num_attention_heads=2,
                num_kv_heads=2,
                multiple_of=16,
                axes_dim_rope=[4, 2, 2],
                cap_feat_dim=32,
            )
        ),
        scheduler=parts.flow(),
        vae=parts.vae(4, shift=0.1),
        text_encoder=_gemma2(),
        tokenizer=parts.word_tokenizer(start="<bos>"),
    )


def cogview3() -> CogView3PlusPipeline:
    """CogView 3 Plus."""
    return CogView3PlusPipeline(
        tokenizer=parts.word_tokenizer(end="</s>"),
        text_encoder=parts.t5(),
        vae=parts.vae(),
        transformer=parts.settled(
            CogView3PlusTransformer2DModel(
                in_channels=4,
                num_layers=1,
                attention_head_dim=8,
                num_attention_heads=2,
                out_channels=4,
                text_embed_dim=32,
                time_embed_dim=8,
                condition_dim=8,
                pos_embed_max_size=16,
                sample_size=8,
            )
        ),
        scheduler=CogVideoXDDIMScheduler(),
    )


def cogview4() -> CogView4Pipeline:
    """CogView 4: texts padded on the left to a multiple of 16 tokens."""
    return CogView4Pipeline(
        tokenizer=parts.word_tokenizer(start="<bos>", side="left", length=1024),
        text_encoder=parts.settled(GlmModel(parts.language_config(GlmConfig))),
        vae=parts.vae(),
        transformer=parts.settled(
            CogView4Transformer2DModel(
                in_channels=4,
                out_channels=4,
                num_layers=1,
                attention_head_dim=8,
                num_attention_heads=2,
                text_embed_dim=32,
                time_embed_dim=8,
                condition_dim=8,
                rope_axes_dim=(8, 8),
            )
        ),
        scheduler=parts.flow(
            base_shift=0.25,
            max_shift=0.75,
            base_image_seq_len=256,
            use_dynamic_shifting=True,
            time_shift_type="linear",
        ),
    )


def omnigen() -> OmniGenPipeline:
    """OmniGen: no text encoder, the words' tokens go into the transformer."""
    return OmniGenPipeline(
        transformer=parts.settled(
            OmniGenTransformer2DModel(
                in_channels=4,
                hidden_size=32,
                num_attention_heads=2,
                num_key_value_heads=2,
                intermediate_size=32,
                num_layers=1,
                pad_token_id=0,
                vocab_size=96,
                time_step_dim=8,
                rope_scaling={"long_factor": [1.0] * 8, "short_factor": [1.0] * 8},
            )
        ),
        scheduler=parts.flow(shift=1.0, invert_sigmas=True, num_train_timesteps=1),
        vae=parts.vae(),
        tokenizer=parts.word_tokenizer(start="<s>", end="</s>"),
    )
