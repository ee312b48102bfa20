"""`moksori demo`: the main job on a bundled world, then the console."""

import os
import secrets
import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from moksori.cli import app, err
from moksori.cli.output import plain, print_json, print_table
from moksori.cli.run import prepare
from pipeline.settings import Settings, settings

if TYPE_CHECKING:
    from moksori.demo.main_job import Steps

_USER = "demo"


@app.command(
    epilog="Examples: moksori demo --no-serve · moksori demo --stream kafka://localhost:9092 --index http://localhost:9200"
)
def demo(
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the console afterwards.")] = True,
    stream: Annotated[str | None, typer.Option(help="Stream to use instead of the settings'.")] = None,
    index: Annotated[str | None, typer.Option(help="Index to use instead of the settings'.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of the tables.")] = False,
) -> None:
    """Show the main job on an invented brand: collect, tag, index, alert, open cases; then serve the console."""
    from desk.serve import open_server
    from moksori.console import wire
    from moksori.demo.main_job import perform, refuse_other_data
    from moksori.demo.world import BRAND

    # Through the environment, so that the workers which the demo starts see the same.
    os.environ["MOKSORI_BRAND__NAME"] = BRAND
    os.environ.update({name: url for name, url in (("MOKSORI_STREAM", stream), ("MOKSORI_INDEX", index)) if url})
    settings.cache_clear()
    chosen = settings()
    # A port in use must be told before a minute of work, not after it.
    server = open_server() if serve else None
    prepare(chosen)
    refuse_other_data(chosen)
    with _Stages() as stages:
        report = perform(chosen, stages.steps())
    if as_json:
        print_json(report.to_dict())
    else:
        _tell(report.to_dict(), chosen)
    if server is None:
        return
    password = _login(chosen)
    wire(chosen)
    err.print(f"\nThe console: [bold]{chosen.console.url}[/]   login [bold]{_USER}[/], password [bold]{password}[/]")
    err.print("Look first at the delivery alert, then at its case; search 배송 on the reviews page. Ctrl-C stops it.")
    try:
        server.run()
    finally:
        server.close()


class _Stages:
    """The progress display: a line per stage on a terminal's stderr, nothing where nobody looks."""

    def __init__(self) -> None:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:<10}"),
            BarColumn(24),
            TextColumn("{task.fields[said]}"),
        )
        self._progress = Progress(*columns, TimeElapsedColumn(), console=err, disable=not sys.stderr.isatty())
        self._tasks: dict[str, TaskID] = {}
        self._found: dict[str, int] = {}
        self._most: dict[str, int] = {}

    def __enter__(self) -> "_Stages":
        self._progress.start()
        for name in ("collect", "tag", "index", "desk", "alerts"):
            self._tasks[name] = self._progress.add_task(name, total=None, start=name == "collect", said="")
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def steps(self) -> "Steps":
        from moksori.demo.main_job import Steps

        return Steps(self._step, self._collected, self._waiting)

    def _step(self, name: str) -> None:
        if name == "work":
            total = sum(self._found.values())
            self._progress.update(self._tasks["collect"], total=1, completed=1, said=f"{total:,} reviews")
        elif name == "alerts":
            self._progress.start_task(self._tasks["alerts"])
        else:
            self._progress.update(self._tasks["collect"], said=name)

    def _collected(self, source: str, count: int) -> None:
        self._found[source] = count
        self._progress.update(self._tasks["collect"], said=f"{source}: {count:,}")

    def _waiting(self, waiting: dict[str, int]) -> None:
        for stage, count in waiting.items():
            self._most[stage] = max(self._most.get(stage, 1), count)
            self._progress.start_task(self._tasks[stage])
            done = self._most[stage] - count
            self._progress.update(self._tasks[stage], total=self._most[stage], completed=done, said=f"{count:,} left")


def _tell(report: dict[str, object], chosen: Settings) -> None:
    collections = report["collections"]
    assert isinstance(collections, list)
    columns = ("source", "state", "found", "published", "unchanged", "edited", "deleted", "refused", "reason")
    print_table(collections, columns, title="Collected")
    counts = {name: report[name] for name in ("collected", "published", "tagged", "indexed", "dead")}
    print_table(
        [{**counts, "reviews": report["reviews"], "cases": report["cases"]}],
        (*counts, "reviews", "cases"),
        title="\nCounts",
    )
    alerts = report["alerts"]
    assert isinstance(alerts, list)
    print_table(alerts, ("headline", "observed", "expected", "since", "state"), title="\nAlerts")
    emails = report["emails"]
    assert isinstance(emails, list)
    if emails:
        print_table(emails, ("to", "subject"), title="\nE-mails written in this run")
    else:
        print("\nNo e-mail in this run: nothing new to tell")
    where = chosen.state_dir / "mail" if chosen.mail.url == "file" else chosen.mail.url
    err.print(f"{report['seconds']} s · mails: {plain(where)} · search: moksori search 배송 · proof: moksori ledger")


def _login(chosen: Settings) -> str:
    """A password for the demo's user, kept in the state folder so that the next run shows the same one."""
    from desk.setup import create_user

    file = chosen.state_dir / "demo-password"
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(9))
    password = file.read_text()
    create_user(_USER, password, "admin")
    return password
