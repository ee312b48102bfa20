"""Whether what a phrase says is denied by the words beside it: "nobody was injured", "화재는 아니었고". No grammar.

What is not understood counts as said: a danger that is missed costs more than one too many.
"""

import re
from typing import Final

_DENIES_BEFORE: Final = re.compile(
    r"(?:\b(?:no|not|nobody|none|nothing|never|neither|without)|n[’']t)(?!\s+(?:only|just)\b)"
    # Small words may stand between; another verb or noun begins another thought.
    r"(?:\s+(?:one|is|are|was|were|be|been|being|has|have|had|got|get|gets|getting|go|going|end|ended|up|need|like|of|in|"
    r"to|at|on|by|a|an|the|any|my|our|us|it|house|actually|even|really|ever|sign|signs|risk|danger|case|cases)\b){0,6}\s*$",
    re.IGNORECASE,
)
_LOOK_BACK: Final = 80

_DENIES_AFTER: Final = re.compile(
    r"(?:이|가|은|는|도|에|로|까지|까지는|이라도)?"
    # A word of its own, then what is often denied: "소송까지 갈 일은 아니", "식중독에 걸린 사람은 없".
    r"(?:\s*(?![가-힣]*[데고서만니며]\s)[가-힣]{0,4}\s*"
    r"(?:정도|일|수준|필요|사람|적|위험|사고|걱정|염려|흔적|증상|반응|피해|하나|전혀)(?:이|가|은|는|도|까지는)?)?"
    r"\s*(?:없(?!지\s*않|을\s*줄|는\s*줄)|아니(?!면|나\s*다를)|아닌(?!가|지)|아닙|안\s*[가-힣])"
    r"|\s*(?:방지|예방)"
)
_DENIES_VERB: Final = re.compile(r"[가-힣]{0,2}지[는도]?\s*(?:않|못|안)")
_DENIES_PREFIX: Final = re.compile(r"(?:^|\s)(?:안|못)\s*$")
_LOOK_ON: Final = 24
_HANGUL: Final = re.compile(r"[가-힣]")
_PAST: Final = 20
"""ㅆ at the end of a syllable: "다쳤지 않나요" asks for consent, and denies nothing."""


def denied(text: str, start: int, end: int) -> bool:
    """Whether the words [start, end) are denied."""
    if not _HANGUL.search(text, start, end):
        return _DENIES_BEFORE.search(text, max(0, start - _LOOK_BACK), start) is not None
    upto = min(len(text), end + _LOOK_ON)
    past = "가" <= text[end - 1] <= "힣" and (ord(text[end - 1]) - ord("가")) % 28 == _PAST
    return (
        _DENIES_AFTER.match(text, end, upto) is not None
        or (not past and _DENIES_VERB.match(text, end, upto) is not None)
        or _DENIES_PREFIX.search(text, max(0, start - 4), start) is not None
    )
