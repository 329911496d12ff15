"""The report through its front door: what it says, what it never says, and what cannot run in it.

After a wanted change of the page: AUDITOR_GOLDEN=write .venv/bin/pytest tests/reporting, then look at the diff.
"""

import base64
import dataclasses
import hashlib
import os
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest

from auditor.model import Certainty, Claim, Contradiction, Device, Identity, Verdict
from auditor.reporting import Chosen, Evidence, Report, Tlp, html, markdown, page
from tests.reporting import town

GOLDEN = Path(__file__).parent / "golden"
SMALL = town.devices(12)


def report(**options: object) -> Report:
    return page(town.run(), SMALL, town.context(SMALL, **options))


class Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def attributes(self, name: str) -> list[str]:
        return [attrs[name] or "" for _, attrs in self.tags if name in attrs]


def normalised(text: str) -> str:
    text = re.sub(r"<(style|script)>.*?</\1>", r"<\1></\1>", text, flags=re.DOTALL)
    return re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-…", text)


@pytest.mark.parametrize("name", ["report.html", "report.md"])
def test_the_documents_of_the_town_are_as_reviewed(name: str) -> None:
    made = normalised(html(report())) if name.endswith("html") else markdown(report())
    path = GOLDEN / name
    if os.environ.get("AUDITOR_GOLDEN") == "write":
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8")


def test_the_order_in_which_devices_come_changes_nothing() -> None:
    backwards = page(town.run(), reversed(SMALL), town.context(SMALL))
    assert html(backwards) == html(report())


def test_the_first_page_names_the_most_urgent_work_first() -> None:
    urgent = report().summary.urgent
    assert [one.priority for one in urgent] == ["act now", "this week", "this week", "this week"]
    assert urgent[0].site == "town-hall"
    assert urgent[0].devices == 4


def test_work_already_done_is_not_counted_as_urgent() -> None:
    context = town.context(SMALL)
    done = tuple(dataclasses.replace(order, state="done") for order in context.orders)
    made = page(town.run(), SMALL, dataclasses.replace(context, orders=done))
    assert all(one.anchor.startswith("f-") for one in made.summary.urgent)


def test_the_three_numbers_count_devices_in_scope_only() -> None:
    numbers = {number.name: number for number in report().summary.numbers}
    assert numbers["act-now"].value == 4
    assert numbers["audited-makers"].value == 11
    assert {number.of for number in numbers.values()} == {14}


def test_a_run_nobody_judged_shows_no_number_of_devices_in_need() -> None:
    bare = town.devices(12, findings=False)
    context = dataclasses.replace(town.context(bare), orders=())
    made = page(town.run(), bare, context)
    assert made.summary.numbers[0].value is None
    assert made.summary.numbers[2].value == 14
    text = " ".join(Reader(html(made)).words)
    assert "nobody has judged this run yet" in text
    assert "No action known" not in text


def test_what_could_not_be_told_never_looks_fine() -> None:
    made = report()
    standings = {row.address: row.standing for row in made.rows if not row.priority}
    assert standings["192.0.2.201"] == "unidentified"
    assert standings["198.51.100.9"] == "outside"
    reasons = {gap.reason: gap.count for gap in made.summary.gaps}
    assert reasons["silent"] == 902
    assert reasons["no-maker"] == 2
    assert reasons["outside"] == 1
    text = " ".join(Reader(html(made)).words)
    assert "Nothing is claimed, and that is not a clean bill of health." in text


def test_a_device_with_open_questions_is_not_shown_as_without_action() -> None:
    device = town.town_device(2)
    opened = tuple(
        dataclasses.replace(finding, verdict=Verdict.NOT_ASSESSED, settles="the build date")
        for finding in device.findings
    )
    made = page(town.run(), [dataclasses.replace(device, findings=opened)])
    assert made.rows[0].standing == "open"
    assert ("unsettled", 1) in {(gap.reason, gap.count) for gap in made.summary.gaps}


