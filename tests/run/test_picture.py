"""The picture, over runs stored from real replies of personas' kind: what was not asked again stays as it was."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from auditor.cli import run as command
from auditor.fingerprint.marks import marks
from auditor.knowledge import fails
from auditor.model import Endpoint, Exchange, Protocol, Run, Severity, State, Status
from auditor.run.again import known_from
from auditor.run.basis import chosen_basis, current_basis, keep_choice
from auditor.run.judge import judge
from auditor.run.picture import picture
from auditor.store import CONNECT, Access, Presence, Store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def info(serial: str, firmware: str, model: str = "DS-2CD2032F-I") -> bytes:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><DeviceInfo version="2.0"><deviceName>cam</deviceName>'
        f"<model>{model}</model><serialNumber>{model}20150302CCWR{serial}</serialNumber>"
        f"<macAddress>c4:2f:90:17:a3:{serial[-2:]}</macAddress><firmwareVersion>{firmware}</firmwareVersion>"
        "<firmwareReleasedDate>build 170123</firmwareReleasedDate><deviceType>IPCamera</deviceType></DeviceInfo>"
    ).encode()
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )


TITLE = b"HTTP/1.1 200 OK\r\nContent-Length: 47\r\n\r\n<html><title>NETSurveillance WEB</title></html>"


class Town:
    """Runs over one site, each with what answered and what did not."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.count = 0

    def run(
        self,
        *heard: tuple[str, str, bytes],
        silent: tuple[str, ...] = (),
        whole: bool = False,
        source: str = "live",
        judged: bool = True,
        port: int = 80,
        refused: int = 0,
    ) -> Run:
        """Store a run in which these answered at a port, and those did not; who answered refused another port, perhaps."""
        self.count += 1
        at = NOON + timedelta(days=30 * self.count)
        audit = Run(
            f"run-{self.count}", "0", "00", "00", at, at, True, "t", "t", "t", sites=("hall",), state="complete",
            whole=("hall",) if whole else (),
        )  # fmt: skip
        self.store.begin(audit)
        by_address: dict[str, list[Exchange]] = {}
        for address, path, reply in heard:
            asked = f"GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode()
            by_address.setdefault(address, []).append(
                Exchange(
                    f"hall/{address}", "isapi", Protocol.HTTP, Endpoint(address, port), asked, reply, Status.ANSWERED, at,
                    source=source,
                )
            )  # fmt: skip
        for address, said in by_address.items():
            self.store.add(audit.id, said)
            known = known_from(f"hall/{address}", said)
            met = Presence("hall", address, at, (("tcp", port),), source=source)
            told = marks(known.identity, known.observations)
            self.store.save(audit.id, met, known.identity, known.observations, marks=told)
        tries = [(address, port, Status.SILENT) for address in silent]
        tries += [(address, refused, Status.REFUSED) for address in by_address if refused]
        for address, number, status in tries:
            place = Endpoint(address, number)
            tried = Exchange(f"hall/{address}", CONNECT, Protocol.OBSERVED, place, b"", b"", status, at)
            self.store.add(audit.id, [tried])
        self.store.settle()
        self.store.finish(audit)
        if judged:
            judge(self.store, audit.id, today=at.date())
        return audit


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(Store.open(tmp_path / "a.sqlite", Access.CREATE))


A, B, C = "127.0.0.11", "127.0.0.12", "127.0.0.13"
INFO = "/ISAPI/System/deviceInfo"


def test_a_narrowed_run_changes_what_it_asked_and_nothing_else(town: Town) -> None:
    town.run((A, INFO, info("498117063", "V5.4.5")), (B, INFO, info("498117064", "V5.4.5")), whole=True)
    before = {one.key: one for one in picture(town.store).devices}
    town.run((A, INFO, info("498117063", "V5.5.0")))
    after = {one.key: one for one in picture(town.store).devices}
    assert after[f"hall/{B}"] == before[f"hall/{B}"]
    assert after[f"hall/{A}"].identity.value("firmware") == "V5.5.0"


