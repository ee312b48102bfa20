"""`moksori tag`: lines in, the same lines out with tags, in their order; what is no review is named."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.moksori.cli.conftest import Ended, Run


def write(path: Path, *lines: str | bytes | dict[str, Any]) -> str:
    with path.open("wb") as file:
        for line in lines:
            text = json.dumps(line, ensure_ascii=False) if isinstance(line, dict) else line
            file.write((text.encode() if isinstance(text, str) else text) + b"\n")
    return str(path)


def rows(ended: Ended) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ended.lines]


def test_lines_come_out_as_they_went_in_with_tags(tagging: Run, tmp_path: Path) -> None:
    given = [
        {"id": number, "text": text, "kept": {"as": [number]}}
        for number, text in enumerate(["배송이 너무 늦어요", "The app crashes", "좋아요", "", "Great value"] * 60)
    ]
    told = tagging("tag", write(tmp_path / "reviews.jsonl", *given))
    assert (told.code, told.err) == (0, "")
    found = rows(told)
    assert [{name: value for name, value in row.items() if name != "tags"} for row in found] == given
    assert [row["tags"]["lang"] for row in found[:2]] == ["ko", "en"]
    assert "늦어요" in told.out  # readable, not escaped
    for row in found:
        assert row["tags"].keys() >= {
            "lang", "sentiment", "sentiment_score", "themes", "stage", "emotion", "urgency", "churn_risk", "spam",
            "pii", "tokens", "model",
        }  # fmt: skip


def test_the_evidence_lies_in_the_text(tagging: Run, tmp_path: Path) -> None:
    (row,) = rows(tagging("tag", write(tmp_path / "one.jsonl", {"text": "색은 예뻐요 😀 그런데 배송이 너무 늦어요"})))
    (delivery,) = [theme for theme in row["tags"]["themes"] if theme["name"] == "delivery"]
    start, end = delivery["evidence"][0]
    assert "배송" in row["text"][start:end]
    assert delivery["sentiment"] == "negative"


def test_a_bad_line_is_named_and_left_out(tagging: Run, tmp_path: Path) -> None:
    lines = [{"text": "first"}, "{", "", "[1]", {"text": 5}, b'{"text": "\xff"}', {"no": "text"}, {"text": "last"}]
    told = tagging("tag", write(tmp_path / "mixed.jsonl", *lines))
    assert told.code == 1
    assert [row["text"] for row in rows(told)] == ["first", "last"]
    named = [line.split(":")[0] for line in told.complaints if line.startswith("line ")]
    assert named == [f"line {number}" for number in (2, 4, 5, 6, 7)]  # an empty line is nothing


def test_standard_input(tagging: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"text": "late delivery"}\n{"text": "nice"}')))
    told = tagging("tag")
    assert [row["text"] for row in rows(told)] == ["late delivery", "nice"]


@pytest.mark.parametrize(
    ("rating", "share"),
    [(1, 0.0), (5, 1.0), (3, 0.5), (0, 0.0), (0.0, 0.0), (0.25, 0.25), (1.0, 1.0), (4.5, 0.875),
     ("5", None), (True, None), (-1, None), (6, None), (None, None), (float("nan"), None)],
)  # fmt: skip
def test_whole_ratings_are_stars_and_fractions_are_shares(rating: Any, share: float | None) -> None:
    from moksori.cli.tag import share_of_best

    assert share_of_best(rating) == share


def test_any_rating_is_taken(tagging: Run, tmp_path: Path) -> None:
    given = [{"text": "okay", "rating": rating} for rating in (1, 5, 0.5, "five", None, [3], 1e300)]
    told = tagging("tag", write(tmp_path / "rated.jsonl", *given))
    assert told.code == 0
    scores = [row["tags"]["sentiment_score"] for row in rows(told)]
    assert scores[0] < scores[1]  # stars count


def test_a_file_that_is_not_there(tagging: Run) -> None:
    told = tagging("tag", "nowhere.jsonl")
    assert told.code == 2
    assert "nowhere.jsonl" in told.err


def test_eval_compares_with_labels(tagging: Run, tmp_path: Path) -> None:
    file = write(tmp_path / "labelled.jsonl", {"text": "terrible, it broke", "sentiment": "negative"})
    told = tagging("eval", file, "--json")
    assert (told.code, told.err) == (0, "")
    assert rows(told)[0]["texts"] == 1


def test_eval_writes_a_page_and_names_what_is_no_label(tagging: Run, tmp_path: Path) -> None:
    file = write(
        tmp_path / "labelled.jsonl",
        '{"text": "배송이 너무 늦어요 \\ud800 <b>", "sentiment": "positive", "source": "\\ud800"}',
        {"text": "fine", "sentiment": "angry"},
        "{",
    )
    html = tmp_path / "page.html"
    told = tagging("eval", file, "--html", str(html), "--json")
    assert told.code == 1
    assert [line.split(":")[0] for line in told.complaints if line.startswith("labelled")] == [
        "labelled.jsonl, line 2",
        "labelled.jsonl, line 3",
    ]
    (mistake,) = rows(told)[0]["mistakes"]
    assert (mistake["true"], mistake["guessed"]) == ("positive", "negative")
    assert "배송이 너무 늦어요  &lt;b&gt;" in html.read_text(encoding="utf-8")


def test_eval_makes_a_row_for_each_file(tagging: Run, tmp_path: Path) -> None:
    files = [
        write(tmp_path / f"{name}.jsonl", {"text": "terrible, it broke", "sentiment": "negative"})
        for name in ("a", "b")
    ]
    told = tagging("eval", *files, "--card")
    assert (told.code, told.err) == (0, "")
    assert [line[:16] for line in told.lines if ".jsonl" in line] == ["| a.jsonl | 1 | ", "| b.jsonl | 1 | "]
    assert "kiwipiepy" in told.lines[0]
