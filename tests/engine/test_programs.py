"""The prompt in a picture's file: of other programs, of Easel, of nobody, and of somebody who means harm."""

import gzip
import io
import json
import struct
import tracemalloc
import zlib
from dataclasses import replace

import pytest
from PIL import Image

from engine.pictures.chunks import chunk
from engine.pictures.decoding import to_png
from engine.pictures.evidence import examined
from engine.pictures.programs import civitai, fooocus, midjourney, novelai, swarmui
from engine.pictures.programs.found import FoundPrompt
from engine.pictures.programs.reading import prompt_in
from engine.pictures.provenance import in_jpeg, stamp
from tests.engine import foreign
from tests.engine.foreign import FILES, draw_things_packet, hiding, png, with_exif, with_xmp

JOB = "2f637b98-4757-4298-89ee-0ab5cb01f743"


def own(prompt: str = "a fox --ar 2:3", seed: int = 9) -> bytes:
    return stamp(png(), prompt=prompt, spec={"text": "a fox"}, seed=seed, model="pocket", job_id=JOB)


def saved(data: bytes, kind: str) -> bytes:
    """An own PNG as a file of another format, with what it says."""
    file = io.BytesIO()
    Image.open(io.BytesIO(data)).save(file, kind, **in_jpeg(data))
    return file.getvalue()


A_FOX = FoundPrompt(
    "A1111",
    "a red fox in the snow, (masterpiece:1.2)",
    "blurry, (bad hands:1.3)",
    123,
    (512, 768),
    "sd15",
)


@pytest.mark.parametrize(
    "data",
    [
        FILES["A1111"],
        png(packed=True, parameters=foreign.A1111),
        with_exif("JPEG", foreign.A1111),
        with_exif("WEBP", foreign.A1111),
        with_exif("PNG", foreign.A1111),
    ],
    ids=["png", "packed", "jpeg", "webp", "png with exif"],
)
def test_a1111_in_every_format(data: bytes) -> None:
    assert prompt_in(data) == A_FOX


def test_a1111_with_lines_of_an_extension_behind_its_settings() -> None:
    behind = "\nTemplate: a {red|blue} fox in the snow\nNegative Template: blurry"
    assert prompt_in(png(parameters=foreign.A1111 + behind)) == A_FOX


@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le", "utf-16", "utf-8"])
@pytest.mark.parametrize("before", ["", "\ufeff"])
def test_a_comment_in_unicode_is_read_whichever_byte_stands_first(encoding: str, before: str) -> None:
    assert prompt_in(with_exif("JPEG", before + foreign.A1111, encoding)) == A_FOX
    japanese = "雪の中の赤い狐\nSteps: 20, Seed: 123, Size: 512x768"
    found = prompt_in(with_exif("JPEG", before + japanese, encoding))
    assert found is not None
    assert (found.words, found.seed) == ("雪の中の赤い狐", 123)


@pytest.mark.parametrize(
    "data",
    [
        FILES["ComfyUI"],
        with_exif("WEBP", Model=f"prompt:{json.dumps(foreign.COMFYUI)}", Make="workflow:{}"),
    ],
    ids=["png", "webp"],
)
def test_comfyui_names_the_words_on_both_sides_the_seed_the_size_and_the_model(data: bytes) -> None:
    assert prompt_in(data) == FoundPrompt(
        "ComfyUI", "a blue bird <lora:x:1>", "text, watermark", 987, (832, 1216), "sdxl.safetensors"
    )


def test_comfyui_with_a_guider_and_words_in_a_node_of_their_own() -> None:
    found = prompt_in(png(prompt=json.dumps(foreign.FLUX)))
    assert found == FoundPrompt(
        "ComfyUI", "a lighthouse at dusk", "", 42, (1024, 768), "flux1-dev.safetensors"
    )


def test_comfyui_where_only_the_pages_own_form_is_kept() -> None:
    found = prompt_in(png(workflow=json.dumps(foreign.WORKFLOW)))
    assert found == FoundPrompt("ComfyUI", "a green boat", "fog", 55, (512, 512))


def test_comfyui_where_what_is_unwanted_is_silenced_words() -> None:
    silent = {"class_type": "ConditioningZeroOut", "inputs": {"conditioning": ["6", 0]}}
    found = prompt_in(png(prompt=json.dumps({**foreign.COMFYUI, "7": silent})))
    assert found is not None
    assert (found.words, found.unwanted) == ("a blue bird <lora:x:1>", "")


