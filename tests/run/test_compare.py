"""What became of a network between two pictures: tables of devices, and properties over what was asked again."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.cli._changes import few_lines
from auditor.model import (
    Certainty,
    Claim,
    Device,
    Endpoint,
    Exchange,
    Finding,
    FindingKind,
    Identity,
    Match,
    Observation,
    Priority,
    Protocol,
    Retirement,
    Run,
    Severity,
    Standing,
    State,
    Status,
    Transport,
    Verdict,
)
from auditor.model.changes import Change, Changes, What
from auditor.run.compare import compare
from auditor.run.fresh import Looked
from auditor.run.picture import Picture

FIRST = datetime(2026, 9, 1, 12, tzinfo=UTC)
SECOND = FIRST + timedelta(days=30)
CAMERA = {"maker": "hikvision", "model": "DS-2CD2385G1-I", "firmware": "V5.6.2"}


def device(
    at: datetime,
    claims: dict[str, str] | None = None,
    *,
    key: str = "hall/192.0.2.5",
    address: str = "",
    ports: tuple[int, ...] = (80,),
    refused: tuple[int, ...] = (),
    standing: Standing | None = None,
    certainty: Certainty = Certainty.FIRM,
    found: tuple[str, ...] = (),
    verdict: Verdict = Verdict.AFFECTED,
    kind: FindingKind = FindingKind.EXPOSURE,
) -> Device:
    """Return a device as heard then: each port answered, findings rest on the last port, claims on the first."""
    site, _, there = key.partition("/")
    address = address or there.partition("#")[0]
    said = tuple(exchange(key, address, port, at, Status.ANSWERED) for port in ports)
    no = tuple(exchange(key, address, port, at, Status.REFUSED) for port in refused)
    values = CAMERA if claims is None else claims
    held = tuple(claim(name, value, said[0], certainty) for name, value in values.items()) if said else ()
    findings = tuple(finding(key, name, said[-1], verdict, kind) for name in found)
    return Device(
        key, site, address, Identity(key, held), (address,), tuple(("tcp", port) for port in ports), FIRST, at,
        observations=tuple(Observation("http.server", "web", one) for one in said), exchanges=said + no,
        findings=findings, standing=standing or Standing(State.HEARD, at),
    )  # fmt: skip


def exchange(key: str, address: str, port: int, at: datetime, status: Status) -> Exchange:
    transport = Transport.TLS if port == 443 else Transport.TCP
    reply = b"!" if status is Status.ANSWERED else b""
    return Exchange(key, "ask", Protocol.HTTP, Endpoint(address, port, transport), b"?", reply, status, at)


def claim(name: str, value: str, seen: Exchange, certainty: Certainty) -> Claim:
    told = Observation("http.title", f"{name} {value}", seen)
    return Claim(name, value, certainty, (Match("rule", told, ((name, value),), certainty),))


def finding(key: str, name: str, seen: Exchange, verdict: Verdict, kind: FindingKind) -> Finding:
    return Finding(
        key, kind, name, f"About {name}", verdict, Severity.HIGH, Priority.PLAN, "", Certainty.FIRM, "because so",
        observations=(Observation("telnet.banner", "login:", seen),),
    )  # fmt: skip


def seen(at: datetime, devices: Iterable[Device], *, rules: str = "00", whole: bool = True) -> Picture:
    run = Run(f"run-{at:%m}", "0", "00", rules, at, at, True, "test", "test", "test", sites=("hall",))
    return Picture(run, (run,), tuple(devices), {"hall": at if whole else None}, None)


def changed(before: Iterable[Device], after: Iterable[Device], **more: object) -> Changes:
    return compare(seen(FIRST, before), seen(SECOND, after), **more)  # type: ignore[arg-type]  # looked, same_store


def whats(changes: Changes) -> set[tuple[str, str]]:
    return {(one.what.value, one.about) for one in changes.entries}


def the(changes: Changes, what: What) -> Change:
    (found,) = changes.of(what)
    return found


def test_what_was_asked_again_and_said_the_same_is_no_change() -> None:
    changes = changed([device(FIRST)], [device(SECOND)])
    assert changes.entries == ()
    assert (changes.devices, changes.asked) == (1, 1)


STANDINGS = [
    (Standing(State.SILENT, SECOND), What.SILENT, 1),
    (Standing(State.REPLACED, SECOND, "hall/192.0.2.5#2"), What.REPLACED, 1),
    (Standing(State.NOT_ASKED, FIRST), What.NOT_ASKED, 0),
    (Standing(State.HEARD, FIRST), What.NOT_ASKED, 0),
]


@pytest.mark.parametrize(("standing", "what", "asked"), STANDINGS)
def test_a_device_not_heard_is_told_by_what_the_later_picture_says_of_it(
    standing: Standing, what: What, asked: int
) -> None:
    changes = changed([device(FIRST)], [device(FIRST, standing=standing)])
    assert [one.what for one in changes.entries if "service" not in one.what.value] == [what]
    assert changes.asked == asked


def test_a_device_is_gone_only_by_somebodys_word() -> None:
    word = Retirement(SECOND, "M. Weber", "sold", "hall/192.0.2.9")
    gone = the(changed([device(FIRST)], [replace(device(FIRST), retired=word)]), What.GONE)
    assert (gone.after, gone.since) == ("hall/192.0.2.9", SECOND)
    assert "sold" in gone.detail
    assert "M. Weber" in gone.detail


def test_a_retired_device_that_answered_later_is_there_in_every_count() -> None:
    word = Retirement(FIRST + timedelta(days=1), "M. Weber", "sold")
    known = device(FIRST, found=("telnet-open",))
    back = replace(device(SECOND, found=("telnet-open",)), retired=word)
    for before in (known, replace(known, retired=word)):
        changes = changed([before], [back])
        assert "M. Weber: sold" in the(changes, What.RETIRED_BACK).detail.replace("; ", ": ")
        assert not changes.of(What.GONE, What.BACK, What.FINDING_LEFT)
        assert changes.of(What.FINDING_OPEN)
        assert any("1 retired, heard again" in line for line in few_lines(changes, "a.sqlite"))
    assert (
        changed([back], [back]).entries
        == changed(
            [device(SECOND, found=("telnet-open",))] * 1, [device(SECOND, found=("telnet-open",))]
        ).entries
    ), "told once"
    assert replace(back, standing=Standing(State.SILENT, SECOND)).is_retired is False


def test_a_device_missing_from_the_later_picture_is_not_called_gone() -> None:
    changes = changed([device(FIRST, found=("telnet-open",))], [])
    assert whats(changes) == {("not asked", ""), ("finding not asked again", "telnet-open")}
    assert "not known" in the(changes, What.NOT_ASKED).detail
    assert changes.asked == 0


def test_what_was_silent_before_and_still_is_is_no_news_and_its_return_is() -> None:
    off = device(FIRST, standing=Standing(State.SILENT, FIRST))
    assert changed([off], [off]).entries == ()
    assert ("heard again", "") in whats(changed([off], [device(SECOND)]))


def test_who_came_in_the_place_of_another_is_new_and_said_to_be_in_its_place() -> None:
    old = device(FIRST, standing=Standing(State.REPLACED, SECOND, "hall/192.0.2.5#2"))
    other = device(SECOND, {"maker": "axis", "model": "P3245"}, key="hall/192.0.2.5#2")
    changes = changed([device(FIRST)], [old, other])
    assert the(changes, What.REPLACED).after == "hall/192.0.2.5#2"
    assert the(changes, What.NEW).before == "hall/192.0.2.5"
    assert changes.devices == 1


def test_a_site_nobody_audited_before_makes_its_devices_new_and_says_so() -> None:
    after = seen(SECOND, [device(SECOND)])
    fresh = the(compare(seen(FIRST, [], whole=False), after), What.NEW)
    assert "not been audited whole before" in fresh.detail
    assert the(compare(seen(FIRST, []), after), What.NEW).detail == ""


def test_devices_outside_the_scope_are_left_out() -> None:
    outside = replace(device(SECOND), granted=False)
    assert changed([], [outside]).entries == ()


def test_another_address_of_the_same_device_is_a_move() -> None:
    moved = the(changed([device(FIRST)], [device(SECOND, address="192.0.2.77")]), What.MOVED)
    assert (moved.before, moved.after, moved.address) == ("192.0.2.5", "192.0.2.77", "192.0.2.77")


def test_a_serial_number_heard_at_another_site_is_the_device_moved_there() -> None:
    marked = {**CAMERA, "serial": "C30482716"}
    old = device(FIRST, marked, standing=Standing(State.SILENT, SECOND))
    changes = changed([device(FIRST, marked)], [old, device(SECOND, marked, key="school/198.51.100.5")])
    moved = the(changes, What.MOVED)
    assert (moved.before, moved.after, moved.left) == ("hall/192.0.2.5", "school/198.51.100.5", "hall")
    assert not changes.of(What.NEW, What.SILENT)
    assert changes.at(["hall"]).of(What.MOVED) == (moved,)


@pytest.mark.parametrize("serial", ["000000000", "C1234", "C30482716"])
def test_a_serial_number_that_several_tell_or_that_is_none_moves_nobody(serial: str) -> None:
    marked = {**CAMERA, "serial": serial}
    keys = ("hall/192.0.2.5", "hall/192.0.2.6")
    before = [device(FIRST, marked, key=key) for key in keys]
    silent = [device(FIRST, marked, key=key, standing=Standing(State.SILENT, SECOND)) for key in keys]
    changes = changed(before, [*silent, device(SECOND, marked, key="hall/192.0.2.7")])
    assert changes.count(What.SILENT) == 2
    assert the(changes, What.NEW).device == "hall/192.0.2.7"


def test_a_placeholder_for_a_serial_number_moves_nobody_as_it_merges_nobody_in_the_store() -> None:
    marked = {**CAMERA, "serial": "0123456789"}
    old = device(FIRST, marked, standing=Standing(State.SILENT, SECOND))
    changes = changed([device(FIRST, marked)], [old, device(SECOND, marked, key="school/198.51.100.5")])
    assert (changes.count(What.SILENT), changes.count(What.NEW)) == (1, 1)


def test_another_maker_under_the_same_key_is_another_device() -> None:
    before = device(FIRST, ports=(80, 8000), found=("sdk-port-clear",))
    changes = changed([before], [device(SECOND, {"maker": "axis", "model": "P3245"}, refused=(8000,))])
    assert whats(changes) == {
        ("another in its place", ""),
        ("new", ""),
        ("finding left with its device", "sdk-port-clear"),
    }
    assert the(changes, What.REPLACED).detail == "now Axis P3245"


def test_a_claim_changed_only_where_both_hold_it() -> None:
    before = device(FIRST, {"maker": "hikvision", "firmware": "V5.6.2", "serial": "C30482716", "clock": "1"})
    after = device(SECOND, {"maker": "hikvision", "firmware": "V5.7.1", "model": "DS-2", "clock": "2"})
    changes = changed([before], [after])
    assert whats(changes) == {
        ("changed", "firmware"),
        ("told now", "model"),
        ("not told any more", "serial"),
    }
    assert [one.device for one in changes.firmware] == ["hall/192.0.2.5"]


def test_a_mere_hint_that_differs_is_no_change() -> None:
    hint = device(FIRST, {"firmware": "V5"}, certainty=Certainty.TENTATIVE)
    changes = changed([hint], [device(SECOND, {"firmware": "V5.7.1"})])
    assert whats(changes) == {("read otherwise", "firmware")}
    assert not changes.firmware


def test_newer_rules_that_read_the_same_words_otherwise_are_no_change_of_the_device() -> None:
    one = device(FIRST, {"firmware": "V5.6.2"})
    again = device(SECOND, {"firmware": "V5.6.2"})
    other = replace(again.identity.claims[0], value="5.6.2")
    after = replace(again, identity=Identity(again.key, (other,)))
    told = compare(seen(FIRST, [one]), seen(SECOND, [after], rules="01"))
    assert the(told, What.CLAIM_REREAD).detail
    assert whats(compare(seen(FIRST, [one]), seen(SECOND, [after]))) == {("changed", "firmware")}


def test_a_service_is_closed_only_where_somebody_asked_there_again() -> None:
    before = device(FIRST, ports=(80, 23))
    assert whats(changed([before], [device(SECOND)])) == {("service not asked again", "23/tcp")}
    assert whats(changed([before], [device(SECOND, refused=(23,))])) == {("service closed", "23/tcp")}
    swept = Looked(since={"hall/192.0.2.5": frozenset({23, 80})})
    assert whats(changed([before], [device(SECOND)], looked=swept)) == {("service closed", "23/tcp")}


def test_a_port_is_not_closed_because_one_of_its_questions_got_no_answer() -> None:
    before = device(FIRST, ports=(80,))
    other = replace(before.exchanges[0], probe="other", id="")
    after = replace(device(SECOND, ports=(), refused=(80,)), identity=before.identity)
    two = replace(before, exchanges=(*before.exchanges, other))
    assert whats(changed([before], [after])) == {("service closed", "80/tcp")}
    assert whats(changed([two], [after])) == {("service not asked again", "80/tcp")}


def test_older_evidence_that_came_in_later_is_not_asked_again() -> None:
    before = device(SECOND, ports=(80, 23), found=("x",))
    late = device(FIRST, ports=(80,), refused=(23,)).exchanges
    after = replace(before, exchanges=before.exchanges + late, findings=())
    changes = changed([before], [after])
    assert whats(changes) == {("not asked", ""), ("finding not asked again", "x")}
    assert changes.asked == 0


def test_a_serial_number_elsewhere_moves_nobody_who_is_still_heard() -> None:
    marked = {**CAMERA, "serial": "C30482716"}
    changes = changed(
        [device(FIRST, marked)], [device(SECOND), device(SECOND, marked, key="school/198.51.100.5")]
    )
    assert not changes.of(What.MOVED)
    assert the(changes, What.NEW).site == "school"


def test_a_service_is_opened_only_where_somebody_had_asked_there_before() -> None:
    after = device(SECOND, ports=(80, 443))
    assert whats(changed([device(FIRST)], [after])) == {("service first seen", "443/tcp")}
    assert whats(changed([device(FIRST, refused=(443,))], [after])) == {("service opened", "443/tcp")}
    swept = Looked(before={"hall/192.0.2.5": frozenset({443})})
    assert whats(changed([device(FIRST)], [after], looked=swept)) == {("service opened", "443/tcp")}


def fate(before: Device, after: Device) -> str:
    (found,) = [one.what.value for one in changed([before], [after]).entries if "finding" in one.what.value]
    return found


FATES = [
    ("open", device(SECOND, ports=(80, 23), found=("x",)), "finding open"),
    ("port refused", device(SECOND, refused=(23,)), "finding closed"),
    ("asked and gone", device(SECOND, ports=(80, 23)), "finding closed"),
    ("not asked", device(SECOND), "finding not asked again"),
    ("not affected", device(SECOND, ports=(80, 23), found=("x",), verdict=Verdict.NOT_AFFECTED), "finding closed"),
    ("no answer", device(SECOND, ports=(80, 23), found=("x",), verdict=Verdict.NOT_ASSESSED), "finding not asked again"),
    ("silent", device(FIRST, ports=(80, 23), found=("x",), standing=Standing(State.SILENT)), "finding not asked again"),
    ("replaced", device(FIRST, ports=(80, 23), found=("x",), standing=Standing(State.REPLACED)), "finding left with its device"),
    ("old news", device(FIRST, ports=(80, 23), found=("x",)), "finding not asked again"),
]  # fmt: skip


@pytest.mark.parametrize(("after", "what"), [row[1:] for row in FATES], ids=[row[0] for row in FATES])
def test_a_finding_is_closed_only_where_it_was_asked_again(after: Device, what: str) -> None:
    assert fate(device(FIRST, ports=(80, 23), found=("x",)), after) == what


@dataclass(frozen=True)
class Accepted:
    """A finding the owner accepted, as far as a comparison reads it."""

    id: str = "x"
    title: str = "About x"
    verdict: Verdict = Verdict.AFFECTED
    accepted: str = "by the owner, until 2027-01-31"


def test_a_finding_the_owner_accepts_is_told_as_such() -> None:
    accepted = cast("tuple[Finding, ...]", (Accepted(),))
    after = replace(device(SECOND, ports=(80, 23)), findings=accepted)
    before = device(FIRST, ports=(80, 23), found=("x",))
    assert fate(before, after) == "finding accepted"
    assert not changed([before], [after]).differences


def test_only_an_exposure_is_closed_by_a_closed_port() -> None:
    before = device(FIRST, ports=(80, 23), found=("x",), kind=FindingKind.ADVISORY)
    assert fate(before, device(SECOND, refused=(23,))) == "finding not asked again"


def test_findings_of_a_new_device_are_new() -> None:
    assert whats(changed([], [device(SECOND, found=("x",))])) == {("new", ""), ("finding new", "x")}


def test_what_could_not_be_assessed_before_is_new_and_says_so() -> None:
    before = device(FIRST, found=("x",), verdict=Verdict.NOT_ASSESSED)
    told = the(changed([before], [device(SECOND, found=("x",))]), What.FINDING_NEW)
    assert told.detail == "could not be assessed before"


def test_between_two_databases_marks_come_before_addresses() -> None:
    one = device(FIRST, {**CAMERA, "serial": "C30482716"})
    other = device(FIRST, {**CAMERA, "serial": "C30482755"}, key="hall/192.0.2.6")
    swapped = [
        device(SECOND, {**CAMERA, "serial": "C30482755"}),
        device(SECOND, {**CAMERA, "serial": "C30482716"}, key="hall/192.0.2.6"),
    ]
    changes = changed([one, other], swapped, same_store=False)
    assert whats(changes) == {("moved", "")}
    assert changes.count(What.MOVED) == 2


@pytest.mark.parametrize(
    ("claims", "what"),
    [
        ({"maker": "axis", "model": "P3245"}, {"another in its place", "new"}),
        ({"maker": "hikvision", "model": "DS-7608NI-K2"}, {"another in its place", "new"}),
        ({"maker": "hikvision", "model": "DS-2CD2385G1"}, {"changed", "not told any more"}),
    ],
)
def test_between_two_databases_an_address_binds_only_where_nothing_contradicts(
    claims: dict[str, str], what: set[str]
) -> None:
    changes = changed([device(FIRST)], [device(SECOND, claims)], same_store=False)
    assert {one.what.value for one in changes.entries} == what


QUESTIONS = st.lists(st.sampled_from([80, 443, 23, 554, 8000]), unique=True, min_size=1)
CLOSING = (What.CLOSED, What.FINDING_CLOSED, What.CLAIM_CHANGED, What.SILENT, What.GONE, What.REPLACED)


@given(asked=QUESTIONS, answered=st.sets(st.sampled_from([80, 443, 23, 554, 8000])), data=st.data())
def test_taking_away_what_was_asked_again_closes_nothing(
    asked: list[int], answered: set[int], data: st.DataObject
) -> None:
    before = device(FIRST, ports=(80, 443, 23, 554, 8000), found=("x",))
    again = tuple(port for port in asked if port in answered)
    after = device(SECOND, ports=again, refused=tuple(port for port in asked if port not in answered))
    held = replace(after, identity=before.identity, exchanges=before.exchanges + after.exchanges)
    gone = data.draw(st.sampled_from(after.exchanges))
    less = replace(held, exchanges=tuple(one for one in held.exchanges if one is not gone))
    full, thin = changed([before], [held]), changed([before], [less])
    for what in CLOSING:
        assert {one.about for one in thin.of(what)} <= {one.about for one in full.of(what)}


@given(order=st.permutations([5, 6, 7, 8]))
def test_the_order_of_devices_changes_nothing(order: list[int]) -> None:
    before = [device(FIRST, key=f"hall/192.0.2.{n}") for n in order if n != 8]
    after = [device(SECOND, key=f"hall/192.0.2.{n}") for n in order if n != 5]
    assert changed(before, after) == changed(sorted(before, key=str), sorted(after, key=str))


CAME_AND_WENT = [
    (Standing(State.REPLACED, SECOND, "hall/192.0.2.5#3"), "finding left with its device"),
    (Standing(State.SILENT, SECOND), "finding not asked again"),
]


@pytest.mark.parametrize(("standing", "what"), CAME_AND_WENT)
def test_findings_of_a_device_that_came_and_went_in_between_are_not_new(
    standing: Standing, what: str
) -> None:
    visitor = device(SECOND, key="hall/192.0.2.5#2", standing=standing, found=("telnet-open",))
    changes = changed([device(FIRST, key="hall/192.0.2.7")], [visitor])
    assert (what, "telnet-open") in whats(changes)
    assert not changes.of(What.FINDING_NEW)
    assert "found since" in next(one.detail for one in changes.entries if one.about == "telnet-open")


def test_a_retired_device_that_came_in_between_has_no_new_findings() -> None:
    word = Retirement(SECOND + timedelta(hours=1), "A. Example", "sold")
    visitor = replace(device(SECOND, key="hall/192.0.2.6", found=("telnet-open",)), retired=word)
    changes = changed([device(FIRST)], [visitor])
    assert the(changes, What.FINDING_LEFT).about == "telnet-open"
    assert not changes.of(What.FINDING_NEW)


def listed(one: Device, source: str) -> Device:
    """Return a device as a file of that kind tells of it."""
    kind = f"{source} file"
    exchanges = tuple(replace(each, source=kind, id="") for each in one.exchanges)
    findings = tuple(
        replace(each, observations=tuple(replace(seen, exchange=exchanges[-1]) for seen in each.observations))
        for each in one.findings
    )
    return replace(one, source=source, exchanges=exchanges, findings=findings)


def test_a_device_known_from_evidence_older_than_before_is_not_new_and_its_findings_are_not() -> None:
    old = FIRST - timedelta(days=200)
    late = listed(device(old, key="hall/192.0.2.9", found=("telnet-open",)), "csv")
    changes = changed([device(FIRST)], [device(SECOND), late])
    assert the(changes, What.LEARNT).device == "hall/192.0.2.9"
    assert the(changes, What.FINDING_UNASKED).detail == "it is known from older evidence that came in later"
    assert not changes.of(What.NEW, What.FINDING_NEW)
    assert not changes.differences


@pytest.mark.parametrize("source", ["csv", "configtool", "sadp"])
@pytest.mark.parametrize("at", [FIRST - timedelta(days=200), SECOND])
def test_a_list_neither_asks_a_known_device_again_nor_closes_nor_finds_anything(
    source: str, at: datetime
) -> None:
    before = device(FIRST, ports=(80, 23), found=("telnet-open",))
    told = listed(device(at, ports=(80,), found=("firmware-minimum",)), source)
    after = replace(
        before,
        last_seen=max(at, FIRST),
        source=f"{source}, live",
        exchanges=(*before.exchanges, *told.exchanges),
        findings=told.findings,
    )
    changes = changed([before], [after])
    assert changes.asked == 0
    assert changes.count(What.NOT_ASKED) == 1
    assert {one.about for one in changes.of(What.FINDING_UNASKED)} == {"telnet-open", "firmware-minimum"}
    assert not changes.of(What.FINDING_NEW, What.FINDING_CLOSED)


def test_a_device_only_a_newer_list_names_is_new_to_us_and_nobody_found_anything_at_it() -> None:
    named = listed(device(SECOND, key="hall/192.0.2.9", found=("telnet-open",)), "configtool")
    changes = changed([device(FIRST)], [named])
    assert the(changes, What.NEW).detail == "known from a list alone"
    assert the(changes, What.FINDING_UNASKED).detail == "a list alone says so"
    assert not changes.of(What.FINDING_NEW)


def test_a_list_that_bears_a_later_date_hides_no_answer() -> None:
    before = device(FIRST)
    dated = listed(device(SECOND + timedelta(days=400)), "configtool").exchanges
    before = replace(before, exchanges=(*before.exchanges, *dated), last_seen=SECOND + timedelta(days=400))
    visitor = device(SECOND, key="hall/192.0.2.9", found=("telnet-open",))
    changes = changed([before], [device(SECOND), visitor])
    assert changes.asked == 1
    assert the(changes, What.NEW).device == visitor.key
    assert the(changes, What.FINDING_NEW).about == "telnet-open"


@pytest.mark.parametrize("source", ["pcap", "nmap", "shadowserver"])
def test_evidence_that_says_when_the_device_answered_counts_as_heard_again(source: str) -> None:
    before = device(FIRST)
    again = listed(device(SECOND), source)
    assert changed([before], [replace(again, identity=before.identity)]).asked == 1
