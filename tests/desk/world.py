"""A brand's ordinary two months with a delivery crisis in the last days, for pages that people look at."""

import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from desk.alerts.life import apply
from desk.cases.intake import take
from desk.outbox.deliver import deliver_due
from pipeline.alerting.detection import Cause, Day, Detection, Explanation, FirstReview, Quote, SaidMore, Sign
from pipeline.index import Index
from pipeline.index.document import from_tagged
from pipeline.models import Review, TaggedReview, Tags, Theme

_SEOUL = ZoneInfo("Asia/Seoul")
_SCORES = {"negative": -0.9, "neutral": 0.0, "positive": 0.9}
_PRODUCTS = ["하루 에어프라이어 5L", "하루 무선 청소기", "하루 전기포트", "Haneul Kettle Mini"]


@dataclass(frozen=True)
class Said:
    """A text with the words that tell its theme."""

    text: str
    theme: str
    evidence: str
    sentiment: str = "negative"
    lang: str = "ko"
    emotion: str = "disappointment"
    title: str = ""


_LATE = [
    Said(
        "주문한 지 2주가 지났는데 아직도 배송 준비 중이래요. 문의해도 답이 없고 너무 답답합니다.",
        "delivery",
        "아직도 배송 준비 중",
        emotion="anger",
    ),
    Said(
        "배송이 너무 늦어요. 생일 선물이었는데 날짜 다 지나서 받았습니다. 다시는 안 사요.",
        "delivery",
        "배송이 너무 늦어요",
        emotion="anger",
        title="선물인데 늦게 왔어요",
    ),
    Said(
        "택배가 사흘째 같은 물류센터에 멈춰 있어요. 언제 오나요?", "delivery", "같은 물류센터에 멈춰", emotion="anxiety"
    ),
    Said(
        "박스가 찌그러진 채로 현관에 던져져 있었어요. 제품은 멀쩡하지만 기분이 상하네요.",
        "delivery",
        "박스가 찌그러진 채로",
    ),
    Said(
        "Ordered for next-day delivery and it took nine days. The tracking page never changed.",
        "delivery",
        "it took nine days",
        lang="en",
        emotion="anger",
    ),
    Said("당일 출고라더니 5일 뒤에 출고됐습니다. 이럴 거면 왜 당일 출고라고 적어 놓나요.", "delivery", "5일 뒤에 출고"),
]
_OTHER = [
    Said("코팅이 한 달 만에 벗겨졌어요. 매일 쓰지도 않았는데 실망입니다.", "quality", "코팅이 한 달 만에 벗겨졌어요"),
    Said("상담원 연결까지 40분, 그마저도 끊겼습니다.", "service", "상담원 연결까지 40분", emotion="anger"),
    Said("교환 신청했는데 일주일째 연락이 없어요.", "communication", "일주일째 연락이 없어요"),
    Said("지난달보다 2만 원이나 올랐네요. 너무 비싸요.", "price", "너무 비싸요"),
    Said(
        "The lid does not close properly and the handle gets hot.", "quality", "lid does not close properly", lang="en"
    ),
    Said("배터리가 15분도 못 가요. 설명에는 40분이라고 되어 있는데요.", "quality", "배터리가 15분도 못 가요"),
]
_GOOD = [
    Said(
        "디자인도 예쁘고 조용해서 만족합니다. 재구매 의사 있어요!",
        "quality",
        "조용해서 만족",
        "positive",
        emotion="joy",
    ),
    Said("배송 빠르고 포장도 꼼꼼했어요. 감사합니다.", "delivery", "배송 빠르고", "positive", emotion="gratitude"),
    Said("가격 대비 정말 괜찮아요.", "price", "가격 대비", "positive", emotion="joy"),
    Said("Heats up in two minutes, love it.", "quality", "Heats up in two minutes", "positive", "en", "joy"),
    Said("그냥 그래요. 쓸 만합니다.", "quality", "쓸 만합니다", "neutral", emotion="neutral"),
    Said("상담원분이 친절하게 바로 교환해 주셨어요.", "service", "친절하게", "positive", emotion="gratitude"),
]


def review(number: int, said: Said, at: datetime, dice: random.Random, product: str | None = None) -> TaggedReview:
    """What one customer said, as the tagger hands it on."""
    source = dice.choice(["shop", "shop", "play", "appstore", "mailbox"])
    start = said.text.index(said.evidence)
    rating = {"negative": dice.choice([0.0, 0.0, 0.25]), "neutral": 0.5, "positive": dice.choice([0.75, 1.0])}
    urgency = (
        dice.choice(["high", "medium", "medium", "low"])
        if said.emotion == "anger"
        else dice.choice(["medium", "low", "low"])
    )
    theme = Theme.model_validate(
        {
            "name": said.theme,
            "sentiment": said.sentiment,
            "score": 0.93,
            "evidence": [(start, start + len(said.evidence))],
        }
    )
    return TaggedReview(
        review=Review(
            id=f"{source}:{number}", source=source, brand="Haneul", product=product or dice.choice(_PRODUCTS),
            title=said.title,
            text=said.text, rating=rating[said.sentiment], url=f"https://shop.example/reviews/{number}",
            author_id=f"a{number}", created_at=at, collected_at=at + timedelta(minutes=20), version=1,
        ),
        tags=Tags.model_validate(
            {
                "lang": said.lang, "sentiment": said.sentiment,
                "sentiment_score": _SCORES[said.sentiment] + dice.random() / 10,
                "themes": [theme], "urgency": urgency, "emotion": said.emotion, "model": "test-1",
                "churn_risk": 0.81 if "다시는" in said.text else 0.2, "tokens": re.findall(r"\w+", said.text.lower()),
            }
        ),
    )  # fmt: skip


