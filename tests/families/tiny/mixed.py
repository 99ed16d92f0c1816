"""Tiny pipelines of the families whose transformer sees latents as rows and columns: the odder ones."""

from diffusers import (
    AdaptiveProjectedMixGuidance,
    AutoencoderKLHunyuanImage,
    DDPMScheduler,
    GlmImagePipeline,
    GlmImageTransformer2DModel,
    HiDreamImagePipeline,
    HiDreamImageTransformer2DModel,
    HunyuanDiT2DModel,
    HunyuanDiTPipeline,
    HunyuanImagePipeline,
    HunyuanImageTransformer2DModel,
    Ideogram4Pipeline,
    Ideogram4Transformer2DModel,
    Kandinsky5T2IPipeline,
    Kandinsky5Transformer3DModel,
    PRXPipeline,
    PRXTransformer2DModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from transformers import (
    BertConfig,
    BertModel,
    BertTokenizer,
    ByT5Tokenizer,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    GlmImageConfig,
    GlmImageForConditionalGeneration,
    GlmImageProcessor,
    LlamaConfig,
    LlamaForCausalLM,
    Qwen3Model,
    Qwen3VLModel,
    T5GemmaConfig,
    T5GemmaModuleConfig,
)
from transformers.models.glm_image.image_processing_pil_glm_image import GlmImageImageProcessorPil
from transformers.models.t5gemma.modeling_t5gemma import T5GemmaEncoder

from tests.families.tiny import parts


def hunyuan_dit() -> HunyuanDiTPipeline:
    """Hunyuan-DiT: a BERT and a T5, each with a mask."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *parts.WORDS]
    bert = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=80,
    )
    return HunyuanDiTPipeline(
        vae=parts.vae(),
        text_encoder=parts.settled(BertModel(bert)),
        tokenizer=BertTokenizer(vocab={word: index for index, word in enumerate(words)}, model_max_length=77),
        transformer=parts.settled(
            HunyuanDiT2DModel(
                sample_size=8,
                num_layers=2,
                patch_size=2,
                attention_head_dim=8,
                num_attention_heads=2,
                in_channels=4,
                cross_attention_dim=32,
                cross_attention_dim_t5=32,
                pooled_projection_dim=16,
                hidden_size=16,
            )
        ),
        scheduler=DDPMScheduler(prediction_type="v_prediction", beta_schedule="scaled_linear"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
        text_encoder_2=parts.t5(),
        tokenizer_2=parts.word_tokenizer(end="</s>"),
    )


def hunyuan_image(*, distilled: bool = False) -> HunyuanImagePipeline:
    """HunyuanImage 2.1: guidance is a component of the pipeline; distilled, it is a number of the model's."""
    return HunyuanImagePipeline(
        scheduler=parts.flow(),
        vae=parts.settled(
            AutoencoderKLHunyuanImage(
                in_channels=3,
                out_channels=3,
                latent_channels=4,
                block_out_channels=(32, 32, 32, 32),
                layers_per_block=1,
                spatial_compression_ratio=8,
                sample_size=parts.SIDE,
                scaling_factor=0.5,
            ),
            0.7,
        ),
        text_encoder=parts.qwen25_vl(layers=2),
        tokenizer=parts.word_tokenizer(length=2048),
        text_encoder_2=parts.t5(vocabulary=400),
        tokenizer_2=ByT5Tokenizer(),
        transformer=parts.settled(
            HunyuanImageTransformer2DModel(
                in_channels=4,
                out_channels=4,
                num_attention_heads=2,
                attention_head_dim=8,
                num_layers=1,
                num_single_layers=1,
                num_refiner_layers=1,
                guidance_embeds=distilled,
                text_embed_dim=32,
                text_embed_2_dim=32,
                rope_axes_dim=(4, 4),
            )
        ),
        guider=None if distilled else AdaptiveProjectedMixGuidance(),
        ocr_guider=None if distilled else AdaptiveProjectedMixGuidance(),
    )


def hidream() -> HiDreamImagePipeline:
    """HiDream-I1: two CLIPs, a T5, and every layer of a Llama."""
    clip = parts.clip_tokenizer()
    pipe = HiDreamImagePipeline(
        scheduler=parts.flow(),
        vae=parts.vae(4, shift=0.1),
        text_encoder=parts.clip(clip, CLIPTextModelWithProjection, positions=128),
        tokenizer=clip,
        text_encoder_2=parts.clip(clip, CLIPTextModelWithProjection, positions=128),
        tokenizer_2=clip,
        text_encoder_3=parts.t5(),
        tokenizer_3=parts.word_tokenizer(end="</s>"),
        text_encoder_4=parts.settled(
            LlamaForCausalLM(parts.language_config(LlamaConfig, attn_implementation="eager"))
        ),
        tokenizer_4=parts.word_tokenizer(start="<s>", end="</s>"),
        transformer=parts.settled(
            HiDreamImageTransformer2DModel(
                patch_size=2,
                in_channels=4,
                out_channels=4,
                num_layers=1,
                num_single_layers=1,
                attention_head_dim=8,
                num_attention_heads=2,
                caption_channels=[32, 32],
                text_emb_dim=64,
                axes_dims_rope=(4, 2, 2),
                max_resolution=(16, 16),
                llama_layers=[0, 1],
            )
        ),
    )
    return parts.smaller(pipe)


def z_image() -> ZImagePipeline:
    """Z-Image: texts are a list, each of its own length."""
    return ZImagePipeline(
        scheduler=parts.flow(),
        vae=parts.vae(16, shift=0.1),
        text_encoder=parts.qwen3(Qwen3Model),
        tokenizer=parts.word_tokenizer(),
        transformer=parts.settled(
            ZImageTransformer2DModel(
                dim=32,
                n_layers=1,
                n_refiner_layers=1,
                n_heads=2,
                n_kv_heads=2,
                cap_feat_dim=32,
                axes_dims=[8, 4, 4],
                axes_lens=[1024, 32, 32],
            )
        ),
    )


def kandinsky5() -> Kandinsky5T2IPipeline:
    """Kandinsky 5: channels come last; a plain tokenizer stands where the real one needs torchvision."""
    clip = parts.clip_tokenizer()
    pipe = Kandinsky5T2IPipeline(
        transformer=parts.settled(
            Kandinsky5Transformer3DModel(
                in_visual_dim=4,
                in_text_dim=32,
                in_text_dim2=32,
                time_dim=16,
                out_visual_dim=4,
                model_dim=16,
                ff_dim=32,
                num_text_blocks=1,
                num_visual_blocks=1,
                axes_dims=(2, 2, 4),
            )
        ),
        vae=parts.vae(4),
        text_encoder=parts.qwen25_vl(),
        tokenizer=parts.word_tokenizer(length=2048),
        text_encoder_2=parts.clip(clip, CLIPTextModel),
        tokenizer_2=clip,
        scheduler=parts.flow(),
    )
    return parts.smaller(pipe)


def prx() -> PRXPipeline:
    """PRX."""
    said = {
        "vocab_size": 96,
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "layer_types": ["full_attention"],
        "query_pre_attn_scalar": 8,
    }
    module = T5GemmaModuleConfig(**said)
    flat = module.to_dict() | {"is_encoder_decoder": False}
    del flat["model_type"]
    whole = T5GemmaConfig(**flat, encoder=module, decoder=module)
    encoder = parts.settled(T5GemmaEncoder(whole))
    return PRXPipeline(
        transformer=parts.settled(
            PRXTransformer2DModel(
                in_channels=4,
                context_in_dim=32,
                hidden_size=16,
                mlp_ratio=2.0,
                num_heads=2,
                depth=1,
                axes_dim=[4, 4],
            )
        ),
        scheduler=parts.flow(),
        text_encoder=encoder,
        tokenizer=parts.word_tokenizer(start="<bos>", length=256),
        vae=parts.vae(4, shift=0.0),
    )


def ideogram4() -> Ideogram4Pipeline:
    """Ideogram 4: text and picture are one row of tokens; the absent text has a model of its own."""

    def denoiser() -> Ideogram4Transformer2DModel:
        return parts.settled(
            Ideogram4Transformer2DModel(
                in_channels=16,
                num_layers=1,
                attention_head_dim=8,
                num_attention_heads=2,
                intermediate_size=32,
                adaln_dim=16,
                llm_features_dim=13 * 8,
                mrope_section=(2, 1, 1),
            )
        )

    return Ideogram4Pipeline(
        scheduler=parts.flow(),
        vae=parts.vae_flux2(),
        text_encoder=parts.settled(Qwen3VLModel(parts.qwen3_vl_config(36, side=8, heads=1))),
        tokenizer=parts.word_tokenizer(length=2048),
        transformer=denoiser(),
        unconditional_transformer=denoiser(),
    )


def glm_image() -> GlmImagePipeline:
    """GLM-Image: a model that reads and sees writes the picture's outline as tokens first."""
    marks = {"image_token": "<|image|>", "grid_bos_token": "<|grid|>", "grid_eos_token": "<|/grid|>"}
    words = parts.word_tokenizer(start="<bos>", named=marks)
    config = GlmImageConfig(
        text_config={
            "vocab_size": 160,
            "hidden_size": 32,
            "intermediate_size": 32,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "max_position_embeddings": 512,
            "vision_vocab_size": 66,
            "pad_token_id": 0,
            "eos_token_id": None,
            "rope_parameters": {"mrope_section": [4, 2, 2], "rope_type": "default", "rope_theta": 10000.0},
        },
        vision_config={
            "depth": 1,
            "hidden_size": 32,
            "num_heads": 2,
            "image_size": 32,
            "patch_size": 8,
            "intermediate_size": 32,
        },
        vq_config={"embed_dim": 32, "num_embeddings": 64, "latent_channels": 32},
        image_start_token_id=64,
        image_end_token_id=65,
        image_token_id=words.convert_tokens_to_ids("<|image|>"),
    )
    return GlmImagePipeline(
        tokenizer=ByT5Tokenizer(),
        processor=GlmImageProcessor(GlmImageImageProcessorPil(), words, chat_template=words.chat_template),
        text_encoder=parts.t5(vocabulary=400),
        vision_language_encoder=parts.settled(GlmImageForConditionalGeneration(config)),
        vae=parts.vae(4, latents_mean=[0.1] * 4, latents_std=[0.9] * 4),
        transformer=parts.settled(
            GlmImageTransformer2DModel(
                in_channels=4,
                out_channels=4,
                num_layers=1,
                attention_head_dim=8,
                num_attention_heads=2,
                text_embed_dim=32,
                time_embed_dim=16,
                condition_dim=8,
                prior_vq_quantizer_codebook_size=64,
            )
        ),
        scheduler=parts.flow(),
    )