def test_nothing_a_device_says_becomes_markup_or_script() -> None:
    read = Reader(html(report()))
    assert [tag for tag, _ in read.tags].count("script") == 1
    assert not [tag for tag, _ in read.tags if tag in {"img", "iframe", "object", "embed", "link", "base"}]
    assert not [name for _, attrs in read.tags for name in attrs if name.startswith("on") or name == "style"]
    assert all(target.startswith(("#", "https://", "http://")) for target in read.attributes("href"))
    assert any("<script>alert(1)</script>" in word for word in read.words)


def test_the_page_has_no_control_or_direction_characters() -> None:
    for text in (html(report()), markdown(report())):
        assert not re.search(
            "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]", text
        )
    assert "␛[2J⟨U+202E⟩gpj.exe␇" in html(report())


def test_the_policy_of_the_page_allows_exactly_its_own_style_and_script() -> None:
    text = html(report())
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy
    for tag in ("style", "script"):
        inside = re.search(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        assert inside
        digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy[1]
    assert policy[1].startswith("default-src 'none'")


def test_the_page_needs_nothing_from_elsewhere() -> None:
    text = html(report())
    assert not Reader(text).attributes("src")
    assert not re.search(r"@import|url\(", text)


def test_every_link_within_the_page_leads_somewhere() -> None:
    read = Reader(html(report()))
    names = set(read.attributes("id"))
    targets = {target[1:] for target in read.attributes("href") if target.startswith("#")}
    assert targets <= names
    assert len(read.attributes("id")) == len(names)


def test_evidence_shows_the_bytes_and_their_digest() -> None:
    text = html(report())
    exchange = SMALL[0].exchanges[1]
    assert exchange.sha256 in text
    assert "&lt;ProbeMatch&gt;&lt;DeviceSN&gt;" in text
    assert "0000  00 01 02 03" in text


def test_short_evidence_leaves_replies_out_and_says_so() -> None:
    text = html(report(evidence=Evidence.SHORT))
    assert "&lt;ProbeMatch&gt;" not in text
    assert "auditor show ADDRESS" in text
    assert SMALL[0].exchanges[1].sha256 in text


@pytest.mark.parametrize("tlp", list(Tlp))
def test_the_mark_stands_on_page_and_print(tlp: Tlp) -> None:
    text = html(report(tlp=tlp))
    assert text.count(f"{tlp.mark}</span>") == 2
    assert f'content: "{tlp.mark}"' in text


def test_an_unfinished_run_says_so_on_its_first_page() -> None:
    text = html(page(town.run(complete=False), SMALL, town.context(SMALL)))
    assert "This audit is not complete." in text.split('<section id="coverage"')[0]
    assert "window closed" in text


def test_a_restriction_on_a_tentative_maker_is_to_be_clarified() -> None:
    instrument = report().instruments[0]
    tentative = [
        d for d in SMALL for c in d.identity.claims if c.name == "maker" and c.certainty == "tentative"
    ]
    assert instrument.unclear == len([d for d in tentative if d.findings]) > 0
    assert instrument.concerned + instrument.unclear == 11


def test_a_reference_that_is_no_web_address_is_no_link() -> None:
    assert "javascript:" not in "".join(Reader(html(report())).attributes("href"))


def test_an_empty_run_renders() -> None:
    bare = dataclasses.replace(town.run(), coverage=None, sites=(), authorisation="", notes=())
    text = html(page(bare, ()))
    assert "No device is recorded." in text
    assert "known from recorded evidence" in text
    assert markdown(page(bare, ()))


def test_markdown_takes_nothing_a_device_says_for_markup() -> None:
    row = next(line for line in markdown(report()).splitlines() if line.startswith("| 192.0.2.15 "))
    assert row.count("|") == 12
    assert "<script>" not in markdown(report())


def test_ten_thousand_devices_make_a_page_of_bounded_size() -> None:
    found = [
        dataclasses.replace(device, key=f"s/{place}", address=f"10.0.{place // 250}.{place % 250}")
        for place, device in enumerate(SMALL * 100)
    ]
    made = page(town.run(), found)
    assert made.compact
    assert len(html(made)) / len(found) < 2_600


def test_the_clearest_verdict_speaks_for_a_finding_of_many_devices() -> None:
    explained = {one.id: one for one in report().explained}
    worst = explained["CVE-2099-0001"]
    assert worst.affected > 0
    assert worst.possibly > 0
    assert not any(one.kind == "restriction" for one in report().explained), (
        "instruments have a section of their own"
    )


def test_a_finding_that_says_other_things_of_other_models_says_which_of_which() -> None:
    def told(place: int, build: str) -> Device:
        device = town.town_device(place)
        worst = next(one for one in device.findings if one.id == "CVE-2099-0001")
        facts = (("fixed build", build), ("score", "CVSS 9.8"), ("age in days", str(place)))
        mine = dataclasses.replace(worst, facts=facts, remedy=f"Install build {build} or newer.")
        return dataclasses.replace(device, findings=(mine,))

    found = [told(0, "2021-06-28"), told(3, "2022-01-01"), told(9, "2022-01-01")]
    (one,) = page(town.run(), found, town.context(tuple(found))).explained
    assert one.facts == (("score", "CVSS 9.8"),), "only what holds for all stands for all"
    assert one.remedy == ""
    assert [(group.facts, group.remedy, sum(n for _, n in group.models)) for group in one.groups] == [
        ((("fixed build", "2022-01-01"),), "Install build 2022-01-01 or newer.", 2),
        ((("fixed build", "2021-06-28"),), "Install build 2021-06-28 or newer.", 1),
    ]
    text = " ".join(Reader(html(page(town.run(), found, town.context(tuple(found))))).words)
    assert "Fixed build: 2021-06-28" in text
    assert "Fixed build: 2022-01-01" in text


def test_instruments_count_devices_by_how_sure_the_maker_is() -> None:
    instrument = report().instruments[0]
    counted = Counter(
        claim.certainty.value
        for device in SMALL
        for claim in device.identity.claims
        if claim.name == "maker" and device.findings
    )
    assert sum(row.certain for row in instrument.makers) == counted["certain"]
    assert sum(row.firm for row in instrument.makers) == counted["firm"]
    assert sum(row.unclear for row in instrument.makers) == counted["tentative"] == instrument.unclear
    assert instrument.settles == (
        ("who built the device: read the maker with credentials", instrument.unclear),
    )


def test_the_statement_names_the_policy_and_what_of_it_concerns_nobody() -> None:
    chosen = Chosen(
        "own", "3", "Town council", "2026-11-20", (("xx-law-7", "the act"), ("yy-9", "Another act"))
    )
    made = page(town.run(), SMALL, dataclasses.replace(town.context(SMALL), chosen=chosen))
    assert made.idle == (("yy-9", "Another act"),)
    text = " ".join(Reader(html(made)).words)
    assert "policy “own”, Town council, version 3, as in force on 2026-11-20" in text
    assert "Another act (yy-9)" in text


def test_without_a_policy_the_report_says_that_it_says_nothing_and_how_to_choose() -> None:
    bare = [
        dataclasses.replace(d, findings=tuple(f for f in d.findings if f.kind != "restriction"))
        for d in SMALL
    ]
    made = page(town.run(), bare, dataclasses.replace(town.context(SMALL), chosen=Chosen("none")))
    for text in (" ".join(Reader(html(made)).words), markdown(made)):
        assert "applies no law, order or guideline" in text
        assert "auditor assess" in text


def test_the_first_page_names_what_attackers_use_first_and_tells_updates_of_a_site_as_one() -> None:
    orders = town.orders(SMALL)
    update = next(one for one in orders if one.action == "update")
    other = dataclasses.replace(update, id="W-9", title="Update 1 × other", devices=update.devices[:1])
    door = dataclasses.replace(
        update,
        id="W-8",
        action="configure",
        title="Set a password",
        findings=(),
        priority_reason="Anybody can take it.",
    )
    context = dataclasses.replace(town.context(SMALL), orders=(door, other, update))
    urgent = page(town.run(), SMALL, context).summary.urgent
    assert [one.title for one in urgent] == [
        f"Update {len(update.devices)} devices of 2 models",
        "Set a password",
    ]
    assert [title for _, title in urgent[0].parts] == [update.title, other.title]


def test_at_most_five_reasons_stand_on_the_first_page_and_all_of_them_further_on() -> None:
    asked = [
        dataclasses.replace(town.town_device(2), key=f"s/{n}", address=f"192.0.2.{n}", findings=tuple(
            dataclasses.replace(f, verdict=Verdict.NOT_ASSESSED, settles=f"fact {n}") for f in town.town_device(2).findings[:1]
        )) for n in range(100, 109)
    ]  # fmt: skip
    made = page(town.run(), asked, town.context(SMALL))
    assert len(made.summary.gaps) == 5
    assert len(made.summary.more_gaps) > 4
    text = html(made)
    assert f">{len(made.summary.more_gaps)} more reasons</a>" in text
    assert all(f"fact {n}" in text for n in range(100, 109))


def test_sites_name_their_owner_and_addresses_masked_name_none() -> None:
    run = dataclasses.replace(town.run(), owners=(("waterworks", "Water office"),))
    made = page(run, SMALL, town.context(SMALL))
    assert {site.site: site.owner for site in made.plan}["waterworks"] == "Water office"
    assert "Responsible: Water office" in html(made)
    hidden = page(run, SMALL, town.context(SMALL, redact=True, redact_addresses=True))
    assert "Water office" not in html(hidden)


def test_alive_addresses_and_devices_are_told_apart() -> None:
    made = report()
    assert made.serving == 14
    text = " ".join(Reader(html(made)).words)
    assert "42 gave a sign of life, and 14 devices with an answering service were found." in text


def test_a_maker_the_data_do_not_cover_is_not_called_free_of_action() -> None:
    other = next(row for row in report().rows if row.maker == "Axis Communications")
    assert other.standing == "uncovered"
    shown = {
        bar.label: bar.count for chart in report().charts if chart.name == "priority" for bar in chart.bars
    }
    assert shown["Nothing known of it"] == 1
    assert shown["Not identified"] == 2


def test_devices_behind_one_address_are_listed_by_port_and_said_to_share_it() -> None:
    shared = [
        dataclasses.replace(device, address=f"192.0.2.44:{port}", behind="192.0.2.44")
        for device, port in zip(SMALL[:2], (80, 81), strict=True)
    ]
    made = page(town.run(), [*shared, *SMALL[2:]], town.context(SMALL))
    assert made.shared == (("192.0.2.44", 2),)
    words = " ".join(" ".join(Reader(html(made)).words).split())
    assert "Several devices behind one address: 192.0.2.44 (2)" in words
    assert "one of several devices behind 192.0.2.44" in words
    assert "Several devices behind one address: 192.0.2.44 (2)" in markdown(made)
    assert "Several devices behind one address" not in html(report())


def test_a_sign_of_an_audited_maker_that_other_answers_contradict_is_counted_apart() -> None:
    def named(maker: str, certainty: Certainty) -> Claim:
        return Claim("maker", maker, certainty, SMALL[0].identity.claims[0].because)

    held, sign = named("axis", Certainty.FIRM), named("dahua", Certainty.TENTATIVE)
    disputed = dataclasses.replace(
        SMALL[0], identity=Identity(SMALL[0].key, (held,), (Contradiction("maker", held, sign),))
    )
    made = page(town.run(), [disputed], town.context(SMALL)).summary
    assert [number.value for number in made.numbers if number.name == "audited-makers"] == [0]
    assert [gap.count for gap in (*made.gaps, *made.more_gaps) if gap.reason == "disputed-maker"] == [1]
