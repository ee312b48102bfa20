"""Churn risk: how likely it is that the customer leaves, from what they announce and how they feel."""

import math
from typing import Final

from spacy.language import Language
from spacy.tokens import Doc

from nlp.reading import reading_of

# There is no public set with churn labels: these log odds are judgement, set on the development texts.
_BASE: Final = -2.6
_SAID: Final = 3.2
_MOOD: Final = 1.6
_UNSOLVED: Final = 0.4
_MOST_HEARD: Final = 4.0
_RARE: Final = 0.0


@Language.component("moksori_churn_v1")
def tag_churn(doc: Doc) -> Doc:
    """Fills `Reading.churn_risk`."""
    reading = reading_of(doc)
    if reading.spam:
        return doc
    said = any(match.label == "churn" for match in reading.matches)
    odds = _BASE - _MOOD * reading.sentiment_score + _UNSOLVED * (reading.urgency != "low")
    if said:
        # "I almost cancelled, but support saved it" is praise; only an unhappy or calm goodbye counts in full.
        odds += _SAID if reading.sentiment != "positive" else _SAID / 4
    if reading.heard is not None:
        odds += max(-_MOST_HEARD, min(_MOST_HEARD, reading.heard["churn"] - _RARE))
    reading.churn_risk = round(1 / (1 + math.exp(-odds)), 4)
    return doc
