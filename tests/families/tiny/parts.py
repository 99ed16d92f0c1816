"""What tiny pipelines are put together from: tokenizers of whole words, text encoders, VAEs; all by code.

Random weights are lively (`settled`), so that every text changes the picture: gates that a fresh model keeps
shut, because training is to open them, would make each comparison of texts an empty one.
"""

import sys
import zlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

import torch
from diffusers import (
    AutoencoderDC,
    AutoencoderKL,
    AutoencoderKLFlux2,
    AutoencoderKLQwenImage,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    VQModel,
)
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, processors
from torch import nn
from transformers import (
    CLIPTextConfig,
    CLIPTokenizer,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen3Config,
    Qwen3VLConfig,
    T5Config,
    T5EncoderModel,
)

from pocket.model.architecture import make_tokenizer
from pocket.model.build import SOME_WORDS

SIDE = 64
"""Pixels of the square that tiny models draw: 8 × 8 latents for most."""

WORDS = (*SOME_WORDS, "watercolour", "neon", "square", "at", "night", "blue", "boat", "tree", "green", "and")
"""The words that tests use; any other is unknown to `word_tokenizer`."""

_TEMPLATE = ("system", "user", "assistant", "Describe", "image", "by", "color", "shape", ":", ",", ".")
_NONE: Mapping[str, str] = MappingProxyType({})
_Module = TypeVar("_Module", bound=nn.Module)
_CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{{ message['content'][0]['text'] }}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_MARKS = (
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
)


def settled(module: _Module, gain: float = 1.0) -> _Module:
    """The module with all parameters drawn anew, by their names: none shut, none left uninitialised.

    Matrices keep the size of what passes (times ``gain``), norms stay norms, everything else is small.
    """
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            draw = torch.Generator().manual_seed(zlib.crc32(name.encode()))
            if parameter.ndim > 1:
                fan_in = parameter[0].numel() if parameter.ndim != 3 else parameter.shape[-1]
                parameter.copy_(torch.randn(parameter.shape, generator=draw) * gain * fan_in**-0.5)
            elif not torch.equal(parameter, torch.ones_like(parameter)):
                parameter.copy_(torch.randn(parameter.shape, generator=draw) * 0.1)
    return module.eval()


def flow(**said: Any) -> FlowMatchEulerDiscreteScheduler:
    """A rectified flow's scheduler."""
    return FlowMatchEulerDiscreteScheduler(**({"shift": 3.0} | said))


def euler() -> EulerDiscreteScheduler:
    """Stable Diffusion's scheduler, as its checkpoints have it."""
    return EulerDiscreteScheduler(beta_schedule="scaled_linear", timestep_spacing="leading", steps_offset=1)


def clip_tokenizer() -> CLIPTokenizer:
    """A byte-level CLIP tokenizer of 32 tokens, its end marks included."""
    return make_tokenizer(WORDS)


