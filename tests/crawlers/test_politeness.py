from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawlers.addresses import is_public
from crawlers.patience import asked_wait
from crawlers.registry import ShopSource
from crawlers.settings import scrapy_settings
from crawlers.times import read_time

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
SEOUL = ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None), ({"retry-after": "30"}, 30), ({"retry-after": "0"}, 0), ({"retry-after": "soon"}, None),
        ({"retry-after": "Fri, 20 Nov 2026 03:01:00 GMT"}, 60), ({"retry-after": "Fri, 20 Nov 2026 02:00:00 GMT"}, 0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-11-20T03:05:00.123456Z"}, 300.123456),
        ({"x-ratelimit-remaining": "3", "x-ratelimit-reset": "2026-11-20T03:05:00Z"}, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(NOW.timestamp() + 7)}, 7),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "12"}, 12),
        ({"x-ratelimit-remaining": "0"}, None), ({"retry-after": "-5"}, None), ({"retry-after": "nan"}, None),
    ],
)  # fmt: skip
def test_how_long_a_server_asks_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait(headers, NOW) == (None if seconds is None else pytest.approx(seconds))


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_header_is_a_wait_or_none(after: str, reset: str) -> None:
    wait = asked_wait({"retry-after": after, "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}, NOW)
    assert wait is None or wait >= 0


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1",
     "::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "2002:7f00:1::", "255.255.255.255"],
)  # fmt: skip
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_public_addresses(address: str) -> None:
    assert is_public(address)


def test_a_source_is_polite_unless_it_says_otherwise() -> None:
    source = ShopSource(name="s", kind="shop", brand="b", start=["https://shop.example/"])
    settings = scrapy_settings(source)
    assert (settings["ROBOTSTXT_OBEY"], settings["AUTOTHROTTLE_ENABLED"], settings["DOWNLOAD_DELAY"]) == (
        True,
        True,
        1.0,
    )
    assert settings["CONCURRENT_REQUESTS_PER_DOMAIN"] == 1
    assert "moksori" in settings["USER_AGENT"]
    assert not settings["MOKSORI_ALLOW_PRIVATE"]


MOMENT = datetime(2026, 3, 4, 1, 2, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-04T01:02:03Z", MOMENT), ("2026-03-04T10:02:03+09:00", MOMENT), ("2026-03-04T01:02:03+0000", MOMENT),
        ("2026-03-04T01:02:03.123456789Z", MOMENT + timedelta(microseconds=123456)), ("2026-03-04 10:02:03", MOMENT),
        ("2026-03-04", datetime(2026, 3, 3, 15, tzinfo=UTC)), ("2026.3.4", datetime(2026, 3, 3, 15, tzinfo=UTC)),
        ("2026년 3월 4일 10:02", datetime(2026, 3, 4, 1, 2, tzinfo=UTC)), ("Wed, 04 Mar 2026 01:02:03 GMT", MOMENT),
        (1772586123, MOMENT), (1772586123000, MOMENT), ("1772586123", MOMENT), (1772586123000000, MOMENT),
        (None, None), ("", None), ("  ", None),
    ],
)  # fmt: skip
def test_times(value: object, expected: datetime | None) -> None:
    assert read_time(value, SEOUL) == expected


@pytest.mark.parametrize(
    "value", ["gestern", "2026-13-01", True, [], {}, 5, "0", float("inf"), "9999-12-31T23:59:59-23:00"]
)
def test_no_times(value: object) -> None:
    with pytest.raises(ValueError):
        read_time(value, SEOUL)


@given(st.text(max_size=40) | st.integers() | st.floats())
def test_anything_is_a_time_or_a_value_error(value: object) -> None:
    try:
        moment = read_time(value, SEOUL)
    except ValueError:
        return
    assert moment is None or moment.tzinfo is UTC
