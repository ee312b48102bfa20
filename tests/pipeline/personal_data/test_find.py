"""Personal data: what must be found and where it ends, what is none, and what hostile text costs."""

import re
from string import ascii_lowercase
from time import perf_counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.personal_data import find

# «...» is what must be found.
PERSONAL = {
    "phone": """
        제 번호는 «010-1234-5678»입니다
        구)«010-0000-1010» 신)«01012345678»
        집전화 «02-555-1234» 낮에
        «+82 10-1234-5678» or «+44 20 7946 0958»
        «+44 (0)20 7946 0958», «+49 30 901820», «+33 1 23 45 67 89»
        «+1 (415) 555-0134»
        «+821012345678»
        «0044 20 7946 0958»
        his is «07700900666», mine «07700 900333»
        «0161 496 0099» after 6
        «(020) 7946 0958»
        «01632 960983» is home
        «06 12 34 56 78»
        ring «(415) 555-0134» or «212.555.0190»
        «1-415-555-0134»
        text «555-0100» please
        Nora, «555-0111».
        my number is «4155550134»
        call me on «415 5550134»
        Tel: «030 901820»
        연락처 «031 123 4567»로
        (+44) never; «(+44) 7700 900123», «+44-7700-900123», «0412 345 678», «090-1234-5678»
        cell «555 0142», fax «5550142»
        번호는 «공일공 1234 오육칠팔»
        «공일공 일이삼사 오육칠팔» 문자
        «0 7 7 0 0 9 0 0 1 2 3»
        call «five five five, oh one four two» thanks
        oh seven seven; «oh seven seven double oh nine double oh one two»
    """,
    "email": """
        메일 «a.b@c.co.kr»로
        «hong.gd+x@mail.example.co.kr»
        «jane (at) example (dot) com»
        «jane.doe [at] mail.example [dot] org» asap
        e-mail me: «jane at example dot com»
        «jane.doe at example dot com»
        «jane dot d at example dot co dot uk», write me: «jane dot doe at example dot com»
        «jane @ example . com»
        «hong골뱅이example.com» 으로
        «hong 골뱅이 example 닷컴» 으로
        «hong@example점com»
    """,
    "card": """
        «4111 1111 1111 1111»
        amex «3782 822463 10005» charged
        «5555555555554444»로 결제
        «4242-4242-4242-4242» 2번
    """,
    "rrn": """
        «900101-1234568» 입니다
        번호는 «0112244000000» 요
        «900101-1******»
    """,
    "id": """
        SSN «000-12-3456» on the form
        my social is «123456789»
        it says «536-22-1234» here
        NI number: «QQ 12 34 56 C»
        «AB 12 34 56 C» is mine
        passport no. «533401234»
        여권번호 «M12345678» 요
        여권 «M123A4567»
        driver's license «D1234567»
        driving licence is «MORGA657054SM9IJ»
        «11-22-123456-01» 면허
        NHS number «943 476 5919»
    """,
    "birth": """
        DOB «01/02/1990»
        date of birth: «3 May 1988»
        I was born on «May 3rd, 1988»
        생년월일 «900101» 입니다
        생년월일은 «1990.01.02»
        «1990년 1월 2일»생 입니다
    """,
    "account": """
        신한 «110-123-456789» 입니다
        카뱅 «3333-00-0000000» 로
        국민은행 «123456-04-123456» 입금
        IBAN «GB82 WEST 1234 5698 7654 32» please
        to «DE89370400440532013000» now
        sort code «20-00-00»
        Account number «12345678» was hit
        routing number «021000021»
    """,
    "plate": """
        차 «12가3456» 긁혔어요
        «123하4567» 차주
        «서울12가3456»
        차량 «12가 3456» 입니다
        reg «AB12 CDE» parked
    """,
    "address": """
        «서울 강남구 테헤란로 123 5층» 살아요
        «경기도 성남시 분당구 판교역로 235, 101동 1203호» 문앞
        «강남구 역삼동 123-4» 앞
        «101동 1203호» 문앞에
        «제주특별자치도 서귀포시 바람마을 3길 8-1»인데
        주소는 «무지개로 12»
        at «12 Baker Street».
        «Unit 12, 300 Fiction Parkway, Austin, TX 78999» bounces
        from «18 Mirage Court, Edinburgh EH99 7QQ» on Friday
        «221 Nowhere Street, Apt 5B, Springfield, IL 00000» and
        «PO Box 1234»
        «88 MADEUP AVENUE»
        postcode «EH99 7QQ»
        i live at «12 baker street» mate
        to «3 Elm Way, Leeds LS99 9ZZ»
        «Flat 2, 9 High Road, London N22 6AA»
    """,
}

