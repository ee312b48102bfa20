"""Quiet hours end in the time zone of whoever sleeps."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.alerting.quiet import QuietHours

NIGHT = QuietHours.model_validate({"start": "22:00", "end": "08:00"})
NOON = QuietHours.model_validate({"start": 12 * 60, "end": "13:30", "timezone": "Europe/Berlin"})


def at(hour: int, minute: int = 0, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "moment", "told"),
    [
        (NIGHT, at(12, 59), at(12, 59)),  # 21:59 in Seoul
        (NIGHT, at(13), at(23)),
        (NIGHT, at(22, 59), at(23)),
        (NIGHT, at(23), at(23)),
        (NIGHT, at(15, 30), at(23)),  # half past midnight
        (NOON, at(11), at(12, 30)),
        (NOON, at(12, 30), at(12, 30)),
    ],
)
def test_who_sleeps_is_told_when_they_wake(quiet: QuietHours, moment: datetime, told: datetime) -> None:
    assert quiet.after(moment, "Asia/Seoul") == told


@given(st.integers(0, 3 * 365 * 24 * 60), st.times(), st.times())
def test_nothing_is_told_earlier_or_a_day_late_or_put_off_twice(minutes: int, start: Any, end: Any) -> None:
    quiet = QuietHours.model_validate({"start": f"{start:%H:%M}", "end": f"{end:%H:%M}", "timezone": "Europe/Berlin"})
    asked = at(0) + timedelta(minutes=minutes)
    told = quiet.after(asked, "Asia/Seoul")
    assert asked <= told <= asked + timedelta(hours=25)
    if start.replace(second=0, microsecond=0) != end.replace(second=0, microsecond=0):
        assert quiet.after(told, "Asia/Seoul") == told


@pytest.mark.parametrize("field", [{"start": "25:00"}, {"end": "late"}, {"timezone": "Mars/Base"}])
def test_what_is_no_time_is_refused(field: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="Write for example"):
        QuietHours.model_validate({"start": "22:00", "end": "08:00", **field})
