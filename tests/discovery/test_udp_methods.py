"""Every UDP method asks its one question politely and judges what comes back."""

import asyncio
import re
import socket  # noqa: TID251 - the tests play the devices
import struct
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from auditor import net
from auditor.discovery import all_methods, dahua_5050, dhip, mdns, sadp, ssdp, ws_discovery
from auditor.model import Method, Protocol, Status, Transport
from auditor.net import Stop
from auditor.scope import AddressSet, Exclusion, interval

SHIFT = 25_013
SADP_REPLY = (
    '<?xml version="1.0" encoding="UTF-8"?>\r\n<ProbeMatch>\r\n<Uuid>{uuid}</Uuid>\r\n<Types>{types}</Types>\r\n'
    "<DeviceDescription>NC-2</DeviceDescription>\r\n<DeviceSN>NC-20190701AAWR000000001</DeviceSN>\r\n"
    "<MAC>58-50-ed-00-00-01</MAC>\r\n<SoftwareVersion>V5.6.2build 190701</SoftwareVersion>\r\n</ProbeMatch>"
)


def sadp_answers(payload: bytes) -> list[bytes]:
    uuid = re.search(rb"<Uuid>(.*?)</Uuid>", payload)
    types = re.search(rb"<Types>(.*?)</Types>", payload)
    assert uuid
    assert types
    return [SADP_REPLY.format(uuid=uuid[1].decode(), types=types[1].decode()).encode()]


def dhip_answer(mac: str = "4c:11:bf:00:00:01") -> bytes:
    body = (
        f'{{"mac":"{mac}","method":"client.notifyDevInfo","params":{{"deviceInfo":'
        '{"DeviceClass":"IPC","SerialNo":"1F00000PAX00001","Version":"2.400.0.8"}}}\n'
    ).encode()
    return struct.pack("<I4sIIIIII", 32, b"DHIP", 0, 0, len(body), 0, len(body), 0) + body


def wsd_answer(payload: bytes) -> list[bytes]:
    asked = re.search(rb"MessageID>(.*?)<", payload)
    assert asked
    return [
        b'<?xml version="1.0"?><e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" '
        b'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">'
        b"<e:Header><a:RelatesTo>"
        + asked[1]
        + b"</a:RelatesTo></e:Header><e:Body><d:ProbeMatches><d:ProbeMatch>"
        b"<a:EndpointReference><a:Address>urn:uuid:00000000-0000-11b3-0000-5850ed000001</a:Address></a:EndpointReference>"
        b"<d:Types>tds:Device</d:Types><d:XAddrs>http://192.0.2.9/onvif/device_service</d:XAddrs>"
        b"</d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>"
    ]


def old_answer(_: bytes) -> list[bytes]:
    head = bytearray(0x78)
    head[0] = 0xB3
    mac = b"4c:11:bf:00:00:02IPC-OLD"
    head[2] = len(mac)
    head[0x28:0x2B] = b"IPC"
    return [bytes(head) + mac]


