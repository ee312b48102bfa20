import csv
import gzip
import io
import json
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawlers.file_lines import MAX_LINE, BadRow
from crawlers.importer import ImportReport, Layout, import_file
from crawlers.publish import Origin
from crawlers.rows import Row, read_rows
from pipeline.errors import SettingsError
from pipeline.stream import Stream
from tests.crawlers.conftest import Published

Import = Callable[..., ImportReport]


@pytest.fixture
def load(stream: Stream, tmp_path: Path) -> Import:
    """Writes a file and imports it."""

    def write_and_import(name: str, content: bytes | str, **options: Any) -> ImportReport:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        layout = Layout(**{key: options.pop(key) for key in ("mapping", "scale", "zone") if key in options})
        shared = {key: options.pop(key) for key in ("kind", "product", "redact") if key in options}
        origin = Origin(options.pop("source", "survey"), "b", **shared)
        return import_file(path, origin, layout, stream=stream, state_dir=tmp_path, **options)

    return write_and_import


ROWS: list[dict[str, Any]] = [
    {"text": f"후기 {number}", "id": str(number), "rating": number % 5 + 1} for number in range(20)
]


def as_csv(rows: list[dict[str, Any]], delimiter: str = ",") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_jsonl(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


FORMS = {
    "rows.csv": as_csv(ROWS), "rows.tsv": as_csv(ROWS, "\t"), "rows.jsonl": as_jsonl(ROWS),
    "rows.parquet": as_parquet(ROWS),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("packed", [False, True])
def test_every_form_reads_the_same(load: Import, published: Published, name: str, packed: bool) -> None:
    content = gzip.compress(FORMS[name]) if packed else FORMS[name]
    report = load(name + ".gz" * packed, content)
    assert (report.rows, report.published, report.refused) == (20, 20, [])
    assert [(review.text, review.id, review.rating) for review in published.reviews] == [
        (row["text"], f"survey:{row['id']}", (row["rating"] - 1) / 4) for row in ROWS
    ]


def test_columns_are_mapped_and_labels_ignored(load: Import, published: Published) -> None:
    row = {"내용": "좋아요", "점수": 10, "sentiment": "positive", "domain": "x", "source": "other", "license": "CC0"}
    load("a.jsonl", as_jsonl([row]), mapping={"text": "내용", "rating": "점수"}, scale=(0, 10), kind="survey")
    (review,) = published.reviews
    assert (review.source, review.text, review.rating, review.kind) == ("survey", "좋아요", 1.0, "survey")


def test_a_row_names_its_source_only_where_that_is_mapped(load: Import, published: Published) -> None:
    rows: list[dict[str, Any]] = [
        {"text": "a", "where": "shop-a"},
        {"text": "b", "where": "Not A Name"},
        {"text": "c", "where": None},
    ]
    report = load("a.jsonl", as_jsonl(rows), mapping={"source": "where"})
    assert [review.source for review in published.reviews] == ["shop-a", "survey"]
    assert report.refused == [(2, "source is no name: 'Not A Name'")]


def test_importing_again_changes_nothing(load: Import, published: Published) -> None:
    content = as_jsonl([{"text": "좋아요"}, {"text": "좋아요"}, {"text": "별로"}, {"text": 5}])
    first, messages = load("a.jsonl", content), len(published.messages)
    second = load("a.jsonl", content)
    assert (first.published, first.unchanged) == (3, 0)
    assert (second.published, second.unchanged) == (0, 3)
    assert len({review.id for review in published.reviews}) == 3
    assert (len(published.messages), len(published.dead)) == (messages, 1)
    assert load("a.jsonl", content, again=True).published == 3


def test_the_order_of_rows_does_not_matter(load: Import) -> None:
    rows = [{"text": text} for text in ["a", "b", "a", "c", "a"]]
    load("a.jsonl", as_jsonl(rows))
    random.Random(1).shuffle(rows)
    assert load("b.jsonl", as_jsonl(rows)).published == 0


def test_one_author_saying_the_same_at_the_same_time_said_it_once(load: Import) -> None:
    row = {"text": "good", "author": "kim", "date": "2026-11-01 10:00"}
    report = load("a.jsonl", as_jsonl([row, row]))
    assert (report.published, report.unchanged) == (1, 1)


REFUSED = {
    '{"text": 5}': "text is no text: 5",
    '{"text": ["a"]}': "text is no text",
    '{"text": ""}': "text, title and rating are empty",
    '{"text": "a", "rating": 9}': "rating is not on the scale 1-5 (--scale): 9",
    '{"text": "a", "rating": "good"}': "rating is no number",
    '{"text": "a", "rating": true}': "rating is no number",
    '{"text": "a", "date": "9999-12-31"}': "before 1990 or in the future",
    '{"text": "a", "date": "0001-01-01"}': "created_at",
    '{"text": "a", "date": "gestern"}': "created_at is no usable time",
    '{"text": "a", "id": {"x": 1}}': "id is no text",
    '{"text": "\\ud800"}': "text",
    "[1]": "expected a JSON object, found list",
    "[" * 100_000: "",
    '{"text": "cut of': "not JSON",
    '{"text": "' + "가" * 700_000 + '"}': "text has 700,000 characters, more than 100,000",
    '{"text": "' + "a" * (MAX_LINE + 10) + '"}': "the line is longer than",
}


@pytest.mark.parametrize("line", REFUSED, ids=range(len(REFUSED)))
def test_a_row_that_is_none_is_told_by_line_and_reason(load: Import, published: Published, line: str) -> None:
    report = load("a.jsonl", f'{{"text": "first"}}\n{line}\n{{"text": "last"}}\n')
    assert [review.text for review in published.reviews] == ["first", "last"]
    ((number, reason),) = report.refused
    assert number == 2
    assert REFUSED[line] in reason
    (letter,) = published.dead
    assert (letter.stage, letter.line, letter.reason.startswith(reason[:40])) == ("collect", 2, True)
    assert line.encode().startswith(letter.original.rstrip(b"\n"))


def test_binary_noise_between_lines(load: Import, published: Published) -> None:
    noise = bytes(range(128, 256)) + b"\x00\x01"
    report = load("a.csv", b"text,rating\nfirst,5\n" + noise + b"\nlast,1\n")
    assert [review.text for review in published.reviews] == ["first", "last"]
    assert [line for line, _ in report.refused] == [3]


def test_a_quote_that_never_closes_costs_one_row(load: Import, published: Published) -> None:
    report = load("a.csv", 'text,id\n"two\nlines",1\n"never closed,2\n5" screen,3\n"say ""hi""",4\n"fine, too",5\n')
    assert [review.text for review in published.reviews] == ["two\nlines", '5" screen', 'say "hi"', "fine, too"]
    assert report.refused == [(4, "not a row of CSV: ',' expected after '\"'")]


@pytest.mark.parametrize("cut", [1, 7, 40])
@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
def test_a_file_cut_in_mid_line(load: Import, name: str, cut: int) -> None:
    report = load(name, FORMS[name][:-cut])
    assert report.published + len(report.refused) == report.rows
    assert report.published >= 16


def test_a_truncated_gzip_gives_what_it_holds(load: Import) -> None:
    rows = [{"text": f"{random.Random(n).random()}", "id": str(n)} for n in range(5000)]
    packed = gzip.compress(as_jsonl(rows))
    report = load("a.jsonl.gz", packed[: len(packed) // 2])
    assert 1000 < report.published < 5000
    (refused,) = report.refused
    assert refused == (report.published + 1, "the file ends here: the gzip is cut off")


@pytest.mark.parametrize("encoding", ["cp949", "euc-kr", "utf-8", "utf-8-sig", "utf-16"])
def test_encodings_and_marks(load: Import, published: Published, encoding: str) -> None:
    load("a.csv", "내용,별점\n배송이 빨라요,5\n별로예요,1\n".encode(encoding))
    assert [review.text for review in published.reviews] == ["배송이 빨라요", "별로예요"]


def test_a_damaged_parquet_is_one_refusal(load: Import) -> None:
    report = load("a.parquet", FORMS["rows.parquet"][:-20])
    assert (report.rows, report.published, len(report.refused)) == (1, 0, 1)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("a.xls", {}, "unknown kind of file"),
        ("a.csv", {"source": "My Source"}, "is no name"),
        ("a.csv", {"mapping": {"txt": "a"}}, "cannot map to txt"),
        ("a.csv", {"scale": (5, 1)}, "worst rating comes first"),
    ],
)
def test_wrong_arguments_are_told_before_anything_is_read(
    load: Import, name: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        load(name, "text\na\n", **options)


@pytest.mark.parametrize("content", ["내용,별점\na,1\n", "본문,이름\na,b\n"])
def test_a_table_without_the_columns_it_needs_is_not_begun(load: Import, published: Published, content: str) -> None:
    mapping = {"text": "본문"} if "내용" in content else {}
    with pytest.raises(SettingsError, match="column"):
        load("a.csv", content, mapping=mapping)
    assert (published.messages, published.dead) == ([], [])


def test_a_json_row_without_a_mapped_field_is_told_with_those_it_has(load: Import) -> None:
    report = load("a.jsonl", as_jsonl([{"내용": "a", "별점": 1}, {"본문": "b"}]), mapping={"text": "본문"})
    assert report.published == 1
    assert report.refused == [(1, "no column '본문' for text; the row has: 내용, 별점")]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=3000), name=st.sampled_from(["r.csv", "r.tsv", "r.jsonl", "r.jsonl.gz", "r.parquet"]))
def test_any_bytes_end_in_rows_and_refusals(tmp_path: Path, content: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    rows: list[Row | BadRow] = []
    with suppress(SettingsError):  # a header that names a column twice
        rows = list(read_rows(path))
    assert all(isinstance(row, Row | BadRow) for row in rows)


LINES = st.lists(st.sampled_from(['"', "a", ",", "\n", '""', "가", "\n", "b,c"]), max_size=60).map("".join)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES)
def test_no_quote_swallows_the_rows_behind_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "q.csv"
    path.write_bytes(b"x,y\n" + text.encode() + b"\nlast,row\n")
    *_, last = read_rows(path)
    assert isinstance(last, Row)
    assert last.values == {"x": "last", "y": "row"}
