"""Sensitivity: fewer false alarms ask for more certainty, within what was measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerting.detect import CERTAINTY
from pipeline.alerting.sensitivity import certainty, false_alarms

MONTHLY = st.floats(1e-6, 1e4)
SERIES = st.integers(1, 100_000)


def test_nothing_asked_is_the_detectors_own() -> None:
    assert certainty(None, 10) == certainty(1, 0) == CERTAINTY


@given(MONTHLY, MONTHLY, SERIES)
def test_who_accepts_more_false_alarms_needs_less_certainty(one: float, other: float, series: int) -> None:
    fewer, more = sorted((one, other))
    assert 0.4 <= certainty(more, series) <= certainty(fewer, series) <= 0.999


@given(st.floats(0.4, 0.999), SERIES)
def test_there_and_back(certain: float, series: int) -> None:
    assert certainty(false_alarms(certain, series), series) == pytest.approx(certain, abs=1e-6)


@given(st.floats(0.25, 4), SERIES)
def test_who_finds_alerts_useful_gets_more_of_them(lean: float, series: int) -> None:
    asked = certainty(None, series, lean)
    assert (asked <= CERTAINTY + 1e-9) == (lean >= 1)
