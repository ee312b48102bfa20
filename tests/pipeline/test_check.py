"""A check tells each trouble once, at the narrowest place that explains it, with quotes of its own."""

import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.alerting.check import check
from pipeline.alerting.detection import Detection
from pipeline.alerting.rules import TrendRule
from pipeline.index.elasticsearch import ElasticsearchIndex
from pipeline.index.query import Query
from pipeline.index.sqlite import SqliteIndex
from tests.conftest import NOW, document, unique

TODAY = date(2026, 11, 20)
PRODUCTS = ("kettle", "pan", "cup")


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """100 days, 8 reviews a day and product, one of them a complaint about quality: made once, copied for each test."""
    file = tmp_path_factory.mktemp("usual") / "index.db"
    index = SqliteIndex(str(file))
    number = 0
    documents = []
    for day in range(100):
        for product in PRODUCTS:
            for each in range(8):
                number += 1
                bad = each == day % 8
                documents.append(
                    document(
                        number, product=product, created_at=NOW - timedelta(days=day, minutes=each),
                        text=f"text {number}", is_negative=int(bad), sentiment="negative" if bad else "positive",
                        themes=["quality"], negative_themes=["quality"] if bad else [],
                    )
                )  # fmt: skip
    index.put(documents)
    index.close()
    return file


@pytest.fixture
def index(usual: Path, tmp_path: Path) -> Iterator[SqliteIndex]:
    """The usual 100 days, to be written to."""
    index = SqliteIndex(str(shutil.copy(usual, tmp_path)))
    yield index
    index.close()


def complain(
    index: SqliteIndex, product: str, count: int, text: str = "the parcel number {} is late", spam: bool = False
) -> None:
    index.put(
        [
            document(
                900_000 + n, product=product, created_at=NOW - timedelta(hours=n % 40), text=text.format(n),
                is_negative=1, sentiment="negative", sentiment_score=-0.9, themes=["delivery"], is_spam=spam,
                negative_themes=["delivery"], evidence={"delivery": [(4, 10)]},
            )
            for n in range(count)
        ]
    )  # fmt: skip


def told(index: SqliteIndex) -> list[Detection]:
    detections, checked = check(index, "Haneul", TODAY, "Asia/Seoul")
    assert {each.key for each in detections} <= checked
    return detections


def test_quiet_series_say_nothing(index: SqliteIndex) -> None:
    assert told(index) == []


def test_a_products_trouble_is_told_once_and_not_again_as_the_shops_or_the_brands(index: SqliteIndex) -> None:
    complain(index, "kettle", 25)
    (detection,) = told(index)
    assert (detection.product, detection.source, detection.theme, detection.kind) == (
        "kettle",
        None,
        "delivery",
        "surge",
    )
    assert detection.observed == 25
    assert detection.expected < 3
    assert detection.severity == 3
    assert detection.until == TODAY
    assert detection.days[-1].date == TODAY
    assert sum(day.negative for day in detection.days[-3:]) == 25


def late(index: SqliteIndex, first: int, count: int, **fields: Any) -> None:
    """Complaints about delivery of the last hours."""
    index.put(
        [
            document(
                first + n, created_at=NOW - timedelta(hours=n), is_negative=1, sentiment="negative",
                themes=["delivery"], negative_themes=["delivery"], text=f"late {first + n}", **fields,
            )
            for n in range(count)
        ]
    )  # fmt: skip


def test_trouble_of_every_product_is_told_once_for_the_brand(index: SqliteIndex) -> None:
    for number, product in enumerate(PRODUCTS):
        late(index, 800_000 + number * 1000, 20, product=product)
    (detection,) = told(index)
    assert (detection.product, detection.source, detection.theme, detection.observed) == (None, None, "delivery", 60)
    assert detection.explanation is not None
    assert detection.explanation.causes == []


def test_two_troubles_are_told_as_two(index: SqliteIndex) -> None:
    late(index, 800_000, 60, product="kettle")
    late(index, 810_000, 40, product="pan")
    assert sorted(str(each.product) for each in told(index)) == ["kettle", "pan"]


@pytest.fixture
def details(index: SqliteIndex) -> SqliteIndex:
    """The same 100 days, now with a version of each product, a place and a language."""
    index.put(
        [
            each.model_copy(
                update={
                    "product_version": "1.0" if number % 5 else "2.0",
                    "location": ("Busan", "Seoul", "Daegu", "Jeju")[number % 4],
                    "lang": "ko" if number % 3 else "en",
                }
            )
            for number, each in enumerate(index.export(Query()))
        ]
    )
    return index


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"product": "kettle", "product_version": "2.0"}, {"product": "kettle", "product_version": "2.0"}),
        ({"location": "Jeju"}, {"location": "Jeju"}),
        ({"lang": "en"}, {"lang": "en"}),
        ({}, {}),
    ],
)  # fmt: skip
def test_the_narrowest_that_explains_it_is_told(
    details: SqliteIndex, fields: dict[str, str], place: dict[str, str]
) -> None:
    for n in range(36):
        usual = {
            "product": PRODUCTS[n % 3], "product_version": "1.0" if n % 5 else "2.0", "lang": "ko" if n % 3 else "en",
            "location": ("Busan", "Seoul", "Daegu", "Jeju")[n % 4],
        }  # fmt: skip
        late(details, 800_000 + n, 1, **{**usual, **fields})
    (detection,) = told(details)
    found = {
        "product": detection.product, "product_version": detection.version, "location": detection.location,
        "lang": detection.language,
    }  # fmt: skip
    assert {name: value for name, value in found.items() if value} == place


