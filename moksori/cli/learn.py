"""`moksori corrections`, `models`, `label`, `retag`: teach the tagger, choose its version, use it on what is there."""

from pathlib import Path
from typing import Annotated, Any

import typer

from moksori.cli import app, err
from moksori.cli.output import plain, print_json, print_table
from moksori.cli.search import moment
from pipeline.errors import MoksoriError
from pipeline.index import open_index
from pipeline.settings import Settings, settings

corrections = typer.Typer(no_args_is_help=True, help="What people say that reviews really say.")
app.add_typer(corrections, name="corrections")
models = typer.Typer(no_args_is_help=True, help="The brand's own models: which there are, which one tags.")
app.add_typer(models, name="models")
label = typer.Typer(no_args_is_help=True, help="What a person should look at.")
app.add_typer(label, name="label")

Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


@corrections.command("import", epilog="Example: moksori corrections import labelled.jsonl --by kim")
def import_(
    file: Annotated[Path, typer.Argument(help="JSON lines, or CSV where the name ends in .csv.")],
    by: Annotated[str, typer.Option(help="Who says so, where lines do not tell.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Import corrections. Repeating it changes nothing. Exit code 1 when lines were left out."""
    _desk()
    from desk.corrections.book import write
    from desk.corrections.files import read
    from moksori.tagging import themes_of

    good = []
    bad = 0
    for line, said in read(file, themes_of(settings()).names()):
        if isinstance(said, str):
            bad += 1
            err.print(f"line {line}: {plain(said)}; left out")
        else:
            good.append(said if said.by else said.model_copy(update={"by": by}))
    written = write(good)
    counts = {name: getattr(written, name) for name in ("added", "changed", "unchanged")} | {"refused": bad}
    if as_json:
        print_json(counts)
    else:
        err.print(", ".join(f"{count:,} {name}" for name, count in counts.items()))
    if bad:
        raise typer.Exit(1)


@corrections.command("export", epilog="Example: moksori corrections export > corrections.jsonl")
def export() -> None:
    """Print all corrections as JSON lines, as `corrections import` and `eval` read them."""
    _desk()
    from desk.corrections.book import corrections as all_of_them
    from desk.corrections.files import write_json_lines

    for line in write_json_lines(all_of_them()):
        print(line)


@models.command("list", epilog="Example: moksori models list --json")
def list_(as_json: Json = False) -> None:
    """Show the versions of the brand's model, and which one tags."""
    rows = _models(settings()).rows()
    if as_json:
        for row in rows:
            print_json(row)
        return
    for row in rows:
        reports = row.get("reports", {}).items()
        row["learned from"] = ", ".join(f"{report['texts']:,} {name}" for name, report in reports)
        row["mistakes"] = ", ".join(
            f"{name} {report['wrong_before']:g} → {report['wrong_after']:g}"
            for name, report in reports
            if "wrong_before" in report
        )
    print_table(rows, ("version", "state", "made_at", "learned from", "mistakes"))


@models.command(epilog="Example: moksori models use b2")
def use(version: Annotated[str, typer.Argument(help="A version, or shipped for none of the brand's own.")]) -> None:
    """Put a version to use. Workers take it up before their next batch."""
    _models(settings()).use(version)
    err.print(f"{plain(version)} tags from now on; bring it to older reviews with `moksori retag --since DATE`")


@models.command(epilog="Example: moksori models rollback")
def rollback() -> None:
    """Go back to what was in use before."""
    err.print(f"{_models(settings()).rollback()} tags from now on")


@app.command(epilog="Example: moksori retag --since 90d")
def retag(
    since: Annotated[str, typer.Option(help="What was collected from this day or time on: 2026-11-01, 7d.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Tag again with the models in use what was collected, and send it on. Harmless beside the workers."""
    from moksori.retag import retag as tag_again
    from moksori.tagging import BrandTagger
    from pipeline.stream import open_stream

    chosen = settings()
    begin = moment(since)
    brand = BrandTagger(chosen)
    stream, index = open_stream(chosen.stream_url), open_index(chosen.index_url)
    with err.status("reading the stream …") as status:
        counts = tag_again(
            stream, index, brand, begin, lambda so_far: status.update(f"{so_far.read:,} read, {so_far.sent:,} sent …")
        )
    stream.close()
    if as_json:
        print_json({**vars(counts), "models": brand.tagger.version})
    else:
        err.print(", ".join(f"{count:,} {name}" for name, count in vars(counts).items()) + f"; {brand.tagger.version}")


@label.command(epilog="Example: moksori label suggest --count 50 --json > to-label.jsonl")
def suggest(
    count: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 50,
    since: Annotated[str, typer.Option(help="Reviews from this day or time on: 2026-11-01, 7d.")] = "30d",
    as_json: Json = False,
) -> None:
    """Show the reviews most worth a label: those that the tagger doubts, none like another, none corrected already."""
    _desk()
    from urllib.parse import quote

    from moksori.lessons import not_corrected
    from moksori.tagging import BrandTagger
    from nlp.suggest import suggest as most_worth
    from nlp.tagger import Input

    chosen = settings()
    index = open_index(chosen.index_url)
    index.refresh()
    documents = not_corrected(index, moment(since))
    inputs = [Input(found.text, found.title, lang=found.lang or None, source=found.source) for found in documents]
    rows: list[dict[str, Any]] = []
    for each in most_worth(BrandTagger(chosen).tagger, inputs, count):
        found = documents[each.place]
        row: dict[str, Any] = found.model_dump(include={"sentiment", "title", "text", "lang", "source"})
        row["themes"] = [{"name": name, "sentiment": mood} for name, mood in found.theme_moods.items()]
        link = f"{chosen.console.url}/corrections/{quote(found.id, safe='/:')}"
        rows.append({"review_id": found.id, "doubt": each.doubt, **row, "link": link})
    if as_json:
        for row in rows:
            print_json(row)
        return
    shown = [
        {
            **row,
            "themes": ", ".join(theme["name"] for theme in row["themes"]),
            "text": " ".join(row["text"].split())[:80],
        }
        for row in rows
    ]
    print_table(shown, ("doubt", "sentiment", "themes", "text", "link"))
    err.print(f"{len(rows):,} of {len(documents):,} that nobody has corrected")


def train_brand(chosen: Settings) -> dict[str, Any]:
    """Learn from corrections and stars; put the new version to use if it is better. The report, for JSON.

    Raises MoksoriError where labels are too few, or the new model is not better.
    """
    _desk()
    from moksori.lessons import from_corrections, from_stars
    from moksori.tagging import BrandTagger
    from nlp.adapt import adapt

    brand = BrandTagger(chosen)
    in_use, _ = brand.models.newest_good()
    index = open_index(chosen.index_url)
    index.setup()
    labels = [*from_corrections(), *from_stars(index)]
    adapted = adapt(brand.tagger, labels, in_use, lambda message: err.print(plain(message)))
    reports: dict[Any, Any] = {name: report.to_dict() for name, report in adapted.reports.items()}
    before = in_use.version if in_use else "shipped"
    if adapted.tables is None:
        print_json({"version": None, "in_use": before, "reports": reports})
        raise MoksoriError(_not_better(before, adapted.reports))
    version = brand.models.add(adapted.tables, reports)
    brand.models.use(version)
    return {"version": version, "in_use": version, "before": before, "reports": reports}


def _not_better(before: str, reports: Any) -> str:
    from nlp.compare import SURE

    found = [
        f"{name}: on {compared.texts:,} texts held back {compared.wrong[0]:g} mistakes before, {compared.wrong[1]:g}"
        f" after ({compared.sure:.0%} sure that it is better)"
        for name, report in reports.items()
        if (compared := report.comparison)
    ]
    return f"the new model is not better than {before}, which goes on; needed are {SURE:.0%}. {'; '.join(found)}"


def _models(chosen: Settings) -> Any:
    from moksori.models import Models
    from nlp.pipelines import LANGUAGES, VERSION

    return Models(chosen.state_dir, dict.fromkeys(LANGUAGES, VERSION))


def _desk() -> None:
    from desk.setup import configure

    configure()
