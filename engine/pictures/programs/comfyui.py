"""ComfyUI: the graph of nodes that drew the picture, walked from the picture back to its words and seed.

Of several samplers the one next to the picture has the words, the one farthest from it the seed.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from engine.pictures.programs.found import FoundPrompt, number, size_of, text, with_loras
from engine.pictures.programs.graphs import Graph, Node, graphs_in, linked

__all__ = ["read", "told"]

_MOST_ENDS = 8  # pictures' nodes that are walked back from, and samplers that are asked
_TEXTS = (
    *("text", "text_g", "text_l", "clip_l", "clip_g", "t5xxl", "llama", "prompt", "string", "value"),
    *("text_positive", "text_negative", "positive", "negative", "populated_text", "wildcard_text", "caption"),
)
"""Inputs that hold words, or lead to them."""
_JOINS = re.compile(r"(?!.*(?:conditioning|image|latent)).*(?:concat|join|stringfunction)", re.IGNORECASE)
"""The kinds of nodes that join texts: ComfyUI's own, and those of its extensions."""
_PART = re.compile(r"(?:(?:text|string|str|prompt|input)[_ ]?)?(?:[a-z]|\d{1,2})", re.IGNORECASE)
"""The inputs that they join, in the order of their letters or numbers."""
_BETWEEN = ("delimiter", "separator")
"""The inputs that say what stands between them."""
_SILENT = "ConditioningZeroOut"
"""Its node that takes words and gives what none would: FLUX's graphs have it for what is not wanted."""
_MOST_JOINED = 50  # nodes that one text is joined of
_MOST_WORDS = 20_000  # characters of it
_SEEDS = ("seed", "noise_seed", "value", "number", "int")
_NO_WORDS = {
    *("clip", "model", "vae", "image", "images", "pixels", "latent", "latent_image", "samples", "mask"),
    *("control_net", "style_model", "clip_vision", "clip_vision_output", "noise", "sampler", "sigmas"),
}
"""Inputs that lead elsewhere than to words."""
_PIPES = ("pipe", "basic_pipe")
"""Inputs that bundle the model, the words of both sides and more."""
_MODELS = ("ckpt_name", "unet_name", "model_name")


def read(texts: Mapping[str, str]) -> FoundPrompt | None:
    """The prompt in a file's texts, where one of them is a graph."""
    return next(filter(None, map(told, graphs_in(texts))), None)


def told(graph: Graph) -> FoundPrompt | None:
    """What a graph says of the prompt; None where it draws nothing."""
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


def _samplers(graph: Graph) -> list[str]:
    """Those that a picture came of, the one next to it first; without a picture's node, all there are."""
    ends = [name for name, node in graph.items() if node.kind.lower().startswith(("save", "preview"))]
    walks = [_upstream(graph, end) for end in ends[:_MOST_ENDS]] if ends else [list(graph)]
    found = ([name for name in names if _samples(graph[name])] for names in walks)
    return next(filter(None, found), [])[:_MOST_ENDS]


def _samples(node: Node) -> bool:
    seeded = bool({"seed", "noise_seed", "noise"} & node.inputs.keys())
    return seeded and bool({"guider", "positive", "conditioning", *_PIPES} & node.inputs.keys())


def _upstream(
    graph: Graph,
    start: str,
    only: Iterable[str] = (),
    never: Iterable[str] = (),
    ends: Collection[str] = (),
) -> list[str]:
    """The nodes that ``start`` depends on, nearest first, by the inputs ``only``, or all but ``never``.

    The nodes ``ends`` are among them, but nothing that those depend on.
    """
    wanted, barred = set(only), set(never)
    waiting, seen = deque([start]), {start}
    found = []
    while waiting:
        name = waiting.popleft()
        found.append(name)
        if name in ends:
            continue
        for key, value in graph[name].inputs.items():
            source = linked(graph, value)
            if key in barred or (wanted and key not in wanted) or source is None or source in seen:
                continue
            seen.add(source)
            waiting.append(source)
    return found


