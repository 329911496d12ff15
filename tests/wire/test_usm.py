"""SNMP version 3: keys of the RFC, and messages that an engine of our own making opens again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.wire import ber, snmp, snmp_ask, usm

ENGINE_ID = bytes.fromhex("000000000000000000000002")
ENGINE = usm.Engine(ENGINE_ID, 7, 4711)
OIDS = ["1.3.6.1.2.1.1.1.0", "1.3.6.1.4.1.39165.1.3.0"]


@pytest.mark.parametrize(
    ("proof", "key"),
    [
        ("md5", "526f5eed9fcce26f8964c2930787d82b"),
        ("sha", "6695febc9288e36282235fc7151f128497b38f3f"),
    ],
)
def test_a_key_is_that_of_rfc_3414_appendix_a(proof: str, key: str) -> None:
    assert usm.key("maplesyrup", ENGINE_ID, proof).hex() == key


def user(proof: str, privacy: str) -> usm.User:
    key = usm.key("maplesyrup", ENGINE_ID, proof)
    return usm.User("Pl4nted-user", proof, key, privacy, key if privacy else b"")


USERS = [user(proof, privacy) for proof in ("md5", "sha", "sha256") for privacy in ("", "aes", "des")]


@pytest.mark.parametrize("one", USERS, ids=lambda one: f"{one.proof}-{one.privacy or 'open'}")
def test_a_message_opens_for_its_user_and_for_nobody_else(one: usm.User) -> None:
    sent = usm.get(OIDS, one, ENGINE, 77, b"saltsalt")
    plain = usm.opened(sent, one)
    message = snmp.parse(plain)
    assert message is not None
    assert (message.version, message.pdu, message.engine_id) == ("3", "get", ENGINE_ID)
    assert snmp_ask.pdu(OIDS, 77) in plain
    assert b"Pl4nted-user" not in plain
    assert b"Pl4nted-user" in sent
    assert usm.opened(sent, replace(one, proof_key=b"x" * 20)) == b""
    assert usm.opened(sent[:-1] + bytes((sent[-1] ^ 1,)), one) == b""
    if one.privacy:
        assert snmp_ask.pdu(OIDS, 77) not in sent


def test_an_engine_is_read_from_its_report_and_a_report_is_a_refusal() -> None:
    bind = ber.encode(
        ber.SEQUENCE,
        ber.encode(ber.OID, snmp_ask._oid_content("1.3.6.1.6.3.15.1.1.3.0")) + ber.encode(0x41, b"\x01"),
    )
    pdu = ber.encode(0xA8, snmp_ask.number(1) + snmp_ask.number(0) * 2 + ber.encode(ber.SEQUENCE, bind))
    report = usm._message(1, 0, ENGINE, b"", b"", b"", usm._scoped(ENGINE, pdu))
    assert usm.engine_of(report) == ENGINE
    assert usm.is_refusal(usm.opened(report, USERS[0]))
    assert not usm.is_refusal(usm.opened(usm.get(OIDS, USERS[0], ENGINE, 1, b"saltsalt"), USERS[0]))


def test_what_is_recorded_of_a_question_names_nobody() -> None:
    recorded = usm.plain(OIDS, 77)
    assert snmp_ask.pdu(OIDS, 77) in recorded
    assert usm.engine_of(recorded) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_taken(noise: bytes) -> None:
    for one in USERS[:3]:
        assert isinstance(usm.opened(noise, one), bytes)
    usm.engine_of(noise)
    assert usm.is_refusal(noise) in {True, False}


@given(st.integers(0, 400), st.binary(min_size=1, max_size=3))
def test_a_damaged_message_is_never_believed(place: int, damage: bytes) -> None:
    sent = bytearray(usm.get(OIDS, USERS[4], ENGINE, 77, b"saltsalt"))
    before = bytes(sent)
    sent[place % len(sent) : place % len(sent) + len(damage)] = damage
    if bytes(sent) != before:
        opened = usm.opened(bytes(sent), USERS[4])
        assert opened == b"" or opened.endswith(usm.opened(before, USERS[4])[-40:])
