"""`moksori kibana build|import`: the data view, searches and dashboard for Kibana."""

from pathlib import Path
from typing import Annotated

import typer

from moksori.cli import app, err
from moksori.cli.output import plain
from pipeline.settings import settings

kibana = typer.Typer(help="Data view, saved searches and dashboard for Kibana.", no_args_is_help=True)
app.add_typer(kibana, name="kibana")
_NAME = Path("kibana/moksori.ndjson")


@kibana.command(epilog="Example: moksori kibana build")
def build(
    out: Annotated[Path | None, typer.Option(help="File to write.", show_default=f"config/{_NAME}")] = None,
) -> None:
    """Write the saved objects as NDJSON; they can be imported by hand too (Stack Management, Saved objects)."""
    from moksori.kibana.objects import build as build_objects

    file = out or settings().config_dir / _NAME
    file.parent.mkdir(parents=True, exist_ok=True)
    text = build_objects()
    file.write_text(text, encoding="utf-8")
    err.print(f"{file}: {len(text.splitlines())} objects")


@kibana.command("import", epilog="Example: moksori kibana import --url http://localhost:5601")
def import_(
    url: Annotated[str, typer.Option(envvar="KIBANA_URL", help="Address of Kibana.")],
    user: Annotated[str | None, typer.Option(envvar="KIBANA_USER", help="User who may write saved objects.")] = None,
    password: Annotated[str | None, typer.Option(envvar="KIBANA_PASSWORD", help="Better from the variable.")] = None,
) -> None:
    """Import the saved objects into a running Kibana; waits until it is up. May be run again."""
    from moksori.kibana.importer import send
    from moksori.kibana.objects import build as build_objects

    count = send(
        url.rstrip("/"), build_objects(), settings().console.url, user, password, lambda why: err.print(plain(why))
    )
    err.print(f"{count} objects imported; open {plain(url)}/app/dashboards#/view/moksori-overview")