def word_tokenizer(
    start: str = "",
    end: str = "",
    length: int = 512,
    side: str = "right",
    named: Mapping[str, str] = MappingProxyType({}),
) -> Any:
    """A tokenizer of whole words and line ends, with the marks that the real one puts around a text.

    ``named`` are further marks, under the names by which a processor asks for them.
    """
    ends = [mark for mark in (start, end) if mark]
    known = ["<pad>", "<unk>", *ends, "\n", *_TEMPLATE, *WORDS]
    tokenizer = Tokenizer(
        models.WordLevel({w: i for i, w in enumerate(dict.fromkeys(known))}, unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\n|\w+|[^\w\s]"), "removed", invert=True)
    tokenizer.add_special_tokens([AddedToken(mark, normalized=False) for mark in (*_MARKS, *named.values())])
    if ends:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=" ".join([*([start] if start else []), "$A", *([end] if end else [])]),
            special_tokens=[(mark, tokenizer.token_to_id(mark)) for mark in ends],
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        unk_token="<unk>",
        bos_token=start or None,
        eos_token=end or "<|im_end|>",
        model_max_length=length,
        padding_side=side,
        chat_template=_CHAT,
        extra_special_tokens=dict(named),
    )


def clip(tokenizer: CLIPTokenizer, kind: type[_Module], width: int = 32, positions: int = 80) -> _Module:
    """A CLIP text encoder of two layers."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=2,
        num_attention_heads=2,
        projection_dim=width,
        max_position_embeddings=positions,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return settled(kind(config))


def t5(
    width: int = 32, vocabulary: int = 96, kind: type[Any] = T5EncoderModel, config: type = T5Config
) -> Any:
    """A T5 encoder of one layer."""
    said = config(
        vocab_size=vocabulary, d_model=width, d_kv=8, d_ff=32, num_layers=1, num_heads=2, pad_token_id=0
    )
    return settled(kind(said))


def language_config(kind: type, layers: int = 2, width: int = 32, **said: Any) -> Any:
    """The configuration of a language model (Gemma, Qwen 3, GLM, Llama) that is asked for its states."""
    return kind(
        **(
            {
                "vocab_size": 96,
                "hidden_size": width,
                "intermediate_size": width,
                "num_hidden_layers": layers,
                "num_attention_heads": 2,
                "num_key_value_heads": 2,
                "head_dim": 8,
                "max_position_embeddings": 2048,
                "pad_token_id": 0,
                "bos_token_id": 2,
                "eos_token_id": 3,
            }
            | said
        )
    )


def qwen3(kind: type[_Module], layers: int = 2, width: int = 32) -> _Module:
    """A Qwen 3 language model."""
    return settled(kind(language_config(Qwen3Config, layers, width)))


def qwen25_vl(
    width: int = 32, layers: int = 1, image_token: int | None = None
) -> Qwen2_5_VLForConditionalGeneration:
    """A Qwen 2.5 VL that reads texts, and pictures where their token stands."""
    config = Qwen2_5_VLConfig(
        **({} if image_token is None else {"image_token_id": image_token}),
        text_config={
            "vocab_size": 96,
            "hidden_size": width,
            "intermediate_size": width,
            "num_hidden_layers": layers,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "rope_parameters": {
                "mrope_section": [2, 2, 4],
                "rope_type": "default",
                "rope_theta": 10000.0,
            },
        },
        vision_config={
            "depth": 1,
            "hidden_size": width,
            "intermediate_size": width,
            "num_heads": 2,
            "out_hidden_size": width,
        },
    )
    return settled(Qwen2_5_VLForConditionalGeneration(config))


def vae(channels: int = 4, shift: float | None = None, factor: int = 8, **said: Any) -> AutoencoderKL:
    """A KL autoencoder, ``factor`` pixels a latent cell both ways."""
    blocks = factor.bit_length()
    values: dict[str, Any] = {
        "down_block_types": ("DownEncoderBlock2D",) * blocks,
        "up_block_types": ("UpDecoderBlock2D",) * blocks,
        "block_out_channels": (8,) * blocks,
        "norm_num_groups": 4,
        "layers_per_block": 1,
        "latent_channels": channels,
        "sample_size": SIDE,
        "scaling_factor": 0.5,
        "shift_factor": shift,
        "mid_block_add_attention": False,
    }
    return _clear(settled(AutoencoderKL(**(values | said)), 0.7))


def _clear(vae: _Module) -> _Module:
    """The autoencoder, sure of its latents, which are about as large as noise."""
    with torch.no_grad():
        vae.encoder.conv_out.weight *= 6
        if vae.quant_conv is not None:  # its second half says how unsure it is
            half = vae.quant_conv.out_channels // 2
            vae.quant_conv.weight[half:] = 0.0
            vae.quant_conv.bias[half:] = -20.0
    return vae


def vae_flux2(channels: int = 4) -> AutoencoderKLFlux2:
    """FLUX.2's autoencoder: latents patched two by two and normalised by running statistics."""
    made = AutoencoderKLFlux2(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8,) * 4,
        norm_num_groups=4,
        layers_per_block=1,
        latent_channels=channels,
        sample_size=SIDE,
        mid_block_add_attention=False,
    )
    made = _clear(settled(made, 0.7))
    draw = torch.Generator().manual_seed(1)
    made.bn.running_mean.copy_(torch.randn(4 * channels, generator=draw) * 0.1)
    made.bn.running_var.copy_(1 + torch.rand(4 * channels, generator=draw))
    return made