def test_a_cause_below_the_level_that_is_told_is_named(details: SqliteIndex) -> None:
    for n in range(40):
        usual = {"product_version": "1.0" if n % 5 else "2.0", "lang": "ko" if n % 3 else "en"}
        late(details, 800_000 + n, 1, product="kettle", location="Jeju" if n % 4 else "Busan", **usual)
    (detection,) = told(details)
    assert detection.explanation is not None
    named = {(cause.field, cause.value) for cause in detection.explanation.causes}
    assert detection.product == "kettle"
    assert named == {("location", "Jeju")}
    assert detection.explanation.first is not None
    assert detection.explanation.first.id == "shop:800000"
    assert detection.explanation.low <= detection.explanation.high < detection.observed


@pytest.mark.parametrize(("both", "told_themes"), [(True, ["delivery"]), (False, ["communication", "delivery"])])
def test_the_same_reviews_are_told_once_however_many_themes_they_name(
    index: SqliteIndex, both: bool, told_themes: list[str]
) -> None:
    complain(index, "kettle", 25)
    again = 900_000 if both else 950_000  # the same reviews, now with a second theme, or fifteen others
    index.put(
        [
            document(
                again + n, product="kettle", created_at=NOW - timedelta(hours=n % 40), text=f"nobody answers {n}",
                is_negative=1, sentiment="negative", themes=["delivery", "communication"],
                negative_themes=["delivery", "communication"] if both else ["communication"], version=2,
            )
            for n in range(15)
        ]
    )  # fmt: skip
    assert sorted(str(each.theme) for each in told(index)) == told_themes


def test_a_second_theme_of_the_same_reviews_is_not_told_for_a_product_either(index: SqliteIndex) -> None:
    for number, product in enumerate(PRODUCTS):
        late(index, 800_000 + number * 1000, 20, product=product)
    unanswered = [
        each.model_copy(update={"negative_themes": ["communication", "delivery"]})
        for each in index.export(Query().where(product="kettle", negative_themes="delivery"))
    ]
    index.put(unanswered)
    assert [(each.theme, each.product) for each in told(index)] == [("delivery", None)]


@pytest.mark.elasticsearch
def test_elasticsearch_tells_the_same(details: SqliteIndex, elasticsearch_url: str) -> None:
    late(
        details, 800_000, 30, product="kettle", product_version="2.0", location="Jeju", lang="ko", tokens="parcel late"
    )
    late(details, 810_000, 25, product="pan", product_version="1.0", location="Busan", lang="ko", author_id="a")
    other = ElasticsearchIndex(f"{elasticsearch_url}/{unique('check')}")
    other.setup()
    other.put(list(details.export(Query())))
    here, there = (check(index, "Haneul", TODAY, "Asia/Seoul") for index in (details, other))
    other.close()
    assert len(here[0]) == 2
    assert here == there


def test_near_copies_are_quoted_once_and_the_evidence_is_marked(index: SqliteIndex) -> None:
    complain(index, "kettle", 25)
    (detection,) = told(index)
    (quote,) = detection.quotes
    assert (quote.start, quote.end) == (4, 10)
    assert quote.text[4:10] == "parcel"


def test_advertising_is_no_complaint(index: SqliteIndex) -> None:
    complain(index, "kettle", 25, spam=True)
    assert told(index) == []


def test_a_check_of_an_empty_index_is_no_error(tmp_path: Path) -> None:
    empty = SqliteIndex(f"{tmp_path}/empty.db")
    assert check(empty, "Haneul", TODAY, "Asia/Seoul") == ([], set())
    empty.close()


def by_rule(index: SqliteIndex, **rule: Any) -> list[Detection]:
    asked = TrendRule.model_validate({"name": "r", "kind": "trend", **rule})
    detections, checked = check(index, "Haneul", TODAY, "Asia/Seoul", asked)
    assert {each.key for each in detections} <= checked
    return detections


def test_a_rule_tells_what_lies_in_its_scope_under_its_name(index: SqliteIndex) -> None:
    complain(index, "kettle", 25)
    (detection,) = by_rule(index, scope={"products": ["kettle"]})
    assert detection.rule == "r"
    assert by_rule(index, scope={"products": ["pan"]}) == []
    assert by_rule(index, scope={"themes": ["quality"]}) == []
    (wide,) = by_rule(index, scope={"sources": ["shop"], "themes": ["delivery"]})
    assert (wide.source, wide.product) == ("shop", None)


def test_a_rule_counts_only_its_languages_and_brands(index: SqliteIndex) -> None:
    complain(index, "kettle", 25)
    assert by_rule(index, scope={"languages": ["ko"]}) == []
    assert by_rule(index, scope={"brands": ["Another"]}) == []
    (detection,) = by_rule(index, scope={"languages": [""], "brands": ["Haneul"]})
    assert detection.key == "Haneul|*|kettle|delivery|surge|"


def test_a_rule_is_as_sensitive_as_it_is_asked_to_be(index: SqliteIndex) -> None:
    index.put(
        [
            document(
                900_000 + n, product="pan", created_at=NOW - timedelta(hours=n), text="bad", is_negative=1,
                sentiment="negative", themes=["quality"], negative_themes=["quality"],
            )
            for n in range(7)
        ]
    )  # fmt: skip
    pan = {"products": ["pan"], "themes": ["quality"]}
    assert by_rule(index, scope=pan, false_alarms_a_month=1e-6) == []
    assert [each.product for each in by_rule(index, scope=pan, false_alarms_a_month=0.1)] == ["pan"]
    assert by_rule(index, scope=pan, false_alarms_a_month=0.1, minimum=30) == []
