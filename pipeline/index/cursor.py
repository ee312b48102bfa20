"""The cursor of a search: where a page ended, as text that both backends write and read alike."""

import json

from pipeline.index.document import IndexDocument
from pipeline.index.query import Sort


def write_cursor(document: IndexDocument, sort: Sort) -> str:
    """The cursor after this document."""
    value = document.sentiment_score if sort == "most_negative" else int(document.created_at.timestamp() * 1000)
    return json.dumps([value, document.id], ensure_ascii=False)


def read_cursor(cursor: str) -> tuple[float, str]:
    """The sort value (ms, or score) and the id that a page ended with. Raises ValueError."""
    try:
        value, id = json.loads(cursor)
    except (ValueError, TypeError):
        value, id = None, None
    if not isinstance(value, int | float) or not isinstance(id, str):
        raise ValueError(f"{cursor[:80]!r} is no cursor; take the `next` of the page before")
    return value, id
