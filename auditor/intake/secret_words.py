"""Columns and texts of lists that hold passwords, told by words of many languages, from fingerprints/imports/secrets.yaml."""

import re
from dataclasses import dataclass
from functools import cache

import yaml

from auditor.resources import fingerprints
from auditor.wire import logins
from auditor.wire.sieve import WITHHELD

LONG = 1024
"""Characters of a text from which on it is a page or a reply, and judged as one."""

_TOKEN = re.compile(r"[^\W_]+")
_HINTS = re.compile(r"[@:=：＝/|\s]")
_BEFORE_NUMBER = re.compile(r"[^\s,;@\"'<>]{1,256}@(?=\d{1,3}(?:\.\d{1,3}){3}(?![\d.]))")
"""User and password before an address that has no scheme; a mailbox is at a name."""
_SIGN = r"\s{0,3}[:=：＝]\s{0,3}"
_VALUE = r"(?!\(withheld\))(?=\S)[^\s,;\"<>]{1,128}"


@dataclass(frozen=True, slots=True)
class Words:
    """The words, ready to be looked for."""

    within: tuple[str, ...]
    """Without blanks and punctuation, as headings are compared."""
    spoken: re.Pattern[str]
    """As they stand in a text in lower case."""
    accounts: tuple[str, ...]
    whole: frozenset[str]
    said: re.Pattern[str]
    """A word and what stands behind it."""
    pair: re.Pattern[str]
    """The name of an account and what stands behind it."""


def is_secret_heading(heading: str) -> bool:
    """Tell whether a column with this heading holds what nobody but its owner is to know."""
    words = secret_words()
    plain = _plain(heading)
    return (
        any(one in plain for one in words.within)
        or not words.whole.isdisjoint(_TOKEN.findall(heading.casefold()))
        or plain in words.whole
    )


def without_secrets(text: str) -> str:
    """Return a text without users and passwords in addresses, and without what stands behind a word for a password."""
    if not _HINTS.search(text):
        return text
    if "@" in text or "=" in text:
        text = logins.without_login_in_address(text.encode("utf-8", "replace")).decode("utf-8", "replace")
        text = _BEFORE_NUMBER.sub("", text)
    if len(text) > LONG or text.lstrip()[:1] in {"{", "[", "<"}:
        return logins.without_login(text.encode("utf-8", "replace")).decode("utf-8", "replace")
    words, folded = secret_words(), text.casefold()
    if words.spoken.search(folded) or not words.whole.isdisjoint(_TOKEN.findall(folded)):
        text = words.said.sub(rf"\1{WITHHELD}", text)
    if any(one in folded for one in words.accounts):
        text = words.pair.sub(rf"\1{WITHHELD}", text)
    return text


@cache
def secret_words() -> Words:
    """Return the words as the data file lists them."""
    path = fingerprints() / "imports" / "secrets.yaml"
    given = yaml.safe_load(path.read_text(encoding="utf-8"))
    longer = sorted({str(one).casefold() for one in given["within"]}, key=len, reverse=True)
    whole = [str(one).casefold() for one in given["whole"]]
    accounts = "|".join(re.escape(str(one)) for one in given["accounts"])
    within = "|".join(re.escape(one) for one in longer)
    short = "|".join(re.escape(one) for one in whole)
    return Words(
        tuple(_plain(one) for one in longer),
        re.compile(within),
        tuple(str(one) for one in given["accounts"]),
        frozenset(whole),
        re.compile(
            rf"((?i:(?:{within})\w{{0,16}}{_SIGN}|(?<!\w)(?:{short}){_SIGN}|(?:{within})\s{{1,3}}(?=\S{{0,64}}[\d!-/:-@\[-`{{-~])))"
            rf"{_VALUE}"
        ),
        re.compile(rf"((?<![\w.])(?i:{accounts})\s?[:/|]\s?)(?=\S{{0,64}}[\dA-Z!-/:-@\[-`{{-~]){_VALUE}"),
    )


def _plain(heading: str) -> str:
    return "".join(character for character in heading.casefold() if character.isalnum())
