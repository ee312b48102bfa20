"""Discovers what many unexplained complaints have in common: candidate themes, from the lemmas of reviews alone.

Words that explained complaints use as often are left out, so no list of stop words is needed. Non-negative factors of
the tf-idf table (Lee & Seung 1999, Nature 401, 788-791) propose groups of words. A group stands if its words meet in
one review more often than chance allows (hypergeometric), and far more than in the same reviews with all their words
dealt out anew: so reviews that have nothing in common give no candidate.
"""

import re
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.stats import hypergeom

_SEED: Final = 1
_FEWEST: Final = 5  # different reviews of a candidate
_FEWEST_SHARE: Final = 0.002  # of all unexplained ones
_RARE: Final = 3  # reviews that a word must stand in
_COMMON: Final = 0.5  # share of reviews from which a word says nothing
_LIFT: Final = 1.5  # how much more of what is said a word must be than in explained complaints
_WORDS: Final = 20_000  # most words looked at
_LEARNED: Final = 20_000  # reviews that factors are learned from; all are counted
_FACTORS: Final = 40
_TOP: Final = 12  # words of a factor
_LINKED: Final = 0.01  # chance from which two words do not hang together, had they nothing to do with each other
_MIXED: Final = 8  # times that the lemmas are dealt out anew
_MARGIN: Final = 1.2  # how much more firmly a group must hang together than the firmest of those
_FIRM: Final = 5.0  # powers of ten by which chance must be ruled out in any case
_STEPS: Final = 200
_TOGETHER: Final = 3  # words that must hang together
_SAME: Final = 0.5  # overlap of two groups' reviews from which they are one
_KEY: Final = 0.5  # share of a word's reviews that must have another word of the group
_NAMED: Final = 5
_REACH: Final = 4  # as far as the steps of a pattern may lie apart, see nlp/patterns.py
_PATTERNS: Final = 8
_COVERED: Final = 0.9
_SAMPLES: Final = 3
_ALIKE: Final = 0.6  # share of words in common from which two reviews are near copies
_LEMMA: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Complaint:
    """A negative review that no theme explains. lemmas: its search tokens in order."""

    id: str
    lemmas: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Candidate:
    """A theme that could be. lemmas: most distinctive first. patterns: as config/themes.yaml has them.

    reviews: ids, the most typical first. first, last: how many of them lie in the first and the last half of the time.
    samples: ids of typical reviews that are no near copies.
    """

    lemmas: tuple[str, ...]
    patterns: tuple[str, ...]
    reviews: tuple[str, ...]
    first: int
    last: int
    samples: tuple[str, ...]

    @property
    def growth(self) -> float | None:
        """Last half against the first: 2 is twice as many. None where the first half has none."""
        return round(self.last / self.first, 2) if self.first else None


def discover(
    complaints: Sequence[Complaint], explained: Mapping[str, int], middle: datetime, count: int = 10
) -> list[Candidate]:
    """At most `count` candidates of one language, those with most reviews first; none where nothing is in common.

    explained: of the complaints in that language which themes explain, in how many each lemma stands. middle: where the
    last half of the time begins. The same reviews give the same candidates.
    """
    complaints = sorted(complaints, key=lambda each: each.id)
    table = _Table(complaints, explained)
    groups = sorted(table.groups(), key=lambda group: -table.different(table.members(group)))
    fewest = max(_FEWEST, int(_FEWEST_SHARE * len(complaints)))
    taken = np.zeros(len(complaints), dtype=bool)
    found: list[Candidate] = []
    for group in groups:
        members = table.members(group)
        alone = members & ~taken
        if table.different(alone) < fewest or alone.sum() < (1 - _SAME) * members.sum():
            continue  # too few, or what a larger group has already
        taken |= members
        found.append(_candidate(complaints, table, group, alone, middle))
    found.sort(key=lambda each: (-len(each.reviews), each.lemmas))
    return found[:count]


