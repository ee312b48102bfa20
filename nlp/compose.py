"""Composes training texts from the seed clauses of nlp/data: spells out, joins, adds everyday noise.

A seed is a template in a customer's voice, `(the |my )box was (crushed|soaked)`: (a|b|) are alternatives. They lie in
nlp/data/seeds/{language}/{theme}.yaml by mood, and in none.yaml where they name no theme. How clauses are put together
and mistyped lies in nlp/data/voice_{language}.yaml.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, product
from typing import Any, Final
from zlib import crc32

from nlp.language import Pipeline
from nlp.lexicon import read
from nlp.themes import BASE
from pipeline.models import Sentiment

THEMES: Final = (*BASE, "none")  # none: clauses with a mood, or none, that name no theme
MOODS: Final[tuple[Sentiment, ...]] = ("negative", "positive", "neutral")

_ALTERNATIVES: Final = re.compile(r"\(([^()]*)\)|([^()]+)")
# Particles after a closed and after an open syllable.
_TWINS: Final = (
    ("이", "가"),
    ("은", "는"),
    ("을", "를"),
    ("과", "와"),
    ("이랑", "랑"),
    ("으로", "로"),
    ("이에요", "예요"),
    ("이라더니", "라더니"),
    ("이라", "라"),
    ("이라고", "라고"),
    ("이라서", "라서"),
    ("이네요", "네요"),
)
_RIEUL: Final = 8  # ㄹ among the 28 finals of a syllable block
_MOST_OF_ONE: Final = 24  # spellings of one template: more would only let it shout the others down
# Moods of the clauses of one text, and how often. Seeds complain more than they praise, and few are neutral; here the
# moods come as often as each other, or what no seed names would seem a complaint.
_PLANS: Final[dict[tuple[Sentiment, ...], int]] = {
    ("negative",): 5,
    ("positive",): 5,
    ("neutral",): 6,
    ("negative", "negative"): 4,
    ("positive", "positive"): 4,
    ("neutral", "neutral"): 3,
    ("neutral", "negative"): 2,
    ("neutral", "positive"): 2,
    ("positive", "negative"): 4,
    ("negative", "positive"): 4,
    ("negative", "negative", "negative"): 2,
    ("positive", "positive", "positive"): 2,
    ("negative", "positive", "negative"): 1,
    ("positive", "negative", "positive"): 1,
    ("neutral", "negative", "negative"): 1,
    ("neutral", "positive", "positive"): 1,
}
_MARKED: Final = 0.3  # of turns between two moods that say which comes ("only downside: ")
_JUXTAPOSED: Final = 0.3  # of them that say nothing
_STARRED: Final = 0.05  # of texts that end in stars
_NOISY: Final = 0.35  # of clauses


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause as a customer says it. theme: None where it names none. template: which seed it comes from."""

    text: str
    theme: str | None
    sentiment: Sentiment
    template: str


@dataclass(frozen=True, slots=True)
class Composed:
    """One to three clauses as one text. spans: where each stands in it."""

    text: str
    clauses: tuple[Clause, ...]
    spans: tuple[tuple[int, int], ...]

    @property
    def sentiment(self) -> Sentiment:
        """The mood of most clauses; neutral where praise and blame are balanced. Plain statements do not count."""
        moods = [clause.sentiment for clause in self.clauses]
        balance = moods.count("positive") - moods.count("negative")
        return "positive" if balance > 0 else "negative" if balance < 0 else "neutral"


def spelled_out(template: str, rng: random.Random) -> list[str]:
    """The texts of a template, a fair sample where there are many. Of (이|가) stands what agrees with the noun."""
    parts = [choices.split("|") if choices else [fixed] for choices, fixed in _ALTERNATIVES.findall(template)]
    twins = [
        (at, closed, open_) for at, part in enumerate(parts) for closed, open_ in _TWINS if {closed, open_} <= {*part}
    ]
    chosen = [each for each in product(*parts) if all(_agrees(each, *twin) for twin in twins)]
    texts = [" ".join("".join(each).split()) for each in chosen]
    return texts if len(texts) <= _MOST_OF_ONE else rng.sample(texts, _MOST_OF_ONE)


def _agrees(chosen: Sequence[str], at: int, closed: str, open_: str) -> bool:
    """Whether the Korean particle at `at`, if it is one of the two, fits the syllable before it."""
    before = chosen[at - 1][-1:] if at else ""
    if chosen[at] not in (closed, open_) or not "가" <= before <= "힣":
        return True
    final = (ord(before) - ord("가")) % 28
    # After ㄹ it is 로 as after a vowel: 서울로.
    is_closed = final != 0 and not (open_ == "로" and final == _RIEUL)
    return chosen[at] == (closed if is_closed else open_)


def clauses(language: Pipeline, *, held_out: bool, seed: int = 7) -> list[Clause]:
    """All seed clauses of a language. held_out: those of every eighth template, which training never sees."""
    rng = random.Random(seed)  # noqa: S311 (a fair sample, no secret)
    found: list[Clause] = []
    for theme in THEMES:
        moods = read(f"seeds/{language}/{theme}")
        for mood in MOODS:
            for template in moods[mood]:
                if is_held_out(template) == held_out:
                    texts = spelled_out(template, rng)
                    found.extend(Clause(text, None if theme == "none" else theme, mood, template) for text in texts)
    return found


