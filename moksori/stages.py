"""What each stage does with a batch: tag, index, hand to the desk."""

from collections.abc import Sequence
from datetime import UTC, datetime

from moksori.tagging import BrandTagger
from pipeline.index import Index
from pipeline.index.document import from_tagged, from_tombstone
from pipeline.models import Review, TaggedReview, Tombstone, parse_message
from pipeline.stream import MAX_MESSAGE, RAW, TAGGED, Record
from pipeline.worker import Output, Stage, parsed


def tag_stage(tagger: BrandTagger) -> Stage:
    """reviews.raw → reviews.tagged. Tombstones pass through."""

    def work(records: Sequence[Record]) -> Output:
        messages, output = parsed(records, parse_message)
        reviews = [(record, message) for record, message in messages if isinstance(message, Review)]
        tags = iter(tagger.tag([review for _, review in reviews]))
        for record, message in messages:
            if isinstance(message, Tombstone):
                output.messages.append((TAGGED, message.id, message.to_bytes()))
            elif isinstance(message, Review):
                value = TaggedReview(review=message, tags=next(tags)).to_bytes()
                if len(value) > MAX_MESSAGE:
                    output.poison.append((record, f"with its tags it has {len(value):,} bytes, over {MAX_MESSAGE:,}"))
                else:
                    output.messages.append((TAGGED, message.id, value))
            else:
                output.poison.append((record, f"expected a review or tombstone, found {message.type}"))
        return output

    return Stage("tag", RAW, work, facts=lambda: {"model": tagger.tagger.version, "problem": tagger.problem})


def index_stage(index: Index) -> Stage:
    """reviews.tagged → the index, confirmed item by item."""

    def work(records: Sequence[Record]) -> Output:
        messages, output = parsed(records, parse_message)
        placed = []
        for record, message in messages:
            if isinstance(message, TaggedReview):
                placed.append((record, from_tagged(message)))
            elif isinstance(message, Tombstone):
                placed.append((record, from_tombstone(message)))
            else:
                output.poison.append((record, "a review without tags"))
        outcomes = index.put([document for _, document in placed])
        output.poison += [
            (record, outcome.reason)
            for (record, _), outcome in zip(placed, outcomes, strict=True)
            if outcome.state == "refused"
        ]
        return output

    return Stage("index", TAGGED, work)


def desk_stage() -> Stage:
    """reviews.tagged → cases, and alerts on critical reviews. The desk must be configured (desk.setup.configure)."""
    from desk.alerts.intake import take_critical
    from desk.cases.intake import take
    from desk.corrections.book import forget

    def work(records: Sequence[Record]) -> Output:
        messages, output = parsed(records, parse_message)
        ours = [message for _, message in messages if isinstance(message, TaggedReview | Tombstone)]
        take(ours)
        take_critical(ours, datetime.now(UTC))
        forget([message.id for _, message in messages if isinstance(message, Tombstone)])
        return output

    return Stage("desk", TAGGED, work)
