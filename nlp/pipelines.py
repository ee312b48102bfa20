"""The two pipelines as spaCy knows them: which tokenizer, which components, in which order."""

from typing import Final

import spacy
from spacy.language import Language

from nlp import (
    cascade,
    churn,
    emotion,
    english,
    evidence,
    korean,
    patterns,
    pii,
    scores,
    sentiment,
    spam,
    stage,
    themes,
    urgency,
)
from nlp.language import Pipeline

VERSION: Final = "2026.11.3"
LANGUAGES: Final[tuple[Pipeline, ...]] = ("ko", "en")

# Importing a module registers its components; naming them keeps every import in use.
REGISTERED: Final = (
    churn,
    cascade,
    emotion,
    english,
    evidence,
    korean,
    patterns,
    pii,
    scores,
    sentiment,
    spam,
    stage,
    themes,
    urgency,
)


def blank(language: Pipeline) -> Language:
    """An untrained pipeline."""
    # "xx" for Korean: spaCy's own Korean class wants MeCab before it looks at the configured tokenizer.
    nlp = spacy.blank(
        "en" if language == "en" else "xx", config={"nlp": {"tokenizer": {"@tokenizers": _TOKENIZERS[language]}}}
    )
    nlp.meta.update(
        name=f"moksori_{language}", version=VERSION, description=_DESCRIPTIONS[language], license="Apache-2.0"
    )
    nlp.add_pipe("moksori_clauses_v1", name="clauses")
    nlp.add_pipe("moksori_patterns_v1", name="patterns", config={"language": language})
    nlp.add_pipe("moksori_scores_v1", name="scores", config={"language": language})
    nlp.add_pipe("moksori_cascade_v1", name="cascade", config={"language": language, "scores": "scores"})
    nlp.add_pipe("moksori_spam_v1", name="spam")
    nlp.add_pipe("moksori_sentiment_v1", name="sentiment", config={"scores": "scores"})
    nlp.add_pipe("moksori_themes_v1", name="themes", config={"scores": "scores"})
    nlp.add_pipe("moksori_urgency_v1", name="urgency")
    nlp.add_pipe("moksori_emotion_v1", name="emotion", config={"scores": "scores"})
    nlp.add_pipe("moksori_churn_v1", name="churn")
    nlp.add_pipe("moksori_stage_v1", name="stage")
    nlp.add_pipe("moksori_pii_v1", name="pii")
    return nlp


_TOKENIZERS: Final = {"ko": "moksori_korean.v1", "en": "moksori_english.v1"}
_DESCRIPTIONS: Final = {"ko": "Tags Korean customer reviews", "en": "Tags English customer reviews"}
