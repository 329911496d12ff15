"""Which report a file is: all that are known, under their names, renamed, and in doubt."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor import probes
from auditor.intake import EvidenceError, Problem, kinds
from auditor.intake.columns import forms
from auditor.intake.reports import Forms
from auditor.intake.table import plain
from auditor.resources import fingerprints

ALWAYS = "timestamp,severity,ip,protocol,port,hostname,tag,asn,geo,region,city,naics,hostname_source,sector"
ROW = "2026-03-01 10:00:00,high,192.0.2.70,tcp,{port},,x,64512,ZZ,Region,City,0,,"


@cache
def listed() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(
        (fingerprints() / "imports" / "shadowserver_forms.yaml").read_text("utf-8")
    )
    return found


def the_forms() -> Forms:
    (found,) = (form.forms for form in forms() if form.kind == "shadowserver")
    assert found
    return found


def columns(report: str) -> list[str]:
    given = listed()["reports"][report]
    certificate = listed()["certificate"] if given.get("certificate") else []
    return [*ALWAYS.split(","), *given["columns"], *certificate]


def written(folder: Path, name: str, report: str, **cells: str) -> Path:
    names = columns(report)[14:]
    row = ROW.format(port=7) + "".join(f",{cells.get(one, '')}" for one in names)
    (folder / name).write_text(",".join(columns(report)) + "\n" + row + "\n", "utf-8")
    return folder / name


def fields(path: Path, problems: list[Problem] | None = None) -> dict[str, str]:
    told = problems if problems is not None else []
    found = kinds()["shadowserver"].read(path, told.append, None)
    return {seen.field: seen.value for one in found for seen in probes.read(one)}


@pytest.mark.parametrize("report", sorted(listed()["reports"]))
def test_every_report_is_told_by_its_name_and_never_another_by_its_columns(report: str) -> None:
    known = the_forms()
    headings = [plain(one) for one in columns(report)]
    for name in listed()["reports"][report].get("names", [report]):
        found = known.recognise((f"2026-03-01-{name}-town-geo.csv",), headings, "x")
        assert found is not None
        assert found.name == report
    try:
        found = known.recognise(("march.csv",), headings, "x")
    except EvidenceError as error:
        assert report in str(error) or "more" in str(error)  # noqa: PT017  a tie names its candidates
    else:
        assert found is not None
        assert found.name == report


@pytest.mark.parametrize("name", listed()["events"])
def test_reports_of_events_are_told_and_not_read(name: str) -> None:
    assert the_forms().recognise((f"2026-03-01-{name}-town.csv",), ["timestamp", "srcip"], "x") is None


def test_only_the_report_that_says_so_says_that_a_door_is_open(tmp_path: Path) -> None:
    assert "telnet.banner" in fields(
        written(tmp_path, "2026-03-01-scan6_telnet-x.csv", "scan_telnet", banner="login:")
    )
    assert "telnet.banner" in fields(written(tmp_path, "march.csv", "scan_telnet", banner="login:"))
    for report in ("scan_imap", "scan_pop3", "scan_smtp", "scan_vnc", "scan_netbios", "scan_epmd"):
        told: list[Problem] = []
        cells = {"banner": "ready", "machine_name": "PC7", "mac_address": "00-50-56-00-00-70"}
        assert fields(written(tmp_path, f"2026-03-01-{report}-x.csv", report, **cells), told) == {}
        assert f"is a report {report}" in told[-1].what


def test_the_givers_own_word_on_a_device_is_read_of_any_report(tmp_path: Path) -> None:
    found = fields(
        written(tmp_path, "2026-03-01-scan_ipp-x.csv", "scan_ipp", device_vendor="Acme", device_model="P1")
    )
    assert found == {"feed.vendor": "Acme", "feed.model": "P1"}


def test_a_tie_is_refused_with_the_candidates_and_a_word_in_the_name_breaks_it(tmp_path: Path) -> None:
    with pytest.raises(
        EvidenceError, match=r"march\.csv: its columns are those of several reports: scan_imap, .*scan_pop3"
    ):
        fields(written(tmp_path, "march.csv", "scan_imap"))
    told: list[Problem] = []
    fields(written(tmp_path, "pop3-march.csv", "scan_pop3"), told)
    assert "is a report scan_pop3" in told[-1].what


def test_a_name_that_the_columns_belie_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        EvidenceError,
        match="is named scan_ftp, but has none of the columns that report has, those of scan_netbios",
    ):
        fields(written(tmp_path, "2026-03-01-scan_ftp-x.csv", "scan_netbios"))
    (tmp_path / "x.csv").write_text("timestamp,ip,port,one,two,three\n2026-03-01,192.0.2.1,80,a,b,c\n")
    with pytest.raises(EvidenceError, match="columns are those of no report that is known; the nearest are"):
        fields(tmp_path / "x.csv")