def test_a_thin_newer_source_does_not_hide_a_fuller_older_one(town: Town) -> None:
    town.run((A, INFO, info("498117063", "V5.4.5")))
    town.run((A, "/", TITLE.replace(b"NETSurveillance WEB", b"index")), source="pcap")
    (one,) = picture(town.store).devices
    assert one.identity.value("model") == "DS-2CD2032F-I"
    assert one.source == "live, pcap"
    assert len(one.exchanges) == 2


def test_what_an_update_changes_is_taken_from_the_newer_answer_to_another_question(town: Town) -> None:
    town.run((A, INFO, info("498117063", "V5.4.5")))
    town.run((A, "/PSIA/System/deviceInfo", info("498117063", "V5.6.0")))
    (one,) = picture(town.store).devices
    assert one.identity.value("firmware") == "V5.6.0"
    assert not [each for each in one.identity.contradictions if each.name == "firmware"]


def test_a_device_is_heard_silent_replaced_or_not_asked_since(town: Town) -> None:
    first = town.run(
        (A, INFO, info("498117063", "V5.4.5")), (B, INFO, info("498117064", "V5.4.5")), whole=True
    )
    town.run((B, INFO, info("498117064", "V5.4.5")), silent=(A,), whole=True)
    states = {one.address: one.standing.state for one in picture(town.store).devices}
    assert states == {A: State.SILENT, B: State.HEARD}
    assert {one.standing.state for one in picture(town.store, as_of=first.started).devices} == {State.HEARD}
    town.run((A, "/", TITLE), whole=True)
    found = {one.key: one.standing for one in picture(town.store).devices}
    assert (found[f"hall/{A}"].state, found[f"hall/{A}"].by) == (State.REPLACED, f"hall/{A}#2")
    assert found[f"hall/{B}"].state is State.NOT_ASKED


def test_a_device_asked_only_where_it_never_answered_is_not_called_silent(town: Town) -> None:
    town.run((A, INFO, info("498117063", "V5.4.0")), whole=True)
    town.run(silent=(A,), port=554)
    (one,) = picture(town.store).devices
    assert one.standing.state is State.NOT_ASKED
    assert one.last_seen == NOON + timedelta(days=30)
    town.run(silent=(A,), port=80)
    (one,) = picture(town.store).devices
    assert one.standing.state is State.SILENT


def test_a_device_is_replaced_only_where_somebody_looked_for_it(town: Town) -> None:
    """Behind a port forward another device's port may have been asked alone."""
    town.run((A, INFO, info("498117063", "V5.4.0")), port=81, whole=True)
    town.run((A, "/", TITLE), port=80)
    states = {one.key: one.standing.state for one in picture(town.store).devices}
    assert states == {f"hall/{A}": State.NOT_ASKED, f"hall/{A}#2": State.HEARD}
    town.run((A, "/", TITLE), port=80, refused=81)
    town.run((A, "/", TITLE), port=80)
    states = {one.key: one.standing.state for one in picture(town.store).devices}
    assert states == {f"hall/{A}": State.REPLACED, f"hall/{A}#2": State.HEARD}


def test_a_run_may_be_looked_at_alone(town: Town) -> None:
    town.run((A, INFO, info("498117063", "V5.4.5")))
    second = town.run((B, INFO, info("498117064", "V5.4.5")))
    assert [one.address for one in picture(town.store, run=second.id).devices] == [B]
    assert [one.address for one in picture(town.store).devices] == [A, B]


def test_a_re_check_without_a_policy_keeps_the_policy(town: Town) -> None:
    audit = town.run((A, INFO, info("498117063", "V5.4.5")))
    judge(town.store, audit.id, today=audit.started.date(), policy="us-federal")
    town.run((A, INFO, info("498117063", "V5.4.5")))
    known = picture(town.store)
    assert known.basis is not None
    assert known.basis.policy == "us-federal"
    assert any(one.kind == "restriction" for one in known.devices[0].findings)


