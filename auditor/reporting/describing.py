"""One device for the page: its row in the table and its section, claims with reasons and evidence."""

import ipaddress
from collections import Counter
from collections.abc import Iterable

from auditor.model import ACCEPTANCE_ENDED, Claim, Device, Exchange, Finding, Match, State, Verdict
from auditor.reporting.context import Words
from auditor.reporting.counting import standing, urgency
from auditor.reporting.device_values import Dispute, Fact, Ground, Line, Row, Section, Signal, Spell, Spoken
from auditor.reporting.display import one_line, shown_bytes, spoken
from auditor.reporting.judging import anchor
from auditor.reporting.texts import Texts

_MOST_VALUE = 300
_MOST_COMPACT = 80
_MOST_SIGNALS = 6
_VERDICTS = tuple(Verdict)


def in_order(devices: Iterable[Device]) -> tuple[Device, ...]:
    """Sort as a reader looks: most urgent first, then by site and address; outsiders last."""
    return tuple(sorted(devices, key=_place))


def _place(device: Device) -> tuple[bool, int, str, tuple[int, int, str], str]:
    worst = urgency(device)
    return (
        not device.granted,
        -(worst.rank if worst else 0),
        device.site,
        _numeric(device.behind or device.address),
        device.key,
    )


def _numeric(address: str) -> tuple[int, int, str]:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return (9, 0, address)
    return (parsed.version, int(parsed), address)


def row(device: Device, place: int, words: Words, texts: Texts, *, assessed: bool) -> Row:
    """Return the device's line of the table; `place` numbers its section."""
    identity, worst = device.identity, urgency(device)
    counts = Counter(finding.verdict for finding in device.findings)
    maker, brand, kind = identity.value("maker"), identity.value("brand"), identity.value("kind")
    return Row(
        f"d{place}",
        device.address,
        device.site,
        words.maker(maker) if maker else "",
        words.brand(brand) if brand else "",
        texts.label("kind_short", kind) if kind else "",
        identity.value("model") or "",
        identity.value("firmware") or "",
        identity.value("build_date") or "",
        worst.value if worst else "",
        worst.rank if worst else 0,
        counts[Verdict.AFFECTED],
        counts[Verdict.POSSIBLY_AFFECTED],
        standing(device, texts, assessed=assessed),
        device.granted,
        device.is_present,
        device.last_seen,
    )


def name_of(row: Row, texts: Texts) -> str:
    """Return what to call a device: maker and model, as much of it as is known."""
    label = row.brand or row.maker
    parts = [part for part in (label, row.model or row.kind) if part]
    return " ".join(parts) if parts else texts.label("unknown", "device")


def section(
    device: Device,
    row: Row,
    words: Words,
    texts: Texts,
    *,
    full: bool,
    hashes: bool = True,
    compact: bool = False,
) -> Section:
    """Return everything the page says about one device; `full` includes requests and replies."""
    claims = sorted(device.identity.claims, key=lambda claim: _claim_place(claim, texts))
    lines = [finding for finding in device.findings if finding.verdict.may_hold or _is_told_apart(finding)]
    lines.sort(
        key=lambda f: (
            f.accepted is not None,
            -f.priority.rank,
            _VERDICTS.index(f.verdict),
            -f.severity.rank,
            f.id,
        )
    )
    return Section(
        row,
        device.key,
        name_of(row, texts),
        tuple(dict.fromkeys((device.address, *device.addresses))),
        device.behind,
        ", ".join(
            f"{port}/{transport}" for transport, port in sorted(device.ports, key=lambda p: (p[1], p[0]))
        ),
        device.first_seen,
        device.last_seen,
        device.source,
        tuple(_fact(claim, words, texts) for claim in claims),
        tuple(
            Dispute(
                texts.label("claim", one.name),
                _named(one.held, words, texts),
                one.held.certainty,
                _named(one.against, words, texts),
                one.against.certainty,
                ", ".join(match.rule for match in one.against.because),
            )
            for one in device.identity.contradictions
        ),
        tuple(_line(finding) for finding in lines),
        _unassessed(device),
        tuple(sorted(f.id for f in device.findings if f.verdict is Verdict.NOT_AFFECTED)),
        _presence(device),
        () if compact else _evidence(device, full=full, hashes=hashes),
        _grounds(claims, texts) if compact else (),
        tuple(one_line(one.words) for one in device.accounts),
    )


def _is_told_apart(finding: Finding) -> bool:
    """Tell whether something must be said of a finding that could not be assessed: that it is or was accepted."""
    return finding.verdict is Verdict.NOT_ASSESSED and bool(_acceptance(finding))


