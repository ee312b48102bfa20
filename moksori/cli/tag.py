"""`moksori tag`, `train`, `eval`: the tagger by itself, without any service."""

import json
import sys
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from moksori.cli import app, err
from moksori.cli.output import plain, print_json
from pipeline.errors import BadRecord
from pipeline.settings import settings

_AT_ONCE = 256


@app.command(epilog='Example: echo \'{"text": "배송이 너무 늦어요"}\' | moksori tag')
def tag(
    file: Annotated[Path, typer.Argument(help="JSON lines with at least `text`; - is standard input.")] = Path("-"),
) -> None:
    """Tag JSON lines: each line comes out with a `tags` object, in the same order.

    A whole number for `rating` is stars, 1 to 5; a fraction from 0.0 to 1.0 is a share of the best. A line that is no
    JSON object with a `text` is named on stderr and left out; the exit code is then 1.
    """
    from moksori.tagging import BrandTagger

    tagger = BrandTagger(settings()).tagger
    bad = 0
    with _opened(file) as lines:
        numbered = enumerate(lines, 1)
        while batch := list(islice(numbered, _AT_ONCE)):
            rows = []
            for number, line in batch:
                row, reason = _row(line)
                if row is None:
                    if reason:
                        bad += 1
                        err.print(f"line {number}: {plain(reason)}; left out")
                    continue
                rows.append(row)
            tags = tagger.tag([_input(row) for row in rows])
            for row, found in zip(rows, tags, strict=True):
                written = {**row, "tags": found.model_dump(mode="json")}
                sys.stdout.write(json.dumps(written, ensure_ascii=False).encode("utf-8", "replace").decode() + "\n")
    if bad:
        raise typer.Exit(1)


def _opened(file: Path) -> BinaryIO:
    if str(file) == "-":
        return sys.stdin.buffer
    try:
        return file.open("rb")
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None


def _row(line: bytes) -> tuple[dict[str, Any] | None, str]:
    """The object in a line, or why there is none; an empty line is neither."""
    if not line.strip():
        return None, ""
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except ValueError as error:
        return None, f"no JSON: {error}"
    except RecursionError:
        return None, "no JSON: nested too deeply"
    if not isinstance(row, dict):
        return None, f"expected an object, found {type(row).__name__}"
    if not isinstance(row.get("text"), str):
        return None, f"expected a text, found {type(row.get('text')).__name__} in `text`"
    return row, ""


def _input(row: dict[str, Any]) -> Any:
    from nlp.tagger import Input

    def text(name: str) -> str | None:
        return row[name] if isinstance(row.get(name), str) else None

    return Input(row["text"], text("title") or "", share_of_best(row.get("rating")), text("lang"), text("source"))


def share_of_best(rating: Any) -> float | None:
    """A rating as 0 to 1: whole numbers are stars (1 to 5), fractions up to 1.0 are shares already. None: no rating."""
    if isinstance(rating, bool) or not isinstance(rating, int | float) or not 0 <= rating <= 5:
        return None
    if isinstance(rating, float) and rating <= 1:
        return rating
    return max(0.0, (rating - 1) / 4)


@app.command(epilog="Examples: moksori train --brand · moksori train ~/reviews-data")
def train(
    data: Annotated[
        Path | None, typer.Argument(help="Folder with ko/ and en/ JSON lines, see docs/models.md.", show_default=False)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where the pipelines go.", show_default="nlp/trained")] = None,
    brand: Annotated[bool, typer.Option("--brand", help="The brand's model, from corrections and stars.")] = False,
) -> None:
    """Train the brand's model, or the two pipelines, and print how well they do on what they have not seen.

    A brand's model that is not better than the one in use is not kept: the exit code is then 1.
    """
    if brand == (data is not None) or (brand and out):
        raise typer.BadParameter("say either --brand, or where the DATA for the two pipelines is")
    if data is None:
        from moksori.cli.learn import train_brand

        print_json(train_brand(settings()))
        return
    from nlp.tagger import TRAINED
    from nlp.train import train as train_pipelines

    print_json(train_pipelines(data, out or TRAINED, lambda message: err.print(plain(message))).to_dict())


@app.command("eval", epilog="Examples: moksori eval labelled.jsonl --html page.html · moksori eval *.jsonl --card")
def evaluate(
    file: Annotated[list[Path], typer.Argument(help="JSON lines with `text` and labels; several are taken together.")],
    html: Annotated[Path | None, typer.Option(help="Write a page to look at, mistakes included.")] = None,
    card: Annotated[bool, typer.Option("--card", help="Markdown tables, a row for each file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Compare the tagger with labelled reviews: accuracy, F1, confusion, calibration, evidence, mistakes.

    A line that is no labelled text is named on stderr and left out; the exit code is then 1.
    """
    from moksori.tagging import BrandTagger
    from nlp.evaluate import evaluate as evaluate_rows
    from nlp.evaluate_card import card as as_card
    from nlp.evaluate_page import page
    from nlp.evaluate_table import table

    rows: dict[Path, list[Any]] = {}
    bad = 0
    for each in file:
        rows[each], refused = _labelled(each)
        bad += refused
    tagger = BrandTagger(settings()).tagger
    about = _measured_on(tagger.version)
    if card:
        print(as_card({each.name: evaluate_rows(some, tagger) for each, some in rows.items()}, about))
    else:
        result = evaluate_rows([row for some in rows.values() for row in some], tagger)
        if html:
            names = ", ".join(each.name for each in file)
            html.write_text(page(result, "How well the tagger does", f"{names}; {about}"), encoding="utf-8")
        if as_json:
            print_json(result.to_dict() | {"mistakes": [asdict(each) for each in result.mistakes]})
        else:
            print(table(result))
    if bad:
        raise typer.Exit(1)


def _labelled(file: Path) -> tuple[list[Any], int]:
    """The labelled texts of a file, and how many lines were left out."""
    from nlp.evaluate_rows import labelled

    rows = []
    bad = 0
    with _opened(file) as lines:
        for number, line in enumerate(lines, 1):
            row, reason = _row(line)
            if row is not None:
                try:
                    rows.append(labelled(row))
                except BadRecord as error:
                    reason = str(error)
            if reason:
                bad += 1
                err.print(f"{file.name}, line {number}: {plain(reason)}; left out")
    return rows, bad


def _measured_on(models: str) -> str:
    from moksori.bench import machine

    found = machine()
    versions = ", ".join(f"{name} {found['versions'][name]}" for name in ("spacy", "kiwipiepy", "numpy"))
    on = f"{found['processor']}, {found['cores']} cores"
    return f"{models}; Python {found['python']}, {versions}; {on}; {found['at'][:10]}"
