"""English tokens: spaCy's tokenizer with lemmas of simplemma, whole names, and marks where clauses end."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import simplemma
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.util import registry

from nlp.names import NameFinder, as_token
from nlp.reading import Reading, Unit, attach

_STOPS: Final = frozenset({".", "!", "?", ";", "…", "...", "..", "!!", "!!!", "??", "?!", "。"})
_SOFT_STOPS: Final = frozenset({",", "-", "–", "—", ":", "and", "so", "because", "&"})
_CONTRAST: Final = frozenset(
    {"but", "however", "although", "though", "yet", "except", "unfortunately", "sadly", "nevertheless"}
)
_SOFT_LENGTH: Final = 3  # words before a comma or "and" that make it the end of a clause
# Halves of contractions whose norm says what was meant.
_HALVES: Final = frozenset(
    {"n't", "n’t", "ca", "wo", "'ve", "’ve", "'ll", "’ll", "'re", "’re", "'m", "’m", "nt", "sha"}
)
_GLUED: Final = frozenset({"non", "un"})
_CACHE: Final = 50_000
_ATTRIBUTES: Final[tuple[int | str, ...]] = ("ORTH", "NORM", "SPACY")
_ENDLESS: Final = re.compile(r"\S{201}")
_PIECE: Final = re.compile(r"\S{1,100}\s*|\s+")


# Where simplemma errs (worse is no form of wrong, cancelled none of cancell), or where the form carries the meaning:
# the latest update is not late, and the worst is more than bad.
_FORMS: Final = "latest later worse worst better best less least canned mixed listing news us data kudos"
_KEPT: Final = {word: word for word in _FORMS.split(" ")} | {
    "cancelled": "cancel",
    "cancelling": "cancel",
    "thinking": "think",
    "dying": "die",
    "cant": "cannot",
    "dont": "do",
    "wont": "will",
}


class Lemmas:
    """simplemma's lemmas, remembered: words come again."""

    def __init__(self) -> None:
        self._known: dict[str, str] = dict(_KEPT)

    def __getitem__(self, word: str) -> str:
        lemma = self._known.get(word)
        if lemma is None:
            if len(self._known) >= _CACHE:
                self._known = dict(_KEPT)
            lemma = simplemma.lemmatize(word, lang="en").lower() if word.isalpha() and len(word) < 40 else word
            lemma = self._known[word] = "".join(lemma.split()) or word
        return lemma


class _Word(NamedTuple):
    """What a token of one spelling always is. lemma: empty for blanks."""

    length: int
    lemma: str
    search: bool
    line_end: bool


class EnglishTokenizer:
    """A spaCy tokenizer that wraps spaCy's English one and adds a Reading."""

    def __init__(self, inner: Tokenizer) -> None:
        self.vocab = inner.vocab
        self.names = NameFinder()
        self.lemmas = Lemmas()
        self._words: dict[tuple[int, int], _Word] = {}
        self._inner = inner

    def __call__(self, text: str) -> Doc:
        doc = self._in_pieces(text) if _ENDLESS.search(text) else self._inner(text)
        return attach(doc, Reading(self._units(text, doc), text))

    def _in_pieces(self, text: str) -> Doc:
        """A thousand brackets in a row cost spaCy a second, for it takes off one at a time: long words are cut."""
        docs = [self._inner(piece) for piece in _PIECE.findall(text)]
        words = [token.text for doc in docs for token in doc]
        return Doc(self.vocab, words=words, spaces=[bool(token.whitespace_) for doc in docs for token in doc])

    def pipe(self, texts: Iterable[str]) -> Iterator[Doc]:
        """Docs in order."""
        return map(self, texts)

    def _units(self, text: str, doc: Doc) -> list[Unit]:
        units: list[Unit] = []
        words = self._words
        at = 0
        for written, norm, space in doc.to_array(list(_ATTRIBUTES)).tolist():
            word = words.get((written, norm))
            if word is None:
                if len(words) >= _CACHE:
                    words.clear()
                word = words[written, norm] = self._word(self.vocab.strings[written], self.vocab.strings[norm])
            end = at + word.length
            if word.lemma:
                units.append(Unit(word.lemma, at, end, "", word.search))
            elif word.line_end and units:
                units[-1].breaks = True
            at = end + space
        if self.names.names:
            units = _with_names(text, units, self.names.find(text))
        _glue_prefixes(units)
        _mark_clauses(units)
        return units

    def _word(self, written: str, norm: str) -> _Word:
        word = written.lower()
        if word.isspace():
            return _Word(len(written), "", False, "\n" in word)
        word = "".join((norm if word in _HALVES else word).replace("’", "'").split())
        if word.isalpha():
            return _Word(len(written), self.lemmas[word], True, False)
        return _Word(len(written), word, any(map(str.isalnum, word)), False)

    def to_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> None:
        """Nothing to save: the rules are spaCy's own, the names are the brand's."""

    def from_disk(self, path: Path, *, exclude: Iterable[str] = ()) -> "EnglishTokenizer":
        """Nothing to load."""
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Nothing to save."""
        return b""

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> "EnglishTokenizer":
        """Nothing to load."""
        return self


@registry.tokenizers("moksori_english.v1")  # type: ignore[untyped-decorator]
def create_english_tokenizer() -> Any:
    """spaCy's own English tokenizer inside ours."""

    def create(nlp: Language) -> EnglishTokenizer:
        return EnglishTokenizer(registry.tokenizers.get("spacy.Tokenizer.v1")()(nlp))

    return create


def _with_names(text: str, units: list[Unit], spans: Sequence[tuple[int, int]]) -> list[Unit]:
    """Units inside a name become one."""
    merged: list[Unit] = []
    waiting = list(reversed(spans))
    for unit in units:
        while waiting and waiting[-1][1] <= unit.start:
            waiting.pop()
        if waiting and waiting[-1][0] < unit.end:
            start, end = waiting[-1]
            if merged and merged[-1].tag == "NAME" and merged[-1].start == start:
                merged[-1].breaks |= unit.breaks
                continue
            merged.append(Unit(as_token(text[start:end]), start, end, "NAME", True, unit.breaks))
            continue
        merged.append(unit)
    return merged


def _glue_prefixes(units: list[Unit]) -> None:
    """ "non-refundable" must not be found by a search for "refundable"."""
    number = 0
    while number + 2 < len(units):
        first, hyphen, last = units[number : number + 3]
        if first.lemma in _GLUED and hyphen.lemma == "-" and first.end == hyphen.start and hyphen.end == last.start:
            units[number : number + 3] = [
                Unit(f"{first.lemma}-{last.lemma}", first.start, last.end, "", True, last.breaks)
            ]
        number += 1


def _mark_clauses(units: list[Unit]) -> None:
    length = 0
    for number, unit in enumerate(units):
        lemma = unit.lemma
        if lemma in _STOPS or (not unit.search and lemma[0] in ".!?…"):
            unit.breaks = True
        elif lemma in _CONTRAST:
            unit.contrast = True
            if number:
                units[number - 1].breaks = True
        elif lemma in _SOFT_STOPS and length >= _SOFT_LENGTH:
            units[number - 1].breaks = True
            length = 0
        length = 0 if unit.breaks else length + unit.search
