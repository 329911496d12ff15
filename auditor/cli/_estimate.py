"""An estimate in words and as JSON: what a scan would send, printed by `scan --dry-run` and `scope check`."""

from collections.abc import Iterator

from auditor.cli._progress import span
from auditor.model import Pace
from auditor.run import Asking, Estimate, Sending

SCHEMA_VERSION = 1


def lines(foreseen: Estimate, pace: Pace) -> Iterator[str]:
    """Yield the lines a person reads."""
    yield f"addresses     {foreseen.addresses:,} granted, {foreseen.excluded:,} excluded"
    for network in foreseen.too_large:
        yield f"              {network} is too large to sweep; only who answers on the segment is asked"
    if foreseen.interfaces:
        yield f"segments      multicast and broadcast on {', '.join(foreseen.interfaces)}"
    yield "finding devices, at most:"
    for one in foreseen.discovery:
        yield f"  {one.what:14} {one.addresses:>9,} addresses {one.packets:>11,} packets {_size(one.bytes):>9}{_ports(one)}"
    yield f"  {'in all':14} {'':>9}           {foreseen.packets:>11,} packets {_size(foreseen.bytes):>9}"
    if foreseen.sampled:
        yield "  Large networks are sampled first; a /24 where nobody answers is not swept unless --thorough."
    yield "each device found (for the ports it has open):"
    for one in foreseen.each_device:
        yield f"  {one.what:14} ports {', '.join(str(port) for port in one.ports)}"
        yield f"  {'':14} {one.why}"
    yield from _each_in_all(foreseen, pace)
    yield from _logins(foreseen)
    yield (
        f"pace          {pace.packets_per_second:g} packets/s in all, {pace.packets_per_second_subnet:g} a subnet, "
        f"{pace.packets_per_second_host:g} a host"
    )
    yield f"duration      about {span(foreseen.seconds)} to find devices; they are asked meanwhile"


def _each_in_all(foreseen: Estimate, pace: Pace) -> Iterator[str]:
    yield (
        f"  in all {foreseen.requests_each_device} requests where each port speaks what its number stands for, one after "
        f"the other,\n  {pace.requests_per_second_host:g} a second: up to {span(foreseen.seconds_each_device)}"
    )
    named = f", and at up to {foreseen.named_ports} ports it names of itself" if foreseen.named_ports else ""
    yield (
        f"  more where a port speaks something else{named}; never more than\n"
        f"  {foreseen.requests_most} requests and {span(foreseen.seconds_most)} to one device, logins included"
    )


def _logins(foreseen: Estimate) -> Iterator[str]:
    if not foreseen.logins:
        return
    when = "with the accounts given" if foreseen.has_accounts else "only with --credentials"
    yield f"each device an account is for, {when}, at most:"
    for one in foreseen.logins:
        makers = ", ".join(sorted(one.makers)) or "any maker"
        kind = "objects read by UDP" if one.by_udp else "documented calls that only read"
        yield f"  {one.what:14} {one.requests:>3} requests, {kind}; {makers}"
    yield (
        f"  in all at most {foreseen.requests_login} requests; the first refusal ends it "
        "for the device; a device that lets a nonce age is asked that once more"
    )


def _ports(one: Sending) -> str:
    return f"  {len(one.ports)} ports: {', '.join(str(port) for port in one.ports)}" if one.ports else ""


def _size(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} B"


def summary(foreseen: Estimate) -> dict[str, object]:
    """Give the estimate as an object for programs."""
    return {
        "schema_version": SCHEMA_VERSION,
        "addresses": foreseen.addresses,
        "excluded": foreseen.excluded,
        "too_large": list(foreseen.too_large),
        "interfaces": list(foreseen.interfaces),
        "packets": foreseen.packets,
        "bytes": foreseen.bytes,
        "seconds": round(foreseen.seconds, 1),
        "sampled": foreseen.sampled,
        "discovery": [_sending(one) for one in foreseen.discovery],
        "each_device": [_sending(one) for one in foreseen.each_device],
        "logins": [_asking(one) for one in foreseen.logins],
        "requests_login": foreseen.requests_login,
        "has_accounts": foreseen.has_accounts,
        "requests_each_device": foreseen.requests_each_device,
        "requests_most": foreseen.requests_most,
        "seconds_most": round(foreseen.seconds_most, 1),
        "named_ports": foreseen.named_ports,
        "seconds_each_device": round(foreseen.seconds_each_device, 1),
    }


def _asking(one: Asking) -> dict[str, object]:
    return {
        "what": one.what,
        "makers": sorted(one.makers),
        "requests": one.requests,
        "transport": "udp" if one.by_udp else "tcp",
    }


def _sending(one: Sending) -> dict[str, object]:
    return {
        "what": one.what,
        "method": one.method.value,
        "addresses": one.addresses,
        "ports": list(one.ports),
        "packets": one.packets,
        "bytes": one.bytes,
    }
