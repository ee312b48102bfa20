"""Where the real servers are, and reviews to write with. A missing server fails the run; it is never skipped."""

import os
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.index.document import IndexDocument
from pipeline.models import Review, TaggedReview, Tags

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if os.environ.get("CI") and terminalreporter.stats.get("skipped"):
        terminalreporter.write_line("skipped tests are failures under CI", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def server(variable: str) -> str:
    """The address of a real server, as `scripts/services up` printed it."""
    address = os.environ.get(variable)
    if not address:
        pytest.fail(f"{variable} is not set. Start the servers: eval $(scripts/services up)", pytrace=False)
    return address


@pytest.fixture(scope="session")
def kafka_hosts() -> str:
    return server("MOKSORI_TEST_KAFKA")


@pytest.fixture(scope="session")
def elasticsearch_url() -> str:
    return server("MOKSORI_TEST_ELASTICSEARCH")


@pytest.fixture(scope="session")
def postgresql_url() -> str:
    return server("MOKSORI_TEST_POSTGRESQL")


def unique(name: str) -> str:
    """A name that no other test and no earlier run used on a shared server."""
    return f"{name}-{uuid.uuid4().hex[:10]}"


@pytest.fixture(params=["sqlite", pytest.param("kafka", marks=pytest.mark.kafka)])
def stream_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/stream.db"
    return f"kafka://{request.getfixturevalue('kafka_hosts')}/{unique('test')}"


@pytest.fixture(params=["sqlite", pytest.param("elasticsearch", marks=pytest.mark.elasticsearch)])
def index_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/index.db"
    return f"{request.getfixturevalue('elasticsearch_url')}/{unique('test')}"


def review(number: int = 1, **changes: Any) -> Review:
    """A valid review; everything can be changed."""
    source = changes.pop("source", "shop")
    fields: dict[str, Any] = {
        "id": f"{source}:{number}",
        "source": source,
        "brand": "Haneul",
        "product": "kettle",
        "text": f"review number {number}",
        "created_at": NOW - timedelta(minutes=number),
        "collected_at": NOW,
        "version": 1,
    }
    return Review.model_validate(fields | changes)


def tagged(number: int = 1, *, tags: dict[str, Any] | None = None, **changes: Any) -> TaggedReview:
    """A tagged review."""
    fields = {"lang": "en", "sentiment": "neutral", "sentiment_score": 0.0, "model": "test-1", "tokens": ["review"]}
    return TaggedReview(review=review(number, **changes), tags=Tags.model_validate(fields | (tags or {})))


def document(number: int = 1, **changes: Any) -> IndexDocument:
    """A document of the index."""
    source = changes.pop("source", "shop")
    fields: dict[str, Any] = {
        "id": f"{source}:{number}",
        "source": source,
        "brand": "Haneul",
        "created_at": NOW - timedelta(minutes=number),
        "collected_at": NOW,
        "version": 1,
        "tokens": "review",
        "text": "review",
    }
    return IndexDocument.model_validate(fields | changes)
