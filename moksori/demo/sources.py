"""Declares the demo's sites as sources, with the gentleness that a site on this very machine needs: none."""

from datetime import timedelta

from crawlers.registry import AppStoreSource, Limits, MastodonSource, ShopSource, Source, WebhookSource
from moksori.demo.app_feed import APP_ID
from moksori.demo.shop_site import CATEGORIES
from moksori.demo.world import APP, BRAND, HASHTAG

SURVEY: str = "survey"
"""The name under which the survey's answers are imported."""


def demo_sources(shop: str, feed: str, social: str, secret: str) -> list[Source]:
    """The demo's sources. shop, feed, social: base addresses. secret: reference of the webhook's secret."""
    limits = Limits(delay_s=0, concurrency=4)
    return [
        ShopSource(
            name="shop", kind="shop", brand=BRAND, start=[f"{shop}/category/{slug}" for slug in CATEGORIES],
            allow_private=True, limits=limits,
        ),
        AppStoreSource(
            name="appstore", kind="appstore", brand=BRAND, product=APP, app_id=APP_ID, countries=["kr"],
            base_url=feed, allow_private=True, limits=limits,
        ),
        MastodonSource(
            name="mastodon", kind="mastodon", brand=BRAND, server=social, hashtags=[HASHTAG],
            history=timedelta(days=150), allow_private=True, limits=limits,
        ),
        WebhookSource(name="live", kind="webhook", brand=BRAND, secrets=[secret], review_kind="post"),
    ]  # fmt: skip
