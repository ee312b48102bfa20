"""`moksori bench`: how fast this machine is, side by side with the bare libraries."""

from typing import Annotated

import typer

from moksori.bench import keep, machine, measure
from moksori.cli import app, err
from moksori.cli.output import plain, print_json, print_table


@app.command(
    epilog="Examples: make bench · moksori bench tagging_korean tagging_english · moksori bench --runs 1 --share 0.1"
)
def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]…", help="Which ones; all by default.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="Runs of each side.")] = 5,
    share: Annotated[float, typer.Option(min=0.0001, max=1, help="Share of the full size, for a quick look.")] = 1.0,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of the table.")] = False,
) -> None:
    """Measure ourselves against the bare libraries, in turn on this machine. Takes about half an hour.

    The figures are kept in benchmarks/out/ too. The exit code is 1 when one misses its aim.
    """
    begun = machine()
    figures = []
    for name, figure in measure(names or [], runs, share, lambda name: err.print(f"{name} …")):
        figures.append({"benchmark": name, **figure.to_dict(), "aim": figure.aim})
        err.print(f"   {plain(figure.name)}: {figure.median:,.4g} {figure.unit}")
    report = {"machine": begun, "load_average_after": machine()["load_average"], "runs": runs, "share": share}
    file = keep({**report, "figures": figures})
    if as_json:
        print_json({**report, "figures": figures, "file": str(file)})
    else:
        marks = {True: "hit", False: "MISS", None: ""}
        rows = [
            {
                **figure,
                "median": _short(figure["median"]),
                "min–max": f"{_short(figure['lowest'])}–{_short(figure['highest'])}",
                "": marks[figure["hit"]],
            }
            for figure in figures
        ]
        print_table(rows, ("benchmark", "name", "aim", "median", "min–max", "unit", "", "note"))
        err.print(f"kept in {plain(file)}")
    raise typer.Exit(1 if any(figure["hit"] is False for figure in figures) else 0)


def _short(value: float) -> str:
    """Three figures are all that a measurement on a shared machine is worth."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