class _Table:
    """Which complaint has which of the telling lemmas. holds: complaints × lemmas, 0 or 1. once: rows without copies.

    A copied text is one voice: it must not make a theme.
    """

    def __init__(self, complaints: Sequence[Complaint], explained: Mapping[str, int]) -> None:
        sets = [frozenset(filter(_LEMMA.fullmatch, each.lemmas)) for each in complaints]
        numbers: dict[frozenset[str], int] = {}
        self.kinds = np.array([numbers.setdefault(each, len(numbers)) for each in sets], dtype=int)
        self.once = np.unique(self.kinds, return_index=True)[1]
        self.lemmas = _telling(list(numbers), explained)
        column = {lemma: n for n, lemma in enumerate(self.lemmas)}
        rows = [sorted(column[lemma] for lemma in each if lemma in column) for each in sets]
        starts = np.cumsum([0, *map(len, rows)])
        columns = np.array([n for row in rows for n in row], dtype=np.int32)
        shape = (len(rows), len(column))
        self.holds: Any = csr_matrix((np.ones(len(columns)), columns, starts), shape=shape)
        self.idf = 1 + np.log((1 + len(self.once)) / (1 + np.asarray(self.holds[self.once].sum(axis=0)).ravel()))

    def groups(self) -> list[list[int]]:
        """Lemmas that hang together far more firmly than in the same reviews with all their lemmas mixed up."""
        holds = self.holds[self.once]
        holds = holds[np.diff(holds.indptr) > 1]  # one word alone meets no other
        found = _groups(holds, self.idf)
        if not found:
            return []
        rng = np.random.default_rng(_SEED)
        mixed = (_mixed(holds[: _LEARNED // 10], rng) for _ in range(_MIXED))
        chance = max((strength for each in mixed for strength, _ in _groups(each, self.idf)), default=0.0)
        return [group for strength, group in found if strength > max(_MARGIN * chance, _FIRM)]

    def keys(self, group: Sequence[int]) -> list[int]:
        """Those lemmas of a group that mostly stand beside another one of it: alone they say enough."""
        held = self.holds[:, group].toarray() > 0
        pairs = held.sum(axis=1) > 1
        return [lemma for n, lemma in enumerate(group) if held[pairs, n].sum() >= _KEY * held[:, n].sum()]

    def members(self, group: Sequence[int]) -> NDArray[np.bool_]:
        """The complaints that have two lemmas of the group, or a key."""
        pairs = np.asarray(self.holds[:, group].sum(axis=1)).ravel() > 1
        key = np.asarray(self.holds[:, self.keys(group)].sum(axis=1)).ravel() > 0
        found: NDArray[np.bool_] = pairs | key
        return found

    def different(self, members: NDArray[np.bool_]) -> int:
        """How many of them are no copies."""
        return len(np.unique(self.kinds[members]))


def _telling(sets: Sequence[frozenset[str]], explained: Mapping[str, int]) -> list[str]:
    """Lemmas that are neither rare nor everywhere, and more frequent here than elsewhere; most frequent first."""
    numbers = Counter(lemma for each in sets for lemma in each)
    # Of all that is said: longer reviews have more of everything.
    said, elsewhere = numbers.total(), max(sum(explained.values()), 1)
    telling = [
        lemma
        for lemma, number in numbers.items()
        if _RARE <= number <= _COMMON * len(sets) and number / said >= _LIFT * explained.get(lemma, 0) / elsewhere
    ]
    return sorted(telling, key=lambda lemma: (-numbers[lemma], lemma))[:_WORDS]


def _groups(holds: Any, idf: NDArray[np.float64]) -> list[tuple[float, list[int]]]:
    """Groups of lemmas, each with how firmly it hangs together. holds: reviews × lemmas, sparse."""
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.preprocessing import normalize

    every = -(-holds.shape[0] // _LEARNED)
    factors = min(_FACTORS, int(holds.shape[0] ** 0.5), holds.shape[1] // 2)
    if factors < 1:
        return []
    weighted = normalize(holds[::every].multiply(idf).tocsr())
    model = NMF(factors, init="nndsvd", random_state=_SEED, max_iter=_STEPS, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the order of the words stands long before
        model.fit(weighted)
    by_lemma = holds.tocsc()
    result = []
    for row in model.components_:
        strongest = [int(n) for n in np.argsort(-row, kind="stable")[:_TOP] if row[n] > 0]
        if group := _together(by_lemma[:, strongest].toarray(), strongest):
            result.append(group)
    return result


def _together(held: NDArray[np.float64], lemmas: Sequence[int]) -> tuple[float, list[int]] | None:
    """Those of the lemmas that hang together with the first that does. held: reviews × lemmas, 0 or 1."""
    meet = held.T @ held
    often = np.diag(meet)
    chance = hypergeom.sf(meet - 1, len(held), often[:, np.newaxis], often[np.newaxis, :])
    firm = np.where(chance < _LINKED, -np.log10(np.maximum(chance, 1e-300)), 0.0)
    np.fill_diagonal(firm, 0.0)
    for first in range(len(lemmas)):
        reached = {first}
        while more := {int(n) for known in reached for n in np.flatnonzero(firm[known])} - reached:
            reached |= more
        if len(reached) >= _TOGETHER:
            group = sorted(reached)
            return float(firm[np.ix_(group, group)].sum()) / 2, [lemmas[n] for n in group]
    return None


def _mixed(holds: Any, rng: np.random.Generator) -> Any:
    """The same reviews, as long as before, with the same lemmas dealt out anew."""
    dealt = csr_matrix((np.ones(holds.nnz), rng.permutation(holds.indices), holds.indptr), shape=holds.shape)
    dealt.sum_duplicates()
    dealt.data[:] = 1.0
    return dealt


def _candidate(
    complaints: Sequence[Complaint], table: _Table, group: Sequence[int], members: NDArray[np.bool_], middle: datetime
) -> Candidate:
    places = np.flatnonzero(members).tolist()
    held = table.holds[:, group].tocsr()[places].toarray()
    # As typical as many of the group's words are in it, and few others.
    lengths = np.array([len(complaints[place].lemmas) for place in places])
    typical = held @ table.idf[group] / np.sqrt(lengths)
    order = [places[n] for n in np.argsort(-typical, kind="stable")]
    # Distinctive: in how many of them, against how common everywhere.
    weight = held.sum(axis=0) * table.idf[group]
    best_first = [group[n] for n in np.argsort(-weight, kind="stable")]
    last = sum(complaints[place].at >= middle for place in order)
    return Candidate(
        lemmas=tuple(table.lemmas[n] for n in best_first[:_NAMED]),
        patterns=_patterns([complaints[place] for place in order], table, best_first),
        reviews=tuple(complaints[place].id for place in order),
        first=len(order) - last,
        last=last,
        samples=_samples([complaints[place] for place in order]),
    )


def _patterns(members: Sequence[Complaint], table: _Table, group: Sequence[int]) -> tuple[str, ...]:
    """Keys, and two lemmas in order with at most three words between, which together find most of the reviews."""
    words = {table.lemmas[n] for n in group}
    finds: dict[str, set[int]] = {table.lemmas[n]: set() for n in table.keys(group)}
    for n, each in enumerate(members):
        for at, lemma in enumerate(each.lemmas):
            if lemma in finds:
                finds[lemma].add(n)
            for after in each.lemmas[at + 1 : at + 1 + _REACH] if lemma in words else ():
                if after in words and after != lemma:
                    finds.setdefault(f"{lemma} {after}", set()).add(n)
    found: list[str] = []
    left = set(range(len(members)))
    while finds and len(found) < _PATTERNS and len(left) > (1 - _COVERED) * len(members):
        best = max(sorted(finds), key=lambda written: len(finds[written] & left))
        if len(finds[best] & left) < 2:
            break
        left -= finds.pop(best)
        found.append(best)
    return tuple(found)


def _samples(members: Sequence[Complaint]) -> tuple[str, ...]:
    chosen: list[Complaint] = []
    for each in members:
        words = set(each.lemmas)
        alike = (len(words & set(other.lemmas)) / len(words | set(other.lemmas)) for other in chosen)
        if max(alike, default=0.0) < _ALIKE:
            chosen.append(each)
        if len(chosen) == _SAMPLES:
            break
    return tuple(each.id for each in chosen)
