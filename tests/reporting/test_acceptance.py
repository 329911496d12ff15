"""Accepted findings in a report: marked and counted apart, not among what is urgent; no name in a redacted copy."""

from dataclasses import replace
from datetime import date

from auditor.model import Acceptance, Device, Verdict
from auditor.reporting import html, markdown, page
from auditor.reporting.context import Options
from auditor.reporting.counting import standing, urgency
from auditor.reporting.redaction import Redactor
from auditor.reporting.texts import texts
from tests.reporting import town

WORD = Acceptance("own network", "Jane Doe", date(2026, 12, 31))
OPEN = (Verdict.AFFECTED, Verdict.POSSIBLY_AFFECTED)


def _accepted(device: Device) -> Device:
    return replace(device, findings=tuple(replace(one, accepted=WORD) for one in device.findings))


SMALL = tuple(town.devices(40))
PLACE = next(n for n, one in enumerate(SMALL) if one.granted and urgency(one) is not None)
TAKEN = _accepted(SMALL[PLACE])
TOWN = (*SMALL[:PLACE], TAKEN, *SMALL[PLACE + 1 :])


def test_a_device_of_which_all_is_accepted_is_not_urgent_and_not_called_fine() -> None:
    assert urgency(TAKEN) is None
    assert standing(TAKEN, texts(), assessed=True) in {"accepted", "open"}


def test_the_first_page_counts_apart_what_is_accepted() -> None:
    made = page(town.run(), TOWN, town.context(TOWN))
    assert made.summary.accepted == (len(TAKEN.findings), 1)
    assert page(town.run(), SMALL, town.context(SMALL)).summary.accepted == (0, 0)


def test_every_form_of_the_report_says_who_accepts_until_when_and_why() -> None:
    made = page(town.run(), TOWN, town.context(TOWN))
    assert any(one.verdict in OPEN for one in TAKEN.findings)
    for text in (html(made), markdown(made)):
        assert "accepted until 2026-12-31 by Jane Doe: own network" in text
        assert "Accepted by the owner until a day" in text


def test_a_redacted_copy_names_nobody_who_accepted() -> None:
    ended = tuple(
        replace(
            one, accepted=None, facts=(("acceptance ended", "accepted by Jane Doe, ended on 2026-11-01"),)
        )
        for one in TAKEN.findings
    )
    for device in (TAKEN, replace(TAKEN, findings=ended)):
        masked = Redactor([device], Options(redact=True)).device(device)
        assert "Jane Doe" not in repr(masked.findings)
        told = [(one.accepted and one.accepted.until, one.facts) for one in masked.findings]
        assert all(until == WORD.until or "ended on 2026-11-01" in facts[0][1] for until, facts in told)