def test_a_first_run_killed_before_it_was_judged_is_read_by_the_policy_it_was_begun_with(town: Town) -> None:
    town.run((A, INFO, info("498117063", "V5.4.5")), judged=False)
    assert not [one for one in picture(town.store).devices[0].findings if one.kind == "restriction"]
    keep_choice(town.store, "run-1", chosen_basis("us-federal", NOON.date()), NOON)
    known = picture(town.store)
    assert known.basis is not None
    assert known.basis.policy == "us-federal"
    assert any(one.kind == "restriction" for one in known.devices[0].findings)
    judge(town.store, "run-1", today=NOON.date())
    assert current_basis(town.store, town.store.runs()) == known.basis, "resumed without --policy"


def test_a_policy_given_when_a_run_ends_counts_more_than_the_one_it_was_begun_with(town: Town) -> None:
    town.run((A, INFO, info("498117063", "V5.4.5")), judged=False)
    keep_choice(town.store, "run-1", chosen_basis("us-federal", NOON.date()), NOON)
    judge(town.store, "run-1", today=NOON.date(), policy="none")
    known = picture(town.store)
    assert known.basis is not None
    assert known.basis.policy == "none"


def test_a_serial_number_that_two_devices_tell_is_shown_of_one_of_them_and_counts_where_one_was_re_checked(
    town: Town,
) -> None:
    told = info("498117063", "V5.4.5")
    other = told.replace(b"c4:2f:90:17:a3:63", b"c4:2f:90:17:a3:99")  # another network card: another device
    town.run((A, INFO, told), (B, INFO, other), (C, INFO, info("498117064", "V5.4.5")), whole=True)
    whole = {one.address: one.findings for one in picture(town.store).devices}
    assert [one.id for one in whole[A]].count("shared-serial") == 1
    assert not [one for one in whole[C] if one.id == "shared-serial"]
    for address, findings in whole.items():
        (alone,) = picture(town.store, numbers=town.store.named(address)).devices
        assert alone.findings == findings
    second = town.run((A, INFO, told))
    found = judge(town.store, second.id, today=NOON.date())
    assert {one.device for one in found} == {f"hall/{A}"}
    assert [one.id for one in found].count("shared-serial") == 1
    assert fails((one for one in found if one.id == "shared-serial"), Severity.INFO)


