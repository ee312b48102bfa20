"""Shows a case's status in the index, so that search can filter by it: best effort, after the commit.

The desk's database is the truth. While the index is down the case moves on; the index learns at the next change.
"""

import logging

from django.db import transaction

from desk.cases.models import Case
from desk.index import thread_index
from pipeline.errors import Unavailable

_log = logging.getLogger(__name__)


def show_status(case: Case) -> None:
    """Write the status into the index once the running transaction is committed."""
    review_id, status = case.review_id, str(case.status)
    if review_id:
        transaction.on_commit(lambda: _annotate(review_id, status))


def _annotate(review_id: str, status: str) -> None:
    try:
        thread_index().annotate(review_id, status)
    except Unavailable as error:
        _log.warning("the index does not know yet that the case of %s is %s: %s", review_id, status, error)
