"""Says which language a text is in, from the share of its scripts and, for Latin script, its function words."""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import Final, Literal

UNDETERMINED: Final = "und"
Pipeline = Literal["ko", "en"]

_SAMPLE: Final = 4_000  # characters looked at: more never changes the answer of a review
_SCRIPTS: Final = {
    "ko": re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]"),
    "ja": re.compile(r"[\u3040-\u30ff]"),
    "zh": re.compile(r"[\u3400-\u9fff]"),
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "ar": re.compile(r"[\u0600-\u06ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"),
    "th": re.compile(r"[\u0e00-\u0e7f]"),
    "hi": re.compile(r"[\u0900-\u097f]"),
    "el": re.compile(r"[\u0370-\u03ff]"),
}
_LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_WORD: Final = re.compile(r"[^\W\d_]+")
_NOT_PROSE: Final = re.compile(r"https?://\S+|\S+@\S+|<[^<>]{1,200}>|&\w{2,8};")

# A handful of words that carry no meaning but give the language away.
_FUNCTION_WORDS: Final = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the a an and or but is are was were be been it its this that to of in on for with my your you i not no "
        "have has had do does did very so too just they them we me at as if when from very good great bad app",
        "es": "el la los las un una y o pero es son muy que de en por para con mi no me lo se como más ya está fue",
        "fr": "le la les un une et ou mais est sont très que de des en pour avec mon ma ne pas je il au ce cette plus",
        "de": "der die das ein eine und oder aber ist sind sehr dass zu von mit für nicht ich es auch auf war wie im",
        "pt": "o a os as um uma e ou mas é são muito que de do da em por para com meu não me se mais foi está",
        "it": "il lo la gli un una e o ma è sono molto che di del in per con mio non mi si più questo ho come",
        "nl": "de het een en of maar is zijn heel dat te van in voor met mijn niet ik ook op was er aan",
        "id": "yang dan di ini itu tidak dengan untuk saya ada dari ke sudah bisa sangat aplikasi juga",
        "tr": "ve bir bu çok için değil ama ben ile da de gibi daha var yok uygulama",
        "vi": "và là không của có được tôi rất cho này với một các đã hàng",
    }.items()
}

_SPOKEN_IN: Final = {
    word: tuple(language for language, known in _FUNCTION_WORDS.items() if word in known)
    for word in frozenset().union(*_FUNCTION_WORDS.values())
}


def detect(text: str, hint: str | None = None) -> str:
    """An ISO 639-1 code, or "und" where the text shows none.

    hint: what the source says. It decides only where the letters do not: shops label by their own country,
    whatever the customer writes in.
    """
    sample = _NOT_PROSE.sub(" ", text[:_SAMPLE]) if "<" in text or "@" in text or "://" in text else text[:_SAMPLE]
    counts = {name: len(pattern.findall(sample)) for name, pattern in _SCRIPTS.items()} if not sample.isascii() else {}
    latin = len(_LATIN.findall(sample))
    hinted = hint.lower().replace("_", "-").split("-")[0] if hint else None
    # Kanji are Japanese as soon as there are kana beside them.
    if counts.get("ja"):
        counts["ja"] += counts.pop("zh", 0)
    # One Hangul syllable says as much as two or three letters: product names in Latin must not outvote it.
    if counts.get("ko"):
        counts["ko"] *= 3
    best = max(counts, key=lambda name: counts[name], default=None)
    if best is not None and counts[best] > latin:
        return best
    if not latin:
        return hinted or UNDETERMINED
    return _latin_language(_WORD.findall(sample.lower()), hinted)


def _latin_language(words: Iterable[str], hinted: str | None) -> str:
    votes = Counter(chain.from_iterable(_SPOKEN_IN[word] for word in words if word in _SPOKEN_IN))
    if not votes:
        # "great!!" and "ok" have no function words; without a better reason Latin script is read as English.
        return hinted if hinted in _FUNCTION_WORDS else "en"
    best = max(votes, key=lambda language: (votes[language], language == hinted, language == "en"))
    # Two votes more than English are asked before a text leaves it: "no" and "me" are words of many languages.
    return best if best == "en" or best == hinted or votes[best] >= votes["en"] + 2 else "en"


def pipeline_for(text: str, language: str) -> Pipeline:
    """Which of the two pipelines reads a text best: the Korean one as soon as there is Hangul, the English one else."""
    if language == "ko":
        return "ko"
    return "ko" if language != "en" and _SCRIPTS["ko"].search(text[:_SAMPLE]) else "en"
