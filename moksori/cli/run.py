"""`moksori setup`, `worker`, `run`: make topics, index and tables; run one stage, or everything on one machine."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated

import typer
from rich.live import Live
from rich.text import Text

from moksori.cli import app, err
from moksori.cli.output import print_json
from pipeline.settings import Settings, settings
from pipeline.worker import Progress


def prepare(chosen: Settings) -> None:
    """Make what is missing: topics, index, desk tables. Raises MoksoriError naming the server that is away.

    Raises SettingsError for a mistake in alerts.yaml: workers only wait for that to be mended.
    """
    from desk.setup import migrate
    from pipeline.alerting.rules import alert_rules
    from pipeline.index import open_index
    from pipeline.stream import open_stream

    alert_rules(chosen)
    stream = open_stream(chosen.stream_url)
    stream.setup()
    stream.close()
    index = open_index(chosen.index_url)
    index.setup()
    index.close()
    migrate()


@app.command(epilog="Example: moksori setup && moksori run")
def setup() -> None:
    """Make the stream's topics, the index and the desk's tables where they are missing. May be run at every start."""
    prepare(settings())
    err.print("stream, index and desk are ready")


class Stage(StrEnum):
    """The stages that run as processes of their own."""

    TAG = "tag"
    INDEX = "index"
    DESK = "desk"
    ALERT = "alert"
    CRAWL = "crawl"


@app.command(epilog="Example: moksori worker tag   (start several on Kafka; each takes some partitions)")
def worker(stage: Annotated[Stage, typer.Argument(help="tag, index, desk, alert or crawl.")]) -> None:
    """Run one stage until SIGTERM, for scale-out."""
    from moksori.workers import run as run_worker

    if not sys.stderr.isatty():
        run_worker(stage.value, settings())
        return
    started = time.monotonic()
    with Live(Text(f"{stage.value}: starting"), console=err, transient=True) as live:

        def show(progress: Progress) -> None:
            rate = progress.done / max(1e-9, time.monotonic() - started)
            live.update(
                Text(f"{stage.value}: {progress.done:,} done, {progress.dead:,} dead, {rate:,.0f}/s, {progress.state}")
            )

        run_worker(stage.value, settings(), show)


@contextmanager
def lag_display() -> Iterator[object]:
    """A line on the terminal with what each stage has before it; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda waiting: None
        return
    with Live(Text("starting …"), console=err, transient=True) as live:
        yield lambda waiting: live.update(
            Text("before the stages: " + " · ".join(f"{stage} {count:,}" for stage, count in waiting.items()))
        )


@app.command(epilog="Examples: moksori run · moksori run --until-idle")
def run(
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="No console: collect what is due, work until nothing is left, end.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --until-idle: one JSON object at the end.")] = False,
) -> None:
    """Run everything on this machine: crawls when they are due, all workers, alerts, the console."""
    from desk.setup import configure
    from moksori.alert_scheduler import check_now
    from moksori.run import run_all, work_until_idle

    chosen = settings()
    prepare(chosen)
    if not until_idle:
        err.print(f"console: {chosen.console.url} · logs: {chosen.state_dir}/logs · stop with Ctrl-C")
        with lag_display() as show:
            run_all(chosen, show)  # type: ignore[arg-type]
        return
    started = time.monotonic()
    with lag_display() as show:
        work_until_idle(chosen, show)  # type: ignore[arg-type]
    configure()
    checked = check_now(chosen)
    seconds = round(time.monotonic() - started, 1)
    if as_json:
        print_json({**vars(checked), "seconds": seconds})
    else:
        err.print(
            f"nothing left to do after {seconds:,} s; alerts: {checked.opened} opened, {checked.updated} updated, "
            f"{checked.resolved} resolved; mails sent: {checked.sent}"
        )
