"""The demo's world says what its story needs, and the real spiders can collect it."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest

from crawlers.collect import collect
from crawlers.importer import Layout, import_file
from crawlers.publish import Origin
from moksori.demo.servers import serve
from moksori.demo.world import BAD_RELEASE, DAYS, SALE_DAYS, SURGE_DAYS, SURGE_PRODUCT, ZONE, Said, World
from pipeline.models import Review, parse_message
from pipeline.stream import RAW
from pipeline.stream.sqlite import SqliteStream

TODAY = date(2026, 11, 20)
SEEDS = (7, 1, 2)


@pytest.fixture(scope="module", params=SEEDS)
def world(request: pytest.FixtureRequest) -> World:
    return World.generate(request.param, TODAY)


def days_ago(one: Said) -> int:
    return (TODAY - one.at.astimezone(ZONE).date()).days


def share(said: list[Said]) -> float:
    return sum(one.mood == "negative" for one in said) / len(said)


def test_the_same_seed_and_day_say_the_same() -> None:
    assert World.generate(7, TODAY) == World.generate(7, TODAY)
    assert World.generate(7, TODAY).said != World.generate(8, TODAY).said
    assert World.generate(7, TODAY).said != World.generate(7, TODAY + timedelta(days=1)).said


def test_it_is_as_big_and_as_mixed_as_told(world: World) -> None:
    assert 5700 < len(world.said) < 6400
    assert {days_ago(one) for one in world.said} == set(range(DAYS))
    assert 0.75 < Counter(one.language for one in world.said)["ko"] / len(world.said) < 0.85
    assert 0.75 < Counter(one.mood for one in world.said)["positive"] / len(world.said) < 0.83
    assert len({one.text for one in world.said}) > 0.9 * len(world.said)
    assert any(one.theme == "spam" for one in world.said)
    assert any("010-55" in one.text for one in world.said)
    assert len(world.of("app")) <= 500


def test_one_product_does_not_arrive_these_days(world: World) -> None:
    late = [
        one for one in world.of("shop")
        if one.product and one.product.slug == SURGE_PRODUCT and one.mood == "negative" and one.theme == "delivery"
    ]  # fmt: skip
    daily = Counter(days_ago(one) for one in late)
    assert all(daily[ago] >= 10 for ago in range(SURGE_DAYS + 1))
    assert sum(daily[ago] for ago in range(SURGE_DAYS + 1, DAYS)) / (DAYS - SURGE_DAYS - 1) < 0.6


def test_the_app_gets_slowly_worse_since_a_release(world: World) -> None:
    app = world.of("app")
    before = [one for one in app if days_ago(one) > BAD_RELEASE]
    early = [one for one in app if BAD_RELEASE >= days_ago(one) > BAD_RELEASE / 2]
    late = [one for one in app if days_ago(one) <= BAD_RELEASE / 2]
    assert share(before) < 0.25
    assert share(early) < share(late)
    assert share(late) > 0.4
    assert not any((one.app_version or "").startswith("5.2") for one in before)


def test_a_sale_triples_the_volume_and_not_the_complaints(world: World) -> None:
    shop = world.of("shop")
    daily = Counter(days_ago(one) for one in shop)
    usual = [daily[ago] for ago in range(SURGE_DAYS + 1, DAYS) if ago not in SALE_DAYS]
    assert all(2.3 < daily[ago] / (sum(usual) / len(usual)) < 3.7 for ago in SALE_DAYS)
    assert share([one for one in shop if days_ago(one) in SALE_DAYS]) < 0.22


@pytest.mark.slow
def test_the_real_spiders_collect_it_and_see_what_changes(tmp_path: Path) -> None:
    stream = SqliteStream(str(tmp_path / "stream.db"))
    stream.setup()
    with serve(World.generate()) as sites:
        first = {one.source: one for one in collect(sites.sources, stream, tmp_path)}
        origin, layout = Origin("survey", "b", "survey"), Layout(sites.survey_mapping)
        survey = import_file(sites.survey_csv, origin, layout, stream=stream, state_dir=tmp_path)
        sites.advance()
        second = {one.source: one for one in collect(sites.sources, stream, tmp_path)}
        expected = {"shop": "shop", "appstore": "app", "mastodon": "social"}
        for source, channel in expected.items():
            seen = len(sites.stage.seen(channel))  # type: ignore[arg-type]
            assert first[source].published + second[source].published - second[source].edited in range(seen, seen + 3)
    assert (first["appstore"].state, first["mastodon"].state) == ("ok", "ok")
    assert first["shop"].state == "partial"
    assert "forever-mug redirects in a circle" in first["shop"].reason
    assert survey.published == survey.rows > 150
    assert second["shop"].unchanged == first["shop"].published
    assert second["appstore"].edited <= 1
    assert (second["mastodon"].edited, second["mastodon"].deleted) == (1, 1)
    messages = [parse_message(record.value) for record in stream.read(RAW, {}, 100_000)]
    reviews = [message for message in messages if isinstance(message, Review)]
    assert len({review.id for review in reviews}) > 5500
    assert not any("010-55" in review.text or "@mail.example" in review.text for review in reviews)
    stream.close()
