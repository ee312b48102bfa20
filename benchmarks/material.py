"""What is measured with: the demo world's texts, as reviews, as tagged reviews and as index documents."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count, islice
from typing import Final, TypeVar

from moksori.demo.phrases import Language
from moksori.demo.world import BRAND, World
from moksori.tagging import BrandTagger
from pipeline.index.document import IndexDocument, from_tagged
from pipeline.models import Review, TaggedReview
from pipeline.settings import Settings

T = TypeVar("T")
DAY: Final = date(2026, 11, 24)
NOW: Final = datetime(2026, 11, 24, 12, tzinfo=UTC)
_TAGGED_AT_MOST: Final = 2_000


def reviews(number: int, name: str = "bench", language: Language | None = None) -> list[Review]:
    """So many reviews of the demo's worlds, one world after the other. name: the source, so that ids differ."""
    return list(islice(_reviews(name, language), number))


def _reviews(name: str, language: Language | None) -> Iterator[Review]:
    for seed in count(7):
        for said in _world(seed).said:
            if language is None or said.language == language:
                moment = min(said.at, NOW)
                yield Review(
                    id=f"{name}:{seed}-{said.number}", source=name, brand=BRAND, text=said.text, title=said.title,
                    product=said.product.name if said.product else None, author_id=f"a{said.number}",
                    rating=None if said.stars is None else (said.stars - 1) / 4, lang=said.language,
                    url=f"https://shop.example/products/{said.number}", created_at=moment, collected_at=NOW,
                    version=int(moment.timestamp() * 1000),
                )  # fmt: skip


@cache
def _world(seed: int) -> World:
    return World.generate(seed, DAY)


@cache
def _tagged(number: int) -> list[TaggedReview]:
    some = reviews(number)
    tags = BrandTagger(Settings()).tag(some)
    return [TaggedReview(review=review, tags=each) for review, each in zip(some, tags, strict=True)]


def batches(things: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """The same in batches, as a worker gets them."""
    left = iter(things)
    while batch := tuple(islice(left, size)):
        yield batch


def tagged_reviews(number: int, name: str = "bench") -> list[TaggedReview]:
    """So many tagged reviews with ids of their own; texts and tags come again after 2,000."""
    known = _tagged(min(number, _TAGGED_AT_MOST))
    return [
        TaggedReview(review=each.review.model_copy(update={"id": f"{name}:{place}", "source": name}), tags=each.tags)
        for place, each in ((place, known[place % len(known)]) for place in range(number))
    ]


def varied_documents(number: int, days: int = 365, products: int = 200) -> Iterator[IndexDocument]:
    """So many documents of which hardly two are alike: two texts each, any product, source, author and time.

    The same ones each time. They come about in the order of their time, as reviews do.
    """
    rng = random.Random(20261124)
    known = [from_tagged(each) for each in _tagged(min(number, _TAGGED_AT_MOST))]
    step = timedelta(days=days) / number
    for place in range(number):
        first, second = rng.choice(known), rng.choice(known)
        created = NOW - timedelta(days=days) + step * place - timedelta(hours=rng.random() * 48)
        source = f"source-{min(rng.randrange(5), rng.randrange(5))}"
        product = min(rng.randrange(products), rng.randrange(products))
        yield first.model_copy(
            update={
                "id": f"{source}:{place}", "source": source, "product": f"product {product}",
                "author_id": f"author {rng.randrange(300_000)}", "created_at": created, "collected_at": created,
                "version": int(created.timestamp() * 1000), "text": f"{first.text} {second.text}",
                "tokens": f"{first.tokens} {second.tokens} w{rng.randrange(50_000)}",
            }
        )  # fmt: skip
