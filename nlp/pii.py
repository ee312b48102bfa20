"""Personal data in a text, as part of its reading."""

from spacy.language import Language
from spacy.tokens import Doc

from nlp.reading import reading_of
from pipeline.personal_data import find

__all__ = ["find", "tag_pii"]


@Language.component("moksori_pii_v1")
def tag_pii(doc: Doc) -> Doc:
    """Fills `Reading.pii`."""
    reading = reading_of(doc)
    reading.pii = find(reading.text)
    return doc
