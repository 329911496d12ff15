import struct

from hypothesis import given
from hypothesis import strategies as st

from auditor.wire import mdns
from auditor.wire.mdns import Record


def label(*names: str) -> bytes:
    return b"".join(bytes((len(name),)) + name.encode() for name in names)


def answer(*records: bytes, questions: bytes = b"", asked: int = 0) -> bytes:
    return struct.pack("!6H", 0, 0x8400, asked, len(records), 0, 0) + questions + b"".join(records)


def record(name: bytes, kind: int, data: bytes) -> bytes:
    return name + struct.pack("!HHIH", kind, 1, 120, len(data)) + data


# A camera that announces its web page: names are shared through pointers, as real responders do.
SERVICE = label("_http", "_tcp", "local") + b"\x00"
ANNOUNCED = answer(
    record(SERVICE, 12, label("NC2 Yard") + b"\xc0\x0c"),
    record(label("NC2 Yard") + b"\xc0\x0c", 33, struct.pack("!3H", 0, 0, 80) + label("nc2") + b"\xc0\x17"),
    record(label("NC2 Yard") + b"\xc0\x0c", 16, b"\x0amodel=NC-2\x00\x07path=/x"),
    record(label("nc2") + b"\xc0\x17", 1, bytes((192, 168, 7, 20))),
    record(label("nc2") + b"\xc0\x17", 28, bytes.fromhex("fe80000000000000000000fffe000001")),
)


def test_an_announcement_is_read_with_its_pointers() -> None:
    assert mdns.parse(ANNOUNCED) == (
        Record("_http._tcp.local", "PTR", ("NC2 Yard._http._tcp.local",)),
        Record("NC2 Yard._http._tcp.local", "SRV", ("nc2.local:80",)),
        Record("NC2 Yard._http._tcp.local", "TXT", ("model=NC-2", "path=/x")),
        Record("nc2.local", "A", ("192.168.7.20",)),
        Record("nc2.local", "AAAA", ("fe80::ff:fe00:1",)),
    )


def test_a_query_asks_once_for_each_service_and_for_a_direct_answer() -> None:
    sent = mdns.query(["_http._tcp.local", "_rtsp._tcp.local."])
    assert sent[:12] == struct.pack("!6H", 0, 0, 2, 0, 0, 0)
    assert sent[12:] == b"".join(
        label(kind, "_tcp", "local") + b"\x00" + struct.pack("!HH", 12, 0x8001) for kind in ("_http", "_rtsp")
    )


def test_our_own_question_come_back_is_no_answer() -> None:
    assert mdns.parse(mdns.query(["_http._tcp.local"])) == ()


def test_answers_that_repeat_the_question_are_read() -> None:
    reply = answer(
        record(b"\xc0\x0c", 12, label("NC2") + b"\xc0\x0c"),
        questions=SERVICE + struct.pack("!HH", 12, 1),
        asked=1,
    )
    assert mdns.parse(reply) == (Record("_http._tcp.local", "PTR", ("NC2._http._tcp.local",)),)


def test_a_name_that_points_at_itself_ends() -> None:
    assert mdns.parse(answer(record(b"\xc0\x0c", 12, b"\xc0\x0c"))) == (Record("", "PTR", ("",)),)


def test_a_cut_answer_gives_the_records_before_the_cut() -> None:
    assert [each.type for each in mdns.parse(ANNOUNCED[:100])] == ["PTR", "SRV"]


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_read_without_failing(noise: bytes, as_answer: bool) -> None:
    reply = struct.pack("!6H", 0, 0x8400, 1, 40, 0, 0) + noise if as_answer else noise
    assert len(mdns.parse(reply)) <= mdns.MAX_RECORDS
