"""Takes phone numbers, e-mails, registration, card and account numbers and street addresses out of texts."""

import re
from collections.abc import Callable
from datetime import date
from typing import Final, NamedTuple

from stdnum import iban, luhn

LABELS: Final = {  # kind -> (Korean, English)
    "email": ("[이메일]", "[e-mail]"),
    "rrn": ("[주민번호]", "[ID number]"),
    "card": ("[카드번호]", "[card]"),
    "account": ("[계좌번호]", "[account]"),
    "phone": ("[전화]", "[phone]"),
    "address": ("[주소]", "[address]"),
}

_MAY_HOLD = re.compile(r"[@＠\d]|[공영]일[공영일육칠팔구]")
"""Without any of these no rule holds: most reviews end here."""
_HANGUL = re.compile("[가-힣]")
# Full-width signs read like ASCII ones. One character for one, so offsets stay.
_PLAIN: Final = str.maketrans("０１２３４５６７８９－．＠（）＋‐‑‒–—", "0123456789-.@()+-----")

_PROVINCE = (
    r"(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
    r"|충청[남북]|전라[남북]|경상[남북])(?:특별자치시|특별자치도|특별시|광역시|시|도)?"
)
_UNIT = r"(?:,?\s?\d{1,4}동)?(?:,?\s?\d{1,3}층)?(?:,?\s?\d{1,5}호)?"
_ROAD = (
    r"[가-힣0-9]{1,12}(?:대로|로|길)\s?(?:\d{1,4}번?길\s?)?\d{1,4}(?:-\d{1,4})?(?!\d|\s?(?:원|개|번|회|일|시간|분|점))"
)
_LOT = r"[가-힣0-9]{1,10}(?:동|읍|면|리|가)\s\d{1,4}(?:-\d{1,4})?번?지?(?!\d|\s?(?:원|개|번|회|일|시간|분|점))"
_BANK = (
    r"(?:계좌(?:번호)?|은행|농협|수협|신협|새마을금고|카카오뱅크|카뱅|케이뱅크|토스뱅크|우체국"
    r"|bank account|account (?:number|no\.?|#)|acct\.?(?: no\.?| #)?)"
)
_DISTRICT = r"[가-힣]{1,8}[시군구]"
_TOWN = r"[가-힣]{1,8}[읍면]"
_WORD_DIGIT = "[공영일이삼사오육륙칠팔구0-9]"


def _birth_date(match: re.Match[str]) -> bool:
    digits = re.sub(r"\D", "", match[0])
    century = 1900 if digits[6] in "1256" else 2000
    try:
        date(century + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return False
    return True


def _card(match: re.Match[str]) -> bool:
    return bool(luhn.is_valid(re.sub(r"\D", "", match[0])))


def _iban(match: re.Match[str]) -> bool:
    return bool(iban.is_valid(match[0]))


class _Rule(NamedTuple):
    """What a kind of personal data looks like. A group named "hide" is what goes; without one, all that matched."""

    kind: str
    pattern: str
    holds: Callable[[re.Match[str]], bool] | None = None
    flags: re.RegexFlag = re.NOFLAG


# Order matters: an earlier kind takes the digits. Every repetition is bounded, so that hostile text costs linear time.
_RULES: Final = [
    (rule.kind, re.compile(rule.pattern, rule.flags), rule.holds)
    for rule in (
        _Rule("email", r"(?<![\w.%+-])[\w.%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}", None, re.ASCII),
        _Rule("rrn", r"(?<!\d)\d{6}\s?-\s?[1-8](?:\d{6}|[*xX]{6}|\d{1,5}[*xX]{1,5})(?!\d)", _birth_date),
        _Rule("rrn", r"(?<!\d)\d{6}[1-8]\d{6}(?!\d)", _birth_date),
        _Rule("card", r"(?<![\d-])(?:[3-6]|2[2-7])(?:[ -]?\d){12,17}(?!\d)", _card),
        _Rule("account", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b", _iban),
        _Rule("account", rf"{_BANK}\D{{0,15}}?(?P<hide>\d(?:[ -]?\d){{8,15}})(?!\d)", None, re.IGNORECASE),
        _Rule("phone", r"(?<![\d+])\+\d{1,3}(?:[ .-]?\(?\d{1,4}\)?){2,6}(?!\d)"),
        _Rule("phone", r"(?<!\d)\(?0(?:1[016789]|2|[3-6][1-5]|70|50\d?)\)?[ .-]{0,2}\d{3,4}[ .-]{0,2}\d{4}(?!\d)"),
        _Rule("phone", r"(?<!\d)\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)"),
        _Rule("phone", rf"[공영]일[공영일육칠팔구][ .-]{{0,2}}{_WORD_DIGIT}{{3,4}}[ .-]{{0,2}}{_WORD_DIGIT}{{4}}"),
        _Rule("address", rf"{_PROVINCE}\s?(?:{_DISTRICT}\s?){{0,2}}(?:{_TOWN}\s?)?(?:{_ROAD}|{_LOT}){_UNIT}"),
        _Rule("address", rf"(?:{_DISTRICT}\s){{1,2}}(?:{_TOWN}\s?)?(?:{_ROAD}|{_LOT}){_UNIT}"),
        _Rule(
            "address",
            r"(?<![가-힣])[가-힣]{2,10}(?:대로|로|길)\s?\d{1,4}(?:-\d{1,4})?,?\s(?:\d{1,4}동\s?)?\d{1,4}호",
        ),
        _Rule("address", r"(?<!\d)\d{2,4}동\s?\d{2,5}호"),
        _Rule(
            "address",
            r"(?<!\d)\d{1,5}\s(?:[NSEW]\.?\s)?(?:[A-Z0-9][\w'.]{0,20}\s){1,3}"
            r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Terrace|Place|Square|Way(?=[.,]|$))"
            r"\b\.?(?:,?\s(?:Apt|Apartment|Unit|Suite|Ste|#)\.?\s?\w{1,6})?",
        ),
    )
]


def redact(text: str) -> str:
    """The text with each piece of personal data replaced by its label, Korean where the text has Hangul.

    redact(redact(text)) == redact(text). It looks at form, not at meaning: a number of another kind in the same form
    goes too. Service numbers such as 1588-0000 stay: they are nobody's.
    """
    if not _MAY_HOLD.search(text):
        return text
    language = 0 if _HANGUL.search(text) else 1
    while True:
        changed = _once(text, language)
        if changed == text:
            return text
        text = changed  # ends: each round takes digits or an @ away, and no label holds any


def _once(text: str, language: int) -> str:
    for kind, pattern, holds in _RULES:
        hidden = "hide" if "hide" in pattern.groupindex else 0
        spans = [
            match.span(hidden) for match in pattern.finditer(text.translate(_PLAIN)) if holds is None or holds(match)
        ]
        for start, end in reversed(spans):
            text = text[:start] + LABELS[kind][language] + text[end:]
    return text