def ssdp_answer(_: bytes) -> list[bytes]:
    return [b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\nSERVER: Linux UPnP/1.0\r\n\r\n"]


def mdns_answer(_: bytes) -> list[bytes]:
    name = b"\x05_http\x04_tcp\x05local\x00"
    data = b"\x06Cam-01\xc0\x0c"
    return [
        struct.pack("!6H", 0, 0x8400, 0, 1, 0, 0) + name + struct.pack("!HHIH", 12, 1, 10, len(data)) + data
    ]


CASES = [
    (sadp, 37020, sadp_answers, Protocol.SADP, "58-50-ed-00-00-01"),
    (dhip, 37810, lambda _: [dhip_answer()], Protocol.DHIP, "4c:11:bf:00:00:01"),
    (dahua_5050, 5050, old_answer, Protocol.DAHUA_5050, "4c:11:bf:00:00:02"),
    (ws_discovery, 3702, wsd_answer, Protocol.WSD, None),
    (ssdp, 1900, ssdp_answer, Protocol.SSDP, None),
    (mdns, 5353, mdns_answer, Protocol.MDNS, None),
]


def hurried(monkeypatch: pytest.MonkeyPatch, method: ModuleType) -> None:
    """Shorten the waits of a question; all else is as in the product."""
    inquire = net.inquire
    monkeypatch.setattr(method, "inquire", lambda field, one: inquire(field, replace(one, gap=0.1, wait=0.4)))


@pytest.mark.parametrize(("method", "port", "answers", "protocol", "mac"), CASES)
def test_a_device_that_answers_is_sighted_with_the_bytes(
    monkeypatch: pytest.MonkeyPatch,
    scope: Any,
    make_field: Any,
    devices: Any,
    collect: Any,
    method: ModuleType,
    port: int,
    answers: Any,
    protocol: Protocol,
    mac: str | None,
) -> None:
    hurried(monkeypatch, method)

    async def main() -> tuple[Any, Any]:
        with devices() as town:
            town.add("127.80.0.5", port + SHIFT, answers)
            return await collect(method.discover(make_field(scope("127.80.0.4-127.80.0.7")))), town.heard

    sightings, heard = asyncio.run(main())
    assert {(one.address, one.method, one.granted, one.mac) for one in sightings} == {
        ("127.80.0.5", method.METHOD.value, True, mac)
    }
    requests = [payload for _, payload in heard]
    for one in sightings:
        assert one.exchange.protocol is method.PROTOCOL is protocol
        assert one.exchange.status is Status.ANSWERED
        assert (one.exchange.endpoint.port, one.exchange.endpoint.transport) == (port, Transport.UDP)
        assert one.exchange.request in requests
        assert one.exchange.reply in [reply for request in requests for reply in answers(request)]
    assert len(requests) == len(set(requests)), "nobody is asked the same thing twice"


def ask_sadp(
    monkeypatch: pytest.MonkeyPatch,
    scope: Any,
    make_field: Any,
    devices: Any,
    collect: Any,
    build: Any,
    **options: Any,
) -> tuple[Any, Any, Any]:
    hurried(monkeypatch, sadp)

    async def main() -> tuple[Any, Any, Any]:
        with devices() as town:
            build(town)
            field = make_field(options.pop("scope", None) or scope("127.80.0.0/29", **options))
            return await collect(sadp.discover(field)), town.heard, field

    return asyncio.run(main())


@pytest.fixture
def sadp_run(monkeypatch: Any, scope: Any, make_field: Any, devices: Any, collect: Any) -> Any:
    return lambda build, **options: ask_sadp(
        monkeypatch, scope, make_field, devices, collect, build, **options
    )


def test_both_inquiries_are_sent_and_each_answer_names_the_one_it_echoes(sadp_run: Any) -> None:
    sightings, _, _ = sadp_run(lambda town: town.add("127.80.0.5", 37020 + SHIFT, sadp_answers))
    kinds = [
        re.findall(rb"<Types>(.*?)</Types>", one.exchange.request + one.exchange.reply) for one in sightings
    ]
    assert kinds == [[b"inquiry", b"inquiry"], [b"inquiry_v32", b"inquiry_v32"]]


def test_an_answer_from_another_granted_address_is_filed_there(sadp_run: Any) -> None:
    sightings, _, _ = sadp_run(
        lambda town: town.add("127.80.0.5", 37020 + SHIFT, sadp_answers, answer_from="127.80.0.6")
    )
    assert {(one.address, one.granted, one.exchange.device) for one in sightings} == {
        ("127.80.0.6", True, "loopback/127.80.0.6")
    }


def test_an_answer_from_outside_the_scope_is_recorded_and_its_address_never_asked(sadp_run: Any) -> None:
    def build(town: Any) -> None:
        town.add("127.80.0.5", 37020 + SHIFT, sadp_answers, answer_from="127.99.0.1")
        town.add("127.99.0.1", 37020 + SHIFT, sadp_answers)

    sightings, heard, _ = sadp_run(build)
    assert {(one.address, one.granted) for one in sightings} == {("127.99.0.1", False)}
    assert "not contacted" in sightings[0].exchange.detail
    assert {address for address, _ in heard} == {"127.80.0.5"}


def test_a_device_excluded_by_its_mac_is_left_alone_once_it_says_who_it_is(sadp_run: Any) -> None:
    taken_out = Exclusion("dialysis ward", AddressSet(), mac="58:50:ed:00:00:01")
    sightings, _, _ = sadp_run(
        lambda town: town.add("127.80.0.5", 37020 + SHIFT, sadp_answers), exclusions=(taken_out,)
    )
    assert {one.granted for one in sightings} == {False}
    assert "dialysis ward" in sightings[0].exchange.detail


def test_an_excluded_address_is_never_asked(sadp_run: Any) -> None:
    taken_out = Exclusion("fragile", AddressSet((interval("127.80.0.5"),)))
    sightings, heard, _ = sadp_run(
        lambda town: town.add("127.80.0.5", 37020 + SHIFT, sadp_answers), exclusions=(taken_out,)
    )
    assert (sightings, heard) == ([], [])


def test_repetitions_are_dropped_and_floods_are_capped(sadp_run: Any) -> None:
    def flood(payload: bytes) -> list[bytes]:
        return [sadp_answers(payload)[0] + b"<!--%d-->" % number for number in range(100) for _ in range(2)]

    sightings, _, _ = sadp_run(lambda town: town.add("127.80.0.5", 37020 + SHIFT, flood))
    replies = [one.exchange.reply for one in sightings]
    assert len(replies) == len(set(replies)) == 16


def test_noise_is_garbled_not_an_answer_and_our_own_words_back_are_nothing(sadp_run: Any) -> None:
    def build(town: Any) -> None:
        town.add("127.80.0.3", 37020 + SHIFT, lambda payload: [payload])
        town.add("127.80.0.5", 37020 + SHIFT, lambda _: [b"\x00\xff what?"])

    sightings, _, _ = sadp_run(build)
    assert [(one.address, one.exchange.status) for one in sightings] == [("127.80.0.5", Status.GARBLED)]


def test_silence_gives_no_sighting(sadp_run: Any) -> None:
    sightings, heard, field = sadp_run(lambda town: town.add("127.80.0.5", 37020 + SHIFT, lambda _: []))
    assert sightings == []
    assert len(heard) == 2
    assert field.withheld() == ()


def test_a_method_the_scope_does_not_name_sends_nothing(sadp_run: Any) -> None:
    sightings, heard, field = sadp_run(
        lambda town: town.add("127.80.0.5", 37020 + SHIFT, sadp_answers), methods=frozenset({Method.HTTP})
    )
    assert (sightings, heard) == ([], [])
    assert [(one.reason, one.addresses) for one in field.withheld()] == [("the scope does not allow sadp", 8)]


def test_who_answers_the_group_is_not_asked_again_by_address(sadp_run: Any) -> None:
    sightings, heard, field = sadp_run(
        lambda town: town.add("127.80.0.5", 37020 + SHIFT, sadp_answers, group="239.255.255.250"),
        multicast=True,
    )
    assert {one.address for one in sightings} == {"127.80.0.5"}
    assert len(heard) == 2
    assert field.notes == []


def test_an_answer_sent_to_the_group_is_heard(sadp_run: Any) -> None:
    def build(town: Any) -> None:
        mouth = town.socket("127.80.0.6", 0)
        mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))

        def remulticast(payload: bytes) -> list[bytes]:
            mouth.sendto(sadp_answers(payload)[0], ("239.255.255.250", 37020 + SHIFT))
            return []

        town.add("127.80.0.6", 37020 + SHIFT, remulticast)

    sightings, _, _ = sadp_run(build, multicast=True)
    assert {(one.address, one.exchange.status) for one in sightings} == {("127.80.0.6", Status.ANSWERED)}


