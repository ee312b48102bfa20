"""Personal data: what must be found, and numbers that are none."""

import pytest

from nlp import pii


@pytest.mark.parametrize(("kind", "value"), [
    ("phone", "010-1234-5678"), ("phone", "01012345678"), ("phone", "02-555-1234"), ("phone", "+82 10-1234-5678"),
    ("phone", "555-010-9999"), ("email", "hong.gd+x@mail.example.co.kr"), ("card", "4111 1111 1111 1111"),
    ("rrn", "900101-1234568"), ("account", "110-123-456789"), ("address", "서울시 강남구 테헤란로 123"),
    ("address", "101동 1203호"), ("address", "12 Baker Street"),
])  # fmt: skip
def test_is_found_where_it_stands(kind: str, value: str) -> None:
    text = f"제 신한은행 계좌 {value} 입니다" if kind == "account" else f"여기로 주세요 {value} 입니다"
    assert [(found, text[start:end]) for found, start, end in pii.find(text)] == [(kind, value)]


@pytest.mark.parametrize(
    "text",
    [
        "가격이 1,234,567원",
        "2026-11-24에 주문",
        "주문번호 20261124-0001",
        "4111 1111 1111 1112",
        "버전 4.12.1",
        "iOS 18, Pixel 7",
        "2길이가 짧아요",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert pii.find(text) == []
