"""Trains the encoder: cross entropy over texts and clauses whose labels are known in part."""

import random
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from lessons import FLAGS, HEADS, Lesson, Text
from network import LONGEST, Encoder
from pieces import BEGIN, END, PADDING, Pieces
from torch import Tensor
from torch.nn import functional

from nlp.encoder import written

_BATCH = 128
_RATE = 1e-4
_WARM_UP = 0.06
_CLAUSES = 0.5  # how much a clause counts beside its text
_SMOOTHING = 0.05
_WORTH = {"sentiment": 1.0, "emotion": 0.4, "stage": 0.5, "urgency": 0.5, "theme": 0.6, "churn": 0.5, "spam": 0.5}


class _Read(NamedTuple):
    """numbers: of the pieces, with begin and end. clauses: each one's first and last piece + 1."""

    text: Text
    numbers: list[int]
    clauses: list[tuple[int, int]]


def train(encoder: Encoder, pieces: Pieces, texts: Sequence[Text], epochs: float) -> None:
    """One thread: on two shared cores a second one waits more than it works."""
    torch.manual_seed(7)
    torch.set_num_threads(1)
    rng = random.Random(7)
    read = _read(pieces, texts)
    steps = int(len(read) / _BATCH * epochs)
    weights = [part for part in encoder.parameters() if part.requires_grad]
    matrices, vectors = [w for w in weights if w.dim() > 1], [w for w in weights if w.dim() == 1]
    optimizer = torch.optim.AdamW([{"params": matrices}, {"params": vectors, "weight_decay": 0.0}])
    encoder.train()
    begin, step = time.monotonic(), 0
    while step < steps:
        for batch in _batches(read, rng):
            for group in optimizer.param_groups:
                group["lr"] = _RATE * min(1.0, step / (_WARM_UP * steps)) * max(0.02, 1 - step / steps)
            loss = _loss(_judged(encoder, batch), batch) / len(batch)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            step += 1
            if step % 50 == 0:
                left = (time.monotonic() - begin) / step * (steps - step) / 60
                print(f"{step:,} of {steps:,} steps, loss {loss.item():.3f}, {left:.0f} minutes left", flush=True)
            if step == steps:
                break


@torch.no_grad()
def report(encoder: Encoder, pieces: Pieces, texts: Sequence[Text]) -> None:
    """Prints how often each head is right on texts that training did not see, corpus by corpus."""
    encoder.eval()
    read = sorted(_read(pieces, texts), key=lambda each: len(each.numbers))
    odds = torch.cat([_judged(encoder, read[at : at + _BATCH])[:, 0] for at in range(0, len(read), _BATCH)])
    for corpus in sorted({each.text.corpus for each in read}):
        here = [(row, each.text.lesson) for row, each in enumerate(read) if each.text.corpus == corpus]
        for head, (columns, names) in _HEADS.items():
            known = [(row, names.index(lesson.one[head])) for row, lesson in here if head in lesson.one]
            if known:
                rows, true = map(torch.tensor, zip(*known, strict=True))
                right = (odds[rows, columns].argmax(1) == true).float().mean()
                print(f"{corpus}: {head} {right:.3f} of {len(known)}", flush=True)
        for flag, column in _FLAGS.items():
            so = [(row, lesson.flags[flag]) for row, lesson in here if flag in lesson.flags]
            if any(is_so for _, is_so in so):
                rows, true = map(torch.tensor, zip(*so, strict=True))
                said = odds[rows, column] > 0
                f1 = 2 * (said & true).sum() / max(1, said.sum() + true.sum())
                print(f"{corpus}: {flag} F1 {f1:.3f}, {int(true.sum())} of {len(so)}", flush=True)


_HEADS: dict[str, tuple[slice, tuple[str, ...]]] = {}
for _head, _names in HEADS.items():
    _first = sum(len(names) for _, names in _HEADS.values())
    _HEADS[_head] = (slice(_first, _first + len(_names)), _names)
