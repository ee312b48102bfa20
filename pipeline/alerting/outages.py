"""Finds gaps in what sources send: days so empty that chance is no explanation, and the series that miss them."""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Outage = NDArray[np.bool_]

MOSTLY: Final = 0.5
"""Share of a series' reviews from which on it misses what its source does not send."""
_KNOWN_AFTER_DAYS: Final = 21
_CHANCE: Final = 0.01
"""Probability below which an empty day is an outage."""


def gaps(total: Counts) -> tuple[Counts, NDArray[np.float64]]:
    """How many days were empty up to each day and with it, and how probable so long a gap is. Shape (series, days).

    Probable as if days were empty by chance, as often as between the first day with a review and the last one before.
    1 where too little is known.
    """
    days = np.arange(total.shape[1])
    seen = total > 0
    last = np.maximum.accumulate(np.where(seen, days, -1), axis=1)
    first = np.where(seen.any(axis=1), seen.argmax(axis=1), total.shape[1])[:, None]
    known = last - first + 1
    gap = np.where(last >= first, days - last, 0)
    often = (known - np.cumsum(seen, axis=1) + 0.5) / np.maximum(known + 1, 1)
    chance = np.where(known > _KNOWN_AFTER_DAYS, np.clip(often, 0, 1) ** gap, 1.0)
    return gap, chance


def outages(
    reviews: Mapping[tuple[str | None, str | None], Counts], parts: Mapping[tuple[str, str], int]
) -> dict[tuple[str | None, str | None], Outage]:
    """The days on which most reviews of each are missing, for a source was silent. A day is judged by what was known.

    reviews: by source and product (None: all of them), shape (days,). parts: reviews of a source about a product.
    """
    sources = [source for source, product in reviews if source is not None and product is None]
    rows = [reviews[source, None] for source in sources]
    silent = dict(zip(sources, gaps(np.array(rows))[1] < _CHANCE, strict=True)) if rows else {}
    missing: dict[tuple[str | None, str | None], Outage] = {}
    for (source, product), counts in reviews.items():
        if source is not None:
            missing[source, product] = silent[source]
            continue
        lost = np.zeros(counts.shape)
        for each, quiet in silent.items():
            lost += quiet * (parts.get((each, product), 0) if product else reviews[each, None].sum())
        missing[source, product] = lost >= max(MOSTLY * counts.sum(), 1)
    return missing
