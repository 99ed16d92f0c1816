"""ComfyUI's graphs of nodes, out of the texts that hold them, whatever form they are kept in.

Two forms are kept: `prompt` (a node's inputs by name) and `workflow` (its widgets in a row, graphs within
graphs), in PNG's chunks or EXIF. What only hands on what it is given, such as a switch, is taken out of a
graph: what stands behind it is linked directly. Knows nothing of what the nodes do.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from engine.pictures.programs.found import object_in

__all__ = ["Graph", "Node", "graph_of", "graphs_in", "linked"]

_MOST_NODES, _MOST_INPUTS = 2000, 60  # of a graph, and of a node: large ones have hundreds, and twenty
_MOST_MADE = 4 * _MOST_NODES  # nodes of a graph with those that stand for its borders
_MOST_DEFINITIONS = 500  # graphs that are kept within a graph
_MOST_DEPTH = 20  # of graphs within graphs
_LONGEST = 100  # characters of a node's name or class
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
    "LoraLoader": ("lora_name", "strength_model"),
    "LoraLoaderModelOnly": ("lora_name", "strength_model"),
    "StringConcatenate": ("string_a", "string_b", "delimiter"),
    "PrimitiveString": ("value",),
    "PrimitiveStringMultiline": ("value",),
    "PrimitiveInt": ("value",),
    "PrimitiveNode": ("value",),
    "ComfySwitchNode": ("switch",),
}
"""The inputs that the widgets of ComfyUI's own nodes stand for, in their order; "" for those not needed."""

_HANDS_ON = ""
"""The kind of nodes that stand for what goes into a graph within a graph, and comes out of it."""
_INSIDE, _OUTSIDE = "-10", "-20"
"""The nodes that such a graph's links have for its inputs and its outputs."""
_OWN = "-1"
"""What a shown widget names for its node where it stands for an input of the graph."""
_OFF = (2, 4)
"""The modes of nodes that are turned off: muted, and bypassed."""
_CONTROLS = ("fixed", "randomize", "increment", "decrement")
"""What the page keeps behind a seed, and no input is called."""
_SWITCH = re.compile(r"switch|ifelse|conditionalbranch", re.IGNORECASE)
_SELECTORS = ("switch", "boolean", "cond", "select", "Input", "input", "index")
_SIDES = {True: ("on_true", "true", "tt_value"), False: ("on_false", "false", "ff_value")}
"""The inputs that a switch of two sides has for each."""
_NUMBERED = re.compile(r"\D{0,30}0*(\d{1,4})")


@dataclass(frozen=True, slots=True)
class Node:
    """A node's class, and its inputs by name: values, or links to other nodes."""

    kind: str
    inputs: Mapping[str, Any]


Graph = Mapping[str, Node]
_End = tuple[str, str]
"""Where a link begins: a node, and which of its outputs."""


def graphs_in(texts: Mapping[str, str]) -> Iterator[Graph]:
    """The graphs that there are in a file's texts, those that name the inputs first."""
    exif = [texts.get(name, "") for name in ("Make", "Model", "ImageDescription", "UserComment")]
    comment = object_in(texts.get("UserComment", ""))
    for name, nodes in (("prompt", graph_of), ("workflow", _of_workflow)):
        behind = [each[len(name) + 1 :] for each in exif if each[: len(name) + 1].lower() == f"{name}:"]
        within = comment.get(name)
        written = [texts.get(name, ""), *behind, within if isinstance(within, str) else ""]
        yield from map(nodes, map(object_in, written))
        if isinstance(within, dict):
            yield nodes(within)
    yield graph_of(comment)


def graph_of(said: Mapping[str, Any]) -> Graph:
    """The graph in an object of nodes whose inputs are named."""
    found = {}
    for name, node in islice(said.items(), _MOST_NODES):
        if isinstance(node, dict) and isinstance(node.get("inputs"), dict):
            inputs = dict(islice(node["inputs"].items(), _MOST_INPUTS))
            found[name] = Node(_id(node.get("class_type")), inputs)
    return _direct(found)


