"""Urgency: how soon someone should look, from patterns of harm, money and waiting, and from the mood."""

from typing import Final, get_args

from spacy.language import Language
from spacy.tokens import Doc

from nlp.reading import reading_of
from pipeline.models import Urgency

_HAPPY: Final = 0.5
_UPSET: Final = -0.5
_SAID: Final = 1.0  # log odds that a pattern adds to what the encoder heard
_SHOUTED: Final = 0.7  # share of capitals among letters


@Language.component("moksori_urgency_v1")
def tag_urgency(doc: Doc) -> Doc:
    """Fills `Reading.urgency`.

    High is kept for what cannot wait: danger, fraud, threats of the law, money taken, a plea from someone upset.
    A pattern counts only in a text that is not happy: "fast refund, thank you" asks for nothing.
    """
    reading = reading_of(doc)
    labels = {match.label for match in reading.matches if not match.flipped}
    if (
        reading.spam
        or reading.sentiment_score > _HAPPY
        or (reading.sentiment == "positive" and "urgency.high" not in labels)
    ):
        return doc
    said: Urgency = "low"
    if "urgency.high" in labels:
        said = "high"
    elif "urgency.medium" in labels:
        said = "high" if reading.sentiment_score < _UPSET and _shouts(reading.text) else "medium"
    if reading.heard is None:
        reading.urgency = said
    else:
        odds = {level: reading.heard[f"urgency.{level}"] + _SAID * (level == said) for level in get_args(Urgency)}
        reading.urgency = max(odds, key=lambda level: odds[level])
    return doc


def _shouts(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha() and letter.isascii()]
    capitals = sum(letter.isupper() for letter in letters)
    return text.count("!") >= 3 or (len(letters) > 20 and capitals > _SHOUTED * len(letters))
