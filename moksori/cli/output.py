"""What commands print: tables for people, JSON for scripts, errors in one line; no text can steer the terminal."""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.errors import MoksoriError, SettingsError

_ESCAPES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def plain(text: object) -> str:
    """Text from outside made harmless for a terminal: no control characters, no direction overrides, no markup."""
    return escape(harmless(str(text)))


def harmless(text: str) -> str:
    """The same for what is printed as it is, where nobody reads markup."""
    return _ESCAPES.sub("", text)


def _jsonable(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"not JSON: {type(value).__name__}")


def print_json(value: Any) -> None:
    """One JSON object on stdout, Korean readable; half of a pair, which UTF-8 cannot hold, becomes a question mark."""
    print(json.dumps(value, ensure_ascii=False, default=_jsonable).encode("utf-8", "replace").decode())


def print_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str], title: str | None = None) -> None:
    """Rows as a table on stdout; numbers to the right."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    rows = list(rows)
    for column in columns:
        numeric = bool(rows) and all(isinstance(row.get(column), int | float | None) for row in rows)
        table.add_column(column.replace("_", " "), justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*("" if row.get(column) is None else plain(row[column]) for column in columns))
    # A pipe has no width: do not fold there, so that grep and cut work.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 500)
    if title:
        console.print(title, style="bold")
    console.print(table)


def fail(error: Exception) -> int:
    """Print an error, one line for each thing that is wrong, and return the exit code."""
    if isinstance(error, MoksoriError):
        lines = str(error).splitlines()
    else:
        lines = [f"a fault of moksori itself: {type(error).__name__}: {str(error) or 'no message'}".splitlines()[0]]
        lines[0] += ". See where with `moksori --debug …`, and please report it"
    for line in lines:
        print(f"error: {_ESCAPES.sub('', line)}", file=sys.stderr)
    return 2 if isinstance(error, SettingsError) else 1
