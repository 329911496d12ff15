"""SSDP, the discovery half of UPnP: HTTP heads in datagrams. Source: UPnP Device Architecture 1.1 section 1."""

from dataclasses import replace

from auditor.wire import http

_CALLS = (b"NOTIFY", b"M-SEARCH")


def search(st: str) -> bytes:
    """Return a search for one target, as in `upnp:rootdevice`."""
    target = "".join(st.split())
    return (
        "M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\n"
        f'MAN: "ssdp:discover"\r\nMX: 1\r\nST: {target}\r\n\r\n'
    ).encode()


def parse(reply: bytes) -> http.Response | None:
    """Read an answer or an announcement; of an announcement the status is None and the reason its method."""
    first, _, rest = reply.partition(b"\n")
    method = first[:16].split(b" ")[0].upper()
    if method not in _CALLS:
        return http.parse(reply)
    read = http.parse(b"HTTP/1.1 200 \r\n" + rest)
    return replace(read, status=None, reason=method.decode()) if read else None
