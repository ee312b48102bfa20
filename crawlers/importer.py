"""Imports reviews from a file: maps columns, publishes what is a review, and tells of every row that is none."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from crawlers.checkpoints import Checkpoints
from crawlers.file_lines import BadRow
from crawlers.found import Found, Refused
from crawlers.identity import author_key
from crawlers.publish import Origin, Publisher
from crawlers.rows import Row, format_of, read_rows
from crawlers.times import read_time
from pipeline.errors import SettingsError
from pipeline.models import SourceName
from pipeline.stream import Stream

FIELDS: Final = (
    "text", "id", "title", "author", "rating", "created_at", "edited_at", "owner_reply_at", "url", "lang", "product",
    "product_version", "location", "source",
)  # fmt: skip
"""What a column can be mapped to."""
_USUAL: Final[Mapping[str, tuple[str, ...]]] = {  # taken without a mapping, where a file has them
    "text": ("text", "review", "content", "body", "comment", "내용", "리뷰", "의견", "후기"),
    "id": ("id", "review_id"),
    "title": ("title", "제목"),
    "author": ("author", "작성자", "닉네임"),
    "rating": ("rating", "stars", "별점", "평점"),
    "created_at": ("created_at", "date", "작성일", "작성일시", "날짜"),
    "edited_at": ("edited_at", "updated_at", "수정일"),
    "url": ("url",),
    "lang": ("lang", "language"),
    "product": ("product", "상품명", "제품"),
    "product_version": ("product_version", "version"),
    "location": ("location", "지점"),
}
SEOUL: Final = ZoneInfo("Asia/Seoul")
REFUSED_SHOWN: Final = 1000
"""Refused rows that a report lists; all are counted and go to the dead letters."""
_SOURCE_NAME: TypeAdapter[str] = TypeAdapter(SourceName)


@dataclass(slots=True)
class ImportReport:
    """What became of a file's rows: rows == published + unchanged + sum(reasons.values()).

    unchanged: known already, from an earlier import or further up. refused: (line, reason) of the first thousand.
    """

    rows: int = 0
    published: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file says things: our field -> its column, its worst and best rating, the zone of times without one.

    Raises SettingsError for a field that we do not have and a scale that runs backwards.
    """

    mapping: Mapping[str, str] = field(default_factory=dict)
    scale: tuple[float, float] = (1, 5)
    zone: tzinfo = SEOUL

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.mapping) - set(FIELDS)):
            raise SettingsError(f"cannot map to {', '.join(unknown)}. Known: {', '.join(FIELDS)}")
        if not self.scale[0] < self.scale[1]:
            worst, best = self.scale
            raise SettingsError(f"scale {worst:g}-{best:g}: the worst rating comes first, for example 1-5")


