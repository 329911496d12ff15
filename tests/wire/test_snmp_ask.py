"""SNMP version 2c questions and what is kept of their answers."""

from hypothesis import given
from hypothesis import strategies as st

from auditor.wire import ber, snmp, snmp_ask

OIDS = ["1.3.6.1.2.1.1.1.0", "1.3.6.1.4.1.1004849.2.1.2.6.0"]


def answer(community: bytes, *told: tuple[str, int, bytes]) -> bytes:
    binds = b"".join(
        ber.encode(ber.SEQUENCE, ber.encode(ber.OID, snmp_ask._oid_content(oid)) + ber.encode(tag, value))
        for oid, tag, value in told
    )
    inside = snmp_ask.number(5) + snmp_ask.number(0) * 2 + ber.encode(ber.SEQUENCE, binds)
    return ber.encode(
        ber.SEQUENCE,
        snmp_ask.number(1) + ber.encode(ber.OCTETS, community) + ber.encode(0xA2, inside),
    )


def test_a_question_is_read_back_as_it_was_meant() -> None:
    sent = snmp_ask.get(OIDS, "Pl4nted", 5)
    parts = ber.inside(sent)
    assert parts[1].content == b"Pl4nted"
    message = snmp.parse(sent)
    assert message is not None
    assert (message.version, message.pdu) == ("2c", "get")
    bindings = tuple(ber.elements(tuple(ber.elements(parts[2].content))[3].content))
    assert [ber.oid(next(ber.elements(one.content)).content) for one in bindings] == OIDS


def test_an_answer_keeps_what_was_asked_and_no_community() -> None:
    reply = answer(
        b"Pl4nted",
        (OIDS[0], ber.OCTETS, b"NC-2"),
        ("1.3.6.1.2.1.1.4.0", ber.OCTETS, b"s3cr3t"),
        (OIDS[1], 0x81, b""),
    )
    kept = snmp_ask.kept(reply, OIDS)
    message = snmp.parse(kept)
    assert message is not None
    assert message.varbinds == ((OIDS[0], "NC-2"),)
    assert b"Pl4nted" not in kept
    assert b"s3cr3t" not in kept


@given(st.binary(max_size=200))
def test_any_bytes_are_taken(noise: bytes) -> None:
    assert isinstance(snmp_ask.kept(noise, OIDS), bytes)
