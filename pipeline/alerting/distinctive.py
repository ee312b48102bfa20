"""Finds what the complaints of a window say and those before did not: phrases of one or two lemmas.

Log-odds with an informative Dirichlet prior (Monroe, Colaresi & Quinn 2008, Political Analysis 16(4), 372-403): how
much more a phrase is said now, shrunk towards how often the brand's customers say it at all, over its standard
deviation. So frequent words do not win by their number, nor rare ones by chance. A phrase counts once a review, and the
same words written twice count as one review: a long complaint is not louder than a short one, nor a copied one.
Words that every fifth review of a language has, like "the", tell nothing.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt
from typing import Final
from unicodedata import normalize

from pipeline.alerting.detection import SaidMore
from pipeline.index.document import IndexDocument

_MOST: Final = 5
_LEAST_REVIEWS: Final = 3
_LEAST_Z: Final = 1.96
_PRIOR: Final = 500.0
"""Phrases that the prior counts like."""
_COMMON: Final = 0.2
_COMMON_AMONG: Final = 20
"""Share of the reviews of a language, and their least number, from which on a word is common."""
_NEARLY: Final = 0.6
"""Part of the reviews of a word from which on the pair that it stands in is told in its place."""
_LONGEST: Final = 40
"""Characters of a shown phrase."""
_LIGHT: Final = frozenset(
    {"가다", "같다", "나다", "되다", "들다", "받다", "보다", "사다", "쓰다", "오다", "있다", "주다", "하다"}
    | {"be", "do", "get", "go", "have", "make"}
)
"""Verbs that say nothing alone."""
_SENTENCE: Final = re.compile(r"[.!?…~\n]+")
_WORD: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
_VOWELS: Final = frozenset(map(chr, range(0x1161, 0x1176)))
"""Of taken-apart Korean syllables."""

Lemmas = tuple[str, ...]
_Documents = Sequence[IndexDocument]


@dataclass(frozen=True)
class _Said:
    """A phrase as it is written, with its reviews in the window and before, and z of its log-odds."""

    lemmas: Lemmas
    text: str
    reviews: int
    before: int
    z: float


def distinctive(complaints: _Documents, before: _Documents, others: _Documents) -> list[SaidMore]:
    """The phrases that tell the complaints from those before, at most five, the most telling first.

    others: further reviews, for what customers say at all.
    """
    now, then = _counts(complaints), _counts(before)
    usual = now + then + _counts(others)
    all_now, all_then, all_usual = now.total(), then.total(), usual.total()
    common = _common([*before, *others])
    said = []
    for lemmas, count in now.items():
        if count < _LEAST_REVIEWS or common & set(lemmas) or set(lemmas) <= _LIGHT or max(map(len, lemmas)) < 2:
            continue
        prior = _PRIOR * usual[lemmas] / all_usual
        z = _z(count + prior, all_now + _PRIOR, then[lemmas] + prior, all_then + _PRIOR)
        if z >= _LEAST_Z and (text := _written(lemmas, complaints)):
            said.append(_Said(lemmas, text, count, then[lemmas], z))
    return [
        SaidMore(text=each.text[:_LONGEST], reviews=each.reviews, before=each.before, z=round(each.z, 2))
        for each in _chosen(sorted(said, key=lambda each: (-each.z, each.lemmas)))
    ]


def _z(now: float, all_now: float, then: float, all_then: float) -> float:
    difference = log(now / (all_now - now)) - log(then / (all_then - then))
    return difference / sqrt(1 / now + 1 / then)


def _counts(documents: Iterable[IndexDocument]) -> Counter[Lemmas]:
    """In how many different reviews each phrase stands."""
    counts: Counter[Lemmas] = Counter()
    for tokens in {document.tokens for document in documents}:
        counts.update(_phrases(tokens))
    return counts


def _phrases(tokens: str) -> set[Lemmas]:
    lemmas = [lemma if any(map(str.isalpha, lemma)) else "" for lemma in tokens.split()]
    return {(lemma,) for lemma in lemmas if lemma} | {pair for pair in pairwise(lemmas) if all(pair)}


def _common(documents: _Documents) -> set[str]:
    """Lemmas that a fifth of the reviews of a language have."""
    reviews = Counter(document.lang for document in documents)
    having = Counter((document.lang, lemma) for document in documents for lemma in set(document.tokens.split()))
    return {
        lemma
        for (lang, lemma), count in having.items()
        if reviews[lang] >= _COMMON_AMONG and count >= _COMMON * reviews[lang]
    }


def _chosen(said: list[_Said]) -> list[_Said]:
    """The first of them that share no word; a pair in place of its word where it stands in most of the reviews."""
    chosen: list[_Said] = []
    used: set[str] = set()
    for each in said:
        if used & set(each.lemmas):
            continue
        pairs = [
            pair
            for pair in said
            if len(pair.lemmas) == 2
            and set(each.lemmas) < set(pair.lemmas)
            and pair.reviews >= _NEARLY * each.reviews
            and not used & set(pair.lemmas)
        ]
        best = max(pairs, key=lambda pair: pair.z, default=each)
        chosen.append(best)
        used |= set(best.lemmas)
        if len(chosen) == _MOST:
            break
    return chosen


def _written(lemmas: Lemmas, documents: _Documents) -> str:
    """The phrase as customers write it most often; a noun as its lemma; "" for a pair that no sentence has."""
    wanted = " ".join(lemmas)
    if len(lemmas) == 1 and not wanted.endswith("다"):
        return wanted
    forms: Counter[str] = Counter()
    for document in documents:
        if f" {wanted} " not in f" {document.tokens} ":
            continue
        for sentence in _SENTENCE.split(f"{document.title}\n{document.text}".lower()):
            words = _WORD.findall(sentence)
            for word in words:
                if len(lemmas) == 2 and word.startswith("".join(lemmas)):
                    forms["".join(lemmas)] += 1
            for place in range(len(words) - len(lemmas) + 1):
                run = words[place : place + len(lemmas)]
                if all(map(_is_form_of, run, lemmas)):
                    forms[" ".join(run)] += 1
    nothing_found = wanted if len(lemmas) == 1 else ""
    return min(forms, key=lambda form: (-forms[form], len(form), form), default=nothing_found)


def _is_form_of(word: str, lemma: str) -> bool:
    """Whether the word begins as the lemma does, but for what endings take away: an English e, 다 and a last vowel."""
    if not lemma.endswith("다") or len(lemma) == 1:
        return word.startswith(lemma.removesuffix("e") or lemma)
    letters = normalize("NFD", lemma[:-1])
    if len(lemma) > 2 and letters[-1] in _VOWELS:
        letters = letters[:-1]
    return normalize("NFD", word).startswith(letters)
