"""Tags again what was collected, with the models in use, and sends it on to index and desk.

It writes to `reviews.tagged` alone: a copy put into `reviews.raw` could land behind a tombstone of its review, and
outlive it there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from moksori.tagging import BrandTagger
from pipeline.errors import BadRecord
from pipeline.index import Index
from pipeline.models import Review, TaggedReview, parse_message
from pipeline.stream import MAX_MESSAGE, RAW, TAGGED, Record, Stream

_CHUNK: Final = 512


@dataclass
class Retagged:
    """What became of the reviews. already: their tags are by the models in use. outdated: gone, or a newer one came."""

    read: int = 0
    sent: int = 0
    already: int = 0
    outdated: int = 0
    unreadable: int = 0


def retag(
    stream: Stream, index: Index, tagger: BrandTagger, since: datetime, progress: Callable[[Retagged], None]
) -> Retagged:
    """All reviews that came into the stream at `since` or later. Repeating it sends nothing that has arrived.

    Raises Unavailable; what was sent until then is safe.
    """
    counts = Retagged()
    positions: dict[int, int] = {}
    while batch := stream.read(RAW, positions, _CHUNK):
        positions |= {record.partition: record.offset + 1 for record in batch}
        _send([record for record in batch if record.at >= since], stream, index, tagger, counts)
        progress(counts)
    return counts


def _send(records: list[Record], stream: Stream, index: Index, tagger: BrandTagger, counts: Retagged) -> None:
    newest: dict[str, Review] = {}
    for record in records:
        try:
            message = parse_message(record.value)
        except BadRecord:
            counts.unreadable += 1  # a dead letter tells of it
            continue
        if isinstance(message, Review):
            counts.read += 1
            known = newest.setdefault(message.id, message)
            if message.version >= known.version:
                newest[message.id] = message
    models = set(tagger.tagger.models.values())
    stored = index.get(list(newest))
    reviews = []
    for id, review in newest.items():
        there = stored.get(id)
        if there is not None and there.version == review.version and there.model in models and not there.deleted:
            counts.already += 1
        else:
            reviews.append(review)
    tags = tagger.tag(reviews)
    # Asked as late as can be: a review must not follow its own tombstone.
    versions = index.versions([review.id for review in reviews])
    for review, found in zip(reviews, tags, strict=True):
        present = versions.get(review.id)
        if present is not None and (present.deleted or present.version > review.version):
            counts.outdated += 1
            continue
        value = TaggedReview(review=review, tags=found).to_bytes()
        if len(value) > MAX_MESSAGE:
            counts.unreadable += 1
            continue
        stream.publish(TAGGED, review.id, value)
        counts.sent += 1
    stream.flush()
