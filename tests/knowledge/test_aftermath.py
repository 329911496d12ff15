"""What settles a finding: the question put again, and an answer that no longer shows it."""

from collections.abc import Callable
from dataclasses import replace

from auditor.knowledge.aftermath import is_settled
from auditor.model import Device, Exchange, Finding, FindingKind, Severity, Status, Verdict
from auditor.model.finding import Priority
from auditor.model.identity import Certainty

Make = Callable[..., Device]
CAMERA = {"maker": "dahua", "model": "IPC-HFW5442T-ASE", "firmware": "2.800.0000000.40.R"}


def found(device: Device, kind: FindingKind, verdict: Verdict = Verdict.AFFECTED) -> Finding:
    return Finding(
        device.key, kind, "it", "t", verdict, Severity.HIGH, Priority.PLAN, "p", Certainty.FIRM, "r",
        because=device.identity.claims[:1],
    )  # fmt: skip


def names(device: Device) -> list[str]:
    return [one.id for one in device.exchanges]


def later(device: Device, **claims: str) -> Device:
    """Return the device with another answer in place of the one it gave."""
    again: tuple[Exchange, ...] = tuple(replace(one, reply=b"other", id="") for one in device.exchanges)
    held = tuple(one for one in device.identity.claims if claims.get(one.name, "kept") != "")
    return replace(device, exchanges=again, identity=replace(device.identity, claims=held))


def test_an_answer_that_still_counts_settles_nothing(device: Make) -> None:
    was = device(CAMERA)
    for kind in FindingKind:
        assert not is_settled(found(was, kind), names(was), was)


def test_a_finding_whose_evidence_is_not_known_is_never_settled(device: Make) -> None:
    was = device(CAMERA)
    assert not is_settled(found(was, FindingKind.EXPOSURE), (), later(was))


def test_a_question_that_was_tried_in_vain_settles_nothing(device: Make) -> None:
    was = device(CAMERA)
    tried = tuple(replace(one, status=Status.SILENT, reply=b"", id="") for one in was.exchanges)
    mute = replace(was, exchanges=(*was.exchanges, *tried))
    assert not is_settled(found(was, FindingKind.EXPOSURE), names(was), mute)


def test_an_exposure_is_settled_by_an_answer_that_no_longer_shows_it(device: Make) -> None:
    was = device(CAMERA)
    assert is_settled(found(was, FindingKind.EXPOSURE), names(was), later(was))


def test_an_advisory_is_settled_only_where_what_it_is_judged_by_is_told(device: Make) -> None:
    was = device(CAMERA)
    assert is_settled(found(was, FindingKind.ADVISORY), names(was), later(was))
    for name in ("maker", "model", "firmware"):
        assert not is_settled(found(was, FindingKind.ADVISORY), names(was), later(was, **{name: ""}))


def test_a_finding_that_is_open_again_is_not_settled_and_one_judged_not_affected_is(device: Make) -> None:
    was = device(CAMERA)
    old = found(was, FindingKind.ADVISORY)
    for verdict in Verdict:
        now = replace(later(was), findings=(found(was, FindingKind.ADVISORY, verdict),))
        assert is_settled(old, names(was), now) is (verdict is Verdict.NOT_AFFECTED)


def test_a_restriction_is_not_settled_by_a_device_that_no_longer_tells_its_maker(device: Make) -> None:
    was = device(CAMERA)
    assert not is_settled(found(was, FindingKind.RESTRICTION), names(was), later(was, maker=""))
