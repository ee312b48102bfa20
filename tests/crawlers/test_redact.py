from unittest.mock import Mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawlers.redact import redact
from pipeline.personal_data import find

FOUND = {
    "전화 010-1234-5678 주세요": "전화 [전화] 주세요",
    "０１０－１２３４－５６７８ 전화": "[전화] 전화",
    "02-312-4567이나 031 123 4567로 주세요": "[전화]이나 [전화]로 주세요",
    "번호는 공일공 1234 오육칠팔": "번호는 [전화]",
    "call +82 10-1234-5678 or (415) 555-0199": "call [phone] or [phone]",
    "메일 a.b@c.co.kr로": "메일 [이메일]로",
    "주민번호 900101-1234567 입니다": "주민번호 [주민번호] 입니다",
    "born 9001011234567": "born [ID number]",
    "900101-1******": "[ID number]",
    "카드 4111 1111 1111 1111": "카드 [카드번호]",
    "국민은행 123456-04-123456 입금": "국민은행 [계좌번호] 입금",
    "IBAN GB82 WEST 1234 5698 7654 32 please": "IBAN [account] please",
    "서울 강남구 테헤란로 123 5층 살아요": "[주소] 살아요",
    "경기도 성남시 분당구 판교역로 235, 101동 1203호": "[주소]",
    "강남구 역삼동 123-4 앞": "[주소] 앞",
    "101동 1203호 문앞에": "[주소] 문앞에",
    "I live at 123 Main Street, Apt 4B.": "I live at [address].",
    "SSN 536-22-1234, DOB 01/02/1990": "SSN [ID number], DOB [date of birth]",
    "여권 M12345678, 생년월일 900101": "여권 [신분번호], 생년월일 [생년월일]",
    "12가3456 차주입니다": "[차량번호] 차주입니다",
    "reg AB12 CDE": "reg [number plate]",
    "jane (at) example (dot) com": "[e-mail]",
}
KEPT = [
    "주문번호 20240101-0001234", "하루 3번 바르고 2개 샀어요", "서울로 2번 보냄",
    "1588-0000 고객센터", "5 Stars Way better",
    "가로 30 세로 20", "2026-11-20에 왔어요", "10,000원 쿠폰", "v5.2.1 버전", "990101-9234567", "4111 1111 1111 1112",
]  # fmt: skip


@pytest.mark.parametrize("text", FOUND)
def test_personal_data_goes(text: str) -> None:
    assert redact(text) == FOUND[text]


@pytest.mark.parametrize("text", KEPT)
def test_other_numbers_stay(text: str) -> None:
    assert redact(text) == text


PIECES = st.sampled_from([*FOUND, *KEPT, "010", "-1234", "@", "5678", "은행", "\n", "동", "호", "길 ", "+82"])


@given(st.lists(PIECES | st.text(max_size=30), max_size=8).map("".join))
@example("0" * 3000)
@example("a@" * 1500)
@example("1-" * 1500)
@example("가나다라마바사아" * 400 + "1")
def test_twice_is_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize(
    "chain", ["account 1111111, 2222222, ", "계좌 110-123-456789, ", "[account] 1234567 ", "공일공12345678"]
)
def test_a_label_names_no_other_number(chain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each round would free one number only, and a long text would take a minute."""
    rounds = Mock(wraps=find)
    monkeypatch.setattr("crawlers.redact.find", rounds)
    redact(chain * 50)
    assert rounds.call_count <= 3


@given(st.text(max_size=40), st.text(max_size=40), st.from_regex(r"010-\d{4}-\d{4}", fullmatch=True))
def test_a_phone_number_never_survives(before: str, after: str, phone: str) -> None:
    assert phone not in redact(f"{before} {phone} {after}")
