"""A correction as data: what stands in a line of a file, and what the book keeps."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipeline.errors import BadRecord
from pipeline.models import MAX_TEXT, Moment, Sentiment, SourceName, Text, first_fault

NO: Final = "no"
ThemeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Said(BaseModel):
    """What someone says about a text. themes: the sentiment of each that it is about, NO for one that it is not about.

    review_id: empty for a text that is no review of ours. at None: now.
    """

    model_config = ConfigDict(frozen=True)

    review_id: Text = Field("", max_length=512)
    text: Text = Field(min_length=1, max_length=MAX_TEXT)
    title: Text = Field("", max_length=1000)
    lang: Text = Field("", max_length=20)
    source: SourceName | Literal[""] = ""
    sentiment: Sentiment | Literal[""] = ""
    themes: dict[ThemeName, Sentiment | Literal["no"]] = {}
    by: Text = Field("", max_length=150)
    at: Moment | None = None

    @field_validator("review_id", "title", "lang", "source", "sentiment", "by", mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        return "" if value is None else value

    @field_validator("text")
    @classmethod
    def _not_blank(cls, text: str) -> str:
        if not text:
            raise ValueError("is empty")
        return text

    @model_validator(mode="after")
    def _says_something(self) -> "Said":
        if not self.sentiment and not self.themes:
            raise ValueError("neither sentiment nor themes: nothing is said about the text")
        return self

    @property
    def key(self) -> str:
        """The same for two corrections of one text."""
        if self.review_id:
            return self.review_id
        return "text:" + hashlib.sha256(f"{self.title}\0{self.text}".encode("utf-8", "replace")).hexdigest()


def said_by(row: Mapping[str, Any], known: tuple[str, ...]) -> Said:
    """What a row of a file says. known: the names of all themes.

    `themes` lists what the text is about, as for `moksori eval`: [{"name": "delivery", "sentiment": "negative"}], or
    "delivery:negative price:positive" in CSV. `not_themes` lists what it is not about; without it, all other known
    ones. Raises BadRecord.
    """
    fields = {name: value for name, value in row.items() if name in Said.model_fields and name != "themes"}
    if row.get("at") in ("", None):
        fields.pop("at", None)
    try:
        return Said(**fields, themes=_themes(row, known))
    except ValidationError as error:
        raise BadRecord(first_fault(error)) from None


def row_of(said: Said) -> dict[str, Any]:
    """The row that `said_by` reads as the same."""
    row = said.model_dump(mode="json", exclude={"themes"}, exclude_defaults=True)
    if said.themes:
        about = sorted(said.themes.items())
        row["themes"] = [{"name": name, "sentiment": mood} for name, mood in about if mood != NO]
        row["not_themes"] = [name for name, mood in about if mood == NO]
    return row


def _themes(row: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, str]:
    about, without = row.get("themes"), row.get("not_themes")
    if about is None and without is None:
        return {}
    themes = dict(_pair(each) for each in _list(about, "themes"))
    denied = _list(without, "not_themes") if without is not None else [name for name in known if name not in themes]
    for name in (*themes, *denied):
        if name not in known:
            raise BadRecord(f"themes: there is no theme {name!r}. There are: {', '.join(known)}")
    if both := [name for name in denied if name in themes]:
        raise BadRecord(f"not_themes: {both[0]!r} is in themes too")
    return {**themes, **dict.fromkeys(denied, NO)}


def _list(value: Any, field: str) -> list[Any]:
    if isinstance(value, str):
        return value.split()
    if isinstance(value, list):
        return value
    if value is None:
        return []
    raise BadRecord(f"{field}: expected a list, found {type(value).__name__}")


def _pair(each: Any) -> tuple[str, str]:
    if isinstance(each, dict):
        return str(each.get("name") or each.get("theme") or ""), str(each.get("sentiment") or "")
    name, _, mood = str(each).partition(":")
    return name, mood
