"""The demo's main job: collects the invented world with the real spiders, and follows it to alerts, mails and cases."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crawlers.collect import collect
from crawlers.health import Collection
from crawlers.importer import Layout, import_file
from crawlers.listeners.webhook import create_app
from crawlers.publish import Origin
from crawlers.registry import Source
from moksori.alert_scheduler import check_now
from moksori.demo.servers import Sites, serve
from moksori.demo.sources import SURVEY
from moksori.demo.world import BRAND, World
from moksori.run import Supervisor, lags, workers
from pipeline.errors import SettingsError
from pipeline.index import open_index
from pipeline.index.query import Query
from pipeline.settings import Settings
from pipeline.stream import DEAD, RAW, TAGGED, Stream, open_stream

_NOBODY = "demo-counts"
"""A group that never commits: its lag is the number of all records of a topic."""
_LOOK_EVERY_S = 0.2


@dataclass
class Report:
    """What one run of the demo did, and how things stand at its end.

    collected: new or changed reviews, deletions and refused rows of this run, from spiders, import and listener;
    published, tagged, indexed, dead: messages of this run, counted on the stream; emails: written in this run.
    reviews, alerts, cases: at the end.
    """

    collected: int = 0
    published: int = 0
    tagged: int = 0
    indexed: int = 0
    dead: int = 0
    emails: list[dict[str, str]] = field(default_factory=list)
    reviews: int = 0
    alerts: list[dict[str, Any]] = field(default_factory=list)
    cases: int = 0
    collections: list[Collection] = field(default_factory=list)
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "collections": [each.model_dump(mode="json") for each in self.collections],
        }


@dataclass(frozen=True)
class Steps:
    """What the demo tells while it runs.

    step: what begins. found: a source and its reviews so far. waiting: each stage and the records before it.
    """

    step: Callable[[str], None]
    found: Callable[[str, int], None]
    waiting: Callable[[dict[str, int]], None]


def refuse_other_data(settings: Settings) -> None:
    """Raises SettingsError when the index holds reviews of another brand: a demo must not mix with them."""
    index = open_index(settings.index_url)
    try:
        index.refresh()
        others = [term.value for term in index.terms(Query(), "brand") if term.value != BRAND]
    finally:
        index.close()
    if others:
        raise SettingsError(
            f"the index already holds reviews of {others[0]!r}, and the demo would mix with them. "
            "Run it apart: MOKSORI_STATE_DIR=var/demo moksori demo"
        )


def perform(settings: Settings, steps: Steps) -> Report:
    """Run the whole main job once. Everything must be set up. Raises MoksoriError when a worker cannot run."""
    started, now = time.monotonic(), datetime.now(UTC)
    report = Report()
    stream = open_stream(settings.stream_url)
    published, tagged, dead = (stream.lag(topic, _NOBODY) for topic in (RAW, TAGGED, DEAD))
    done = _done(stream)
    supervisor = Supervisor(workers(), settings.state_dir / "logs")
    supervisor.look()
    try:
        world = World.generate(today=now.astimezone(ZoneInfo(settings.brand.timezone)).date())
        with serve(world) as sites:
            refused = _collect(settings, sites, stream, report, steps, published > 0)
        steps.step("work")
        while any((waiting := lags(stream)).values()):
            supervisor.look()
            steps.waiting(waiting)
            time.sleep(_LOOK_EVERY_S)
        steps.waiting(waiting)
    finally:
        supervisor.stop()
    report.published = stream.lag(RAW, _NOBODY) - published
    report.collected = report.published + refused
    report.tagged = stream.lag(TAGGED, _NOBODY) - tagged
    report.indexed = _done(stream) - done
    report.dead = stream.lag(DEAD, _NOBODY) - dead
    stream.close()
    steps.step("alerts")
    check_now(settings)
    _take_stock(settings, now, report)
    report.seconds = round(time.monotonic() - started, 1)
    return report


def _done(stream: Stream) -> int:
    """How many tagged messages the index worker has committed."""
    return stream.lag(TAGGED, _NOBODY) - stream.lag(TAGGED, "index")


def _collect(
    settings: Settings, sites: Sites, stream: Stream, report: Report, steps: Steps, started_before: bool
) -> int:
    """Collect twice, with an import and live posts between. Returns how many rows and items were refused."""
    if started_before:
        sites.advance()
    refused = 0
    for step in ("collect", "collect again"):
        steps.step(step)
        ended = collect(sites.sources, stream, settings.state_dir, progress=steps.found)
        report.collections += ended
        refused += sum(each.refused for each in ended)
        if step == "collect":
            survey = Origin(SURVEY, BRAND, "survey")
            layout = Layout(sites.survey_mapping)
            imported = import_file(sites.survey_csv, survey, layout, stream=stream, state_dir=settings.state_dir)
            refused += sum(imported.reasons.values())
            steps.found(SURVEY, imported.rows)
            with _listening(sites.sources, settings) as url:
                steps.found("live", sites.send_webhooks(url))
            # Time passes: a post is edited, one is deleted, some are new. The second collection sees only that.
            sites.advance()
    return refused


@contextmanager
def _listening(sources: list[Source], settings: Settings) -> Iterator[str]:
    """The real webhook listener on a free port of this machine."""
    from waitress import create_server

    server = create_server(create_app(sources, lambda: open_stream(settings.stream_url)), host="127.0.0.1", port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}/live"
    finally:
        # The threads first: one that still finishes an answer would write to a closed server.
        server.task_dispatcher.shutdown()
        server.close()
        thread.join(timeout=5)


def _take_stock(settings: Settings, started_at: datetime, report: Report) -> None:
    from desk.alerts.queries import alert_rows
    from desk.cases.counts import open_cases
    from desk.outbox.models import OutboxMessage

    index = open_index(settings.index_url)
    try:
        index.refresh()
        report.reviews = index.count(Query())
    finally:
        index.close()
    report.alerts = [{**row, "since": str(row["since"]), "until": str(row["until"])} for row in alert_rows()]
    report.cases = open_cases()
    written = OutboxMessage.objects.filter(state=OutboxMessage.State.SENT, sent_at__gte=started_at).order_by("pk")
    report.emails = [{"to": mail.recipient, "subject": mail.subject} for mail in written]