_FLAGS = {flag: sum(map(len, HEADS.values())) + place for place, flag in enumerate(FLAGS)}


def _read(pieces: Pieces, texts: Sequence[Text]) -> list[_Read]:
    processor = pieces.processor()
    found = []
    for text in texts:
        letters, places = written(text.text, pieces.uncased)
        split = processor.encode(letters, return_type="offset_mapping")
        ends = [places[end - 1] + 1 for _, end in split["offsets"]][: LONGEST - 2]
        clauses = [tuple(1 + sum(end <= edge for end in ends) for edge in clause[:2]) for clause in text.clauses]
        found.append(_Read(text, [BEGIN, *split["ids"][: LONGEST - 2], END], clauses))
    return found


def _batches(read: Sequence[_Read], rng: random.Random) -> Iterator[list[_Read]]:
    """Texts of like length together: little padding."""
    order = rng.sample(range(len(read)), len(read))
    for at in range(0, len(order), 50 * _BATCH):
        some = sorted(order[at : at + 50 * _BATCH], key=lambda row: len(read[row].numbers))
        starts = list(range(0, len(some), _BATCH))
        rng.shuffle(starts)
        for start in starts:
            yield [read[row] for row in some[start : start + _BATCH]]


def _judged(encoder: Encoder, batch: Sequence[_Read]) -> Tensor:
    """Log odds, (texts, 1 + clauses, labels): the whole text first."""
    longest = max(len(each.numbers) for each in batch)
    most = max(len(each.clauses) for each in batch)
    numbers = torch.full((len(batch), longest), PADDING)
    pool = torch.zeros(len(batch), 1 + most, longest)
    for row, each in enumerate(batch):
        length = len(each.numbers)
        numbers[row, :length] = torch.tensor(each.numbers)
        pool[row, 0, :length] = 1 / length
        for place, (begin, end) in enumerate(each.clauses, 1):
            if end > begin:
                pool[row, place, begin:end] = 1 / (end - begin)
    with torch.autocast("cpu", torch.bfloat16):
        odds = encoder(numbers, numbers != PADDING, pool)
    return odds.float()


def _loss(odds: Tensor, batch: Sequence[_Read]) -> Tensor:
    whole = _cross_entropy(odds[:, 0], [each.text.lesson for each in batch])
    places = [
        (row, place, lesson)
        for row, each in enumerate(batch)
        for place, (span, (_, _, lesson)) in enumerate(zip(each.clauses, each.text.clauses, strict=True), 1)
        if span[1] > span[0]
    ]
    if not places:
        return whole
    rows, columns, lessons = zip(*places, strict=True)
    return whole + _CLAUSES * _cross_entropy(odds[list(rows), list(columns)], lessons)


def _cross_entropy(odds: Tensor, lessons: Sequence[Lesson]) -> Tensor:
    loss = odds.new_zeros(())
    for head, (columns, names) in _HEADS.items():
        rows = [row for row, lesson in enumerate(lessons) if head in lesson.one]
        if rows:
            true = torch.tensor([names.index(lessons[row].one[head]) for row in rows])
            weight = torch.tensor([lessons[row].weight if head == "sentiment" else 1.0 for row in rows])
            each = functional.cross_entropy(odds[rows, columns], true, reduction="none", label_smoothing=_SMOOTHING)
            loss = loss + _WORTH[head] * (each * weight).sum()
    for flag, column in _FLAGS.items():
        rows = [row for row, lesson in enumerate(lessons) if flag in lesson.flags]
        if rows:
            true = torch.tensor([float(lessons[row].flags[flag]) for row in rows])
            kind = flag.partition(".")[0]
            weight = torch.tensor([lessons[row].theme_weight if kind == "theme" else 1.0 for row in rows])
            each = functional.binary_cross_entropy_with_logits(odds[rows, column], true, reduction="none")
            loss = loss + _WORTH[kind] * (each * weight).sum()
    return loss
