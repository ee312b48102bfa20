"""Compares two models on labelled texts: is the new one better, and how sure is that?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from nlp.sentiment import CLASSES
from pipeline.models import Sentiment, Tags

SURE: Final = 0.95
"""Share of the resamples in which the new model must make fewer mistakes."""
_RESAMPLES: Final = 2_000
_SEED: Final = 7


class Labelled(Protocol):
    """What a comparison reads of a label."""

    @property
    def sentiment(self) -> Sentiment | None: ...
    @property
    def themes(self) -> Mapping[str, bool]: ...
    @property
    def weight(self) -> float: ...
    @property
    def by_stars(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Comparison:
    """texts: how many; wrong: weighted mistakes of the model in use and of the new one; sure: share of resamples.

    heads: for sentiment accuracy and macro-F1, for stars the share of texts on their side, for each theme F1; before
    and after.
    """

    texts: int
    wrong: tuple[float, float]
    sure: float
    heads: dict[str, dict[str, float]]

    @property
    def better(self) -> bool:
        return self.sure >= SURE

    def to_dict(self) -> dict[str, Any]:
        """For JSON; figures rounded."""
        before, after = (round(wrong, 2) for wrong in self.wrong)
        return {
            "better": self.better,
            "wrong_before": before,
            "wrong_after": after,
            "sure": round(self.sure, 4),
            "heads": {name: {key: round(value, 4) for key, value in head.items()} for name, head in self.heads.items()},
        }


def compare(labels: Sequence[Labelled], now: Sequence[Tags], new: Sequence[Tags]) -> Comparison:
    """Counts each label's mistakes under both models; texts are resampled in pairs (Efron's bootstrap).

    A mistake: a wrong sentiment (by stars: the wrong side), a theme too many or too few; each times the label's weight.
    """
    before = np.array([_mistakes(label, tags) for label, tags in zip(labels, now, strict=True)])
    after = np.array([_mistakes(label, tags) for label, tags in zip(labels, new, strict=True)])
    drawn = np.random.default_rng(_SEED).integers(len(labels), size=(_RESAMPLES, len(labels)))
    gained = (before - after)[drawn].sum(axis=1)
    heads = {**_moods(labels, now, new), **_sides(labels, now, new)}
    for theme in sorted({name for label in labels for name in label.themes}):
        said = [n for n, label in enumerate(labels) if theme in label.themes]
        heads[f"theme.{theme}"] = {
            "texts": float(len(said)),
            "f1_before": _f1([(labels[n].themes[theme], _about(now[n], theme)) for n in said]),
            "f1_after": _f1([(labels[n].themes[theme], _about(new[n], theme)) for n in said]),
        }
    return Comparison(
        len(labels), (float(before.sum()), float(after.sum())), float((gained > 1e-9).mean()), heads
    )  # fmt: skip


def _mistakes(label: Labelled, tags: Tags) -> float:
    wrong = int(label.sentiment is not None and not _fits(label, tags))
    wrong += sum(_about(tags, theme) != said for theme, said in label.themes.items())
    return float(wrong * label.weight)


def _fits(label: Labelled, tags: Tags) -> bool:
    if label.by_stars:
        return (tags.sentiment_score > 0) == (label.sentiment == "positive")
    return label.sentiment == tags.sentiment


def _about(tags: Tags, theme: str) -> bool:
    return any(found.name == theme for found in tags.themes)


def _moods(labels: Sequence[Labelled], now: Sequence[Tags], new: Sequence[Tags]) -> dict[str, dict[str, float]]:
    said = [n for n, label in enumerate(labels) if label.sentiment and not label.by_stars]
    if not said:
        return {}
    figures: dict[str, float] = {"texts": float(len(said))}
    for name, tags in (("before", now), ("after", new)):
        pairs = [(labels[n].sentiment, tags[n].sentiment) for n in said]
        occurring = [mood for mood in CLASSES if any(true == mood for true, _ in pairs)]
        scores = [_f1([(true == mood, guessed == mood) for true, guessed in pairs]) for mood in occurring]
        figures[f"accuracy_{name}"] = float(np.mean([true == guessed for true, guessed in pairs]))
        figures[f"macro_f1_{name}"] = float(np.mean(scores))
    return {"sentiment": figures}


def _sides(labels: Sequence[Labelled], now: Sequence[Tags], new: Sequence[Tags]) -> dict[str, dict[str, float]]:
    said = [n for n, label in enumerate(labels) if label.by_stars]
    if not said:
        return {}
    figures = {"texts": float(len(said))}
    for name, tags in (("before", now), ("after", new)):
        figures[f"accuracy_{name}"] = float(np.mean([_fits(labels[n], tags[n]) for n in said]))
    return {"stars": figures}


def _f1(pairs: Sequence[tuple[bool, bool]]) -> float:
    right = sum(true and guessed for true, guessed in pairs)
    said = sum(true for true, _ in pairs) + sum(guessed for _, guessed in pairs)
    return 2 * right / said if said else 1.0