def import_file(
    path: Path,
    origin: Origin,
    layout: Layout,
    *,
    stream: Stream,
    state_dir: Path,
    again: bool = False,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Publish the reviews of a file, and return what became of its rows. Importing it again changes nothing.

    again: publish also what is known already. progress: told the number of rows read so far.
    Memory does not grow with the file. Raises SettingsError for a file, name or mapping that cannot be used.
    """
    _check_name(origin.source)
    report = ImportReport()
    with Checkpoints(state_dir) as checkpoints, _Occurrences() as occurrences:
        publisher = Publisher(stream, checkpoints, author_key(state_dir), again=again)
        reader = RowReader(layout)
        table = format_of(path) != "jsonl"  # all rows of a table have the same columns
        for row in read_rows(path):
            if table and isinstance(row, Row):
                reader.check(row.values, path)
                table = False
            report.rows += 1
            if progress:
                progress(report.rows)
            if isinstance(row, BadRow):
                publisher.refuse(Refused(row.reason, row.raw, row.line), origin.source)
                _note(report, row.line, row.reason)
                continue
            try:
                found, row_source = reader.read(row)
            except ValueError as error:
                publisher.refuse(Refused(str(error), row.raw, row.line), origin.source)
                _note(report, row.line, str(error))
                continue
            row_origin = replace(origin, source=row_source) if row_source else origin
            if found.external_id is None and found.author is None and found.created_at is None:
                found = occurrences.numbered(found, publisher.id_of(found, row_origin.source))
            if reason := publisher.publish(found, row_origin, row.raw, row.line):
                _note(report, row.line, reason)
        publisher.flush()
        report.published, report.unchanged = publisher.tally.published, publisher.tally.unchanged
    return report


def _check_name(source: str) -> None:
    try:
        _SOURCE_NAME.validate_python(source)
    except ValidationError:
        raise SettingsError(
            f"source {source!r} is no name. Use small letters, digits, - and _, for example: survey-2026"
        ) from None


def _note(report: ImportReport, line: int, reason: str) -> None:
    # Values differ from row to row; a reason is counted by what comes before them.
    report.reasons[reason.split(":")[0].split("'")[0].strip()[:80]] += 1
    if len(report.refused) < REFUSED_SHOWN:
        report.refused.append((line, reason))


class _Occurrences:
    """Numbers equal rows that nothing tells apart, so that each counts, in whatever order a file has them.

    Lives in a temporary database on disk: memory stays bounded for any number of rows.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("CREATE TABLE seen(id TEXT PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID")
        self._db.execute("BEGIN")

    def __enter__(self) -> "_Occurrences":
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def numbered(self, found: Found, review_id: str) -> Found:
        row = self._db.execute(
            "INSERT INTO seen VALUES (?, 1) ON CONFLICT(id) DO UPDATE SET times = times + 1 RETURNING times",
            (review_id,),
        ).fetchone()
        return replace(found, occurrence=row[0] - 1)


class RowReader:
    """Turns rows into reviews by a layout."""

    def __init__(self, layout: Layout) -> None:
        self._mapping = layout.mapping
        self._scale = layout.scale
        self._zone = layout.zone

    def check(self, columns: Mapping[str, Any], path: Path) -> None:
        """Raises SettingsError when a table has not the columns that are mapped, or none that says something."""
        there = ", ".join(str(column) for column in list(columns)[:12])
        if missing := sorted({column for column in self._mapping.values() if column not in columns}):
            raise SettingsError(f"{path}: no column {', '.join(missing)}. There are: {there}")
        said = ("text", "title", "rating")
        if not any(name in self._mapping or any(usual in columns for usual in _USUAL[name]) for name in said):
            raise SettingsError(f"{path}: no column with a text. There are: {there}. Write --map text=COLUMN")

    def read(self, row: Row) -> tuple[Found, str | None]:
        """The review, and the name of its source where that is mapped. Raises ValueError."""
        values = {name: self._value(name, row.values) for name in FIELDS}
        source = _string("source", values["source"])
        if source is not None:
            try:
                _SOURCE_NAME.validate_python(source)
            except ValidationError:
                raise ValueError(f"source is no name: {source!r:.60}") from None
        text = _string("text", values["text"])
        rating = self._rating(values["rating"])
        title = _string("title", values["title"]) or ""
        if not text and not title and rating is None:
            raise ValueError("text, title and rating are empty")
        created_at = _time("created_at", values["created_at"], self._zone)
        return Found(
            text=text or "", external_id=_string("id", values["id"]), title=title,
            author=_string("author", values["author"]), rating=rating, created_at=created_at,
            edited_at=_time("edited_at", values["edited_at"], self._zone),
            owner_reply_at=_time("owner_reply_at", values["owner_reply_at"], self._zone),
            url=_string("url", values["url"]), lang=_string("lang", values["lang"]),
            product=_string("product", values["product"]), location=_string("location", values["location"]),
            product_version=_string("product_version", values["product_version"]),
        ), source  # fmt: skip

    def _value(self, name: str, values: dict[str, Any]) -> Any:
        if column := self._mapping.get(name):
            if column not in values:
                known = ", ".join(str(key) for key in list(values)[:12])
                raise ValueError(f"no column {column!r} for {name}; the row has: {known}")
            return values[column]
        return next((values[usual] for usual in _USUAL.get(name, ()) if usual in values), None)

    def _rating(self, value: Any) -> float | None:
        if isinstance(value, str):
            value = value.strip().replace(",", ".") or None
        if value is None:
            return None
        worst, best = self._scale
        try:
            number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
        except (ValueError, OverflowError):
            number = None
        if number is None:
            raise ValueError(f"rating is no number: {value!r:.40}")
        if number != number or (number == 0 and worst > 0):  # NaN: a hole in a table; 0: no stars given
            return None
        if not worst <= number <= best:
            raise ValueError(f"rating is not on the scale {worst:g}-{best:g} (--scale): {number:g}")
        return (number - worst) / (best - worst)


def _string(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, bool) or name in ("text", "title") or not isinstance(value, int | float):
        raise ValueError(f"{name} is no text: {value!r:.60}")
    if value != value:
        return None
    return f"{value:g}" if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)


def _time(name: str, value: Any, zone: tzinfo) -> Any:
    try:
        return read_time(value, zone)
    except ValueError as error:
        raise ValueError(f"{name} is no usable time: {error}") from None
