"""Marked text: the pieces are the text, whatever the spans say."""

from hypothesis import given
from hypothesis import strategies as st

from desk.cases.highlight import Segment, marked, segments


@given(
    st.text(max_size=40),
    st.lists(st.tuples(st.sampled_from("ab"), st.tuples(st.integers(-5, 50), st.integers(-5, 50))), max_size=6),
)
def test_the_pieces_joined_are_the_text(text: str, spans: list[tuple[str, tuple[int, int]]]) -> None:
    pieces = segments(text, spans)
    assert "".join(piece.text for piece in pieces) == text
    position = 0
    for piece in pieces:
        covering = {name for name, (a, b) in spans if max(a, 0) <= position and position + len(piece.text) <= b}
        assert set(piece.themes) == covering
        position += len(piece.text)


def test_a_span_becomes_a_marked_piece() -> None:
    assert marked("배송이 늦어요.", [(4, 7)]) == [
        Segment("배송이 "),
        Segment("늦어요", ("",)),
        Segment("."),
    ]
    assert marked("배송", [(0, 2)])[0].marked
