"""Evaluation counts as one would by hand, whatever the tagger says; its page and tables show it, harmlessly."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp.evaluate import Evaluation, Mistake, Slice, evaluate
from nlp.evaluate_card import card
from nlp.evaluate_counts import Confusion, Count, calibration_error, reliability
from nlp.evaluate_page import page
from nlp.evaluate_rows import labelled
from nlp.evaluate_table import table
from nlp.tagger import Input
from pipeline.errors import BadRecord
from pipeline.models import PersonalData, Tags, Theme


class Oracle:
    """A tagger that says what it was told to say, and remembers what it saw."""

    def __init__(self, answers: dict[str, Tags]) -> None:
        self.answers = answers
        self.seen: list[Input] = []

    def tag(self, inputs: Sequence[Input]) -> list[Tags]:
        self.seen.extend(inputs)
        return [self.answers[each.text] for each in inputs]


def said(sentiment: str = "neutral", score: float = 0.0, lang: str = "en", **more: Any) -> Tags:
    return Tags(lang=lang, sentiment=sentiment, sentiment_score=score, model="none", **more)


def evaluated(*cases: tuple[dict[str, Any], Tags]) -> Evaluation:
    oracle = Oracle({row["text"]: tags for row, tags in cases})
    return evaluate([row for row, _ in cases], oracle)  # type: ignore[arg-type]


def about(name: str, sentiment: str = "negative", *evidence: tuple[int, int], score: float = 0.9) -> Theme:
    return Theme(name=name, sentiment=sentiment, score=score, evidence=list(evidence))


def test_sentiment_is_counted_by_class_and_the_surest_mistake_comes_first() -> None:
    found = evaluated(
        ({"text": "a", "sentiment": "negative"}, said("negative", -0.8)),
        ({"text": "b", "sentiment": "negative"}, said("positive", 0.4)),
        ({"text": "c", "sentiment": "positive"}, said("neutral", 0.1)),
        ({"text": "d", "sentiment": "neutral"}, said("neutral", 0.0)),
        ({"text": "unlabelled"}, said("positive", 1.0)),
    )
    assert found.texts == 5
    assert found.labels["sentiment"].cells["negative"] == {"negative": 1, "neutral": 0, "positive": 1}
    assert found.summary["accuracy"] == pytest.approx(0.5)
    # negative: P 1, R 1/2; neutral: P 1/2, R 1; positive: 0
    assert found.summary["macro_f1"] == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert found.binary_accuracy == pytest.approx(2 / 3)
    assert [(each.text, each.sure) for each in found.mistakes] == [("c", pytest.approx(0.9)), ("b", 0.4)]


def test_calibration_compares_how_sure_with_how_often_right() -> None:
    bins = reliability([(0.96, True), (0.98, False), (0.52, True), (1.0, True), (0.5, False)])
    assert [(each.texts, each.right) for each in bins] == [(2, 0.5), (3, pytest.approx(2 / 3))]
    assert calibration_error(bins) == pytest.approx((2 * abs(0.51 - 0.5) + 3 * abs(0.98 - 2 / 3)) / 5)
    assert calibration_error([]) is None


@given(st.lists(st.tuples(st.floats(0.5, 1), st.booleans()), min_size=1))
def test_every_guess_is_in_one_bin_and_the_error_is_a_share(guesses: list[tuple[float, bool]]) -> None:
    bins = reliability(guesses)
    assert sum(each.texts for each in bins) == len(guesses)
    error = calibration_error(bins)
    assert error is not None
    assert 0 <= error <= 1


def test_themes_are_counted_by_name_with_their_mood_and_evidence() -> None:
    found = evaluated(
        (
            {
                "text": "late again, and rude",
                "themes": [
                    {"theme": "delivery", "sentiment": "negative", "evidence": "late again"},
                    {"name": "service", "sentiment": "negative", "evidence": "rude"},
                ],
            },
            said(themes=[about("delivery", "negative", (5, 12)), about("service", "positive", (0, 4)), about("price")]),
        ),
        ({"text": "fine", "themes": [{"theme": "price", "sentiment": None}]}, said()),
        ({"text": "nobody said"}, said(themes=[about("quality")])),
    )
    assert found.themes == {"delivery": Count(1), "price": Count(0, 1, 1), "service": Count(1)}
    assert (found.theme_sentiment, found.evidence) == (0.5, 0.5)
    assert found.summary["themes_micro_f1"] == pytest.approx(2 / 3)
    assert [(each.question, each.true, each.guessed) for each in found.mistakes] == [
        ("wrong theme", "", "price"),
        ("sentiment of a theme", "service negative", "service positive"),
        ("missed theme", "price", ""),
    ]


def test_evidence_may_touch_any_place_where_the_phrase_stands() -> None:
    row = {"text": "bad bad. bad", "themes": [{"theme": "quality", "evidence": "bad"}]}
    assert evaluated((row, said(themes=[about("quality", "negative", (9, 12))]))).evidence == 1
    assert evaluated((row, said(themes=[about("quality", "negative", (7, 9))]))).evidence == 0


def test_with_not_themes_nothing_is_said_of_the_others() -> None:
    row = {"text": "x", "themes": [], "not_themes": ["price"]}
    assert evaluated((row, said(themes=[about("price"), about("quality")]))).themes == {"price": Count(wrong=1)}


def test_flags_and_labels_of_every_other_kind() -> None:
    found = evaluated(
        (
            {"text": "call 010-1234-5678 or 5", "pii": ["010-1234-5678", "5"], "wants_churn": True, "spam": False},
            said(pii=[PersonalData(kind="phone", start=5, end=18)], churn_risk=0.7, spam=True),
        ),
        (
            {"text": "now", "urgency": "high", "emotion": "anger", "stage": "leave", "lang": "en-US"},
            said(urgency="medium", emotion="anger", stage=None),
        ),
    )
    assert found.flags == {"churn": Count(1), "spam": Count(0, 1, 0), "pii": Count(1, 0, 1)}
    assert found.labels["urgency"].counts == {"low": Count(), "medium": Count(0, 1, 0), "high": Count(0, 0, 1)}
    assert found.labels["emotion"].accuracy == found.labels["language"].accuracy == 1
    assert found.labels["stage"].cells["leave"]["none"] == 1


def test_slices_hold_all_judged_texts_and_one_slice_alone_is_none() -> None:
    rows = [
        {"text": "x" * length, "sentiment": "positive", "source": source, "rating": rating}
        for length, source, rating in ((5, "shop", 1.0), (39, "shop", 0.25), (40, "app", 1.0), (160, "app", 1.0))
    ]
    found = evaluated(*((row, said("positive", 0.9)) for row in rows))
    sizes = {by: {value: each.texts for value, each in some.items()} for by, some in found.slices.items()}
    assert sizes == {
        "source": {"app": 2, "shop": 2},
        "length": {"short": 2, "long": 1, "medium": 1},
        "rating": {"1": 3, "0.25": 1},
    }
    assert found.slices["source"]["shop"] == Slice(2, 1.0, 1.0, None)


def test_the_tagger_sees_neither_language_nor_stars_unless_asked() -> None:
    oracle = Oracle({"x": said(), "y": said()})
    rows = [{"text": "x", "lang": "ko", "rating": 1.0}, {"text": "y", "rating": 0.5, "use_rating": True}]
    evaluate(rows, oracle)  # type: ignore[arg-type]
    assert oracle.seen == [Input("x"), Input("y", rating=0.5)]


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"sentiment": "positive"}, "text"),
        ({"text": "x", "sentiment": "angry"}, "sentiment"),
        ({"text": "x", "themes": "delivery"}, "themes"),
        ({"text": "x", "themes": [{"sentiment": "negative"}]}, "themes.0.theme"),
    ],
)
def test_a_row_that_is_none_is_refused_by_its_field(row: dict[str, Any], fault: str) -> None:
    with pytest.raises(BadRecord, match=f"^{re.escape(fault)}: "):
        labelled(row)


# ------------------------------------------------------------------------------------------ table, card, page

HOSTILE = "</td><script>alert('1')</script>\u202e\x1b[31m\ud800 \"배송 늦어요\" &amp;"
FULL = Evaluation(
    texts=3,
    labels={
        "sentiment": Confusion.of(
            [("negative", "positive"), ("neutral", "neutral")], ("negative", "neutral", "positive")
        ),
        "language": Confusion.of([(HOSTILE, "en")], (HOSTILE, "en")),
    },
    binary_accuracy=0.5,
    bins=reliability([(0.9, True), (0.6, False)]),
    themes={HOSTILE: Count(1, 2, 3), "delivery": Count(1)},
    theme_sentiment=0.25,
    evidence=1.0,
    flags={"pii": Count(1)},
    slices={"source": {HOSTILE: Slice(2, None, None, 0.5), "shop": Slice(1, 1.0, 1.0, None)}},
    mistakes=(
        Mistake("sentiment", HOSTILE, "negative", HOSTILE, 0.9),
        Mistake("missed theme", "늦다", "", HOSTILE, None),
    ),
)


class Elements(HTMLParser):
    """Collects elements and their words, and wants every element closed."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.open: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("href", "src")]
        if tag not in ("meta", "line", "circle"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("evaluation", [FULL, Evaluation(0)])
def test_the_page_stands_alone_and_no_text_becomes_markup(evaluation: Evaluation) -> None:
    html = page(evaluation, HOSTILE, HOSTILE)
    html.encode()  # no half of a pair is left
    parsed = Elements()
    parsed.feed(html)
    assert parsed.open == []
    assert "script" not in parsed.elements
    assert "link" not in parsed.elements
    assert "\u202e" not in html
    assert "\x1b" not in html
    assert "</td><script>alert('1')</script>[31m \"배송 늦어요\" &amp;" in parsed.words


def test_a_long_text_is_cut_on_the_page() -> None:
    html = page(Evaluation(1, mistakes=(Mistake("spam", "길" * 100_000, "yes", "no", None),)), "t", "a")
    assert len(html) < 10_000


def test_the_table_shows_every_part_and_cannot_steer_the_terminal() -> None:
    shown = table(FULL)
    for part in ("texts 3", "macro f1", "calibration error", "all themes", "pii", "source", "sentiment: true"):
        assert part in shown
    assert not [letter for letter in shown if not letter.isprintable() and letter != "\n"]
    assert table(Evaluation(0)) == "texts 0"


def test_the_card_has_a_row_for_each_file_that_has_such_labels() -> None:
    plain = Evaluation(1, flags={"spam": Count(wrong=2)})
    shown = card({"a.jsonl": FULL, "b.jsonl": plain}, "by whom")
    assert shown.startswith("by whom\n\nSentiment:\n\n| file | texts | accuracy |")
    assert "| a.jsonl | 3 | .500 | .500 | .500 |" in shown
    assert "| b.jsonl | spam | 0 | 2 | .000 | – | – |" in shown
    rows = [line for line in shown.splitlines() if line.startswith("| b.jsonl")]
    assert len(rows) == 1


def test_json_has_every_figure() -> None:
    found = FULL.to_dict()
    assert found.keys() >= {"texts", "accuracy", "labels", "reliability", "themes", "flags", "slices", "evidence"}
    assert found["labels"]["sentiment"]["labels"]["negative"]["recall"] == 0
