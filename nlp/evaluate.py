"""Evaluates a tagger on labelled rows: sentiment, themes, how honest its probabilities are, and the rules' findings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from nlp.emotion import EMOTIONS
from nlp.tagger import Input, Tagger
from pipeline.models import Tags

_CLASSES: Final = ("negative", "neutral", "positive")
_BINS: Final = 10
_CHURNS: Final = 0.5
_AT_ONCE: Final = 512


@dataclass(frozen=True, slots=True)
class Count:
    """Right, wrong and missed findings of one kind."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: "Count") -> "Count":
        return Count(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0

    @property
    def f1(self) -> float:
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else 0.0

    def to_dict(self) -> dict[str, float | int]:
        """For JSON."""
        return {
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "f1": round(self.f1, 4),
            "texts": self.right + self.missed,
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How the tagger did. Parts that no row was labelled for are empty or None.

    confusion: confusion[true][guessed] in texts. calibration_error: mean distance between how sure the tagger was of
    the sign (of texts that are not neutral) and how often it was right, weighted by texts, 0 to 1.
    theme_sentiment: share of rightly found themes whose sentiment is right too.
    """

    texts: int
    accuracy: float | None = None
    macro_f1: float | None = None
    binary_accuracy: float | None = None
    confusion: dict[str, dict[str, int]] = field(default_factory=dict)
    calibration_error: float | None = None
    themes: dict[str, Count] = field(default_factory=dict)
    theme_sentiment: float | None = None
    flags: dict[str, Count] = field(default_factory=dict)
    exact: dict[str, float] = field(default_factory=dict)

    @property
    def themes_micro(self) -> Count:
        """All themes together."""
        return sum(self.themes.values(), Count())

    @property
    def themes_macro_f1(self) -> float | None:
        """Mean F1 of the themes that occur."""
        occurring = [count.f1 for count in self.themes.values() if count.right + count.missed]
        return sum(occurring) / len(occurring) if occurring else None

    def to_dict(self) -> dict[str, Any]:
        """For JSON; figures rounded to four places."""
        result: dict[str, Any] = {"texts": self.texts}
        for name in ("accuracy", "macro_f1", "binary_accuracy", "calibration_error", "theme_sentiment"):
            value: float | None = getattr(self, name)
            if value is not None:
                result[name] = round(value, 4)
        if self.confusion:
            result["confusion"] = self.confusion
        if self.themes:
            macro = self.themes_macro_f1
            result["themes"] = {name: count.to_dict() for name, count in self.themes.items()}
            result["themes_micro_f1"] = round(self.themes_micro.f1, 4)
            result["themes_macro_f1"] = round(macro, 4) if macro is not None else None
        if self.flags:
            result["flags"] = {name: count.to_dict() for name, count in self.flags.items()}
        return result | {name: round(value, 4) for name, value in self.exact.items()}

    def table(self) -> str:
        """For people: one block a question, columns aligned."""
        lines = [f"texts {self.texts}"]
        for name in ("accuracy", "macro_f1", "binary_accuracy", "calibration_error", "theme_sentiment"):
            value: float | None = getattr(self, name)
            if value is not None:
                lines.append(f"{name.replace('_', ' '):<20} {value:.3f}")
        lines.extend(f"{name.replace('_', ' '):<20} {value:.3f}" for name, value in self.exact.items())
        if self.confusion:
            lines += ["", "true \\ guessed   " + "".join(f"{name:>10}" for name in _CLASSES)]
            lines += [
                f"{true:<17}" + "".join(f"{row[name]:>10}" for name in _CLASSES) for true, row in self.confusion.items()
            ]
        counted = {**self.themes, **({"all themes": self.themes_micro} if self.themes else {}), **self.flags}
        if counted:
            lines += ["", f"{'':<17}{'precision':>10}{'recall':>10}{'f1':>10}{'texts':>10}"]
            for name, count in counted.items():
                figures = "".join(f"{figure:>10.3f}" for figure in (count.precision, count.recall, count.f1))
                lines.append(f"{name:<17}{figures}{count.right + count.missed:>10}")
        return "\n".join(lines)


def evaluate(rows: Iterable[Mapping[str, Any]], tagger: Tagger) -> Evaluation:
    """Tags the rows' `text` (and `title`, `rating`, `lang` where given) and compares with their labels.

    Labels, all optional: sentiment, themes [{theme or name, sentiment}], urgency, emotion, wants_churn, spam,
    pii [the texts themselves]. A row is counted for those it has.
    """
    labelled = list(rows)
    tags: list[Tags] = []
    for begin in range(0, len(labelled), _AT_ONCE):
        tags.extend(tagger.tag([_input(row) for row in labelled[begin : begin + _AT_ONCE]]))
    pairs = list(zip(labelled, tags, strict=True))
    moods = [(row["sentiment"], found) for row, found in pairs if row.get("sentiment") in _CLASSES]
    confusion = _confusion([(true, found.sentiment) for true, found in moods])
    themes, theme_sentiment = _themes(pairs)
    poles = [(true, found.sentiment_score) for true, found in moods if true != "neutral"]
    return Evaluation(
        texts=len(labelled),
        accuracy=_share([true == found.sentiment for true, found in moods]),
        macro_f1=_macro_f1(confusion),
        binary_accuracy=_share([(score > 0) == (true == "positive") for true, score in poles]),
        confusion=confusion,
        calibration_error=_calibration_error(poles),
        themes=themes,
        theme_sentiment=theme_sentiment,
        flags=_flags(pairs),
        exact=_exact(pairs),
    )


def _input(row: Mapping[str, Any]) -> Input:
    # Stars of labelled sets are often what the label was made of; an evaluation of the words must not see them
    # unless the row asks for it with a rating between 0 and 1 and a `use_rating` mark.
    rating = row.get("rating") if row.get("use_rating") else None
    return Input(str(row["text"]), title=str(row.get("title") or ""), rating=rating, lang=row.get("lang"))


def _share(right: Sequence[bool]) -> float | None:
    return sum(right) / len(right) if right else None


def _confusion(pairs: Sequence[tuple[str, str]]) -> dict[str, dict[str, int]]:
    if not pairs:
        return {}
    return {true: {guess: pairs.count((true, guess)) for guess in _CLASSES} for true in _CLASSES}


def _macro_f1(confusion: Mapping[str, Mapping[str, int]]) -> float | None:
    """Over the classes that occur."""
    scores = []
    for name, row in confusion.items():
        missed = sum(row.values()) - row[name]
        wrong = sum(other[name] for true, other in confusion.items() if true != name)
        if row[name] + missed:
            scores.append(Count(row[name], wrong, missed).f1)
    return sum(scores) / len(scores) if scores else None


def _calibration_error(poles: Sequence[tuple[str, float]]) -> float | None:
    """A score of s says: positive with probability (1 + s) / 2."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for true, score in poles:
        sure = (1 + abs(score)) / 2
        bins.setdefault(min(int(sure * _BINS), _BINS - 1), []).append((sure, (score > 0) == (true == "positive")))
    if not poles:
        return None
    return sum(abs(sum(sure - right for sure, right in some)) for some in bins.values()) / len(poles)


def _themes(pairs: Sequence[tuple[Mapping[str, Any], Tags]]) -> tuple[dict[str, Count], float | None]:
    counts: dict[str, Count] = {}
    moods: list[bool] = []
    for row, found in pairs:
        if row.get("themes") is None:
            continue
        true = {str(theme.get("theme") or theme.get("name")): theme.get("sentiment") for theme in row["themes"]}
        guessed = {theme.name: theme.sentiment for theme in found.themes}
        for name in {*true, *guessed}:
            count = Count(name in true and name in guessed, name not in true, name not in guessed)
            counts[name] = counts.get(name, Count()) + count
        moods.extend(guessed[name] == mood for name, mood in true.items() if name in guessed and mood)
    return dict(sorted(counts.items())), _share(moods)


def _flags(pairs: Sequence[tuple[Mapping[str, Any], Tags]]) -> dict[str, Count]:
    counts: dict[str, Count] = {}

    def add(name: str, true: bool, guessed: bool) -> None:
        counts[name] = counts.get(name, Count()) + Count(true and guessed, guessed and not true, true and not guessed)

    for row, found in pairs:
        if row.get("spam") is not None:
            add("spam", bool(row["spam"]), found.spam)
        if row.get("wants_churn") is not None:
            add("churn", bool(row["wants_churn"]), found.churn_risk >= _CHURNS)
        if row.get("urgency") is not None:
            add("urgency high", row["urgency"] == "high", found.urgency == "high")
        if row.get("pii") is not None:
            true = set(row["pii"])
            guessed = {row["text"][item.start : item.end] for item in found.pii}
            counts["pii"] = counts.get("pii", Count()) + Count(
                len(true & guessed), len(guessed - true), len(true - guessed)
            )
    return counts


def _exact(pairs: Sequence[tuple[Mapping[str, Any], Tags]]) -> dict[str, float]:
    shares = {
        "emotion_accuracy": _share(
            [row["emotion"] == found.emotion for row, found in pairs if row.get("emotion") in EMOTIONS]
        ),
        "stage_accuracy": _share([row["stage"] == found.stage for row, found in pairs if row.get("stage")]),
    }
    return {name: share for name, share in shares.items() if share is not None}
