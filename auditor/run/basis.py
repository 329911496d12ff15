"""By what findings were made: the policy, the day, and the age of the knowledge; written in the log of the run."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from auditor.knowledge import (
    DataError,
    FirmwareIndex,
    Policy,
    accepted_as_of,
    accepting,
    assess,
    chosen_policy,
    digest_of_accepts,
    knowledge_book,
)
from auditor.model import Device, Finding, Run
from auditor.run.once import warn_once
from auditor.store import Store
from auditor.store.rows import DAMAGE

EVENT = "judged"
"""The kind of the log's line that says by what a run was judged."""
CHOSEN = "policy"
"""The kind of the line that says, at its beginning, by what a run is to be judged."""


@dataclass(frozen=True, slots=True)
class Basis:
    """By what a run was judged: the policy, the day asked for, and the day of the newest advisory record."""

    policy: str
    version: str = ""
    title: str = ""
    as_of: str = ""
    compiled: str = ""
    instruments: tuple[tuple[str, str], ...] = ()
    """(id, title) of every instrument of the policy."""
    source: str = ""
    """What was given on the command line: a name, or the path of a policy file."""
    accepts: str = ""
    """Digest of what the policy file accepts; "" where that is nothing."""

    @property
    def name(self) -> str:
        """The policy with its version, as findings cite it."""
        return f"{self.policy} {self.version}".strip()

    @property
    def mark(self) -> str:
        """What stored findings are marked with: another policy, version or acceptance makes another mark."""
        return f"{self.name} accepts {self.accepts}" if self.accepts else self.name


def basis_for(policy: Policy, today: date, source: str = "") -> Basis:
    """Return what to write down of a judgement by this policy, as of this day."""
    return Basis(
        policy.name,
        policy.version,
        policy.title,
        today.isoformat(),
        knowledge_book().compiled.isoformat(),
        tuple((one.id, one.title) for one in policy.restrictions),
        source or policy.name,
        digest_of_accepts(policy.accepts),
    )


def chosen_basis(policy: str | None, today: date) -> Basis | None:
    """Return by what a run that begins is to be judged; None where no policy is given. Raises DataError for a bad one."""
    return judging_by(None, policy=policy, today=today, otherwise=today).made if policy else None


def keep_choice(store: Store, run: str, chosen: Basis | None, at: datetime) -> None:
    """Write down by what a run that begins is to be judged, so that it is known though the run be killed."""
    if chosen is not None:
        store.event(run, at, CHOSEN, chosen.name, basis_text(chosen))


def basis_of(store: Store, run: str) -> Basis | None:
    """Return by what a run was judged last, or is to be judged; None where nobody wrote it down."""
    events = store.events(run, CHOSEN, EVENT)
    if not events:
        return None
    try:
        return _basis_in(json.loads(events[-1].text))
    except DAMAGE as error:
        warn_once(f"{store.path}: by what run {run} was judged cannot be read and is passed over: {error}")
        return None


def _basis_in(form: Mapping[str, Any]) -> Basis:
    """Read what `basis_text` spelt; one of DAMAGE where it holds anything else."""
    texts = {name: value for name, value in form.items() if name != "instruments"}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise TypeError(f"{name} is no text")
    for name in ("as_of", "compiled"):
        if texts.get(name):
            date.fromisoformat(texts[name])
    instruments = tuple((str(name), str(title)) for name, title in form["instruments"])
    return Basis(**{**texts, "instruments": instruments})


def current_basis(store: Store, runs: Iterable[Run]) -> Basis | None:
    """Return by what the newest of these runs of which it is written was judged, or is to be judged."""
    return next((found for run in reversed(tuple(runs)) if (found := basis_of(store, run.id))), None)


def basis_text(basis: Basis) -> str:
    """Spell it for the log."""
    return json.dumps(asdict(basis))


@dataclass(frozen=True, slots=True)
class Judging:
    """By what findings are made where they are not stored."""

    policy: Policy | DataError
    """The error where the policy's own file is gone: said when something must be judged by it."""
    today: date
    basis: str
    """Stored findings made by this are taken as they are."""
    source: str = ""
    latest: FirmwareIndex | None = None
    anew: bool = False
    """Take none of the stored findings."""

    def of(self, device: Device) -> tuple[Finding, ...]:
        """Return what is to be said of a device."""
        policy = self._policy()
        return assess(device, book=knowledge_book(), policy=policy, today=self.today, latest=self.latest)

    def on(self, device: Device, day: date) -> Device:
        """Return a device with what the owner accepts on a day, whenever its findings were made and stored."""
        if isinstance(self.policy, Policy):
            found = accepting(device, device.findings, self.policy.accepts, day)
        else:
            if device.findings:
                warn_once(
                    f"{self._ails}; what the owner accepts is shown as it stood in that file when the findings were last "
                    "judged, ended ones left out: mend the file, or judge by another with `auditor assess --policy`"
                )
            found = tuple(accepted_as_of(one, day) for one in device.findings)
        return device if found == device.findings else replace(device, findings=found)

    def _policy(self) -> Policy:
        """Return the policy; where its own file is gone, say so and judge without instruments rather than not at all."""
        if isinstance(self.policy, DataError):
            warn_once(
                f"{self._ails}; judged without instruments and acceptances: give --policy to say which count"
            )
            return chosen_policy("none")
        return self.policy

    @property
    def _ails(self) -> str:
        """Say which policy cannot be used, in full, and what is wrong with it."""
        return f"policy {self.source} cannot be used: {self.policy}"

    @property
    def kept_as(self) -> str:
        """Under what findings are kept: nothing, where the policy is gone, so that they are made anew when it is back."""
        return self.basis if isinstance(self.policy, Policy) else ""

    @property
    def made(self) -> Basis:
        """What to write down of it; where the policy is gone, that it is the one wanted."""
        if isinstance(self.policy, DataError):
            name, _, version = self.basis.partition(" ")
            return Basis(name, version, as_of=self.today.isoformat(), source=self.source)
        return basis_for(self.policy, self.today, self.source)


def judging_by(
    basis: Basis | None,
    *,
    policy: str | None,
    today: date | None,
    otherwise: date,
    latest: FirmwareIndex | None = None,
) -> Judging:
    """Return by what to judge: the policy given, else the one of the basis, else the one without instruments.

    Findings are made anew where a policy or a day is given; a day not given is that of the basis, else `otherwise`.
    """
    day = today or (date.fromisoformat(basis.as_of) if basis and basis.as_of else otherwise)
    source = str(Path(policy).resolve()) if policy and Path(policy).is_file() else policy or _source(basis)
    anew = policy is not None or today is not None
    try:
        chosen = chosen_policy(source)
    except DataError as error:
        if policy is not None or basis is None:
            raise
        return Judging(error, day, basis.mark, source, latest, anew)
    return Judging(chosen, day, basis_for(chosen, day, source).mark, source, latest, anew)


def _source(basis: Basis | None) -> str:
    return (basis.source or basis.policy) if basis else "none"


def unmet(judging: Judging, devices: Iterable[Device]) -> Iterator[str]:
    """Say which acceptances of the policy meet no device: a typing error would otherwise accept nothing, unnoticed."""
    if isinstance(judging.policy, DataError):
        return
    known = tuple(devices)
    for one in judging.policy.accepts:
        if not any(one.meets(device) for device in known):
            where = " at ".join(part for part in (one.device, one.site) if part)
            yield f"the acceptance of {one.finding} names {where}, and no such device is known: it accepts nothing"