def test_comfyuis_joined_words_stay_together() -> None:
    def joins(first: object, second: object) -> dict[str, object]:
        inputs = {"string_a": first, "string_b": second, "delimiter": " "}
        return {"class_type": "StringConcatenate", "inputs": inputs}

    def encodes(source: str) -> dict[str, object]:
        return {"class_type": "CLIPTextEncode", "inputs": {"text": [source, 0]}}

    bird = {"class_type": "PrimitiveString", "inputs": {"value": "bird"}}
    graph = {**foreign.COMFYUI, "6": encodes("30"), "30": joins(["31", 0], "at dusk")}
    found = prompt_in(png(prompt=json.dumps({**graph, "31": joins("a blue", ["32", 0]), "32": bird})))
    assert found is not None
    assert found.words == "a blue bird at dusk <lora:x:1>"
    themselves = prompt_in(png(prompt=json.dumps({**graph, "31": joins(["30", 0], ["31", 0])})))
    assert themselves is not None
    assert themselves.words == "at dusk <lora:x:1>"


def test_loras_of_other_programs_are_named_as_a_prompt_names_them() -> None:
    several = {
        "model": ["4", 0],
        "lora_1": {"on": True, "lora": "styles\\ink.safetensors", "strength": 0.6},
        "lora_2": {"on": False, "lora": "off.safetensors", "strength": 1},
    }
    own = {"model": ["11", 0], "lora_name": "fur.safetensors", "strength_model": -0.5}
    graph = {
        **foreign.COMFYUI,
        "10": {"class_type": "LoraLoader", "inputs": own},
        "11": {"class_type": "Power Lora Loader (rgthree)", "inputs": several},
    }
    found = prompt_in(png(prompt=json.dumps(graph)))
    assert found is not None
    assert found.words == "a blue bird <lora:ink:0.6> <lora:fur:-0.5>"
    loras = [
        {"model": {"name": "ink"}, "weight": 0.75},
        {"lora": {"model_name": "fur"}, "weight": 1},
        {"model": None},
        *({"model": {"name": "none"}, "weight": weight} for weight in (10**400, float("nan"), "1", None)),
    ]
    found = prompt_in(png(invokeai_metadata=json.dumps({**foreign.INVOKEAI, "loras": loras})))
    assert found is not None
    assert found.words == "a red barn <lora:ink:0.75> <lora:fur:1>"


def test_of_two_samplers_the_first_has_the_seed_and_the_last_the_words() -> None:
    second = {
        "class_type": "KSampler",
        "inputs": {
            **{"seed": 1, "positive": ["31", 0], "negative": ["7", 0], "latent_image": ["3", 0]},
        },
    }
    words = {"class_type": "CLIPTextEncode", "inputs": {"text": "a blue bird, sharp"}}
    decode = {"class_type": "VAEDecode", "inputs": {"samples": ["30", 0]}}
    found = prompt_in(png(prompt=json.dumps({**foreign.COMFYUI, "30": second, "31": words, "8": decode})))
    assert found is not None
    assert (found.words, found.seed, found.size) == ("a blue bird, sharp", 987, (832, 1216))


@pytest.mark.parametrize(
    ("texts", "size", "model", "unwanted"),
    [
        ({"invokeai_metadata": json.dumps(foreign.INVOKEAI)}, (1024, 512), "juggernaut", "rain"),
        ({"sd_metadata": json.dumps(foreign.INVOKEAI_BEFORE)}, (512, 640), "stable-diffusion-1.5", ""),
        ({"Dream": foreign.DREAM}, (512, 640), "", ""),
    ],
)
def test_invokeai_of_three_ages(texts, size, model, unwanted) -> None:
    assert prompt_in(png(**texts)) == FoundPrompt("InvokeAI", "a red barn", unwanted, 7, size, model)


@pytest.mark.parametrize("name", ["parameters", "jpeg", "webp"])
def test_swarmui_in_every_format(name: str) -> None:
    said = json.dumps(foreign.SWARMUI)
    data = FILES["SwarmUI"] if name == "parameters" else with_exif(name.upper(), said)
    words = "a clay pot <lora:ink:0.6> <lora:fur:-1>"
    assert prompt_in(data) == FoundPrompt("SwarmUI", words, "cracks", 31, (1152, 768), "Official/sdxl")


