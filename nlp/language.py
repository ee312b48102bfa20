"""Says which language a text is in, from the share of its scripts and, for Latin script, its letters in a row."""

import re
from functools import cache
from typing import Final, Literal

from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]

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

# Words that carry no meaning but show that a text is English, as most of those in Latin script are.
_ENGLISH_WORDS: Final = (
    "the a an and or but is are was were be been it its this that to of in on for with my your you i not no have has "
    "had do does did very so too just they them we me at as if when from good great bad app"
)
_ENGLISH: Final = frozenset(_ENGLISH_WORDS.split(" "))
# Korean in Latin letters: what fans and people without a Korean keyboard write.
_ROMANISED: Final = re.compile(
    r"jjang\w*|daebak\w*|jinjja\w*|jincha|aigoo?|heol|jebal|gomawo\w*|gamsa\w*|kamsa\w*|annyeong\w*|ssagaji|"
    r"masiss?\w+|jjajeung\w*|choego\w*|baesong\w*|hwanbul\w*|gyohwan\w*|\w+(?:hamnida|hamnikka|eoyo|aeyo|seyo|haeyo|neyo)"
)
_LATIN_LANGUAGES: Final = ("en", "es", "fr", "de", "pt", "it", "nl", "id", "tr", "vi", "pl")
_SURE: Final = 0.7  # probability from which a text of few words leaves English


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
    return _latin_language(sample, hinted)


def _latin_language(sample: str, hinted: str | None) -> str:
    words = _WORD.findall(sample.lower())
    english = sum(map(_ENGLISH.__contains__, words))
    if english >= 2 and 6 * english >= len(words):
        return "en"
    if english < 2 and any(map(_ROMANISED.fullmatch, words)):
        return "ko"
    language, probability = _identifier().classify(sample)
    if language == "en" or language == hinted or probability >= _SURE:
        return str(language)
    # "great!!" and "ok" could be anything; without a better reason Latin script is read as English.
    return hinted if hinted in _LATIN_LANGUAGES else "en"


@cache
def _identifier() -> LanguageIdentifier:
    """langid's model of byte n-grams (Lui and Baldwin 2012, ACL), asked for the languages that we know."""
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(_LATIN_LANGUAGES))
    return identifier


def pipeline_for(text: str, language: str) -> Pipeline:
    """Which of the two pipelines reads a text best: the Korean one as soon as there is Hangul, the English one else."""
    if language == "ko":
        return "ko"
    return "ko" if language != "en" and _SCRIPTS["ko"].search(text[:_SAMPLE]) else "en"
