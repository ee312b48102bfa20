"""Ways to reach a person: e-mail addresses and phone numbers, also spelled out to slip past filters."""

import re
from itertools import pairwise
from typing import Final

from pipeline.personal_data.rule import digits, rule, unnamed

_I: Final = re.IGNORECASE

_TOP = r"(?:com|net|org|edu|gov|info|io|me|app|dev|biz|co|kr|uk|us|de|fr|es|it|nl|jp|cn|ca|au|ie|in|eu)"
_DOT = r"\s?[([{]?\s?(?:\bdot\b|닷|쩜|점)\s?[)\]}]?\s?"
_LABEL = r"[a-z0-9-]{2,63}"
_LOCAL = r"(?<![\w.+-])[a-z][\w.+-]{1,63}"


def _meant_as_address(match: re.Match[str]) -> bool:
    """ "Bought it at shop dot com" tells of a shop; "jane.d at shop dot com" of Jane."""
    before = match.string[max(0, match.start() - 40) : match.start()]
    return bool(
        re.search(r"[\d._]|\sdot\s", match["local"]) or re.search(r"(?i)\be-?mail\b|\bcontact\b|\bwrite\b", before)
    )


EMAILS: Final = (
    rule("email", r"(?<![\w.%+-])[\w.%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}", flags=re.ASCII),
    rule(
        "email",
        rf"{_LOCAL}\s?@\s?{_LABEL}(?:(?:\s?\.\s?|{_DOT}){_LABEL}){{0,2}}(?:\s?\.\s?|{_DOT}){_TOP}(?![a-z0-9])",
        flags=_I | re.ASCII,
    ),
    rule(
        "email",
        rf"{_LOCAL}\s?(?:[([{{<]\s?(?:at|@|a)\s?[)\]}}>]|골뱅이|앳)\s?[a-z0-9가-힣-]{{2,63}}?"
        rf"(?:(?:\s?\.\s?|{_DOT}){_LABEL}){{0,2}}?(?:(?:\s?\.\s?|{_DOT})(?:{_TOP}|컴|넷)(?![a-z0-9])|\s?닷컴)",
        flags=_I | re.ASCII,
    ),
    rule(
        "email",
        rf"(?P<local>{_LOCAL}(?:\sdot\s[\w-]{{1,30}}){{0,2}})\sat\s{_LABEL}(?:\sdot\s{_LABEL}){{0,2}}\sdot\s{_TOP}\b",
        holds=_meant_as_address,
        flags=_I,
    ),
)

# Free and shared numbers of companies, in Korea, the United Kingdom and North America.
_SERVICE: Final = re.compile(
    r"1[568]\d{6}|08(?:0[08]|4\d|7\d)\d{6,7}|080\d{7}|03(?:0[03]|3[03]|4[45]|7[01])\d{6,7}|1?8(?:00|88|77|66|55|44|33)\d{7}"
)


def _phone(match: re.Match[str]) -> bool:
    number = digits(match)
    return 7 <= len(number) <= 15 and len(set(number)) > 1 and not _SERVICE.fullmatch(number) and unnamed(match)


def _local(match: re.Match[str]) -> bool:
    first, last = map(int, re.findall(r"\d+", match[0]))
    is_range = last > first and last % 10 == 0 and "-0" not in match[0]
    return not is_range and unnamed(match)


_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_DIGIT_WORDS: Final = {**{word: digit for digit, word in enumerate(_DIGITS)}, "oh": 0, "o": 0}
_WORD = rf"(?:(?:double|triple)[ -])?(?:{'|'.join(_DIGIT_WORDS)}|\d)(?!\w)"


def _counts(numbers: list[int]) -> bool:
    """1, 2, 3 ... or 3, 2, 1: nobody's phone."""
    steps = {later - earlier for earlier, later in pairwise(numbers)}
    return steps in ({1}, {-1})


def _spelled(match: re.Match[str]) -> bool:
    words = [word for word in re.findall(r"[a-z]+|\d", match[0].lower()) if word not in ("double", "triple")]
    numbers = [_DIGIT_WORDS[word] if word in _DIGIT_WORDS else int(word) for word in words]
    return not _counts(numbers) and sum(map(str.isalpha, words)) >= 4


