"""The address in Kibana that shows an alert's reviews: its scope as a filter, its window as the time."""

from datetime import timedelta
from typing import Final
from urllib.parse import quote

from desk.alerts.models import Alert, Kind
from pipeline.alerting.rules import alert_rules
from pipeline.alerting.series import local_midnight
from pipeline.settings import settings

DATA_VIEW: Final = "moksori-reviews"
"""The data view that `moksori kibana import` makes."""


def kibana_link(alert: Alert) -> str:
    """The alert's complaints in Kibana's Discover; "" where no Kibana is set, or the alert has no series."""
    url, zone = settings().kibana.url.rstrip("/"), settings().brand.timezone
    if not url or not alert.pk or alert.kind == Kind.NEW_TERM or not alert.has_counts:
        return ""
    since = local_midnight(alert.since, zone)
    until = local_midnight(alert.until + timedelta(days=1), zone)
    time = f"(time:(from:{_rison(f'{since:%Y-%m-%dT%H:%M:%SZ}')},to:{_rison(f'{until:%Y-%m-%dT%H:%M:%SZ}')}))"
    view = f"dataSource:(dataViewId:{_rison(DATA_VIEW)},type:dataView)"
    question = f"({view},query:(language:kuery,query:{_rison(_kql(alert))}))"
    return f"{url}/app/discover#/?_g={quote(time, safe='')}&_a={quote(question, safe='')}"


def _kql(alert: Alert) -> str:
    rule = alert_rules(settings()).find(alert.rule)
    languages = (alert.language,) if alert.language else rule.scope.languages if rule else ()
    filters = {
        "brand": rule.scope.brands if rule else (),
        "lang": languages,
        "source": (alert.source,),
        "product": (alert.product,),
        "product_version": (alert.version,),
        "location": (alert.location,),
    }
    said = [f"{field} : ({' or '.join(map(_text, values))})" for field, values in filters.items() if any(values)]
    about = f"negative_themes : {_text(alert.theme)}" if alert.theme else "is_negative : 1"
    return " and ".join([*said, about, "is_spam : false", "deleted : false"])


def _text(value: str) -> str:
    """A value in Kibana's query language."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _rison(value: str) -> str:
    """A string in the notation of Kibana's addresses."""
    return "'" + value.replace("!", "!!").replace("'", "!'") + "'"
