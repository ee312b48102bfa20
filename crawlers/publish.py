"""Publishes reviews to the stream: redact, give an id, send, wait for the acknowledgement, remember."""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError
from tenacity import before_sleep_log, retry, retry_if_exception_type, wait_random_exponential

from crawlers.checkpoints import GONE, Checkpoints, Known, ms, now
from crawlers.found import Found, Gone, Refused
from crawlers.identity import content_review_id, external_review_id, pseudonym
from crawlers.redact import redact
from pipeline.errors import TooLarge, Unavailable
from pipeline.models import MAX_TEXT, DeadLetter, Kind, Review, Tombstone, clean, first_fault
from pipeline.stream import DEAD, RAW, Stream

_log = logging.getLogger(__name__)

FLUSH_EVERY: Final = 500
"""Messages between two flushes: what a crash makes us send again, and what we hold in memory at most."""
ORIGINAL_LIMIT: Final = 256 * 1024
"""Bytes of a refused original that a dead letter keeps; the reason says so where more was cut off."""

patiently = retry(
    retry=retry_if_exception_type(Unavailable),
    wait=wait_random_exponential(multiplier=0.5, max=30),
    before_sleep=before_sleep_log(_log, logging.WARNING),
)
"""Tries again for ever while the stream is down: the one who calls waits, which is the back-pressure."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What all reviews of one source share."""

    source: str
    brand: str
    kind: Kind = "review"
    product: str | None = None
    redact: bool = True


@dataclass(slots=True)
class Tally:
    """What became of the items of one collection."""

    found: int = 0
    published: int = 0
    unchanged: int = 0
    edited: int = 0
    deleted: int = 0
    refused: int = 0