def vae_qwen(channels: int = 4) -> AutoencoderKLQwenImage:
    """Qwen-Image's autoencoder: pictures are videos of one frame."""
    made = AutoencoderKLQwenImage(
        base_dim=8,
        z_dim=channels,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
        latents_mean=[0.1] * channels,
        latents_std=[0.9] * channels,
    )
    return settled(made, 1.3)


def vae_dc(channels: int = 4) -> AutoencoderDC:
    """Sana's deterministic autoencoder."""
    made = AutoencoderDC(
        latent_channels=channels,
        attention_head_dim=4,
        encoder_block_types=("ResBlock",) * 4,
        decoder_block_types=("ResBlock",) * 4,
        encoder_block_out_channels=(8,) * 4,
        decoder_block_out_channels=(8,) * 4,
        encoder_qkv_multiscales=((),) * 4,
        decoder_qkv_multiscales=((),) * 4,
        encoder_layers_per_block=(1,) * 4,
        decoder_layers_per_block=(1,) * 4,
        downsample_block_type="conv",
        upsample_block_type="interpolate",
        scaling_factor=0.5,
    )
    return settled(made, 0.7)


def movq() -> VQModel:
    """Kandinsky's autoencoder, whose decoder sees the latents at each norm; 32 groups are fixed there."""
    made = VQModel(
        down_block_types=(
            "DownEncoderBlock2D",
            "DownEncoderBlock2D",
            "DownEncoderBlock2D",
            "AttnDownEncoderBlock2D",
        ),
        up_block_types=("AttnUpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"),
        block_out_channels=(32,) * 4,
        latent_channels=4,
        norm_num_groups=8,
        norm_type="spatial",
        num_vq_embeddings=12,
        vq_embed_dim=4,
    )
    return settled(made, 0.7)


def smaller(pipe: Any) -> Any:
    """The pipeline, without the least size that its class has written down: nothing in its folder says it."""
    if pipe is None:
        return None
    if hasattr(pipe, "resolutions"):
        pipe.resolutions = [(SIDE, SIDE), (SIDE, 2 * SIDE), (2 * SIDE, SIDE)]
    home = sys.modules[type(pipe).__module__]
    if hasattr(home, "calculate_dimensions"):  # Qwen-Image-Edit looks at pictures of a megapixel
        count = len(home.calculate_dimensions(SIDE * SIDE, 1.0))
        home.calculate_dimensions = lambda area, ratio: (SIDE, SIDE, None)[:count]
    pipe.default_sample_size = SIDE // 8
    return pipe


def qwen3_vl_config(layers: int, side: int = 16, heads: int = 2) -> Qwen3VLConfig:
    """Of a Qwen 3 VL whose states have ``side`` numbers, in heads of eight."""
    return Qwen3VLConfig(
        text_config={
            "vocab_size": 96,
            "hidden_size": side,
            "intermediate_size": side,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "num_key_value_heads": heads,
            "head_dim": 8,
            "rope_parameters": {"mrope_section": [2, 1, 1], "rope_type": "default", "rope_theta": 10000.0},
        },
        vision_config={
            "depth": 1,
            "hidden_size": side,
            "intermediate_size": side,
            "num_heads": heads,
            "out_hidden_size": side,
            "deepstack_visual_indexes": [],
        },
    )
