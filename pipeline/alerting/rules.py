"""Reads config/alerts.yaml: what is worth an alert, how sensitive, and who is told where."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from pipeline.alerting.channels import CHANNELS, Channel, Name, Part
from pipeline.alerting.recipients import Escalation, Recipient
from pipeline.errors import SettingsError
from pipeline.models import Sentiment, Urgency
from pipeline.secret_references import REFERENCE
from pipeline.settings import Settings
from pipeline.yaml_config import Lines, describe, line_of, read_yaml

FILE: Final = "alerts.yaml"


Phrase = Annotated[str, Field(min_length=2, max_length=100, pattern=r"\w")]


class RuleScope(Part):
    """What a rule looks at. An empty list: all of them.

    brands, languages: only reviews of these are counted. sources, products: their series, and not the wider ones.
    """

    brands: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


class Rule(Part):
    """What all rules share.

    recipients: addresses of mails; absent: `mail: recipients:` of moksori.yaml. channels: names of channels.
    escalate: who is told once more when nobody acknowledges.
    """

    name: Name
    kind: str
    scope: RuleScope = RuleScope()
    recipients: tuple[str, ...] | None = None
    channels: tuple[str, ...] = ()
    escalate: Escalation | None = None


class TrendRule(Rule):
    """Complaints that grow in number and in share: the detector of docs/alert-detection.md.

    false_alarms_a_month: expected over all series of the rule; absent: the detector's own certainty.
    minimum: complaints that the window in alarm must hold.
    """

    kind: Literal["trend"]
    false_alarms_a_month: float | None = Field(None, gt=0, le=1000)
    minimum: int = Field(5, ge=5)


class Phrases(Part):
    """Words and phrases in each language; see pipeline.alerting.phrases for how they are found."""

    ko: tuple[Phrase, ...] = ()
    en: tuple[Phrase, ...] = ()


class CriticalRule(Rule):
    """One review that cannot wait. All conditions that are given must hold; the values of one are alternatives.

    phrases: in text or title. rating_at_most: 0 (worst) to 1 (best). authors: author_id of people to look after.
    """

    kind: Literal["critical"]
    phrases: Phrases = Phrases()
    urgency: tuple[Urgency, ...] = ()
    sentiment: tuple[Sentiment, ...] = ()
    rating_at_most: float | None = Field(None, ge=0, le=1)
    authors: tuple[str, ...] = ()
    severity: Literal[1, 2, 3] = 3

    @model_validator(mode="after")
    def _asks_for_something(self) -> "CriticalRule":
        asked = (self.phrases.ko, self.phrases.en, self.urgency, self.authors, self.rating_at_most is not None)
        if not any(asked):
            raise ValueError("would fit every review. Write phrases, urgency, rating_at_most or authors")
        return self


class CountingRule(Rule):
    """A rule with a limit of its own, for one series: of the scope's sources and products, else of the whole brand.

    With themes in its scope: complaints about each of them; else all complaints.
    """

    severity: Literal[1, 2, 3] = 2


class SilenceRule(CountingRule):
    """A source sends nothing any more. Looks at every source, or at those of the scope.

    false_alarms_a_month: expected over all sources, if the empty days of a source came by chance.
    """

    kind: Literal["silence"]
    false_alarms_a_month: float = Field(0.5, gt=0, le=100)


class ThresholdRule(CountingRule):
    """So many complaints within so many days."""

    kind: Literal["threshold"]
    days: int = Field(1, ge=1, le=90)
    at_least: int = Field(ge=1)


class ShareRule(CountingRule):
    """A share of complaints among all reviews that lies above a limit with its whole 95 % interval.

    above: 0 to 1. minimum: complaints that there must be.
    """

    kind: Literal["share"]
    days: int = Field(7, ge=1, le=90)
    above: float = Field(gt=0, lt=1)
    minimum: int = Field(5, ge=1)


class FlatlineRule(CountingRule):
    """Fewer reviews than a limit, in so many whole days before today."""

    kind: Literal["flatline"]
    days: int = Field(1, ge=1, le=90)
    fewer_than: int = Field(ge=1)


class MeanRule(Rule):
    """A mean that is clearly worse in the window than in the 90 days before: of one series, as of a CountingRule."""

    days: int = Field(7, ge=1, le=90)
    severity: Literal[1, 2, 3] = 2


class RatingRule(MeanRule):
    """Ratings fall. falls_by: 0 to 1, 0.1 is 0.4 of five stars. minimum: rated reviews in the window."""

    kind: Literal["rating"]
    falls_by: float = Field(0.1, gt=0, lt=1)
    minimum: int = Field(20, ge=5)

    @model_validator(mode="after")
    def _knows_no_themes(self) -> "RatingRule":
        if self.scope.themes:
            raise ValueError("a rating is about no theme. Take themes out of the scope")
        return self


class ReplyTimeRule(MeanRule):
    """Public answers to complaints take longer: more of them wait longer than the median before, or than a day.

    rises_by: their share, 0 to 1. minimum: complaints in the window whose time is up.
    """

    kind: Literal["reply-time"]
    rises_by: float = Field(0.2, gt=0, lt=1)
    minimum: int = Field(10, ge=5)


class NewTermRule(Rule):
    """A value that was in no review of the half year before, and now has so many complaints."""

    kind: Literal["new-term"]
    field: Literal["product", "product_version", "location", "negative_themes"]
    days: int = Field(7, ge=1, le=90)
    minimum: int = Field(3, ge=1)
    severity: Literal[1, 2, 3] = 2


RULES: Final[Mapping[str, type[Rule]]] = {
    "trend": TrendRule,
    "critical": CriticalRule,
    "silence": SilenceRule,
    "threshold": ThresholdRule,
    "share": ShareRule,
    "flatline": FlatlineRule,
    "new-term": NewTermRule,
    "rating": RatingRule,
    "reply-time": ReplyTimeRule,
}

ALL_TRENDS: Final = TrendRule(name="trends", kind="trend")
"""The only rule where there is no alerts.yaml."""


class AlertRules(Part):
    """All rules of an installation, in the order of the file: of two that find the same, the first one tells it."""

    rules: tuple[Rule, ...] = (ALL_TRENDS,)
    channels: tuple[Channel, ...] = ()
    recipients: tuple[Recipient, ...] = ()

    @property
    def trends(self) -> tuple[TrendRule, ...]:
        return tuple(rule for rule in self.rules if isinstance(rule, TrendRule))

    @property
    def critical(self) -> tuple[CriticalRule, ...]:
        return tuple(rule for rule in self.rules if isinstance(rule, CriticalRule))

    def channel(self, name: str) -> Channel | None:
        """The channel of this name, if there is one."""
        return next((channel for channel in self.channels if channel.name == name), None)

    def recipient(self, address: str) -> Recipient:
        """What the reader of this address wishes: nothing, where the file does not name them."""
        wishes = (each for each in self.recipients if each.address.casefold() == address.casefold())
        return next(wishes, Recipient(address=address))

    def find(self, name: str) -> Rule | None:
        """The rule of this name, if there is one."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def named(self, name: str) -> Rule:
        """The rule of this name. Raises SettingsError where there is none."""
        if (rule := self.find(name)) is not None:
            return rule
        known = ", ".join(rule.name for rule in self.rules)
        raise SettingsError(f"{name!r}: no such rule in {FILE}. Known: {known}")


