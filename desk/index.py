"""The review index, opened once a thread: an SQLite connection stays in its own."""

import threading

from pipeline.index import Index, open_index
from pipeline.settings import settings


class _Opened(threading.local):
    index: Index | None = None


_opened = _Opened()


def thread_index() -> Index:
    """The index of this installation, for this thread. Raises Unavailable; the next call tries again."""
    if _opened.index is None:
        index = open_index(settings().index_url)
        index.setup()
        _opened.index = index
    return _opened.index
