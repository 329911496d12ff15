"""What a telnet server says on connection, and the options it opens with. Source: RFC 854."""

from auditor.wire import charset

_IAC = 0xFF
_SUBNEGOTIATION = 0xFA
_END = 0xF0
_VERBS = {0xFB: "WILL", 0xFC: "WONT", 0xFD: "DO", 0xFE: "DONT"}
_MAX_OPTIONS = 64


def text(reply: bytes) -> str:
    """Return what a person would see, without the negotiation and without NULs."""
    return _split(reply)[0]


def negotiation(reply: bytes) -> str:
    """Return the options in order, as in `WILL 1,WILL 3`; empty when there are none."""
    return _split(reply)[1]


def _split(reply: bytes) -> tuple[str, str]:
    data = _bytes_of_text(reply)
    shown, at = bytearray(), 0
    options: list[str] = []
    while at < len(data):
        command = data.find(_IAC, at)
        if command < 0:
            shown += data[at:]
            break
        shown += data[at:command]
        verb = data[command + 1] if command + 1 < len(data) else 0
        if verb in _VERBS:
            if command + 2 < len(data) and len(options) < _MAX_OPTIONS:
                options.append(f"{_VERBS[verb]} {data[command + 2]}")
            at = command + 3
        elif verb == _SUBNEGOTIATION:
            end = data.find(bytes((_IAC, _END)), command + 2)
            at = len(data) if end < 0 else end + 2
        else:
            if verb == _IAC:
                shown.append(_IAC)
            at = command + 2
    return charset.decode(bytes(shown.replace(b"\x00", b""))).strip(), ",".join(options)


def _bytes_of_text(reply: bytes) -> bytes:
    """Undo a recorder that wrote the raw bytes down as text, one character a byte."""
    if b"\xc3\xbf\xc3" not in reply:
        return reply
    try:
        return reply.decode("utf-8").encode("latin-1")
    except UnicodeError:
        return reply