def _words(graph: Graph, sampler: str, side: str) -> str:
    """The words on one side of a sampler, each text once."""
    other = "negative" if side == "positive" else "positive"
    beginning = graph[sampler].inputs
    guider = linked(graph, beginning.get("guider"))
    if guider is not None:
        beginning = graph[guider].inputs
    key = side if side in beginning else "conditioning" if side == "positive" else ""
    if isinstance(beginning.get(key), str):  # nodes that take the words themselves
        return text(beginning[key])
    bundled = next((beginning[pipe] for pipe in _PIPES if pipe in beginning), None)
    start = linked(graph, beginning.get(key)) or linked(graph, bundled)
    if start is None:
        return ""
    parts = []
    joins = {name for name, node in graph.items() if _parts(node)}
    silent = {name for name, node in graph.items() if node.kind == _SILENT}
    for name in _upstream(graph, start, never={*_NO_WORDS, other}, ends=joins | silent):
        inputs = graph[name].inputs
        if name in joins:
            parts.append(text(_joined(graph, [name, 0], set())))
            continue
        drawn = text(inputs.get("populated_text"))  # from the wildcards beside it
        barred = (other, "wildcard_text") if drawn else (other,)
        parts += [text(inputs.get(key)) for key in _TEXTS if key not in barred]
    return text(", ".join(dict.fromkeys(filter(None, parts))))


def _joined(graph: Graph, value: Any, seen: set[str]) -> str:
    """The text that an input is, or is linked to, joined where nodes join it. No node is asked twice."""
    if isinstance(value, str):
        return value
    name = linked(graph, value)
    if name is None or name in seen or len(seen) >= _MOST_JOINED:
        return ""
    seen.add(name)
    inputs = graph[name].inputs
    if keys := _parts(graph[name]):
        between = next((text_of for key in _BETWEEN if isinstance(text_of := inputs.get(key), str)), "")
        parts = (_joined(graph, inputs[key], seen) for key in keys)
        return between.join(filter(None, parts))[:_MOST_WORDS]
    texts = (_joined(graph, inputs[key], seen) for key in _TEXTS if key in inputs)
    return next(filter(None, texts), "")


def _parts(node: Node) -> list[str]:
    """The inputs that a node joins, in their order; [] for one that joins none."""
    if not _JOINS.match(node.kind):
        return []
    return sorted(filter(_PART.fullmatch, node.inputs), key=lambda key: (len(key), key))


def _loras(graph: Graph, sampler: str) -> list[tuple[Any, Any]]:
    """The LoRAs between the model and the sampler, the model's first, with their strengths."""
    found = []
    for name in reversed(_upstream(graph, sampler, only=("model", "guider", *_PIPES))):
        inputs = graph[name].inputs
        found.append((inputs.get("lora_name"), inputs.get("strength_model", 1)))
        # A loader of several keeps each in an input of its own, and may have it turned off.
        several = (value for value in inputs.values() if isinstance(value, dict) and value.get("on", True))
        found += [(one.get("lora"), one.get("strength", 1)) for one in several]
    return found


def _seed(graph: Graph, sampler: str) -> int | None:
    for key in ("seed", "noise_seed", "noise"):
        value = graph[sampler].inputs.get(key)
        if (seed := number(value)) is not None:
            return seed
        if (source := linked(graph, value)) is not None:
            inputs = graph[source].inputs
            named = [number(inputs.get(name)) for name in _SEEDS]
            return next((seed for seed in named if seed is not None), None)
    return None


def _size(graph: Graph, sampler: str) -> tuple[int, int] | None:
    only = ("latent_image", "samples", "latent", "pixels", "image", *_PIPES)
    for name in _upstream(graph, sampler, only=only):
        inputs = graph[name].inputs
        before = "" if "latent" in graph[name].kind.lower() else "empty_latent_"  # loaders with a latent
        sides = [_whole(graph, inputs.get(f"{before}{side}")) for side in ("width", "height")]
        if (size := size_of(*sides)) is not None:
            return size
    return None


def _whole(graph: Graph, value: Any) -> int | None:
    source = linked(graph, value)
    return number(value) if source is None else number(graph[source].inputs.get("value"))


def _model(graph: Graph, sampler: str) -> str:
    for name in _upstream(graph, sampler, only=("model", "guider", *_PIPES)):
        for key in _MODELS:
            if model := text(graph[name].inputs.get(key)):
                return model
    return ""