def linked(graph: Graph, value: Any) -> str | None:
    """The node that an input is linked to."""
    if isinstance(value, list) and len(value) == 2:
        return name if (name := _id(value[0])) in graph else None
    return None


def _of_workflow(said: Mapping[str, Any]) -> Graph:
    """The same from the form that the page keeps: links by numbers, widgets by their order."""
    kept = said.get("definitions")
    each = _dicts(kept.get("subgraphs") if isinstance(kept, dict) else None, _MOST_DEFINITIONS)
    within = {_id(one.get("id")): _level_of(one) for one in each}
    found: dict[str, Node] = {}
    waiting, left = deque([("", _level_of(said), 0)]), _MOST_NODES
    while waiting:
        prefix, level, depth = waiting.popleft()
        for node in level.nodes[:left]:
            if len(found) >= _MOST_MADE:
                return _direct(found)
            name, inner = f"{prefix}{_id(node.get('id'))}", within.get(_id(node.get("type")))
            inputs = _inputs(node, prefix, level, within, found)
            if inner is None:
                found |= _made(node, name, inputs)
            elif depth < _MOST_DEPTH:
                for slot, key in enumerate(_slots(node)):
                    if key in inputs:
                        found[f"{name}:<{slot}"] = Node(_HANDS_ON, {"value": inputs[key]})
                for end, begins in inner.outputs.items():
                    link = _link(begins, f"{name}:", inner, within)
                    found[f"{name}>{end}"] = Node(_HANDS_ON, {"value": link})
                waiting.append((f"{name}:", inner, depth + 1))
        left -= len(level.nodes[:left]) + 1
        if left < 0:
            break
    return _direct(found)


@dataclass(frozen=True, slots=True)
class _Level:
    """One graph as the page keeps it: its nodes, their kinds, where its links and its outputs begin."""

    nodes: list[dict[str, Any]]
    kinds: Mapping[str, str]
    links: Mapping[str, _End]
    outputs: Mapping[str, _End]


def _level_of(said: Mapping[str, Any]) -> _Level:
    nodes = _dicts(said.get("nodes"), _MOST_NODES)
    links: dict[str, _End] = {}
    outputs: dict[str, _End] = {}
    kept = said.get("links")
    for link in kept if isinstance(kept, list) else []:
        if isinstance(link, dict):  # within another graph
            link = [link.get(key) for key in ("id", "origin_id", "origin_slot", "target_id", "target_slot")]
        if isinstance(link, list) and len(link) >= 5:
            number, *begins, target, slot = map(_id, link[:5])
            links[number] = (begins[0], begins[1])
            if target == _OUTSIDE and len(outputs) < _MOST_INPUTS:
                outputs[slot] = links[number]
    return _Level(nodes, {_id(node.get("id")): _id(node.get("type")) for node in nodes}, links, outputs)


def _link(begins: _End, prefix: str, level: _Level, within: Mapping[str, _Level]) -> list[Any]:
    """The link to where one begins, which may be a border."""
    node, slot = begins
    if node == _INSIDE:
        return [f"{prefix}<{slot}", 0]
    border = f">{slot}" if level.kinds.get(node) in within else ""
    return [f"{prefix}{node}{border}", 0]


def _inputs(
    node: Mapping[str, Any], prefix: str, level: _Level, within: Mapping[str, _Level], found: Graph
) -> dict[str, Any]:
    """A node's inputs by name: its widgets' values, and above them its links."""
    inputs = _widgets(node)
    for slot, key in zip(_dicts(node.get("inputs"), _MOST_INPUTS), _slots(node), strict=True):
        begins = level.links.get(_id(slot.get("link")))
        if begins is not None:
            link = _link(begins, prefix, level, within)
            if begins[0] != _INSIDE or link[0] in found:  # else nothing goes in: the widget's value holds
                inputs[key] = link
    return inputs


def _slots(node: Mapping[str, Any]) -> list[str]:
    return [_id(slot.get("name")) for slot in _dicts(node.get("inputs"), _MOST_INPUTS)]


