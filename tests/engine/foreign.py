"""Picture files as other programs write them."""

import io
import json
from typing import Any
from xml.sax.saxutils import escape

from PIL import ExifTags, Image, PngImagePlugin

A1111 = (
    "a red fox in the snow, (masterpiece:1.2)\n"
    "Negative prompt: blurry, (bad hands:1.3)\n"
    "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 123, Size: 512x768, Model: sd15"
)

COMFYUI: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {
            **{"seed": 987, "steps": 20, "cfg": 7.0},
            **{"model": ["10", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]},
        },
    },
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sdxl.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 832, "height": 1216, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a blue bird", "clip": ["10", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "text, watermark", "clip": ["10", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "ComfyUI"}},
    "10": {"class_type": "LoraLoader", "inputs": {"model": ["4", 0], "clip": ["4", 1], "lora_name": "x"}},
}

FLUX: dict[str, Any] = {
    "1": {"class_type": "SaveImage", "inputs": {"images": ["2", 0]}},
    "2": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0]}},
    "3": {
        "class_type": "SamplerCustomAdvanced",
        "inputs": {"noise": ["4", 0], "guider": ["5", 0], "latent_image": ["9", 0]},
    },
    "4": {"class_type": "RandomNoise", "inputs": {"noise_seed": 42}},
    "5": {"class_type": "BasicGuider", "inputs": {"model": ["10", 0], "conditioning": ["6", 0]}},
    "6": {"class_type": "FluxGuidance", "inputs": {"guidance": 3.5, "conditioning": ["7", 0]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": ["8", 0]}},
    "8": {"class_type": "PrimitiveStringMultiline", "inputs": {"value": "a lighthouse at dusk"}},
    "9": {"class_type": "EmptySD3LatentImage", "inputs": {"width": 1024, "height": ["11", 0]}},
    "10": {"class_type": "UNETLoader", "inputs": {"unet_name": "flux1-dev.safetensors"}},
    "11": {"class_type": "PrimitiveInt", "inputs": {"value": 768}},
}

WORKFLOW: dict[str, Any] = {
    "nodes": [
        {
            "id": 3,
            "type": "KSampler",
            "widgets_values": [55, "randomize", 20, 8],
            "inputs": [
                {"name": "positive", "link": 4},
                {"name": "negative", "link": 6},
                {"name": "latent_image", "link": 2},
            ],
        },
        {"id": 5, "type": "EmptyLatentImage", "widgets_values": [512, 512, 1]},
        {"id": 6, "type": "CLIPTextEncode", "widgets_values": ["a green boat"], "inputs": []},
        {"id": 7, "type": "CLIPTextEncode", "widgets_values": ["fog"], "inputs": []},
    ],
    "links": [[4, 6, 0, 3, 1, "CONDITIONING"], [6, 7, 0, 3, 2, "CONDITIONING"], [2, 5, 0, 3, 3, "LATENT"]],
}

INVOKEAI = {
    **{"positive_prompt": "a red barn", "negative_prompt": "rain", "seed": 7, "width": 1024, "height": 512},
    "model": {"name": "juggernaut", "base": "sdxl"},
}

INVOKEAI_BEFORE = {
    "model_weights": "stable-diffusion-1.5",
    "image": {
        **{"prompt": [{"prompt": "a red barn", "weight": 1}], "seed": 7, "width": 512, "height": 640},
        "type": "txt2img",
    },
}

DREAM = '"a red barn" -s 50 -S 7 -W 512 -H 640 -C 7.5 -A k_lms'

NOVELAI = {
    **{"prompt": "{{a girl}}, [rain]", "uc": "lowres", "seed": 11, "sampler": "k_euler", "steps": 28},
    **{"width": 832, "height": 1216},
}

NOVELAI_4 = {
    **{"prompt": "", "uc": "", "seed": 11, "sampler": "k_euler", "width": 832, "height": 1216},
    "v4_prompt": {
        "caption": {"base_caption": "1.5::a city::, night", "char_captions": [{"char_caption": "a cat"}]}
    },
    "v4_negative_prompt": {"caption": {"base_caption": "lowres", "char_captions": []}},
}

SWARMUI = {
    "sui_image_params": {
        **{"prompt": "a clay pot", "negativeprompt": "cracks", "model": "Official/sdxl", "seed": 31},
        **{"steps": 20, "cfgscale": 7.0, "aspectratio": "3:2", "width": 1152, "height": 768},
        **{"loras": ["styles/ink", "fur"], "loraweights": ["0.6", "-1"], "swarm_version": "0.9.3.1"},
    },
    "sui_extra_data": {"date": "2025-01-25", "generation_time": "4.84 sec"},
}

FOOOCUS = {
    **{"prompt": "a tin robot", "negative_prompt": "rust", "seed": "77", "resolution": "(1152, 896)"},
    **{"base_model": "juggernautXL_v8", "styles": "['Fooocus V2']", "performance": "Speed", "steps": 30},
    **{"loras": [["offset", 0.1, "4852686128"]], "metadata_scheme": "fooocus", "version": "Fooocus v2.5.5"},
    "full_prompt": ["a tin robot, cinematic", "a tin robot, highly detailed"],
}

DRAW_THINGS = {
    **{"c": "a paper boat & a <cat>", "uc": "waves", "model": "sdxl_q6p.ckpt", "sampler": "Euler A"},
    **{"scale": 4.5, "seed": 2441935286, "size": "768x512", "steps": 20, "strength": 1},
    "v2": {"loras": [{"file": "detail_lora_f16.ckpt", "weight": 0.8, "mode": "all"}]},
}

CIVITAI: dict[str, Any] = {
    "resource-stack": {
        "class_type": "CheckpointLoaderSimple",
        "inputs": {"ckpt_name": "urn:air:sdxl:checkpoint:civitai:101055@128078"},
    },
    "resource-stack-1": {
        "class_type": "LoraLoader",
        "inputs": {
            **{"lora_name": "urn:air:sdxl:lora:civitai:1@2", "strength_model": 1},
            **{"model": ["resource-stack", 0], "clip": ["resource-stack", 1]},
        },
    },
    "6": {"class_type": "smZ CLIPTextEncode", "inputs": {"text": "a glass bird", "parser": "A1111"}},
    "7": {"class_type": "smZ CLIPTextEncode", "inputs": {"text": "dust", "parser": "A1111"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 832, "height": 1216, "batch_size": 1}},
    "11": {
        "class_type": "KSampler",
        "inputs": {
            **{"seed": 654, "steps": 25, "cfg": 7, "model": ["resource-stack-1", 0]},
            **{"positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]},
        },
    },
    "13": {"class_type": "VAEDecode", "inputs": {"samples": ["11", 0], "vae": ["resource-stack", 2]}},
    "12": {"class_type": "SaveImage", "inputs": {"images": ["13", 0]}},
    "extra": {"airs": ["urn:air:sdxl:checkpoint:civitai:101055@128078"]},
    "extraMetadata": json.dumps(
        {"prompt": "a glass bird, typed", "negativePrompt": "dust", "steps": 25, "sampler": "Euler a"}
    ),
}

MIDJOURNEY = "a castle on a hill --ar 3:2 --stylize 250 --v 6.1 Job ID: 2f637b98-4757-4298-89ee-0ab5cb01f743"


def picture() -> Image.Image:
    return Image.linear_gradient("L").resize((64, 96)).convert("RGB")


def png(packed: bool = False, **texts: str) -> bytes:
    """A PNG with these texts, packed or not."""
    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_text(name.replace("_", "-") if name == "sd_metadata" else name, text, zip=packed)
    file = io.BytesIO()
    picture().save(file, "PNG", pnginfo=info)
    return file.getvalue()


def with_exif(kind: str, comment: str = "", encoding: str = "utf-16-be", **tags: str) -> bytes:
    """A JPEG, WebP or PNG with a comment as A1111 writes it, and tags by their names."""
    exif = Image.Exif()
    for name, text in tags.items():
        exif[ExifTags.Base[name]] = text
    if comment:
        written = b"UNICODE\0" + comment.encode(encoding)
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = written
    file = io.BytesIO()
    picture().save(file, kind, exif=exif.tobytes())
    return file.getvalue()


def of_fooocus(kind: str, comment: str) -> bytes:
    """A JPEG or WebP as Fooocus writes it: the comment stands beside the other tags, not below them."""
    exif, file = Image.Exif(), io.BytesIO()
    exif[ExifTags.Base.UserComment] = comment
    exif[ExifTags.Base.Software] = "Fooocus v2.5.5"
    picture().save(file, kind, exif=exif)
    return file.getvalue()


def draw_things_packet(said: Any) -> str:
    """The XMP packet that Draw Things writes around its settings."""
    comment = escape(json.dumps(said))
    return f"""<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 6.0.0">
   <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
            xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/">
         <dc:description><rdf:Alt><rdf:li xml:lang="x-default">short</rdf:li></rdf:Alt></dc:description>
         <xmp:CreatorTool>Draw Things</xmp:CreatorTool>
         <exif:UserComment>
            <rdf:Alt><rdf:li xml:lang="x-default">{comment}</rdf:li></rdf:Alt>
         </exif:UserComment>
      </rdf:Description>
   </rdf:RDF>
</x:xmpmeta>
"""


def with_xmp(kind: str, packet: str) -> bytes:
    """A PNG, JPEG or WebP with an XMP packet."""
    if kind == "PNG":
        return png(**{"XML:com.adobe.xmp": packet})
    file = io.BytesIO()
    picture().save(file, kind, xmp=packet.encode())
    return file.getvalue()


def hiding(
    written: bytes, signature: bytes = b"stealth_pngcomp", kind: str = "PNG", length: int | None = None
) -> bytes:
    """A picture that hides bytes in the lowest bits of its alpha channel, column by column."""
    number = 8 * len(written) if length is None else length
    bits = "".join(f"{byte:08b}" for byte in signature + number.to_bytes(4) + written)
    size = (160, max(96, -(-len(bits) // 160)))
    columns = bytes(254 + int(bit) for bit in bits.ljust(size[0] * size[1], "1"))
    shown = picture().resize(size)
    shown.putalpha(Image.frombytes("L", size[::-1], columns).transpose(Image.Transpose.TRANSPOSE))
    file = io.BytesIO()
    shown.save(file, kind, lossless=True)
    return file.getvalue()


FILES: dict[str, bytes] = {
    "A1111": png(parameters=A1111),
    "ComfyUI": png(prompt=json.dumps(COMFYUI), workflow="{}"),
    "InvokeAI": png(invokeai_metadata=json.dumps(INVOKEAI)),
    "NovelAI": png(Software="NovelAI", Comment=json.dumps(NOVELAI), Description="{{a girl}}, [rain]"),
    "SwarmUI": png(parameters=json.dumps(SWARMUI, indent=2)),
    "Fooocus": png(parameters=json.dumps(FOOOCUS), fooocus_scheme="fooocus"),
    "Draw Things": with_xmp("PNG", draw_things_packet(DRAW_THINGS)),
    "Civitai": with_exif("JPEG", json.dumps(CIVITAI), "utf-16-le"),
    "Midjourney": png(Description=MIDJOURNEY, Author="someone"),
}
"""One file of each program."""
