"""`moksori search`: find and count reviews, on whichever index is set."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from moksori.cli import app, err
from moksori.cli.output import print_json, print_table
from pipeline.index import MAX_PAGE, open_index
from pipeline.index.query import Query
from pipeline.settings import settings

_SHOWN = ("created_at", "source", "product", "sentiment", "themes", "text")


def moment(value: str) -> datetime:
    """A date or time as people write it, in the brand's time zone: 2026-11-01, 2026-11-01T09:00, or 7d, 12h ago."""
    zone = ZoneInfo(settings().brand.timezone)
    if value[-1:] in ("d", "h") and value[:-1].isdigit():
        unit = timedelta(days=1) if value[-1] == "d" else timedelta(hours=1)
        return datetime.now(zone) - int(value[:-1]) * unit
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise typer.BadParameter(
            f"{value!r} is no date. Write for example 2026-11-01, or 7d for the last seven days"
        ) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)


@app.command(
    epilog="Examples: moksori search 배송 늦다 --sentiment negative --since 7d · moksori search --source shop --count"
)
def search(
    text: Annotated[list[str] | None, typer.Argument(help='Words that must all occur; "quoted" is a phrase.')] = None,
    theme: Annotated[list[str] | None, typer.Option(help="Complaint or praise about it; can be repeated.")] = None,
    negative_theme: Annotated[list[str] | None, typer.Option(help="Complaint about it; can be repeated.")] = None,
    sentiment: Annotated[list[str] | None, typer.Option(help="positive, neutral or negative.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Name of a source.")] = None,
    product: Annotated[list[str] | None, typer.Option(help="Name of a product.")] = None,
    lang: Annotated[list[str] | None, typer.Option(help="ko, en, …")] = None,
    since: Annotated[str | None, typer.Option(help="From this day or time on: 2026-11-01, 7d, 12h.")] = None,
    until: Annotated[str | None, typer.Option(help="Before this day or time.")] = None,
    rating: Annotated[
        str | None, typer.Option(help="Share of the best rating, 0 to 1: 0.5, or a range 0-0.25.")
    ] = None,
    answered: Annotated[bool | None, typer.Option("--answered/--unanswered", help="By the brand, in public.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    count: Annotated[bool, typer.Option("--count", help="Only how many there are.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Find reviews, newest first."""
    low, high = _range(rating)
    filters: dict[str, Any] = {
        "themes": theme, "negative_themes": negative_theme, "sentiment": sentiment, "source": source,
        "product": product, "lang": lang,
    }  # fmt: skip
    query = Query(
        terms=_terms(" ".join(text or [])),
        filters={name: tuple(values) for name, values in filters.items() if values},
        since=moment(since) if since else None,
        until=moment(until) if until else None,
        rating_min=low,
        rating_max=high,
        answered=answered,
    )
    index = open_index(settings().index_url)
    index.refresh()
    if count:
        found = index.count(query)
        print_json({"count": found}) if as_json else print(found)
        return
    rows: list[dict[str, Any]] = []
    after: str | None = None
    total = 0
    while len(rows) < limit:
        page = index.search(query, limit=min(limit - len(rows), MAX_PAGE), after=after)
        rows += [document.model_dump(mode="json", exclude_none=True) for document in page.documents]
        total, after = page.total, page.next
        if after is None:
            break
    if as_json:
        for row in rows:
            print_json(row)
        return
    zone = ZoneInfo(settings().brand.timezone)
    for row in rows:
        row["created_at"] = datetime.fromisoformat(row["created_at"]).astimezone(zone).strftime("%Y-%m-%d %H:%M")
        row["themes"] = ", ".join(row["themes"])
        row["text"] = " ".join(row.get("text", "").split())[:100]
    print_table(rows, _SHOWN)
    err.print(f"{len(rows):,} of {total:,}")


def _terms(text: str) -> Any:
    if not text.strip():
        return ()
    from moksori.tagging import BrandTagger

    return BrandTagger(settings()).search_terms(text)


def _range(text: str | None) -> tuple[float | None, float | None]:
    if text is None:
        return None, None
    low, _, high = text.partition("-")
    try:
        bounds = float(low), float(high or low)
    except ValueError:
        bounds = (-1.0, -1.0)
    if not 0 <= bounds[0] <= bounds[1] <= 1:
        raise typer.BadParameter(
            f"{text!r} is no rating. Write a share of the best from 0 to 1, such as 0.5, or a range: 0-0.25"
        )
    return bounds
