"""ComfyUI: the graph of nodes that drew the picture, walked from the picture back to its words and seed.

Two forms are kept: `prompt` (a node's inputs by name) and `workflow` (its widgets in a row), in PNG's chunks
or EXIF. Of several samplers the one next to the picture has the words, the one farthest from it the seed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from engine.pictures.programs.found import FoundPrompt, number, object_in, size_of, text, with_loras

__all__ = ["read"]

_MOST_NODES, _MOST_INPUTS = 2000, 60  # of a graph, and of a node: large ones have hundreds, and twenty
_MOST_ENDS = 8  # pictures' nodes that are walked back from, and samplers that are asked
_TEXTS = (
    *("text", "text_g", "text_l", "clip_l", "clip_g", "t5xxl", "llama", "prompt", "string", "value"),
    *("text_positive", "text_negative", "positive", "negative", "populated_text", "wildcard_text", "caption"),
)
"""Inputs that hold words, or lead to them."""
_JOINS = "StringConcatenate"
"""ComfyUI's node that joins two texts."""
_SILENT = "ConditioningZeroOut"
"""Its node that takes words and gives what none would: FLUX's graphs have it for what is not wanted."""
_MOST_JOINED = 50  # nodes that one text is joined of
_SEEDS = ("seed", "noise_seed", "value", "number", "int")
_NO_WORDS = {
    *("clip", "model", "vae", "image", "images", "pixels", "latent", "latent_image", "samples", "mask"),
    *("control_net", "style_model", "clip_vision", "clip_vision_output", "noise", "sampler", "sigmas"),
}
"""Inputs that lead elsewhere than to words."""
_MODELS = ("ckpt_name", "unet_name", "model_name")
_WIDGETS = {
    "KSampler": ("seed", "", "steps", "cfg"),
    "KSamplerAdvanced": ("", "noise_seed", "", "steps", "cfg"),
    "RandomNoise": ("noise_seed",),
    "CLIPTextEncode": ("text",),
    "CLIPTextEncodeFlux": ("clip_l", "t5xxl"),
    "EmptyLatentImage": ("width", "height"),
    "EmptySD3LatentImage": ("width", "height"),
    "CheckpointLoaderSimple": ("ckpt_name",),
    "UNETLoader": ("unet_name",),
    "PrimitiveString": ("value",),
    "PrimitiveStringMultiline": ("value",),
    "PrimitiveInt": ("value",),
}
"""The inputs that the widgets of ComfyUI's own nodes stand for, in their order; "" for those not needed."""


@dataclass(frozen=True, slots=True)
class _Node:
    kind: str
    inputs: Mapping[str, Any]


_Graph = Mapping[str, _Node]


def read(texts: Mapping[str, str]) -> FoundPrompt | None:
    """The prompt in a file's texts, where one of them is a graph."""
    return next(filter(None, map(_told, _graphs(texts))), None)


def _graphs(texts: Mapping[str, str]) -> Iterable[_Graph]:
    """The graphs that there are, those that name the inputs first."""
    exif = [texts.get(name, "") for name in ("Make", "Model", "ImageDescription", "UserComment")]
    for name, nodes in (("prompt", _of_prompt), ("workflow", _of_workflow)):
        behind = [each[len(name) + 1 :] for each in exif if each[: len(name) + 1].lower() == f"{name}:"]
        for written in (texts.get(name, ""), *behind):
            yield nodes(object_in(written))


def _of_prompt(said: Mapping[str, Any]) -> _Graph:
    found = {}
    for name, node in islice(said.items(), _MOST_NODES):
        if isinstance(node, dict) and isinstance(node.get("inputs"), dict):
            inputs = dict(islice(node["inputs"].items(), _MOST_INPUTS))
            found[name] = _Node(str(node.get("class_type", "")), inputs)
    return found


def _of_workflow(said: Mapping[str, Any]) -> _Graph:
    """The same from the form that the page keeps: links by numbers, widgets by their order."""
    nodes, links = said.get("nodes"), said.get("links")
    if not isinstance(nodes, list) or not isinstance(links, list):
        return {}
    sources = {str(link[0]): str(link[1]) for link in links if isinstance(link, list) and len(link) > 2}
    found = {}
    for node in nodes[:_MOST_NODES]:
        if not isinstance(node, dict):
            continue
        kind, widgets, slots = (node.get(key) for key in ("type", "widgets_values", "inputs"))
        values = widgets if isinstance(widgets, list) else []
        inputs: dict[str, Any] = dict(zip(_WIDGETS.get(str(kind), ()), values, strict=False))
        for slot in slots[:_MOST_INPUTS] if isinstance(slots, list) else []:
            if isinstance(slot, dict) and (source := sources.get(str(slot.get("link")))) is not None:
                inputs[str(slot.get("name"))] = [source, 0]
        found[str(node.get("id"))] = _Node(str(kind), inputs)
    return found


def _told(graph: _Graph) -> FoundPrompt | None:
    samplers = _samplers(graph)
    if not samplers:
        return None
    words = _words(graph, samplers[0], "positive")
    if not words:
        return None
    return FoundPrompt(
        "ComfyUI",
        with_loras(words, _loras(graph, samplers[0])),
        _words(graph, samplers[0], "negative"),
        next((seed for name in reversed(samplers) if (seed := _seed(graph, name)) is not None), None),
        next((size for name in reversed(samplers) if (size := _size(graph, name)) is not None), None),
        next((model for name in samplers if (model := _model(graph, name))), ""),
    )


