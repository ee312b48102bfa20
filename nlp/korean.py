"""Korean tokens: Kiwi's morphemes as a spaCy tokenizer, with dictionary forms, whole names and glued prefixes."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from kiwipiepy import Kiwi
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import registry
from spacy.vocab import Vocab

from nlp.lexicon import korean_words
from nlp.names import NameFinder, as_token
from nlp.reading import Reading, Unit, attach

# Parts of speech (Sejong tags) that someone would search for. Endings, particles, signs and bound nouns are not.
_SEARCHED: Final = (
    "NNG",
    "NNP",
    "NR",
    "VV",
    "VA",
    "VCN",
    "MAG",
    "XR",
    "XPN",
    "XSN",
    "SL",
    "SN",
    "SH",
    "W_SERIAL",
    "W_HASHTAG",
    "W_MENTION",
    "W_URL",
)
_NEGATIONS: Final = frozenset({"않다", "못하다", "말다"})
_PLURAL_OR_HONORIFIC: Final = frozenset({"들", "님", "씨"})
# Prefixes that turn a word round. Kiwi reads some of them as nouns of one syllable: 미(NNP) + 배송.
_TURNING: Final = frozenset("미불비무부반")
_VERBAL: Final = ("VV", "VA", "VX", "VCN", "VCP")
_NOMINAL: Final = ("NNG", "NNP", "XR")

_CONTRAST_ENDINGS: Final = frozenset(
    {"는데", "은데", "ᆫ데", "지만", "으나", "더니", "는데도", "ᆫ데도", "은데도", "건만", "이지만", "다만"}
)
_AND_ENDINGS: Final = frozenset({"고", "으며", "며", "구", "고요"})
_LIGHT_VERBS: Final = frozenset({"오다", "가다", "있다", "나다"})  # 먹고 오다 is one act
_CONTRAST_WORDS: Final = frozenset({"하지만", "그런데", "근데", "그러나", "다만", "그렇지만", "그래도", "단"})
_STOPS: Final = frozenset({"SF", "SP", "SE"})
_SIGNS: Final = frozenset({"SF", "SP", "SE", "SW", "SSC", "W_EMOJI"})


class KoreanTokenizer:
    """A spaCy tokenizer over Kiwi. A Doc's tokens cover morphemes that share characters (됐 is 되 + 었)."""

    def __init__(self, vocab: Vocab, threads: int = 1) -> None:
        self.vocab = vocab
        self.names = NameFinder()
        self._kiwi = Kiwi(num_workers=threads)
        for form, tag in korean_words():
            self._kiwi.add_user_word(form, tag, 0.0)

    def __call__(self, text: str) -> Doc:
        return next(self.pipe([text]))

    def pipe(self, texts: Iterable[str]) -> Iterator[Doc]:
        """Docs in order. Kiwi works ahead on its own thread while the caller uses what came before."""
        waiting: list[str] = []

        def remembered() -> Iterator[str]:
            for text in texts:
                waiting.append(text)
                yield text

        found = self._kiwi.tokenize(remembered(), pretokenized=self._pretokenize if self.names.names else None)
        for number, morphemes in enumerate(found):
            text, waiting[number] = waiting[number], ""
            units = units_of(text, morphemes)
            yield attach(self._doc(text, units), Reading(units, text))

    def _pretokenize(self, text: str) -> list[tuple[int, int, str]]:
        return [(start, end, "NNP") for start, end in self.names.find(text)]

    def _doc(self, text: str, units: Sequence[Unit]) -> Doc:
        words: list[str] = []
        lemmas: list[str] = []
        spaces: list[bool] = []

        def add(start: int, end: int, lemma: str) -> None:
            words.append(text[start:end])
            lemmas.append(lemma)
            spaces.append(False)

        at = 0
        for unit in units:
            if unit.start < at:
                # The token before holds this morpheme's characters too.
                if unit.end > at:
                    words[-1] += text[at : unit.end]
                    at = unit.end
                continue
            if unit.start > at:
                if text[at] == " " and words:
                    spaces[-1] = True
                    at += 1
                if unit.start > at:
                    add(at, unit.start, text[at : unit.start])
            if unit.end > unit.start:
                add(unit.start, unit.end, unit.lemma)
                at = unit.end
        if at < len(text):
            if text[at] == " " and words:
                spaces[-1] = True
                at += 1
            if at < len(text):
                add(at, len(text), text[at:])
        return Doc(self.vocab, words=words, spaces=spaces, lemmas=lemmas)

    # The names are the brand's, not the pipeline's: a saved tokenizer holds nothing but its registered name.
    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """Nothing to save."""

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> "KoreanTokenizer":
        """Nothing to load."""
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Nothing to save."""
        return b""

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> "KoreanTokenizer":
        """Nothing to load."""
        return self


@registry.tokenizers("moksori_korean.v1")  # type: ignore[untyped-decorator]
def create_korean_tokenizer(threads: int = 1) -> Any:
    """threads: how many cores Kiwi may use for one batch."""

    def create(nlp: Language) -> KoreanTokenizer:
        return KoreanTokenizer(nlp.vocab, threads)

    return create


def units_of(text: str, morphemes: Sequence[Any]) -> list[Unit]:
    """Kiwi's morphemes as units: names whole, prefixes glued, marks where clauses end."""
    units: list[Unit] = []
    glue: Unit | None = None
    for morpheme in morphemes:
        tag: str = morpheme.tag
        start: int = morpheme.start
        end: int = morpheme.end
        form: str = morpheme.form
        if glue is not None:
            previous, glue = glue, None
            if previous.end == start and tag.startswith(_NOMINAL):
                previous.lemma += form
                previous.end, previous.tag, previous.search = end, tag, True
                continue
        if tag.startswith(_VERBAL):
            lemma = morpheme.lemma
            search = tag.startswith(_SEARCHED) or lemma in _NEGATIONS
        elif tag == "NNP" and (end - start != len(form) or " " in form):
            lemma, search = as_token(text[start:end]), True
        else:
            lemma = form.lower() if tag[0] in "SW" else form
            search = tag.startswith(_SEARCHED) and not (tag == "XSN" and form in _PLURAL_OR_HONORIFIC)
        if tag == "NNP":
            lemma = as_token(lemma)
        elif search and not lemma.isalnum():
            lemma = "".join(lemma.split())
            search = any(map(str.isalnum, lemma))
        unit = Unit(lemma, start, end, tag, search)
        if tag == "XPN" or (form in _TURNING and len(form) == 1 and tag[0] in "NM" and end > start):
            if units and units[-1].end == start and units[-1].tag.startswith("NN") and tag != "XPN":
                pass  # the last syllable of a compound (배송비 + 무료), no prefix
            else:
                glue = unit
        units.append(unit)
    _mark_clauses(text, units)
    return units


