"""Stage: where in the customer's journey it hurt, from what was said, by the encoder, or else from the surest theme."""

from collections.abc import Iterable
from typing import Final, get_args

from spacy.language import Language
from spacy.tokens import Doc

from nlp.reading import reading_of
from pipeline.models import Stage

_OF_THEME: Final[dict[str, Stage]] = {
    "quality": "use",
    "service": "support",
    "delivery": "deliver",
    "communication": "support",
    "price": "buy",
}
_BY_PATTERN: Final[tuple[Stage, ...]] = ("leave", "buy", "discover")
_NAMED: Final = 1.0  # log odds of a stage that a pattern names
_OWN: Final = 4.0  # and of one that the brand has given its theme


class StageTagger:
    """Fills `Reading.stage`. of_theme: the stages of the brand's own themes are added to it."""

    def __init__(self) -> None:
        self.of_theme: dict[str, Stage] = dict(_OF_THEME)

    def __call__(self, doc: Doc) -> Doc:
        reading = reading_of(doc)
        if reading.spam:
            return doc
        labels = {match.label for match in reading.matches if not match.flipped}
        named = next((stage for stage in _BY_PATTERN if f"stage.{stage}" in labels), None)
        # Praise of a fair price beside a complaint about the courier: the stage is where it hurt.
        hurting = [theme for theme in reading.themes if theme.sentiment == "negative"] or reading.themes
        of_theme = next((self.of_theme[theme.name] for theme in hurting if theme.name in self.of_theme), None)
        if reading.heard is None:
            reading.stage = named or of_theme
        else:
            # Where a theme of the brand's own hurts, its owner has said.
            own_themes = self.of_theme.keys() - _OF_THEME
            own = next((self.of_theme[each.name] for each in hurting if each.name in own_themes), None)
            sure = {named: _NAMED, own: _OWN}
            odds = {stage: reading.heard[f"stage.{stage}"] + sure.get(stage, 0.0) for stage in get_args(Stage)}
            reading.stage = max(odds, key=lambda stage: odds[stage])
        return doc

    def to_disk(self, path: object, *, exclude: Iterable[str] = ()) -> None:
        """Nothing to save."""

    def from_disk(self, path: object, *, exclude: Iterable[str] = ()) -> "StageTagger":
        """Nothing to load."""
        return self


@Language.factory("moksori_stage_v1")
def create_stage(nlp: Language, name: str) -> StageTagger:
    """Needs themes and patterns before it."""
    return StageTagger()
