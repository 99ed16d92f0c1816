"""The world in Hindi, and its grammar: gender, plural and the case before a postposition."""

from collections.abc import Mapping
from dataclasses import dataclass

from pocket.words.language import Choice, Language, Table, Texts
from pocket.world.scenes import Thing


@dataclass(frozen=True, slots=True)
class Noun:
    """A noun, alone and before a postposition, of one and of many."""

    one: str
    many: str
    object_one: str
    object_many: str
    feminine: bool = False

    def texts(self) -> Texts:
        """Its forms."""
        return self.one, self.many, self.object_one, self.object_many


def _m(one: str, objects: str = "") -> Noun:
    """A masculine noun: those in -ā bend (तारा, तारे, तारों), the others only take -oṃ."""
    if one.endswith("ा") and not objects:
        stem = one[:-1]
        return Noun(one, stem + "े", stem + "े", stem + "ों")
    return Noun(one, one, one, objects or one + "ों")


def _f(one: str, many: str = "", objects: str = "") -> Noun:
    """A feminine noun: those in -ī take -iyāṁ and -iyoṃ, others say theirs or take -eṃ and -oṃ."""
    if one.endswith("ी"):
        return Noun(one, one[:-1] + "ियाँ", one, one[:-1] + "ियों", True)
    return Noun(one, many or one + "ें", one, objects or one + "ों", True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindi(Language):
    """Adjectives are "m/m before a postposition or plural/f", or do not bend."""

    nouns: Mapping[str, tuple[Noun, ...]]
    sizes: Table
    numbers: Mapping[int, Texts]

    def phrase(self, thing: Thing, choice: Choice, *, alone: bool, object_: bool = False) -> str:
        """Number, size, colour, noun."""
        nouns = self.nouns[thing.kind]
        noun = {n.one: n for n in nouns}[choice.of([n.one for n in nouns])]
        many = thing.count > 1
        words = []
        if many or not choice.likely(0.35):
            words.append(choice.of(self.numbers[thing.count]))
        if thing.size in self.sizes and not choice.likely(0.1):
            words.append(_agreeing(choice.of(self.sizes[thing.size]), noun.feminine, many or object_))
        if choice.says_colour(thing):
            words.append(_agreeing(choice.of(self.colours[thing.colour]), noun.feminine, many or object_))
        if object_:
            words.append(noun.object_many if many else noun.object_one)
        else:
            words.append(noun.many if many else noun.one)
        return " ".join(words)

    def backdrop(self, pattern: str, colour: str) -> str:
        """`{c}` goes with a feminine noun, `{o}` with a masculine one before a postposition."""
        return pattern.replace("{c}", _agreeing(colour, True, False)).replace(
            "{o}", _agreeing(colour, False, True)
        )


def _agreeing(forms: str, feminine: bool, bent: bool) -> str:
    parts = forms.split("/")
    return parts[0] if len(parts) == 1 else parts[2 if feminine else bent]


HINDI = Hindi(
    nouns={
        "circle": (_m("गोला"), _m("वृत्त"), _m("घेरा")),
        "square": (_m("वर्ग"), _m("चौकोर")),
        "triangle": (_m("त्रिभुज"), _m("त्रिकोण"), _m("तिकोन")),
        "star": (_m("तारा"), _m("सितारा")),
        "heart": (_m("दिल"),),
        "diamond": (_m("समचतुर्भुज"), _m("हीरा")),
        "moon": (_m("चाँद"), _m("चांद"), _m("चंद्रमा", "चंद्रमाओं")),
        "sun": (_m("सूरज"), _m("सूर्य")),
        "cloud": (_m("बादल"),),
        "tree": (_m("पेड़"), _m("पेड़"), _m("वृक्ष")),
        "flower": (_m("फूल"), _m("फूल"), _m("पुष्प")),
        "mushroom": (_m("मशरूम"), _m("मशरूम"), _m("कुकुरमुत्ता")),
        "apple": (_m("सेब"),),
        "house": (_m("घर"), _m("घर"), _m("मकान"), _f("झोपड़ी")),
        "mountain": (_m("पहाड़"), _m("पर्वत")),
        "boat": (_f("नाव"), _f("नाव"), _f("नौका", "नौकाएँ", "नौकाओं"), _m("जहाज़"), _m("जहाज")),
        "car": (_f("कार"), _f("कार"), _f("गाड़ी")),
        "balloon": (_m("गुब्बारा"),),
        "umbrella": (_m("छाता"), _f("छतरी")),
        "fish": (_f("मछली"),),
        "bird": (_f("चिड़िया", "चिड़ियाँ", "चिड़ियों"), _m("पक्षी", "पक्षियों"), _m("पंछी", "पंछियों")),
        "cat": (_f("बिल्ली"),),
        "fox": (_f("लोमड़ी"),),
        "rabbit": (_m("खरगोश"),),
        "butterfly": (_f("तितली"),),
        "cactus": (_m("कैक्टस"), _m("कैक्टस"), _f("नागफनी")),
        "rocket": (_m("रॉकेट"), _m("रॉकेट"), _m("अंतरिक्ष यान")),
    },
    colours={
        "red": ("लाल", "लाल", "सुर्ख"),
        "orange": ("नारंगी", "नारंगी", "संतरी"),
        "yellow": ("पीला/पीले/पीली", "पीला/पीले/पीली", "सुनहरा/सुनहरे/सुनहरी"),
        "green": ("हरा/हरे/हरी",),
        "teal": ("फ़िरोज़ी", "फिरोज़ी", "फिरोजी"),
        "blue": ("नीला/नीले/नीली",),
        "purple": ("बैंगनी", "बैंगनी", "जामुनी"),
        "pink": ("गुलाबी",),
        "brown": ("भूरा/भूरे/भूरी",),
        "black": ("काला/काले/काली",),
        "white": ("सफ़ेद", "सफेद"),
        "grey": ("स्लेटी", "सलेटी", "धूसर"),
    },
    sizes={
        "small": ("छोटा/छोटे/छोटी", "छोटा/छोटे/छोटी", "नन्हा/नन्हे/नन्ही"),
        "big": ("बड़ा/बड़े/बड़ी", "बड़ा/बड़े/बड़ी", "विशाल"),
    },
    numbers={1: ("एक",), 2: ("दो", "दो", "2"), 3: ("तीन", "तीन", "3"), 4: ("चार", "चार", "4")},
    settings={
        "grass": ("घास पर", "घास पर", "घास में", "हरी घास पर", "घास के मैदान में"),
        "snow": ("बर्फ़ में", "बर्फ में", "बर्फ़ पर", "बर्फ पर", "सर्दियों में"),
        "night": ("रात में", "रात को", "रात के समय", "तारों भरी रात में", "रात के आसमान के नीचे"),
        "sunset": ("सूर्यास्त के समय", "सूर्यास्त में", "शाम को", "शाम के समय", "शाम में"),
        "underwater": ("पानी के नीचे", "पानी के अंदर", "समुद्र के अंदर", "समुद्र के नीचे"),
        "desert": ("रेगिस्तान में", "रेगिस्तान में", "रेत पर", "मरुस्थल में"),
        "sea": ("समुद्र पर", "समुद्र में", "पानी पर", "लहरों पर", "सागर में"),
        "sky": ("आसमान में", "आकाश में", "नीले आसमान में", "हवा में", "बादलों के बीच"),
        "space": ("अंतरिक्ष में", "अंतरिक्ष में", "ब्रह्मांड में", "आकाशगंगा में"),
        "forest": ("जंगल में", "जंगल में", "वन में", "पेड़ों के बीच"),
    },
    backdrops=(
        "{c} पृष्ठभूमि पर",
        "{c} पृष्ठभूमि पर",
        "{c} पृष्ठभूमि के साथ",
        "{c} पृष्ठभूमि के सामने",
        "{o} बैकग्राउंड पर",
        "सादी {c} पृष्ठभूमि पर",
        "{what}, {c} पृष्ठभूमि",
    ),
    relations={
        "above": (
            "{B} के ऊपर {a}",
            "{B} के ऊपर {a}",
            "{a} {B} के ऊपर",
            "{A} के नीचे {b}",
            "{A} के नीचे {b}",
            "{b} {A} के नीचे",
        ),
        "left": (
            "{B} के बाईं ओर {a}",
            "{B} के बाएँ {a}",
            "{a} {B} के बाईं ओर",
            "{B} की बाईं तरफ़ {a}",
            "{A} के दाईं ओर {b}",
            "{A} के दाएँ {b}",
            "{b} {A} के दाईं ओर",
            "{A} की दाईं तरफ़ {b}",
        ),
        "beside": (
            "{B} के पास {a}",
            "{a} और {b}",
            "{a} और {b}",
            "{B} के बगल में {a}",
            "{B} के साथ {a}",
            "{a} {B} के पास",
        ),
    },
    styles={
        "flat": ("{what}, फ्लैट डिज़ाइन", "फ्लैट डिज़ाइन में, {what}"),
        "line art": (
            "{what}, रेखाचित्र",
            "{WHAT} का रेखाचित्र",
            "रेखाचित्र, {what}",
            "{what}, लाइन आर्ट",
            "लाइन आर्ट में, {what}",
            "रेखाओं से बना चित्र, {what}",
        ),
        "watercolour": (
            "{what}, जलरंग चित्र",
            "{WHAT} का जलरंग चित्र",
            "जलरंग, {what}",
            "जलरंग में, {what}",
            "{what}, वाटरकलर",
            "वाटरकलर में, {what}",
        ),
        "pixel art": (
            "{what}, पिक्सेल आर्ट",
            "{WHAT} का पिक्सेल आर्ट",
            "पिक्सेल आर्ट, {what}",
            "पिक्सेल आर्ट में, {what}",
            "{what}, पिक्सेल कला",
        ),
        "pastel": (
            "{what}, पेस्टल रंग",
            "पेस्टल रंगों में, {what}",
            "{WHAT} का पेस्टल चित्र",
            "हल्के पेस्टल रंगों में, {what}",
            "पेस्टल, {what}",
        ),
        "neon": (
            "{what}, नियॉन",
            "नियॉन रंगों में, {what}",
            "{WHAT} का नियॉन चिह्न",
            "{what}, चमकता नियॉन",
            "नियॉन, {what}",
            "{what}, नियॉन रोशनी",
        ),
        "paper": (
            "{what}, पेपर कट",
            "काग़ज़ से बना चित्र, {what}",
            "{WHAT} का पेपर कट",
            "{what}, कागज़ की कटाई",
            "पेपर कट में, {what}",
            "{what}, कागज कला",
        ),
    },
    openings=("चित्र में {what}", "तस्वीर में {what}", "{WHAT} का चित्र", "{WHAT} की तस्वीर", "{WHAT} का चित्रण"),
    praise=("सुंदर", "सरल", "मनमोहक", "आकर्षक"),
    orders=("{where} {what}",) * 3 + ("{what} {where}", "{where}, {what}", "{what}, {where}"),
    pair_orders=("{where} {what}", "{where}, {what}", "{what}, {where}"),
)
