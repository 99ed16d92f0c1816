"""Every example of the language's public descriptions, and what it must be read as."""

from typing import Any

import pytest

from grammar import PromptError, parse

FLAGS = ["raw", "turbo", "fast", "relax", "stealth", "public", "video"]
SHORT = "https://s.mj.run/q8HtwyV8l2A"

# prompt → params (and, where it says more, text, parts, images) of the one job it asks for
READ: list[tuple[str, dict[str, Any]]] = [
    # The shape of a prompt: links, words, parameters in any order; no value means a flag.
    ("https://a.com/x.png a cat --ar 3:2", {"images": ["https://a.com/x.png"], "text": "a cat", "ar": "3:2"}),
    ("a cat --tile --ar 3:2", {"text": "a cat", "tile": True, "ar": "3:2"}),
    ("a cat --ar 3:2 --tile", {"text": "a cat", "tile": True, "ar": "3:2"}),
    # Dashes.
    ("by ArtGerm —aspect 9:16 --test", {"text": "by ArtGerm", "ar": "9:16", "test": True}),
    ("a canyon —ar 9:16 —no people --uplight", {"ar": "9:16", "no": ["people"], "uplight": True}),
    ("a card —w 1152 —h 2432", {"text": "a card", "ar": "9:19"}),
    ("a game ::7—ar 16:9 —s 1000 –v 5", {"parts": [("a game", 7)], "ar": "16:9", "s": 1000, "v": "5"}),
    ("a cat —-ar 2:3", {"text": "a cat", "ar": "2:3"}),
    ("a cat –-seed 4", {"text": "a cat", "seed": 4}),
    ("a cat -–ar 2:3", {"text": "a cat", "ar": "2:3"}),
    ("a cat ––no dog", {"text": "a cat", "no": ["dog"]}),
    # Whitespace before the dashes.
    (
        "rim lighting photography--beta --ar 2:3  --beta --upbeta",
        {"text": "rim lighting photography--beta", "ar": "2:3", "beta": True, "upbeta": True},
    ),
    ("a cat -- ar", {"text": "a cat -- ar"}),
    ("a cat -- a dog", {"text": "a cat -- a dog"}),
    ("colossal musculature arms--three stacked", {"text": "colossal musculature arms--three stacked"}),
    # Values glued to names, names in upper case.
    ("a cat --ar16:9 --v5", {"text": "a cat", "ar": "16:9", "v": "5"}),
    ("a cat --AR 16:9", {"text": "a cat", "ar": "16:9"}),
    ("a cat --Wallpaper", {"text": "a cat", "ar": "15:8"}),
    ("a cat --H 350", {"text": "a cat", "ar": "128:175"}),
    ("a cat --No text", {"text": "a cat", "no": ["text"]}),
    # Commas, duplicates, whitespace, quotes.
    ("a cat, 4k, --ar 9:16", {"text": "a cat, 4k,", "ar": "9:16"}),
    ("a cat --beta --upbeta --upbeta", {"text": "a cat", "beta": True, "upbeta": True}),
    ("a cat --beta  --beta", {"text": "a cat", "beta": True}),
    ("a  cat   asleep\n\there", {"text": "a cat asleep here"}),
    ("a cat --no blur bokeh defocus dof", {"no": ["blur bokeh defocus dof"]}),
    ('a "southern ice" vase', {"text": 'a "southern ice" vase'}),
    ("cat", {"text": "cat"}),
    ("🦊", {"text": "🦊"}),
    # Image prompts.
    (f"<{SHORT}> a cat", {"images": [SHORT], "text": "a cat"}),
    (f"{SHORT} <{SHORT}> a cat --iw 2", {"images": [SHORT, SHORT], "text": "a cat", "iw": 2}),
    (f"{SHORT} {SHORT}", {"images": [SHORT, SHORT], "text": "", "parts": []}),
    *((f"https://a.com/x.{kind} a cat", {"text": "a cat"}) for kind in ("png", "gif", "webp", "jpg", "jpeg")),
    # Multi-prompts.
    ("space::2 ship", {"parts": [("space", 2), ("ship", 1)]}),
    ("space:: ship", {"parts": [("space", 1), ("ship", 1)]}),
    ("a::.5 b::-.25", {"parts": [("a", 0.5), ("b", -0.25)]}),
    ("a :: b ::4 c", {"parts": [("a", 1), ("b", 4), ("c", 1)]}),
    ("a :: b, pixelactivist :: --hd", {"parts": [("a", 1), ("b, pixelactivist", 1)], "hd": True}),
    ("cheese::1 cake:: painting::", {"parts": [("cheese", 1), ("cake", 1), ("painting", 1)]}),
    ("a ::20 b", {"parts": [("a", 20), ("b", 1)]}),
    ("a::1 b::-0. 9", {"parts": [("a", 1), ("b", -0.9)]}),
    ("a cat --no people", {"parts": [("a cat", 1)], "no": ["people"]}),
    # Core parameters.
    ("a cat --aspect 3:2", {"ar": "3:2"}),
    ("a cat --ar 139:100", {"ar": "139:100"}),
    ("a cat --ar 1920:1080", {"ar": "16:9"}),
    ("a cat --chaos 100", {"c": 100}),
    ("a cat --c 0", {"c": 0}),
    ("a cat --stylize 1000", {"s": 1000}),
    ("a cat --s 0", {"s": 0}),
    ("a cat --v 3 --s 60000", {"s": 60000, "v": "3"}),
    ("a cat --testp --s 5000", {"s": 5000, "testp": True}),
    ("a cat --weird 3000", {"w": 3000}),
    ("a cat --w 0", {"w": 0}),
    *((f"a cat --q {value}", {"q": float(value)}) for value in (".25", ".5", "1", "2", "4", "0.5")),
    ("a cat --q 5", {"q": 4}),
    ("a cat --quality 3", {"q": 2}),
    ("a cat --q .3", {"q": 0.25}),
    ("a cat --seed 0", {"seed": 0}),
    ("a cat --seed 4294967295", {"seed": 4294967295}),
    ("a cat --sameseed 7 --v 2", {"sameseed": 7, "v": "2"}),
    ("a cat --stop 10", {"stop": 10}),
    ("a cat --stop 100", {"stop": 100}),
    ("a cat --no a, b", {"no": ["a", "b"]}),
    ("a cat --tile", {"tile": True}),
    ("a cat --iw 3", {"iw": 3}),
    ("a cat --iw .5", {"iw": 0.5}),
    ("a cat --v 3 --iw -10000", {"iw": -10000, "v": "3"}),
    *(
        (f"a cat --v {value}", {"v": value})
        for value in [
            "1",
            "2",
            "3",
            "4",
            "5",
            "5.0",
            "5.1",
            "5.2",
            "6",
            "6.0",
            "6.1",
            "7",
            "8.1",
            "8.2",
            "99",
        ]
    ),
    ("a cat --version 6", {"v": "6"}),
    ("a cat --niji", {"niji": True}),
    *((f"a cat --niji {value}", {"niji": value}) for value in ("4", "5", "6", "7")),
    *(
        (f"a cat --style {value}", {"style": value})
        for value in [
            "4a",
            "4b",
            "4c",
            "raw",
            "cute",
            "expressive",
            "original",
            "scenic",
            "random",
            "random-16",
            "random-128",
        ]
    ),
    ("a cat --style 1U48Gcm4I", {"style": "1U48Gcm4I"}),
    ("a cat --style raw-7syD2l8ylI", {"style": "raw-7syD2l8ylI"}),
    ("a cat --style 7syD2l8ylI-1U48Gcm4I", {"style": "7syD2l8ylI-1U48Gcm4I"}),
    ("a cat --style random-32-15", {"style": "random-32-15"}),
    *((f"a cat --{name}", {name: True}) for name in FLAGS),
    # References and personalisation.
    ("a cat --sref https://a.com/x.png", {"sref": ["https://a.com/x.png"]}),
    ("a cat --sref 762351716", {"sref": ["762351716"]}),
    ("a cat --sref random", {"sref": ["random"]}),
    (
        f"a cat --sref {SHORT}::2 <{SHORT}>::1 123 --sw 1000 --sv 4",
        {"sref": [f"{SHORT}::2", SHORT, "123"], "sw": 1000, "sv": 4},
    ),
    (f"a cat --cref {SHORT} --cw 0", {"cref": [SHORT], "cw": 0}),
    (f"a cat --oref {SHORT} --ow 1000", {"oref": SHORT, "ow": 1000}),
    ("a cat --p", {"p": True}),
    ("a cat --personalize", {"p": True}),
    ("a cat --profile hreu13h c7p38co", {"p": ["hreu13h", "c7p38co"]}),
    ("a cat --exp 100", {"exp": 100}),
    *((f"a cat --{name}", {name: True}) for name in ("expand", "draft", "hd", "sd", "edit", "loop")),
    ("a cat --motion low", {"motion": "low"}),
    ("a cat --motion high", {"motion": "high"}),
    (f"a cat --end {SHORT} --bs 1", {"end": SHORT, "bs": 1}),
    ("a cat --zoom 1.5", {"zoom": 1.5}),
    # Names of the past.
    *(
        (f"a cat --{name}", {name: True})
        for name in [
            "uplight",
            "upbeta",
            "upanime",
            "test",
            "testp",
            "creative",
            "beta",
            "hq",
            "newclip",
            "nostretch",
            "old",
        ]
    ),
    ("a cat --width 1920 --height 1080", {"ar": "16:9"}),
    ("a cat --vibe", {"v": "1"}),
    ("a cat --wallpaper", {"ar": "15:8"}),
    ("a cat --sl", {"ar": "5:4"}),
    ("a cat --ml", {"ar": "7:5"}),
    ("a cat --ll", {"ar": "3:2"}),
    ("a cat --sp", {"ar": "4:5"}),
    ("a cat --mp", {"ar": "5:7"}),
    ("a cat --lp", {"ar": "2:3"}),
]