OTHER = """
    주문번호 20240101-0001234
    주문번호 20261124-0001
    order number 4155550134
    Order #111-2345678-1234567
    tracking 07700900666
    가격이 1,234,567원
    Paid $1,234.56
    £300-1000
    300-1000 people came
    2026-11-24에 주문
    called on 2026-11-24
    v5.2.1 버전
    버전 4.12.1
    iOS 18.1.1, Pixel 7
    192.168.0.1
    12:30:45
    at 10:30
    4111 1111 1111 1112
    하루 3번 바르고 2개
    서울로 2번 보냄
    1588-0000 고객센터
    0800 123 4567 is free
    call 1-800-555-0100
    5 Stars Way better
    2길이가 짧아요
    가로 30 세로 20
    바코드 8801234567893
    8801234567893 스캔
    990101-9234567
    model 7700-900 blender
    sizes 38-40-42
    SM-A546-0010
    CS-0000-4821-7
    Room 1415 at the Park Street hotel
    a 10 Minute Drive
    2 TB Drive
    10시 2000원
    12월 3456
    30도 2000
    12조3456억
    50주2000원
    020-24열
    bought it at amazon dot com
    modem cable (49.99 @ example.com)
    @dalbit_official
    look at example.com
    one two three four five six seven
    one of one in a hundred, two or three
    ten nine eight seven six five four three
    1 2 3 4 5 6 7 8 9
    born in 1990
    생일 11월 20일 선물
    123-45-67890 사업자
    reg 2 lanes
    the phone is 128 GB
    my account since 2019
    iPhone 15 256 512
    called 3 times in 2024
    sort code unknown
    1080p 1920x1080
    100-200-300 count
    RX5 8GB
    S21 5GB
    flight 0417, row 23
    0123456789012
    3 main road signs
    live 5 minutes from the main road
    sent 2 boxes to main street
    우리 3000-2000원
    하나 2개
    10주년 2024
    24/7 support
    2 for 1
    ISBN 979-11-0000-000-0
"""


def _lines(block: str) -> list[str]:
    return [line.strip() for line in block.strip().splitlines()]


@pytest.mark.parametrize(
    ("kind", "marked"), [(kind, text) for kind, block in PERSONAL.items() for text in _lines(block)]
)
def test_is_found_from_first_to_last_character(kind: str, marked: str) -> None:
    text = re.sub("[«»]", "", marked)
    assert [(found, text[start:end]) for found, start, end in find(text)] == [
        (kind, part) for part in re.findall("«(.*?)»", marked)
    ]


@pytest.mark.parametrize("text", _lines(OTHER))
def test_other_numbers_are_left_alone(text: str) -> None:
    assert find(text) == []


_SEPARATORS = st.sampled_from([" ", "-", ".", ""])
_AROUND = st.text(st.sampled_from(ascii_lowercase.replace("x", "") + "가나 ,!?\n"), max_size=30)


@given(_AROUND, _AROUND, _SEPARATORS, st.integers(2000, 9999), st.integers(0, 9999))
def test_a_mobile_number_is_found_whole_in_any_spelling(
    before: str, after: str, separator: str, middle: int, last: int
) -> None:
    for number in (
        f"010{separator}{middle}{separator}{last:04}",
        f"+82{separator or ' '}10{separator}{middle}{separator}{last:04}",
    ):
        text = f"{before} {number} {after}"
        assert (len(before) + 1, len(before) + 1 + len(number)) in [(start, end) for _, start, end in find(text)]


@given(
    _AROUND,
    st.one_of(
        st.dates().map("{:%Y-%m-%d}".format),
        st.times().map("{:%H:%M:%S}".format),
        st.integers(0, 10**9).map("{:,}원".format),
        st.integers(0, 10**7).map("${:,}.99".format),
        st.tuples(*[st.integers(0, 99)] * 3).map("v{0[0]}.{0[1]}.{0[2]}".format),
        st.integers(0, 10**9).map("order number {:010}".format),
        st.integers(0, 10**9).map("주문번호 {:010}".format),
        st.integers(1, 10**6).map("{}번".format),
    ),
)
def test_prices_dates_versions_and_orders_stay(before: str, number: str) -> None:
    assert find(f"{before.replace('번', '')} 그리고 {number}") == []


@given(st.text(max_size=60) | st.text(st.sampled_from("0123456789-+() .@aA가동호로길은행계좌[]#"), max_size=60))
@example("０１０－１２３４－５６７８")
def test_spans_are_in_order_and_apart(text: str) -> None:
    last = 0
    for _, start, end in find(text):
        assert last <= start < end <= len(text)
        last = end


@pytest.mark.parametrize("piece", [
    "0", "1 ", "1-", "a@", "a@b.co ", "a at b dot ", "가나다라마바사아", "서울시강남구",
    "가로 1 ", "A B ", "12 Aa Bb ", "Unit 1, Aa ",
    "+1 (2) ", "one ", "double one ", "은행 1-", "공일", "account no id ", "live 1 aa ",
    "AB12 ", "010-1234-5678 ", "1 A, Aa, ", "\n",
])  # fmt: skip
def test_hostile_text_costs_no_more_than_its_length(piece: str) -> None:
    text = (piece * 20_000)[:20_000] + "1"
    began = perf_counter()
    find(text)
    assert perf_counter() - began < 3  # it takes about 0.1 s; a pattern that looks twice takes minutes