def test_swarmuis_words_for_a_part_of_the_picture_are_left_out_and_told() -> None:
    words = "a clay pot <lora:ink:0.5> <segment:face,0.6,0.5> a smile <refiner> sharp"
    said = {"sui_image_params": {**foreign.SWARMUI["sui_image_params"], "prompt": words}}
    found = prompt_in(png(parameters=json.dumps(said)))
    assert found is not None
    assert (found.words, found.notes) == ("a clay pot <lora:ink:0.5>", (swarmui.SECTIONS,))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_fooocus_own_scheme_in_every_format(kind: str) -> None:
    said = json.dumps(foreign.FOOOCUS)
    data = FILES["Fooocus"] if kind == "PNG" else foreign.of_fooocus(kind, said)
    assert prompt_in(data) == FoundPrompt(
        *("Fooocus", "a tin robot <lora:offset:0.1>", "rust", 77, (1152, 896), "juggernautXL_v8"),
        notes=(fooocus.STYLES,),
    )


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_fooocus_other_scheme_where_it_writes_it(kind: str) -> None:
    assert prompt_in(foreign.of_fooocus(kind, foreign.A1111)) == A_FOX


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_draw_things_in_every_format(kind: str) -> None:
    words = "a paper boat & a <cat> <lora:detail_lora_f16:0.8>"
    data = with_xmp(kind, draw_things_packet(foreign.DRAW_THINGS))
    assert prompt_in(data) == FoundPrompt(
        "Draw Things", words, "waves", 2441935286, (768, 512), "sdxl_q6p.ckpt"
    )


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_civitais_generator_with_what_was_typed_and_from_its_graph_alone(kind: str) -> None:
    model = "urn:air:sdxl:checkpoint:civitai:101055@128078"
    expected = FoundPrompt(
        *("Civitai", "a glass bird, typed", "dust", 654, (832, 1216), model), notes=(civitai.NUMBERED,)
    )
    assert prompt_in(with_exif(kind, json.dumps(foreign.CIVITAI), "utf-16-le")) == expected
    alone = {name: node for name, node in foreign.CIVITAI.items() if name != "extraMetadata"}
    found = prompt_in(with_exif(kind, json.dumps(alone)))
    assert found == replace(expected, words="a glass bird")
    typed = {"prompt": "a glass bird", "seed": 8, "width": 512, "height": 768}
    found = prompt_in(with_exif(kind, json.dumps({"extraMetadata": typed})))
    assert found == FoundPrompt("Civitai", "a glass bird", "", 8, (512, 768))


def test_a_bare_graph_in_a_comment_is_comfyuis() -> None:
    expected = prompt_in(FILES["ComfyUI"])
    assert expected is not None
    for said in (foreign.COMFYUI, {"prompt": foreign.COMFYUI}, {"prompt": json.dumps(foreign.COMFYUI)}):
        assert prompt_in(with_exif("JPEG", json.dumps(said))) == expected


def test_novelai_without_its_emphasis_and_a_note_says_so() -> None:
    assert prompt_in(FILES["NovelAI"]) == FoundPrompt(
        "NovelAI", "a girl, rain", "lowres", 11, (832, 1216), notes=(novelai.EMPHASIS,)
    )
    fourth = prompt_in(png(Software="NovelAI", Comment=json.dumps(foreign.NOVELAI_4)))
    assert fourth is not None
    assert (fourth.words, fourth.unwanted) == ("a city, night, a cat", "lowres")


@pytest.mark.parametrize(
    ("written", "words"),
    [("1.2::a:: 0.5::b:: .5::c::", "a b c"), ("9" * 20_000, "9" * 20_000), ("a 1.5 b::", "a 1.5 b")],
)
def test_novelais_weights_are_left_out_of_words_of_any_length(written: str, words: str) -> None:
    found = prompt_in(png(Software="NovelAI", Comment=json.dumps({"prompt": written, "uc": written})))
    assert found is not None
    assert (found.words, found.unwanted) == (words, words)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_novelai_hides_in_the_pixels_is_found_where_the_file_lost_its_texts(kind: str) -> None:
    said = {"Software": "NovelAI", "Comment": json.dumps(foreign.NOVELAI), "Description": "{{a girl}}"}
    data = hiding(gzip.compress(json.dumps(said).encode()), kind=kind)
    assert prompt_in(data) == prompt_in(FILES["NovelAI"])
    plain = hiding(json.dumps(said).encode(), b"stealth_pnginfo", kind)
    assert prompt_in(plain) == prompt_in(FILES["NovelAI"])


