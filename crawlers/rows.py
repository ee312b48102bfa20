"""Reads the rows of a file one by one with bounded memory: CSV, TSV, JSON lines or Parquet, also gzipped."""

import csv
import json
import tempfile
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from crawlers.file_lines import MAX_LINE, BadRow, decode, find_encoding, read_lines, unpacked
from pipeline.errors import SettingsError

FORMATS: Final = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".parquet": "parquet"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row that could be read. line: where it begins, from 1; in Parquet the number of the row."""

    line: int
    values: dict[str, Any]
    raw: bytes


def format_of(path: Path) -> str:
    """csv, tsv, jsonl or parquet, by the file's name. Raises SettingsError for another."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    form = FORMATS.get(suffixes[-1]) if suffixes else None
    if form is None:
        raise SettingsError(f"{path}: unknown kind of file. Name it …{', …'.join(FORMATS)}, each also with .gz")
    return form


def read_rows(path: Path) -> Iterator[Row | BadRow]:
    """All rows of a file, in order. What cannot be read comes as BadRow, and reading goes on behind it.

    Raises SettingsError when the file cannot be opened or its name tells no known format.
    """
    form = format_of(path)
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    if form == "parquet":
        return _parquet_rows(path)
    encoding = find_encoding(path)
    lines = read_lines(path)
    return (
        _json_rows(lines, encoding) if form == "jsonl" else _csv_rows(lines, encoding, "\t" if form == "tsv" else ",")
    )


def _json_rows(lines: Iterator[tuple[int, bytes | BadRow]], encoding: str) -> Iterator[Row | BadRow]:
    for number, line in lines:
        if isinstance(line, BadRow):
            yield line
            continue
        if not line.strip():
            continue
        try:
            values = json.loads(decode(line, encoding))
        except json.JSONDecodeError as error:
            yield BadRow(number, f"not JSON: {error.msg} at column {error.colno}", line)
            continue
        except (ValueError, RecursionError) as error:
            reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            yield BadRow(number, reason, line)
            continue
        if isinstance(values, dict):
            yield Row(number, values, line)
        else:
            yield BadRow(number, f"expected a JSON object, found {type(values).__name__}", line)


def _csv_rows(
    lines: Iterator[tuple[int, bytes | BadRow]], encoding: str, delimiter: str
) -> Iterator[Row | BadRow]:  # fmt: skip
    csv.field_size_limit(2 * MAX_LINE)
    header: list[str] | None = None
    for record in _csv_records(lines, encoding, delimiter):
        if isinstance(record, BadRow):
            yield record
            continue
        number, fields, raw = record
        if not any(field.strip() for field in fields):
            continue
        if header is None:
            header = [field.strip() for field in fields]
            doubled = sorted({name for name in header if name and header.count(name) > 1})
            if doubled:
                raise SettingsError(f"the header names a column twice: {', '.join(doubled)}. Rename one of them")
        elif len(fields) > len(header):
            yield BadRow(number, f"{len(fields)} fields, where the header names {len(header)}", raw)
        elif len(fields) < len(header):
            yield BadRow(number, f"only {len(fields)} of {len(header)} fields: the row is cut off", raw)
        else:
            yield Row(number, dict(zip(header, fields, strict=True)), raw)


def _csv_records(
    lines: Iterator[tuple[int, bytes | BadRow]], encoding: str, delimiter: str
) -> Iterator[tuple[int, list[str], bytes] | BadRow]:  # fmt: skip
    """Whole rows: lines joined while a quote is open. Where that makes no row, only its first line is given up."""
    waiting: deque[tuple[int, bytes | BadRow]] = deque()  # read, to be looked at again
    while True:
        taken: list[tuple[int, str, bytes]] = []
        size, inside = 0, False
        while True:
            item = waiting.popleft() if waiting else next(lines, None)
            if item is None:
                break
            number, line = item
            try:
                text = line if isinstance(line, BadRow) else decode(line, encoding)
            except ValueError as error:
                assert isinstance(line, bytes)
                text = BadRow(number, str(error), line)
            if isinstance(text, BadRow):
                if taken:  # give up the open quote first, then come back to this line
                    waiting.appendleft((number, text))
                    break
                yield text
                continue
            assert isinstance(line, bytes)
            taken.append((number, text, line))
            size += len(line)
            inside = _quote_open(text, delimiter, inside)
            if not inside or size > MAX_LINE:
                break
        if not taken:
            return
        number, first = taken[0][0], taken[0][2]
        try:
            if inside:
                raise csv.Error("a quote is opened and never closed")
            whole = "".join(text for _, text, _ in taken)
            fields = next(csv.reader([whole], delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            yield BadRow(number, f"not a row of CSV: {error}", first)
            waiting.extendleft((number, raw) for number, _, raw in reversed(taken[1:]))
            continue
        yield number, fields, b"".join(raw for _, _, raw in taken)


def _quote_open(line: str, delimiter: str, inside: bool) -> bool:
    """Whether a quoted field is still open at the end of this line."""
    if '"' not in line:
        return inside
    at_start = not inside
    position = 0
    while position < len(line):
        if inside:
            position = line.find('"', position)
            if position < 0:
                return True
            if line.startswith('""', position):
                position += 2
                continue
            inside, at_start = False, False
        elif at_start and line[position] == '"':
            inside = True
        else:
            position = line.find(delimiter, position)
            if position < 0:
                return False
            at_start = True
        position += 1
    return inside


def _parquet_rows(path: Path) -> Iterator[Row | BadRow]:
    with tempfile.TemporaryDirectory() as folder:
        plain = path
        try:
            if path.suffix.lower() == ".gz":  # a Parquet is read from its end, so it must lie unpacked
                plain = Path(folder) / "rows.parquet"
                with plain.open("wb") as out:
                    for chunk in unpacked(path):
                        out.write(chunk)
            with pq.ParquetFile(plain) as file:
                number = 0
                for batch in file.iter_batches(batch_size=512):
                    for values in _batch_rows(batch):
                        number += 1
                        if isinstance(values, str):
                            yield BadRow(number, values, b"")
                        else:
                            yield Row(
                                number,
                                values,
                                json.dumps(values, ensure_ascii=False, default=str).encode("utf-8", "replace"),
                            )
        except (pa.ArrowException, OSError, ValueError) as error:
            yield BadRow(0, f"not a whole Parquet file: {str(error).splitlines()[0][:200]}", b"")


def _batch_rows(batch: Any) -> Iterator[dict[str, Any] | str]:
    try:
        yield from batch.to_pylist()
    except (UnicodeDecodeError, OverflowError, pa.ArrowException):
        for number in range(batch.num_rows):
            try:
                yield batch.slice(number, 1).to_pylist()[0]
            except (UnicodeDecodeError, OverflowError, pa.ArrowException) as error:
                yield f"a value cannot be read: {str(error)[:100]}"