class Publisher:
    """Sends what was found to the stream, each content once; nothing counts before flush() returns.

    Not thread-safe. While the stream is down calls wait; with patient=False they raise Unavailable, and this object
    is of no use afterwards. again: publish also what is known already.
    """

    def __init__(
        self, stream: Stream, checkpoints: Checkpoints, key: bytes, *, again: bool = False,
        patient: bool = True, clock: Callable[[], datetime] = now,
    ) -> None:  # fmt: skip
        self._stream = stream
        self._checkpoints = checkpoints
        self._key = key
        self._again = again
        self._patient = patient
        self._clock = clock
        self._unacknowledged: list[tuple[str, str, bytes]] = []
        self._pending: dict[str, Known] = {}
        self.tally = Tally()

    def publish(
        self, found: Found, origin: Origin, original: bytes | None = None, line: int | None = None
    ) -> str | None:
        """Send one review, unless its content is known already. Returns the reason when it is refused, else None.

        A refused one goes to the dead letters with its original bytes.
        """
        self.tally.found += 1
        try:
            review_id = self.id_of(found, origin.source)
            known = self._pending.get(review_id) or self._checkpoints.known(review_id)
            review = self._review(found, origin, review_id, known)
            content = _content(review)
            version = self._version(found, known, content, review)
            if version is None:
                self.tally.unchanged += 1
                return None
            self._send(RAW, review_id, review.model_copy(update={"version": version}).to_bytes())
        except (ValidationError, TooLarge, ValueError) as error:
            reason = first_fault(error) if isinstance(error, ValidationError) else str(error)
            reason = reason.removeprefix("Value error, ")
            self.refuse(Refused(reason, original if original is not None else _as_bytes(found), line), origin.source)
            return reason
        if known is not None:
            self.tally.edited += 1
        self.tally.published += 1
        self._pending[review_id] = Known(review_id, origin.source, version, ms(review.created_at), content)
        self._bound()
        return None

    def delete(self, gone: Gone, origin: Origin) -> None:
        """Send a tombstone for a review that its source has deleted, once."""
        review_id = external_review_id(origin.source, gone.external_id)
        known = self._pending.get(review_id) or self._checkpoints.known(review_id)
        if known is None or known.content == GONE:
            return
        moment = self._clock()
        version = max(ms(moment), known.version + 1)
        tombstone = Tombstone(id=review_id, source=origin.source, version=version, at=moment)
        self._send(RAW, review_id, tombstone.to_bytes())
        self._pending[review_id] = known._replace(version=version, content=GONE)
        self.tally.deleted += 1
        self._bound()

    def refuse(self, refused: Refused, source: str) -> None:
        """Send what is no review to the dead letters, with the reason; the same one once, however often it is read."""
        self.tally.refused += 1
        fault = hashlib.sha256(f"{refused.reason}\n{refused.line}\n".encode() + refused.original).hexdigest()[:32]
        mark = Known(f"dead:{source}:{fault}", "", 1, 0, b"refused")
        if mark.id in self._pending or (self._checkpoints.known(mark.id) and not self._again):
            return
        self._pending[mark.id] = mark
        original, reason = refused.original, refused.reason[:1900]
        if len(original) > ORIGINAL_LIMIT:
            reason += f" (only the first {ORIGINAL_LIMIT} of {len(original)} bytes are kept)"
            original = original[:ORIGINAL_LIMIT]
        letter = DeadLetter.model_construct(
            stage="collect", reason=reason, original=original, source=source, line=refused.line, at=self._clock()
        )
        self._send(DEAD, letter.identity, letter.to_bytes())
        self._bound()

    def flush(self) -> None:
        """Return when everything so far is acknowledged by the stream; only then is it remembered as known."""
        self._flush_stream()
        self._unacknowledged.clear()
        self._checkpoints.remember(self._pending.values())
        self._pending.clear()

    def id_of(self, found: Found, source: str) -> str:
        if found.external_id:
            return external_review_id(source, clean(found.external_id))
        said = f"{found.scope}\n{found.title}\n{found.text}"
        return content_review_id(self._key, source, found.author, found.created_at, said, found.occurrence)

    def _review(self, found: Found, origin: Origin, review_id: str, known: Known | None) -> Review:
        if len(found.text) > MAX_TEXT:
            raise ValueError(f"text has {len(found.text):,} characters, more than {MAX_TEXT:,}")
        moment = self._clock()
        hide = redact if origin.redact else str
        # Without a time of its own a review stays at the time it was first seen, also when it is edited.
        first_seen = datetime.fromtimestamp(known.created_ms / 1000, UTC) if known else moment
        return Review(
            id=review_id, source=origin.source, kind=origin.kind, brand=origin.brand,
            product=found.product or origin.product, product_version=found.product_version, location=found.location,
            author_id=pseudonym(self._key, origin.source, found.author) if found.author else None,
            rating=found.rating, title=hide(clean(found.title))[:1000], text=hide(clean(found.text)), url=found.url,
            lang=found.lang, created_at=found.created_at or first_seen, collected_at=moment, version=ms(moment),
            owner_reply_at=found.owner_reply_at,
        )  # fmt: skip

    def _version(self, found: Found, known: Known | None, content: bytes, review: Review) -> int | None:
        """The version to publish under, or None when there is nothing new to say."""
        own = ms(found.edited_at) if found.edited_at and ms(found.edited_at) > 0 else None
        collected = review.version
        if known is None:
            return own or collected
        if known.content == content and not self._again:
            return None
        if own is not None and own > known.version:
            return own
        if own is not None and own < known.version and known.content != GONE and not self._again:
            return None  # an older copy from a cache
        return max(collected, known.version + 1)

    def _send(self, topic: str, key: str, value: bytes) -> None:
        try:
            self._stream.publish(topic, key, value)
        except Unavailable:
            if not self._patient:
                raise
            self._publish_patiently(topic, key, value)
        self._unacknowledged.append((topic, key, value))

    def _bound(self) -> None:
        if len(self._unacknowledged) >= FLUSH_EVERY:
            self.flush()

    @patiently
    def _publish_patiently(self, topic: str, key: str, value: bytes) -> None:
        self._stream.publish(topic, key, value)

    def _flush_stream(self) -> None:
        try:
            self._stream.flush()
        except Unavailable:
            if not self._patient:
                raise
            # Some of it may be lost. Sending it all again is harmless: ids and versions are the same.
            self._send_all_again()

    @patiently
    def _send_all_again(self) -> None:
        for topic, key, value in self._unacknowledged:
            self._stream.publish(topic, key, value)
        self._stream.flush()


def _content(review: Review) -> bytes:
    """A hash of what a reader would see changed: not when we collected it, nor on which page."""
    said = review.model_dump_json(exclude={"version", "collected_at", "created_at", "url"}, exclude_none=True)
    return hashlib.sha256(said.encode()).digest()[:16]


def _as_bytes(found: Found) -> bytes:
    said: dict[str, Any] = {name: getattr(found, name) for name in Found.__slots__}
    return repr({name: value for name, value in said.items() if value not in (None, "", 0)}).encode("utf-8", "replace")
