"""Puts what the detector found into an alert: cleaned of control characters, cut to what the columns hold."""

import hashlib
from datetime import datetime
from typing import Any

from desk.alerts.models import Alert
from pipeline.alerting.detection import Detection, Quote
from pipeline.models import clean

MAX_QUOTES = 10
MAX_QUOTE_CHARACTERS = 600


def stored_key(key: str) -> str:
    """A key as the database holds it."""
    cleaned = clean(key)
    if len(cleaned) <= 900:
        return cleaned
    return f"{cleaned[:830]}…{hashlib.sha256(cleaned.encode()).hexdigest()}"


def put(detection: Detection, alert: Alert, now: datetime) -> None:
    """Copy the evidence of the newest check into the alert."""
    alert.checked_at, alert.rule = now, detection.rule
    alert.brand = clean(detection.brand)[:200]
    alert.source, alert.product = clean(detection.source or "")[:64], clean(detection.product or "")[:300]
    alert.theme = clean(detection.theme or "")[:100]
    alert.version, alert.location = clean(detection.version or "")[:100], clean(detection.location or "")[:200]
    alert.language = clean(detection.language or "")[:20]
    alert.since, alert.until = detection.since, detection.until
    alert.observed, alert.expected, alert.total = detection.observed, detection.expected, detection.total
    alert.p_value, alert.severity = detection.p_value, detection.severity
    alert.days_json = [day.model_dump(mode="json") for day in detection.days]
    alert.quotes_json = [_quote(quote) for quote in detection.quotes[:MAX_QUOTES]]
    alert.explanation_json = detection.explanation and _cleaned(detection.explanation.model_dump(mode="json"))


def _cleaned(value: Any) -> Any:
    """The same with every text in it clean: PostgreSQL takes no NUL, not even in JSON."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    if isinstance(value, dict):
        return {name: _cleaned(each) for name, each in value.items()}
    return value


def _quote(quote: Quote) -> dict[str, Any]:
    """A quote around its telling place, short enough for a mail."""
    text, start, end = quote.text, quote.start, quote.end
    if len(text) > MAX_QUOTE_CHARACTERS:
        first = max(0, min((start or 0) - MAX_QUOTE_CHARACTERS // 3, len(text) - MAX_QUOTE_CHARACTERS))
        head, tail = "…" if first else "", "…" if first + MAX_QUOTE_CHARACTERS < len(text) else ""
        text = head + text[first : first + MAX_QUOTE_CHARACTERS] + tail
        if start is not None and end is not None:
            start, end = start - first + len(head), min(end - first + len(head), len(text))
    if clean(text) != text:  # offsets would point elsewhere
        text, start, end = clean(text), None, None
    return quote.model_copy(update={"text": text, "start": start, "end": end}).model_dump(mode="json")
