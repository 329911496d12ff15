"""A town of devices as values: every case a report must show, and names that try to break it."""

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from auditor.model import (
    Certainty,
    Claim,
    Contradiction,
    Coverage,
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
    Reference,
    Run,
    Severity,
    Status,
    Transport,
    Verdict,
    Withheld,
    WorkOrder,
)
from auditor.reporting import Context, DataAge, Options, Words

START = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
MADE = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
HOSTILE = (
    "=cmd|' /C calc'!A0 <script>alert(1)</script>\"'><img src=x onerror=alert(2)>\x1b[2J\u202egpj.exe\x07"
)
SITES = ("town-hall", "school-north", "waterworks")

# maker, brand, kind, model, firmware, build date, serial
MODELS = (
    ("hikvision", "hikvision", "camera", "DS-2CD2385G1-I", "V5.6.2", "2019-07-01", "DS-2CD2385G1-I20190712AAWRD31415926"),
    ("hikvision", "hikvision", "nvr", "DS-7608NI-K2", "V4.30.096", "2021-03-22", "DS-7608NI-K20820210401CCRRF27182818"),
    ("hikvision", "lts", "camera", "CMIP8342W-S", "V5.4.5", "2017-01-18", "CMIP8342W-S20170302AAWRC16180339"),
    ("dahua", "dahua", "camera", "IPC-HDW2431T-AS-S2", "2.800.0000000.28.R", "2021-12-21", "7J0141DPAG27182"),
    ("dahua", "amcrest", "camera", "IP8M-T2599EW", "2.800.00AC000.0.R", "2020-04-09", "AMC0314159265358"),
    ("dahua", "dahua", "nvr", "NVR4216-16P-4KS2", "4.001.0000001.1", "2022-05-17", "6F0577215PAZ664"),
    ("huawei", "holowits", "camera", "HWT-X2221-I", "V200R001C00SPC100", "2023-06-30", "2102353618033988"),
    ("axis", "axis", "camera", "P3245-LVE", "10.12.221", "2023-11-02", "ACCC8E141421"),
)  # fmt: skip


def exchange(
    key: str, address: str, probe: str, protocol: Protocol, port: int, request: bytes, reply: bytes
) -> Exchange:
    transport = Transport.UDP if protocol is Protocol.SADP else Transport.TCP
    when = START + timedelta(minutes=int(address.rsplit(".", 1)[1]))
    status = Status.ANSWERED if reply else Status.SILENT
    return Exchange(
        key, probe, protocol, Endpoint(address, port, transport), request, reply, status, when, 0.042
    )


def http_reply(title: str) -> bytes:
    return (
        f"HTTP/1.1 200 OK\r\nServer: App-webs/\r\nContent-Length: {len(title) + 30}\r\n\r\n"
        f"<html><head><title>{title}</title></head></html>"
    ).encode()


def claims(values: dict[str, str], seen: tuple[Observation, ...], certainty: Certainty) -> tuple[Claim, ...]:
    return tuple(
        Claim(
            name,
            value,
            certainty,
            (Match(f"town.{name}", seen[0], ((name, value),), certainty, source="the fixture town"),),
        )
        for name, value in values.items()
    )


def advisory(device: str, seen: Claim, verdict: Verdict, number: int) -> Finding:
    settles = "the build date: read it with credentials" if verdict is not Verdict.AFFECTED else ""
    return Finding(
        device,
        FindingKind.ADVISORY,
        "CVE-2099-0001" if number == 0 else f"CVE-2099-1{number:03}",
        "Commands can be run without logging in" if number == 0 else "The web page can be made to crash",
        verdict,
        Severity.CRITICAL if number == 0 else Severity.MEDIUM,
        Priority.ACT_NOW if number == 0 else Priority.PLAN,
        "Attackers use this fault, and the service answers." if number == 0 else "No attack is known.",
        seen.certainty,
        f"{seen.value} is older than the first fixed build of 2021-06-28.",
        "Whoever reaches the device can take it over and look through it.",
        settles,
        "Install build 2021-06-28 or newer.",
        date(2022, 1, 10) if number == 0 else None,
        (
            Reference("Maker's notice", "https://example.org/notice"),
            Reference("No link", "javascript:alert(1)"),
        ),
        (("fixed_build", "2021-06-28"),),
        (seen,),
    )


