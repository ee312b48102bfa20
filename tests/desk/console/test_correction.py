"""The form that corrects the tags of a review: what it starts with, what it keeps, what it refuses."""

import pytest
from django.test import Client

from desk.cases.intake import take
from desk.console import wiring
from desk.corrections.book import correction_of, history_of
from desk.corrections.said import NO
from pipeline.index import Index
from pipeline.index.document import from_tagged
from tests.desk.conftest import Cast, tagged

PAGE = "/corrections/shop:1"
SAID = {
    "sentiment": "neutral", "theme-quality": "no", "theme-service": "positive", "theme-delivery": "no",
    "theme-communication": "no", "theme-price": "no",
}  # fmt: skip


@pytest.fixture(autouse=True)
def review(index: Index) -> None:
    index.put([from_tagged(tagged(1))])


def client_of(cast: Cast, role: str) -> Client:
    client = cast.client(role)
    client.cookies["moksori_language"] = "en"
    return client


@pytest.mark.parametrize("role", ["responder", "lead"])
def test_the_form_starts_with_the_tags_and_keeps_what_is_said(cast: Cast, role: str) -> None:
    client = client_of(cast, role)
    page = client.get(PAGE).text
    assert '<option value="negative" selected>' in page.partition("theme-quality")[0]
    delivery = page.partition('name="theme-delivery"')[2].partition("</select>")[0]
    assert '<option value="negative" selected>' in delivery
    assert client.post(PAGE, SAID).headers["Location"] == "/review/shop:1"
    said = correction_of("shop:1")
    assert said is not None
    assert (said.sentiment, said.by, said.source) == ("neutral", role, "shop")
    assert said.themes["service"] == "positive"
    assert said.themes["delivery"] == NO
    page = client.get(PAGE).text
    assert '<option value="neutral" selected>' in page.partition("theme-quality")[0]
    assert "service: positive" in page.partition("History")[2]


def test_who_said_what_before_stays(cast: Cast) -> None:
    client_of(cast, "responder").post(PAGE, SAID)
    client_of(cast, "lead").post(PAGE, SAID)  # the same again: nothing new was said
    client_of(cast, "lead").post(PAGE, {**SAID, "sentiment": "negative"})
    assert [(event.by, event.sentiment) for event in history_of("shop:1")] == [
        ("responder", "neutral"),
        ("lead", "negative"),
    ]


@pytest.mark.parametrize("wrong", [{"sentiment": "great"}, {"theme-price": "maybe"}, {"theme-price": ""}])
def test_a_form_that_is_wrong_says_so_and_changes_nothing(cast: Cast, wrong: dict[str, str]) -> None:
    response = client_of(cast, "lead").post(PAGE, {**SAID, **wrong})
    assert response.status_code == 400
    assert "Please choose again" in response.text
    assert correction_of("shop:1") is None


def test_a_viewer_may_neither_see_nor_send_it(cast: Cast) -> None:
    client = client_of(cast, "viewer")
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, SAID).status_code == 403
    assert correction_of("shop:1") is None
    assert "/corrections/" not in client.get("/reviews?period=all").text


def test_it_is_sent_from_our_own_page_only(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.lead)
    assert client.post(PAGE, SAID).status_code == 403


def test_a_review_that_is_not_there(cast: Cast) -> None:
    assert client_of(cast, "lead").get("/corrections/shop:2").status_code == 404


def test_themes_of_the_brand_are_asked_too(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "theme_names", lambda: ("delivery", "smell"))
    client = client_of(cast, "lead")
    assert 'name="theme-smell"' in client.get(PAGE).text
    client.post(PAGE, {"sentiment": "negative", "theme-delivery": "no", "theme-smell": "negative"})
    said = correction_of("shop:1")
    assert said is not None
    assert said.themes == {"delivery": NO, "smell": "negative"}


def test_the_pages_of_a_review_lead_to_it(cast: Cast) -> None:
    client = client_of(cast, "responder")
    assert PAGE in client.get("/reviews?period=all").text
    take([tagged(1)])
    assert PAGE in client.get("/review/shop:1", follow=True).text