def test_the_second_type_is_tried_only_with_those_who_kept_silent(
    monkeypatch: pytest.MonkeyPatch, scope: Any, make_field: Any, devices: Any, collect: Any
) -> None:
    hurried(monkeypatch, ws_discovery)

    async def main() -> tuple[Any, Any]:
        with devices() as town:
            town.add("127.80.0.5", 3702 + SHIFT, wsd_answer)
            picky = town.add
            picky(
                "127.80.0.6", 3702 + SHIFT, lambda asked: wsd_answer(asked) if b"tds:Device" in asked else []
            )
            return await collect(
                ws_discovery.discover(make_field(scope("127.80.0.4-127.80.0.7")))
            ), town.heard

    sightings, heard = asyncio.run(main())
    assert sorted(one.address for one in sightings) == ["127.80.0.5", "127.80.0.6"]
    assert sorted(address for address, _ in heard) == ["127.80.0.5", "127.80.0.6", "127.80.0.6"]


def test_a_stop_ends_the_asking_within_two_seconds(scope: Any, make_field: Any, collect: Any) -> None:
    async def main() -> float:
        stop = Stop()
        loop = asyncio.get_running_loop()
        running = asyncio.create_task(collect(sadp.discover(make_field(scope("127.80.0.0/16"), stop=stop))))
        await asyncio.sleep(0.3)
        began = loop.time()
        stop.set()
        await running
        return loop.time() - began

    assert asyncio.run(main()) < 2


def test_only_inquiries_are_ever_sent_by_discovery() -> None:
    questions = [
        sadp.question("A", "B"),
        dhip.question(),
        dahua_5050.question(),
        ws_discovery.question(("urn:uuid:1", "urn:uuid:2")),
        ssdp.question(),
        mdns.question(),
    ]
    assert {question.method for question in questions} | {Method.ARP, Method.TCP_SWEEP} == {
        one.METHOD for one in all_methods()
    }
    verbs = [
        *(re.findall(rb"<Types>(\w+)</Types>", request)[0] for request in questions[0].requests),
        *(re.findall(rb'"method" : "([\w.]+)"', questions[1].requests[0])),
        questions[2].requests[0][:2],
        *(re.findall(rb"<d:(Probe)>", request)[0] for request in questions[3].requests),
        *(request.split()[0] for request in questions[4].requests),
    ]
    assert verbs == [
        b"inquiry",
        b"inquiry_v32",
        b"DHDiscover.search",
        b"\xa3\x01",
        b"Probe",
        b"Probe",
        b"M-SEARCH",
        b"M-SEARCH",
    ]
    assert questions[5].requests[0][2:4] == b"\x00\x00", "a standard query"


def test_every_method_is_a_file_of_its_own() -> None:
    folder = Path(sadp.__file__).parent
    assert len(all_methods()) == len([path for path in folder.glob("*.py") if not path.name.startswith("_")])
