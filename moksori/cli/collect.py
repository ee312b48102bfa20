"""`moksori crawl`, `sources`, `import` and `listen`: get reviews from where customers leave them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from moksori.cli import app, err
from moksori.cli.output import plain, print_json, print_table
from pipeline.errors import SettingsError
from pipeline.models import Kind
from pipeline.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.progress import Progress

    from crawlers.registry import Source

sources_app = typer.Typer(no_args_is_help=True, help="The declared sources: what they are, whether they work.")
app.add_typer(sources_app, name="sources")

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line, on stdout.")]
_COUNTS = ("fetched_pages", "found", "published", "unchanged", "edited", "deleted", "refused")


def _sources(names: list[str] | None = None) -> "list[Source]":
    """The declared sources, or those of these names."""
    from crawlers.registry import load_sources

    path = settings().config_dir / "sources.yaml"
    declared = load_sources(path)
    if not names:
        return [source for source in declared if source.enabled]
    by_name = {source.name: source for source in declared}
    if unknown := [name for name in names if name not in by_name]:
        known = ", ".join(by_name) or "none"
        raise SettingsError(f"{path}: no source named {', '.join(unknown)}. Declared: {known}")
    return [by_name[name] for name in names]


@contextmanager
def _progress(unit: str) -> "Iterator[Progress]":
    from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TextColumn(unit))
    with Progress(*columns, TimeElapsedColumn(), console=err, transient=True, disable=not err.is_terminal) as progress:
        yield progress


def _counter(progress: "Progress") -> "Callable[[str, int], None]":
    tasks: dict[str, Any] = {}

    def count(name: str, found: int) -> None:
        if name not in tasks:
            tasks[name] = progress.add_task(plain(name), total=None)
        progress.update(tasks[name], completed=found)

    return count


@app.command(epilog="Example: moksori crawl shop appstore --since 2026-11-01")
def crawl(
    names: Annotated[list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Default: all enabled.")] = None,
    since: Annotated[str | None, typer.Option(help="Only reviews of that day or later.")] = None,
    as_json: Json = False,
) -> None:
    """Collect sources now. Exit code 1 when one of them did not end as ok."""
    from crawlers.collect import collect
    from crawlers.registry import KINDS
    from pipeline.stream import open_stream

    chosen = [source for source in _sources(names) if source.kind in KINDS or names]
    if pushed := [source.name for source in chosen if source.kind not in KINDS]:
        raise SettingsError(f"{', '.join(pushed)}: pushes by itself. Start `moksori listen` to take it")
    if not chosen:
        raise SettingsError(
            f"{settings().config_dir / 'sources.yaml'}: no source to crawl. Declare one, see docs/sources.md"
        )
    moment = _day(since) if since else None
    stream = open_stream(settings().stream_url)
    try:
        stream.setup()
        with _progress("reviews") as progress:
            ended = collect(chosen, stream, settings().state_dir, since=moment, progress=_counter(progress))
    finally:
        stream.close()
    if as_json:
        for collection in ended:
            print_json(collection)
    else:
        print_table([each.model_dump() for each in ended], ("source", "state", *_COUNTS, "reason"))
    raise typer.Exit(0 if all(each.state == "ok" for each in ended) else 1)


def _day(text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day. Write for example 2026-11-01", param_hint="--since") from None
    return datetime.combine(day, time(0), ZoneInfo(settings().brand.timezone)).astimezone(UTC)


@sources_app.command("list", epilog="Example: moksori sources list --json")
def list_sources(as_json: Json = False) -> None:
    """Show the declared sources."""
    from crawlers.registry import load_sources

    rows = [
        {
            "name": source.name, "kind": source.kind, "brand": source.brand, "product": source.product,
            "every": _short(source.every.total_seconds()), "enabled": source.enabled,
        }
        for source in load_sources(settings().config_dir / "sources.yaml")
    ]  # fmt: skip
    if as_json:
        for row in rows:
            print_json(row)
    else:
        print_table(rows, ("name", "kind", "brand", "product", "every", "enabled"))


def _short(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"


@sources_app.command(epilog="Example: moksori sources check")
def check(as_json: Json = False) -> None:
    """Check the declaration: every field, spider and secret. Asks no site. Exit code 2 when something is wrong."""
    from crawlers.check import check_source

    rows = [{"name": source.name, "kind": source.kind, "fault": check_source(source)} for source in _sources()]
    if as_json:
        for row in rows:
            print_json(row)
    else:
        print_table([{**row, "fault": row["fault"] or "none"} for row in rows], ("name", "kind", "fault"))
    raise typer.Exit(2 if any(row["fault"] for row in rows) else 0)


@sources_app.command(epilog="Example: moksori sources health --json")
def health(as_json: Json = False) -> None:
    """Show how each source was last collected. Exit code 1 when one did not end as ok."""
    from crawlers.health import latest

    last = latest(settings().state_dir)
    if as_json:
        for collection in last:
            print_json(collection)
    else:
        rows = [{**each.model_dump(), "ended": f"{each.ended_at:%Y-%m-%d %H:%M} UTC"} for each in last]
        print_table(rows, ("source", "state", "ended", *_COUNTS, "reason"))
        if not rows:
            err.print("Nothing was collected yet. Run `moksori crawl`.")
    raise typer.Exit(0 if all(each.state == "ok" for each in last) else 1)


@app.command("import", epilog="Example: moksori import survey.csv --source survey --map text=내용,created_at=작성일")
def import_reviews(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, JSON lines or Parquet, also with .gz.")],
    source: Annotated[str, typer.Option(help="Under which name these reviews are kept.")],
    mapping: Annotated[str, typer.Option("--map", help="Our fields from columns: text=내용,rating=별점")] = "",
    brand: Annotated[
        str | None, typer.Option(help="Whose reviews these are. Default: the brand of the settings.")
    ] = None,
    product: Annotated[str | None, typer.Option(help="What they are about, where rows do not say.")] = None,
    kind: Annotated[Kind, typer.Option(help="What they are.")] = "review",
    scale: Annotated[str, typer.Option(help="Worst and best rating.")] = "1-5",
    keep_personal: Annotated[
        bool, typer.Option("--keep-personal", help="Do not redact phone numbers and so on.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Publish also what an earlier import published.")] = False,
    as_json: Json = False,
) -> None:
    """Import reviews from a file. Repeating it changes nothing. Exit code 1 when rows were refused."""
    from crawlers.importer import Layout, import_file
    from crawlers.publish import Origin
    from pipeline.stream import open_stream

    origin = Origin(source, brand or settings().brand.name, kind, product, redact=not keep_personal)
    layout = Layout(_mapping(mapping), _scale(scale), ZoneInfo(settings().brand.timezone))
    stream = open_stream(settings().stream_url)
    try:
        stream.setup()
        with _progress("rows") as progress:
            count = _counter(progress)
            report = import_file(
                file, origin, layout, stream=stream, state_dir=settings().state_dir, again=again,
                progress=lambda rows: count(file.name, rows),
            )  # fmt: skip
    finally:
        stream.close()
    for line, reason in report.refused[:20]:
        err.print(f"{plain(file)}:{line}: refused: {plain(reason)}", soft_wrap=True)
    if len(report.refused) > 20:
        err.print(f"… and {sum(report.reasons.values()) - 20} more; all are in `moksori dead list`")
    counts = {"rows": report.rows, "published": report.published, "unchanged": report.unchanged}
    counts["refused"] = sum(report.reasons.values())
    if as_json:
        print_json({**counts, "reasons": dict(report.reasons)})
    else:
        print_table([counts], tuple(counts))
    raise typer.Exit(1 if counts["refused"] else 0)


def _mapping(text: str) -> dict[str, str]:
    mapping = {}
    for pair in filter(None, text.split(",")):
        name, separator, column = pair.partition("=")
        if not separator or not name.strip() or not column.strip():
            raise typer.BadParameter(f"{pair!r}: write our field, = and the column, as text=내용", param_hint="--map")
        mapping[name.strip()] = column.strip()
    return mapping


def _scale(text: str) -> tuple[float, float]:
    try:
        worst, best = (float(part) for part in text.split("-"))
    except ValueError:
        raise typer.BadParameter(f"{text!r}: write worst and best, as 1-5 or 0-10", param_hint="--scale") from None
    return worst, best


@app.command(epilog="Example: moksori listen --port 8620")
def listen(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 8620,
) -> None:
    """Take signed webhooks of the declared webhook sources, each at /{its name}, until Ctrl-C."""
    from crawlers.listeners.webhook import serve
    from crawlers.registry import LISTENERS
    from pipeline.stream import open_stream

    pushed = [source for source in _sources() if source.kind in LISTENERS]
    if not pushed:
        raise SettingsError(f"{settings().config_dir / 'sources.yaml'}: no source of kind webhook. See docs/sources.md")
    stream = open_stream(settings().stream_url)
    stream.setup()
    stream.close()
    err.print(f"listening on http://{host}:{port}: {', '.join(f'/{source.name}' for source in pushed)}")
    serve(pushed, lambda: open_stream(settings().stream_url), host=host, port=port, state_dir=settings().state_dir)
