"""Spam: advertising that only borrows the place of a review."""

import re
from typing import Final

from spacy.language import Language
from spacy.tokens import Doc

from nlp.reading import Reading, reading_of

_LINK: Final = re.compile(
    r"https?://|www\.|\b[a-z0-9-]{2,30}\.(?:com|net|kr|io|me|xyz|shop|store|ly|gg|example)\b|\bt\.me/", re.IGNORECASE
)
_HANDLE: Final = re.compile(
    r"(?<![\w.])@[A-Za-z0-9_.]{3,30}|(?:카톡|카카오톡|라인|텔레|kakao|line)\s{0,2}(?:id|아이디)?\s{0,2}[:：]?\s{0,2}[a-z0-9_]{4,20}",
    re.IGNORECASE,
)
_LOUD: Final = re.compile(r"[🔥💰💋🎉👇💸🎁✅📢🚀💯]|\d{1,3}\s?%\s?(?:off|할인)", re.IGNORECASE)
_ENOUGH: Final = 2.0
_HEARD: Final = 0.5  # what the log odds of the encoder count
_MOST_HEARD: Final = 3.0


def signs(reading: Reading) -> float:
    """How much a text looks like advertising: what it says, links, handles, shouting."""
    text = reading.text
    said = {(match.start, match.end) for match in reading.matches if match.label == "spam"}
    sure = any(match.label == "spam.sure" and not match.flipped for match in reading.matches)
    points = min(2, len(said)) * 1.0 + _ENOUGH * sure
    return (
        points
        + 1.0 * bool(_LINK.search(text))
        + 0.8 * bool(_HANDLE.search(text))
        + 0.5 * min(2, len(_LOUD.findall(text)))
    )


@Language.component("moksori_spam_v1")
def tag_spam(doc: Doc) -> Doc:
    """Fills `Reading.spam`. Two signs are asked, the encoder's opinion among them: a link alone is often a proof."""
    reading = reading_of(doc)
    points = signs(reading)
    if reading.heard is not None:
        points += max(-_MOST_HEARD, min(_MOST_HEARD, _HEARD * reading.heard["spam"]))
    # Someone who complains at length about a theme is a customer, whatever they link to.
    points -= 1.0 * (reading.rating is not None) + 1.0 * any(
        match.polarity == "negative" and not match.flipped for match in reading.matches
    )
    reading.spam = points >= _ENOUGH
    return doc
