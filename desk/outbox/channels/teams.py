"""How news look in Microsoft Teams: an adaptive card, with customers' words in text runs that know no mark-up."""

from typing import Any, Final

from desk.outbox.channels.news import News

_COLOURS: Final = {1: "Default", 2: "Warning", 3: "Attention"}


def body(news: News) -> dict[str, Any]:
    """The JSON that a Teams workflow takes: a message with one card."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": [
            _run(news.title, size="Large", weight="Bolder", color=_COLOURS[news.severity]),
            _run(news.numbers),
            _run(news.about, isSubtle=True),
            *(_run(f"“{quote}”", italic=True) for quote in news.quotes),
        ],
        "actions": [{"type": "Action.OpenUrl", "title": news.open, "url": news.link}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def _run(text: str, **style: object) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}
