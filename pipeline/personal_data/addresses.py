"""Postal addresses as they are written in Korea, the United States and the United Kingdom."""

import re
from typing import Final

from pipeline.personal_data.rule import SAID, rule

_PROVINCE = (
    r"(?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주"
    r"|충청[남북]|전라[남북]|경상[남북])(?:특별자치시|특별자치도|특별시|광역시|시|도)?"
)
_BUILDING = r"(?:[가-힣A-Za-z0-9]{1,12}(?:아파트|빌라|오피스텔|빌딩|맨션|타워|주공|자이|푸르지오)\s?)?"
_UNIT = rf"(?:,?\s?{_BUILDING}(?:\d{{1,4}}|[가나다라마바사])동)?(?:,?\s?\d{{1,3}}층)?(?:,?\s?\d{{1,5}}호)?"
_NO_AMOUNT = r"(?!\d|\s?(?:원|개|번|회|일|시간|분|점))"
_ROAD = (
    r"(?:[가-힣]{1,8}마을\s)?[가-힣0-9]{1,12}(?:대로|로|길)\s?(?:\d{1,4}번?길\s?)?"
    rf"\d{{1,4}}(?:-\d{{1,4}})?{_NO_AMOUNT}"
)
_VILLAGE_ROAD = rf"[가-힣]{{1,8}}\s\d{{1,4}}길\s\d{{1,4}}(?:-\d{{1,4}})?{_NO_AMOUNT}"
_LOT = rf"[가-힣0-9]{{1,10}}(?:동|읍|면|리|가)\s\d{{1,4}}(?:-\d{{1,4}})?번?지?{_NO_AMOUNT}"
_PLACE = rf"(?:{_ROAD}|{_VILLAGE_ROAD}|{_LOT})"
_DISTRICT = r"[가-힣]{1,8}[시군구]"
_TOWN = r"[가-힣]{1,8}[읍면]"

_KOREAN = (
    rf"{_PROVINCE}\s?(?:{_DISTRICT}\s?){{0,2}}(?:{_TOWN}\s?)?{_PLACE}{_UNIT}",
    rf"(?:{_DISTRICT}\s){{1,2}}(?:{_TOWN}\s?)?{_PLACE}{_UNIT}",
    rf"주소{SAID}(?P<hide>{_PLACE}{_UNIT})",
    r"(?<![가-힣])[가-힣]{2,10}(?:대로|로|길)\s?\d{1,4}(?:-\d{1,4})?,?\s(?:\d{1,4}동\s?)?\d{1,4}호",
    r"(?<!\d)\d{2,4}동\s{0,2}\d{2,5}호",
)


def _any_case(words: str) -> str:
    """As a title or in capitals; in small letters "road" and "drive" are everyday words."""
    return "|".join(f"{word}|{word.upper()}" for word in words.split())


_STREET = _any_case(
    "Street St Avenue Ave Road Rd Boulevard Blvd Lane Ln Drive Dr Court Ct Terrace Crescent Gardens Mews Parkway Pkwy"
    " Highway Hwy"
)
_ALSO_OTHER = _any_case("Way Close Place Square Circle Grove Row Hill Trail Walk")
"""Words that are a street only where an address goes on or ends: "5 Stars Way better"."""
_NO_NUMBERED = (
    r"(?!(?i:minutes?|mins?|hours?|hrs?|miles?|km|days?|weeks?|months?|years?|stars?|steps?|times|people|percent|tb|gb|mb"
    r"|usb|ssd|hard|flash|doors?|houses|blocks|boxes|items|orders)\b)"
)
_WITHIN = r"(?:Apt|Apartment|Unit|Suite|Ste|Flat|APT|UNIT|FLAT|apt|unit|flat)"
_POSTCODE = r"(?:GIR ?0AA|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})"
_CITY = r"[A-Z][A-Za-z'.-]{1,20}(?:[ -][A-Z][A-Za-z'.-]{1,20}){0,2}"
_STATE = r"(?:[A-Z]{2},?\s\d{5}(?:-\d{4})?|[A-Z]{2,3},?\s(?:\d{4}|[A-Z]\d[A-Z] ?\d[A-Z]\d)|[A-Z]{2})"
_TAIL = (
    rf"(?:,?\s{_POSTCODE}\b|(?:,?\s{_CITY}){{1,2}}?,?\s(?:{_POSTCODE}|\d{{5}}(?:-\d{{4}})?)\b"
    rf"|,?\s{_CITY},?\s{_STATE}\b)"
)
_DOOR = rf"(?:,?\s(?:{_WITHIN}\.?|#)\s?#?\w{{1,6}})"
_NUMBER = rf"(?<![\w.$£€#-])(?:{_WITHIN}\.?\s#?\w{{1,6}},?\s)?\d{{1,5}}[A-Za-z]?(?:-\d{{1,4}})?\s{_NO_NUMBERED}"
_NAME = r"(?:[NSEW]\.?\s)?(?:[A-Z0-9][\w'.-]{0,20}\s){1,3}?"
_PLAIN_WORD = r"(?!(?:the|a|my|to|of|on|in|down|up|this|same|other|wrong|and|is|was|from)\b)[a-z0-9'-]{2,20}\s"

_ENGLISH = (
    rf"{_NUMBER}{_NAME}(?:{_STREET})\b(?:\.(?=,|\s(?:{_WITHIN}|#)))?{_DOOR}?{_TAIL}?",
    rf"{_NUMBER}{_NAME}(?:{_ALSO_OTHER})\b(?:{_DOOR}{_TAIL}?|{_TAIL}|(?=[.,]|$))",
    rf"{_NUMBER}(?:[A-Z][\w'.-]{{0,20}}\s?){{1,3}},\s(?:{_CITY},?\s){{0,2}}{_POSTCODE}\b",
)
_SMALL = (
    r"\b(?:liv(?:e|es|ed|ing)|address|deliver(?:ed|y)?|ship(?:ped)?|sen[dt]|moved?|moving|based)\b[^\d\n\[\]]{0,20}?"
    rf"(?P<hide>\d{{1,5}}[a-z]?\s{_NO_NUMBERED}(?:{_PLAIN_WORD}){{1,3}}?"
    r"(?:street|st|avenue|ave|road|rd|lane|drive|boulevard|court)\b)"
)

ADDRESSES: Final = (
    *(rule("address", form) for form in (*_KOREAN, *_ENGLISH)),
    rule("address", _SMALL, flags=re.IGNORECASE),
    rule("address", r"\bP\.?\s?O\.?\s?Box\s\d{1,6}\b", flags=re.IGNORECASE),
    rule("address", rf"\bpost ?code{SAID}(?P<hide>{_POSTCODE})\b", flags=re.IGNORECASE),
)
