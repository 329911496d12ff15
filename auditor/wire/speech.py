"""Which protocol a server's first words are in, whatever it was asked in. Sources: RFC 9112, 2326, 4253, 959, 854, 8446."""

import re

from auditor.model import Protocol

_LEADING = b"\r\n\t \x00\xef\xbb\xbf"
_LOOKED_AT = 4096
_NAMED = (
    (b"RTSP/", Protocol.RTSP),
    (b"HTTP/", Protocol.HTTP),
    (b"SSH-", Protocol.SSH),
)
_FTP = re.compile(rb"220[ -][^\r\n]{0,200}ftp", re.IGNORECASE)
_PAGE = re.compile(rb"<(?:!doctype\s+html|html|head|title)\b", re.IGNORECASE)
_TELNET = re.compile(rb"\xff[\xfb-\xfe]")
_WANTS_TLS = re.compile(rb"HTTP/\d\.\d\s+4\d\d\b.{0,3000}?\b(?:https|ssl|tls)\b", re.IGNORECASE | re.DOTALL)
"""The refusal of a web server that was spoken to without TLS: nginx, Apache and Go say so in words."""
_ALERT, _HANDSHAKE = 0x15, 0x16


def spoken(reply: bytes) -> Protocol | None:
    """Return the protocol of what a server said over a plain connection; None where the words are nobody's.

    A server that wants TLS is recognised by its alert, or by its refusal in words, and called TLS.
    """
    said = reply[:_LOOKED_AT]
    if is_tls_record(said) or _WANTS_TLS.match(said):
        return Protocol.TLS
    if _TELNET.match(said):
        return Protocol.TELNET
    text = said.lstrip(_LEADING)
    found = next((protocol for mark, protocol in _NAMED if text[: len(mark)].upper() == mark), None)
    if found is None and _FTP.match(text):
        return Protocol.FTP
    if found is None and _PAGE.match(text):
        return Protocol.HTTP
    return found


def is_tls_record(start: bytes) -> bool:
    """Tell whether bytes begin as a TLS handshake or alert record does."""
    return len(start) > 1 and start[0] in {_ALERT, _HANDSHAKE} and start[1] == 0x03
