"""What `devices` says at the end of its list."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.cli import run
from auditor.model import Endpoint, Exchange, Protocol, Status
from auditor.store import Access, Store
from tests.run.pictured import Hearing, scanned


def told(number: int, field: str, value: str) -> Exchange:
    address = f"127.125.9.{number}"
    return Exchange(
        device=f"hall/{address}", probe="test", protocol=Protocol.OBSERVED, endpoint=Endpoint(address, 80), request=b"",
        reply=b"", status=Status.ANSWERED, at=datetime(2026, 9, 2, tzinfo=UTC), observed=((field, value),),
    )  # fmt: skip


def test_a_maker_that_is_only_supposed_is_not_counted_as_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heard = (
        told(1, "http.server", "App-webs/"),
        told(2, "rtsp.realm", "Embedded Net DVR"),
        told(3, "http.server", "nginx"),
    )
    with Store.open(tmp_path / "a.sqlite", Access.CREATE) as store:
        scanned(store, Hearing("first", 1, heard))
    assert run(["devices", "--db", str(tmp_path / "a.sqlite")]) == 0
    assert "3 devices, 1 of them with a known maker, 1 with one only supposed (?)" in capsys.readouterr().err