def test_what_an_extension_of_a1111_hides_in_the_pixels() -> None:
    assert prompt_in(hiding(gzip.compress(foreign.A1111.encode()))) == A_FOX


@pytest.mark.parametrize(
    "data",
    [
        hiding(gzip.compress(bytes(2**26))),
        hiding(gzip.compress(b"{}")[:-9]),
        hiding(b"no gzip at all"),
        hiding(b"", length=2**32 - 1),
        hiding(gzip.compress(foreign.A1111.encode()), length=80),
        hiding(gzip.compress(b"[" * 200_000)),
        hiding(b"\xff" * 100, b"stealth_pnginfo"),
        hiding(gzip.compress(foreign.A1111.encode()), b"stealth_rgbcomp"),
        hiding(gzip.compress(foreign.A1111.encode()))[:300],
        to_png(Image.new("RGBA", (1, 1))),
        to_png(Image.new("RGBA", (1, 500))),
        to_png(Image.new("RGBA", (500, 1))),
        to_png(Image.new("RGBA", (5000, 5000))),
    ],
    ids=[
        *("bomb", "cut", "no gzip", "endless", "too short", "deep", "no text", "rgb", "cut file"),
        *("dot", "column", "row", "large"),
    ],
)
def test_what_is_hidden_with_harm_in_mind_costs_little_and_says_nothing(data: bytes) -> None:
    tracemalloc.start()
    try:
        found = prompt_in(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found is None
    assert peak < 32 * 2**20


def test_what_novelai_weighs_below_nothing_is_unwanted() -> None:
    said = {"prompt": "a girl, -1::hat::, 1.2::rain::", "uc": "lowres"}
    found = prompt_in(png(Software="NovelAI", Comment=json.dumps(said)))
    assert found is not None
    assert (found.words, found.unwanted) == ("a girl, rain", "lowres, hat")


def test_midjourney_in_its_own_language_without_the_jobs_id() -> None:
    words = "a castle on a hill --ar 3:2 --stylize 250 --v 6.1"
    assert prompt_in(FILES["Midjourney"]) == FoundPrompt("Midjourney", words, language=True)
    assert prompt_in(with_exif("JPEG", ImageDescription=foreign.MIDJOURNEY)) == FoundPrompt(
        "Midjourney", words, language=True
    )
    linked = prompt_in(png(Description=f"<https://s.mj.run/x1> {foreign.MIDJOURNEY}"))
    assert linked is not None
    assert (linked.words, linked.notes) == (words, (midjourney.SHORT_LINKS,))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_easels_own_with_the_pictures_seed_in_every_format(kind: str) -> None:
    data = own() if kind == "PNG" else saved(own(), kind)
    assert prompt_in(data) == FoundPrompt("Easel", "a fox --ar 2:3", seed=9, model="pocket", language=True)


@pytest.mark.parametrize(
    "data",
    [
        png(),
        png(parameters="just words"),
        png(parameters='{"prompt": "a scheme of another program"}'),
        png(prompt='{"3": {"class_type": "KSampler"}}', workflow='{"nodes": []}'),
        png(prompt="a plain text"),
        png(Comment="GIMP", Description="My holiday"),
        with_exif("JPEG", "taken at noon", Software="camera"),
        b"no picture",
        b"",
    ],
)
def test_what_holds_no_prompt_says_nothing(data: bytes) -> None:
    assert prompt_in(data) is None


def bomb(keyword: bytes, size: int = 2**30) -> bytes:
    """A PNG whose packed text is a thousand times larger than its file."""
    packing = zlib.compressobj(9)
    packed = b"".join([packing.compress(bytes(2**20)) for _ in range(size >> 20)] + [packing.flush()])
    head, rest = png()[:33], png()[33:]
    return head + chunk(b"zTXt", keyword + b"\0\0" + packed) + rest


def cycle() -> str:
    """A graph whose links go round."""
    return json.dumps(
        {
            "1": {"class_type": "KSampler", "inputs": {"seed": ["2", 0], "positive": ["2", 0]}},
            "2": {"class_type": "CLIPTextEncode", "inputs": {"text": ["1", 0], "conditioning": ["2", 0]}},
        }
    )


HOSTILE = {
    "deep": png(prompt="[" * 200_000),
    "deep objects": png(prompt='{"a":' * 100_000),
    "deep metadata": png(invokeai_metadata='{"a":' * 100_000),
    "digits": png(prompt='{"1": ' + "9" * 10_000 + "}"),
    "cycle": png(prompt=cycle()),
    "wrong types": png(
        prompt=json.dumps(
            {
                "1": 5,
                "2": {"inputs": []},
                "3": {"class_type": [], "inputs": {"seed": {}, "positive": [[], 0], "latent_image": [{}, 1]}},
            }
        )
    ),
    "wrong metadata": png(
        invokeai_metadata='{"positive_prompt": 5, "model": []}', sd_metadata='{"image": 1}'
    ),
    "wrong links": png(workflow='{"nodes": [5, {"inputs": [1]}], "links": [[], 7, [1]]}'),
    "wrong captions": png(Software="NovelAI", Comment='{"v4_prompt": {"caption": {"char_captions": 5}}}'),
    "swarmui, deep": png(parameters='{"sui_image_params": ' + '{"a":' * 100_000),
    "swarmui, wrong types": png(
        parameters=json.dumps(
            {
                "sui_image_params": {
                    **{"prompt": "x", "negativeprompt": 5, "seed": [], "width": {}, "height": "9" * 5000},
                    **{"loras": [[], 5, "ink"], "loraweights": ["1e999", {}, "nan", "9" * 5000]},
                }
            }
        )
    ),
    "fooocus, wrong types": png(
        fooocus_scheme="fooocus",
        parameters=json.dumps(
            {
                **{"prompt": "x", "negative_prompt": [], "seed": 1e300, "styles": {}, "base_model": []},
                **{"resolution": "(" * 5000, "loras": [[], {}, 5, [[], []], ["x", "9" * 5000]]},
            }
        ),
    ),
    "draw things, wrong types": with_xmp(
        "PNG", draw_things_packet({"c": "x", "uc": [], "seed": -1, "size": "9" * 5000, "v2": {"loras": [5]}})
    ),
    "draw things, deep": with_xmp("PNG", draw_things_packet({"c": 5}).replace("{", '{"a":' * 50_000)),
    "draw things, deep elements": with_xmp(
        "PNG", draw_things_packet({}).replace("<xmp:", "<a>" * 100_000 + "</a>" * 100_000 + "<xmp:")
    ),
    "civitai, deep": with_exif("WEBP", json.dumps({"extraMetadata": '{"a":' * 10_000})),
    "civitai, wrong types": with_exif(
        "JPEG", json.dumps({"extraMetadata": {"prompt": [], "seed": {}, "width": "x"}, "11": {"inputs": 5}})
    ),
    "quotes": png(parameters="a fox\nSteps: 1, Seed: 2, " + 'a:"' * 3000),
    "xml": with_exif("JPEG", "x")[:20]
    + b"\xff\xe1"
    + struct.pack(">H", 60)
    + b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta",
    "cut": FILES["A1111"][:60],
    "own, deep": png(**{"easel:spec": "[" * 200_000, "easel:prompt": "x", "easel:seed": "1"}),
    "own, digits": png(**{"easel:prompt": "x", "easel:seed": "9" * 5000}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_means_harm_is_as_good_as_nothing(name: str) -> None:
    found = prompt_in(HOSTILE[name])
    assert found is None or len(found.words) < 100


@pytest.mark.parametrize("keyword", [b"parameters", b"easel:prompt"])
def test_a_packed_text_is_not_unpacked_beyond_its_bound(keyword: bytes) -> None:
    data = bomb(keyword)
    tracemalloc.start()
    try:
        assert prompt_in(data) is None
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20


def test_a_job_that_is_none_and_endless_texts_are_not_repeated() -> None:
    said = stamp(png(), prompt="x" * 50_000, spec={}, seed=1, model="m" * 5000, job_id="a b `c`" * 900)
    found = examined(said).said
    assert "job" not in found
    assert len(found["prompt"]) <= 20_000
    assert len(found["model"]) <= 200
