"""What the page says of the owner's accounts: where settings were read, where not, and why."""

from collections import Counter
from collections.abc import Iterable

from auditor.model import Device
from auditor.reporting.texts import Texts


def account_counts(devices: Iterable[Device], texts: Texts) -> tuple[tuple[str, int], ...]:
    """Return (how the account fared, at how many devices) pairs, each device by its most telling account."""
    counts = Counter(device.accounts[0].kind for device in devices if device.granted and device.accounts)
    ranked = sorted(counts.items(), key=lambda pair: (pair[0] != "taken", -pair[1], pair[0]))
    return tuple((texts.label("account", kind), count) for kind, count in ranked)


def account_question(device: Device) -> str:
    """Return what was not read of settings though there was an account for it: all, a part, or "" for nothing."""
    if not device.accounts:
        return ""
    if not any(one.has_told for one in device.accounts):
        return "settings-unread"
    is_whole = any(one.has_told and not one.lacks for one in device.accounts)
    return "" if is_whole else "settings-partly"


def account_reasons(devices: Iterable[Device], texts: Texts) -> str:
    """Say why settings were not read at all, each reason with the number of devices; "" where they were."""
    why = Counter(
        device.accounts[0].kind for device in devices if account_question(device) == "settings-unread"
    )
    reasons = "; ".join(
        f"{texts.label('account', kind)}: {count}"
        for kind, count in sorted(why.items(), key=lambda pair: (-pair[1], pair[0]))
    )
    return f"{reasons}." if reasons else ""
