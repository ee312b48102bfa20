"""`moksori themes`: what customers complain about that has no name yet, and giving it one."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from moksori.cli import app, err
from moksori.cli.output import plain, print_json, print_table
from moksori.cli.search import moment
from pipeline.index import open_index
from pipeline.settings import settings

themes = typer.Typer(no_args_is_help=True, help="Complaints that no theme explains: what they have in common.")
app.add_typer(themes, name="themes")


@themes.command(epilog="Example: moksori themes discover --since 30d")
def discover(
    since: Annotated[str, typer.Option(help="Complaints from this day or time on: 2026-11-01, 7d.")] = "90d",
    until: Annotated[str | None, typer.Option(help="Before this day or time.", show_default="now")] = None,
    count: Annotated[int, typer.Option(min=1, max=100, help="At most so many.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Find what the negative reviews that fit no theme have in common: candidates for themes of your own."""
    from moksori.theme_candidates import FEWEST, find, keep

    chosen = settings()
    begin, end = moment(since), moment(until) if until else datetime.now(UTC)
    if begin >= end:
        raise typer.BadParameter("--since is not before --until")
    index = open_index(chosen.index_url)
    index.refresh()
    found, unexplained = find(index, begin, end, count)
    keep(chosen.state_dir, found)
    texts = index.get([id for each in found for id in each.candidate.samples])
    rows: list[dict[str, Any]] = []
    for each in found:
        candidate = each.candidate
        samples = [{"id": id, "text": texts[id].text} for id in candidate.samples if id in texts]
        rows.append(
            {
                "candidate": each.id, "words": candidate.lemmas, "reviews": len(candidate.reviews),
                "first_half": candidate.first, "last_half": candidate.last, "growth": candidate.growth,
                "patterns": candidate.patterns, "samples": samples,
            }
        )  # fmt: skip
    if as_json:
        for row in rows:
            print_json(row)
    elif rows:
        for row in rows:
            row["words"] = " · ".join(row["words"])
            row["for example"] = " / ".join(" ".join(each["text"].split())[:60] for each in row["samples"])
        print_table(rows, ("candidate", "words", "reviews", "first_half", "last_half", "growth", "for example"))
    if not unexplained:
        err.print("no negative review without a theme in this time")
    for language, number in unexplained.items():
        few = f"; at least {FEWEST} are needed" if number < FEWEST else ""
        candidates = sum(each.language == language for each in found)
        err.print(
            f"{language}: {candidates} candidates in {number:,} negative reviews that fit no theme{few}", soft_wrap=True
        )


@themes.command(epilog="Example: moksori themes accept ko1 --name packaging")
def accept(
    candidate: Annotated[str, typer.Argument(help="As the last `moksori themes discover` names it.")],
    name: Annotated[str, typer.Option(help="Name of the new theme: small letters, digits and _.")],
) -> None:
    """Make a theme of a candidate: it is added to themes.yaml, and tells how many of its reviews it finds."""
    from moksori.tagging import BrandTagger
    from moksori.theme_candidates import accept as add
    from moksori.theme_candidates import kept
    from nlp.tagger import Input

    chosen = settings()
    found = kept(chosen.state_dir, candidate)
    file = add(chosen, found, name)
    index = open_index(chosen.index_url)
    documents = [each for each in index.get(found.candidate.reviews).values() if not each.deleted]
    tags = BrandTagger(chosen).tagger.tag([Input(each.text, each.title, lang=each.lang or None) for each in documents])
    finds = sum(any(theme.name == name for theme in each.themes) for each in tags)
    err.print(
        plain(
            f"{name} stands in {file}, where its labels and patterns can be edited. It finds {finds:,} of the"
            f" {len(documents):,} reviews. The workers use it from their next batch on; bring it to older reviews with"
            " `moksori replay --since DATE`"
        ),
        soft_wrap=True,
    )