def restriction(device: str, maker: Claim) -> Finding:
    sure = maker.certainty is not Certainty.TENTATIVE
    return Finding(
        device,
        FindingKind.RESTRICTION,
        "xx-law-7",
        "Example Procurement Act, section 7",
        Verdict.AFFECTED if sure else Verdict.POSSIBLY_AFFECTED,
        Severity.HIGH,
        Priority.PLAN,
        "May stay until replaced, may not be bought again.",
        maker.certainty,
        f"The maker {maker.value} is named in the act.",
        "Public bodies in Example may not buy these devices.",
        "" if sure else "who built the device: read the maker with credentials",
        references=(Reference("Gazette 7/2024", "https://example.org/gazette/7"),),
        facts=(("jurisdiction", "Example"), ("clause", "section 7(1)"), ("in force from", "2024-07-01")),
        because=(maker,),
    )


def telnet(device: str, seen: tuple[Observation, ...]) -> Finding:
    return Finding(
        device,
        FindingKind.EXPOSURE,
        "telnet-open",
        "Telnet answers",
        Verdict.AFFECTED,
        Severity.HIGH,
        Priority.THIS_WEEK,
        "Remote control without encryption is open to the network.",
        Certainty.CERTAIN,
        "A telnet greeting came from port 23.",
        "Passwords travel readable, and old devices are taken over this way every day.",
        remedy="Switch telnet off.",
        observations=seen,
    )


def town_device(place: int, *, findings: bool = True) -> Device:
    site = SITES[place % len(SITES)]
    address = f"192.0.2.{place + 10}"
    key = f"{site}/{address}"
    maker, brand, kind, model, firmware, built, serial = MODELS[place % len(MODELS)]
    name = HOSTILE if place == 5 else f"Camera at door {place}"
    serial = f"{serial[:-2]}{place:02}"
    mac = f"58:50:ed:00:10:{place:02x}"
    web = exchange(key, address, "http_root", Protocol.HTTP, 80, b"GET / HTTP/1.1\r\n\r\n", http_reply(name))
    sadp = exchange(
        key,
        address,
        "sadp",
        Protocol.SADP,
        37020,
        b"<Probe/>",
        f"<ProbeMatch><DeviceSN>{serial}</DeviceSN><MAC>{mac}</MAC></ProbeMatch>".encode(),
    )
    mute = exchange(key, address, "rtsp", Protocol.RTSP, 554, b"OPTIONS * RTSP/1.0\r\n\r\n", b"")
    raw = exchange(key, address, "sdk", Protocol.SDK, 8000, b"", bytes(range(64)))
    seen = (
        Observation("http.title", name, web),
        Observation("sadp.device_sn", serial, sadp),
        Observation("sadp.mac", mac, sadp),
        Observation("sadp.device_description", model, sadp),
    )
    certainty = Certainty.TENTATIVE if place % 7 == 6 else Certainty.CERTAIN if place % 2 else Certainty.FIRM
    values = {"maker": maker, "brand": brand, "kind": kind, "model": model, "serial": serial, "mac": mac}
    if place % 4:
        values |= {"firmware": firmware}
    if place % 4 > 1:
        values |= {"build_date": built}
    values["device_name"] = name
    held = claims(values, seen, certainty)
    disputes: tuple[Contradiction, ...] = ()
    if place == 8:
        against = Claim("model", "IPC-OTHER", Certainty.TENTATIVE, held[3].because)
        disputes = (Contradiction("model", held[3], against),)
    return Device(
        key,
        site,
        address,
        Identity(key, held, disputes),
        (address, "192.0.2.250") if place == 3 else (address,),
        (("tcp", 80), ("tcp", 554), ("udp", 37020)),
        START,
        START + timedelta(hours=1),
        "live",
        seen,
        (web, sadp, mute, raw),
        tuple(town_findings(place, key, held, seen)) if findings and maker != "axis" else (),
    )


