"""Invents four months of what customers say about a brand: what, when and where, from a seed and a day."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal, Self
from zoneinfo import ZoneInfo

from moksori.demo.phrases import Language, Mood, Product, Voice, products

Channel = Literal["shop", "app", "social", "survey", "webhook"]

BRAND: Final = "새벽나루"
APP: Final = "새벽나루 앱"
HASHTAG: Final = "새벽나루"
ZONE: Final = ZoneInfo("Asia/Seoul")
DAYS: Final = 120
SURGE_PRODUCT: Final = "cloud-comforter"
SURGE_DAYS: Final = 3
"""Full days before today on which the comforter does not arrive; it goes on today."""
SALE_DAYS: Final = (35, 34)
"""Days ago on which a sale tripled the volume, without more complaints."""
BAD_RELEASE: Final = 33
"""Days ago that the app's version 5.2.0 came, from which on complaints rise slowly."""
_RELEASES: Final = ((DAYS, "5.0.0"), (91, "5.0.2"), (62, "5.1.0"), (BAD_RELEASE, "5.2.0"), (12, "5.2.1"))
_DAILY: Final[dict[Channel, float]] = {"shop": 40.0, "app": 3.3, "social": 2.5, "survey": 1.8}
_THEMES: Final = ("quality", "service", "delivery", "communication", "price")
_COMPLAINTS: Final = (30, 20, 23, 13, 14)
_PRAISE: Final = (50, 12, 18, 6, 14)
_WEEK: Final = (1.08, 1.05, 1.0, 1.0, 0.97, 0.93, 0.97)
_HOURS: Final = (3, 1, 1, 1, 1, 1, 2, 4, 6, 7, 8, 8, 9, 8, 7, 7, 7, 8, 9, 10, 11, 11, 9, 6)


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that one customer said. stars: 1 to 5. later: how the text reads once it is edited.

    gone: deleted when the world advances. arrives: said only then.
    """

    number: int
    channel: Channel
    author: str
    text: str
    language: Language
    at: datetime
    mood: Mood
    theme: str
    product: Product | None = None
    stars: int | None = None
    title: str = ""
    app_version: str | None = None
    later: str | None = None
    gone: bool = False
    arrives: bool = False


@dataclass(frozen=True, slots=True)
class World:
    """All that is said, oldest first. Some of `today` may lie in the future of the one who asks."""

    seed: int
    today: date
    said: tuple[Said, ...]

    @classmethod
    def generate(cls, seed: int = 7, today: date | None = None) -> Self:
        """The world of a seed and a day (default: today in Korea); the same two give the same world."""
        day = today or datetime.now(ZONE).date()
        said = sorted(_Author(seed, day).everything(), key=lambda one: one.at)
        numbered = [replace(one, number=number) for number, one in enumerate(said, start=1)]
        return cls(seed, day, tuple(_with_changes(numbered, day)))

    def of(self, channel: Channel) -> list[Said]:
        """What is said in one place, oldest first."""
        return [one for one in self.said if one.channel == channel]


class _Author:
    """Writes the world, day by day."""

    def __init__(self, seed: int, today: date) -> None:
        self._rng = random.Random(f"{seed} {today.isoformat()}")  # noqa: S311  (a story, no secret)
        self._today = today
        self._voices = {language: Voice(language, self._rng) for language in ("ko", "en")}
        self._products = products()
        self._surge = next(product for product in self._products if product.slug == SURGE_PRODUCT)

    def everything(self) -> Iterator[Said]:
        for ago in range(DAYS - 1, -1, -1):
            day = self._today - timedelta(days=ago)
            for channel, daily in _DAILY.items():
                for _ in range(self._how_many(channel, daily, ago, day)):
                    yield from self._one(channel, ago, day)
            if ago <= SURGE_DAYS:
                yield from self._surge_day(day)
        for _ in range(30):
            yield from self._one("webhook", 0, self._today)

    def _how_many(self, channel: Channel, daily: float, ago: int, day: date) -> int:
        expected = daily * _WEEK[day.weekday()]
        if ago in SALE_DAYS and channel in ("shop", "social"):
            expected *= 3
        if channel == "app" and ago < BAD_RELEASE:
            expected *= 1 + 0.7 * (BAD_RELEASE - ago) / BAD_RELEASE
        # narrower than Poisson: a day is a sum of many small habits
        return max(0, round(self._rng.gauss(expected, (expected**0.5) * 0.8)))

    def _one(self, channel: Channel, ago: int, day: date) -> Iterator[Said]:
        voice = self._voices["en" if self._rng.random() < 0.2 else "ko"]
        mood = self._mood(channel, ago)
        theme = self._rng.choices(_THEMES, _PRAISE if mood == "positive" else _COMPLAINTS)[0]
        product = self._rng.choices(self._products, [product.share for product in self._products])[0]
        if channel == "app":
            theme, text = "quality", voice.about_app(mood)
        else:
            text = voice.about_product(mood, theme, product)
        if mood == "negative" and self._rng.random() < 0.06:
            text = f"{text} {voice.contact()}"
        if self._rng.random() < 0.008 and channel in ("shop", "social"):
            mood, theme, text = "neutral", "spam", voice.spam()
        if channel in ("social", "webhook"):
            text = voice.post(text, product)
        said = Said(
            number=0, channel=channel, author=voice.author(), text=text, language=voice.language,
            at=self._moment(day), mood=mood, theme=theme, product=None if channel == "app" else product,
            stars=self._stars(channel, mood), title=voice.title(mood) if channel == "app" else "",
            app_version=_release(ago) if channel == "app" else None,
        )  # fmt: skip
        yield said
        if channel == "shop" and self._rng.random() < 0.006:  # pressed the button twice
            yield replace(said, at=said.at + timedelta(minutes=self._rng.randrange(1, 9)))

    def _surge_day(self, day: date) -> Iterator[Said]:
        for _ in range(self._rng.randrange(11, 15)):
            voice = self._voices["en" if self._rng.random() < 0.15 else "ko"]
            text = voice.about_surge(self._surge)
            if self._rng.random() < 0.12:
                text = f"{text} {voice.contact()}"
            yield Said(
                number=0, channel="shop", author=voice.author(), text=text, language=voice.language,
                at=self._moment(day), mood="negative", theme="delivery", product=self._surge,
                stars=self._stars("shop", "negative"),
            )  # fmt: skip

    def _mood(self, channel: Channel, ago: int) -> Mood:
        negative = 0.15
        if channel == "app" and ago < BAD_RELEASE:
            negative = 0.18 + 0.5 * (BAD_RELEASE - ago) / BAD_RELEASE
        drawn = self._rng.random()
        if drawn < negative:
            return "negative"
        return "neutral" if drawn < negative + 0.04 else "positive"

    def _stars(self, channel: Channel, mood: Mood) -> int | None:
        if channel in ("social", "webhook") or (channel == "shop" and self._rng.random() < 0.07):
            return None
        if mood == "positive":
            return self._rng.choice((5, 5, 5, 4))
        return 3 if mood == "neutral" else self._rng.choice((1, 1, 1, 2, 2, 3))

    def _moment(self, day: date) -> datetime:
        hour = self._rng.choices(range(24), _HOURS)[0]
        local = time(hour, self._rng.randrange(60), self._rng.randrange(60))
        return datetime.combine(day, local, ZONE).astimezone(UTC)


def _release(ago: int) -> str:
    return [version for since, version in _RELEASES if ago < since or since == DAYS][-1]


def _with_changes(said: list[Said], today: date) -> Iterator[Said]:
    """The same with what changes later: among recent posts an edit, a deletion and arrivals, in the app an edit."""
    start = datetime.combine(today - timedelta(days=5), time(0), ZONE)
    end = datetime.combine(today, time(0), ZONE)
    posts = [one for one in said if one.channel == "social" and start <= one.at < end]
    apps = [one for one in said if one.channel == "app" and one.mood == "negative" and start <= one.at < end]
    upset = [one for one in posts[:-3] if one.mood == "negative"] or posts[:1]
    edited, gone, arriving = ({one.number for one in some} for some in (upset[:1], posts[-3:-2], posts[-2:]))
    fixed = {one.number for one in apps[:1]}
    for one in said:
        if one.number in edited:
            yield replace(one, later=f"{one.text} (수정: 고객센터에서 연락이 와서 잘 해결됐어요. 감사합니다)")
        elif one.number in fixed:
            yield replace(one, later=f"{one.text} 추가로, 새로 깔았더니 로그인까지 안 됩니다.")
        elif one.number in gone:
            yield replace(one, gone=True)
        elif one.number in arriving:
            yield replace(one, arrives=True)
        else:
            yield one
