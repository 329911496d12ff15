"""To which certificates an account may be shown readable: those its owner recorded, or that an authority of his signed.

A self-signed certificate proves nothing by itself: whoever copies a device's page has one, too. The owner looks at the
certificate once, on the device or at the cable's other end, and writes its fingerprint down: trust on first use, by a person.
"""

import hashlib
import ssl
import warnings
from dataclasses import dataclass
from functools import lru_cache

UNTRUSTED = "certificate not trusted: "
"""So begins the detail of an exchange in which a login was not sent because of the certificate shown."""
_CIPHERS = "ALL:COMPLEMENTOFDEFAULT:!eNULL:!aNULL:@SECLEVEL=1"
_LEGACY_SERVER_CONNECT = 0x4


@dataclass(frozen=True, slots=True)
class Trust:
    """Fingerprints (SHA-256 of the certificate in DER, lower-case hexadecimal), and authorities as PEM text."""

    pins: frozenset[str] = frozenset()
    authorities: str = ""

    def __bool__(self) -> bool:
        return bool(self.pins or self.authorities)

    @property
    def is_by_authority(self) -> bool:
        """Whether the handshake has to verify: pins, where there are any, decide alone."""
        return bool(self.authorities) and not self.pins

    def refusal(self, chain: tuple[bytes, ...]) -> str:
        """Return why a login may not be sent to who showed this chain, empty where it may. A chain verified before may."""
        if self.is_by_authority:
            return "" if chain else f"{UNTRUSTED}none was shown"
        told = fingerprint(chain[0]) if chain else ""
        if told and told in self.pins:
            return ""
        return f"{UNTRUSTED}{f'sha256:{told}' if told else 'none was shown'}"


def fingerprint(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate in DER, in lower-case hexadecimal."""
    return hashlib.sha256(certificate).hexdigest()


@lru_cache(maxsize=4)
def verifying_context(newest: ssl.TLSVersion, authorities: str) -> ssl.SSLContext:
    """Return a client context that takes only certificates these authorities signed for the address asked for."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(cadata=authorities)
    made.set_ciphers(_CIPHERS)
    made.options |= _LEGACY_SERVER_CONNECT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old devices speak nothing newer
        made.minimum_version = ssl.TLSVersion.TLSv1
        made.maximum_version = newest
    return made
