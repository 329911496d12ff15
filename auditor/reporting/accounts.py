"""What the page says of the owner's accounts: where settings were read, where not, and why."""

from collections import Counter
from collections.abc import Iterable

from auditor.model import Device
from auditor.reporting.texts import Texts
from auditor.reporting.values import Gap


def account_counts(devices: Iterable[Device], texts: Texts) -> tuple[tuple[str, int], ...]:
    """Return (how the account fared, at how many devices) pairs, each device by its most telling account."""
    counts = Counter(device.accounts[0].kind for device in devices if device.granted and device.accounts)
    ranked = sorted(counts.items(), key=lambda pair: (pair[0] != "taken", -pair[1], pair[0]))
    return tuple((texts.label("account", kind), count) for kind, count in ranked)


def account_gaps(devices: Iterable[Device], texts: Texts) -> tuple[Gap, ...]:
    """Return what was not read of settings though there was an account for it: not at all, and in part."""
    asked = [device for device in devices if device.accounts]
    unread = [device for device in asked if not any(one.has_told for one in device.accounts)]
    partly = [
        device
        for device in asked
        if device not in unread and not any(one.has_told and not one.lacks for one in device.accounts)
    ]
    why = Counter(device.accounts[0].kind for device in unread)
    reasons = "; ".join(
        f"{texts.label('account', kind)}: {count}"
        for kind, count in sorted(why.items(), key=lambda pair: (-pair[1], pair[0]))
    )
    return (
        Gap("settings-unread", len(unread), "devices", f"{reasons}." if reasons else ""),
        Gap("settings-partly", len(partly), "devices"),
    )
