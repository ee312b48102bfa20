"""Numbers that stand for one person: identity, cards, accounts, dates of birth, number plates."""

import re
from datetime import UTC, date, datetime
from typing import Final

from stdnum import ean, iban, luhn
from stdnum.gb import nhs
from stdnum.kr import rrn
from stdnum.us import itin, ssn

from pipeline.personal_data.rule import SAID, digits, rule, unnamed, value

_I: Final = re.IGNORECASE


def _resident(match: re.Match[str]) -> bool:
    """Numbers given since October 2020 have no check digit: a date of birth that has been must do."""
    number = digits(match)
    century = 1900 if number[6] in "1256" else 2000
    try:
        born = date(century + int(number[:2]), int(number[2:4]), int(number[4:6]))
    except ValueError:
        return False
    return born <= datetime.now(UTC).date()


def _resident_unhyphenated(match: re.Match[str]) -> bool:
    number = digits(match)
    # Korean barcodes have 13 digits too, and begin with 880.
    barcode = number.startswith("880") and ean.is_valid(number) and not rrn.is_valid(number)
    return _resident(match) and not barcode and unnamed(match)


def _card(match: re.Match[str]) -> bool:
    number = digits(match)
    return len(set(number)) > 1 and bool(luhn.is_valid(number))


def _card_unspaced(match: re.Match[str]) -> bool:
    return _card(match) and unnamed(match)


def _social_security(match: re.Match[str]) -> bool:
    return bool(ssn.is_valid(value(match)) or itin.is_valid(value(match))) and unnamed(match)


def _health(match: re.Match[str]) -> bool:
    return bool(nhs.is_valid(value(match)))


def _iban(match: re.Match[str]) -> bool:
    return bool(iban.is_valid(value(match)))


def _bank_number(match: re.Match[str]) -> bool:
    return 10 <= len(digits(match)) <= 16 and unnamed(match)


_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_DAY = (
    r"(?:\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{1,4}(?!\d)|\d{2,4}년\s?\d{1,2}월\s?\d{1,2}일"
    rf"|\d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?{_MONTH}\.?,?\s(?:19|20)\d\d|{_MONTH}\.?\s\d{{1,2}}(?:st|nd|rd|th)?,?\s(?:19|20)\d\d)"
)
_PLATE_SYLLABLE = "[가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자배하허호]"
_REGION = "(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주)"