def _mark_clauses(text: str, units: list[Unit]) -> None:
    ended = False  # a sentence's last ending was seen; signs after it ("좋아요!! ㅠㅠ") still belong to it
    for number, unit in enumerate(units):
        after = units[number + 1] if number + 1 < len(units) else None
        tag = unit.tag
        if tag == "EF" or (tag == "EC" and unit.lemma.endswith("요")) or tag in _STOPS:
            ended = True
        elif tag == "EC":
            if unit.lemma in _CONTRAST_ENDINGS:
                unit.breaks = unit.contrast = True
            elif unit.lemma in _AND_ENDINGS:
                unit.breaks = after is not None and not after.tag.startswith("VX") and after.lemma not in _LIGHT_VERBS
        elif tag == "NNB" and unit.lemma == "데" and number and units[number - 1].tag == "ETM":
            # "좋은데" read as 좋은 + 데: the same words as the ending, unless a particle makes a place of it.
            unit.breaks = unit.contrast = after is not None and not after.tag.startswith(("J", "VV", "VA"))
        elif tag in ("MAJ", "MAG") and unit.lemma in _CONTRAST_WORDS:
            unit.contrast = True
            if number:
                units[number - 1].breaks = True
        if ended and (after is None or after.tag not in _SIGNS):
            unit.breaks, ended = True, False
        if after is not None and "\n" in text[unit.end : after.start]:
            unit.breaks = True
