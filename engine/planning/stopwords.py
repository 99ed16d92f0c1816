"""Stop words, which only bind others: articles, particles, forms of "to be", in seven languages.

Nobody needs to hear that a small model passes over one of them. Holds no words that name anything.
"""

__all__ = ["PLACING", "STOP_WORDS"]

_LANGUAGES = (
    # English
    "a an the of and or with in on at to by for from as is are was be am it its this that these those "
    "there here which who some any very my your his her our their has have having please while "
    "been being were he him she they them you whose into just so such",
    # Portuguese
    "o a os as um uma uns umas de do da dos das em no na nos nas num numa e ou com que é são está estão "
    "há ao aos à às por pelo pela para se seu sua este esta esse essa isso muito muita tem",
    # Spanish
    "el la los las lo un una unos unas de del y e o u con en al a que es son está están hay por para se "
    "su sus este esta ese esa muy tiene",
    # Hindi
    "का के की को में पर से और या है हैं था थी थे यह वह ये वे एक ही भी जो तो ने",
    # Chinese
    "的 了 着 地 得 和 与 在 有 是 也 都 很 这 那 这个 那个 里面 一些",
    # Japanese
    "の が は を に で と も へ や か な だ です ます ある いる あり いて そして した している この その",
    # Korean
    "은 는 이 가 을 를 의 에 에서 에게 와 과 도 로 으로 이다 있는 있다 있어요 그리고 하고 그 이런",
)
STOP_WORDS = frozenset(" ".join(_LANGUAGES).split())

_PLACING = (
    "in on at under over behind above below beside between near inside outside during",  # English
    "em no na nos nas num numa ao à sob sobre entre durante",  # Portuguese
    "en bajo al",  # Spanish, beside those it shares with Portuguese
)
PLACING = frozenset(" ".join(_PLACING).split())
"""Words that say where or when something is: what follows is the surroundings, not the subject."""
