"""`moksori ledger`, `dead`, `replay`, `erase`: account for everything, and mend what went wrong."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from moksori.cli import app, err
from moksori.cli.output import plain, print_json, print_table
from moksori.cli.search import moment
from pipeline import dead_letters
from pipeline.errors import BadRecord
from pipeline.index import open_index
from pipeline.index.query import Query
from pipeline.ledger import audit
from pipeline.models import ERASED, DeadLetter, Tombstone
from pipeline.settings import settings
from pipeline.stream import RAW, open_stream

_COLUMNS = ("source", "day", "collected", "indexed", "refused", "dead", "deleted", "pending")


@app.command(epilog="Example: moksori ledger --json | jq .agrees")
def ledger(as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False) -> None:
    """Prove that nothing was lost: per source and day, what was collected and where each of it is.

    Exit code 1 when something is missing, or in the index without ever having been collected.
    """
    chosen = settings()
    stream, index = open_stream(chosen.stream_url), open_index(chosen.index_url)
    with err.status("reading the stream …") as status:
        account = audit(
            stream,
            index,
            chosen.state_dir,
            chosen.brand.timezone,
            lambda read: status.update(f"read {read:,} records …"),
        )
    if as_json:
        print_json(account.to_dict())
    else:
        print_table([vars(row) for row in account.rows], _COLUMNS)
        totals = account.totals()
        parts = " + ".join(f"{totals[name]:,} {name}" for name in _COLUMNS[3:])
        err.print(f"{totals['collected']:,} collected = {parts}")
        if account.on_the_way:
            err.print(f"{account.on_the_way:,} records are still on their way")
        if account.missing:
            err.print(f"[bold red]{account.missing:,} are missing[/]: run `moksori replay --since` their day")
        for source, extra in account.surplus.items():
            err.print(f"[bold red]{extra:,} reviews of {plain(source)} are in the index, but nobody collected them[/]")
    raise typer.Exit(0 if account.agrees else 1)


dead = typer.Typer(help="What could not be collected, tagged, indexed or handed to the desk.", no_args_is_help=True)
app.add_typer(dead, name="dead")


@dead.command("list", epilog="Example: moksori dead list --json")
def dead_list(as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False) -> None:
    """Show the dead letters that wait for someone."""
    stream = open_stream(settings().stream_url)
    rows = [
        {"id": identity, **letter.model_dump(mode="json", exclude={"original"}), "bytes": len(letter.original)}
        for identity, letter in dead_letters.waiting(stream).items()
    ]
    if as_json:
        for row in rows:
            print_json(row)
    elif rows:
        print_table(rows, ("id", "source", "line", "reason", "bytes", "at"))
    else:
        err.print("no dead letters")


Ids = Annotated[list[str] | None, typer.Argument(help="Ids as `dead list` shows them.")]
All = Annotated[bool, typer.Option("--all", help="All of them.")]


def _chosen(ids: list[str] | None, every: bool, waiting: dict[str, DeadLetter]) -> dict[str, DeadLetter]:
    if every == bool(ids):
        raise typer.BadParameter("name some ids, or say --all")
    if every:
        return waiting
    unknown = [id for id in ids or [] if id not in waiting]
    if unknown:
        raise typer.BadParameter(f"no dead letter {unknown[0]!r} waits. See `moksori dead list`")
    return {id: waiting[id] for id in ids or []}


@dead.command("retry", epilog="Example: moksori dead retry --all")
def dead_retry(ids: Ids = None, every: All = False) -> None:
    """Send dead letters to where they came from, after the cause is mended."""
    stream = open_stream(settings().stream_url)
    sent = 0
    for identity, letter in _chosen(ids, every, dead_letters.waiting(stream)).items():
        try:
            dead_letters.retry(stream, identity, letter)
            sent += 1
        except BadRecord as error:
            err.print(plain(error))
    err.print(f"{sent} sent again")


@dead.command("drop", epilog="Example: moksori dead drop tag:reviews.raw:0:17")
def dead_drop(ids: Ids = None, every: All = False) -> None:
    """Give dead letters up. They stay counted; their originals are emptied."""
    stream = open_stream(settings().stream_url)
    chosen = _chosen(ids, every, dead_letters.waiting(stream))
    for identity, letter in chosen.items():
        dead_letters.drop(stream, identity, letter)
    err.print(f"{len(chosen)} dropped")


@app.command(epilog="Example: moksori replay --since 2026-11-01")
def replay(
    since: Annotated[str, typer.Option(help="Read again what was collected from this day or time on: 2026-11-01, 7d.")],
) -> None:
    """Tag and index again what was collected. Harmless: nothing is shown twice. Stop the tag workers first."""
    stream = open_stream(settings().stream_url)
    stream.rewind(RAW, "tag", moment(since))
    err.print(f"{stream.lag(RAW, 'tag'):,} records will be read again. Start the workers: moksori run")
    stream.close()


@app.command(epilog="Example: moksori erase --author shop:5f1c… · moksori erase --review shop:1234")
def erase(
    author: Annotated[str | None, typer.Option(help="author_id of a person, as search --json shows it.")] = None,
    review: Annotated[list[str] | None, typer.Option(help="Id of a review; can be repeated.")] = None,
) -> None:
    """Erase a person's reviews in stream, index and cases. A replay or a new crawl does not bring them back."""
    if (author is None) == (review is None):
        raise typer.BadParameter("name either --author or --review")
    chosen = settings()
    index, stream = open_index(chosen.index_url), open_stream(chosen.stream_url)
    index.refresh()
    ids = review or [found.id for found in index.export(Query().where(author_id=author or ""))]
    if not ids:
        err.print("nothing of this author is in the index")
        raise typer.Exit(1)
    now = datetime.now(UTC)
    for id in ids:
        source = id.partition(":")[0]
        tombstone = Tombstone(id=id, source=source, version=ERASED, reason="erased", at=now)
        stream.publish(RAW, id, tombstone.to_bytes())
    stream.flush()
    err.print(f"{len(ids)} reviews are being erased; `moksori ledger` shows them as deleted when it is done")