def held_out_rows(language: Pipeline) -> list[dict[str, Any]]:
    """The held-out clauses as labelled rows for `evaluate`. Their author is that of the seeds: they flatter."""
    return [
        {
            "text": clause.text,
            "sentiment": clause.sentiment,
            "themes": [{"theme": clause.theme, "sentiment": clause.sentiment}] if clause.theme else [],
        }
        for clause in clauses(language, held_out=True)
    ]


def is_held_out(text: str) -> bool:
    """Every eighth text, by its own hash: the same text is always on the same side."""
    return crc32(text.encode()) % 8 == 0


def composed(language: Pipeline, count: int, seed: int = 7) -> Iterator[Composed]:
    """Texts of one to three clauses; themes as often as each other, and templates of a theme, so that none drowns."""
    rng = random.Random(seed)  # noqa: S311 (a fair sample, no secret)
    by_kind: dict[tuple[Sentiment, str | None], dict[str, list[Clause]]] = {}
    for clause in clauses(language, held_out=False, seed=seed):
        by_kind.setdefault((clause.sentiment, clause.theme), {}).setdefault(clause.template, []).append(clause)
    kinds = {kind: list(templates.values()) for kind, templates in by_kind.items()}
    voice = read(f"voice_{language}")
    for moods in rng.choices(list(_PLANS), list(_PLANS.values()), k=count):
        drawn = [(mood, rng.choice((*BASE, None))) for mood in moods]
        chosen = tuple(rng.choice(rng.choice(kinds[kind])) for kind in drawn)
        parts = _written(_parts(chosen, language, voice, rng), language, rng)
        ends = list(accumulate(map(len, parts)))
        yield Composed("".join(parts), chosen, tuple(zip(ends[:-1:2], ends[1::2], strict=True)))


def _parts(chosen: Sequence[Clause], language: Pipeline, voice: dict[str, Any], rng: random.Random) -> list[str]:
    """What stands before, between and after the clauses, and in every second place a clause."""
    parts = [rng.choice(voice["openers"][chosen[0].sentiment])]
    for number, clause in enumerate(chosen):
        if number:
            parts.append(rng.choice(voice[_join(chosen[number - 1].sentiment, clause.sentiment, rng)]))
        parts.append(_noisy(clause.text, language, voice["typos"], rng))
    last = chosen[-1].sentiment
    parts.append(rng.choice(voice["tails"][last]))
    if {clause.sentiment for clause in chosen} == {last} and rng.random() < _STARRED:
        parts[-1] += rng.choice(voice["stars"][last])
    return parts


def _join(before: Sentiment, after: Sentiment, rng: random.Random) -> str:
    """Which words may stand between two moods."""
    draw = rng.random()
    if {before, after} != {"negative", "positive"} or draw < _JUXTAPOSED:
        return "joins"
    return f"before_{after}" if draw < _JUXTAPOSED + _MARKED else "turns"


def _noisy(text: str, language: Pipeline, typos: Sequence[tuple[str, str]], rng: random.Random) -> str:
    """A typo, a slip of the finger or a lost blank in every third clause."""
    if rng.random() > _NOISY:
        return text
    if rng.random() < 0.5:
        edge = r"\b" if language == "en" else ""
        fitting = [(right, wrong) for right, wrong in typos if re.search(edge + re.escape(right) + edge, text)]
        if fitting:
            right, wrong = rng.choice(fitting)
            return re.sub(edge + re.escape(right) + edge, wrong, text, count=1)
    if language == "en":
        return _slipped(text, rng)
    blanks = [at for at, letter in enumerate(text) if letter == " "]
    if not blanks:
        return text
    if rng.random() < 0.25:
        return text.replace(" ", "")
    at = rng.choice(blanks)
    return text[:at] + text[at + 1 :]


def _slipped(text: str, rng: random.Random) -> str:
    """Two neighbouring letters swapped, or one lost or doubled, inside a long word."""
    words = list(re.finditer(r"[a-z]{5,}", text))
    if not words:
        return text
    word = rng.choice(words)
    at = rng.randrange(word.start() + 1, word.end() - 2)
    slip = rng.choice((text[at + 1] + text[at], text[at], text[at] * 2 + text[at + 1]))
    return text[:at] + slip + text[at + 2 :]


def _written(parts: list[str], language: Pipeline, rng: random.Random) -> list[str]:
    """English as some people write it: a capital to begin with, all capitals, no apostrophes."""
    if language == "ko":
        return parts
    draw = rng.random()
    if draw < 0.03:
        return [part.upper() for part in parts]
    if draw < 0.25:
        return [part.replace("'", "") for part in parts]
    if draw < 0.65:
        first = next(number for number, part in enumerate(parts) if part)
        parts[first] = parts[first][:1].upper() + parts[first][1:]
    return parts
