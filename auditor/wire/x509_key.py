"""The public key and the signature of a certificate: size in bits, and algorithms by name. Source: RFC 3279, RFC 5480, RFC 4055."""

from auditor.wire import ber

_BIT_STRING = 0x03
_RSA = frozenset({"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"})
_DSA = "1.2.840.10040.4.1"
_EC = "1.2.840.10045.2.1"
_MAX_BITS = 65_536
# Only curves whose size is not eight times the octets of a coordinate.
_CURVE_BITS = {
    "1.3.132.0.35": 521,
    "1.3.132.0.37": 409,
    "1.3.132.0.36": 409,
    "1.3.132.0.38": 571,
    "1.3.132.0.39": 571,
}
_UNCOMPRESSED = 0x04
_ALGORITHMS = {
    "1.2.840.10040.4.3": "dsa-with-sha1",
    "1.2.840.10045.4.1": "ecdsa-with-SHA1",
    "1.2.840.10045.4.3.1": "ecdsa-with-SHA224",
    "1.2.840.10045.4.3.2": "ecdsa-with-SHA256",
    "1.2.840.10045.4.3.3": "ecdsa-with-SHA384",
    "1.2.840.10045.4.3.4": "ecdsa-with-SHA512",
    "1.2.840.113549.1.1.2": "md2WithRSAEncryption",
    "1.2.840.113549.1.1.3": "md4WithRSAEncryption",
    "1.2.840.113549.1.1.4": "md5WithRSAEncryption",
    "1.2.840.113549.1.1.5": "sha1WithRSAEncryption",
    "1.2.840.113549.1.1.10": "rsassaPss",
    "1.2.840.113549.1.1.11": "sha256WithRSAEncryption",
    "1.2.840.113549.1.1.12": "sha384WithRSAEncryption",
    "1.2.840.113549.1.1.13": "sha512WithRSAEncryption",
    "1.2.840.113549.1.1.14": "sha224WithRSAEncryption",
    "1.2.156.10197.1.501": "sm2-with-sm3",
    "1.3.101.112": "ed25519",
    "1.3.101.113": "ed448",
    "2.16.840.1.101.3.4.3.1": "dsa-with-sha224",
    "2.16.840.1.101.3.4.3.2": "dsa-with-sha256",
}


def algorithm(content: bytes) -> str:
    """Return the name of an algorithm, its number where it has none here, or nothing; `content` is what its sequence holds."""
    first = next(ber.elements(content), None)
    number = ber.oid(first.content) if first and first.tag == ber.OID and first.whole else ""
    return _ALGORITHMS.get(number, number)


def bits(content: bytes) -> int:
    """Return the size of a public key; 0 for kinds that have one size only, and where it cannot be read."""
    parts = tuple(ber.elements(content))
    if len(parts) < 2 or parts[0].tag != ber.SEQUENCE or parts[1].tag != _BIT_STRING:
        return 0
    kind = tuple(ber.elements(parts[0].content))
    number = ber.oid(kind[0].content) if kind and kind[0].tag == ber.OID else ""
    key = parts[1].content[1:]  # the first octet counts unused bits
    if number in _RSA:
        return _length(next(iter(ber.inside(key)), None))
    if number == _DSA and len(kind) > 1:
        return _length(next(ber.elements(kind[1].content), None))
    if number == _EC:
        return _on_a_curve(kind[1:], key)
    return 0


def _length(number: ber.Element | None) -> int:
    """Return the bits of a positive number of a sensible size."""
    if number is None or number.tag != ber.INTEGER or not number.whole or len(number.content) * 8 > _MAX_BITS:
        return 0
    return int.from_bytes(number.content, "big").bit_length()


def _on_a_curve(named: tuple[ber.Element, ...], point: bytes) -> int:
    """Return the size of a curve by its name, else by the length of the point."""
    curve = ber.oid(named[0].content) if named and named[0].tag == ber.OID else ""
    if curve in _CURVE_BITS:
        return _CURVE_BITS[curve]
    octets = len(point) - 1
    return 8 * (octets // 2 if point[:1] == bytes((_UNCOMPRESSED,)) else octets) if 1 < octets <= 512 else 0
