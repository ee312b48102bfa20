"""Reads and writes corrections as JSON lines or CSV; a bad line is named and left out."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from desk.corrections.said import Said, row_of, said_by
from pipeline.errors import BadRecord, SettingsError

_COLUMNS: Final = (
    "review_id", "text", "title", "lang", "source", "sentiment", "themes", "not_themes", "by", "at",
)  # fmt: skip


def read(file: Path, known: tuple[str, ...]) -> Iterator[tuple[int, Said | str]]:
    """The lines with what they say, or why they say nothing. known: the names of all themes.

    A name that ends in .csv is CSV with a head, anything else JSON lines; UTF-8. Raises SettingsError for a file that
    cannot be read.
    """
    try:
        content = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"{file}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{file}: no UTF-8 at byte {error.start:,}") from None
    for line, row in _csv(content, file) if file.suffix.lower() == ".csv" else _json_lines(content):
        try:
            if isinstance(row, str):
                raise BadRecord(row)
            yield line, said_by(row, known)
        except BadRecord as error:
            yield line, str(error)


def _json_lines(content: str) -> Iterator[tuple[int, dict[str, Any] | str]]:
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, f"no JSON: {error}"
            continue
        yield number, row if isinstance(row, dict) else f"expected an object, found {type(row).__name__}"


def _csv(content: str, file: Path) -> Iterator[tuple[int, dict[str, Any] | str]]:
    rows = csv.DictReader(io.StringIO(content, newline=""))
    if "text" not in (rows.fieldnames or ()):
        raise SettingsError(f"{file}:1: no column named text. Columns: {', '.join(_COLUMNS)}")
    # An empty cell says nothing, as an absent column does.
    for row in rows:
        if None in row or None in row.values():
            yield rows.line_num, "not as many cells as the head has"
            continue
        yield rows.line_num, {name: value for name, value in row.items() if value or name == "text"}


def write_json_lines(many: Iterable[Said]) -> Iterator[str]:
    """A line each, without its end; Korean readable."""
    for said in many:
        yield json.dumps(row_of(said), ensure_ascii=False)
