"""ComfyUI's graphs: words behind switches, joins and bundles, graphs in graphs, and graphs that mean harm."""

import json
import time
from typing import Any

import pytest

from engine.pictures.programs.found import FoundPrompt
from engine.pictures.programs.reading import prompt_in
from tests.engine import foreign
from tests.engine.foreign import png


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def drawn(*, words: Any = ("30", 0), **nodes: Any) -> FoundPrompt:
    """What is found where the words come from further nodes."""
    encodes = node("CLIPTextEncode", text=list(words) if isinstance(words, tuple) else words)
    graph = {**foreign.COMFYUI, "6": encodes, **{name.strip("n"): each for name, each in nodes.items()}}
    found = prompt_in(png(prompt=json.dumps(graph)))
    assert found is not None
    return found


LORA = " <lora:x:1>"


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ({"n30": node("Reroute", **{"": ["31", 0]}), "n31": node("PrimitiveString", value="a fox")}, "a fox"),
        ({"n30": node("Text Multiline", text="a fox")}, "a fox"),
        ({"n30": node("ComfySwitchNode", switch=True, on_true="a fox", on_false="a dog")}, "a fox"),
        ({"n30": node("ComfySwitchNode", switch=False, on_true="a fox", on_false="a dog")}, "a dog"),
        (
            {
                "n30": node("LazySwitchKJ", switch=["32", 0], on_true="a fox", on_false=["31", 0]),
                "n31": node("PrimitiveString", value="a dog"),
                "n32": node("PrimitiveBoolean", value=False),
            },
            "a dog",
        ),
        ({"n30": node("CR Text Input Switch", Input=2, text1="a fox", text2="a dog")}, "a dog"),
        ({"n30": node("ImpactSwitch", select=1, input1="a fox", input2="a dog", sel_mode=False)}, "a fox"),
        (
            {
                "n30": node("Any Switch (rgthree)", any_02=["32", 0], any_01=["31", 0]),
                "n31": node("String Literal", string="a fox"),
                "n32": node("String Literal", string="a dog"),
            },
            "a fox",
        ),
        (
            {
                "n30": node(
                    "Text Concatenate",
                    delimiter=", ",
                    clean_whitespace="true",
                    text_b="at dusk",
                    text_a=["31", 0],
                ),
                "n31": node("CR Prompt Text", prompt="a fox"),
            },
            "a fox, at dusk",
        ),
        (
            {"n30": node("easy promptConcat", prompt1="a fox", prompt2="at dusk", separator=" ")},
            "a fox at dusk",
        ),
        ({"n30": node("JoinStrings", string1="a fox", string2="at dusk", delimiter=" ")}, "a fox at dusk"),
        (
            {"n30": node("StringFunction|pysssss", action="append", text_a="a fox, ", text_b="at dusk")},
            "a fox, at dusk",
        ),
        (
            {
                "n30": node(
                    "ImpactWildcardProcessor",
                    wildcard_text="a {fox|dog}",
                    populated_text="a fox",
                    mode="populate",
                )
            },
            "a fox",
        ),
    ],
)
def test_words_are_found_behind_what_leads_to_them(nodes: dict[str, Any], words: str) -> None:
    assert drawn(**nodes).words == words + LORA


def test_a_switch_of_conditionings_leads_to_the_side_that_drew() -> None:
    other = node("CLIPTextEncode", text="a dog")
    switch = node("CR Conditioning Input Switch", Input=2, conditioning1=["31", 0], conditioning2=["6", 0])
    sampler = node("KSampler", **{**foreign.COMFYUI["3"]["inputs"], "positive": ["30", 0]})
    assert drawn(words="a fox", n30=switch, n31=other, n3=sampler).words == "a fox" + LORA


def test_loaders_that_bundle_what_a_sampler_needs() -> None:
    graph = {
        "1": node(
            "easy fullLoader",
            **{"ckpt_name": "sdxl.safetensors", "positive": "a fox", "negative": "fog"},
            **{"empty_latent_width": 832, "empty_latent_height": 1216},
        ),
        "2": node("easy fullkSampler", pipe=["1", 0], seed=5),
        "3": node("PreviewImage", images=["2", 1]),
    }
    assert prompt_in(png(prompt=json.dumps(graph))) == FoundPrompt(
        "ComfyUI", "a fox", "fog", 5, (832, 1216), "sdxl.safetensors"
    )


