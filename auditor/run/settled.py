"""What logging in was good for: findings that were possible before it and are decided after it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from auditor import fingerprint
from auditor.model import Device, FindingKind, Verdict
from auditor.run.basis import Judging

_OPEN = frozenset({Verdict.POSSIBLY_AFFECTED, Verdict.NOT_ASSESSED})


@dataclass(frozen=True, slots=True)
class Settled:
    """Counts over all devices that took an account."""

    devices: int = 0
    before: int = 0
    """Advisories of which only "possibly affected" or "not assessed" could be said before the login."""
    affected: int = 0
    not_affected: int = 0
    """Of these, what could be said after it; advisories that turned out not to concern the device count here."""

    @property
    def words(self) -> str:
        """Say it in a sentence; empty when nobody took an account."""
        if not self.devices:
            return ""
        left = self.before - self.affected - self.not_affected
        return (
            f"logins at {self.devices} devices settled {self.affected + self.not_affected} of {self.before} "
            f"'possibly affected': {self.affected} affected, {self.not_affected} not affected, {left} still open"
        )


def settled(devices: Iterable[Device], judging: Judging) -> Settled:
    """Compare what is found of devices, given with findings and accounts, with what would be found without the logins."""
    found = Settled()
    for device in devices:
        if any(one.outcome.is_taken for one in device.accounts):
            found = _with(found, device, _open_before(device, judging))
    return found


def _open_before(device: Device, judging: Judging) -> frozenset[str]:
    shown = tuple(one for one in device.observations if not one.exchange.is_after_login)
    identity = fingerprint.identify(device.key, shown)
    bare = replace(device, identity=identity, observations=shown, findings=())
    return frozenset(
        one.id for one in judging.of(bare) if one.kind is FindingKind.ADVISORY and one.verdict in _OPEN
    )


def _with(found: Settled, device: Device, before: frozenset[str]) -> Settled:
    now = {one.id: one.verdict for one in device.findings if one.kind is FindingKind.ADVISORY}
    verdicts = [now.get(name, Verdict.NOT_AFFECTED) for name in before]
    return Settled(
        found.devices + 1,
        found.before + len(before),
        found.affected + verdicts.count(Verdict.AFFECTED),
        found.not_affected + verdicts.count(Verdict.NOT_AFFECTED),
    )
