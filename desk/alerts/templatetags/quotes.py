"""Template filters that show what a customer wrote: text with marked places, ratings as stars."""

import textwrap

from django import template

from desk.cases.highlight import Segment, marked
from pipeline.alerting.detection import Quote

register = template.Library()


@register.filter
def segments(quote: Quote) -> list[Segment]:
    """The quote's text, cut where the telling place begins and ends."""
    spans = [(quote.start, quote.end)] if quote.start is not None and quote.end is not None else []
    return marked(quote.text, spans)


@register.filter
def quoted(text: str) -> str:
    """A quote for plain text: every line marked, so that none of it can pass for a line of the mail."""
    return textwrap.fill(" ".join(text.split()), width=78, initial_indent="> ", subsequent_indent="> ")


@register.filter
def stars(rating: float) -> str:
    """A rating of 0 to 1 as one of five stars."""
    return f"★ {1 + 4 * rating:.2g}/5"
