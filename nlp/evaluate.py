"""Evaluates a tagger on labelled texts: every tag against what people say, over all texts and over slices of them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, get_args

from nlp.evaluate_counts import Bin, Confusion, Count, calibration_error, macro_f1, reliability, share
from nlp.evaluate_rows import Labelled, labelled
from nlp.tagger import Input, Tagger
from pipeline.models import Emotion, Sentiment, Stage, Tags, Urgency

_SENTIMENTS: Final[tuple[str, ...]] = ("negative", "neutral", "positive")
_CHURNS: Final = 0.5
_AT_ONCE: Final = 512
_SHORT: Final = 40  # characters
_LONG: Final = 160
_MISTAKES: Final = 10  # shown of each kind
_NONE: Final = "none"
Pair = tuple[Labelled, Tags]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong tag. sure: how sure the tagger was of it, 0 to 1; None where it does not say."""

    question: str
    text: str
    true: str
    guessed: str
    sure: float | None


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of the texts: sentiment and themes, None where they are not labelled."""

    texts: int
    accuracy: float | None
    macro_f1: float | None
    themes_micro_f1: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How the tagger did. Parts that no text was labelled for are empty or None.

    labels: "sentiment", "emotion", "stage", "urgency" and "language", each label against each guess.
    binary_accuracy, bins: of the sign of the sentiment score, over texts that are not neutral; a score of s says:
    positive with probability (1 + s) / 2. theme_sentiment: share of rightly found themes whose sentiment is right too.
    evidence: share of rightly found themes of which some span overlaps the true phrase. flags: churn, spam, personal
    data. slices: by language, source, kind, length (short: under 40 characters, long: 160 or more) and rating, such as
    slices["length"]["short"], most texts first. mistakes: of each question the surest first, at most ten.
    """

    texts: int
    labels: dict[str, Confusion] = field(default_factory=dict)
    binary_accuracy: float | None = None
    bins: tuple[Bin, ...] = ()
    themes: dict[str, Count] = field(default_factory=dict)
    theme_sentiment: float | None = None
    evidence: float | None = None
    flags: dict[str, Count] = field(default_factory=dict)
    slices: dict[str, dict[str, Slice]] = field(default_factory=dict)
    mistakes: tuple[Mistake, ...] = ()

    @property
    def calibration_error(self) -> float | None:
        """Expected calibration error of the sentiment score."""
        return calibration_error(self.bins)

    @property
    def themes_micro(self) -> Count:
        """All themes together."""
        return sum(self.themes.values(), Count())

    @property
    def summary(self) -> dict[str, float]:
        """The figures of sentiment and themes that there are, by name, 0 to 1."""
        sentiment = self.labels.get("sentiment")
        figures = {
            "accuracy": sentiment.accuracy if sentiment else None,
            "macro_f1": sentiment.macro_f1 if sentiment else None,
            "binary_accuracy": self.binary_accuracy,
            "calibration_error": self.calibration_error,
            "themes_micro_f1": self.themes_micro.f1 if self.themes else None,
            "themes_macro_f1": macro_f1(list(self.themes.values())),
            "theme_sentiment": self.theme_sentiment,
            "evidence": self.evidence,
        }
        return {name: figure for name, figure in figures.items() if figure is not None}

    def to_dict(self) -> dict[str, Any]:
        """For JSON, without the mistakes; figures rounded to four places."""
        parts = {
            "labels": {name: confusion.to_dict() for name, confusion in self.labels.items()},
            "reliability": [_rounded(asdict(each)) for each in self.bins],
            "themes": {name: count.to_dict() for name, count in self.themes.items()},
            "flags": {name: count.to_dict() for name, count in self.flags.items()},
            "slices": {
                by: {value: _rounded(asdict(each)) for value, each in some.items()} for by, some in self.slices.items()
            },
        }
        return {"texts": self.texts, **_rounded(self.summary), **{name: part for name, part in parts.items() if part}}


def _rounded(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: round(each, 4) if isinstance(each, float) else each for name, each in figures.items()}


