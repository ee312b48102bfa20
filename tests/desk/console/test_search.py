"""From the page's address to the index's question."""

import pytest

from desk.console import search
from pipeline.index.query import Query
from tests.desk.conftest import NOW


def test_the_terms_come_from_the_wiring(installation: object, monkeypatch: pytest.MonkeyPatch) -> None:
    assert search.question({"q": "Late  Delivery"}, NOW).terms == ((("late",),), (("delivery",),))
    monkeypatch.setattr(search, "terms", lambda text: (((text, "!"),),))
    assert search.question({"q": "늦다"}, NOW).terms == ((("늦다", "!"),),)


def test_the_default_is_ninety_days_of_the_brand(installation: object) -> None:
    since = search.question({}, NOW).since
    assert since is not None
    assert since.isoformat() == "2026-08-23T00:00:00+09:00"
    assert search.question({"period": "all"}, NOW).since is None


def test_a_facet_counts_as_if_it_were_not_chosen(installation: object) -> None:
    asked = {"theme": "delivery", "rating": "low"}
    chosen = search.question(asked, NOW)
    assert (chosen.filters, chosen.rating_min) == ({"themes": ("delivery",)}, 0.0)
    assert search.question(asked, NOW, without="theme").filters == {}
    assert search.question(asked, NOW, without="rating").rating_min is None


@pytest.mark.parametrize("asked", [{"rating": "x"}, {"period": "-1"}, {"theme": ""}])
def test_unknown_values_ask_nothing(installation: object, asked: dict[str, str]) -> None:
    assert search.question(asked, NOW) == Query(since=search.since(90, NOW), spam=False)