# Named by the writer: form is enough, also where it was mistyped. Not named: it must be one that could be given out.
IDENTITY: Final = (
    rule("rrn", r"(?<!\d)\d{6}\s?-\s?[1-8](?:\d{6}|[*xX]{6}|\d{1,5}[*xX]{1,5})(?!\d)", holds=_resident),
    rule("rrn", r"(?<![\d-])\d{6}[1-8]\d{6}(?![\d-])", holds=_resident_unhyphenated),
    rule("id", rf"\b(?:SSN|social(?: security)?){SAID}(?P<hide>\d{{3}}[- ]?\d\d[- ]?\d{{4}})(?!\d)", flags=_I),
    rule("id", r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])", holds=_social_security),
    rule(
        "id",
        rf"\b(?:NI|NINO|national insurance){SAID}(?P<hide>[A-Z]{{2}}[ -]?\d\d[ -]?\d\d[ -]?\d\d[ -]?[A-D])\b",
        flags=_I,
    ),
    rule(
        "id",
        r"(?<![\w-])(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D](?![\w-])",
        holds=unnamed,
    ),
    rule(
        "id",
        rf"(?:\bpassport|여권){SAID}(?P<hide>[A-Z]{{0,2}}\d{{6,9}}|[A-Z]\d{{3}}[A-Z]\d{{4}})(?!\w)",
        flags=_I,
    ),
    rule(
        "id",
        rf"\bdriv(?:er'?s?|ing) licen[cs]e{SAID}"
        r"(?P<hide>(?=[A-Z -]{0,8}\d{3})[A-Z0-9]{1,16}(?:[ -][A-Z0-9]{2,8}){0,3})(?!\w)",
        flags=_I,
    ),
    rule("id", rf"면허(?:증)?{SAID}(?P<hide>\d\d-\d\d-\d{{6}}-\d\d)(?!\d)"),
    rule("id", r"(?<![\d-])(?:1[1-9]|2[0-8])-\d{2}-\d{6}-\d{2}(?![\d-])", holds=unnamed),
    rule("id", rf"\bNHS{SAID}(?P<hide>\d{{3}}[ -]?\d{{3}}[ -]?\d{{4}})(?!\d)", holds=_health, flags=_I),
    rule(
        "id",
        rf"\b(?:SIN|social insurance|TFN|tax file|ITIN|aadhaar){SAID}"
        r"(?P<hide>\d{2,4}[ -]?\d{2,4}[ -]?\d{3,4})(?!\d)",
        flags=_I,
    ),
    rule(
        "birth",
        r"(?:\bDOB\b|\bD\.O\.B\.?|\bdate of birth|\bbirth ?date|\bborn(?: on)?\b|\bbirthday(?: is|:)|생년월일|생일)"
        rf"{SAID}(?P<hide>{_DAY})",
        flags=_I,
    ),
    rule("birth", rf"(?:\bDOB\b|생년월일){SAID}(?P<hide>\d{{6}}|\d{{8}})(?!\d)", flags=_I),
    rule("birth", r"(?<!\d)(?P<hide>\d{2,4}년\s?\d{1,2}월\s?\d{1,2}일)\s?(?:생(?![일각산])|출생|에 태어)"),
    rule(
        "plate",
        rf"(?:{_REGION}\s?)?(?<!\d)(?:0[1-9]|[1-6]\d|[1-7]\d\d){_PLATE_SYLLABLE}\d{{4}}(?!\d|\s?[원개년억만천mgGMkK%])",
        holds=unnamed,
    ),
    rule(
        "plate",
        rf"(?:번호판|차량|차\s?번호|차는|차가){SAID}"
        rf"(?P<hide>(?:{_REGION}\s?)?\d{{2,3}}\s?{_PLATE_SYLLABLE}\s?\d{{4}})(?!\d)",
    ),
    rule(
        "plate",
        rf"\b(?:(?:licen[cs]e|number|car) plate|registration|reg|plate){SAID}"
        r"(?P<hide>(?=[A-Z -]{0,4}\d)(?=[\d -]{0,4}[A-Z])[A-Z0-9]{1,4}[ -]?[A-Z0-9]{2,4})(?![\w-])",
    ),
)

CARDS: Final = (
    rule("card", r"(?<![\d-])[2-6]\d{3}([ -])\d{4}\1\d{4}\1\d{4}(?!\d)", holds=_card),
    rule("card", r"(?<![\d-])3[47]\d\d([ -])\d{6}\1\d{5}(?!\d)", holds=_card),
    rule("card", r"(?<![\d-])(?:[3-6]|2[2-7])(?:[ -]?\d){13,18}(?!\d)", holds=_card_unspaced),
)

_BANK = (
    r"(?:은행|농협|수협|신협|새마을금고|카카오뱅크|카뱅|케이뱅크|케뱅|토스뱅크|토뱅|우체국|계좌"
    r"|(?<![가-힣])(?:신한|국민|우리|하나|기업|산업|씨티|KB|IBK|NH)(?=\s?(?:계좌|통장|은행)?\s?\d))"
)
_IBAN = r"[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?"

ACCOUNTS: Final = (
    rule("account", rf"\b(?i:IBAN){SAID}(?P<hide>{_IBAN})\b"),
    rule("account", rf"\b{_IBAN}\b", holds=_iban),
    rule("account", rf"\bsort(?:ing)? code{SAID}(?P<hide>\d\d[ -]?\d\d[ -]?\d\d)(?!\d)", flags=_I),
    rule("account", rf"\b(?:routing|ABA|BSB){SAID}(?P<hide>\d{{3}}[ -]?\d{{3}}(?:\d{{3}})?)(?!\d)", flags=_I),
    rule(
        "account",
        rf"\b(?:account|acct|acc|a/c)\.?{SAID}(?P<hide>\d(?:[ -]?\d){{6,16}})(?![\d-])",
        holds=unnamed,
        flags=_I,
    ),
    rule(
        "account",
        rf"{_BANK}[^\d\[\]]{{0,15}}?(?P<hide>\d{{2,6}}-\d{{2,6}}-\d{{2,8}}(?:-\d{{1,6}})?|\d(?: ?\d){{9,15}})(?![\d-])",
        holds=_bank_number,
    ),
)