def evaluate(rows: Iterable[Mapping[str, Any] | Labelled], tagger: Tagger) -> Evaluation:
    """Tags the rows' `text` and compares with their labels; a row is counted for those it has.

    Raises BadRecord for a row that is none, see Labelled.
    """
    texts = [labelled(row) for row in rows]
    tags: list[Tags] = []
    for begin in range(0, len(texts), _AT_ONCE):
        tags.extend(tagger.tag([_input(row) for row in texts[begin : begin + _AT_ONCE]]))
    pairs = list(zip(texts, tags, strict=True))
    poles = [
        (found.sentiment_score, row.sentiment) for row, found in pairs if row.sentiment in ("negative", "positive")
    ]
    guesses = [((1 + abs(score)) / 2, (score > 0) == (true == "positive")) for score, true in poles]
    moods, evidence = _of_found_themes(pairs)
    return Evaluation(
        texts=len(texts),
        labels=_labels(pairs),
        binary_accuracy=share([right for _, right in guesses]),
        bins=reliability(guesses),
        themes=_themes(pairs),
        theme_sentiment=share(moods),
        evidence=share(evidence),
        flags=_flags(pairs),
        slices=_slices(pairs),
        mistakes=_mistakes(pairs),
    )


def _input(row: Labelled) -> Input:
    return Input(row.text, title=row.title or "", rating=row.rating if row.use_rating else None)


# What is compared as one label against another: labels in their order, the true one, the guessed one.
_Question = tuple[tuple[str, ...], Callable[[Labelled], str | None], Callable[[Tags], str]]
_QUESTIONS: Final[dict[str, _Question]] = {
    "sentiment": (_SENTIMENTS, lambda row: row.sentiment, lambda found: found.sentiment),
    "emotion": (get_args(Emotion), lambda row: row.emotion, lambda found: found.emotion),
    "stage": ((*get_args(Stage), _NONE), lambda row: row.stage, lambda found: found.stage or _NONE),
    "urgency": (get_args(Urgency), lambda row: row.urgency, lambda found: found.urgency),
    "language": ((), lambda row: _code(row.lang), lambda found: found.lang),
}


def _code(lang: str | None) -> str | None:
    """ "en" of en-US."""
    return lang.lower().replace("_", "-").split("-")[0] if lang else None


def _labels(pairs: Sequence[Pair]) -> dict[str, Confusion]:
    result = {}
    for name, (labels, true_of, guess_of) in _QUESTIONS.items():
        if both := [(true, guess_of(found)) for row, found in pairs if (true := true_of(row))]:
            result[name] = Confusion.of(both, labels or sorted({label for pair in both for label in pair}))
    return result


def _guessed(row: Labelled, found: Tags) -> dict[str, Sentiment]:
    """The themes that were found, as far as the row says anything about them."""
    known = None if row.not_themes is None else {*row.not_themes, *(theme.name for theme in row.themes or ())}
    return {theme.name: theme.sentiment for theme in found.themes if known is None or theme.name in known}


def _themes(pairs: Sequence[Pair]) -> dict[str, Count]:
    counts: dict[str, Count] = {}
    for row, found in pairs:
        if row.themes is None:
            continue
        true, guessed = {theme.name for theme in row.themes}, _guessed(row, found).keys()
        for name in true | guessed:
            count = Count(name in true and name in guessed, name not in true, name not in guessed)
            counts[name] = counts.get(name, Count()) + count
    return dict(sorted(counts.items()))


def _of_found_themes(pairs: Sequence[Pair]) -> tuple[list[bool], list[bool]]:
    """Of the themes found rightly: whether the sentiment is right, and whether the evidence touches the phrase."""
    moods, touches = [], []
    for row, found in pairs:
        by_name = {theme.name: theme for theme in found.themes}
        for theme in row.themes or ():
            guess = by_name.get(theme.name)
            if guess and theme.sentiment:
                moods.append(guess.sentiment == theme.sentiment)
            if guess and theme.evidence:
                phrases = [match.span() for match in re.finditer(re.escape(theme.evidence), row.text)]
                touches.append(any(a < end and start < b for start, end in guess.evidence for a, b in phrases))
    return moods, touches


