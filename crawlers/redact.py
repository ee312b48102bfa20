"""Takes personal data out of texts, before anything is kept."""

import re
from typing import Final

from pipeline.personal_data import find

LABELS: Final = {  # kind -> (Korean, English)
    "email": ("[이메일]", "[e-mail]"),
    "rrn": ("[주민번호]", "[ID number]"),
    "id": ("[신분번호]", "[ID number]"),
    "birth": ("[생년월일]", "[date of birth]"),
    "card": ("[카드번호]", "[card]"),
    "account": ("[계좌번호]", "[account]"),
    "phone": ("[전화]", "[phone]"),
    "plate": ("[차량번호]", "[number plate]"),
    "address": ("[주소]", "[address]"),
}
_HANGUL: Final = re.compile("[가-힣]")


def redact(text: str) -> str:
    """The text with each piece of personal data replaced by its label, Korean where the text has Hangul.

    redact(redact(text)) == redact(text).
    """
    language = 0 if _HANGUL.search(text) else 1
    while found := find(text):  # ends: each round takes digits, an @ or words for them away, and no label holds any
        pieces, done = [], 0
        for kind, start, end in found:
            pieces += [text[done:start], LABELS[kind][language]]
            done = end
        text = "".join([*pieces, text[done:]])
    return text
