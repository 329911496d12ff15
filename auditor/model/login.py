"""What is asked of a device with the owner's account: documented, read-only calls, and what is kept of their answers."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Call:
    """One documented call that only reads. From fingerprints/login/*.yaml."""

    path: str
    """Path and query of a GET, or the name of an operation."""
    purpose: str
    keep: frozenset[str] = field(default_factory=frozenset)
    """Names, in lower case, whose values are kept; everything else in the answer is dropped before it is kept."""
    hashed: frozenset[str] = field(default_factory=frozenset)
    """Names whose values are kept as a digest only."""
    kinds: frozenset[str] = field(default_factory=frozenset)
    """Kinds of device that are asked; empty: all."""
    column: str = ""
    """SNMP: the path is a table's column and this is what its rows tell of the camera with that number, as `address`."""


@dataclass(frozen=True, slots=True)
class LoginForm:
    """How devices of some makers are asked after a login."""

    protocol: str
    """`isapi`, `cgi`, `sdc`, `session`, `onvif` or `snmp`: names the probe `login_<protocol>`."""
    makers: frozenset[str] = field(default_factory=frozenset)
    """Makers whose devices are asked so; empty: everybody who speaks the protocol."""
    calls: tuple[Call, ...] = ()
    """In order; the first is the one that tries the account."""
