"""The explanation of an alert: in mail, page, post and command line, in both languages, hostile values harmless."""

import json
from typing import Any
from urllib.parse import unquote

import pytest

from desk.alerts.explanation import reasons
from desk.alerts.kibana import DATA_VIEW, kibana_link
from desk.alerts.life import apply
from desk.alerts.models import Alert
from desk.alerts.queries import alert_row
from desk.alerts.wording import headline
from desk.outbox.message import build
from desk.outbox.models import OutboxMessage
from moksori.kibana import panels
from pipeline.alerting.detection import Cause, Explanation, FirstReview, SaidMore, Sign
from pipeline.settings import Settings
from tests.desk.alerts.test_mail import SENDER, parts
from tests.desk.conftest import BOTH, NOW, Cast, detection

EVIL = '3.2.0"><script>alert(1)</script>\r\nBcc: a@b.c @here\x00'


SPACE = "\N{NO-BREAK SPACE}"


def explained(version: str = "3.2.0", phrase: str = "앱이 꺼져요") -> Explanation:
    return Explanation(
        low=1, high=9,
        first=FirstReview(id="shop:1/ä", created_at=NOW, url="https://shop.example/1"),
        causes=[
            Cause(field="product_version", value=version, share=0.812, usual=0.12, observed=30, expected=0.5),
            Cause(field="lang", value="ko", share=1.2, usual=0.0, observed=36, expected=0.5),
        ],
        phrases=[SaidMore(text=phrase, reviews=21, before=1, z=4.2)],
        signs=[
            Sign(name="rating", now=0.1, before=0.8, low=-0.8, high=-0.6, count=60),
            Sign(name="leaving", now=0.3, before=0.004, low=0.2, high=0.4, count=60),
            Sign(name="unanswered", now=0.9, before=0.2, low=0.5, high=0.8, count=30),
            Sign(name="again", now=0.25, before=0.0, low=0.1, high=0.4, count=36),
        ],
    )  # fmt: skip


def opened(**changes: Any) -> Alert:
    apply([detection(explanation=changes.pop("explanation", explained()), **changes)], [], NOW)
    return Alert.objects.get()


TOLD = {
    "ko": [
        "늘어난 불만의 81~%: 버전 3.2.0 (평소 12~%)",
        "늘어난 불만의 100~%: 언어 한국어 (평소 0~%)",
        "이전보다 자주 나오는 말: “앱이 꺼져요” (21)",
        "평점이 5점 만점에 4.2점에서 1.4점으로 떨어졌습니다.",
        "이탈할 것 같은 고객: 리뷰의 30~% (이전 <1~%)",
        "하루 안에 공개 답변을 받지 못한 불만: 90~% (이전 20~%)",
        "두 번 이상 불만을 쓴 고객의 글: 불만의 25~% (이전 0~%)",
    ],
    "en": [
        "81~% of the excess: version 3.2.0 (usually 12~%)",
        "100~% of the excess: language Korean (usually 0~%)",
        "Said more often than before: “앱이 꺼져요” (21)",
        "Ratings fell to 1.4 of 5 stars, from 4.2.",
        "Authors who will probably leave: 30~% of the reviews, <1~% before.",
        "Without a public answer within a day: 90~% of the complaints, 20~% before.",
        "By people who complained more than once: 25~% of the complaints, 0~% before.",
    ],
}


@pytest.mark.parametrize("database", BOTH, indirect=True)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_mail_page_and_command_line_say_the_same(change_settings: Any, cast: Cast, language: str) -> None:
    change_settings(BRAND__LANGUAGE=language)
    alert = opened()
    lines = [line.replace("~", SPACE) for line in TOLD[language]]
    assert reasons(alert, language) == lines
    assert alert_row(alert.pk)["reasons"] == lines
    plain, html = parts(build(OutboxMessage.objects.get(), SENDER))
    client = cast.client("viewer")
    client.cookies["moksori_language"] = language
    page = client.get(f"/alerts/{alert.pk}").content.decode()
    for line in lines:
        assert line in plain
        assert line.replace("<", "&lt;") in html
        assert line.replace("<", "&lt;") in page
    for text in (plain, html, page):
        assert "(1–9)" in text
        assert "/review/shop:1/%C3%A4" in text


