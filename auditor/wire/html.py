"""Three things a page says about its device: its title, its scripts, and where it sends the browser."""

import html
import re

MAX_TITLE = 512
"""Characters read of a title."""
MAX_SCRIPTS = 128
"""Script addresses kept of one page."""

# No pattern runs past the next `<`, so that reading stays linear on a page made of unfinished tags.
_TITLE = re.compile(r"<title(?:\s[^<>]*+)?>([^<]*+)", re.IGNORECASE)
_SCRIPT = re.compile(r"<script\s([^<>]*+)>?", re.IGNORECASE)
_SOURCE = re.compile(
    r"(?<![^\s\"'])src\s{0,8}=\s{0,8}(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))", re.IGNORECASE
)
_META = re.compile(r"<meta\s([^<>]*+)>?", re.IGNORECASE)
_REFRESH = re.compile(
    r"content\s{0,8}=\s{0,8}[\"']?[\d.]{0,8}\s{0,8}[;,]\s{0,8}url\s{0,8}=\s{0,8}[\"']?([^\"'\s>]{1,512})",
    re.IGNORECASE,
)
_ASSIGNED = re.compile(
    r"\blocation(?:\.href)?\s{0,8}=\s{0,8}[\"']([^\"'\s]{1,512})|\blocation\.(?:replace|assign)\(\s{0,8}[\"']([^\"'\s]{1,512})"
)


def title(text: str) -> str | None:
    """Return the title with blanks joined, empty where the page has an empty one, None where it has none."""
    found = _TITLE.search(text)
    return " ".join(html.unescape(found.group(1)[:MAX_TITLE]).split()) if found else None


def scripts(text: str) -> tuple[str, ...]:
    """Return the addresses of the scripts a page loads, in order."""
    found: list[str] = []
    for tag in _SCRIPT.finditer(text):
        source = _SOURCE.search(tag.group(1))
        if source:
            found.append(next(group for group in source.groups() if group is not None).strip())
        if len(found) == MAX_SCRIPTS:
            break
    return tuple(found)


def redirect(text: str) -> str | None:
    """Return where a page sends the browser by itself: a refresh, or a script that sets the location; else None."""
    for tag in _META.finditer(text):
        found = _REFRESH.search(tag.group(1))
        if found:
            return html.unescape(found.group(1))
    found = _ASSIGNED.search(text)
    return (found.group(1) or found.group(2)) if found else None
