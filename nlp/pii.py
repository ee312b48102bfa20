"""Personal data: phone, e-mail, card, resident number, account and address, by pattern and check digit."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from spacy.language import Language
from spacy.tokens import Doc
from stdnum import luhn
from stdnum.kr import rrn

from nlp.reading import reading_of

_BEFORE: Final = r"(?<![\d\w.-])"
_AFTER: Final = r"(?![\d\w-])"


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _is_card(text: str) -> bool:
    digits = _digits(text)
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and luhn.is_valid(digits)


def _is_resident_number(text: str) -> bool:
    digits = _digits(text)
    # Numbers given since October 2020 have no check digit any more: a valid birth date and sex digit must do.
    return (
        bool(rrn.is_valid(digits))
        or re.fullmatch(r"\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[1-8]\d{6}", digits) is not None
    )


def _always(text: str) -> bool:
    return True


# In order of trust: a span that one kind took is no longer open to the next. All repeats are bounded: linear time.
_KINDS: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...]] = (
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}"), _always),
    (
        "rrn",
        re.compile(rf"{_BEFORE}\d{{6}}\s?[-–]\s?[1-8]\d{{6}}{_AFTER}|{_BEFORE}\d{{6}}[1-8]\d{{6}}{_AFTER}"),
        _is_resident_number,
    ),
    ("card", re.compile(rf"{_BEFORE}\d(?:[ -]?\d){{12,18}}{_AFTER}"), _is_card),
    (
        "phone",
        re.compile(
            rf"(?<![\d.-])(?:\+?82[ -]?(?:0)?1[016789]|01[016789])[ .-]?\d{{3,4}}[ .-]?\d{{4}}(?![\d-])"
            rf"|(?<![\d.-])0(?:2|[3-6]\d|70|50\d)[ .)-]{{1,2}}\d{{3,4}}[ .-]\d{{4}}(?![\d-])"
            rf"|{_BEFORE}1[568]\d\d-\d{{4}}{_AFTER}"
            rf"|(?<![\d\w.-])\+\d{{1,3}}[ .-]?(?:\(?\d{{1,4}}\)?[ .-]?){{2,4}}\d{{2,4}}(?![\d-])"
            rf"|(?<![\d\w.-])(?:\+?1[ .-])?\(?[2-9]\d\d\)?[ .-]\d{{3}}[ .-]\d{{4}}(?![\d-])"
        ),
        _always,
    ),
    (
        "account",
        re.compile(
            r"(?:계좌(?:번호)?|국민|신한|우리|하나|농협|기업|카카오뱅크|케이뱅크|토스뱅크|새마을|우체국|수협|은행)\D{0,12}?"
            r"(?P<value>\d{2,6}-\d{2,6}-\d{2,8}(?:-\d{1,6})?|\d{10,14})(?![\d-])"
            r"|\b(?P<iban>[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?)\b"
            r"|(?:account|acct)\.?\s{0,2}(?:no|number|#|num)?\.?\s{0,2}[:#]?\s{0,2}(?P<number>\d[\d -]{6,16}\d)",
            re.IGNORECASE,
        ),
        _always,
    ),
    (
        "address",
        re.compile(
            r"(?:[가-힣]{1,6}(?:특별시|광역시|특별자치시|특별자치도|시|도)\s{1,2})?(?:[가-힣]{1,6}(?:시|군|구)\s{1,2}){0,2}"
            r"[가-힣0-9·]{1,10}(?:로|길|대로)\s?\d{1,4}(?:-\d{1,4})?(?!\d)(?:번길\s?\d{1,4}(?:-\d{1,4})?)?"
            r"(?:[,\s]{1,2}[가-힣A-Za-z0-9]{0,15}(?:아파트|빌라|오피스텔|빌딩)?\s?\d{1,4}동)?(?:[,\s]{1,2}\d{1,5}호)?"
            r"|\d{1,4}동\s{0,2}\d{1,5}호"
            r"|[가-힣]{1,6}(?:시|군|구)\s{1,2}[가-힣]{1,6}(?:동|읍|면|리)\s{1,2}\d{1,4}(?:-\d{1,4})?(?:번지)?"
            r"|\b\d{1,5}\s(?:[A-Z][a-z]{1,20}\s){1,3}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Way|Close)\b\.?"
            r"(?:,?\s(?:Apt|Unit|Suite|Flat)\.?\s?#?\w{1,6})?"
        ),
        _always,
    ),
)
_LOOKS_POSSIBLE: Final = re.compile(r"\d{2}|@|\d\s")


def find(text: str) -> list[tuple[str, int, int]]:
    """(kind, start, end) in order, without overlaps. Misses what is spelled out in words."""
    if not _LOOKS_POSSIBLE.search(text):
        return []
    taken: list[tuple[str, int, int]] = []
    for kind, pattern, check in _KINDS:
        for start, end in _spans(pattern, check, text):
            if all(end <= other_start or start >= other_end for _, other_start, other_end in taken):
                taken.append((kind, start, end))
    return sorted(taken, key=lambda found: found[1])


def _spans(pattern: re.Pattern[str], check: Callable[[str], bool], text: str) -> Iterator[tuple[int, int]]:
    for match in pattern.finditer(text):
        group = next((name for name, value in match.groupdict().items() if value), 0)
        start, end = match.span(group)
        if check(text[start:end]):
            yield start, end


@Language.component("moksori_pii_v1")
def tag_pii(doc: Doc) -> Doc:
    """Fills `Reading.pii`."""
    reading = reading_of(doc)
    reading.pii = find(reading.text)
    return doc
