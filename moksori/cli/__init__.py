"""The command line: one file per group of commands; each reads arguments, calls one plain function, prints."""

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from moksori import __version__

app = typer.Typer(
    name="moksori",
    help="Hears what customers say about a brand, says what hurts, warns when it gets worse, and helps people answer.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"moksori {__version__}")
        raise typer.Exit


@app.callback()
def _start(
    config: Annotated[
        Path | None, typer.Option("--config", help="Settings file.", show_default="config/moksori.yaml")
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show stack traces and debug logs.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    # Through the environment, so that the processes which a command starts see the same.
    if config:
        os.environ["MOKSORI_CONFIG"] = str(config)
    if debug:
        os.environ["MOKSORI_DEBUG"] = "1"
    level = logging.DEBUG if debug else logging.WARNING
    for chatty in ("kafka", "elastic_transport"):
        # Their retries are ours to tell, in one line.
        logging.getLogger(chatty).setLevel(logging.NOTSET if debug else logging.CRITICAL)
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)


def main() -> None:
    """Entry point. Exit code 0: done; 1: done with findings, or failed; 2: wrong arguments or settings."""
    from moksori.cli import commands  # noqa: F401  (registers them all)

    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output (head, less) has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:  # the outer edge: a person gets one line, a developer the trace
        if "MOKSORI_DEBUG" in os.environ:
            raise
        from moksori.cli.output import fail

        sys.exit(fail(error))


err = Console(stderr=True, highlight=False)
