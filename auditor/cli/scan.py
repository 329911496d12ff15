"""`auditor scan`: find, ask and identify the devices a scope grants, and keep everything heard."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from auditor.cli import _accounts, _forms
from auditor.cli._changes import few_lines
from auditor.cli._estimate import lines, summary
from auditor.cli._filled_in import refuse_unfilled
from auditor.cli._nmap import by_nmap
from auditor.cli._progress import watching
from auditor.cli._reading import database
from auditor.cli._scoping import Wanted, listed, ports, scope_for, seconds
from auditor.cli._words import Exit, number, say_json, say_jsonl, shown, words
from auditor.knowledge import fails
from auditor.model import Method, Run, Severity, Withheld
from auditor.net import Stop
from auditor.run import INTERRUPTED, Audit, begin, estimate, execute, has_given_up, permit, resume
from auditor.run.accounts import with_accounts
from auditor.run.audits import as_of_run, history
from auditor.run.basis import Basis, chosen_basis
from auditor.run.dating import say_misdated
from auditor.run.judge import judge
from auditor.scope import Credentials, OutsideScopeError, Scope, read_authorities, read_credentials
from auditor.store import Access, Store


@click.command(epilog="Example:  auditor scan --scope scope.toml --db audit.sqlite --dry-run")
@click.argument("targets", nargs=-1, metavar="[TARGETS]...")
@click.option(
    "--scope",
    "scope_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What may be touched; without it, loopback alone.",
)
@database("Where everything heard is kept.")
@click.option(
    "-p",
    "--ports",
    "port_text",
    metavar="PORTS",
    help="TCP ports to sweep, as 80,554,8000-8010; default: fingerprints/ports.yaml.",
)
@click.option(
    "-iL",
    "--input-list",
    "input_list",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with targets; like TARGETS it can only narrow the scope.",
)
@click.option("--exclude", multiple=True, metavar="ADDR[,ADDR]", help="Addresses or networks to leave out.")
@click.option(
    "--excludefile", type=click.Path(dir_okay=False, path_type=Path), help="File with addresses to leave out."
)
@click.option(
    "--max-rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Packets per second in total, at most; never above the scope's.",
)
@click.option(
    "--max-rate-per-host",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="Packets and requests per second to one host, at most.",
)
@click.option(
    "--host-timeout",
    metavar="TIME",
    default="180s",
    show_default=True,
    help="Time that talking with one device may take, as 90s or 15m; what is left is asked by --resume.",
)
@click.option("--max-time", metavar="TIME", help="Time the run may take; then it ends and can be resumed.")
@click.option("--site", help="This site of the scope alone.")
@click.option("--methods", multiple=True, metavar="METHOD[,METHOD]", help="These means of contact alone.")
@click.option(
    "--engine",
    type=click.Choice(["native", "nmap"]),
    default="native",
    show_default=True,
    help="Who asks: this program, or an installed nmap within the same scope.",
)
@click.option("--thorough", is_flag=True, help="Sweep also where a sample found nobody, and try twice.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent, and send nothing.")
@click.option("--resume", "is_resumed", is_flag=True, help="Take up the unfinished run in the database.")
@click.option(
    "--no-wait", is_flag=True, help="Outside the scope's time windows: end (exit code 4) instead of waiting."
)
@click.option(
    "--stop-file", type=click.Path(path_type=Path), help="End within two seconds when this file appears."
)
@click.option(
    "--port-shift",
    type=click.IntRange(0, 60_000),
    default=0,
    help="Added to every port on loopback, for a lab without root.",
)
@click.option(
    "--credentials",
    "credentials_file",
    metavar="FILE",
    help="The owner's read-only accounts, in a file only you may read; `env` takes AUDITOR_CRED_… variables alone.",
)
@click.option(
    "--ca",
    "authorities",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Certificates of the owner's authorities (PEM): Basic may be sent to who shows one of theirs for its address.",
)
@click.option("--policy", help="Judge against this policy: a name or a file; see `auditor knowledge`.")
@click.option(
    "--fail-on",
    type=click.Choice([one.value for one in Severity]),
    help="Exit code 1 when a finding is this severe or worse.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a summary of the run as one JSON object.")
@click.option("--jsonl", is_flag=True, help="Print every device as one JSON object a line.")  # fmt: skip
def command(
    targets: tuple[str, ...],
    scope_file: Path | None,
    db: Path,
    port_text: str | None,
    input_list: Path | None,
    exclude: tuple[str, ...],
    excludefile: Path | None,
    max_rate: float | None,
    max_rate_per_host: float | None,
    host_timeout: str,
    max_time: str | None,
    site: str | None,
    methods: tuple[str, ...],
    engine: str,
    thorough: bool,
    dry_run: bool,
    is_resumed: bool,
    no_wait: bool,
    stop_file: Path | None,
    port_shift: int,
    credentials_file: str | None,
    authorities: Path | None,
    policy: str | None,
    fail_on: str | None,
    as_json: bool,
    jsonl: bool,
) -> int:
    """Find and identify the devices on the networks a scope grants.

    TARGETS and -iL narrow the scope to addresses, networks (192.0.2.0/24) or ranges (192.0.2.1-40); they never
    widen it. Everything heard is kept in the database as it comes: after Ctrl-C, a closed window or a kill,
    the same command with --resume goes on where it ended.
    """
    wanted = Wanted(
        targets=(*targets, *(listed(input_list) if input_list else ())),
        exclude=(*_split(exclude), *(listed(excludefile) if excludefile else ())),
        methods=methods,
        site=site,
        max_rate=max_rate,
        max_rate_per_host=max_rate_per_host,
    )
    if input_list and not wanted.targets:
        raise click.UsageError(f"{input_list} names no target")
    scope = scope_for(scope_file, wanted)
    audit = Audit(
        ports=ports(port_text),
        thorough=thorough,
        port_shift=port_shift,
        device_seconds=seconds(host_timeout) or 180.0,
        total_seconds=seconds(max_time),
        waits=not no_wait,
        engine=engine,
    )
    credentials = _credentials(credentials_file, authorities, scope)
    if dry_run:
        return _dry(scope, audit, credentials, as_json=as_json)
    if scope_file is not None:
        refuse_unfilled(scope)
    permit(scope)
    chosen = chosen_basis(policy, _now().date())
    is_narrowed = bool(wanted.targets or wanted.exclude or wanted.methods or audit.ports)
    with Store.open(db, Access.WRITE if is_resumed else Access.CREATE) as store:
        say_misdated(store, _now())
        if engine == "nmap":
            ended = by_nmap(scope, audit, store, Stop(stop_file), is_resumed=is_resumed, chosen=chosen)
        else:
            ended = _scan(
                scope,
                audit,
                store,
                Stop(stop_file),
                credentials,
                chosen,
                is_resumed=is_resumed,
                quiet=as_json or jsonl,
                whole=() if is_narrowed else tuple(one.name for one in scope.sites),
            )
        findings = judge(store, ended.id, today=_now().date(), policy=policy)
        _say(store, store.run(ended.id), as_json=as_json, jsonl=jsonl)
    code = _code(ended)
    if code is Exit.DONE and fail_on and fails(findings, Severity(fail_on)):
        return Exit.FINDINGS
    return code


def _split(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for text in texts for part in text.split(",") if part.strip())


def _now() -> datetime:
    return datetime.now(tz=UTC)  # noqa: TID251  the command is where the clock is read


def _dry(scope: Scope, audit: Audit, credentials: Credentials | None, *, as_json: bool) -> int:
    foreseen = estimate(scope, audit, _now(), credentials=credentials)
    if as_json:
        say_json(summary(foreseen))
        return Exit.DONE
    for line in lines(foreseen, scope.pace):
        click.echo(shown(line))
    words("dry run: nothing was sent")
    return Exit.DONE


def _credentials(source: str | None, authorities: Path | None, scope: Scope) -> Credentials | None:
    """Read the accounts, and whose certificates they may be shown to; refused where the scope does not grant their use."""
    if source is None:
        if authorities is not None:
            raise click.UsageError(
                "--ca says whose certificates accounts may be shown to; give --credentials too"
            )
        return None
    if Method.CREDENTIALS not in scope.methods:
        raise OutsideScopeError(
            f"--credentials: the scope does not allow {Method.CREDENTIALS}; "
            "add it under [methods] if your authorisation covers it"
        )
    credentials = read_credentials(source)
    return replace(credentials, authorities=read_authorities(authorities)) if authorities else credentials


def _scan(
    scope: Scope,
    audit: Audit,
    store: Store,
    stop: Stop,
    credentials: Credentials | None,
    chosen: Basis | None,
    *,
    is_resumed: bool,
    quiet: bool,
    whole: tuple[str, ...],
) -> Run:
    begun = resume(scope, audit, store) if is_resumed else begin(scope, whole=whole)
    if not is_resumed:
        _beside(store)
    words(
        f"auditor: run {begun.run.id}, {scope.authorisation.reference}, {number(scope.count(at=_now()), 'address')}"
    )
    with watching(quiet=quiet) as watch:
        return execute(
            scope, audit, store, begun, stop=stop, watch=watch, credentials=credentials, chosen=chosen
        )


def _beside(store: Store) -> None:
    """Say which other runs of the database are under way, or wait to be taken up."""
    unfinished = [run for run in store.runs() if not run.complete]
    for run in unfinished:
        if run.state == "running":
            words(
                f"auditor: run {run.id} in this database is under way in another process; this is another run"
            )
    if left := [run.id for run in unfinished if run.state != "running"]:
        words(f"auditor: run {left[-1]} in this database is unfinished; --resume would have gone on with it")


def _say(store: Store, ended: Run, *, as_json: bool, jsonl: bool) -> None:
    found = with_accounts(store, store.devices(ended.id, with_bytes=False), (ended.id,))
    if jsonl:
        say_jsonl(_forms.device(device) for device in found)
        found = with_accounts(store, store.devices(ended.id, with_bytes=False), (ended.id,))
    asked = [device for device in found if device.accounts]
    if as_json:
        counts = _counts(store, ended.id)
        say_json({**_forms.run(ended), "devices": counts, "accounts": _accounts.summary(asked)})
    covered = ended.coverage
    if covered is not None:
        words(
            f"auditor: {ended.state}: {covered.answered} of {covered.swept} swept addresses answered, "
            f"{covered.silent} silent, {covered.outside} seen outside the scope and left alone"
        )
        for one in covered.withheld:
            words(f"auditor: withheld: {_count(one)}: {one.reason}")
    for note in ended.notes:
        words(f"auditor: {note}")
    for line in _accounts.lines(asked):
        words(f"auditor: {line}")
    words(f"auditor: see them with: auditor devices --db {store.path}")
    for line in _since(store, ended):
        words(f"auditor: {line}")
    if not ended.complete:
        words("auditor: go on with the same command and --resume")


def _count(one: Withheld) -> str:
    if one.questions:
        return f"{number(one.questions, 'question')} to {number(one.addresses, 'address')}"
    return number(one.addresses, "address")


def _since(store: Store, ended: Run) -> tuple[str, ...]:
    changes, _ = history(store, as_of_run(store, ended), today=_now().date(), most=0)
    return few_lines(changes, str(store.path)) if changes else ()


def _counts(store: Store, run: str) -> dict[str, object]:
    makers: dict[str, int] = {}
    total = 0
    for device in store.devices(run, with_bytes=False):
        total += 1
        name = device.identity.value("maker") or "not identified"
        makers[name] = makers.get(name, 0) + 1
    return {"total": total, "by_maker": dict(sorted(makers.items()))}


def _code(ended: Run) -> Exit:
    if ended.complete:
        return Exit.PARTIAL if has_given_up(ended.notes) else Exit.DONE
    return Exit.INTERRUPTED if INTERRUPTED in ended.notes else Exit.PARTIAL