def _spaced(match: re.Match[str]) -> bool:
    number = digits(match)
    return not _counts([int(digit) for digit in number]) and _phone(match) and len(set(number)) > 2


_REACH = (
    r"(?:\b(?:(?:phone|mobile|cell|tel|telephone|fax|contact|my|his|her|whatsapp)\.?\s?(?:number|num|no\.?|#|:|is)"
    r"|call(?:ed|ing)?|rings?|rang|text(?:ed)?|dial(?:led)?|whatsapp|tel|reach|phoned?|cell|mobile|fax)"
    r"(?:[ :,.#]{1,2}(?:me|us|him|her|them|back|at|on|is|was|it)\b){0,3}[ :.#-]{0,3}"
    r"|(?:전화|연락처|휴대폰|핸드폰|(?<![가-힣])(?:폰|번호|전번))(?:번호)?[은는이가]?[^\w\n+(\[\]]{0,3})"
)

_ABROAD = r"(?<![\w+])"
_HERE = r"(?<![\w+.-])"
_NO_AMOUNT = r"(?![\w-]|[.,/]\d|\s?(?:원|개|m[lg]|k?g|k?m|mah|won|people|words|kcal)\b)"
_KOREAN_DIGIT = "[공영일이삼사오육륙칠팔구0-9]"

PHONES: Final = (
    rule(
        "phone",
        rf"{_ABROAD}(?:\+|00(?=[1-9]))\d{{1,5}}(?:[ .-]?\(\d{{1,4}}\)[ .-]?\d{{1,12}})?"
        r"(?:[ .-]{1,2}\d{1,12}){1,5}(?!\d)",
        rf"{_ABROAD}\(\+\d{{1,3}}\)[ .-]?\d{{1,12}}(?:[ .-]{{1,2}}\d{{1,12}}){{0,5}}(?!\d)",
        rf"{_ABROAD}\+\d{{1,3}}\s?\(\d{{1,4}}\)\s?\d{{5,11}}(?!\d)",
        rf"{_ABROAD}\+\d{{8,15}}(?!\d)",
        holds=_phone,
    ),
    rule(  # Korea
        "phone",
        r"(?<!\d)\(?0(?:1[016789]|2|[3-6][1-5]|70|50\d?)\)?[ .-]{0,2}\d{3,4}[ .-]{0,2}\d{4}(?!\d)",
        holds=_phone,
    ),
    rule(  # United Kingdom, Australia, Japan; five pairs: France
        "phone",
        rf"{_HERE}\(?0(?:1\d{{2,3}}|2\d|4\d\d|7\d{{3}}|[789]0)\)?[ -]{{1,2}}\d{{3,4}}[ -]?\d{{3,4}}(?!\d)",
        rf"{_HERE}(?:\(?01\d{{3}}\)?[ -]\d{{5,6}}|07\d{{9}}|0[1-9](?:[ .]\d{{2}}){{4}})(?![\w-])",
        holds=_phone,
    ),
    rule(  # North America
        "phone",
        r"(?<![\w.-])(?:\+?1[ .-]{1,2})?(?:\([2-9]\d{2}\)[ .-]{0,2}|[2-9]\d{2}[ .-])\d{3}[ .-]\d{4}(?![\w-]|\.\d)",
        holds=_phone,
    ),
    rule("phone", rf"(?<![\w.,$€£₩#/-])[2-9]\d{{2}}-\d{{4}}{_NO_AMOUNT}", holds=_local, flags=_I),
    rule("phone", rf"{_REACH}(?P<hide>\(?\d(?:[ .()-]{{0,2}}\d){{6,14}})(?![\d-])", holds=_phone, flags=_I),
    rule("phone", r"(?<![\w.-])\d(?:[ .-]\d){8,12}(?![ .-]?\d)", holds=_spaced),
    rule(
        "phone",
        rf"[공영0][ .-]?[일1][ .-]?[공영일육칠팔구016789](?:[ .,-]{{0,2}}{_KOREAN_DIGIT}){{7,8}}(?!\d)",
        holds=lambda match: len(digits(match)) < 10,  # else it would be spelled in digits alone
    ),
    rule("phone", rf"(?<!\w){_WORD}(?:[ ,.-]{{1,3}}{_WORD}){{5,14}}", holds=_spelled, flags=_I),
)