def flattened() -> dict[str, Any]:
    """The graph whose nodes stand in a group, as the page writes them out: names with colons."""
    text = json.dumps(foreign.COMFYUI)
    for name in foreign.COMFYUI:
        text = text.replace(f'["{name}", ', f'["20:{name}", ').replace(f'"{name}": {{', f'"20:{name}": {{')
    written: dict[str, Any] = json.loads(text)
    return written


def test_nodes_of_groups_and_of_graphs_within_graphs_as_they_were_run() -> None:
    assert prompt_in(png(prompt=json.dumps(flattened()))) == prompt_in(foreign.FILES["ComfyUI"])


def kept(number: Any, kind: str, values: Any = (), mode: int = 0, **links: int | None) -> dict[str, Any]:
    """A node as the page keeps it; inputs that have no link are widgets."""
    inputs = [
        {"name": name, "link": link, **({} if link else {"widget": {"name": name}})}
        for name, link in links.items()
    ]
    return {"id": number, "type": kind, "widgets_values": list(values), "inputs": inputs, "mode": mode}


def within(number: int, begins: int, slot: int, ends: int, at: int) -> dict[str, int]:
    """A link as a graph within a graph keeps it."""
    return {
        **{"id": number, "origin_id": begins, "origin_slot": slot},
        **{"target_id": ends, "target_slot": at},
    }


def nested(**instance: Any) -> dict[str, Any]:
    """A workflow whose sampler and whose words stand in a graph within it."""
    inner = {
        "id": "a-b",
        "nodes": [
            kept(1, "CLIPTextEncode", ["inside"], text=1),
            kept(2, "CLIPTextEncode", ["fog"]),
            kept(3, "KSampler", [5, "fixed", 20, 8], positive=2, negative=3, latent_image=4, model=5),
            kept(4, "LoraLoaderModelOnly", ["off.safetensors", 1], mode=4, model=6),
            kept(6, "LoraLoaderModelOnly", ["ink.safetensors", 0.5], model=7),
        ],
        "links": [
            *(within(1, -10, 0, 1, 0), within(2, 1, 0, 3, 0), within(3, 2, 0, 3, 1), within(4, -10, 1, 3, 2)),
            *(within(5, 4, 0, 3, 3), within(6, 6, 0, 4, 0), within(7, -10, 2, 6, 0), within(8, 3, 0, -20, 0)),
        ],
    }
    return {
        "nodes": [
            {**kept(10, "a-b", text=None, latent_image=21, model=22), **instance},
            kept(11, "EmptyLatentImage", [640, 384, 1]),
            kept(12, "SaveImage", images=24),
            kept(13, "VAEDecode", samples=23),
            kept(14, "UNETLoader", ["flux.safetensors"]),
            kept(15, "SetNode", ["the model"], MODEL=25),
            kept(16, "GetNode", ["the model"]),
            kept(17, "Reroute", **{"": 26}),
        ],
        "links": [
            *([21, 11, 0, 10, 1, "LATENT"], [22, 17, 0, 10, 2, "MODEL"], [23, 10, 0, 13, 0, "LATENT"]),
            *([24, 13, 0, 12, 0, "IMAGE"], [25, 14, 0, 15, 0, "MODEL"], [26, 16, 0, 17, 0, "MODEL"]),
        ],
        "definitions": {"subgraphs": [inner]},
    }


@pytest.mark.parametrize(
    ("instance", "words"),
    [
        ({}, "inside"),
        ({"widgets_values": ["outside"], "properties": {"proxyWidgets": [["-1", "text"]]}}, "outside"),
        ({"widgets_values": ["not this"], "properties": {"proxyWidgets": [["3", "seed"]]}}, "inside"),
        ({"widgets_values": ["outside"]}, "outside"),
    ],
)
def test_a_graph_within_a_graph_as_the_page_keeps_it(instance: dict[str, Any], words: str) -> None:
    found = prompt_in(png(workflow=json.dumps(nested(**instance))))
    assert found == FoundPrompt(
        "ComfyUI", f"{words} <lora:ink:0.5>", "fog", 5, (640, 384), "flux.safetensors"
    )


