"""Claim values in the form the program compares and prints, whatever spelling a device used."""

import re
from collections.abc import Callable
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# As in `build 170123(V1.2.3)`; as in `V5.6.2 build 190701 3 2`, `5.5.800_build210628`, `V5.4.5B170123`, `V5.7.3_220112`.
_BUILD_BEFORE = re.compile(r"(?i)build[\s:_]{0,4}\d{6,8}\s{0,4}\(\s{0,4}(v?\d[\w.]{0,40})\s{0,4}\)")
_DAY = r"(?:(?:19|20)?[0-4]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|\d{4}[-/]\d{1,2}[-/]\d{1,2})(?!\d)"
_BUILD_BEHIND = re.compile(
    rf"(?i)[\s,;_(-]{{0,4}}\bbuild(?:\s?date)?(?:[\s:_]{{0,4}}{_DAY}.*)?$"
    rf"|(?<=\d)[_-]?build[\s_:]?{_DAY}.*$|(?<=\d)build$|(?<=\d)B{_DAY}$|(?<=[\dRT])[_ ]{_DAY}(?:_build)?$"
    r"|(?<=\d)\s{1,4}web\s?:\s?v?\d.*$"
)
_IN_WORDS = re.compile(r"(?i)(?:firmware|software)(?:[ _]?ver(?:sion)?)?[\s:_]{1,4}(?=v?\d)")
_NOTHING = frozenset({"", "n/a", "na", "none", "null", "unknown", "undefined", "-", "0", "(null)"})
_YES = frozenset({"true", "yes", "1", "on"})
_NO = frozenset({"false", "flase", "no", "0", "off"})  # `flase` is what real devices send


def day(text: str) -> str | None:
    """Return a date as YYYY-MM-DD from YYMMDD, YYYYMMDD, YYYY-M-D or `Mon D YYYY`; None when it is no date."""
    text = text.strip()
    if re.fullmatch(r"\d{6}", text):
        return _date(2000 + int(text[:2]), int(text[2:4]), int(text[4:6]))
    if re.fullmatch(r"\d{8}", text):
        return _date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    if numbers := re.match(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", text):
        return _date(*(int(number) for number in numbers.groups()))
    if words := re.match(r"([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{4})(?!\d)", text):
        month = words[1].lower()
        return _date(int(words[3]), _MONTHS.index(month) + 1, int(words[2])) if month in _MONTHS else None
    return None


def _date(year: int, month: int, number: int) -> str | None:
    try:
        found = date(year, month, number)
    except ValueError:
        return None
    return found.isoformat() if 1999 <= year <= 2049 else None


def mac(text: str) -> str | None:
    """Return a MAC as lower-case pairs with colons; None for what is no address of a device."""
    digits = re.sub(r"[^0-9a-f]", "", text.lower().removeprefix("0x"))
    if len(digits) != 12 or digits in {"0" * 12, "f" * 12}:
        return None
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def words(text: str) -> str | None:
    """Return a label with single blanks and no edges; None when the device says nothing by it."""
    label = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:96]
    return None if label.lower() in _NOTHING else label


def _firmware(text: str) -> str | None:
    """Return a version without the build some devices write in front of it or behind it; that is a claim of its own."""
    label = words(text) or ""
    in_brackets = _BUILD_BEFORE.fullmatch(label)
    version = _BUILD_BEHIND.sub("", in_brackets.group(1) if in_brackets else label) or label
    kept = words(_IN_WORDS.sub("", version, count=1).rstrip(",;. "))
    return kept if kept and any(sign.isdigit() for sign in kept) else None


def _slug(text: str) -> str | None:
    label = words(text)
    return label.lower() if label else None


def _flag(yes: str, no: str) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        said = text.strip().lower()
        return yes if said in _YES else no if said in _NO else None

    return read


_FORMS: dict[str, Callable[[str], str | None]] = {
    "maker": _slug,
    "brand": _slug,
    "kind": _slug,
    "mac": mac,
    "firmware": _firmware,
    "web_version": _firmware,
    "build_date": day,
    "web_build_date": day,
    "production_date": day,
    "firmware_floor": day,
    "activated": _flag("yes", "no"),
    "oem": _flag("yes", "no"),
    "cloud_link": _flag("on", "off"),
}


def normalised(claim: str, text: str) -> str | None:
    """Return a claim's value in its one form, or None when the text holds no such value."""
    return _FORMS.get(claim, words)(text)


def same(claim: str, one: str, other: str) -> bool:
    """Tell whether two values of a claim say the same thing."""
    return sameness(claim, one) == sameness(claim, other)


def sameness(claim: str, value: str) -> str:
    """Return what two values of a claim have in common when they say the same thing."""
    key = value.casefold()
    return key.removeprefix("v") if claim in {"firmware", "web_version"} else key
