"""A responder's morning in a real browser, on a desktop and on a phone."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

PAGES = {
    "home": "/",
    "alerts": "/alerts",
    "alert": "/alerts/3",
    "cases": "/cases",
    "case": "/cases/1",
    "reviews": "/reviews",
    "themes": "/themes",
    "theme": "/themes/delivery",
    "sources": "/sources",
    "ledger": "/ledger",
    "mails": "/mail",
    "mail": "/mail/3",
}


def test_a_responder_finds_the_delivery_case_takes_it_and_writes_a_note(open_page: Callable[..., Page]) -> None:
    page = open_page("kim")
    page.get_by_role("link", name=re.compile("케이스")).first.click()
    page.get_by_role("searchbox").fill("배송이 너무 늦어요")
    page.get_by_role("button", name="찾기").click()
    page.locator(".case-row a").first.click()
    expect(page.locator("mark").first).to_have_text("배송이 너무 늦어요")
    page.get_by_role("button", name="이 케이스 맡기").click()
    expect(page.locator("[role=status]")).to_contain_text("담당자를 바꿨습니다")
    page.get_by_label("동료에게 남기는 메모").fill("고객과 통화했습니다. <b>내일</b> 다시 연락합니다.")
    page.get_by_role("button", name="메모 추가").click()
    expect(page.locator(".notes")).to_contain_text("고객과 통화했습니다. <b>내일</b> 다시 연락합니다.")
    expect(page.locator(".history")).to_contain_text("kim")


def test_two_people_cannot_overwrite_each_other(open_page: Callable[..., Page]) -> None:
    first, second = open_page("lee"), open_page("park", language="en")
    first.goto("/cases/1")
    second.goto("/cases/1")
    first.get_by_label("답변 내용").fill("늦어서 죄송합니다.")
    first.get_by_role("button", name="답변 저장").click()
    expect(first.locator("[role=status]")).to_be_visible()
    second.get_by_label("Text of the reply").fill("We are sorry.")
    with second.expect_response(lambda response: response.status == 409):
        second.evaluate("document.querySelector('form[action$=\"/reply\"]').submit()")
    expect(second.get_by_role("alert")).to_contain_text("Someone else changed this case")
    expect(second.get_by_label("Text of the reply")).to_have_value("We are sorry.")
    expect(second.locator(".quote")).to_contain_text("늦어서 죄송합니다.")


def test_the_language_switch_stays(open_page: Callable[..., Page]) -> None:
    page = open_page("kim")
    expect(page.get_by_role("heading", level=1)).to_have_text("지금 아픈 곳")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What hurts now")
    page.goto("/cases")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cases")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_fits_its_screen_without_complaints(
    open_page: Callable[..., Page], width: int, language: str
) -> None:
    page = open_page("park", language, width)
    pictures = os.environ.get("MOKSORI_PICTURES")
    for name, path in PAGES.items():
        response = page.goto(path)
        assert response is not None
        assert response.status == 200, path
        too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert too_wide <= 0, f"{path} is {too_wide} pixels too wide"
        assert page.locator("h1").count() == 1, path
        if pictures:
            folder = Path(pictures)
            folder.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=folder / f"{name}-{language}-{width}.png", full_page=True)


def test_the_keyboard_reaches_the_work(open_page: Callable[..., Page]) -> None:
    page = open_page("kim")
    page.goto("/cases")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_class("skip")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_be_visible()
