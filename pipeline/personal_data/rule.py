"""What a kind of personal data looks like, and the words that say what a number is."""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

# Full-width signs read like ASCII ones. One character for one, so that offsets stay.
PLAIN: Final = str.maketrans("０１２３４５６７８９－．＠（）＋‐‑‒–—", "0123456789-.@()+-----")

SAID: Final = (
    r"(?:\s?번호)?[은는이가]?[^\w\n+(\[\]]{0,3}(?:(?:is|was|number|num|no|id|code|of)\b[^\w\n+(\[\]]{0,3}){0,3}"
)
"""What may stand between the name of a number and the number: "passport number is: ".

No bracket: a label that redaction put there names nothing.
"""

_NAMED_OTHERWISE: Final = re.compile(
    r"(?:\b(?:order|invoice|receipt|booking|reservation|ref|reference|ticket|case|tracking|parcel|shipment|serial|model"
    r"|part|item|product|sku|isbn|version|build|batch|lot|barcode|code|contract|flight|confirmation|transaction|policy"
    r"|claim|coupon|voucher|row|room|page)s?"
    r"|(?:주문|접수|예약|일련|상품|제품|문의|티켓|계약|승인|쿠폰|사업자|인증|등록)\s?(?:번호|코드)"
    r"|(?:송장|모델|시리얼|바코드|품번|버전)\s?(?:번호|명)?)"
    r"[은는이가]?[ :#=.]{0,3}(?:(?:is|was|number|num|no|id|code)\b[ :#=.]{0,3}){0,3}$",
    re.IGNORECASE,
)
_LOOK_BACK: Final = 40
_DATE: Final = re.compile(
    r"(?:19|20)\d\d[-./ ]?(?:(?:0?[1-9]|1[0-2])[-./ ]?(?:0?[1-9]|[12]\d|3[01])|(?:19|20)\d\d)"
    r"|(?:0?[1-9]|[12]\d|3[01])[-./ ](?:0?[1-9]|[12]\d|3[01])[-./ ](?:19|20)\d\d"
)


class Rule(NamedTuple):
    kind: str
    pattern: re.Pattern[str]
    holds: Callable[[re.Match[str]], bool] | None


def rule(
    kind: str, *forms: str, holds: Callable[[re.Match[str]], bool] | None = None, flags: re.RegexFlag = re.NOFLAG
) -> Rule:
    """One of the forms, if it holds. A group named "hide" is the personal data; without one, all that matched.

    Every repetition in a form is bounded, so that hostile text costs linear time.
    """
    return Rule(kind, re.compile("|".join(forms), flags), holds)


def value(match: re.Match[str]) -> str:
    return match["hide"] if "hide" in match.re.groupindex else match[0]


def digits(match: re.Match[str]) -> str:
    return re.sub(r"\D", "", value(match))


def unnamed(match: re.Match[str]) -> bool:
    """No date, and the text does not call it an order, a model, a parcel."""
    start = match.start("hide" if "hide" in match.re.groupindex else 0)
    before = match.string[max(0, start - _LOOK_BACK) : start]
    return not _DATE.fullmatch(value(match).strip()) and not _NAMED_OTHERWISE.search(before)
