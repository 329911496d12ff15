"""What is concluded from devices' words, as a target for the fuzzer: any observations, to an identity and its findings."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache

from auditor.fingerprint import vocabulary
from auditor.knowledge import Policy, assess, chosen_policy
from auditor.model import Device, Endpoint, Exchange, Protocol, Status
from auditor.probes import read
from auditor.run.again import known_from
from tests.fuzz.target import Target

_AT = datetime(2026, 11, 1, tzinfo=UTC)
_TODAY = date(2026, 11, 22)
_LINES = (
    b"isapi.model=DS-2CD2032F-I\nisapi.firmware_version=V5.4.0\nisapi.firmware_released=build 170123\nisapi.mac=c4:2f:90:17:a3:63",
    b"sadp.device_sn=DS-2CD2032F-I20150302CCWR498117063\nsadp.software_version=V5.4.0build 170123\nsadp.mac=c4-2f-90-17-a3-63\nsadp.activated=true",
    b"http.server=App-webs/\nhttp.title=index\nhttp.realm=DS-2CD2032F-I\nrtsp.realm=IP Camera(C1214)\ntls.subject=CN=IPC, O=Hikvision",
    b"dhip.DeviceType=IPC-HDW2431T\ndhip.Version=2.800.0000000.28.R,build:2021-12-21\ndhip.SerialNo=7J0141DPAG27182\ndhip.Vendor=Dahua",
    b"snmp.sysObjectID=1.3.6.1.4.1.39165.1\nsnmp.sysDescr=Huawei VRP V200R019C10SPC500\ntelnet.banner=login:\nupnp.manufacturer=HIKVISION",
    b"onvif.Manufacturer=HIKVISION\nonvif.Model=DS-2DE\nonvif.FirmwareVersion=V5.6.2 build 190701\nonvif.SerialNumber=DS-2DE20190712AAWRD31415926",
)  # fmt: skip


def targets() -> Iterator[Target]:
    """Yield the target."""
    yield Target("auditor.knowledge.assess", _judged, _seeds)


@cache
def _fields() -> tuple[str, ...]:
    return tuple(sorted(name for name in vocabulary().known("fields") if "*" not in name))


def _seeds() -> tuple[bytes, ...]:
    """Return devices as people know them, and every field there is with the same few words."""
    known = _fields()
    rows = (known[at : at + 12] for at in range(0, len(known), 12))
    said = (
        "V5.4.0 build 170123",
        "DS-2CD2032F-I",
        "c4:2f:90:17:a3:63",
        "Dahua",
        "2.800.0000000.28.R",
        "V200R001C00SPC100",
    )
    return (
        *_LINES,
        *("\n".join(f"{name}={said[at % len(said)]}" for at, name in enumerate(row)).encode() for row in rows),
    )  # fmt: skip


@cache
def _policy() -> Policy:
    return chosen_policy("us-federal")


def _judged(data: bytes) -> None:
    """Read each line as a field and what it shows; whatever is concluded, every finding has its evidence."""
    pairs = tuple(
        (name, value)
        for name, mark, value in (line.partition("=") for line in data.decode("utf-8", "replace").split("\n")[:24])
        if name and mark
    )  # fmt: skip
    place = Endpoint("192.0.2.7", 80)
    exchange = Exchange(
        "hall/192.0.2.7", "transcript", Protocol.OBSERVED, place, b"", b"", Status.ANSWERED, _AT, observed=pairs
    )  # fmt: skip
    tuple(read(exchange))
    known = known_from(exchange.device, (exchange,))
    device = Device(
        exchange.device, "hall", "192.0.2.7", known.identity, ("192.0.2.7",), (("tcp", 80),), _AT, _AT, "live",
        known.observations, (exchange,),
    )  # fmt: skip
    for finding in assess(device, policy=_policy(), today=_TODAY):
        if not (finding.reason and finding.title):
            raise AssertionError(finding)