def test_an_alert_without_explanation_says_none(installation: Settings, cast: Cast) -> None:
    alert = opened(explanation=None)
    assert reasons(alert) == []
    plain, html = parts(build(OutboxMessage.objects.get(), SENDER))
    page = cast.client("viewer").get(f"/alerts/{alert.pk}").content.decode()
    for text in (plain, html, page):
        assert "달라진 점" not in text
        assert "None" not in text


def test_values_of_strangers_stay_text(database: str, installation: Settings) -> None:
    opened(explanation=explained(EVIL, "<b>x</b>"), location=EVIL, version=EVIL)
    message = build(OutboxMessage.objects.get(), SENDER)
    plain, html = parts(message)
    assert message["Bcc"] is None
    assert "<script" not in html
    assert "<b>x" not in html
    assert "\nBcc" not in plain


def test_posts_tell_the_cause(database: str, change_settings: Any, tmp_path: Any) -> None:
    (tmp_path / "alerts.yaml").write_text(
        "channels:\n  - {name: a, kind: webhook, url: env:A, secret: env:B, language: en}\n"
        "  - {name: b, kind: kakaowork, url: env:A}\n"
        "rules:\n  - {name: trends, kind: trend, channels: [a, b]}\n"
    )
    change_settings(CONFIG_DIR=str(tmp_path))
    opened(explanation=explained(EVIL), rule="trends")
    hook, kakao = (OutboxMessage.objects.get(channel=name).payload for name in "ab")
    assert f"81{SPACE}% of the excess: version 3.2.0" in hook["data"]["numbers"]
    assert hook["data"]["explanation"]["causes"][0]["share"] == 0.812
    assert f"늘어난 불만의 81{SPACE}%" in json.dumps(kakao, ensure_ascii=False)
    assert "@here" not in json.dumps(kakao)


def test_the_headline_names_version_place_and_language(database: str, installation: Settings) -> None:
    alert = opened(version="3.2.0")
    assert headline(alert, "en") == "에어프라이어 3.2.0: many complaints about delivery"
    alert.version, alert.location = "", "Busan"
    assert headline(alert, "en") == "에어프라이어 (Busan): many complaints about delivery"
    alert.location, alert.language = "", "en"
    assert headline(alert, "ko") == "에어프라이어 (영어): 배송 불만이 급증했습니다"


@pytest.mark.parametrize(
    ("kind", "sign", "title", "said"),
    [
        (
            "rating",
            Sign(name="rating", now=0.35, before=0.8, low=-0.6, high=-0.3, count=40),
            ("주전자: 평점이 떨어지고 있습니다", "주전자: ratings fall"),
            ("2.4", "4.2"),
        ),
        (
            "reply-time",
            Sign(name="late", now=0.9, before=0.5, low=0.2, high=0.6, count=40),
            ("주전자: 답변이 늦어지고 있습니다", "주전자: answers take longer"),
            (f"90{SPACE}%", f"50{SPACE}%"),
        ),
    ],
)
def test_a_mean_that_is_worse_is_told_with_both_means(
    kind: str,
    sign: Sign,
    title: tuple[str, str],
    said: tuple[str, str],
    database: str,
    installation: Settings,
) -> None:
    found = detection(
        kind=kind, product="주전자", theme=None, days=[], explanation=Explanation(low=9, high=9, signs=[sign])
    )
    apply([found], [], NOW)
    alert = Alert.objects.get()
    assert not alert.has_counts
    for language, headed in zip(("ko", "en"), title, strict=True):
        assert headline(alert, language) == headed
        (reason,) = reasons(alert, language)
        assert all(each in reason for each in said)
    text = "".join(parts(build(OutboxMessage.objects.all()[0], SENDER)))
    assert all(each in text for each in said)
    assert "9–9" not in text


def test_a_link_to_kibana_asks_for_scope_and_window(database: str, change_settings: Any) -> None:
    alert = opened(product='it\'s "new"!', version="3.2.0")
    assert kibana_link(alert) == ""
    change_settings(KIBANA__URL="https://kibana.example/")
    link = kibana_link(alert)
    assert link.startswith("https://kibana.example/app/discover#/?_g=")
    assert not set(" \"'<>") & set(link)
    asked = unquote(link)
    assert "(from:'2026-11-17T15:00:00Z',to:'2026-11-20T15:00:00Z')" in asked
    assert 'product : ("it!\'s \\"new\\"!!") and product_version : ("3.2.0") and negative_themes : "delivery"' in asked
    assert f"dataViewId:'{DATA_VIEW}'" in asked
    assert DATA_VIEW == panels.DATA_VIEW
