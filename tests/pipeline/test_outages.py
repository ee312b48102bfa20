"""Days on which a source was silent are no quiet days: nothing is learnt from them, and they end no trouble."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerting.detect import detect, expected_days, usual_days
from pipeline.alerting.outages import gaps, outages
from pipeline.alerting.series import Counts


def counts(*days: int) -> Counts:
    return np.array([days], np.int64)


def test_a_gap_is_as_probable_as_the_days_before_were_empty() -> None:
    busy = counts(*[3] * 40, 0, 0, 3, 0)
    gap, chance = gaps(busy)
    assert gap[0, 38:].tolist() == [0, 0, 1, 2, 0, 1]
    assert chance[0, 40] == pytest.approx(0.5 / 41)
    assert chance[0, 41] == pytest.approx((0.5 / 41) ** 2)
    assert chance[0, 43] == pytest.approx(2.5 / 44)
    rare = counts(*[1, 0, 0, 0] * 12)
    assert gaps(rare)[1].min() > 0.3
    assert gaps(counts(0, 0, 0, 5, 0, 0))[1].tolist() == [[1.0] * 6]


@given(st.lists(st.integers(0, 3), min_size=30, max_size=60), st.integers(25, 29))
def test_a_day_is_judged_by_what_was_known_then(days: list[int], until: int) -> None:
    assert gaps(counts(*days))[1][0, :until].tolist() == gaps(counts(*days[:until]))[1][0].tolist()


def test_series_miss_what_a_source_with_half_of_their_reviews_does_not_send() -> None:
    shop, forum = np.array([9] * 60 + [0] * 3), np.array([3] * 63)
    reviews = {
        ("shop", None): shop, ("forum", None): forum, (None, "kettle"): shop, (None, "pan"): forum,
        (None, None): shop + forum,
    }  # fmt: skip
    parts = {("shop", "kettle"): int(shop.sum()), ("forum", "pan"): int(forum.sum())}
    missing = {key: np.flatnonzero(days).tolist() for key, days in outages(reviews, parts).items()}
    lost = [60, 61, 62]
    assert missing == {
        ("shop", None): lost, ("forum", None): [], (None, "kettle"): lost, (None, "pan"): [], (None, None): lost,
    }  # fmt: skip


def test_an_outage_changes_nothing_of_what_is_usual() -> None:
    random = np.random.default_rng(1)
    total = random.poisson(40, (30, 120))
    negative = random.binomial(total, 0.1)
    holes, bad = total.copy(), negative.copy()
    outage = np.zeros(total.shape, bool)
    holes[:, 90:100] = bad[:, 90:100] = 0
    outage[:, 90:100] = True
    whole, masked, naive = (usual_days(*each) for each in ((total, negative), (holes, bad, outage), (holes, bad)))
    assert masked.complaints[:, 100].mean() == pytest.approx(whole.complaints[:, 100].mean(), rel=0.03)
    assert naive.complaints[:, 110].mean() < 0.95 * whole.complaints[:, 110].mean()
    chart = expected_days(holes[0], bad[0], outage[0])[0]
    assert chart[101] == pytest.approx(expected_days(total[0], negative[0])[0][101], rel=0.2)


def test_trouble_outlives_an_outage() -> None:
    random = np.random.default_rng(2)
    total = random.poisson(40, (20, 106))
    negative = random.binomial(total, 0.1)
    more = random.poisson(14, (20, 3))
    total[:, 100:103] += more
    negative[:, 100:103] += more
    total[:, 103:] = negative[:, 103:] = 0
    outage = np.zeros(total.shape, bool)
    outage[:, 103:] = True
    with_, without = len(detect(total, negative, outage=outage)), len(detect(total, negative))
    assert with_ == 20
    assert without < with_
