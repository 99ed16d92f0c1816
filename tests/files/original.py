"""Tiny models as single files in the naming of those who published them: the reverse of what diffusers reads.

Written from the published files' layouts: CompVis' for U-Nets and VAEs, OpenCLIP's for the second text
encoder of SDXL, Stability's for SD 3, Black Forest Labs' for FLUX.1, GGUF's for quantised weights.
"""

import re
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPTextModelWithProjection

from tests.engine import tiny

Weights = dict[str, Tensor]


def folder(family: str, path: Path) -> Path:
    """A tiny pipeline as a folder, of a shape that a single file can hold.

    Text encoders are of different widths, by which a file's are told apart; that of SD 3 and FLUX has the
    projection that their files leave out, which changes nothing.
    """
    tiny.folder(family, path)
    if family in ("sd", "flux"):
        return path
    pipe = DiffusionPipeline.from_pretrained(path)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        pipe.text_encoder_2 = tiny._clip(pipe.tokenizer, CLIPTextModelWithProjection, 48)
        if family == "sdxl":
            pipe.unet = UNet2DConditionModel.from_config(
                pipe.unet.config, cross_attention_dim=80, projection_class_embeddings_input_dim=6 * 8 + 48
            )
        else:
            pipe.transformer = type(pipe.transformer).from_config(
                pipe.transformer.config, joint_attention_dim=80, pooled_projection_dim=80
            )
            pipe.text_encoder_3 = tiny._t5(80)
            pipe.text_encoder.text_projection.weight.data.copy_(torch.eye(32))
    pipe.save_pretrained(path)
    return path


def checkpoint(family: str, source: Path, without: tuple[str, ...] = ()) -> Weights:
    """The whole pipeline of a folder in its original naming, but for the components in ``without``."""
    pipe = DiffusionPipeline.from_pretrained(source)
    weights: Weights = {}
    for name, prefix, renamed in _PARTS[family]:
        if name in without:
            continue
        part = getattr(pipe, name)
        weights |= {prefix + key: value for key, value in renamed(part).items()}
    return {key: value.contiguous().clone() for key, value in weights.items()}


def save(weights: Weights, path: Path, metadata: Mapping[str, str] | None = None) -> Path:
    save_file(weights, path, dict(metadata or {}))
    return path


