"""Mask one device with everything said of it, down to its evidence; each shared value once."""

from dataclasses import replace

from auditor.model import (
    ACCEPTANCE_ENDED,
    Acceptance,
    Account,
    Claim,
    Contradiction,
    Device,
    Exchange,
    Finding,
    Identity,
    Match,
    Observation,
    Retirement,
)
from auditor.reporting import masks
from auditor.reporting.masking import Masking

_NAME_LEAST = 4
"""Shorter names of devices are not looked for in texts: they may be any word there."""


def masked_device(device: Device, redactor: Masking) -> Device:
    """Return the device as a redacted copy may show it."""
    return _OneDevice(redactor, device).masked()


class _OneDevice:
    """Masks one device, each shared value once."""

    def __init__(self, redactor: Masking, device: Device) -> None:
        self._redactor = redactor
        self._device = device
        self._rules = masks.mask_rules()
        self._exchanges: dict[int, Exchange] = {}
        self._observations: dict[int, Observation] = {}
        self._names = self._own_names()

    def _own_names(self) -> tuple[str, ...]:
        named = [c.value for c in self._device.identity.claims if self._rules.claims.get(c.name) == "hidden"]
        seen = [o.value for o in self._device.observations if self._rules.of_field(o.field) == "hidden"]
        public = {c.value for c in self._device.identity.claims if c.name in self._rules.public}
        names = {name for name in (*named, *seen) if len(name) >= _NAME_LEAST and name not in public}
        return tuple(sorted(names, key=lambda name: (-len(name), name)))

    def masked(self) -> Device:
        device, redactor = self._device, self._redactor
        return replace(
            device,
            key=redactor.key(device.key),
            site=redactor.site(device.site),
            address=redactor.address(device.address),
            addresses=tuple(map(redactor.address, device.addresses)),
            source=redactor.text(device.source),
            standing=replace(
                device.standing, by=redactor.key(device.standing.by) if device.standing.by else ""
            ),
            retired=self._retirement(device.retired),
            behind=redactor.address(device.behind) if device.behind else "",
            identity=self._identity(device.identity),
            observations=tuple(map(self._observation, device.observations)),
            exchanges=tuple(map(self._exchange, device.exchanges)),
            findings=tuple(map(self._finding, device.findings)),
            accounts=tuple(map(self._account, device.accounts)),
        )

    def _account(self, account: Account) -> Account:
        return replace(
            account,
            subject=self._redactor.key(account.subject),
            entry=self._text(account.entry),
            reason=self._text(account.reason),
            endpoint=self._text(account.endpoint),
        )

    def _retirement(self, word: Retirement | None) -> Retirement | None:
        if word is None:
            return None
        by = self._redactor.key(word.replaced_by) if word.replaced_by else ""
        return replace(word, by=masks.HIDDEN, reason=self._text(word.reason), replaced_by=by)

    def _text(self, text: str) -> str:
        return self._redactor.text(text, self._names)

    def _identity(self, identity: Identity) -> Identity:
        return Identity(
            self._redactor.key(identity.device),
            tuple(map(self._claim, identity.claims)),
            tuple(
                Contradiction(found.name, self._claim(found.held), self._claim(found.against))
                for found in identity.contradictions
            ),
        )

    def _value(self, claim: str, value: str) -> str:
        how = self._rules.claims.get(claim)
        return masks.mask_as(how, value) if how else self._text(value)

    def _claim(self, claim: Claim) -> Claim:
        return replace(
            claim,
            value=self._value(claim.name, claim.value),
            because=tuple(map(self._match, claim.because)),
        )

    def _match(self, match: Match) -> Match:
        return replace(
            match,
            observation=self._observation(match.observation),
            claims=tuple((name, self._value(name, value)) for name, value in match.claims),
        )

    def _observation(self, observation: Observation) -> Observation:
        known = self._observations.get(id(observation))
        if known is None:
            how = self._rules.of_field(observation.field)
            value = masks.mask_as(how, observation.value) if how else self._text(observation.value)
            known = Observation(observation.field, value, self._exchange(observation.exchange))
            self._observations[id(observation)] = known
        return known

    def _exchange(self, exchange: Exchange) -> Exchange:
        known = self._exchanges.get(id(exchange))
        if known is None:
            endpoint = replace(exchange.endpoint, address=self._redactor.address(exchange.endpoint.address))
            known = replace(
                exchange,
                device=self._redactor.key(exchange.device),
                endpoint=endpoint,
                request=b"",
                reply=b"",
                detail=self._text(exchange.detail),
                source=exchange.source if exchange.source == "live" else self._text(exchange.source),
                observed=(),
                id=f"withheld-{self._redactor.next_number()}",
            )
            self._exchanges[id(exchange)] = known
        return known

    def _acceptance(self, word: Acceptance | None) -> Acceptance | None:
        return replace(word, reason=self._text(word.reason), by=masks.HIDDEN) if word else None

    def _finding(self, finding: Finding) -> Finding:
        return replace(
            finding,
            device=self._redactor.key(finding.device),
            title=self._text(finding.title),
            priority_reason=self._text(finding.priority_reason),
            reason=self._text(finding.reason),
            settles=self._text(finding.settles),
            remedy=self._text(finding.remedy),
            facts=tuple((name, self._text(_unsigned(name, value))) for name, value in finding.facts),
            accepted=self._acceptance(finding.accepted),
            because=tuple(map(self._claim, finding.because)),
            observations=tuple(map(self._observation, finding.observations)),
        )


def _unsigned(name: str, value: str) -> str:
    """Return the value of a fact without the name of the person whose acceptance has ended."""
    return f"accepted, {value.rpartition(', ')[2]}" if name == ACCEPTANCE_ENDED else value