def test_words_of_an_unknown_node_with_named_widgets() -> None:
    flow = json.loads(json.dumps(foreign.WORKFLOW))
    flow["nodes"][2]["inputs"] = [{"name": "text", "link": 9}]
    flow["nodes"].append(kept(8, "Some Words", [3, "randomize", "a tower"], seed=None, prompt=None))
    flow["links"].append([9, 8, 0, 6, 0, "STRING"])
    found = prompt_in(png(workflow=json.dumps(flow)))
    assert found is not None
    assert found.words == "a tower"


def itself() -> dict[str, Any]:
    """A graph that is within itself, ten times, and hands its inputs on."""
    nodes = [kept(number, "a", name=1) for number in range(10)]
    links = [within(1, -10, 0, 0, 0), *(within(n, n % 10, 0, -20, n) for n in range(2, 60))]
    return {
        "nodes": nodes,
        "links": [],
        "definitions": {"subgraphs": [{"id": "a", "nodes": nodes, "links": links}]},
    }


def round_about() -> dict[str, Any]:
    """Reroutes and switches that lead to one another for ever."""
    nodes = {str(n): node("Reroute", **{"": [str(n % 1000 + 1), 0]}) for n in range(1, 1001)}
    nodes["s"] = node("KSampler", seed=["1", 0], positive=["w", 0], latent_image=["1", 0], model=["1", 0])
    nodes["w"] = node("CLIPTextEncode", text=["x", 0])
    nodes["x"] = node("ComfySwitchNode", switch=["x", 0], on_true=["x", 0], on_false=["1", 0])
    return nodes


def doubled() -> dict[str, Any]:
    """A text that is joined to itself again and again."""
    nodes = {
        str(n): node("JoinStrings", string1=[str(n + 1), 0], string2=[str(n + 1), 0]) for n in range(1000)
    }
    nodes["s"] = node("KSampler", seed=1, positive=["w", 0])
    return {
        **nodes,
        "w": node("CLIPTextEncode", text=["0", 0]),
        "1000": node("PrimitiveString", value="x" * 9000),
    }


def long_chain() -> dict[str, Any]:
    nodes = {str(n): node("Reroute", **{"": [str(n + 1), 0]}) for n in range(1900)}
    many = {f"text_{n}": ["0", 0] for n in range(60)}
    return {**nodes, **{f"j{n}": node("Text Concatenate", **many) for n in range(90)}, "s": cycle_of_joins()}


def cycle_of_joins() -> dict[str, Any]:
    return node("KSampler", seed=["0", 0], positive=["j1", 0], negative=["j2", 0])


@pytest.mark.parametrize(
    "texts",
    [
        {"workflow": json.dumps(itself())},
        {"prompt": json.dumps(round_about())},
        {"prompt": json.dumps(doubled())},
        {"prompt": json.dumps(long_chain())},
        {
            "workflow": json.dumps(
                {"nodes": [kept(1, "a")], "links": [], "definitions": {"subgraphs": [5, {}]}}
            )
        },
        {"workflow": json.dumps({"nodes": [{"id": {}, "type": [], "properties": {"proxyWidgets": [1]}}]})},
        {"workflow": json.dumps({**foreign.WORKFLOW, "links": [{"id": []}, 5, [1, 2]]})},
        {"prompt": json.dumps({"1": node("KSampler", seed=1, positive=["2", 0]), "2": node("Any Switch")})},
    ],
    ids=["itself", "round about", "doubled", "long chain", "no definitions", "wrong types", "links", "empty"],
)
def test_graphs_that_mean_harm_cost_little_and_say_nothing_long(texts: dict[str, str]) -> None:
    began = time.process_time()
    found = prompt_in(png(**texts))
    assert time.process_time() - began < 5
    assert found is None or len(found.words) <= 20_000


def test_a_class_that_is_nested_as_deeply_as_can_be_read_is_no_class() -> None:
    for depth in range(850, 1000, 3):
        deep = "[" * depth + "]" * depth
        kept_so = f'{{"nodes": [{{"id": {deep}, "type": {deep}}}], "links": [[{deep}, 1, 1, 1, 1]]}}'
        assert prompt_in(png(prompt=f'{{"1": {{"class_type": {deep}, "inputs": {{}}}}}}')) is None
        assert prompt_in(png(workflow=kept_so)) is None
