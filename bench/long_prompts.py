"""Whether the pocket model draws what a long prompt names last: `python -m bench long_prompts`.

The same scenes with the same seeds, asked for in a few words, and at the end of some two hundred that say
nothing else. Prompts go through the engine, as anybody's do: a text longer than the encoder is read in
pieces. The judge of `bench.pictures` looks for the thing.
"""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import cache
from random import Random

import torch
from rich.progress import track

from bench.pictures import DRAWN, RATIOS, interval, scenes_of
from bench.sheet import Sheet
from engine import Registry, drawing, plan_imagine
from engine.drawing import LoadedModel, pieces
from grammar.spec import GenerationSpec
from grammar.values import Part
from pocket.judging.judge import matches
from pocket.words.captions import plain_caption
from pocket.world.scenes import Scene

PROMPTS = 200
WORDS = 190
"""Words before the thing, so that it stands at the end of about 200 tokens."""

BAR = 5.0
"""Points by which the long ones may be right less often."""

_PRAISE = ("beautiful", "cute", "simple", "minimal", "nice", "pretty", "lovely")
_KINDS = ("picture", "drawing", "illustration", "image", "scene")
_NAME = "pocket"


def asked(number: int) -> tuple[Scene, str, str]:
    """The scene of that number (from 0), asked for in a few words, and last in a long prompt."""
    scene, rng = _scenes()[number], Random(number)
    short = plain_caption(scene, rng)
    before = [f"{rng.choice(_PRAISE)} {rng.choice(_KINDS)}," for _ in range(WORDS // 2)]
    return scene, short, " ".join([*before, "a picture of", short])


@cache
def _scenes() -> list[Scene]:
    scenes = scenes_of(DRAWN[0], Random("long prompts"))
    return [next(scenes) for _ in range(PROMPTS)]


@cache
def _model() -> tuple[Registry, LoadedModel]:
    registry = Registry.load()
    return registry, drawing.load(registry.get(_NAME), "cpu")


def right(number: int) -> tuple[bool, bool, int]:
    """Whether the thing is there by the short prompt, and by the long one; how many pieces that one took."""
    registry, model = _model()
    scene, *texts = asked(number)
    width, height = map(int, RATIOS[number % len(RATIOS)].split(":"))
    found = []
    for text in texts:
        spec = GenerationSpec(text=text, parts=(Part(text),), stylize=0, aspect=(width, height))
        plan = plan_imagine(spec, registry, model=_NAME, seed=2_000_003 + number)
        (picture,) = drawing.run(model, replace(plan, seeds=plan.seeds[:1]), [], lambda *_: None)
        seen = matches(picture, scene)
        found.append(seen["colour"] and seen["kind"])
    return found[0], found[1], pieces.count(model.pipe, texts[1])


def main() -> None:
    """Print the table."""
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(mp_context=spawned, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        answers = list(track(pool.map(right, range(PROMPTS)), "long prompts", PROMPTS, transient=True))
    short, long = (sum(each[place] for each in answers) for place in (0, 1))
    title = "A thing named last in a long prompt"
    read = sorted({count for *_, count in answers})
    note = f"Colour and outline right in per cent (95 % interval); the long ones are read in {read} pieces."
    table = Sheet(title, ("", "n", "right"), note)
    table.add("in a few words", PROMPTS, interval(short, PROMPTS))
    table.add("at the end of some 200", PROMPTS, interval(long, PROMPTS))
    table.show()
    apart = 100 * (short - long) / PROMPTS
    print(f"{apart:+.1f} points apart; the bar is {BAR:g}: {'met' if apart <= BAR else 'NOT met'}")


if __name__ == "__main__":
    main()
