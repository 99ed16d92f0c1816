"""What captions say, in every language."""

import re
from dataclasses import replace
from itertools import combinations
from random import Random

import pytest
from transformers import CLIPTokenizer

from pocket.model.architecture import TEXT_LENGTH, make_tokenizer
from pocket.words.captions import LANGUAGES, bare_caption, caption, noise_words, plain_caption, vocabulary
from pocket.words.chinese import CHINESE
from pocket.words.hindi import HINDI
from pocket.words.japanese import JAPANESE
from pocket.words.korean import KOREAN
from pocket.words.portuguese import PORTUGUESE
from pocket.words.spanish import SPANISH
from pocket.world.scenes import COLOURS, KINDS, RELATIONS, SETTINGS, SIZES, STYLES, Scene, Thing, random_scene

FOXES = Scene((Thing("fox", "red", 2),), "snow")
HOUSE = Scene((Thing("house", "red"),), "grass")
PAIR = Scene((Thing("star", "yellow"), Thing("boat", "blue")), "sea", relation="above")
PAINTED = Scene((Thing("house", "red", size="small"),), "plain", "black", style="watercolour")
FLOWERS = Scene((Thing("flower", "white", 3),), "night")
SIDE = Scene((Thing("apple", "green"), Thing("car", "black")), relation="left")

PLAIN = {
    "en": {
        FOXES: "two red foxes in the snow",
        HOUSE: "a red house on grass",
        PAIR: "a yellow star above a blue boat on the sea",
        PAINTED: "a small red house on a black background, watercolour",
        SIDE: "a green apple to the left of a black car",
    },
    "zh": {
        FOXES: "雪地里的两只红色狐狸",
        HOUSE: "草地上的一座红色房子",
        PAIR: "海上，一颗黄色星星在一艘蓝色船上面",
        PAINTED: "黑色背景上的一座红色小房子，水彩画",
        FLOWERS: "夜晚的三朵白色花",
        SIDE: "一个绿色苹果在一辆黑色汽车左边",
    },
    "hi": {
        FOXES: "बर्फ़ में दो लाल लोमड़ियाँ",
        HOUSE: "घास पर एक लाल घर",
        PAIR: "समुद्र पर एक नीली नाव के ऊपर एक पीला तारा",
        PAINTED: "काली पृष्ठभूमि पर एक छोटा लाल घर, जलरंग चित्र",
        FLOWERS: "रात में तीन सफ़ेद फूल",
        SIDE: "एक काली कार के बाईं ओर एक हरा सेब",
    },
    "ja": {
        FOXES: "雪の中の二匹の赤い狐",
        HOUSE: "草の上の赤い家",
        PAIR: "海の上、青い船の上に黄色い星",
        PAINTED: "黒い背景の小さな赤い家、水彩画",
        FLOWERS: "夜の三輪の白い花",
        SIDE: "黒い車の左に緑のりんご",
    },
    "ko": {
        FOXES: "눈 속의 빨간 여우 두 마리",
        HOUSE: "풀밭 위의 빨간 집",
        PAIR: "바다 위, 파란 배 위에 노란 별",
        PAINTED: "검은 배경의 작은 빨간 집, 수채화",
        FLOWERS: "밤의 하얀 꽃 세 송이",
        SIDE: "검은 자동차 왼쪽에 초록색 사과",
    },
    "pt": {
        FOXES: "duas raposas vermelhas na neve",
        HOUSE: "uma casa vermelha na grama",
        PAIR: "uma estrela amarela acima de um barco azul no mar",
        PAINTED: "uma pequena casa vermelha em um fundo preto, aquarela",
        FLOWERS: "três flores brancas à noite",
        SIDE: "uma maçã verde à esquerda de um carro preto",
    },
    "es": {
        FOXES: "dos zorros rojos en la nieve",
        HOUSE: "una casa roja en la hierba",
        PAIR: "una estrella amarilla encima de un barco azul en el mar",
        PAINTED: "una pequeña casa roja sobre un fondo negro, acuarela",
        FLOWERS: "tres flores blancas de noche",
        SIDE: "una manzana verde a la izquierda de un coche negro",
    },
}
AGREEMENT = [
    ("es", Scene((Thing("fish", "blue", 4),)), "cuatro peces azules"),
    ("es", Scene((Thing("cloud", "grey", 2, "big"),)), "dos grandes nubes grises"),
    ("es", Scene((Thing("house", "white", 1, "big"),)), "una gran casa blanca"),
    ("es", Scene((Thing("tree", "pink", 2),)), "dos árboles rosa"),
    ("es", Scene((Thing("heart", "brown", 3),)), "tres corazones marrones"),
    ("pt", Scene((Thing("heart", "blue", 2),)), "dois corações azuis"),
    ("pt", Scene((Thing("umbrella", "purple", 2),)), "dois guarda-chuvas roxos"),
    ("pt", Scene((Thing("cloud", "brown", 2, "small"),)), "duas pequenas nuvens marrons"),
    ("pt", Scene((Thing("sun", "orange", 3),)), "três sóis laranja"),
    ("hi", Scene((Thing("star", "blue", 3),)), "तीन नीले तारे"),
    ("hi", Scene((Thing("bird", "yellow", 2, "big"),)), "दो बड़ी पीली चिड़ियाँ"),
    (
        "hi",
        Scene((Thing("cat", "black"), Thing("star", "yellow")), relation="above"),
        "एक पीले तारे के ऊपर एक काली बिल्ली",
    ),
    ("zh", Scene((Thing("umbrella", "red", 4),)), "四把红色雨伞"),
    ("ja", Scene((Thing("bird", "white", 2),)), "二羽の白い鳥"),
    ("ko", Scene((Thing("boat", "grey", 3),)), "회색 배 세 척"),
]
UP = r"上|ऊपर|위|acima|em cima|sobre|encima|por encima|arriba"
DOWN = r"下|नीचे|아래|밑|abaixo|embaixo|debaixo|sob\b|debajo|bajo|por debajo|abajo"
LEFT, RIGHT = r"左|बाईं|बाएँ|왼쪽|esquerd|izquierd", r"右|दाईं|दाएँ|오른쪽|direit|derech"


