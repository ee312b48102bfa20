"""Reads config/sources.yaml: which sources there are, of which kind, how often and how gently to collect them."""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from pipeline.errors import SettingsError
from pipeline.models import Kind, SourceName
from pipeline.secret_references import REFERENCE, SecretReference
from pipeline.yaml_config import Lines, describe, read_yaml

KINDS: Final[Mapping[str, str]] = {  # kind in sources.yaml -> spider
    "appstore": "crawlers.spiders.appstore:AppStoreFeed",
    "mastodon": "crawlers.spiders.mastodon:HashtagTimeline",
    "shop": "crawlers.spiders.shop:ShopPages",
}
LISTENERS: Final[Mapping[str, str]] = {  # kinds that push to us -> listener
    "webhook": "crawlers.listeners.webhook:create_app",
}

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(value: Any) -> Any:
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"([1-9][0-9]{0,5})\s*([smhd])", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("is no duration. Write a number and s, m, h or d, for example: 15m")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _http_url(value: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#@]+([/?#]\S*)?", value):
        raise ValueError("is no web address. Write for example: https://shop.example/category/all")
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is no regular expression ({error}). Write for example: /products?/") from None
    return value


def _name(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", value):
        raise ValueError("is no name. Use small letters, digits, - and _, for example: shop-kr")
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        raise ValueError("no such time zone. Write for example: Asia/Seoul") from None
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
HttpUrl = Annotated[str, AfterValidator(_http_url)]
Pattern = Annotated[str, AfterValidator(_pattern)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Limits(_Part):
    """How gently a source is collected, and when to stop."""

    delay_s: float = Field(1.0, ge=0, le=3600, description="Seconds between two requests to one host")
    concurrency: int = Field(1, ge=1, le=16, description="Requests at the same time to one host")
    pages: int = Field(2000, ge=1, description="Pages of one collection")
    seconds: int = Field(1800, ge=1, description="Seconds of one collection")
    page_bytes: int = Field(8 * 2**20, ge=1024, description="Bytes of one page; a bigger one is not read")
    timeout_s: float = Field(30, gt=0, le=600, description="Seconds to wait for one page")
    retries: int = Field(3, ge=0, le=10, description="Times a failed request is sent again")
    wait_s: float = Field(
        900, ge=0, description="Longest wait that a server may ask for; beyond it the source is blocked"
    )


class Source(_Part):
    """One configured place that reviews come from."""

    name: Annotated[SourceName, BeforeValidator(_name)] = Field(
        description="small letters, digits, - and _; begins the id of every review of it"
    )
    kind: str
    brand: str = Field(
        min_length=1, max_length=200, description="whose reviews these are, here or once at the head of the file"
    )
    product: str | None = Field(None, max_length=300, description="What they are about, where the source does not say")
    enabled: bool = Field(True, description="false: declared, but not collected")
    every: Duration = Field(timedelta(hours=1), description="How often to collect: 15m, 6h, 1d")
    review_kind: Kind = Field("review", description="review, post, comment, ticket or survey")
    timezone: Annotated[str, AfterValidator(_zone)] = Field("Asia/Seoul", description="Of times without a zone")
    allow_private: bool = Field(False, description="true: the source may lie in a private or local network")
    redact: bool = Field(True, description="false: keep phone numbers and so on, for private channels")
    limits: Limits = Limits()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts that collecting starts at."""
        return ()


def _hosts(urls: list[str]) -> tuple[str, ...]:
    return tuple(sorted({re.split(r"[/?#]", url.split("://", 1)[1])[0].lower() for url in urls}))


class ShopSource(Source):
    """A shop's product pages that carry schema.org reviews."""

    kind: Literal["shop"]
    start: list[HttpUrl] = Field(min_length=1, description="Category pages, or product pages")
    product_links: Pattern = Field(r"/(product|goods|item)s?/", description="Links to product pages match this")
    next_links: str = Field(
        'a[rel~="next"], link[rel~="next"]', description="CSS of the link to the next page of a list or of reviews"
    )

    @property
    def hosts(self) -> tuple[str, ...]:
        return _hosts(self.start)


class AppStoreSource(Source):
    """The public review feed of an app on the App Store."""

    kind: Literal["appstore"]
    app_id: Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)] = Field(
        pattern=r"^[0-9]{1,20}$", description="the number in the app's App Store address"
    )
    countries: list[Annotated[str, Field(pattern="^[a-z]{2}$")]] = Field(["kr"], min_length=1)
    base_url: HttpUrl = "https://itunes.apple.com"

    @property
    def hosts(self) -> tuple[str, ...]:
        return _hosts([self.base_url])


class MastodonSource(Source):
    """Public posts with some hashtags, as one Mastodon server knows them."""

    kind: Literal["mastodon"]
    server: HttpUrl = Field(description="the server's address, https://mastodon.example")
    hashtags: list[Annotated[str, Field(pattern=r"^[^\s#/?]+$")]] = Field(min_length=1, description="Without #")
    token: SecretReference | None = Field(None, description="env:NAME or file:PATH of an access token, where needed")
    review_kind: Kind = "post"
    history: Duration = Field(timedelta(days=30), description="How far back the first collection reads")
    recheck: Duration = Field(timedelta(days=7), description="Posts younger than this are read again for edits")

    @property
    def hosts(self) -> tuple[str, ...]:
        return _hosts([self.server])


class WebhookSource(Source):
    """A sender of signed webhooks (Standard Webhooks)."""

    kind: Literal["webhook"]
    secrets: list[SecretReference] = Field(min_length=1, description="env:NAME or file:PATH; two while keys rotate")
    type: str = Field("review.created", description="Events of this type carry a review in `data`; others are ignored")
    mapping: dict[str, str] = Field(default={}, description="Our field: its name in `data`")
    max_bytes: int = Field(256 * 1024, ge=1024, le=2**20, description="A bigger body is refused")
    scale: tuple[float, float] = Field((1, 5), description="Worst and best rating")


MODELS: Final[Mapping[str, type[Source]]] = {
    "appstore": AppStoreSource,
    "mastodon": MastodonSource,
    "shop": ShopSource,
    "webhook": WebhookSource,
}


def load_sources(path: Path) -> list[Source]:
    """The sources declared in a file, in its order. Raises SettingsError with every fault, by line."""
    data, lines = read_yaml(path)
    faults = [
        f"{path}:{lines[(key,)]}: {key}: unknown setting. Known here: brand, sources"
        for key in data
        if key not in ("brand", "sources")
    ]
    entries = data.get("sources", [])
    if not isinstance(entries, list):
        raise SettingsError(f"{path}:{lines[('sources',)]}: sources: expected a list. Begin each entry with `- name:`")
    sources: list[Source] = []
    first_line: dict[str, int] = {}
    for number, entry in enumerate(entries):
        line = lines[("sources", number)]
        try:
            source = _load_one(entry, data.get("brand"), path, line, _lines_of(number, lines))
        except SettingsError as error:
            faults.append(str(error))
            continue
        if source.name in first_line:
            faults.append(
                f"{path}:{line}: name: {source.name!r} is taken by line {first_line[source.name]}. Rename one"
            )
            continue
        first_line[source.name] = line
        sources.append(source)
    if faults:
        raise SettingsError("\n".join(faults))
    return sources


def _load_one(entry: Any, brand: Any, path: Path, line: int, lines: Lines) -> Source:
    if not isinstance(entry, dict):
        raise SettingsError(f"{path}:{line}: sources: expected `name:`, `kind:` and so on, found {entry!r:.60}")
    kind = entry.get("kind")
    known = ", ".join(MODELS)
    if kind is None:
        raise SettingsError(f"{path}:{line}: kind: missing. Write one of: {known}")
    if not isinstance(kind, str) or kind not in MODELS:
        raise SettingsError(
            f"{path}:{lines.get(('kind',), line)}: kind: no such kind {kind!r:.60}. Write one of: {known}"
        )
    model = MODELS[kind]
    if brand is not None and "brand" not in entry:
        entry = {**entry, "brand": brand}
    _refuse_secrets(entry, path, line, lines)
    # A missing field has no line of its own: point to its source.
    for field in model.model_fields:
        lines.setdefault((field,), line)
    try:
        return model.model_validate(entry)
    except ValidationError as error:
        told = str(describe(error, path, lines, model))
        raise SettingsError(re.sub(r"(\w+): Field required", partial(_what_is_missing, model), told)) from None


def _what_is_missing(model: type[Source], match: re.Match[str]) -> str:
    field = model.model_fields.get(match[1])
    return f"{match[1]}: missing. Write: {field.description}" if field and field.description else match[0]


def _refuse_secrets(entry: dict[str, Any], path: Path, line: int, lines: Lines) -> None:
    """A fault of other fields is told with what was found. A secret must not be, so it is looked at before."""
    for name in ("secrets", "token"):
        given = entry.get(name)
        for value in given if isinstance(given, list) else [given]:
            if value is not None and not (isinstance(value, str) and REFERENCE.fullmatch(value)):
                raise SettingsError(
                    f"{path}:{lines.get((name,), line)}: {name}: secrets do not stand in this file. "
                    "Write for example: env:MY_SECRET, or file:/run/secrets/my"
                )


def _lines_of(number: int, lines: Lines) -> Lines:
    return {location[2:]: line for location, line in lines.items() if location[:2] == ("sources", number)}
