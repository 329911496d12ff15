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
