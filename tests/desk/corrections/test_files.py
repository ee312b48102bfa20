"""Files of corrections: good lines are read, bad ones named; what was written is read as the same."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.corrections.files import read, write_json_lines
from desk.corrections.said import NO, Said, row_of, said_by
from pipeline.errors import BadRecord, SettingsError

KNOWN = ("quality", "delivery", "price", "smell")


def lines(file: Path) -> list[tuple[int, Any]]:
    return list(read(file, KNOWN))


def test_themes_that_are_not_named_are_denied(tmp_path: Path) -> None:
    file = tmp_path / "some.jsonl"
    file.write_text('{"text": "늦어요", "themes": [{"name": "delivery", "sentiment": "negative"}]}\n')
    ((line, said),) = lines(file)
    assert line == 1
    assert said.themes == {"delivery": "negative", "quality": NO, "price": NO, "smell": NO}


def test_without_themes_nothing_is_said_about_them(tmp_path: Path) -> None:
    assert said_by({"text": "좋아요", "sentiment": "positive"}, KNOWN).themes == {}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{", "no JSON"),
        ("[]", "expected an object"),
        ('{"sentiment": "positive"}', "text"),
        ('{"text": "  ", "sentiment": "positive"}', "text"),
        ('{"text": "ok"}', "nothing is said"),
        ('{"text": "ok", "sentiment": "great"}', "sentiment"),
        ('{"text": "ok", "themes": [{"name": "taste", "sentiment": "positive"}]}', "no theme 'taste'"),
        ('{"text": "ok", "themes": [{"name": "price", "sentiment": "no idea"}]}', "themes.price"),
        ('{"text": "ok", "themes": 5}', "themes"),
        ('{"text": "ok", "themes": [{"name": "price", "sentiment": "positive"}], "not_themes": ["price"]}', "too"),
        ('{"text": "ok", "sentiment": "positive", "at": "yesterday"}', "at"),
        ('{"text": "ok", "sentiment": "positive", "at": "2026-11-01T00:00:00"}', "at"),
    ],
)
def test_a_bad_line_is_named_with_its_number(tmp_path: Path, row: str, reason: str) -> None:
    file = tmp_path / "some.jsonl"
    file.write_text(f'{{"text": "a", "sentiment": "neutral"}}\n\n{row}\n{{"text": "b", "sentiment": "neutral"}}\n')
    found = lines(file)
    assert [line for line, _ in found] == [1, 3, 4]
    assert isinstance(found[1][1], str)
    assert reason in found[1][1]


def test_csv(tmp_path: Path) -> None:
    file = tmp_path / "some.CSV"
    file.write_text(
        "\ufefftext,sentiment,themes,not_themes,by\n"
        '"늦었고, 비싸요",negative,delivery:negative price:negative,smell,kim\n'
        "so so,neutral,,,\n"
        "odd,neutral\n"
        ",neutral,,,\n",
        encoding="utf-8",
    )
    first, second, third, fourth = [said for _, said in lines(file)]
    assert first.themes == {"delivery": "negative", "price": "negative", "smell": NO}
    assert (first.text, first.by) == ("늦었고, 비싸요", "kim")
    assert (second.sentiment, second.themes) == ("neutral", {})
    assert "cells" in third
    assert "text" in fourth


@pytest.mark.parametrize("content", [b"\xff\xfe", b"kind,sentiment\n1,2\n"])
def test_a_file_that_is_none_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "some.csv"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match="some.csv"):
        lines(file)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        lines(tmp_path / "none.jsonl")


moods = st.sampled_from(["positive", "neutral", "negative"])
words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)
saids = st.builds(
    Said,
    text=words.map(lambda text: f"a{text}"),
    title=words,
    review_id=st.sampled_from(["", "shop:1"]),
    sentiment=moods,
    themes=st.dictionaries(st.sampled_from(KNOWN), st.one_of(moods, st.just(NO))),
    at=st.one_of(st.none(), st.integers(0, 2_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))),
)


@given(said=saids)
def test_what_is_written_is_read_as_the_same(said: Said) -> None:
    (line,) = write_json_lines([said])
    assert said_by(json.loads(line), KNOWN) == said
    assert "\n" not in line


def test_a_row_needs_a_text() -> None:
    with pytest.raises(BadRecord):
        said_by({}, KNOWN)


def test_a_row_without_themes_says_nothing_of_them() -> None:
    assert "themes" not in row_of(Said(text="ok", sentiment="neutral"))
