"""Checks an installation: settings, files, servers, models, disk, clock; each finding comes with a remedy."""

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from typing import Final, Literal
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from pipeline.dead_letters import waiting
from pipeline.errors import MoksoriError
from pipeline.index import open_index
from pipeline.index.query import Query
from pipeline.metrics import read_health
from pipeline.settings import Settings
from pipeline.stream import RAW, TAGGED, open_stream

_LEAST_FREE = 2 * 2**30
_MOST_CLOCK_S = 5.0


@dataclass(frozen=True)
class Finding:
    """What a check found. remedy: what to do, where something is to be done."""

    check: str
    state: Literal["ok", "warning", "error"]
    found: str
    remedy: str = ""


Check = Callable[[Settings], Iterator[Finding]]


def examine(settings: Settings) -> list[Finding]:
    """Run every check; one that fails does not stop the others."""
    findings: list[Finding] = []
    for check in (
        _python,
        _state_dir,
        _config,
        _alert_rules,
        _models,
        _stream,
        _index,
        _desk,
        _mail,
        _workers,
        _sources,
    ):
        name = check.__name__.strip("_").replace("_", " ")
        try:
            findings += check(settings)
        except MoksoriError as error:
            first, *_ = str(error).splitlines()
            findings.append(Finding(name, "error", first, "mend what the line says, then run moksori doctor again"))
    return findings


def _python(settings: Settings) -> Iterator[Finding]:
    del settings
    names = ("scrapy", "spacy", "kafka-python", "elasticsearch", "django", "kiwipiepy")
    yield Finding("versions", "ok", ", ".join(f"{name} {version(name)}" for name in names))
    try:
        sqlite3.connect(":memory:").execute("CREATE VIRTUAL TABLE probe USING fts5(text)")
        yield Finding("sqlite", "ok", f"SQLite {sqlite3.sqlite_version} with FTS5")
    except sqlite3.OperationalError:
        yield Finding("sqlite", "error", "this Python's SQLite has no FTS5", "use another Python, or Elasticsearch")


def _state_dir(settings: Settings) -> Iterator[Finding]:
    folder = settings.state_dir
    probe = folder / f".doctor-{time.time_ns()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        yield Finding("state folder", "error", f"{folder}: {error.strerror}", f"chmod u+w {folder}, or set state_dir")
        return
    free = shutil.disk_usage(folder).free
    state: Literal["ok", "warning"] = "ok" if free > _LEAST_FREE else "warning"
    remedy = "" if state == "ok" else "free some space: a full disk stops the workers"
    yield Finding("disk", state, f"{free / 2**30:.0f} GiB free at {folder}", remedy)


def _config(settings: Settings) -> Iterator[Finding]:
    from nlp.names import NamesConfig
    from nlp.themes import ThemesConfig
    from pipeline.yaml_config import load_yaml

    for name, model in (("themes.yaml", ThemesConfig), ("names.yaml", NamesConfig)):
        file = settings.config_dir / name
        if file.exists():
            load_yaml(file, model)
            yield Finding(name, "ok", str(file))
        else:
            yield Finding(
                name, "warning", f"no {file}", "the built-in themes are used; copy the file from moksori's config/"
            )


def _alert_rules(settings: Settings) -> Iterator[Finding]:
    from pipeline.alerting.rules import FILE, alert_rules

    names = ", ".join(rule.name for rule in alert_rules(settings).rules)
    if (settings.config_dir / FILE).exists():
        yield Finding("alert rules", "ok", names or "none: nothing is told")
    else:
        yield Finding("alert rules", "ok", f"no {settings.config_dir / FILE}: every negative trend is told")


def _models(settings: Settings) -> Iterator[Finding]:
    from moksori.tagging import BrandTagger

    brand = BrandTagger(settings)
    yield Finding("models", "ok", brand.tagger.version)
    if brand.problem:
        yield Finding("brand's model", "error", brand.problem, "moksori train --brand, or moksori models use another")


def _stream(settings: Settings) -> Iterator[Finding]:
    stream = open_stream(settings.stream_url)
    try:
        lag = {group: stream.lag(topic, group) for topic, group in ((RAW, "tag"), (TAGGED, "index"), (TAGGED, "desk"))}
        left = ", ".join(f"{group} {count:,}" for group, count in lag.items())
        yield Finding("stream", "ok", f"{settings.stream_url.rpartition('@')[2]}; before the stages: {left}")
        if letters := len(waiting(stream)):
            yield Finding("dead letters", "warning", f"{letters:,} wait", "look at them with moksori dead list")
    finally:
        stream.close()


