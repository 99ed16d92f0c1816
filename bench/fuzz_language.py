"""Random and mutated prompts against the grammar's promises: no exception but PromptError, stable text.

`python -m bench.fuzz_language [COUNT] [SEED]` runs a million, and stops at the first broken promise.
"""

import random
import sys
import time
from array import array
from pathlib import Path

from bench.language import time_of
from grammar import PARAMETERS, GenerationSpec, PromptError, caret, parse

PROMPTS = Path(__file__).with_name("prompts.txt")
NAMES = [name for row in PARAMETERS for name in row.names]
PASTED = """\
- -
 --\x20
-- v 6
 - s 50
：：
∷
9 :16
ａｒ
|
||
**
```
/imagine\x20
/imagine prompt:\x20
prompt:
 - <@1> (fast)
Negative prompt:\x20
 Steps: 20, Seed: 5,\x20
Size: 512x768
(fox:1.3)
((fox))
<lora:foo:0.8>
{a|b}
{0.5::a|b}
{a、b}
https://a.com/x.png，
https://a.com/x.png)
https://a.com/x.png?a=1&,
--sref\x20
--edit\x20
"a, b"
(a, b)
[a, b]
“a”
--no：
--ar：
"'
"""
SHRAPNEL = [
    *"abzXYZ019 .,;:-–—−－ー{}\\<>()[]\"'“”/|@#%&*+=_~`?!\t\n\r\x00\x0b\u200b\u3000éß猫ー🦊\u0301\ud800",
    *"，。、：∶；！）（」「“”„«»｛｝─━ㅡ\u200e\u2068\u2069\u200d\ufe0f\u00ad'`[]",
    *PASTED.splitlines(),
    *("::", "--", "—", "–", "——", "---", "::2", "::-1", "::.5", ":: 3", "::-0. 9", "16:9", "1:0", "3：2"),
    *(
        "https://",
        "https://a.png",
        "<https://s.mj.run/x>",
        "http://[::1]/",
        "random",
        "raw",
        "0",
        "99999999999",
    ),
    *(
        "{a, b}",
        "{",
        "}",
        "\\,",
        "{,}",
        "{{a}, b}",
        ", ",
        "--no a, b",
        " --",
        "٣",
        "１６：９",
        "x" * 50,
        "-" * 50,
    ),
]


def main(count: int = 1_000_000, seed: int = 1) -> None:
    """Run `count` prompts and say what they were."""
    prompts = PROMPTS.read_text(encoding="utf-8").splitlines()
    chance = random.Random(seed)
    parsed, started = 0, time.perf_counter()
    times = array("d")
    for at in range(count):
        text = random_prompt(chance, prompts)
        times.append(time_of(text, time.process_time))
        try:
            parsed += check(text)
        except Exception as error:
            error.add_note(f"prompt {at} of seed {seed}: {text!r}")
            raise
    took = time.perf_counter() - started
    print(f"{count} prompts in {took:.0f} s: {parsed} parsed, {count - parsed} refused, no promise broken")
    p50, p99 = (sorted(times)[int(count * part)] * 1e6 for part in (0.5, 0.99))
    print(f"one parse: p50 {p50:.0f} µs (bar: 150 µs), p99 {p99:.0f} µs (bar: 1000 µs)")


def random_prompt(chance: random.Random, prompts: list[str]) -> str:
    """A prompt made of shrapnel, or one of the prompts after a few accidents."""
    if chance.random() < 0.25:
        return "".join(_scrap(chance) for _ in range(chance.randrange(20)))
    text = chance.choice(prompts)
    for _ in range(chance.randrange(1, 6)):
        text = _accident(text, chance, prompts)
    return text


def check(text: str) -> bool:
    """Whether the prompt parses; AssertionError when a promise about it or its errors is broken."""
    try:
        specs = parse(text)
    except PromptError as error:
        check_error(text, error)
        return False
    assert 1 <= len(specs) <= 40
    for spec in specs[:3]:
        again = parse(str(spec))
        assert again == [spec], (spec, again)
        assert str(again[0]) == str(spec)
        assert GenerationSpec.from_dict(spec.to_dict()) == spec
    return True


def check_error(text: str, error: PromptError) -> None:
    """AssertionError unless every problem has a place in the text and names its piece."""
    assert error.title
    for problem in error.problems:
        assert 0 <= problem.start <= problem.end <= len(text), problem
        assert all(piece in problem.message for piece in problem.piece.split()[:5]), problem
    assert "^" in caret(text, error)


def _scrap(chance: random.Random) -> str:
    if chance.random() < 0.3:
        return f"{chance.choice(['', ' '])}{chance.choice(['--', '—', '–'])}{chance.choice(NAMES)} "
    return chance.choice(SHRAPNEL)


def _accident(text: str, chance: random.Random, prompts: list[str]) -> str:
    start = chance.randrange(len(text) + 1)
    end = min(len(text), start + chance.randrange(12))
    match chance.randrange(6):
        case 0:
            return text[:start] + text[end:]
        case 1:
            return text[:start] + _scrap(chance) + text[start:]
        case 2:
            return text[:end] + text[start:]
        case 3:
            return text[:start] + _scrap(chance) + text[end:]
        case 4:
            other = chance.choice(prompts)
            return text[:start] + other[chance.randrange(len(other) + 1) :]
        case _:
            return text[:start] + text[start:end].swapcase() + text[end:]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