def _presence(device: Device) -> tuple[Spell, ...]:
    """Return what there is to say of whether the device is there: names of the label group `presence`, with values."""
    said: list[Spell] = []
    if device.retired is not None:
        name = "retired" if device.is_retired else "retired-but-heard"
        said.append(
            Spell(
                name, device.retired.at, device.retired.by, device.retired.reason, device.retired.replaced_by
            )
        )
    elif device.standing.state is not State.HEARD:
        said.append(Spell(device.standing.state.value, device.standing.since, device.standing.by))
    if device.behind:
        said.append(Spell("behind", None, device.behind))
    return tuple(said)


def _grounds(claims: Iterable[Claim], texts: Texts) -> tuple[Ground, ...]:
    """Turn claims round: each thing said, once, with the names of the claims that rest on it."""
    said: dict[tuple[str, str], list[str]] = {}
    for claim in claims:
        for match in claim.because[:_MOST_SIGNALS]:
            names = said.setdefault((match.observation.field, match.observation.value), [])
            if claim.name not in names:
                names.append(claim.name)
    return tuple(
        Ground(
            field,
            _short(value, _MOST_COMPACT),
            ", ".join(texts.label("claim", name) for name in names),
        )
        for (field, value), names in said.items()
    )


def _claim_place(claim: Claim, texts: Texts) -> tuple[int, str]:
    order = list(texts.groups.get("claim", {}))
    return (order.index(claim.name) if claim.name in order else len(order), claim.name)


def _named(claim: Claim, words: Words, texts: Texts) -> str:
    match claim.name:
        case "maker":
            return words.maker(claim.value)
        case "brand":
            return words.brand(claim.value)
        case "kind":
            return texts.label("kind", claim.value)
    return one_line(claim.value)


def _fact(claim: Claim, words: Words, texts: Texts) -> Fact:
    return Fact(
        texts.label("claim", claim.name),
        _named(claim, words, texts),
        claim.certainty,
        claim.certainty.rank,
        tuple(_signal(match) for match in claim.because[:_MOST_SIGNALS]),
    )


def _signal(match: Match) -> Signal:
    value = _short(match.observation.value)
    return Signal(match.rule, match.observation.field, value, match.source, match.nursery)


def _short(value: str, most: int = _MOST_VALUE) -> str:
    text = value if len(value) <= most else f"{value[:most]}… ({len(value)} characters)"
    return one_line(text)


def _line(finding: Finding) -> Line:
    return Line(
        finding.id,
        anchor("f", finding.id),
        finding.title,
        finding.verdict,
        finding.severity,
        finding.priority,
        finding.priority_reason,
        finding.certainty,
        finding.reason,
        finding.settles,
        finding.known_exploited,
        _acceptance(finding),
    )


def _acceptance(finding: Finding) -> str:
    if word := finding.accepted:
        return one_line(f"accepted until {word.until.isoformat()} by {word.by}: {word.reason}")
    ended = dict(finding.facts).get(ACCEPTANCE_ENDED, "")
    return one_line(f"{ACCEPTANCE_ENDED}: {ended}") if ended else ""


def _unassessed(device: Device) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Group what could not be assessed by the one thing that would settle it."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for finding in sorted(device.findings, key=lambda finding: finding.id):
        if finding.verdict is Verdict.NOT_ASSESSED:
            what = finding.settles or finding.reason
            groups.setdefault(what, []).append((finding.id, anchor("f", finding.id)))
    return tuple((what, tuple(ids)) for what, ids in groups.items())


def _evidence(device: Device, *, full: bool, hashes: bool) -> tuple[Spoken, ...]:
    seen: dict[str, list[tuple[str, str]]] = {}
    spoke: dict[str, Exchange] = {exchange.id: exchange for exchange in device.exchanges}
    for observation in device.observations:
        spoke.setdefault(observation.exchange.id, observation.exchange)
        seen.setdefault(observation.exchange.id, []).append((observation.field, _short(observation.value)))
    if not full:
        spoke = {name: exchange for name, exchange in spoke.items() if name in seen}
    return tuple(
        _spoken(exchange, tuple(seen.get(exchange.id, ())), full, hashes) for exchange in spoke.values()
    )


def _spoken(exchange: Exchange, seen: tuple[tuple[str, str], ...], full: bool, hashes: bool) -> Spoken:
    with_bytes = full and hashes
    return Spoken(
        exchange.probe or exchange.protocol,
        f"{exchange.endpoint.port}/{exchange.endpoint.transport}",
        exchange.status,
        exchange.at,
        exchange.seconds,
        exchange.source,
        exchange.detail,
        len(exchange.reply),
        exchange.cut,
        shown_bytes(exchange.reply),
        exchange.sha256 if hashes and exchange.reply else "",
        exchange.id,
        spoken(exchange.request) if with_bytes else None,
        spoken(exchange.reply) if with_bytes else None,
        seen,
    )
