"""Somebody who looks after cameras, and no auditor: search tools, a browser, a player with the account it was given.

Runs at a station of the lab town: `python a_viewer.py heard.json ADDRESS…`. What devices announced in answer to the
search tools is written down by address, so that a test need not ask the code under test what there was to be heard.
"""

import base64
import contextlib
import hashlib
import http.client
import json
import re
import socket  # noqa: TID251  a viewer has sockets; it is run by itself in a namespace
import ssl
import struct
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import ifaddr  # type: ignore[import-not-found,import-untyped,unused-ignore]  # comes with WSDiscovery
from ssdpy import SSDPClient  # type: ignore[import-not-found,import-untyped,unused-ignore]  # installed by the test
from wsdiscovery.discovery import (  # type: ignore[import-not-found,import-untyped,unused-ignore]  # the same
    ThreadedWSDiscovery,
)

USER, PASSWORD = "lab-operator", "only-in-the-lab-7"
SADP = b'<?xml version="1.0" encoding="utf-8"?><Probe><Uuid>7C1F0A52-3D11-4E5B-9B1D-0A4D01003C01</Uuid><Types>inquiry</Types></Probe>'
WORDS = b'{"method":"DHDiscover.search","params":{"mac":"","uni":1}}\n'
DHIP = struct.pack("<I4s8sIIII", 0x20, b"DHIP", b"\0" * 8, len(WORDS), 0, len(WORDS), 0) + WORDS
SEARCHES = (("239.255.255.250", 37020, SADP), ("239.255.255.251", 37810, DHIP))
LINK = re.compile(
    r"""<(?:script|link|img|frame|iframe)\b[^>]*?\b(?:src|href)\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE
)
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0", "Accept": "*/*"}
UNCHECKED = ssl.create_default_context()
UNCHECKED.check_hostname = False
UNCHECKED.verify_mode = ssl.CERT_NONE
UNCHECKED.maximum_version = ssl.TLSVersion.TLSv1_2


def search(own: str, group: str, port: int, question: bytes, heard: dict[str, list[str]]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tool:
        tool.bind((own, 0))
        tool.settimeout(2)
        tool.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(own))
        tool.sendto(question, (group, port))
        with contextlib.suppress(TimeoutError):
            while True:
                said, whom = tool.recvfrom(65535)
                heard[whom[0]].append(said.decode("utf-8", "replace"))


def load(address: str, port: int, *, tls: bool) -> None:
    """Load a page as a browser does: redirects, then what the page is made of, then its icon."""
    kind = "https" if tls else "http"
    here, loaded, waiting = f"{kind}://{address}/", set[str](), [f"{kind}://{address}/"]
    while waiting and len(loaded) < 10:
        url = waiting.pop(0)
        if url in loaded or urlsplit(url).hostname != address:
            continue
        loaded.add(url)
        line = (
            http.client.HTTPSConnection(address, port, timeout=4, context=UNCHECKED)
            if tls
            else http.client.HTTPConnection(address, port, timeout=4)
        )
        try:
            line.request("GET", urlsplit(url).path or "/", headers=BROWSER)
            reply = line.getresponse()
            body = reply.read(200_000).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException):
            return
        finally:
            line.close()
        if there := reply.getheader("Location"):
            waiting.append(urljoin(url, there))
        elif url == here or url.endswith((".asp", ".htm", ".html", ".cgi")):
            waiting += [urljoin(url, one) for one in LINK.findall(body)] + [urljoin(url, "/favicon.ico")]


def authorization(challenges: str, method: str, url: str) -> str | None:
    """Log in as a player does: by digest where it is offered, else by basic; None where neither is."""
    if "digest" not in challenges.lower():
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        return f"Basic {pair}" if "basic" in challenges.lower() else None
    said = dict(re.findall(r'(realm|nonce)="([^"]*)"', challenges))

    def digest(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    first, second = digest(f"{USER}:{said['realm']}:{PASSWORD}"), digest(f"{method}:{url}")
    proof = digest(f"{first}:{said['nonce']}:{second}")
    shown = f'username="{USER}", realm="{said["realm"]}", nonce="{said["nonce"]}"'
    return f'Digest {shown}, uri="{url}", response="{proof}"'


def play(address: str, port: int) -> None:
    """OPTIONS, DESCRIBE, the refusal, DESCRIBE with the account, SETUP, PLAY, TEARDOWN: as any player."""
    url, proof, number = f"rtsp://{address}:{port}/", "", 0
    with contextlib.suppress(OSError), socket.create_connection((address, port), 2) as line:
        line.settimeout(2)
        for method in ("OPTIONS", "DESCRIBE", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"):
            number += 1
            extra = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n" if method == "SETUP" else ""
            login = (
                f"Authorization: {shown}\r\n"
                if proof and (shown := authorization(proof, method, url))
                else ""
            )
            line.sendall(
                f"{method} {url} RTSP/1.0\r\nCSeq: {number}\r\nUser-Agent: LibVLC/3.0.20\r\n{login}{extra}\r\n".encode()
            )
            said = line.recv(65536).decode("latin-1")
            if not said:
                return
            if " 401 " in said.partition("\n")[0]:
                proof = "\n".join(re.findall(r"(?im)^www-authenticate:(.*)$", said))


def look_at(address: str) -> None:
    for port, tls in ((80, False), (443, True)):
        with contextlib.suppress(OSError):
            socket.create_connection((address, port), 1).close()
            load(address, port, tls=tls)
    play(address, 554)


def main() -> None:
    heard: dict[str, list[str]] = defaultdict(list)
    for adapter in ifaddr.get_adapters():
        for own in (one.ip for one in adapter.ips if one.is_IPv4 and adapter.name != "lo"):
            for group, port, question in SEARCHES:
                search(str(own), group, port, question, heard)
            SSDPClient(iface=adapter.name.encode(), address=str(own), timeout=2).m_search()
    tool = ThreadedWSDiscovery()
    tool.start()
    tool.searchServices(timeout=3)
    tool.stop()
    Path(sys.argv[1]).write_text(json.dumps(heard), encoding="utf-8")
    lookers = [threading.Thread(target=look_at, args=(address,), daemon=True) for address in sys.argv[2:]]
    for one in lookers:
        one.start()
    patience = time.monotonic() + 45  # one device drips its answer for ever; nobody waits for that
    for one in lookers:
        one.join(max(0.0, patience - time.monotonic()))


main()
