"""The section that says what changed since the audit before: its numbers, its lines, its charts, its masks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from auditor.model.changes import Change, Changes, Side, Tally, What
from auditor.reporting import html, markdown, page
from auditor.reporting.masks import mask_address
from auditor.reporting.since_values import Since
from tests.reporting import town

SMALL = town.devices(12)
BEFORE = Side("2026-10-20-c3d4", town.START - timedelta(days=31), is_whole=True)
AFTER = Side("2026-11-20-a1b2", town.START)
SERIAL = "DS-2CD2385G1-I20190712AAWRD55555555"


def change(what: What, address: str = "192.0.2.250", **more: str) -> Change:
    return Change(
        what,
        f"school-north/{address}",
        "school-north",
        address,
        "hikvision",
        "DS-2CD2385G1-I",
        **more,  # type: ignore[arg-type]  # each test names what it is about
    )


def told(*entries: Change, asked: int = 3) -> Changes:
    return Changes(BEFORE, AFTER, entries, (("school-north", 4, asked),))


def document(changes: Changes | None, audits: tuple[Tally, ...] = (), **options: object) -> str:
    context = replace(town.context(SMALL, **options), changes=changes, audits=audits)
    return html(page(town.run(), SMALL, context))


def section(changes: Changes, audits: tuple[Tally, ...] = ()) -> Since:
    made = page(town.run(), SMALL, replace(town.context(SMALL), changes=changes, audits=audits)).since
    assert made is not None
    return made


def test_without_an_earlier_audit_nothing_is_said_of_changes() -> None:
    assert "Since the audit of" not in document(None)
    assert 'href="#since"' not in document(None)


def test_the_first_page_counts_what_changed() -> None:
    text = document(
        told(
            change(What.SILENT),
            change(What.CLAIM_CHANGED, "192.0.2.251", about="firmware", before="V5.6.2", after="V5.7.1"),
            change(What.CLAIM_CHANGED, "192.0.2.251", about="build_date", before="2019", after="2021"),
            change(What.FINDING_CLOSED, "192.0.2.251", about="CVE-2099-0001", title="Commands"),
        )
    )
    assert "<h3>Since the audit of 2026-10-20</h3>" in text
    for line in (
        "<b>1</b> silent when asked",
        "<b>1</b> with other firmware",
        "<b>1</b> closed",
        '<li class="zero"><b>0</b> retired</li>',
    ):
        assert line in text
    assert "Of 4 devices known then, 3 were asked or heard again." in text


def test_a_run_before_that_was_no_whole_audit_is_not_called_an_audit() -> None:
    changes = replace(told(), before=replace(BEFORE, is_whole=False))
    text = document(changes)
    assert "<h3>Since 2026-10-20</h3>" in text
    assert "no whole audit is recorded before this one" in text
    assert "Since the audit of" not in text


def test_no_change_says_how_much_was_asked_and_that_nothing_is_known_of_the_rest() -> None:
    text = document(told(change(What.NOT_ASKED)))
    assert section(told(change(What.FINDING_OPEN))).is_quiet
    assert "of the others nothing new is known" in text


def test_a_finding_is_told_once_with_its_devices_and_linked_where_it_is_explained() -> None:
    new = [change(What.FINDING_NEW, f"192.0.2.{n}", about="CVE-2099-0001", title="Commands") for n in (1, 2)]
    (group,) = section(told(*new)).sites[0].groups
    assert group.count == 2
    (row,) = group.rows
    assert (row.anchor, row.text) == ("f-cve-2099-0001", "2 devices")


def test_what_is_open_or_not_asked_again_is_counted_and_not_listed() -> None:
    (group,) = section(told(*[change(What.FINDING_OPEN, about=f"x{n}") for n in range(5)])).sites[0].groups
    assert (group.count, group.rows) == (5, ())


def test_more_than_can_be_read_is_cut_and_said() -> None:
    many = [change(What.NEW, f"198.51.100.{n}") for n in range(1, 151)]
    (group,) = section(told(*many)).sites[0].groups
    assert (group.count, len(group.rows), group.more) == (150, 100, 50)
    assert "and 50 more" in document(told(*many))


def audits(count: int, urgent: int | None = 4) -> tuple[Tally, ...]:
    return tuple(
        Tally(
            town.START - timedelta(days=30 * (count - n)),
            f"run-{n}",
            40 - n,
            None if n == 0 else urgent,
            (("axis", 9), ("dahua", 6), ("hikvision", 10 - n)),
        )
        for n in range(count)
    )


def test_two_audits_are_no_course_and_three_are() -> None:
    assert section(told(), audits(2)).charts == ()
    present, urgent, ours = section(told(), audits(3)).charts
    assert [point.count for point in present.points] == [40, 39, 38]
    assert [point.share for point in present.points] == [100.0, 97.5, 95.0]
    assert [point.count for point in urgent.points] == [None, 4, 4]
    assert [point.count for point in ours.points] == [16, 15, 14]


def test_an_audit_nobody_judged_has_no_bar_and_no_zero() -> None:
    text = document(told(), audits(3))
    row = text[text.index('id="c-time-urgent"') :].split("<tr>")[2]
    assert "not judged" in row
    assert "<svg" not in row


def test_markdown_says_the_same_as_a_table() -> None:
    context = replace(
        town.context(SMALL), changes=told(change(What.SILENT, detail="<b>&|")), audits=audits(3)
    )
    text = markdown(page(town.run(), SMALL, context))
    assert "## Since the audit of 2026-10-20" in text
    assert "- **Silent**: 1" in text
    assert "\\<b\\>&\\|" in text
    assert "| 2026-09-21 | 39 | 4 | 15 |" in text


def test_what_a_device_says_in_a_change_cannot_act_in_the_page() -> None:
    changes = told(
        change(What.CLAIM_CHANGED, about="device_name", before=town.HOSTILE, after="x"),
        change(What.FINDING_NEW, about=town.HOSTILE, title=town.HOSTILE),
    )
    text = document(changes)
    assert "<script>alert" not in text
    assert "\x1b" not in text


@pytest.mark.parametrize("what", [What.MOVED, What.CLAIM_CHANGED, What.REPLACED, What.GONE, What.SILENT])
def test_a_redacted_copy_masks_what_changed(what: What) -> None:
    entry = {
        What.MOVED: change(what, before="school-north/192.0.2.249", after="school-north/192.0.2.250"),
        What.CLAIM_CHANGED: change(what, about="serial", before=SERIAL, after="DS-2CD2385G1-I20190712AAWRD66666666"),
        What.REPLACED: change(what, after="school-north/192.0.2.249", detail="now 192.0.2.249"),
        What.GONE: change(what, detail=f"{SERIAL} at 192.0.2.250 of school-north"),
        What.SILENT: change(what),
    }[what]  # fmt: skip
    text = document(told(entry), redact=True, redact_addresses=True)
    for secret in ("192.0.2.249", "192.0.2.250", "school-north", "55555555", "66666666"):
        assert secret not in text
    assert "school-north" in document(told(entry))


def test_a_masked_device_that_changed_still_leads_to_its_place_in_the_page() -> None:
    known = SMALL[0]
    entry = replace(change(What.BACK), device=known.key, site=known.site, address=known.address)
    context = replace(town.context(SMALL, redact=True, redact_addresses=True), changes=told(entry))
    made = page(town.run(), SMALL, context).since
    assert made is not None
    (row,) = [row for site in made.sites for group in site.groups for row in group.rows]
    assert row.anchor.startswith("d")


def test_the_mask_of_an_address_with_a_port_hides_the_host() -> None:
    assert mask_address("192.0.2.5:8000", 3) == "192.0.2.•(device 3)"
    assert mask_address("2001:db8::5", None) == "2001:db8:0:0:•"
