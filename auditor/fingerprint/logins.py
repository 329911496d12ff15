"""The documented calls after a login, one file for each login protocol under fingerprints/login/."""

from functools import lru_cache
from pathlib import Path

from auditor import resources
from auditor.fingerprint.data_file import entries
from auditor.fingerprint.rule import DataError
from auditor.model import Call, LoginForm

_FORM = frozenset({"protocol", "makers", "source", "calls"})
_CALL = frozenset({"path", "purpose", "keep", "hash", "kinds", "column"})


@lru_cache(maxsize=1)
def logins() -> tuple[LoginForm, ...]:
    """Return the shipped forms by name of protocol. Raises DataError for a bad one."""
    return tuple(read(path) for path in sorted((resources.fingerprints() / "login").glob("*.yaml")))


def read(path: Path) -> LoginForm:
    """Return the form in a file; DataError says what is wrong with it."""
    data, items = entries(path, "calls")
    if set(data) - _FORM or not items or not data.get("source"):
        raise DataError(f"{path}: expected protocol, makers, source and calls, and nothing else")
    if data.get("protocol") != path.stem:
        raise DataError(f"{path}: protocol must be {path.stem!r}, as the file is called")
    calls = tuple(_call(item, path) for item in items)
    return LoginForm(path.stem, frozenset(map(str, data.get("makers") or ())), calls)


def _call(item: object, path: Path) -> Call:
    if not isinstance(item, dict) or set(item) - _CALL or not item.get("path") or not item.get("purpose"):
        raise DataError(f"{path}: every call has a path, a purpose and the names to keep: {item!r}")
    keep, hashed = (frozenset(str(name).lower() for name in item.get(key) or ()) for key in ("keep", "hash"))
    if not keep:
        raise DataError(f"{path}: {item['path']} keeps nothing; name what is worth keeping under `keep`")
    return Call(
        path=str(item["path"]),
        purpose=str(item["purpose"]),
        keep=keep,
        hashed=hashed,
        kinds=frozenset(map(str, item.get("kinds") or ())),
        column=str(item.get("column") or ""),
    )
