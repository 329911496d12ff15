"""Make the copy that may be passed on: the same values with what names a device or a place masked."""

import re
from collections.abc import Iterable
from dataclasses import replace

from auditor.model import Device, Run, WorkOrder
from auditor.model.place import site_and_place
from auditor.reporting import masks
from auditor.reporting.context import Context, Options
from auditor.reporting.redacted_changes import masked_changes
from auditor.reporting.redacted_device import masked_device

_IPV4 = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)")
_IPV6 = re.compile(r"(?<![0-9A-Za-z:])(?=[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:)[0-9A-Fa-f:]{3,39}(?![0-9A-Za-z:])")
_CLOCK = re.compile(r"\d{1,2}:\d{2}:\d{2}")


class Redactor:
    """Masks one run consistently: the same serial, MAC or address looks the same everywhere."""

    def __init__(self, devices: Iterable[Device], options: Options) -> None:
        """Learn from all devices what must not be shown, and what may."""
        self._rules = masks.mask_rules()
        self._addresses = options.redact_addresses
        self._numbers: dict[str, int] = {}
        self._sites: dict[str, str] = {}
        self._secrets: dict[str, str] = {}
        exempt: set[str] = set()
        for device in sorted(devices, key=lambda device: device.key):
            self._learn(device, exempt)
        # A serial number may begin with the model: the model stays, the rest goes.
        self._exempt = frozenset(exempt)
        self._secrets = {token: mask for token, mask in self._secrets.items() if token not in self._exempt}
        self._count = 0
        self._texts: dict[str, str] = {}

    def _learn(self, device: Device, exempt: set[str]) -> None:
        for address in {device.address: None} | dict.fromkeys(device.addresses):
            self._numbers.setdefault(address, len(self._numbers) + 1)
        self._sites.setdefault(device.site, f"site {len(self._sites) + 1}")
        for claim in device.identity.claims:
            if claim.name in self._rules.public:
                exempt.update(masks.tokens(claim.value))
            elif self._rules.claims.get(claim.name) == "serial":
                self._secret(claim.value)
        for observation in device.observations:
            if self._rules.of_field(observation.field) == "serial":
                self._secret(observation.value)

    def learn(self, site: str, addresses: Iterable[str], serials: Iterable[str]) -> None:
        """Learn of a device that is not among those shown, before anything is masked."""
        for address in addresses:
            self._numbers.setdefault(address, len(self._numbers) + 1)
        self._sites.setdefault(site, f"site {len(self._sites) + 1}")
        for serial in serials:
            self._secret(serial)
        self._secrets = {token: mask for token, mask in self._secrets.items() if token not in self._exempt}

    def _secret(self, serial: str) -> None:
        for token in masks.tokens(serial):
            if len(token) > 5 and any(character.isdigit() for character in token):
                self._secrets[token] = masks.mask_serial(token)

    def text(self, text: str, names: tuple[str, ...] = ()) -> str:
        """Return a text with everything masked that is known to be private or has the form of it."""
        for name in names:
            if name in text:
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", masks.HIDDEN, text)
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = self._formed(text)
        return known

    def _formed(self, text: str) -> str:
        """Mask what is known to be a serial number, and what has the form of one, of a MAC or of an address."""
        text = re.sub(r"[0-9A-Za-z]{6,}", self._token, text)
        text = masks.mask_serials(masks.mask_mac(text), self._exempt)
        if self._addresses:
            text = _IPV4.sub(lambda found: self.address(found[0]), text)
            for site, masked in self._sites.items():
                if site and site in text:
                    text = re.sub(rf"(?<![\w.-]){re.escape(site)}(?![\w.-])", masked, text)
        return _IPV6.sub(self._found_v6, text)

    def _found_v6(self, found: re.Match[str]) -> str:
        """Mask an IPv6 address in a text; a time of day, and what is masked already, only look like one."""
        whole, is_masked = found[0], found.string[found.end() :].startswith("•")
        host = whole.removesuffix(":") if not whole.endswith("::") else whole
        if is_masked or _CLOCK.fullmatch(host):
            return whole
        return self.address(host) + whole[len(host) :]

    def _token(self, found: re.Match[str]) -> str:
        token = found[0].upper()
        return masks.mask_serial(found[0]) if token in self._secrets else found[0]

    def address(self, address: str) -> str:
        """Mask an address where this copy hides them, and always where it is made from a MAC address."""
        if self._addresses or "ff:fe" in address.lower():
            return masks.mask_address(address, self._numbers.get(address))
        return address

    def site(self, site: str) -> str:
        """Mask a site's name where this copy hides addresses."""
        return self._sites.get(site, site) if self._addresses else site

    def key(self, key: str) -> str:
        """Mask a device key, which is `site/address`."""
        site, address = site_and_place(key)
        return (
            f"{self.site(site)}/{self.address(address)}"
            if site or key.startswith("/")
            else self.address(address)
        )

    def run(self, run: Run) -> Run:
        """Mask the sites and notes of a run; who authorised it stays, and who answers for a site that is named."""
        owners = () if self._addresses else run.owners
        sites, notes = tuple(map(self.site, run.sites)), tuple(map(self.text, run.notes))
        return replace(run, sites=sites, notes=notes, owners=owners)

    def device(self, device: Device) -> Device:
        """Return the device with everything masked, down to its evidence."""
        return masked_device(device, self)

    def order(self, order: WorkOrder) -> WorkOrder:
        """Return the work order with its devices and commands masked."""
        return replace(
            order,
            title=self.text(order.title),
            site=self.site(order.site),
            devices=tuple(map(self.key, order.devices)),
            priority_reason=self.text(order.priority_reason),
            steps=tuple(map(self.text, order.steps)),
            check=self.text(order.check),
            findings=tuple(self._pair(pair) for pair in order.findings),
            done=tuple(map(self.key, order.done)),
            unheard=tuple(map(self.key, order.unheard)),
            accepted=tuple(map(self.key, order.accepted)),
        )

    def _pair(self, pair: str) -> str:
        key, blank, finding = pair.rpartition(" ")
        return f"{self.key(key)}{blank}{finding}"

    def next_number(self) -> int:
        """Return a running number: what an exchange is called whose digest would betray its content."""
        self._count += 1
        return self._count


def redacted(
    run: Run, devices: Iterable[Device], context: Context
) -> tuple[Run, tuple[Device, ...], Context]:
    """Return run, devices and orders as this copy may show them; untouched when nothing is to be hidden."""
    found = tuple(devices)
    if not (context.options.redact or context.options.redact_addresses):
        return run, found, context
    redactor = Redactor(found, context.options)
    changes = masked_changes(context.changes, redactor) if context.changes else None
    orders = tuple(map(redactor.order, context.orders))
    audited = tuple((redactor.site(site), at) for site, at in context.behind.audited)
    behind = replace(context.behind, audited=audited, retirements=())
    masked = replace(context, orders=orders, behind=behind, changes=changes)
    return redactor.run(run), tuple(map(redactor.device, found)), masked