def fill(index: Index, now: datetime | None = None) -> list[TaggedReview]:
    """Reviews of 60 days into the index and the desk, three alerts, their mails delivered."""
    now = now or datetime.now(UTC)
    dice = random.Random(7)
    reviews: list[TaggedReview] = []
    for age in range(60, -1, -1):
        crisis = age < 3
        said = [dice.choice(_GOOD) for _ in range(dice.randint(9, 16))]
        said += [dice.choice(_OTHER) for _ in range(dice.randint(1, 3))]
        said += [dice.choice(_LATE) for _ in range(dice.randint(7, 10) if crisis else dice.choice([0, 0, 1, 1, 2]))]
        for words in said:
            at = now - timedelta(days=age, minutes=dice.randint(5, 600))
            product = _PRODUCTS[0] if words in _LATE and crisis else None
            reviews.append(review(len(reviews) + 1, words, at, dice, product))
    index.put([from_tagged(one) for one in reviews])
    take([one for one in reviews if one.review.created_at > now - timedelta(days=6)])
    detections = [_crisis(reviews, now), *_smaller(now)]
    apply(detections, [one.key for one in detections], now)
    deliver_due(now)
    return reviews


def _crisis(reviews: list[TaggedReview], now: datetime) -> Detection:
    late = [one.review for one in reviews if one.tags.themes[0].name == "delivery" and one.tags.sentiment == "negative"]
    today = now.astimezone(_SEOUL).date()
    days = []
    for age in range(41, -1, -1):
        day = today - timedelta(days=age)
        negative = sum(1 for one in late if one.created_at.astimezone(_SEOUL).date() == day)
        days.append(Day(date=day, total=negative + 14, negative=negative, expected=0.9, low=0, high=3))
    window = [day for day in days if (today - day.date).days < 3]
    quotes = [
        Quote(id=f"shop:{n}", text=said.text, created_at=now - timedelta(hours=5 * n), rating=0.0, url="https://shop.example/r",
              start=said.text.index(said.evidence), end=said.text.index(said.evidence) + len(said.evidence))
        for n, said in enumerate(_LATE[:5])
    ]  # fmt: skip
    explanation = Explanation(
        low=0, high=7,
        first=FirstReview(id=late[-1].id, created_at=late[-1].created_at, url="https://shop.example/r"),
        causes=[Cause(field="source", value="shop", share=0.81, usual=0.37, observed=21, expected=1.0)],
        phrases=[
            SaidMore(text="물류센터에 멈춰", reviews=9, before=0, z=3.9),
            SaidMore(text="당일 출고", reviews=8, before=1, z=3.1),
            SaidMore(text="tracking page", reviews=5, before=0, z=2.2),
        ],
        signs=[
            Sign(name="rating", now=0.31, before=0.77, low=-0.6, high=-0.3, count=72),
            Sign(name="leaving", now=0.12, before=0.02, low=0.03, high=0.2, count=72),
        ],
    )  # fmt: skip
    return Detection(
        key="Haneul||하루 에어프라이어 5L|delivery|surge", kind="surge", brand="Haneul", product=_PRODUCTS[0],
        theme="delivery", since=window[0].date, until=today, observed=sum(day.negative for day in window), expected=2.7,
        total=sum(day.total for day in window), p_value=3e-14, severity=3, days=days, quotes=quotes,
        explanation=explanation,
    )  # fmt: skip


def _smaller(now: datetime) -> list[Detection]:
    today = now.astimezone(_SEOUL).date()
    days = [
        Day(date=today - timedelta(age), total=15, negative=age * 7 % 3 + 2 * (age < 20), expected=1, low=0, high=4)
        for age in range(41, -1, -1)
    ]  # fmt: skip
    shared: dict[str, Any] = {"brand": "Haneul", "until": today, "days": days, "total": 300}
    return [
        Detection(
            key="Haneul|||quality|drift", kind="drift", theme="quality", since=today - timedelta(days=19), observed=58,
            expected=24.0, p_value=2e-6, severity=2, **shared,
        ),
        Detection(
            key="Haneul|mailbox|||silence", kind="silence", source="mailbox", since=today - timedelta(days=2),
            observed=0, expected=9.0, p_value=1e-4, severity=1, **{**shared, "total": 0, "days": []},
        ),
    ]  # fmt: skip