def alert_rules(settings: Settings) -> AlertRules:
    """The rules of alerts.yaml as it is now; without that file: all trends. Raises SettingsError with every fault."""
    path = settings.config_dir / FILE
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        return AlertRules()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    return _load(path, changed)


@lru_cache(maxsize=4)
def _load(path: Path, changed: int) -> AlertRules:
    del changed  # only makes another key of the cache
    return load_rules(path)


def load_rules(path: Path) -> AlertRules:
    """The rules and channels in a file. Raises SettingsError with every fault, by line."""
    data, lines = read_yaml(path)
    faults = [
        f"{path}:{lines[(str(key),)]}: {key}: unknown setting. Known here: channels, recipients, rules"
        for key in data
        if key not in ("channels", "recipients", "rules")
    ]
    _refuse_secrets(data.get("channels"), path, lines, faults)
    channels = () if faults else tuple(_entries(data, "channels", CHANNELS, path, lines, faults))
    recipients = tuple(_recipients(data, path, lines, faults))
    rules = list(_entries(data, "rules", RULES, path, lines, faults))
    known = {channel.name for channel in channels}
    faults += [
        f"{path}:{line_of(('rules', number, *where), lines)}: {'.'.join(where)}: no channel {name!r}. "
        f"Known: {', '.join(sorted(known)) or 'none'}"
        for number, rule in enumerate(rules if not faults else [])
        for where, names in (
            (("channels",), rule.channels),
            (("escalate", "channels"), rule.escalate.channels if rule.escalate else ()),
        )
        for name in names
        if name not in known
    ]
    if faults:
        raise SettingsError("\n".join(faults))
    return AlertRules(rules=tuple(rules), channels=channels, recipients=recipients)


