"""Learns the profile of a day: which part of its reviews each hour brings."""

from typing import Final

import numpy as np

from pipeline.alerting.series import Counts
from pipeline.alerting.usual import Floats

PROFILE_DAYS: Final = 28
_EVEN_REVIEWS: Final = 24.0
"""Reviews, evenly over the day, that count like the first ones of the brand."""
_BRAND_REVIEWS: Final = 100.0
"""Reviews of the brand's profile that count like the first ones of a series."""


def profile(of_series: Counts, of_brand: Counts) -> Floats:
    """Parts of a day, shape (series, 24), 1 in sum. of_series: reviews by hour of the last weeks, shape (series, 24);
    of_brand: the same of the whole brand, shape (24,).

    A series with few reviews has the brand's profile, a brand with few an even one. Neighbours smooth each hour.
    """
    brand = _smooth(of_brand + _EVEN_REVIEWS / of_brand.shape[-1])
    brand /= brand.sum()
    own = _smooth(of_series.astype(np.float64)) + _BRAND_REVIEWS * brand
    parts: Floats = own / own.sum(axis=-1, keepdims=True)
    return parts


def _smooth(hours: Floats) -> Floats:
    """Around midnight too."""
    return 0.5 * hours + 0.25 * (np.roll(hours, 1, axis=-1) + np.roll(hours, -1, axis=-1))
