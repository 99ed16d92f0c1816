"""How long parsing takes: over prompts like those people write, and as the text gets ten times longer.

`python -m bench.language [FILE]` with a file of prompts, one a line, instead of bench/prompts.txt.
"""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from grammar import PromptError, parse

PROMPTS = Path(__file__).with_name("prompts.txt")
ROUNDS = 50
LONGEST = 6000

HARD_SHAPES: dict[str, Callable[[int], str]] = {
    "words": lambda n: ("a quiet word, " * n)[:n],
    "dashes": lambda n: "-" * n,
    "dashes and spaces": lambda n: ("a - -- — " * n)[:n],
    "nested braces": lambda n: "{" * (n // 2) + "}" * (n // 2),
    "braces left open": lambda n: "{" * n,
    "nested groups": lambda n: "{a " * (n // 4) + "}" * (n // 4),
    "many groups": lambda n: ("{a, b} " * n)[: n // 7 * 7],
    "colons": lambda n: ":" * n,
    "parts": lambda n: ("a::2 " * n)[:n],
    "unknown names": lambda n: ("--abc " * n)[:n],
    "doubled parameters": lambda n: "a" + " --seed 5" * ((n - 1) // 9),
    "doubled lists": lambda n: "a" + " --no b" * ((n - 1) // 7),
    "widths": lambda n: "a --h 5" + " --w 5" * ((n - 7) // 6),
    "one value": lambda n: "a --style " + "x-" * ((n - 10) // 2),
    "links": lambda n: ("https://a.png " * n)[: n // 14 * 14],
    "references": lambda n: "a --sref " + ("123 " * n)[: n - 9],
    "digits": lambda n: "a::" + "1" * (n - 3),
    "dashes apart": lambda n: ("a - - ar - v 6 " * n)[:n],
    "names behind dashes apart": lambda n: ("a -- no " * n)[:n],
    "marks": lambda n: ("a\u200e--\u200d" * n)[:n],
    "nested brackets": lambda n: "([" * (n // 4) + "])" * (n // 4),
    "brackets left open": lambda n: "(" * n,
    "quotes": lambda n: ("\"a\" 'b' " * n)[:n],
    "one pair of quotes": lambda n: '"' + ("a cat " * n)[: n - 2] + '"',
    "a list of quotes": lambda n: "a --no " + ('"b", (c), ' * n)[: n - 8],
    "one glued link": lambda n: "https://a" + (".b,c(d)" * n)[: n - 20],
    "commands": lambda n: ("/imagine prompt: " * n)[:n],
    "owners": lambda n: ("a - <@1> " * n)[:n],
    "settings": lambda n: "a Negative prompt: b Steps: 2" + (", Size: 5" * n)[: n - 30],
    "blocks": lambda n: ("Negative prompt: Steps: 20, Seed: 1 " * n)[:n],
    "weights of other programs": lambda n: ("(a:1.3) [b|c] ((d)) " * n)[:n],
    "choices": lambda n: "{" + ("a|" * n)[: n - 2] + "}",
    "backslashes": lambda n: "{" + "\\," * ((n - 2) // 2) + "}",
}


def main(path: Path = PROMPTS) -> None:
    """Print both tables."""
    prompts = [text for text in path.read_text(encoding="utf-8").splitlines() if "{" not in text]
    times = sorted(min(time_of(text) for _ in range(ROUNDS)) for text in prompts)
    print(f"language: {len(prompts)} prompts, best of {ROUNDS} rounds each, permutations left out")
    for name, part, bar in (("p50", 0.5, "150 µs"), ("p99", 0.99, "1000 µs")):
        print(f"  {name} {times[int(len(times) * part)] * 1e6:8.0f} µs   (bar: {bar})")
    print(f"language: text of {LONGEST} characters against {LONGEST // 10} (bar: 12×)")
    for name, shape in HARD_SHAPES.items():
        short, long = (
            min(time_of(shape(n), time.process_time) for _ in range(5)) for n in (LONGEST // 10, LONGEST)
        )
        print(f"  {name:20} {long * 1e3:8.2f} ms  {long / short:5.1f}×")


def time_of(text: str, clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds that this prompt takes, whether it parses or not."""
    start = clock()
    with suppress(PromptError):
        parse(text)
    return clock() - start


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
