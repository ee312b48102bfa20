"""Trains the convolution: gradient descent over labelled texts whose labels may be missing in part."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from thinc.api import (
    Adam,
    Linear,
    Ragged,
    Relu,
    chain,
    concatenate,
    expand_window,
    fix_random_seed,
    reduce_max,
    reduce_mean,
    with_array,
)

from nlp.convolution import WIDTH, Weights

_FILTERS: Final = 128
_EPOCHS: Final = 5
_BATCH: Final = 128
_RATE: Final = 1e-3
_LAST_RATE: Final = 2e-4  # of the last epoch: the steps grow small before the end
_DROPOUT: Final = 0.3
_LOST_WORDS: Final = 0.1  # share of words that training hides, so that no single one decides
_SEED: Final = 7
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Head:
    """Labels of which a text has exactly one (exclusive) or any number.

    target: (texts, labels), 0 or 1. weight: (texts,), 0 for a text that does not have this head's labels.
    """

    exclusive: bool
    target: Floats
    weight: Floats


def learn(
    words: Sequence[NDArray[np.int64]], table: Floats, heads: Sequence[Head], progress: Callable[[str], None]
) -> Weights:
    """words: each text's rows in `table`, which holds the word vectors. The labels of all heads stand side by side."""
    fix_random_seed(_SEED)
    rng = np.random.default_rng(_SEED)
    labels = sum(head.target.shape[1] for head in heads)
    # Any: thinc has types for Ragged on paper only. With dropout, Relu is a chain of both.
    relu: Any = Relu(_FILTERS, table.shape[1] * WIDTH, dropout=_DROPOUT)
    output: Any = Linear(labels, 2 * _FILTERS)
    filters: Any = chain(expand_window((WIDTH - 1) // 2), relu)
    model: Any = chain(with_array(filters), concatenate(reduce_max(), reduce_mean()), output)
    model.initialize()
    optimizer: Any = Adam(_RATE)
    for epoch in range(_EPOCHS):
        if epoch == _EPOCHS - 1:
            optimizer.learn_rate = _LAST_RATE
        for texts, given in _batches(words, table, rng):
            odds, back = model.begin_update(given)
            back(_gradient(odds, texts, heads) / len(texts))
            model.finish_update(optimizer)
        progress(f"learning word filters, round {epoch + 1} of {_EPOCHS}")
    return Weights(
        # thinc keeps (filters, WIDTH x size).
        filters=relu.layers[0].get_param("W").reshape(_FILTERS, WIDTH, -1).transpose(1, 2, 0).copy(),
        filter_bias=relu.layers[0].get_param("b").copy(),
        output=output.get_param("W").T.copy(),
        output_bias=output.get_param("b").copy(),
    )


def _batches(
    words: Sequence[NDArray[np.int64]], table: Floats, rng: np.random.Generator
) -> Iterator[tuple[NDArray[np.int64], Ragged]]:
    order = rng.permutation(len(words))
    for begin in range(0, len(order), _BATCH):
        texts = order[begin : begin + _BATCH]
        rows = np.concatenate([words[text] for text in texts])
        seen = (rng.random(len(rows)) >= _LOST_WORDS).astype(np.float32)
        lengths = np.array([len(words[text]) for text in texts], np.int32)
        yield texts, Ragged(table[rows] * seen[:, np.newaxis], lengths)  # type: ignore[arg-type]


def _gradient(odds: Floats, texts: NDArray[np.int64], heads: Sequence[Head]) -> Floats:
    """Of the cross entropy, by the log odds; zero where a text has no such label."""
    gradient = np.empty_like(odds)
    first = 0
    for head in heads:
        here = slice(first, first + head.target.shape[1])
        said = odds[:, here]
        if head.exclusive:
            said = np.exp(said - said.max(axis=1, keepdims=True))
            said /= said.sum(axis=1, keepdims=True)
        else:
            said = np.float32(1) / (np.float32(1) + np.exp(-said))
        gradient[:, here] = (said - head.target[texts]) * head.weight[texts, np.newaxis]
        first = here.stop
    return gradient
