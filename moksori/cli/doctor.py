"""`moksori doctor`: what is wrong with this installation, and how to mend it."""

import platform
from typing import Annotated

import typer

from moksori.cli import app
from moksori.cli.output import print_json, print_table
from pipeline.metrics import read_health
from pipeline.settings import settings


@app.command(epilog="Examples: moksori doctor · moksori doctor --worker tag   (a health check for containers)")
def doctor(
    worker: Annotated[str | None, typer.Option(help="Only: is this worker of this machine alive?")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Check settings, servers, versions, models, disk, clock and permissions; each finding says what to do."""
    if worker is not None:
        mine = [each for each in read_health(settings().state_dir) if each["host"] == platform.node()]
        alive = any(each["alive"] and each["stage"] == worker for each in mine)
        raise typer.Exit(0 if alive else 1)
    from moksori.doctor import examine

    findings = examine(settings())
    if as_json:
        for finding in findings:
            print_json(vars(finding))
    else:
        marks = {"ok": "✓", "warning": "!", "error": "✗"}
        rows = [{**vars(each), "": marks[each.state]} for each in findings]
        print_table(rows, ("", "check", "found", "remedy"))
    raise typer.Exit(1 if any(each.state == "error" for each in findings) else 0)