def _replaced(name: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for old, new in pairs:
        name = re.sub(old, new, name)
    return name


_RESNET = (
    (r"\.norm1\.", ".in_layers.0."),
    (r"\.conv1\.", ".in_layers.2."),
    (r"\.time_emb_proj\.", ".emb_layers.1."),
    (r"\.norm2\.", ".out_layers.0."),
    (r"\.conv2\.", ".out_layers.3."),
    (r"\.conv_shortcut\.", ".skip_connection."),
)


def unet(model: Any) -> Weights:
    """A U-Net's blocks are counted through: each layer one, each change of size one."""
    per = model.config.layers_per_block
    plain = {
        "time_embedding.linear_1": "time_embed.0",
        "time_embedding.linear_2": "time_embed.2",
        "add_embedding.linear_1": "label_emb.0.0",
        "add_embedding.linear_2": "label_emb.0.2",
        "conv_in": "input_blocks.0.0",
        "conv_norm_out": "out.0",
        "conv_out": "out.2",
    }
    named: Weights = {}
    state = model.state_dict()
    with_attention = {
        key.split(".attentions")[0] for key in state if key.startswith("up_") and "attentions" in key
    }
    for key, value in state.items():
        layer, _, kind = key.rpartition(".")
        if layer in plain:
            named[f"{plain[layer]}.{kind}"] = value
            continue
        side, rest = key.split(".", 1)
        if side == "mid_block":
            what, index, inner = rest.split(".", 2)
            at = 1 if what == "attentions" else 2 * int(index)
            new = f"middle_block.{at}.{inner}"
        else:
            block, what, index, inner = rest.split(".", 3)
            first = int(block) * (per + 1) + int(index)
            if what == "downsamplers":
                new = f"input_blocks.{(int(block) + 1) * (per + 1)}.0.op.{inner.removeprefix('conv.')}"
            elif what == "upsamplers":
                at = 2 if f"{side}.{block}" in with_attention else 1
                new = f"output_blocks.{int(block) * (per + 1) + per}.{at}.{inner}"
            else:
                start = f"input_blocks.{first + 1}" if side == "down_blocks" else f"output_blocks.{first}"
                new = f"{start}.{int(what == 'attentions')}.{inner}"
        named[_replaced(new, _RESNET) if "transformer_blocks" not in new else new] = value
    return named


def vae(model: Any) -> Weights:
    """A VAE's decoder counts its levels from the picture's side."""
    last = len(model.config.block_out_channels) - 1
    named: Weights = {}
    for key, value in model.state_dict().items():
        new = re.sub(r"down_blocks\.(\d+)\.resnets\.(\d+)", r"down.\1.block.\2", key)
        new = re.sub(r"down_blocks\.(\d+)\.downsamplers\.0", r"down.\1.downsample", new)
        new = re.sub(
            r"up_blocks\.(\d+)\.resnets\.(\d+)", lambda m: f"up.{last - int(m[1])}.block.{m[2]}", new
        )
        new = re.sub(r"up_blocks\.(\d+)\.upsamplers\.0", lambda m: f"up.{last - int(m[1])}.upsample", new)
        new = re.sub(r"mid_block\.resnets\.(\d)", lambda m: f"mid.block_{int(m[1]) + 1}", new)
        new = new.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
        named[new] = value
    return named


def clip(model: Any) -> Weights:
    """CLIP as transformers wrote it when those files were made: all below `text_model`."""
    return {
        "text_model." + key.removeprefix("text_model."): value
        for key, value in model.state_dict().items()
        if not key.startswith("text_projection")
    }


def clip_with_projection(model: Any) -> Weights:
    return clip(model) | {"text_projection.weight": model.text_projection.weight.detach()}


def open_clip(model: Any) -> Weights:
    """OpenCLIP: queries, keys and values in one matrix, the projection the other way round."""
    named: Weights = {}
    state = {key.removeprefix("text_model."): value for key, value in model.state_dict().items()}
    outside = {
        "embeddings.position_embedding.weight": "positional_embedding",
        "embeddings.token_embedding.weight": "token_embedding.weight",
        "final_layer_norm.weight": "ln_final.weight",
        "final_layer_norm.bias": "ln_final.bias",
    }
    inside = {
        "layer_norm1": "ln_1",
        "layer_norm2": "ln_2",
        "mlp.fc1": "mlp.c_fc",
        "mlp.fc2": "mlp.c_proj",
        "self_attn.out_proj": "attn.out_proj",
    }
    for key, value in state.items():
        if key in outside:
            named[outside[key]] = value
        elif key == "text_projection.weight":
            named["text_projection"] = value.T
        elif key.startswith("encoder.layers."):
            _, _, number, inner = key.split(".", 3)
            layer, _, kind = inner.rpartition(".")
            start = f"transformer.resblocks.{number}"
            if layer == "self_attn.q_proj":
                fused = [state[f"encoder.layers.{number}.self_attn.{one}_proj.{kind}"] for one in "qkv"]
                named[f"{start}.attn.in_proj_{kind}"] = torch.cat(fused)
            elif layer in inside:
                named[f"{start}.{inside[layer]}.{kind}"] = value
    return named


def t5(model: Any) -> Weights:
    return {key: value for key, value in model.state_dict().items() if key != "encoder.embed_tokens.weight"}


def _exchanged(value: Tensor) -> Tensor:
    scale, shift = value.chunk(2)
    return torch.cat([shift, scale])


def _fused(state: Weights, start: str, names: tuple[str, ...], kind: str) -> Tensor:
    return torch.cat([state[f"{start}.{name}.{kind}"] for name in names])


def sd3(model: Any) -> Weights:
    state, last = model.state_dict(), model.config.num_layers - 1
    named = {"pos_embed": state["pos_embed.pos_embed"]}
    layers = {
        "pos_embed.proj": "x_embedder.proj",
        "time_text_embed.timestep_embedder.linear_1": "t_embedder.mlp.0",
        "time_text_embed.timestep_embedder.linear_2": "t_embedder.mlp.2",
        "time_text_embed.text_embedder.linear_1": "y_embedder.mlp.0",
        "time_text_embed.text_embedder.linear_2": "y_embedder.mlp.2",
        "context_embedder": "context_embedder",
        "proj_out": "final_layer.linear",
        "norm_out.linear": "final_layer.adaLN_modulation.1",
    }
    for number in range(last + 1):
        old, new = f"transformer_blocks.{number}", f"joint_blocks.{number}"
        layers |= {
            f"{old}.norm1.linear": f"{new}.x_block.adaLN_modulation.1",
            f"{old}.norm1_context.linear": f"{new}.context_block.adaLN_modulation.1",
            f"{old}.attn.to_out.0": f"{new}.x_block.attn.proj",
            f"{old}.attn.to_add_out": f"{new}.context_block.attn.proj",
            f"{old}.ff.net.0.proj": f"{new}.x_block.mlp.fc1",
            f"{old}.ff.net.2": f"{new}.x_block.mlp.fc2",
            f"{old}.ff_context.net.0.proj": f"{new}.context_block.mlp.fc1",
            f"{old}.ff_context.net.2": f"{new}.context_block.mlp.fc2",
        }
    for kind in ("weight", "bias"):
        for old, new in layers.items():
            if f"{old}.{kind}" in state:
                value = state[f"{old}.{kind}"]
                turned = old in ("norm_out.linear", f"transformer_blocks.{last}.norm1_context.linear")
                named[f"{new}.{kind}"] = _exchanged(value) if turned else value
        for number in range(last + 1):
            old, new = f"transformer_blocks.{number}.attn", f"joint_blocks.{number}"
            named[f"{new}.x_block.attn.qkv.{kind}"] = _fused(state, old, ("to_q", "to_k", "to_v"), kind)
            added = ("add_q_proj", "add_k_proj", "add_v_proj")
            named[f"{new}.context_block.attn.qkv.{kind}"] = _fused(state, old, added, kind)
    return named


def flux(model: Any) -> Weights:
    state = model.state_dict()
    named: Weights = {}
    layers = {
        "time_text_embed.timestep_embedder.linear_1": "time_in.in_layer",
        "time_text_embed.timestep_embedder.linear_2": "time_in.out_layer",
        "time_text_embed.text_embedder.linear_1": "vector_in.in_layer",
        "time_text_embed.text_embedder.linear_2": "vector_in.out_layer",
        "time_text_embed.guidance_embedder.linear_1": "guidance_in.in_layer",
        "time_text_embed.guidance_embedder.linear_2": "guidance_in.out_layer",
        "context_embedder": "txt_in",
        "x_embedder": "img_in",
        "proj_out": "final_layer.linear",
        "norm_out.linear": "final_layer.adaLN_modulation.1",
    }
    fused: dict[str, tuple[str, tuple[str, ...]]] = {}
    for number in range(model.config.num_layers):
        old, new = f"transformer_blocks.{number}", f"double_blocks.{number}"
        for side, norm, ff, out, norms in (
            ("img", "norm1", "ff", "to_out.0", ("norm_q", "norm_k")),
            ("txt", "norm1_context", "ff_context", "to_add_out", ("norm_added_q", "norm_added_k")),
        ):
            layers |= {
                f"{old}.{norm}.linear": f"{new}.{side}_mod.lin",
                f"{old}.{ff}.net.0.proj": f"{new}.{side}_mlp.0",
                f"{old}.{ff}.net.2": f"{new}.{side}_mlp.2",
                f"{old}.attn.{out}": f"{new}.{side}_attn.proj",
            }
            for norm_name, what in zip(norms, ("query", "key"), strict=True):
                named[f"{new}.{side}_attn.norm.{what}_norm.scale"] = state[f"{old}.attn.{norm_name}.weight"]
        fused[f"{new}.img_attn.qkv"] = (f"{old}.attn", ("to_q", "to_k", "to_v"))
        fused[f"{new}.txt_attn.qkv"] = (f"{old}.attn", ("add_q_proj", "add_k_proj", "add_v_proj"))
    for number in range(model.config.num_single_layers):
        old, new = f"single_transformer_blocks.{number}", f"single_blocks.{number}"
        layers |= {f"{old}.norm.linear": f"{new}.modulation.lin", f"{old}.proj_out": f"{new}.linear2"}
        fused[f"{new}.linear1"] = (old, ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"))
        named[f"{new}.norm.query_norm.scale"] = state[f"{old}.attn.norm_q.weight"]
        named[f"{new}.norm.key_norm.scale"] = state[f"{old}.attn.norm_k.weight"]
    for kind in ("weight", "bias"):
        for old, new in layers.items():
            if f"{old}.{kind}" in state:
                value = state[f"{old}.{kind}"]
                named[f"{new}.{kind}"] = _exchanged(value) if old == "norm_out.linear" else value
        for new, (old, names) in fused.items():
            named[f"{new}.{kind}"] = _fused(state, old, names, kind)
    return named


_PARTS: dict[str, tuple[tuple[str, str, Any], ...]] = {
    "sd": (
        ("unet", "model.diffusion_model.", unet),
        ("vae", "first_stage_model.", vae),
        ("text_encoder", "cond_stage_model.transformer.", clip),
    ),
    "sdxl": (
        ("unet", "model.diffusion_model.", unet),
        ("vae", "first_stage_model.", vae),
        ("text_encoder", "conditioner.embedders.0.transformer.", clip),
        ("text_encoder_2", "conditioner.embedders.1.model.", open_clip),
    ),
    "sd3": (
        ("transformer", "model.diffusion_model.", sd3),
        ("vae", "first_stage_model.", vae),
        ("text_encoder", "text_encoders.clip_l.transformer.", clip),
        ("text_encoder_2", "text_encoders.clip_g.transformer.", clip_with_projection),
        ("text_encoder_3", "text_encoders.t5xxl.transformer.", t5),
    ),
    "flux": (
        ("transformer", "model.diffusion_model.", flux),
        ("vae", "vae.", vae),
        ("text_encoder", "text_encoders.clip_l.transformer.", clip),
        ("text_encoder_2", "text_encoders.t5xxl.transformer.", t5),
    ),
}


def gguf(weights: Weights, path: Path, quantised: bool = True) -> Path:
    """Writes a GGUF file: matrices in Q8_0 where their rows are whole blocks of 32, all else in F32."""
    infos, data = b"", b""
    for name, weight in weights.items():
        numbers = weight.detach().to(torch.float32).numpy()
        packs = quantised and numbers.ndim == 2 and numbers.shape[1] % 32 == 0
        raw = _q8(numbers) if packs else numbers.tobytes()
        infos += _text(name) + struct.pack("<I", numbers.ndim)
        infos += b"".join(struct.pack("<Q", side) for side in reversed(numbers.shape))
        infos += struct.pack("<IQ", 8 if packs else 0, len(data))
        data += raw + bytes(-len(raw) % 32)
    pairs = _text("general.architecture") + struct.pack("<I", 8) + _text("flux")
    head = b"GGUF" + struct.pack("<IQQ", 3, len(weights), 1) + pairs + infos
    path.write_bytes(head + bytes(-len(head) % 32) + data)
    return path


def _text(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _q8(numbers: np.ndarray) -> bytes:
    """Blocks of 32: a scale in half precision, then whole numbers of 8 bits."""
    blocks = numbers.reshape(-1, 32)
    scales = (np.abs(blocks).max(axis=1, keepdims=True) / 127).astype(np.float16)
    safe = np.where(scales == 0, 1, scales.astype(np.float32))
    whole = np.clip(np.round(blocks / safe), -127, 127).astype(np.int8)
    return np.concatenate([scales.view(np.uint8), whole.view(np.uint8)], axis=1).tobytes()


def read_back(weights: Weights) -> Weights:
    """What the matrices of such a GGUF file say: numbers rounded to their block's 255 steps."""
    back: Weights = {}
    for name, weight in weights.items():
        numbers = weight.detach().to(torch.float32).numpy()
        if numbers.ndim == 2 and numbers.shape[1] % 32 == 0:
            raw = np.frombuffer(_q8(numbers), np.uint8).reshape(-1, 34)
            scales = raw[:, :2].copy().view(np.float16).astype(np.float32)
            numbers = (scales * raw[:, 2:].copy().view(np.int8)).reshape(numbers.shape)
        back[name] = torch.from_numpy(numbers.copy())
    return back
