"""How news look in KakaoWork: a text, and a button that opens the console."""

import json
from typing import Any, Final

from desk.outbox.channels.news import News, cut, harmless

_MOST_TEXT: Final = 500
_MOST_BUTTON: Final = 20
"""Characters that a block takes."""


def body(news: News) -> dict[str, Any]:
    """The JSON of an incoming webhook bot. text: what a notification shows."""
    said = "".join(f"\n“{harmless(quote)}”" for quote in news.quotes)
    button = {
        "type": "button",
        "text": cut(news.open, _MOST_BUTTON),
        "style": "default",
        "action": {"type": "open_system_browser", "name": "open", "value": news.link},
    }
    words = f"{harmless(news.title)}\n{harmless(news.numbers)}\n{harmless(news.about)}{said}"
    return {
        "text": cut(harmless(news.title), _MOST_TEXT),
        "blocks": [{"type": "text", "text": cut(words, _MOST_TEXT)}, button],
    }


def refusal(answer: bytes) -> str:
    """Why KakaoWork did not take it although it answered 200; "" where it did."""
    try:
        said = json.loads(answer)
    except ValueError:
        return ""
    if not isinstance(said, dict) or said.get("success", True):
        return ""
    error = said.get("error")
    return str(error.get("code") if isinstance(error, dict) else error)
