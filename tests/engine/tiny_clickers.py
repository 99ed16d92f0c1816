"""Tiny random models of the Segment Anything kind, as standard folders: seconds, no hub.

What they find means nothing; it shows that calls fit, and that equal questions have equal answers.
"""

import json
from pathlib import Path

import torch
from transformers import (
    PreTrainedModel,
    Sam2Config,
    Sam2Model,
    Sam3TrackerConfig,
    Sam3TrackerModel,
    SamConfig,
    SamImageProcessorPil,
    SamModel,
    SamProcessor,
)

from engine.planning.registry import SegmenterEntry

SIDE = 128
_WIDE = 32
_PROMPTS = {"hidden_size": _WIDE, "image_size": SIDE, "patch_size": 16, "mask_input_channels": 4}
_MASKS = {"hidden_size": _WIDE, "mlp_dim": 64, "num_attention_heads": 2, "iou_head_hidden_dim": _WIDE}
KINDS = ("sam", "sam2", "sam3")


def clicker(kind: str, path: Path, *, found: bool = True) -> SegmenterEntry:
    """Writes a tiny model to ``path``; wherever it is asked, it finds a part of a picture, or none."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model: PreTrainedModel = _MAKERS[kind]()
        _make_sure(model, found=found)
        model.save_pretrained(path)
    if kind == "sam":
        size = {"longest_edge": SIDE}
        pad = {"height": SIDE, "width": SIDE}
        SamProcessor(SamImageProcessorPil(size=size, pad_size=pad)).save_pretrained(path)
    else:  # their processors want torchvision; what stands in the file is all that is needed of them
        said = {"size": {"height": SIDE, "width": SIDE}, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}
        (path / "preprocessor_config.json").write_text(json.dumps(said))
    return SegmenterEntry(kind, kind, str(path), folder=path, clicks=True)


def _make_sure(model: PreTrainedModel, *, found: bool) -> None:
    """Has its answers depend on where it is asked and on what is seen there, half of them yes; or all no."""
    with torch.no_grad():
        for parameter in model.mask_decoder.parameters():
            if parameter.dim() > 1:
                parameter.normal_(std=0.5)
        if not found:
            for each in model.mask_decoder.output_hypernetworks_mlps:
                each.proj_out.weight.zero_()
                each.proj_out.bias.zero_()


def _sam() -> SamModel:
    vision = {
        "hidden_size": _WIDE,
        "output_channels": _WIDE,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": SIDE,
        "window_size": 4,
        "global_attn_indexes": [1],
        "num_pos_feats": _WIDE // 2,
        "initializer_range": 0.1,
    }
    config = SamConfig(vision_config=vision, prompt_encoder_config=_PROMPTS, mask_decoder_config=_MASKS)
    return SamModel(config)


def _sam2() -> Sam2Model:
    backbone = {
        "model_type": "sam2_hiera_det_model",
        "hidden_size": 8,
        "image_size": [SIDE, SIDE],
        "blocks_per_stage": [1, 1, 2, 1],
        "embed_dim_per_stage": [8, 16, 32, 64],
        "num_attention_heads_per_stage": [1, 1, 2, 2],
        "window_size_per_stage": [4, 4, 4, 4],
        "global_attention_blocks": [3],
    }
    vision = {
        "model_type": "sam2_vision_model",
        "backbone_config": backbone,
        "backbone_channel_list": [64, 32, 16, 8],
        "backbone_feature_sizes": [[SIDE // 4] * 2, [SIDE // 8] * 2, [SIDE // 16] * 2],
        "fpn_hidden_size": _WIDE,
    }
    return Sam2Model(
        Sam2Config(vision_config=vision, prompt_encoder_config=_PROMPTS, mask_decoder_config=_MASKS)
    )


def _sam3() -> Sam3TrackerModel:
    backbone = {
        "model_type": "sam3_vit_model",
        "hidden_size": _WIDE,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": SIDE,
        "patch_size": 16,
        "window_size": 4,
        "global_attn_indexes": [1],
        "pretrain_image_size": SIDE,
    }
    vision = {
        "model_type": "sam3_vision_model",
        "backbone_config": backbone,
        "backbone_feature_sizes": [[SIDE // 4] * 2, [SIDE // 8] * 2, [SIDE // 16] * 2],
        "fpn_hidden_size": _WIDE,
    }
    return Sam3TrackerModel(
        Sam3TrackerConfig(vision_config=vision, prompt_encoder_config=_PROMPTS, mask_decoder_config=_MASKS)
    )


_MAKERS = {"sam": _sam, "sam2": _sam2, "sam3": _sam3}