def _recipients(data: dict[str, Any], path: Path, lines: Lines, faults: list[str]) -> Iterator[Recipient]:
    entries = data.get("recipients") or []
    if not isinstance(entries, list):
        faults.append(
            f"{path}:{lines[('recipients',)]}: recipients: expected a list. Begin each entry with `- address:`"
        )
        return
    for number, entry in enumerate(entries):
        own = {where[2:]: line for where, line in lines.items() if where[:2] == ("recipients", number)}
        own[()] = lines[("recipients", number)]
        own.setdefault(("address",), own[()])
        try:
            yield Recipient.model_validate(entry)
        except ValidationError as error:
            faults.append(str(describe(error, path, own, Recipient)))


def _refuse_secrets(entries: Any, path: Path, lines: Lines, faults: list[str]) -> None:
    """A fault is told with what was found. A secret must not be, so it is looked at before."""
    for number, entry in enumerate(entries if isinstance(entries, list) else []):
        for name in ("url", "secret"):
            value = entry.get(name) if isinstance(entry, dict) else None
            if value is not None and not (isinstance(value, str) and REFERENCE.fullmatch(value)):
                faults.append(
                    f"{path}:{lines[('channels', number, name)]}: {name}: secrets do not stand in this file. "
                    "Write for example: env:TEAM_CHAT, or file:/run/secrets/team-chat"
                )


M = TypeVar("M", bound=BaseModel)


def _entries(
    data: dict[str, Any], section: str, models: Mapping[str, type[M]], path: Path, lines: Lines, faults: list[str]
) -> Iterator[M]:
    """The entries of a list, each read as its `kind` says. What is wrong goes to faults."""
    entries = data.get(section) or []
    if not isinstance(entries, list):
        faults.append(f"{path}:{lines[(section,)]}: {section}: expected a list. Begin each entry with `- name:`")
        return
    first_line: dict[str, int] = {}
    for number, entry in enumerate(entries):
        own = {where[2:]: line for where, line in lines.items() if where[:2] == (section, number)}
        line = lines[(section, number)]
        kind = entry.get("kind") if isinstance(entry, dict) else None
        if not isinstance(kind, str) or kind not in models:
            at = line_of(("kind",), own) or line
            found = "" if kind is None else f", found {kind!r:.60}"
            faults.append(f"{path}:{at}: {section}: kind: expected one of {', '.join(models)}{found}")
            continue
        model = models[kind]
        # A missing field has no line of its own: point to its entry.
        for field in model.model_fields:
            own.setdefault((field,), line)
        try:
            read = model.model_validate(entry)
        except ValidationError as error:
            faults.append(str(describe(error, path, {**own, (): line}, model)))
            continue
        name = entry["name"]
        if name in first_line:
            faults.append(f"{path}:{line}: name: {name!r} is taken by line {first_line[name]}. Rename one")
            continue
        first_line[name] = line
        yield read