@pytest.mark.parametrize(("prompt", "expected"), READ, ids=[prompt for prompt, _ in READ])
def test_it_is_read_as(prompt: str, expected: dict[str, Any]) -> None:
    (spec,) = parse(prompt)
    read = spec.to_dict()
    params = {name: value for name, value in expected.items() if name not in ("text", "parts", "images")}
    assert read["params"] == params
    assert read["text"] == expected.get("text", read["text"])
    assert read["images"] == expected.get("images", read["images"])
    parts = [(part["text"], part["weight"]) for part in read["parts"]]
    assert parts == expected.get("parts", parts)


# prompt → title and words of the sentence
REFUSED: list[tuple[str, str, list[str]]] = [
    ("a cat --- --ar 3:2", "Invalid parameter", ["Unrecognized parameter(s): `---`"]),
    ("a cat --seed 1 True --niji 7", "Invalid parameter", ["Unrecognized parameter(s): `True`"]),
    ("a cat --foo bar", "Invalid parameter", ["Unrecognized parameter(s): `--foo`, `bar`"]),
    (
        "a cat --stylize 5000",
        "Invalid parameter",
        ["`--stylize` must be between 0 and 1000", "--stylize 5000"],
    ),
    ("a cat --c 101", "Invalid parameter", ["`--chaos` must be between 0 and 100", "--c 101"]),
    ("a cat --w 3001", "Invalid parameter", ["`--weird` must be between 0 and 3000", "--w 3001"]),
    ("a cat --stop 9", "Invalid parameter", ["`--stop` must be between 10 and 100", "--stop 9"]),
    ("a cat --seed 4294967296", "Invalid parameter", ["between 0 and 4294967295", "--seed 4294967296"]),
    ("a cat --seed -1", "Invalid parameter", ["between 0 and 4294967295", "--seed -1"]),
    ("a cat --iw 4", "Invalid parameter", ["`--iw` must be between 0 and 3", "--iw 4"]),
    ("a cat --q soon", "Invalid parameter", ["`--quality`", "0.25, 0.5, 1, 2, 4", "--q soon"]),
    ("a cat --ar 1.39:1", "Invalid parameter", ["`--aspect`", "--ar 1.39:1", "Write `139:100`."]),
    ("a cat --ar 16x9", "Invalid parameter", ["`--aspect`", "--ar 16x9", "Write `16:9`."]),
    ("a cat --ar 1:0", "Invalid parameter", ["`--aspect`", "at least 1", "--ar 1:0"]),
    ("a cat --ar", "Invalid parameter", ["`--aspect` needs a value, W:H", "`--ar`"]),
    ("a cat --no", "Invalid parameter", ["`--no` needs a value", "`--no`"]),
    ("a cat --v banana", "Invalid parameter", ["`--version` must be a version number", "8.2", "--v banana"]),
    ("a cat --niji cute", "Invalid parameter", ["`--niji`", "4, 5, 6, 7", "--niji cute"]),
    ("a cat --style a/b", "Invalid parameter", ["`--style`", "raw", "--style a/b"]),
    ("a cat --sw 50", "Invalid parameter", ["Cannot use `--sw` without a `--sref`"]),
    ("a cat --cw 50", "Invalid parameter", ["Cannot use `--cw` without a `--cref`"]),
    ("a cat --ow 50", "Invalid parameter", ["Cannot use `--ow` without a `--oref`"]),
    ("a cat --cref tom", "Invalid parameter", ["`--cref` must be a link", "--cref tom"]),
    ("a cat --sref https://", "Invalid link", ["`--sref`", "https://"]),
    ("https:// a cat", "Invalid link", ["https://"]),
    ("a cat --r 41", "Invalid parameter", ["`--repeat` must be between 1 and 40", "--r 41"]),
    ("a cat --ow 0 --oref https://a.com/x.png", "Invalid parameter", ["between 1 and 1000", "--ow 0"]),
    ("a cat --zoom 3", "Invalid parameter", ["`--zoom` must be between 1 and 2", "--zoom 3"]),
    ("hot dog animal::-1", "Invalid prompt", ["more than 0, not -1", "::-1"]),
    ("a::1 b::-1", "Invalid prompt", ["more than 0, not 0", "::-1"]),
    (SHORT, "Invalid prompt", [SHORT, "One image alone"]),
    ("", "Invalid prompt", ["Empty prompt"]),
    ("  \n ", "Invalid prompt", ["Empty prompt"]),
    ("--ar 3:2", "Invalid prompt", ["Empty prompt", "--ar 3:2"]),
    ("::", "Invalid prompt", ["Empty prompt", "::"]),
    ("x" * 6001, "Invalid prompt", ["Prompts must be 6000 or fewer in length", "6001"]),
]


