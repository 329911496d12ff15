"""The greeting of servers that speak first, such as SSH and FTP. Source: RFC 4253 section 4.2, RFC 959 section 5.4."""

from auditor.wire import charset

MAX_LINES = 6
MAX_CHARACTERS = 1024


def is_line(reply: bytes) -> bool:
    """Tell whether a whole line has come."""
    return b"\n" in reply


def first_lines(reply: bytes) -> str:
    """Return the first lines as text, joined by line feeds, without NULs and trailing blanks."""
    head = reply[: MAX_CHARACTERS * 4].replace(b"\x00", b"")
    lines = [line.rstrip() for line in charset.decode(head).splitlines()]
    told = [line for line in lines if line][:MAX_LINES]
    return "\n".join(told)[:MAX_CHARACTERS]
