"""Which answer counts: the newest to each question, and none from a port that has closed since."""

from hypothesis import given
from hypothesis import strategies as st

from auditor.model import Endpoint, Exchange, Protocol, Status, Transport
from auditor.store.newest import CONNECT, Asked, newest, question_of


def said(
    name: str,
    run: int,
    *,
    question: str = "q",
    status: str = "answered",
    probe: str = "http_root",
    port: int = 80,
) -> Asked:
    return Asked(name, f"r{run}", question, status, f"2026-0{run}-01", probe, port, True, True)


def test_a_newer_answer_replaces_the_older_one_and_only_that() -> None:
    assert newest([said("a", 1), said("b", 2), said("c", 1, question="other")]) == {"b", "c"}


def test_a_question_that_got_no_answer_keeps_the_older_one_and_shows_the_try() -> None:
    assert newest([said("a", 1), said("b", 2, status="silent")]) == {"a", "b"}


def test_what_was_withheld_or_failed_by_our_own_fault_changes_nothing() -> None:
    assert newest([said("a", 1), said("b", 2, status="withheld"), said("c", 3, status="bug")]) == {"a"}


def test_all_exchanges_of_one_question_in_one_run_count_together() -> None:
    assert newest([said("a", 1), said("b", 2), said("c", 2)]) == {"b", "c"}


def test_a_port_that_refuses_has_closed_and_what_it_said_counts_no_more() -> None:
    closed = said("x", 2, question="c", status="refused", probe=CONNECT, port=23)
    assert newest([said("a", 1, port=23), closed]) == {"x"}
    assert newest([said("a", 3, port=23), closed]) == {"a", "x"}, "it opened again"


def test_a_port_that_says_nothing_has_closed_only_where_the_device_answers_elsewhere() -> None:
    mute = said("x", 2, question="c", status="silent", probe=CONNECT, port=23)
    assert newest([said("a", 1, port=23), mute]) == {"a", "x"}
    assert newest([said("a", 1, port=23), mute, said("b", 2, question="p")]) == {"x", "b"}


@given(
    st.lists(
        st.tuples(
            st.integers(1, 4),
            st.sampled_from("pq"),
            st.sampled_from(["answered", "silent", "refused", "withheld"]),
            st.booleans(),
        ),
        max_size=12,
    ),
    st.randoms(),
)
def test_the_choice_does_not_depend_on_order(rows: list[tuple[int, str, str, bool]], chance: object) -> None:
    asked = [
        said(str(n), run, question=f"{question}{tries}", status=status, probe=CONNECT if tries else "p")
        for n, (run, question, status, tries) in enumerate(rows)
    ]
    mixed = list(asked)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert newest(asked) == newest(mixed)


def asked(
    request: bytes, protocol: Protocol = Protocol.HTTP, *, address: str = "10.0.0.5", probe: str = "p"
) -> str:
    return question_of(
        Exchange("s/a", probe, protocol, Endpoint(address, 80, Transport.TCP), request, b"", Status.ANSWERED)
    )


def test_a_question_is_the_same_at_another_address_and_from_another_source() -> None:
    live = b"GET /doc/page/login.asp HTTP/1.1\r\nHost: 10.0.0.5\r\nUser-Agent: auditor\r\n\r\n"
    seen = b"GET /doc/page/login.asp HTTP/1.1\r\nHost: camera\r\nUser-Agent: viewer\r\n\r\n"
    assert asked(live) == asked(seen, address="10.0.0.9")
    describe = b"DESCRIBE rtsp://10.0.0.5:554/ch1 RTSP/1.0\r\nCSeq: 1\r\n\r\n"
    assert asked(describe, Protocol.RTSP) == asked(describe.replace(b"10.0.0.5:554", b"cam"), Protocol.RTSP)


def test_what_an_owner_is_told_is_another_question_than_what_everybody_is() -> None:
    plain = b"GET /ISAPI/System/deviceInfo HTTP/1.1\r\nHost: x\r\n\r\n"
    shown = plain.replace(b"\r\n\r\n", b"\r\nAuthorization: (withheld)\r\n\r\n")
    assert asked(plain) != asked(shown)
    assert asked(plain) != asked(plain, probe="login_isapi")


def test_onvif_operations_are_questions_of_their_own() -> None:
    body = b"POST /onvif/device_service HTTP/1.1\r\n\r\n<s:Envelope><s:Body><tds:%s/></s:Body></s:Envelope>"
    assert asked(body % b"GetServices", Protocol.ONVIF) != asked(body % b"GetScopes", Protocol.ONVIF)
