"""Stages of the pipeline in this process, for faults that need no process to die."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from moksori.stages import index_stage
from pipeline.index import Index
from pipeline.models import Review, TaggedReview, Tags
from pipeline.stream import TAGGED, Stream
from pipeline.worker import Stage, Worker
from tests.conftest import tagged


def send(stream: Stream, numbers: Sequence[int], version: int = 1) -> None:
    """Publish tagged reviews, as the tag stage would."""
    for number in numbers:
        each = tagged(number, version=version)
        stream.publish(TAGGED, each.id, each.to_bytes())
    stream.flush()


@contextmanager
def indexing(stream: Stream, index: Index, folder: Path, batch: int = 100) -> Iterator[Worker]:
    """An index worker in a thread."""
    with working(index_stage(index), stream, folder, batch) as worker:
        yield worker


@contextmanager
def working(stage: Stage, stream: Stream, folder: Path, batch: int = 100) -> Iterator[Worker]:
    """A worker in a thread, stopped at the end."""
    worker = Worker(stage, stream, folder, batch=batch)
    thread = threading.Thread(target=worker.run, daemon=True)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(timeout=60)
        assert not thread.is_alive()


class PlainTagger:
    """Tags without a model: what is under test is the way, not the words."""

    def tag(self, reviews: Sequence[Review]) -> list[Tags]:
        return [
            Tags(
                lang="en", sentiment="neutral", sentiment_score=0, tokens=each.text.lower().split()[:50], model="plain"
            )
            for each in reviews
        ]


def as_tagged(review: Review) -> TaggedReview:
    return TaggedReview(review=review, tags=PlainTagger().tag([review])[0])
