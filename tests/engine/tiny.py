"""Tiny random models of several families, saved as standard diffusers folders: seconds, no hub.

Their pictures mean nothing; they show that calls fit, and that equal plans give equal pictures.
"""

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    PixArtTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    CLIPImageProcessor,
    CLIPSegConfig,
    CLIPSegForImageSegmentation,
    CLIPSegProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    DPTConfig,
    DPTForDepthEstimation,
    DPTImageProcessorPil,
    PreTrainedTokenizerFast,
    T5Config,
    T5EncoderModel,
)

from engine import ModelEntry, Plan, Registry, plan_imagine
from engine.drawing import LoadedModel
from engine.planning.controls import DepthEntry
from engine.planning.registry import SegmenterEntry
from grammar.spec import GenerationSpec
from grammar.values import Part
from pocket.model.architecture import make_tokenizer
from pocket.model.build import SOME_WORDS, random_pipeline_folder

SIDE = 64


def folder(family: str, path: Path, seed: int = 0) -> Path:
    """Writes the family's tiny pipeline to ``path`` and returns it."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if family == "sd":
            return random_pipeline_folder(path, seed, [*SOME_WORDS, "watercolour", "neon", "square"])
        _MAKERS[family]().save_pretrained(path)
    return path


def entry(family: str, path: Path, **changed: object) -> ModelEntry:
    """A registry entry for the folder, small and quick."""
    said: dict[str, object] = {
        "name": f"tiny-{family}",
        "title": f"Tiny {family}",
        "family": family,
        "source": str(path),
        "folder": path,
        "side": SIDE,
        "multiple": 16,
        "steps": 4,
        "guidance": 3.0,
        "style": "watercolour",
        "muses": ("at night", "in snow", "neon", "on grass"),
        "oddities": ("neon square",),
    }
    return ModelEntry(**(said | changed))  # type: ignore[arg-type]


def segmenter(path: Path) -> SegmenterEntry:
    """Writes a tiny random CLIPSeg to ``path``; whatever it is asked, it finds about half of a picture."""
    tokenizer = make_tokenizer(SOME_WORDS)
    text = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 40,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 4,
        "num_attention_heads": 2,
        "image_size": SIDE,
        "patch_size": 16,
    }
    config = CLIPSegConfig(
        text_config=text,
        vision_config=vision,
        projection_dim=32,
        reduce_dim=16,
        extract_layers=[1, 2, 3],
        decoder_num_attention_heads=2,
        decoder_intermediate_size=32,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = CLIPSegForImageSegmentation(config)
        _make_sure(model)
        model.save_pretrained(path)
    images = CLIPImageProcessor(size={"height": SIDE, "width": SIDE}, do_center_crop=False)
    CLIPSegProcessor(images, tokenizer).save_pretrained(path)
    return SegmenterEntry("tiny", "Tiny", str(path), folder=path)


def depth(path: Path) -> DepthEntry:
    """Writes a tiny random model of depth to ``path``."""
    config = DPTConfig(
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=SIDE,
        patch_size=16,
        is_hybrid=False,
        backbone_out_indices=[0, 1, 2, 3],
        neck_hidden_sizes=[8, 8, 16, 16],
        fusion_hidden_size=8,
        initializer_range=0.5,  # else it sees next to no difference
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = DPTForDepthEstimation(config)
        torch.nn.init.ones_(model.head.head[4].bias)  # else the last layer may cut all of it off
        model.save_pretrained(path)
    DPTImageProcessorPil(size={"height": SIDE, "width": SIDE}).save_pretrained(path)
    return DepthEntry("tiny", "Tiny", str(path), folder=path)


def _make_sure(model: CLIPSegForImageSegmentation) -> None:
    """Spreads its answers, so that what it sees in a grey picture is half likely and half unlikely."""
    last = model.decoder.transposed_convolution
    with torch.no_grad():
        last.weight.copy_(torch.randn(last.weight.shape[0], 1, 1, 1).expand_as(last.weight) * 100)
        last.bias.zero_()
        words = torch.ones(1, 4, dtype=torch.long)
        seen = model(input_ids=words, attention_mask=words, pixel_values=torch.zeros(1, 3, SIDE, SIDE)).logits
        last.bias.sub_(seen.median())


def _vae(channels: int, shift: float | None = None) -> AutoencoderKL:
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 8, 8),
        norm_num_groups=4,
        layers_per_block=1,
        latent_channels=channels,
        sample_size=SIDE,
        scaling_factor=0.5,
        shift_factor=shift,
        mid_block_add_attention=False,
    )


def _clip(tokenizer: CLIPTokenizer, kind: type, width: int = 32) -> torch.nn.Module:
    return kind(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=width,
            intermediate_size=2 * width,
            num_hidden_layers=2,
            num_attention_heads=2,
            projection_dim=width,
            max_position_embeddings=40,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def _sdxl() -> StableDiffusionXLPipeline:
    tokenizer = make_tokenizer(SOME_WORDS)
    return StableDiffusionXLPipeline(
        vae=_vae(4),
        text_encoder=_clip(tokenizer, CLIPTextModel),
        text_encoder_2=_clip(tokenizer, CLIPTextModelWithProjection),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=UNet2DConditionModel(
            sample_size=8,
            block_out_channels=(16, 32),
            layers_per_block=1,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            attention_head_dim=(2, 4),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            transformer_layers_per_block=(1, 1),
            projection_class_embeddings_input_dim=6 * 8 + 32,
            cross_attention_dim=64,
            norm_num_groups=8,
        ),
        scheduler=EulerDiscreteScheduler(beta_schedule="scaled_linear", timestep_spacing="leading"),
        add_watermarker=False,
    )


def _sd3() -> StableDiffusion3Pipeline:
    tokenizer = make_tokenizer(SOME_WORDS)
    return StableDiffusion3Pipeline(
        transformer=SD3Transformer2DModel(
            sample_size=8,
            patch_size=2,
            in_channels=4,
            out_channels=4,
            num_layers=2,
            attention_head_dim=8,
            num_attention_heads=2,
            joint_attention_dim=64,
            caption_projection_dim=16,
            pooled_projection_dim=64,
            pos_embed_max_size=16,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=_vae(4, shift=0.1),
        text_encoder=_clip(tokenizer, CLIPTextModelWithProjection),
        tokenizer=tokenizer,
        text_encoder_2=_clip(tokenizer, CLIPTextModelWithProjection),
        tokenizer_2=tokenizer,
        text_encoder_3=_t5(64),
        tokenizer_3=word_tokenizer(),
    )


def _flux() -> FluxPipeline:
    tokenizer = make_tokenizer(SOME_WORDS)
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=_vae(4, shift=0.1),
        text_encoder=_clip(tokenizer, CLIPTextModel),
        tokenizer=tokenizer,
        text_encoder_2=_t5(32),
        tokenizer_2=word_tokenizer(),
        transformer=FluxTransformer2DModel(
            patch_size=1,
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            pooled_projection_dim=32,
            guidance_embeds=True,
            axes_dims_rope=(4, 4, 8),
        ),
    )


def _auto() -> object:
    from diffusers import PixArtSigmaPipeline

    return PixArtSigmaPipeline(
        tokenizer=word_tokenizer(),
        text_encoder=_t5(32),
        vae=_vae(4),
        transformer=PixArtTransformer2DModel(
            sample_size=8,
            num_layers=1,
            patch_size=2,
            attention_head_dim=8,
            num_attention_heads=2,
            caption_channels=32,
            in_channels=4,
            cross_attention_dim=16,
            out_channels=8,
            norm_num_groups=1,
            use_additional_conditions=False,
        ),
        scheduler=EulerDiscreteScheduler(beta_schedule="scaled_linear"),
    )


def _t5(width: int) -> T5EncoderModel:
    return T5EncoderModel(
        T5Config(vocab_size=64, d_model=width, d_kv=8, d_ff=32, num_layers=1, num_heads=2, pad_token_id=0)
    )


def word_tokenizer() -> PreTrainedTokenizerFast:
    """A tokenizer of a few whole words, for what wants no CLIP."""
    words = {word: index for index, word in enumerate(["<pad>", "</s>", "<unk>", *SOME_WORDS])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=16,
    )


_MAKERS = {"sdxl": _sdxl, "sd3": _sd3, "flux": _flux, "auto": _auto}


def planned(model: LoadedModel, **said: object) -> Plan:
    """The plan of "a red house" and what else is ``said``, for that model alone."""
    spec = GenerationSpec(**({"parts": (Part("a red house"),)} | said))  # type: ignore[arg-type]
    return plan_imagine(spec, Registry((model.entry,)), model=model.entry.name, seed=3)
