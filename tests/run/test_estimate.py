"""What a dry run foresees, held to what discovery and probes really do."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from auditor.cli._estimate import lines
from auditor.discovery import dahua_5050, default_ports, dhip, mdns, sadp, ssdp, ws_discovery
from auditor.model import Method, Pace
from auditor.net import Question
from auditor.run import Audit, estimate
from auditor.run.estimate import DATAGRAMS
from auditor.run.named import MOST_PORTS
from auditor.run.plan import chunks, questions
from auditor.scope import Scope, loopback

NOW = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
QUESTIONS = (
    sadp.question("A" * 36, "B" * 36),
    dhip.question(),
    dahua_5050.question(),
    ws_discovery.question(("urn:uuid:" + "0" * 36, "urn:uuid:" + "1" * 36)),
    ssdp.question(),
    mdns.question(),
)


def scope(*targets: str, **pace: float) -> Scope:
    return replace(loopback().narrow(targets=targets), pace=replace(Pace(), **pace))  # type: ignore[arg-type]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: str(one.method))
def test_datagrams_are_counted_as_they_are_sent(question: Question) -> None:
    requests, size = DATAGRAMS[question.method]
    assert len(question.requests) == requests
    assert max(len(one) for one in question.requests) <= size


def test_every_udp_method_has_its_count() -> None:
    assert set(DATAGRAMS) == {one.method for one in QUESTIONS}


def test_a_sweep_is_one_packet_for_each_address_and_port() -> None:
    foreseen = estimate(scope("127.5.0.0/24").narrow(methods=frozenset({Method.TCP_SWEEP})), Audit(), NOW)
    assert foreseen.packets == 256 * len(default_ports())
    assert foreseen.seconds == pytest.approx(foreseen.packets / 200)


def test_many_subnets_are_held_back_by_the_total_pace() -> None:
    foreseen = estimate(
        scope("127.5.0.0/19").narrow(methods=frozenset({Method.TCP_SWEEP})), Audit(ports=(80,)), NOW
    )
    assert foreseen.seconds == pytest.approx(8192 / 1000)
    assert foreseen.sampled


def test_named_ports_replace_the_list() -> None:
    foreseen = estimate(scope("127.5.0.1"), Audit(ports=(80, 554)), NOW)
    (sweep,) = [one for one in foreseen.discovery if one.method is Method.TCP_SWEEP]
    assert sweep.ports == (80, 554)


def test_what_a_device_costs_at_most_is_what_its_budget_allows_whatever_it_names() -> None:
    audit = Audit(device_requests=77, device_seconds=90.0)
    foreseen = estimate(scope("127.5.0.1"), audit, NOW)
    assert (foreseen.requests_most, foreseen.seconds_most, foreseen.named_ports) == (77, 90.0, MOST_PORTS)
    told = " ".join("\n".join(lines(foreseen, Pace())).split())
    assert "at up to 8 ports it names of itself; never more than 77 requests and" in told
    listed = estimate(scope("127.5.0.1"), Audit(ports=(80,)), NOW)
    assert listed.named_ports == 0, "with a list of ports, nothing outside it is asked"
    assert "names of itself" not in "\n".join(lines(listed, Pace()))


def test_methods_not_granted_are_not_foreseen() -> None:
    foreseen = estimate(scope("127.5.0.1").narrow(methods=frozenset({Method.SADP})), Audit(), NOW)
    assert {one.method for one in foreseen.discovery} == {Method.SADP}
    assert foreseen.each_device == ()


def test_chunks_cover_every_granted_address_once() -> None:
    narrowed = loopback().narrow(targets=["127.4.0.0/15", "127.9.0.3", "::1"], exclude=["127.5.3.0/24"])
    pieces = list(chunks(narrowed, NOW, size=16_384))
    assert sum(len(one) for one in pieces) == narrowed.count(at=NOW)
    numbers = [interval for one in pieces for interval in one.ranges]
    assert numbers == sorted(numbers)
    assert [one.is_first for one in pieces] == [True, *([False] * (len(pieces) - 1))]
    assert all(len(one) <= 16_384 for one in pieces)


def test_a_port_no_probe_knows_is_asked_as_web_and_rtsp() -> None:
    names = [
        one.probe.__name__.rpartition(".")[2] for one in questions("127.0.0.1", 12_345, frozenset(Method))
    ]
    assert names == ["http_root", "rtsp"]


def test_a_known_port_is_not_asked_pages_it_never_serves() -> None:
    assert questions("127.0.0.1", 22, frozenset(Method), round_=2) == ()
