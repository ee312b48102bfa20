"""How news look in Slack and in what is compatible with it: one text, for not all of those know blocks."""

from typing import Any

from desk.outbox.channels.news import News, harmless


def body(news: News) -> dict[str, Any]:
    """The JSON of an incoming webhook."""
    lines = [f"*{_plain(news.title)}*", _plain(news.numbers), _plain(news.about)]
    lines += [f"> {_plain(' '.join(quote.split()))}" for quote in news.quotes]
    lines.append(f"<{news.link}|{_plain(news.open)}>")
    return {"text": "\n".join(lines)}


def _plain(text: str) -> str:
    """Slack asks for these three to be escaped; everything that it interprets begins with <."""
    return harmless(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
