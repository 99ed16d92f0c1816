"""Tiny pipelines of the later stages of families that draw a picture in several, and their stock calls."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DDPMWuerstchenScheduler,
    IFSuperResolutionPipeline,
    StableCascadeDecoderPipeline,
    StableCascadePriorPipeline,
    StableCascadeUNet,
    StableDiffusionUpscalePipeline,
)
from diffusers.pipelines.deprecated.wuerstchen import PaellaVQModel
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from tests.families.tiny import parts, unets

__all__ = ["LATER", "chained", "save_later", "stable_cascade_prior"]


def stable_cascade_prior() -> StableCascadePriorPipeline:
    """Stable Cascade's first stage: latents of 8 × 8 for a picture of 64."""
    tokenizer = parts.clip_tokenizer()
    prior = StableCascadeUNet(
        conditioning_dim=32,
        block_out_channels=(32, 32),
        num_attention_heads=(2, 2),
        down_num_layers_per_block=(1, 1),
        up_num_layers_per_block=(1, 1),
        clip_text_in_channels=32,
        clip_text_pooled_in_channels=32,
        clip_image_in_channels=16,
        switch_level=(False,),
    )
    return StableCascadePriorPipeline(
        tokenizer=tokenizer,
        text_encoder=parts.clip(tokenizer, CLIPTextModelWithProjection),
        prior=parts.settled(prior),
        scheduler=DDPMWuerstchenScheduler(),
        resolution_multiple=8.0,
    )


def _cascade_decoder(first: StableCascadePriorPipeline) -> StableCascadeDecoderPipeline:
    decoder = StableCascadeUNet(
        in_channels=4,
        out_channels=4,
        conditioning_dim=32,
        block_out_channels=(16, 32),
        num_attention_heads=(-1, 2),
        down_num_layers_per_block=(1, 1),
        up_num_layers_per_block=(1, 1),
        down_blocks_repeat_mappers=(1, 1),
        up_blocks_repeat_mappers=(1, 1),
        block_types_per_layer=(
            ("SDCascadeResBlock", "SDCascadeTimestepBlock"),
            ("SDCascadeResBlock", "SDCascadeTimestepBlock", "SDCascadeAttnBlock"),
        ),
        clip_text_pooled_in_channels=32,
        effnet_in_channels=16,
    )
    vqgan = PaellaVQModel(embed_dim=16, bottleneck_blocks=1, num_vq_embeddings=12)
    return StableCascadeDecoderPipeline(
        tokenizer=first.tokenizer,
        text_encoder=first.text_encoder,
        decoder=parts.settled(decoder),
        scheduler=DDPMWuerstchenScheduler(),
        vqgan=parts.settled(vqgan),
        latent_dim_scale=2.0,
    )


def _if_second(first: Any) -> IFSuperResolutionPipeline:
    return IFSuperResolutionPipeline(
        tokenizer=first.tokenizer,
        text_encoder=first.text_encoder,
        unet=unets.if_unet(in_channels=6, class_embed_type="timestep"),
        scheduler=unets.if_scheduler(),
        image_noising_scheduler=DDPMScheduler(beta_schedule="squaredcos_cap_v2"),
        safety_checker=None,
        feature_extractor=None,
        watermarker=None,
        requires_safety_checker=False,
    )


def _if_third(first: Any) -> StableDiffusionUpscalePipeline:
    tokenizer = parts.clip_tokenizer()
    return StableDiffusionUpscalePipeline(
        vae=parts.vae(factor=4),
        text_encoder=parts.clip(tokenizer, CLIPTextModel),
        tokenizer=tokenizer,
        unet=unets.crossed_unet(in_channels=7, out_channels=4, num_class_embeds=1000),
        low_res_scheduler=DDPMScheduler(),
        scheduler=DDIMScheduler(prediction_type="v_prediction"),
        max_noise_level=350,
    )


LATER: dict[str, dict[str, Callable[[Any], Any]]] = {
    "deepfloyd-if": {"second": _if_second, "third": _if_third},
    "stable-cascade": {"decoder": _cascade_decoder},
}
"""From a family's name to its later stages, each made for the pipeline of the first one."""


def save_later(name: str, first: Any, folder: Path) -> dict[str, str]:
    """Writes the later stages beside ``folder``, as the hub's repositories lie; where each part is."""
    places = {}
    for part, build in LATER.get(name, {}).items():
        place = folder.with_name(f"{folder.name}-{part}")
        build(first).save_pretrained(str(place))
        index = place / "model_index.json"
        told = json.loads(index.read_text())
        if "vqgan" in told:
            told["vqgan"] = ["wuerstchen", "PaellaVQModel"]  # as it is published
        index.write_text(json.dumps(told))
        places[part] = str(place)
    return places


def chained(name: str, first: Any, later: Mapping[str, Any], said: Mapping[str, Any]) -> np.ndarray:
    """One picture by the stock calls of all stages, one after the other, as diffusers' pages show them."""
    text = {"prompt": said["prompt"], "generator": said["generator"]}
    steps = said["num_inference_steps"]
    size = {"width": said["width"], "height": said["height"]}
    guidance = {"guidance_scale": said["guidance_scale"]} if "guidance_scale" in said else {}
    if name == "stable-cascade":
        prior = first(**text, **size, **guidance, num_inference_steps=steps)
        decoded = later["decoder"](
            prior.image_embeddings,
            **text,
            guidance_scale=0.0,
            num_inference_steps=max(1, round(steps / 2)),
            output_type="np",
        )
        return np.asarray(decoded.images[0])
    plain = {"clean_caption": False, "num_inference_steps": steps, "output_type": "pt"}
    small = {key: value // 16 for key, value in size.items()}
    made = first(**text, **small, **guidance, **plain).images
    wider = {key: value // 4 for key, value in size.items()}
    made = later["second"](image=made, **text, **wider, **plain, guidance_scale=4.0).images
    made = later["third"](
        image=(made + 1) / 2,
        **text,
        num_inference_steps=steps,
        guidance_scale=9.0,
        noise_level=100,
        output_type="np",
    ).images
    return np.asarray(made[0])