def scenes(rng: Random, count: int) -> list[Scene]:
    return [replace(random_scene(rng, train=False), style=rng.choice(STYLES)) for _ in range(count)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_captions_are_what_a_person_types_first(language: str) -> None:
    for scene, text in PLAIN[language].items():
        assert plain_caption(scene, Random(0), language) == text


def test_an_english_article_goes_by_the_sound() -> None:
    orange = Scene((Thing("umbrella", "orange"),), "plain", "orange")
    assert plain_caption(orange, Random(0)) == "an orange umbrella on an orange background"


@pytest.mark.parametrize(("language", "scene", "text"), AGREEMENT)
def test_words_agree(language: str, scene: Scene, text: str) -> None:
    assert plain_caption(scene, Random(0), language) == text


def test_korean_and_goes_by_the_sound_before_it() -> None:
    rng = Random(6)
    flower = Scene((Thing("flower", "red"), Thing("fox", "blue")), relation="beside")
    tree = Scene((Thing("tree", "red"), Thing("fox", "blue")), relation="beside")
    said = " ".join(caption(s, rng, "ko") for s in (flower, tree) for _ in range(300))
    assert "꽃과 " in said
    assert "나무와 " in said
    assert "꽃와" not in said
    assert "나무과" not in said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_scene_is_said_in_many_ways(language: str) -> None:
    rng = Random(1)
    said = {caption(HOUSE, rng, language) for _ in range(2000)}
    assert len(said) > 60
    assert plain_caption(HOUSE, rng, language) in said


def test_a_relation_said_backwards_swaps_the_things() -> None:
    rng = Random(2)
    for _ in range(200):
        text = caption(PAIR, rng)
        star = text.index("star")
        boat = min(text.find(w) % 999 for w in ("boat", "sailboat", "ship"))
        upward = any(f" {w} " in text for w in ("above", "over", "higher", "on top of"))
        assert (star < boat) == upward


@pytest.mark.parametrize("language", [CHINESE, HINDI, JAPANESE, KOREAN])
@pytest.mark.parametrize(("relation", "first", "second"), [("above", UP, DOWN), ("left", LEFT, RIGHT)])
def test_a_place_is_told_of_the_thing_named_right_before_it(
    language: object, relation: str, first: str, second: str
) -> None:
    for pattern in language.relations[relation]:  # type: ignore[attr-defined]
        place = re.search(f"{first}|{second}", pattern)
        assert place, pattern
        reference = re.findall(r"\{(\w)\}", pattern[: place.start()])[-1].lower()
        assert reference == ("b" if re.search(first, pattern) else "a"), pattern


@pytest.mark.parametrize("language", [PORTUGUESE, SPANISH])
@pytest.mark.parametrize(("relation", "first", "second"), [("above", UP, DOWN), ("left", LEFT, RIGHT)])
def test_a_place_is_told_of_the_thing_named_behind_it(
    language: object, relation: str, first: str, second: str
) -> None:
    for pattern in language.relations[relation]:  # type: ignore[attr-defined]
        backwards = re.search(rf"\b({second})", pattern) is not None
        assert backwards or re.search(rf"\b({first})", pattern), pattern
        assert re.findall(r"\{(\w)\}", pattern) == (["b", "a"] if backwards else ["a", "b"]), pattern


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_a_scene_says_makes_a_difference(language: str) -> None:
    fox = Scene((Thing("fox", "teal"),), style="pastel")

    def thing(**changes: object) -> Scene:
        return replace(fox, things=(replace(fox.things[0], **changes),))  # type: ignore[arg-type]

    pair = (Thing("fox", "teal"), Thing("car", "pink"))
    fields = [
        [thing(kind=kind) for kind in KINDS],
        [thing(colour=colour) for colour in COLOURS],
        [thing(count=count) for count in (1, 2, 3, 4)],
        [replace(fox, setting=setting) for setting in SETTINGS],
        [replace(fox, backdrop=backdrop) for backdrop in COLOURS],
        [replace(fox, style=style) for style in STYLES],
        [replace(fox, things=t, relation=r) for t in (pair, pair[::-1]) for r in RELATIONS[:2]],
    ]
    rng = Random(7)
    for variants in fields:
        said = [{caption(scene, rng, language) for _ in range(40)} for scene in variants]
        assert all(not one & other for one, other in combinations(said, 2))
    sizes = {plain_caption(thing(size=size), rng, language) for size in SIZES}
    assert len(sizes) == len(SIZES)


def test_flat_is_seldom_said_and_every_other_style_always() -> None:
    rng = Random(8)
    said = [caption(FOXES, rng) for _ in range(1000)]
    assert 20 <= sum("flat" in text for text in said) <= 100
    signs = {
        "line art": "line|outline",
        "watercolour": "watercolou?r",
        "pixel art": "pixel|8-bit",
        "pastel": "pastel",
        "neon": "neon",
        "paper": "paper",
    }
    for style, sign in signs.items():
        for scene in (replace(FOXES, style=style), replace(PAIR, style=style)):
            for _ in range(100):
                assert re.search(sign, bare_caption(scene, rng))


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_well_formed(language: str) -> None:
    rng = Random(9)
    for scene in scenes(rng, 2000):
        text = caption(scene, rng, language)
        assert not re.search(r"[{}_/|]|  |^[,、， ]|[,、， ]$|[,、，] ?[,、，]", text), text
        assert not (language in ("zh", "ja") and " " in text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_of_a_caption_is_in_the_vocabulary(language: str) -> None:
    rng, words = Random(3), vocabulary((language,))
    longest = "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))
    for scene in scenes(rng, 2000):
        text = caption(scene, rng, language)
        if language in ("zh", "ja", "ko"):
            assert re.sub(longest, "", text).strip(" ,") == "", text
        else:
            assert set(text.replace(",", " ").split()) <= words, text


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    return make_tokenizer(vocabulary())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_known_word_is_one_token_a_part_and_captions_fit(
    tokenizer: CLIPTokenizer, language: str
) -> None:
    for word in vocabulary((language,)):
        assert len(tokenizer.tokenize(word)) == len(re.findall(r"[-']|[^-'\d]+|\d", word)), word
    rng = Random(4)
    assert max(len(tokenizer(caption(s, rng, language)).input_ids) for s in scenes(rng, 1000)) <= TEXT_LENGTH


def test_token_ids_do_not_depend_on_chance() -> None:
    shuffled = sorted(vocabulary(), key=lambda word: word[::-1])
    one, other = make_tokenizer(vocabulary()), make_tokenizer(shuffled)
    assert one.get_vocab() == other.get_vocab()
    own = make_tokenizer(["red", "reed", "tree", "a"])
    assert own.tokenize("a red tree reed") == ["a</w>", "red</w>", "tree</w>", "reed</w>"]


def test_a_grown_tokenizer_keeps_every_id_of_the_old(tmp_path: object) -> None:
    english = make_tokenizer(vocabulary(("en",)))
    grown = make_tokenizer(vocabulary(), english)
    old, new = english.get_vocab(), grown.get_vocab()
    assert {token: new[token] for token in old} == old
    assert min(new[token] for token in new.keys() - old.keys()) == len(old)
    rng = Random(10)
    for scene in scenes(rng, 2000):
        text = caption(scene, rng)
        assert english(text).input_ids == grown(text).input_ids, text
    grown.save_pretrained(tmp_path)
    loaded = CLIPTokenizer.from_pretrained(tmp_path)
    assert loaded.get_vocab() == new
    for language in LANGUAGES:
        text = caption(PAIR, rng, language)
        assert loaded(text).input_ids == grown(text).input_ids
    again = make_tokenizer([*vocabulary(), "zebra", "斑马"], loaded)
    assert new.items() <= again.get_vocab().items()
    assert again.tokenize("zebra 斑马") == ["zebra</w>", "斑马"]


def test_words_of_other_scripts_are_found_where_they_stand(tokenizer: CLIPTokenizer) -> None:
    assert tokenizer.tokenize("雪地里的两只红色狐狸") == ["雪地", "里", "的", "两", "只", "红色", "狐狸"]
    assert tokenizer.tokenize("파란 배 위에") == ["파란", "배", "위", "에"]
    assert tokenizer.tokenize("दो लोमड़ियाँ") == ["दो", "लोमड़ियाँ"]
    assert "नाव" not in tokenizer.tokenize("चुनाव")


@pytest.mark.parametrize("text", ["", "zebra", "два 狐狸 😀 ﷽", "\x00\t\n", "a" * 6000])
def test_any_text_has_tokens(tokenizer: CLIPTokenizer, text: str) -> None:
    ids = tokenizer(text, padding="max_length", truncation=True, max_length=TEXT_LENGTH).input_ids
    assert len(ids) == TEXT_LENGTH
    assert ids[0] == tokenizer.bos_token_id
    assert ids[-1] == tokenizer.eos_token_id
    assert max(ids) < len(tokenizer)


def test_noise_words_differ() -> None:
    words = noise_words(Random(5))
    assert len({next(words) for _ in range(50)}) > 40
