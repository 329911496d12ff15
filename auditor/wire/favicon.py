"""Hashes by which people compare favicons. Source: the form Shodan introduced (`http.favicon.hash`)."""

import base64
import hashlib

import mmh3 as murmur


def md5(body: bytes) -> str:
    """Return the MD5 in hexadecimal, as older fingerprint lists give it."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def mmh3(body: bytes) -> int:
    """Return the signed MurmurHash3 of the base64 text, a line break after every 76 characters and at the end."""
    return int(murmur.hash(base64.encodebytes(body)))