def town_findings(
    place: int, key: str, held: tuple[Claim, ...], seen: tuple[Observation, ...]
) -> Iterator[Finding]:
    maker, model = held[0], held[3]
    yield restriction(key, maker)
    if place % 3 == 0:
        yield advisory(key, model, Verdict.AFFECTED if place % 2 else Verdict.POSSIBLY_AFFECTED, 0)
    for number in range(1, 4):
        verdict = (Verdict.NOT_AFFECTED, Verdict.NOT_ASSESSED, Verdict.POSSIBLY_AFFECTED)[
            (place + number) % 3
        ]
        yield advisory(key, model, verdict, number)
    if place % 5 == 0:
        yield telnet(key, seen[:1])


def unidentified(number: int) -> Device:
    address = f"192.0.2.{200 + number}"
    key = f"waterworks/{address}"
    web = exchange(
        key, address, "http_root", Protocol.HTTP, 80, b"GET / HTTP/1.1\r\n\r\n", http_reply("Login")
    )
    return Device(key, "waterworks", address, Identity(key), (address,), (("tcp", 80),), START, START, "live", (Observation("http.title", "Login", web),), (web,))  # fmt: skip


def outsider() -> Device:
    key = "town-hall/198.51.100.9"
    return Device(key, "town-hall", "198.51.100.9", Identity(key), ("198.51.100.9",), granted=False)


def devices(count: int = 40, *, findings: bool = True) -> tuple[Device, ...]:
    known = tuple(town_device(place, findings=findings) for place in range(count))
    return (*known, unidentified(1), unidentified(2), outsider())


def orders(found: tuple[Device, ...]) -> tuple[WorkOrder, ...]:
    made: list[WorkOrder] = []
    for site, (action, title, wanted, priority) in itertools.product(
        SITES,
        (
            ("update", "Install build 2021-06-28 or newer", "CVE-2099-0001", Priority.ACT_NOW),
            ("close-service", "Switch telnet off", "telnet-open", Priority.THIS_WEEK),
        ),
    ):
        hit = [d for d in found if d.site == site and any(f.id == wanted for f in d.findings)]
        if hit:
            made.append(
                WorkOrder(
                    f"W-{len(made) + 1:04}",
                    action,
                    f"{title} on {len(hit)} devices",
                    site,
                    tuple(d.key for d in hit),
                    priority,
                    "Attackers use this fault, and the service answers.",
                    "hours",
                    ("Save the configuration.", f"{title}.", "Restore the configuration, then check."),
                    "auditor scan --scope scope.toml " + " ".join(d.address for d in hit),
                    tuple(f"{d.key} {wanted}" for d in hit),
                    target="build 2021-06-28",
                    state="partly done" if site == "waterworks" else "open",
                    done=(hit[0].key,) if site == "waterworks" else (),
                )
            )
    return tuple(made)


def run(*, complete: bool = True) -> Run:
    return Run(
        "2026-11-20-a1b2",
        "0.1.0",
        "5c0be" * 12,
        "da7a0" * 12,
        START,
        START + timedelta(hours=3) if complete else None,
        complete,
        "TH-2026/118 <b>",
        "Town Council",
        "cert@example.org",
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2026, 12, 31, tzinfo=UTC),
        SITES,
        Coverage(1024, 960, 42, 902, (Withheld("excluded: heart of the waterworks control network", 16),), 1),
        "complete" if complete else "window closed",
        ("The waterworks were audited at night.",),
    )


def context(found: tuple[Device, ...], **options: object) -> Context:
    return Context(
        orders(found),
        Words(
            makers={"hikvision": "Hikvision", "dahua": "Dahua", "huawei": "Huawei", "axis": "Axis Communications"},
            brands={"hikvision": "Hikvision", "lts": "LTS", "dahua": "Dahua", "amcrest": "Amcrest", "holowits": "Holowits", "axis": "Axis"},
        ),
        (DataAge("Advisories", date(2026, 11, 1), 141), DataAge("Restrictions", date(2026, 10, 15), 29, "six jurisdictions")),
        options=Options(made=MADE, **options),  # type: ignore[arg-type]  # each test names the options it is about
    )  # fmt: skip
