"""What one exchange has heard decides its status; the limit holds whatever comes."""

from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Status
from auditor.net.talk import Talk


@given(st.lists(st.binary(max_size=50), max_size=20), st.integers(1, 200))
def test_a_talk_keeps_no_more_than_its_limit_and_says_when_it_cut(chunks: list[bytes], limit: int) -> None:
    talk = Talk(limit)
    for moment, chunk in enumerate(chunks):
        talk.add(chunk, float(moment))
    everything = b"".join(chunks)
    assert bytes(talk.heard) == everything[:limit]
    assert talk.cut is (len(everything) >= limit)
    assert (talk.first, talk.last) == ((0.0, len(chunks) - 1.0) if chunks else (None, None))


def test_an_ending_is_stated_with_its_reason() -> None:
    talk = Talk(10)
    talk.end(Status.REFUSED, "connection refused")
    assert (talk.status, talk.detail) == (Status.REFUSED, "connection refused")


def talked(size: int, last: float) -> Talk:
    talk = Talk(4096, began=100.0, connected=True)
    talk.add(b"x" * size, 100.0 + last)
    return talk


def test_an_answer_after_which_nothing_more_came_was_not_still_coming() -> None:
    for size, last, detail in (
        (400, 0.2, "left open; no more than this within 5 s"),
        (400, 4.0, "deadline of 5 s"),
        (3, 0.2, "deadline of 5 s"),
    ):
        talk = talked(size, last)
        talk.late(5.0)
        assert (talk.outcome, talk.detail) == (Status.ANSWERED, detail)