def test_a_finding_that_cannot_be_read_is_passed_over_and_named(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    town.run((A, INFO, info("498117063", "V5.4.5")))
    town.store.db.conn.execute(
        "UPDATE finding SET severity = 'purple' WHERE row = (SELECT min(row) FROM finding)"
    )
    known = picture(town.store)
    assert known.devices[0].findings
    assert "cannot be read and is passed over" in caplog.text


def test_retiring_is_a_word_that_can_be_taken_back(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    town.run((A, INFO, info("498117063", "V5.4.5")))
    town.store.close()
    path = str(town.store.path)
    said = ["--db", path, "--by", "J. Doe", "--reason", "scrapped"]
    assert command(["retire", A, *said]) == 0
    assert command(["retire", A, *said]) == 2
    assert "is retired already" in capsys.readouterr().err
    assert command(["devices", "--db", path, "--jsonl"]) == 0
    assert capsys.readouterr().out == ""
    assert command(["devices", "--db", path, "--all", "--jsonl"]) == 0
    (one,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (one["state"], one["retired"]["by"]) == ("retired", "J. Doe")
    assert command(["report", "--db", path, "--format", "md", "-o", "-"]) == 0
    assert "retired by J. Doe: scrapped" in capsys.readouterr().out
    town.store = Store.open(path)
    town.run((B, INFO, info("498117064", "V5.4.5")))
    town.store.close()
    assert command(["retire", B, "--replaced-by", A, *said]) == 2
    assert "is retired itself" in capsys.readouterr().err
    assert command(["retire", A, "--undo", *said]) == 0
    assert command(["retire", "127.0.0.99", *said]) == 2
    assert "no device" in capsys.readouterr().err


def test_a_retired_device_that_is_heard_again_is_shown_again(town: Town) -> None:
    from auditor.store import RETIRED, Word

    audit = town.run((A, INFO, info("498117063", "V5.4.5")))
    town.store.retire(Word(RETIRED, audit.started + timedelta(days=1), f"hall/{A}", "J. Doe", "scrapped"))
    assert not picture(town.store).devices[0].is_present
    town.run((A, INFO, info("498117063", "V5.4.5")))
    (one,) = picture(town.store).devices
    assert one.is_present
    assert one.retired is not None


def test_a_port_that_nobody_tried_again_has_not_closed(town: Town) -> None:
    first = town.run((A, INFO, info("498117063", "V5.4.5")))
    town.store.db.conn.execute('UPDATE met SET ports = \'[["tcp", 80], ["tcp", 8000]]\'')
    town.run((A, "/", TITLE.replace(b"NETSurveillance WEB", b"index")), source="csv")
    town.run((A, INFO, info("498117063", "V5.4.5")))
    (one,) = picture(town.store).devices
    assert ("tcp", 8000) in one.ports
    assert picture(town.store, as_of=first.started).devices[0].ports == (("tcp", 80), ("tcp", 8000))


def test_a_retirement_counts_from_its_day_on(town: Town) -> None:
    from auditor.store import RETIRED, Word

    first = town.run((A, INFO, info("498117063", "V5.4.5")))
    town.run((B, INFO, info("498117064", "V5.4.5")))
    town.store.retire(Word(RETIRED, first.started + timedelta(days=9), f"hall/{A}", "J. Doe", "scrapped"))
    assert picture(town.store, as_of=first.started).devices[0].retired is None
    assert {one.key: one.is_retired for one in picture(town.store).devices}[f"hall/{A}"]


def test_a_policy_file_that_is_gone_is_named_and_bars_nothing(
    town: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "own.toml"
    policy.write_text('schema_version = 1\nname = "own"\nversion = "1"\nextends = ["us-federal"]\n')
    audit = town.run((A, INFO, info("498117063", "V5.4.5")))
    judge(town.store, audit.id, today=audit.started.date(), policy=str(policy))
    policy.rename(tmp_path / "elsewhere.toml")
    town.run((A, INFO, info("498117063", "V5.6.0")))
    assert picture(town.store).devices[0].findings
    policy.write_text((tmp_path / "elsewhere.toml").read_text())
    assert any(one.kind == "restriction" for one in picture(town.store).devices[0].findings), "it is back"


DAMAGE = [
    *(
        f"UPDATE run SET {name} = 'x'"
        for name in ("ended", "valid_from", "sites", "coverage", "notes", "owners", "whole", "started")
    ),
    "UPDATE event SET text = 'x'",
    *(f"UPDATE met SET {name} = 'x'" for name in ("ports", "traits", "at", "first_at")),
    "UPDATE device SET ports = 'x', addresses = 'x'",
    "UPDATE claim SET because = 'x'",
    "UPDATE claim SET certainty = 'x'",
    "UPDATE finding SET because = 'x', facts = 'x', links = 'x'",
    "UPDATE exchange SET reply = x'00ff', packed = 1",
    "UPDATE exchange SET at = 'x', observed = 'x'",
    "UPDATE concluded SET body = x'00', basis = 'x'",
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_record_ends_no_reading_command(
    town: Town, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    town.run((A, INFO, info("498117063", "V5.4.5")), (B, "/", TITLE), whole=True)
    town.run((A, "/", TITLE.replace(b"NETSurveillance WEB", b"index")), source="pcap")
    town.store.db.conn.execute(damage)
    town.store.close()
    path = str(town.store.path)
    for words in (["devices", "--all"], ["show", A], ["findings"], ["plan"], ["report", "--format", "md", "-o", "-"],
                  ["export", "jsonl"], ["runs"], ["assess", "--dry-run"], ["compare"]):  # fmt: skip
        assert command([*words, "--db", path]) in {0, 2}, f"{words}: {capsys.readouterr().err[-600:]}"
        capsys.readouterr()


@pytest.mark.parametrize("words", [["devices"], ["findings"], ["plan"], ["show", A]])
def test_before_the_first_run_nothing_was_known_and_that_is_not_none(
    town: Town, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    first = town.run((A, INFO, info("498117063", "V5.4.0")), whole=True)
    town.store.close()
    day = f"{first.started:%Y-%m-%d}"
    known = [*words, "--db", str(town.store.path), "--as-of"]
    assert command([*known, day]) == 0
    assert command([*known, f"{first.started:%Y-%m-%dT%H:%M:%SZ}"]) == 0
    capsys.readouterr()
    for moment in (f"{day}T00:00:00Z", "2020-01-01"):
        assert command([*known, moment]) != 0
        assert "nothing was known then" in capsys.readouterr().err
    assert command([*known, "last week"]) == 2
    assert "is no day such as" in capsys.readouterr().err


def test_a_list_neither_replaces_a_device_nor_hears_it(town: Town) -> None:
    first = town.run((A, INFO, info("498117063", "V5.4.0")), whole=True)
    town.run((A, "/", TITLE), source="csv")
    found = {one.key: (one.standing.state, one.last_seen) for one in picture(town.store).devices}
    assert found[f"hall/{A}"] == (State.HEARD, first.started)
    assert found[f"hall/{A}#2"][0] is State.NOT_ASKED
    town.run((B, INFO, info("498117064", "V5.4.0")), source="csv")
    town.run((B, INFO, info("498117064", "V5.4.0")))
    seen = town.run((B, INFO, info("498117064", "V5.4.0")), source="csv")
    (other,) = [one for one in picture(town.store).devices if one.address == B]
    assert other.standing.state is State.HEARD
    assert other.last_seen is not None
    assert other.last_seen < seen.started


def test_what_answers_after_a_list_named_another_there_is_still_the_device_that_answered_before(
    town: Town,
) -> None:
    bare = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    town.run((A, INFO, info("498117063", "V5.4.0")), whole=True)
    town.run((A, "/", TITLE), (B, INFO, info("498117063", "V5.4.0")), source="csv")
    town.run((A, "/x", bare))
    found = {one.key: (one.address, one.standing.state) for one in picture(town.store).devices}
    assert found[f"hall/{A}"] == (A, State.HEARD)
    assert found[f"hall/{A}#2"] == (A, State.REPLACED), "something else answers where the list says it is"


def test_an_older_list_outdates_no_newer_answer(town: Town) -> None:
    """Imported after the scan, and made before it."""
    town.run((A, INFO, info("498117063", "V5.6.0")))
    made = NOON - timedelta(days=90)
    audit = Run(
        "late",
        "0",
        "00",
        "00",
        NOON + timedelta(days=60),
        None,
        True,
        "t",
        "t",
        "t",
        sites=("hall",),
        state="complete",
    )
    town.store.begin(audit)
    told = Exchange(
        f"hall/{A}", "isapi", Protocol.HTTP, Endpoint(A, 80), b"GET /PSIA/System/deviceInfo HTTP/1.1\r\n\r\n",
        info("498117063", "V5.4.0"), Status.ANSWERED, made, source="pcap old.pcap",
    )  # fmt: skip
    known = known_from(f"hall/{A}", [told])
    town.store.add(audit.id, [told])
    met = Presence("hall", A, made, (("tcp", 80),), source="pcap")
    town.store.save(
        audit.id, met, known.identity, known.observations, marks=marks(known.identity, known.observations)
    )
    town.store.settle()
    town.store.finish(audit)
    (one,) = picture(town.store).devices
    assert one.identity.value("firmware") == "V5.6.0"


def test_runs_that_are_not_dated_in_their_order_are_named(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    """A clock set back hides the newest audit behind an older one; nobody may take that for what the network is like."""
    town.run((A, INFO, info("498117063", "V5.4.0")))
    town.store.close()
    assert command(["devices", "--db", str(town.store.path)]) == 0
    assert "a clock was wrong" not in caplog.text
    with Store.open(town.store.path, Access.WRITE) as store:
        back = Town(store)
        back.count = -5
        back.run((A, INFO, info("498117063", "V5.6.0")), judged=False)
    assert command(["devices", "--db", str(town.store.path)]) == 0
    assert "was begun after run run-1 and is dated before it" in caplog.text