def _samplers(graph: _Graph) -> list[str]:
    """Those that a picture came of, the one next to it first; without a picture's node, all there are."""
    ends = [name for name, node in graph.items() if node.kind.lower().startswith(("save", "preview"))]
    walks = [_upstream(graph, end) for end in ends[:_MOST_ENDS]] if ends else [list(graph)]
    found = ([name for name in names if _samples(graph[name])] for names in walks)
    return next(filter(None, found), [])[:_MOST_ENDS]


def _samples(node: _Node) -> bool:
    seeded = bool({"seed", "noise_seed", "noise"} & node.inputs.keys())
    return seeded and bool({"guider", "positive", "conditioning"} & node.inputs.keys())


def _source(graph: _Graph, value: Any) -> str | None:
    """The node that an input is linked to."""
    if isinstance(value, list) and len(value) == 2 and not isinstance(value[0], list | dict):
        return name if (name := str(value[0])) in graph else None
    return None


def _upstream(
    graph: _Graph,
    start: str,
    only: Iterable[str] = (),
    never: Iterable[str] = (),
    ends: Collection[str] = (),
) -> list[str]:
    """The nodes that ``start`` depends on, nearest first, by the inputs ``only``, or all but ``never``.

    Nodes of the kinds ``ends`` are among them, but nothing that those depend on.
    """
    wanted, barred = set(only), set(never)
    waiting, seen = deque([start]), {start}
    found = []
    while waiting:
        name = waiting.popleft()
        found.append(name)
        if graph[name].kind in ends:
            continue
        for key, value in graph[name].inputs.items():
            source = _source(graph, value)
            if key in barred or (wanted and key not in wanted) or source is None or source in seen:
                continue
            seen.add(source)
            waiting.append(source)
    return found


def _words(graph: _Graph, sampler: str, side: str) -> str:
    """The words on one side of a sampler, each text once."""
    other = "negative" if side == "positive" else "positive"
    beginning = graph[sampler].inputs
    guider = _source(graph, beginning.get("guider"))
    if guider is not None:
        beginning = graph[guider].inputs
    key = side if side in beginning else "conditioning" if side == "positive" else ""
    if isinstance(beginning.get(key), str):  # nodes that take the words themselves
        return text(beginning[key])
    start = _source(graph, beginning.get(key))
    if start is None:
        return ""
    parts = []
    for name in _upstream(graph, start, never={*_NO_WORDS, other}, ends=(_JOINS, _SILENT)):
        inputs = graph[name].inputs
        if graph[name].kind == _JOINS:
            parts.append(text(_joined(graph, [name, 0], set())))
            continue
        parts += [text(inputs[key]) for key in _TEXTS if key != other and isinstance(inputs.get(key), str)]
    return text(", ".join(dict.fromkeys(filter(None, parts))))


def _joined(graph: _Graph, value: Any, seen: set[str]) -> str:
    """The text that an input is, or is linked to, joined where nodes join it. No node is asked twice."""
    if isinstance(value, str):
        return value
    name = _source(graph, value)
    if name is None or name in seen or len(seen) >= _MOST_JOINED:
        return ""
    seen.add(name)
    inputs = graph[name].inputs
    if graph[name].kind == _JOINS:
        between = inputs.get("delimiter")
        parts = [_joined(graph, inputs.get(key), seen) for key in ("string_a", "string_b")]
        return (between if isinstance(between, str) else "").join(parts)
    texts = (_joined(graph, inputs[key], seen) for key in _TEXTS if key in inputs)
    return next(filter(None, texts), "")


def _loras(graph: _Graph, sampler: str) -> list[tuple[Any, Any]]:
    """The LoRAs between the model and the sampler, the model's first, with their strengths."""
    found = []
    for name in reversed(_upstream(graph, sampler, only=("model", "guider"))):
        inputs = graph[name].inputs
        found.append((inputs.get("lora_name"), inputs.get("strength_model", 1)))
        # A loader of several keeps each in an input of its own, and may have it turned off.
        several = (value for value in inputs.values() if isinstance(value, dict) and value.get("on", True))
        found += [(one.get("lora"), one.get("strength", 1)) for one in several]
    return found


def _seed(graph: _Graph, sampler: str) -> int | None:
    for key in ("seed", "noise_seed", "noise"):
        value = graph[sampler].inputs.get(key)
        if (seed := number(value)) is not None:
            return seed
        if (source := _source(graph, value)) is not None:
            inputs = graph[source].inputs
            named = [number(inputs.get(name)) for name in _SEEDS]
            return next((seed for seed in named if seed is not None), None)
    return None


def _size(graph: _Graph, sampler: str) -> tuple[int, int] | None:
    for name in _upstream(graph, sampler, only=("latent_image", "samples", "latent", "pixels", "image")):
        inputs = graph[name].inputs
        if "latent" in graph[name].kind.lower():
            sides = [_whole(graph, inputs.get(side)) for side in ("width", "height")]
            if (size := size_of(*sides)) is not None:
                return size
    return None


def _whole(graph: _Graph, value: Any) -> int | None:
    source = _source(graph, value)
    return number(value) if source is None else number(graph[source].inputs.get("value"))


def _model(graph: _Graph, sampler: str) -> str:
    for name in _upstream(graph, sampler, only=("model", "guider")):
        for key in _MODELS:
            if model := text(graph[name].inputs.get(key)):
                return model
    return ""
