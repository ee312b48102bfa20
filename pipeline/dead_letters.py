"""The dead letters: what waits there, sent again or dropped by someone."""

from collections.abc import Iterator
from datetime import UTC, datetime

from pipeline.errors import BadRecord
from pipeline.models import DeadLetter, parse_dead_letter
from pipeline.stream import DEAD, Record, Stream


def read_all(stream: Stream, topic: str) -> Iterator[Record]:
    """Every record of a topic, from the first to the last that is there now."""
    positions: dict[int, int] = {}
    while batch := stream.read(topic, positions, 1000):
        yield from batch
        positions |= {record.partition: record.offset + 1 for record in batch}


def waiting(stream: Stream) -> dict[str, DeadLetter]:
    """The dead letters that nobody has retried or dropped, by identity, oldest first."""
    latest = {record.key: parse_dead_letter(record.value) for record in read_all(stream, DEAD)}
    left = [(identity, letter) for identity, letter in latest.items() if letter.state == "waiting"]
    return dict(sorted(left, key=lambda item: item[1].at))


def retry(stream: Stream, identity: str, letter: DeadLetter) -> None:
    """Send the original to where it lay, then mark the letter.

    Raises BadRecord for a refused row, which never was a message, and for an original that did not fit into its letter.
    """
    if letter.topic is None or letter.key is None:
        raise BadRecord(f"{identity} was refused where it was collected: mend the row and import it again")
    if "(original cut from" in letter.reason:
        raise BadRecord(f"{identity} holds only the beginning of its original: collect it again")
    stream.publish(letter.topic, letter.key, letter.original)
    _mark(stream, identity, letter.model_copy(update={"state": "retried"}))


def drop(stream: Stream, identity: str, letter: DeadLetter) -> None:
    """Give it up: it stays counted as dead-lettered, but waits no more, and its original is emptied."""
    _mark(stream, identity, letter.model_copy(update={"state": "dropped", "original": b""}))


def _mark(stream: Stream, identity: str, letter: DeadLetter) -> None:
    stream.publish(DEAD, identity, letter.model_copy(update={"at": datetime.now(UTC)}).to_bytes())
    stream.flush()