def _flags(pairs: Sequence[Pair]) -> dict[str, Count]:
    counts: dict[str, Count] = {}

    def add(name: str, true: set[str], guessed: set[str]) -> None:
        counts[name] = counts.get(name, Count()) + Count(len(true & guessed), len(guessed - true), len(true - guessed))

    for row, found in pairs:
        if row.wants_churn is not None:
            add("churn", {"yes"} if row.wants_churn else set(), {"yes"} if found.churn_risk >= _CHURNS else set())
        if row.spam is not None:
            add("spam", {"yes"} if row.spam else set(), {"yes"} if found.spam else set())
        if row.pii is not None:
            add("pii", set(row.pii), {row.text[item.start : item.end] for item in found.pii})
    return counts


def _slices(pairs: Sequence[Pair]) -> dict[str, dict[str, Slice]]:
    """A way to slice that puts all texts into one slice says nothing, and is left out."""
    ways: dict[str, Callable[[Labelled, Tags], str | None]] = {
        "language": lambda _, found: found.lang,
        "source": lambda row, _: row.source,
        "kind": lambda row, _: row.kind,
        "length": lambda row, _: _length(row.text),
        "rating": lambda row, _: None if row.rating is None else f"{row.rating:g}",
    }
    result = {}
    for by, value_of in ways.items():
        groups: dict[str, list[Pair]] = {}
        for row, found in pairs:
            judged = row.sentiment is not None or row.themes is not None
            if judged and (value := value_of(row, found)):
                groups.setdefault(value, []).append((row, found))
        if len(groups) > 1:
            largest_first = sorted(groups, key=lambda value: (-len(groups[value]), value))
            result[by] = {value: _slice(groups[value]) for value in largest_first}
    return result


def _length(text: str) -> str:
    return "short" if len(text) < _SHORT else "medium" if len(text) < _LONG else "long"


def _slice(pairs: Sequence[Pair]) -> Slice:
    sentiment = _labels(pairs).get("sentiment")
    themes = _themes(pairs)
    return Slice(
        len(pairs),
        sentiment.accuracy if sentiment else None,
        sentiment.macro_f1 if sentiment else None,
        sum(themes.values(), Count()).f1 if themes else None,
    )


def _mistakes(pairs: Sequence[Pair]) -> tuple[Mistake, ...]:
    found: dict[str, list[Mistake]] = {}
    for row, tags in pairs:
        for mistake in (*_wrong_labels(row, tags), *_wrong_themes(row, tags), *_wrong_flags(row, tags)):
            found.setdefault(mistake.question, []).append(mistake)
    for some in found.values():
        some.sort(key=lambda mistake: -(mistake.sure or 0.0))
    return tuple(mistake for some in found.values() for mistake in some[:_MISTAKES])


def _wrong_labels(row: Labelled, tags: Tags) -> Iterable[Mistake]:
    for name, (_, true_of, guess_of) in _QUESTIONS.items():
        true, guessed = true_of(row), guess_of(tags)
        if true and true != guessed:
            score = abs(tags.sentiment_score)
            sure = None if name != "sentiment" else 1 - score if guessed == "neutral" else score
            yield Mistake(name, row.text, true, guessed, sure)


def _wrong_themes(row: Labelled, tags: Tags) -> Iterable[Mistake]:
    if row.themes is None:
        return
    true, guessed = {theme.name: theme.sentiment for theme in row.themes}, _guessed(row, tags)
    scores = {theme.name: theme.score for theme in tags.themes}
    for name in sorted({*true, *guessed}):
        if name not in guessed:
            yield Mistake("missed theme", row.text, name, "", None)
        elif name not in true:
            yield Mistake("wrong theme", row.text, "", name, scores[name])
        elif (mood := true[name]) and mood != guessed[name]:
            yield Mistake("sentiment of a theme", row.text, f"{name} {mood}", f"{name} {guessed[name]}", scores[name])


def _wrong_flags(row: Labelled, tags: Tags) -> Iterable[Mistake]:
    churns = tags.churn_risk >= _CHURNS
    if row.wants_churn not in (None, churns):
        yield Mistake("churn", row.text, _yes(not churns), _yes(churns), abs(2 * tags.churn_risk - 1))
    if row.spam not in (None, tags.spam):
        yield Mistake("spam", row.text, _yes(not tags.spam), _yes(tags.spam), None)
    guessed = {row.text[item.start : item.end] for item in tags.pii}
    if row.pii is not None and set(row.pii) != guessed:
        yield Mistake("pii", row.text, " · ".join(row.pii), " · ".join(sorted(guessed)), None)


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