@pytest.mark.parametrize(("prompt", "title", "words"), REFUSED, ids=[row[0][:40] for row in REFUSED])
def test_it_is_refused(prompt: str, title: str, words: list[str]) -> None:
    with pytest.raises(PromptError) as caught:
        parse(prompt)
    assert caught.value.title == title
    for word in words:
        assert word in str(caught.value)


# prompt → text and parameters of each job, in order
PERMUTED: list[tuple[str, list[str]]] = [
    (
        "A {sculpture, painting} of a {seagull {on a pier, on a beach}, poodle {on a sofa, in a truck}}.",
        [
            "A sculpture of a seagull on a pier.",
            "A sculpture of a seagull on a beach.",
            "A sculpture of a poodle on a sofa.",
            "A sculpture of a poodle in a truck.",
            "A painting of a seagull on a pier.",
            "A painting of a seagull on a beach.",
            "A painting of a poodle on a sofa.",
            "A painting of a poodle in a truck.",
        ],
    ),
    ("a{::, ::2} b", ["a:: b", "a::2 b"]),
    ("a cat --ar {3:2, 1:1}", ["a cat --ar 3:2", "a cat --ar 1:1"]),
    ("a cat --{v 5, niji, test}", ["a cat --v 5", "a cat --niji", "a cat --test"]),
    ("a cat {, --tile}", ["a cat", "a cat --tile"]),
    ("{red, pastel \\, yellow} bird", ["red bird", "pastel, yellow bird"]),
    (
        "a {red, green} bird in a {jungle, desert}",
        [
            "a red bird in a jungle",
            "a red bird in a desert",
            "a green bird in a jungle",
            "a green bird in a desert",
        ],
    ),
    (
        "{https://a.com/1.png, https://a.com/2.png} cat",
        ["https://a.com/1.png cat", "https://a.com/2.png cat"],
    ),
    ("a cat --repeat 3", ["a cat", "a cat", "a cat"]),
    ("a {cat, dog} --r 2", ["a cat", "a cat", "a dog", "a dog"]),
]


@pytest.mark.parametrize(("prompt", "jobs"), PERMUTED, ids=[prompt for prompt, _ in PERMUTED])
def test_it_becomes_several_jobs(prompt: str, jobs: list[str]) -> None:
    assert [str(spec) for spec in parse(prompt)] == jobs
