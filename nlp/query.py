"""Search: what a person typed, as terms over the tokens of the index."""

import re
from typing import Final

from nlp.english import EnglishTokenizer
from nlp.korean import KoreanTokenizer
from nlp.names import NameFinder
from nlp.reading import reading_of

Phrase = tuple[str, ...]
Term = tuple[Phrase, ...]

_QUOTED: Final = re.compile(r'["“”「『]([^"“”」』]*)["“”」』]')
_MOST_TERMS: Final = 32


def terms_of(typed: str, tokenizer: KoreanTokenizer | EnglishTokenizer) -> tuple[Term, ...]:
    """One term a word, in order; a name of the dictionary and a quoted phrase are one term.

    A word of which no token is left (a particle, a sign) asks for nothing and is dropped.
    """
    terms: list[Term] = []
    at = 0
    for quoted in _QUOTED.finditer(typed):
        terms.extend(_words(typed[at : quoted.start()], tokenizer))
        terms.append(_term(quoted.group(1), tokenizer))
        at = quoted.end()
    terms.extend(_words(typed[at:], tokenizer))
    return tuple(term for term in terms if term)[:_MOST_TERMS]


def _words(text: str, tokenizer: KoreanTokenizer | EnglishTokenizer) -> list[Term]:
    pieces: list[str] = []
    at = 0
    # A name with a blank inside is one word.
    for start, end in tokenizer.names.find(text):
        pieces.extend(text[at:start].split())
        pieces.append(text[start:end])
        at = end
    pieces.extend(text[at:].split())
    return [_term(piece, tokenizer) for piece in pieces]


def _term(text: str, tokenizer: KoreanTokenizer | EnglishTokenizer) -> Term:
    """The readings of a word: with the brand's names, without them (for texts tagged before), and as written."""
    phrases = [_tokens(text, tokenizer)]
    if tokenizer.names.names:
        kept, tokenizer.names = tokenizer.names, NameFinder()
        try:
            phrases.append(_tokens(text, tokenizer))
        finally:
            tokenizer.names = kept
    if isinstance(tokenizer, EnglishTokenizer):
        phrases.append(tuple(word.lower() for word in re.findall(r"[^\W_]+(?:-[^\W_]+)*", text)))
    return tuple(dict.fromkeys(phrase for phrase in phrases if phrase))


def _tokens(text: str, tokenizer: KoreanTokenizer | EnglishTokenizer) -> Phrase:
    return tuple(reading_of(tokenizer(text)).tokens())