def _widgets(node: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a node's widgets by the inputs that they stand for, where those are known."""
    values, properties = node.get("widgets_values"), node.get("properties")
    if isinstance(values, dict):
        return dict(islice(values.items(), _MOST_INPUTS))
    values = values[:_MOST_INPUTS] if isinstance(values, list) else []
    if (known := _WIDGETS.get(_id(node.get("type")))) is not None:
        return dict(zip(known, values, strict=False))
    shown = properties.get("proxyWidgets") if isinstance(properties, dict) else None
    if isinstance(shown, list):
        pairs = [(of, value) for of, value in zip(shown, values, strict=False) if isinstance(of, list)]
        return {_id(of[1]): value for of, value in pairs if of[:1] == [_OWN] and of[1:]}
    slots = _dicts(node.get("inputs"), _MOST_INPUTS)
    names = [_id(slot.get("name")) for slot in slots if isinstance(slot.get("widget"), dict)]
    values = [value for value in values if value not in _CONTROLS]
    return dict(zip(names, values, strict=True)) if len(names) == len(values) else {}


def _made(node: Mapping[str, Any], name: str, inputs: Mapping[str, Any]) -> Graph:
    """A node of one graph alone, by the name that links lead to."""
    kind = _id(node.get("type"))
    links = {key: value for key, value in inputs.items() if isinstance(value, list)}
    if node.get("mode") in _OFF:
        return {name: Node(_HANDS_ON, links)}
    values = node.get("widgets_values")
    called = f"={_id(values[0])}" if isinstance(values, list) and values else "="
    if kind == "SetNode":
        return {called: Node(_HANDS_ON, links)}
    return {name: Node(_HANDS_ON, {"value": [called, 0]}) if kind == "GetNode" else Node(kind, inputs)}


def _id(value: Any) -> str:
    """A name, or a number that stands for one."""
    return str(value)[:_LONGEST] if isinstance(value, str | int) else ""


def _dicts(listed: Any, most: int) -> list[dict[str, Any]]:
    return [each for each in listed[:most] if isinstance(each, dict)] if isinstance(listed, list) else []


def _direct(graph: Graph) -> Graph:
    """The graph whose links lead past all that only hands on what it is given."""
    ends: dict[str, Any] = {}

    def end(value: Any) -> Any:
        path: list[str] = []
        while (name := linked(graph, value)) is not None and name not in ends:
            handed = _handed(graph, graph[name])
            if not handed:
                break
            ends[name] = None  # what comes back to it leads nowhere
            path.append(name)
            value = handed[0]
        if name is not None and name in ends:
            value = ends[name]
        ends.update(dict.fromkeys(path, value))
        return value

    return {
        name: Node(node.kind, {key: end(value) for key, value in node.inputs.items()})
        for name, node in graph.items()
    }


def _handed(graph: Graph, node: Node) -> list[Any]:
    """What a node hands on: one of its inputs, and of several the one that it is switched to; [] for none."""
    inputs, kind = node.inputs, node.kind.lower()
    if kind.startswith("primitive"):
        return [inputs["value"]] if "value" in inputs else []
    links = [value for value in inputs.values() if isinstance(value, list)]
    if kind == _HANDS_ON or kind.startswith("reroute"):
        return links[:1] or list(inputs.values())[:1]
    if not _SWITCH.search(kind):
        return []
    sides = (_value(graph, inputs[key]) for key in _SELECTORS if key in inputs)
    side = next((side for side in sides if isinstance(side, int)), None)
    if isinstance(side, bool):
        return [inputs[key] for key in _SIDES[side] if key in inputs][:1]
    if side is None:  # the first, where there is nothing to choose by
        return [inputs[min(inputs)]] if inputs and len(links) == len(inputs) else []
    numbered = ((_NUMBERED.fullmatch(key), value) for key, value in inputs.items())
    return [value for match, value in numbered if match and match[1] == str(side)][:1]


def _value(graph: Graph, value: Any) -> Any:
    """A value, or that of the node which it is linked to."""
    name = linked(graph, value)
    return value if name is None else graph[name].inputs.get("value")