def _index(settings: Settings) -> Iterator[Finding]:
    url = settings.index_url
    if url.startswith("http"):
        yield from _clock(url)
    index = open_index(url)
    try:
        yield Finding("index", "ok", f"{url.rpartition('@')[2]}; {index.count(Query()):,} reviews")
    finally:
        index.close()


def _clock(url: str) -> Iterator[Finding]:
    """Compare our clock with the server's Date header: versions and trends rest on it."""
    try:
        with urlopen(Request(url.rsplit("/", 1)[0] + "/_cluster/health"), timeout=5) as answer:  # noqa: S310
            date = answer.headers.get("Date")
    except HTTPError as error:
        date = error.headers.get("Date")
    except (OSError, ValueError):
        return  # the index check tells that it is away
    if date:
        off = abs((datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds())
        state: Literal["ok", "warning"] = "ok" if off < _MOST_CLOCK_S else "warning"
        yield Finding(
            "clock", state, f"{off:.0f} s off the index server's", "" if state == "ok" else "run a time service (NTP)"
        )


def _desk(settings: Settings) -> Iterator[Finding]:
    from desk.setup import configure

    configure()
    from django.contrib.auth.models import User
    from django.db import DatabaseError, connection
    from django.db.migrations.executor import MigrationExecutor

    from desk.outbox.models import OutboxMessage

    shown = settings.database_url.rpartition("@")[2]
    try:
        executor = MigrationExecutor(connection)
        open_steps = executor.migration_plan(executor.loader.graph.leaf_nodes())
        users = 0 if open_steps else User.objects.filter(is_active=True).count()
        refused = 0 if open_steps else OutboxMessage.objects.filter(state=OutboxMessage.State.REFUSED).count()
    except DatabaseError as error:
        yield Finding("desk", "error", f"{shown}: {str(error).splitlines()[0]}", "start the database, or set database:")
        return
    if open_steps:
        yield Finding("desk", "error", f"{shown}: {len(open_steps)} changes of its tables wait", "moksori desk migrate")
    elif not users:
        yield Finding("desk", "warning", f"{shown}: nobody can log in yet", "moksori desk createuser NAME --role lead")
    else:
        yield Finding("desk", "ok", f"{shown}; {users} users")
    if refused:
        yield Finding("mails", "warning", f"{refused} were refused for good", "see the console's mail page")


def _mail(settings: Settings) -> Iterator[Finding]:
    from desk.outbox.transports import open_transport

    open_transport(settings)
    url = settings.mail.url
    yield Finding("mail", "ok", f"{settings.state_dir}/mail/*.eml" if url == "file" else url)


def _workers(settings: Settings) -> Iterator[Finding]:
    found = read_health(settings.state_dir)
    if not found:
        yield Finding("workers", "warning", "none runs on this machine", "moksori run")
    for health in found:
        name = f"worker {health['stage']}"
        if health["alive"] and health.get("problem"):
            yield Finding(name, "warning", health["problem"], "moksori models list shows which versions are whole")
        elif health["alive"]:
            yield Finding(name, "ok", f"pid {health['pid']}, {health['state']}")
        else:
            yield Finding(name, "error", f"pid {health['pid']} has not been heard of", "moksori run starts it again")


def _sources(settings: Settings) -> Iterator[Finding]:
    from crawlers.health import latest
    from crawlers.registry import load_sources

    file = settings.config_dir / "sources.yaml"
    names = [source.name for source in load_sources(file)] if file.exists() else []
    if not names:
        yield Finding("sources", "warning", f"no source in {file}", "declare one: docs/sources.md")
    ended = {each.source: each for each in latest(settings.state_dir)}
    for name in names:
        if name not in ended:
            yield Finding(f"source {name}", "warning", "never collected", f"moksori crawl {name}")
        elif ended[name].state != "ok":
            yield Finding(f"source {name}", "error", f"{ended[name].state}: {ended[name].reason}", "docs/sources.md")
        else:
            yield Finding(f"source {name}", "ok", f"collected at {ended[name].ended_at:%Y-%m-%d %H:%M} UTC")


_CHECKS: Final[tuple[Check, ...]] = (
    _python, _state_dir, _config, _alert_rules, _models, _stream, _index, _desk, _mail, _workers, _sources,
)  # fmt: skip
